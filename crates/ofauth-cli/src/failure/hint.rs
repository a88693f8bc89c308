//! What to do about an error, where the command knows more than the library: its flags, where the proxy came from, and how
//! to forget a journal. Decided by the kind of the error and by what it is about, never by its words.

use std::sync::OnceLock;

use ofauth::{Error, ErrorKind, Setting};

/// The advice where the same command may well succeed.
pub(crate) const AGAIN: &str = "run the command again";

/// The variable that this process has its proxy from.
static PROXY_VARIABLE: OnceLock<&'static str> = OnceLock::new();

/// Says that the proxy comes from a variable of the environment.
pub(crate) fn proxy_is_from(variable: &'static str) {
    PROXY_VARIABLE.get_or_init(|| variable);
}

/// The next step where the command knows more than the library, whose texts name theirs.
pub(super) fn of(error: &Error) -> Option<String> {
    if let Some(advice) = error.journal_id().and_then(|id| of_the_journal(error, id)) {
        return Some(advice);
    }
    if let Some(action) = error.action_required() {
        // Documented: the session of the account's owner has ended, which only a new login mends.
        let how = match action {
            "refresh_session" => {
                ": have the account's owner log in again (`ofauth api init_link` begins that)"
            }
            _ => "",
        };
        return Some(format!("the API asks for {action}{how}"));
    }
    if error.setting() == Some(Setting::Proxy) {
        return Some(of_the_proxy(error.is_retryable()));
    }
    let advice = match error.kind() {
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Cancelled if error.is_retryable() => AGAIN,
        // The library names its own setting; here it is a flag.
        ErrorKind::Config if error.setting() == Some(Setting::CaCertificates) => {
            "name a PEM file with the certificate of the CA: --ca-file FILE"
        }
        ErrorKind::UntrustedOrigin => {
            "if you trust that server, name it with --allow-origin: it will see the API key"
        }
        _ => return error.next_step().map(str::to_owned),
    };
    Some(advice.to_owned())
}

/// What to do about an upload that may be in the vault, whose journal has this id.
fn of_the_journal(error: &Error, id: &str) -> Option<String> {
    let forget = format!(
        "look into the vault, and if the file is not there, `ofauth sessions forget {id}` and run it once more"
    );
    match error.kind() {
        // The library says so of what it cannot find out.
        ErrorKind::OutcomeUnknown | ErrorKind::Journal if error.next_step().is_some() => Some(forget),
        ErrorKind::OutcomeUnknown => Some(format!(
            "run the same command again, which is safe: it asks about the same upload and opens no second \
             one; if it stays unknown, {forget}"
        )),
        _ => None,
    }
}

/// What to do about an error that is about the proxy.
fn of_the_proxy(may_pass: bool) -> String {
    let place = PROXY_VARIABLE.get().copied().unwrap_or("--proxy or the configuration file");
    let again = if may_pass { ", then run the command again" } else { "" };
    format!("the proxy comes from {place}: correct it there, or use no proxy (--proxy \"\"){again}")
}
