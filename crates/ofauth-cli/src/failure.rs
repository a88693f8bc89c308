//! What went wrong, ready to be shown: as lines for people and as the `failed` event for scripts.
//!
//! A failure is either an error of the library or one that the command found itself. It decides nothing about what
//! happens next; `exit` gives it its code.

use std::error::Error as StdError;
use std::sync::Arc;

use ofauth::ErrorKind;
use ofauth::system::{shortage, words};

use crate::events::Event;
use crate::exit::Exit;
use crate::name::{Name, NameFields};
use crate::proxy;
use crate::terminal::one_line;

/// The advice where the same command may well succeed.
pub(crate) const AGAIN: &str = "run the command again";

/// The result of everything in the command that can fail.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why the command, or one file of it, failed.
#[derive(Debug)]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    file: Option<Name>,
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    api_type: Option<String>,
    request_id: Option<String>,
    part: Option<u32>,
    retryable: bool,
    upload_id: Option<String>,
    hint: Option<String>,
    /// Whether a disk that is full or may not be written to is the cause.
    of_the_disk: bool,
    in_one_line: bool,
}

impl Failure {
    /// A failure that the command found itself.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            file: None,
            kind,
            message: one_line(&message.into()),
            status: None,
            api_type: None,
            request_id: None,
            part: None,
            retryable: matches!(kind, ErrorKind::Cancelled),
            upload_id: None,
            hint: None,
            of_the_disk: false,
            in_one_line: false,
        }))
    }

    /// A wrong flag or argument.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// A wrong or missing setting.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// The user interrupted the command.
    pub(crate) fn interrupted() -> Self {
        Self::new(ErrorKind::Cancelled, "interrupted").with_hint(AGAIN)
    }

    /// Something could not be read or written. A shortage of the system is one of its own, whatever it is that failed.
    pub(crate) fn io(kind: ErrorKind, what: impl std::fmt::Display, error: &std::io::Error) -> Self {
        let text = format!("{what}: {}", words(error));
        let mut failure = match shortage(error) {
            Some(short) => Self::new(ErrorKind::Resources, text).with_hint(short),
            None => Self::new(kind, text),
        };
        failure.0.of_the_disk = is_of_the_disk(error);
        failure
    }

    /// The same failure, said of one file.
    pub(crate) fn of(mut self, file: &Name) -> Self {
        self.0.file = Some(file.clone());
        self
    }

    /// The same failure, with the reference of the upload that it concerns.
    pub(crate) fn with_upload_id(mut self, id: &str) -> Self {
        self.0.upload_id = Some(id.to_owned());
        self
    }

    /// The same failure, without what people are told beside it.
    pub(crate) fn in_one_line(mut self) -> Self {
        self.0.in_one_line = true;
        self
    }

    /// The same failure with another advice. Against a shortage nothing helps but a higher limit.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        if self.0.kind != ErrorKind::Resources || self.0.hint.is_none() {
            self.0.hint = Some(hint.into());
        }
        self
    }

    /// Whether it says what to do.
    pub(crate) fn has_hint(&self) -> bool {
        self.0.hint.is_some()
    }

    /// The exit code that this failure asks for.
    pub(crate) fn exit(&self) -> Exit {
        Exit::of(self.0.kind)
    }

    /// What kind of failure this is.
    pub(crate) fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status of the answer that decided, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Whether a disk that is full or may not be written to is the cause.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        self.0.of_the_disk
    }

    /// The reference of the upload that it concerns.
    pub(crate) fn upload_id(&self) -> Option<&str> {
        self.0.upload_id.as_deref()
    }

    /// The failure as people read it: what, why, what the API said about it, and the next step.
    pub(crate) fn lines(&self) -> String {
        let inner = &self.0;
        let mut line = String::from("ofauth: ");
        let text = self.text();
        // The library begins with the name of a file that it could not open.
        if let Some(file) = inner.file.as_ref().filter(|file| !begins_with_name(&text, file.as_str())) {
            line.push_str(file.as_str());
            line.push_str(": ");
        }
        line.push_str(&text);
        let mut details = Vec::new();
        details.extend(inner.status.map(|status| format!("HTTP {status}")));
        details.extend(inner.api_type.as_ref().map(|api_type| format!("type {api_type}")));
        details.extend(inner.request_id.as_ref().map(|id| format!("request id {id}")));
        if !details.is_empty() {
            line.push_str(&format!(" ({})", details.join(", ")));
        }
        if inner.in_one_line {
            return one_line(&line);
        }
        let question = inner.upload_id.as_ref().map(|id| format!("ofauth: the upload in question: {id}"));
        let next = inner.hint.as_ref().map(|hint| format!("ofauth: next: {hint}"));
        let lines = [Some(line), question, next];
        lines.iter().flatten().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
    }

    /// The failure as scripts read it.
    pub(crate) fn event<'a>(&'a self, text: &'a str) -> Event<'a> {
        let inner = &self.0;
        Event::Failed {
            file: inner.file.as_ref().map_or_else(NameFields::none, Name::fields),
            kind: inner.kind.as_str(),
            error: text,
            status: inner.status,
            r#type: inner.api_type.as_deref(),
            request_id: inner.request_id.as_deref(),
            part: inner.part,
            retryable: inner.retryable,
            media_upload_id: inner.upload_id.as_deref(),
        }
    }

    /// What went wrong, without file, status and advice.
    pub(crate) fn text(&self) -> String {
        match self.0.part {
            Some(part) => format!("part {part}: {}", self.0.message),
            None => self.0.message.clone(),
        }
    }
}

