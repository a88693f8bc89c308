//! What to do about an error, where the command knows more than the library: its flags, where the proxy came from, and how
//! to forget a journal. Decided by the kind of the error and by what it is about, never by its words.

use std::sync::OnceLock;

use ofauth::{Error, ErrorKind, Setting};

/// The advice where the same command may well succeed.
pub(crate) const AGAIN: &str = "run the command again";

/// What to do where no connection is set.
pub(crate) const NO_CONNECTION: &str = "give --connection, or set OFAUTH_CONNECTION_ID, or put connection_id into the configuration file; \
     `ofauth connections list` shows the ids (conn_...) of the accounts that are linked, `ofauth link` links one, and with \
     --sandbox none is needed";

/// The variable that this process has its proxy from.
static PROXY_VARIABLE: OnceLock<&'static str> = OnceLock::new();

/// Where this process has its other settings from.
static SOURCES: OnceLock<Sources> = OnceLock::new();

/// Where settings come from: a flag, a variable or the configuration file. Nothing for what is not set.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) api_key: Option<&'static str>,
    pub(crate) connection: Option<&'static str>,
    pub(crate) base_url: Option<&'static str>,
}

/// Says that the proxy comes from a variable of the environment.
pub(crate) fn proxy_is_from(variable: &'static str) {
    PROXY_VARIABLE.get_or_init(|| variable);
}

/// Says where settings come from.
pub(crate) fn settings_are_from(sources: Sources) {
    SOURCES.get_or_init(|| sources);
}

/// The next step where the command knows more than the library, whose texts name theirs.
pub(super) fn of(error: &Error) -> Option<String> {
    if let Some(advice) = error.journal_id().and_then(|id| of_the_journal(error, id)) {
        return Some(advice);
    }
    if let Some(how) = of_the_link(error) {
        return Some(how);
    }
    if let Some(advice) = error.setting().and_then(|setting| of_the_setting(error, setting)) {
        return Some(advice);
    }
    let advice = match error.kind() {
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Cancelled if error.is_retryable() => AGAIN,
        ErrorKind::UntrustedOrigin => {
            "if you trust that server, name it with --allow-origin: it will see the API key"
        }
        ErrorKind::Redirect if error.status().is_some() => {
            "redirects are not followed, because the API key would be sent along: give the final address with --base-url"
        }
        _ => return error.next_step().map(str::to_owned),
    };
    Some(advice.to_owned())
}

/// What to do where the connection has to be linked, or signed in to again.
fn of_the_link(error: &Error) -> Option<String> {
    const AGAIN: &str =
        "have the account's owner sign in again: ofauth link --relink ID, with the id of the connection";
    const LINK: &str =
        "`ofauth connections list` shows which accounts are linked, and `ofauth link` links one";
    let asked = error.action_required();
    let how = match (asked, error.api_type()) {
        // Documented: the session of the account's owner has ended, which only a new sign-in mends.
        (Some("refresh_session"), _) => Some(AGAIN),
        (Some("link_connection"), _) => Some(LINK),
        (Some(_), _) => None,
        (None, Some("SESSION_EXPIRED")) => return Some(AGAIN.to_owned()),
        (None, Some("SESSION_NOT_PROVIDED")) => return Some(LINK.to_owned()),
        (None, _) => return None,
    };
    let how = how.map(|how| format!(": {how}")).unwrap_or_default();
    asked.map(|action| format!("the API asks for {action}{how}"))
}

/// What to do about a setting or an argument, by the name that it has here.
fn of_the_setting(error: &Error, setting: Setting) -> Option<String> {
    let advice = match setting {
        Setting::Proxy => return Some(of_the_proxy(error.is_retryable())),
        Setting::ApiKey | Setting::BaseUrl | Setting::Connection => return of_the_source(setting),
        Setting::CaCertificates if error.kind() == ErrorKind::Config => {
            "name a PEM file with the certificate of the CA: --ca-file FILE"
        }
        Setting::PlainHttp => {
            "use https, or allow plain http with --allow-plain-http: others can then read the API key"
        }
        Setting::Overwrite => "give another name with --output, or replace the file with --overwrite",
        Setting::AllowedOrigins => "if you trust that server, name it with --allow-origin",
        Setting::MediaId => "check the ids: `ofauth vault list` shows those of the vault",
        Setting::MediaIdOfUpload => {
            "make a post of it: `ofauth post get ID` shows its media with their ids, and so does `ofauth vault list`"
        }
        Setting::VaultListId => "`ofauth vault lists` shows the ids of all lists",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Where a setting comes from that is not as it has to be.
fn of_the_source(setting: Setting) -> Option<String> {
    let sources = SOURCES.get();
    let (name, source, how) = match setting {
        Setting::ApiKey => (
            "the API key",
            sources.and_then(|sources| sources.api_key),
            "correct it there; keys come from the OFAuth dashboard",
        ),
        Setting::BaseUrl => ("the address", sources.and_then(|sources| sources.base_url), "correct it there"),
        _ => match sources.and_then(|sources| sources.connection) {
            None => return Some(NO_CONNECTION.to_owned()),
            source => (
                "the connection id",
                source,
                "correct it there; an id looks like conn_abc123, and without that setting `ofauth connections list` shows all",
            ),
        },
    };
    source.map(|source| format!("{name} comes from {source}: {how}"))
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
