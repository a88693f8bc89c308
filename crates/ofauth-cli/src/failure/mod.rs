//! What went wrong, ready to be shown to people. Its event for scripts is made by [`output`](crate::output).
//!
//! A failure is an error of the library, or one of the same form that the command found itself, with the file that it is
//! about and what the command knows to do about it. It decides nothing about what happens next; `exit` gives it its code.

pub(crate) mod hint;

use std::error::Error as StdError;
use std::io;

use ofauth::system::{shortage, words};
use ofauth::unversioned::display_safe::one_line;
use ofauth::{Error, ErrorKind};

use crate::exit::Exit;
use crate::name::Name;

/// The result of everything in the command that can fail.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why the command, or one file of it, failed.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    file: Option<Name>,
    hint: Option<String>,
    in_one_line: bool,
}

impl Failure {
    /// A failure that the command found itself.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::from(Error::new(kind, message))
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
        Self::new(ErrorKind::Cancelled, "interrupted").with_hint(hint::AGAIN)
    }

    /// Something could not be read or written. A shortage of the system is one of its own, whatever it is that failed.
    pub(crate) fn io(kind: ErrorKind, what: impl std::fmt::Display, error: &io::Error) -> Self {
        let text = format!("{what}: {}", words(error));
        let failed = |kind| Self::from(Error::new(kind, text).with_source(io::Error::from(error.kind())));
        match shortage(error) {
            Some(short) => failed(ErrorKind::Resources).with_hint(short),
            None => failed(kind),
        }
    }

    /// The same failure, said of one file.
    pub(crate) fn of(mut self, file: &Name) -> Self {
        self.file = Some(file.clone());
        self
    }

    /// The same failure, with the reference of the upload that it concerns.
    pub(crate) fn with_upload_id(mut self, id: &str) -> Self {
        self.error = self.error.with_upload_id(id);
        self
    }

    /// The same failure, without what people are told beside it.
    pub(crate) fn in_one_line(mut self) -> Self {
        self.in_one_line = true;
        self
    }

    /// The same failure with another advice. Against a shortage nothing helps but a higher limit.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        if self.kind() != ErrorKind::Resources || self.hint.is_none() {
            self.hint = Some(hint.into());
        }
        self
    }

    /// The advice, if there is one.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The exit code that this failure asks for.
    pub(crate) fn exit(&self) -> Exit {
        Exit::of(self.kind())
    }

    /// What kind of failure this is.
    pub(crate) fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    /// The error itself.
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    /// The file that it is about, if it is about one.
    pub(crate) fn file(&self) -> Option<&Name> {
        self.file.as_ref()
    }

    /// The error alone, for those who have the library tell it.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }

    /// The failure as people read it: what, why, what the API said about it, and the next step.
    pub(crate) fn lines(&self) -> String {
        let error = &self.error;
        let mut line = String::from("ofauth: ");
        let text = self.text();
        // The library begins with the name of a file that it could not open.
        if let Some(file) = self.file.as_ref().filter(|file| !begins_with_name(&text, file.as_str())) {
            line.push_str(file.as_str());
            line.push_str(": ");
        }
        line.push_str(&text);
        let mut details = Vec::new();
        details.extend(error.status().map(|status| format!("HTTP {status}")));
        details.extend(error.api_type().map(|api_type| format!("type {api_type}")));
        details.extend(error.request_id().map(|id| format!("request id {id}")));
        if !details.is_empty() {
            line.push_str(&format!(" ({})", details.join(", ")));
        }
        if self.in_one_line {
            return one_line(&line).into_owned();
        }
        let question = error.upload_id().map(|id| format!("ofauth: the upload in question: {id}"));
        let next = self.hint.as_ref().map(|hint| format!("ofauth: next: {hint}"));
        let lines = [Some(line), question, next];
        lines.iter().flatten().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
    }

    /// What went wrong, without file, status and advice.
    pub(crate) fn text(&self) -> String {
        let message = with_causes(&self.error);
        let message = one_line(&message);
        match self.error.part() {
            Some(part) => format!("part {part}: {message}"),
            None => message.into_owned(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = hint::of(&error);
        Self { error, file: None, hint, in_one_line: false }
    }
}

/// Whether a text of the library begins with this name as a whole. It lets a few characters pass that are U+FFFD here.
fn begins_with_name(text: &str, name: &str) -> bool {
    one_line(text).strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', ':']))
}

/// The message, which names its cause. Only a defect is told with all that is known of it.
fn with_causes(error: &Error) -> String {
    let mut text = error.message().to_owned();
    if error.kind() != ErrorKind::Internal {
        return text;
    }
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn lines_name_file_part_details_and_the_next_step() {
        let error = Error::new(ErrorKind::Rejected, "too large").with_part(3).with_upload_id("upload:1");
        let error = error.with_answer(413, Some("TOO_LARGE".into()), Some("req_1".into()), None);
        let failure = Failure::from(error).of(&Name::from(Path::new("clip.mp4"))).with_hint("smaller");
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