impl From<ofauth::Error> for Failure {
    fn from(error: ofauth::Error) -> Self {
        Self(Box::new(Inner {
            file: None,
            kind: error.kind(),
            message: one_line(&with_causes(&error)),
            status: error.status(),
            api_type: error.api_type().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            part: error.part(),
            retryable: error.is_retryable(),
            upload_id: error.upload_id().map(str::to_owned),
            hint: hint(&error),
            of_the_disk: is_of_the_disk(&error),
            in_one_line: false,
        }))
    }
}

/// Whether a disk that is full or may not be written to is among the causes. A limit of file sizes is such a disk.
fn is_of_the_disk(error: &(dyn StdError + 'static)) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    // The library shares those that concern several tasks.
    let shared = error.downcast_ref::<Arc<std::io::Error>>().map(Arc::as_ref);
    let kind = error.downcast_ref().or(shared).map(std::io::Error::kind);
    let is_one = matches!(kind, Some(StorageFull | QuotaExceeded | ReadOnlyFilesystem | FileTooLarge));
    is_one || error.source().is_some_and(is_of_the_disk)
}

/// Whether a text of the library begins with this name as a whole. It lets a few characters pass that are U+FFFD here.
fn begins_with_name(text: &str, name: &str) -> bool {
    one_line(text).strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', ':']))
}

/// The message, which names its cause. Only a defect is told with all that is known of it.
fn with_causes(error: &ofauth::Error) -> String {
    let mut text = error.message().to_owned();
    if error.kind() != ErrorKind::Internal {
        return text;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

/// The next step where the command knows more than the library, whose texts name theirs.
fn hint(error: &ofauth::Error) -> Option<String> {
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
    if let Some(advice) = proxy::advice(error) {
        return Some(advice);
    }
    let advice = match error.kind() {
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Cancelled if error.is_retryable() => AGAIN,
        // The library names its own setting; here it is a flag.
        ErrorKind::Config if error.message().contains("ca_pem") => {
            "name a PEM file with the certificate of the CA: --ca-file FILE"
        }
        ErrorKind::UntrustedOrigin => {
            "if you trust that server, name it with --allow-origin: it will see the API key"
        }
        _ => return error.next_step().map(str::to_owned),
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn lines_name_file_part_details_and_the_next_step() {
        let mut failure = Failure::new(ErrorKind::Rejected, "too large")
            .of(&Name::from(Path::new("clip.mp4")))
            .with_upload_id("upload:1")
            .with_hint("smaller");
        failure.0.part = Some(3);
        failure.0.status = Some(413);
        failure.0.api_type = Some("TOO_LARGE".into());
        failure.0.request_id = Some("req_1".into());
        assert_eq!(
            failure.lines(),
            "ofauth: clip.mp4: part 3: too large (HTTP 413, type TOO_LARGE, request id req_1)\n\
             ofauth: the upload in question: upload:1\n\
             ofauth: next: smaller"
        );
    }

    #[test]
    fn a_name_that_the_text_begins_with_is_not_said_again() {
        let failure = |file| Failure::argument("clip.mp4 is empty").of(&Name::from(Path::new(file))).lines();
        assert_eq!(failure("clip.mp4"), "ofauth: clip.mp4 is empty");
        assert_eq!(failure("clip"), "ofauth: clip: clip.mp4 is empty");
    }

    #[test]
    fn a_plain_failure_is_one_line() {
        assert_eq!(Failure::config("no key").lines(), "ofauth: no key");
    }
}
