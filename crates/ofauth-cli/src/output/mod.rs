//! Where the command's words go: answers to standard output, everything else to standard error, both by way of
//! [`terminal`](crate::terminal).
//!
//! Both streams are written around a progress bar that may be on the screen. A reader that went away (`| head`) is
//! no error; any other failure to write to standard output is: the command ends with 1, and makes no post of what it
//! uploaded, since whoever asked for the references does not have them. Results that did not get there are told on
//! standard error instead. What nobody could be told there either is no success: the command ends with 1, and where there
//! is a record of it, the next run tells it.

pub(crate) mod events;
pub(crate) mod log;
pub(crate) mod notices;
pub(crate) mod records;

use std::io;
use std::sync::{Arc, OnceLock};

use ofauth::system::words;
use ofauth::unversioned::display_safe::one_line;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::name::Name;
use crate::progress::screen::Screen;
use crate::terminal::{Form, Stream};
use events::Event;

/// The two streams, and how the user wants them.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    screen: Screen,
    json: bool,
    quiet: bool,
    lost: Arc<OnceLock<()>>,
    untold: Arc<OnceLock<()>>,
}

impl Output {
    /// Output around the bar on `screen`.
    pub(crate) fn new(screen: Screen, json: bool, quiet: bool) -> Self {
        Self { screen, json, quiet, lost: Arc::default(), untold: Arc::default() }
    }

    /// Whether the user asked for one JSON object a line.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The screen that progress bars are drawn on.
    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Whether everything was told so far: nothing was lost on the way to standard output, and no result told to nobody.
    pub(crate) fn told_all(&self) -> bool {
        !self.was_lost() && self.untold.get().is_none()
    }

    /// What the command ends with, if its work ended with this.
    pub(crate) fn end(&self, end: Exit) -> Exit {
        if self.told_all() { end } else { end.worse(Exit::Failed) }
    }

    /// Whether something could not be written to standard output although its reader was there.
    fn was_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Prints one line to standard output, whatever is in it. Returns whether it got there.
    pub(crate) fn line(&self, text: &str) -> bool {
        // Nobody who answers, or names a file, begins a line of ours.
        let text = text.replace(['\n', '\r'], "\u{fffd}");
        self.write(format!("{text}\n").as_bytes(), Form::Line)
    }

    /// Prints what stands for a file: alone for programs, and with the file's name behind it where a person reads.
    /// Returns whether it got there.
    pub(crate) fn reference(&self, reference: &str, name: &Name) -> bool {
        if !Stream::Out.is_terminal() {
            return self.line(reference);
        }
        self.write(&[reference.as_bytes(), b"  ", name.as_bytes(), b"\n"].concat(), Form::Line)
    }

    /// Tells a result on standard error that standard output should have and has not, although the command did what it
    /// was asked to; `arrived` is what printing it returned. Returns whether it need not be told again.
    pub(crate) fn tell(&self, arrived: bool, result: &str) -> bool {
        let why = match arrived {
            false if self.was_lost() => "not written",
            false => "the reader of standard output is gone",
            true if Stream::Out.was_closed() => "standard output is closed",
            true => return true,
        };
        let told = self.say(&format!("ofauth: {why}: {}", one_line(result))) && !Stream::Err.is_null();
        self.mark(told) && !self.was_lost()
    }

    /// Whether what was printed reaches somebody, as far as the streams tell.
    pub(crate) fn is_heard(&self, arrived: bool) -> bool {
        arrived && !Stream::Out.was_closed()
    }

    /// Says that something was done of which standard output has nothing. Whoever reads that learns it from the exit code.
    pub(crate) fn confirm(&self, text: &str) {
        let told = match self.quiet {
            true => Stream::Err.is_there(),
            false => self.say(text) && !Stream::Err.is_null(),
        };
        self.mark(told || Stream::Out.is_there());
    }

    /// Finds out whether what standard output took is with its reader, or on its disk. `next` says what to do if not.
    pub(crate) fn rely_on_what_was_written(&self, next: Option<&str>) {
        if let Err(error) = Stream::Out.keeps_everything() {
            self.mark(false);
            let next = next.map(|next| format!("\nofauth: next: {next}")).unwrap_or_default();
            self.say(&format!("ofauth: standard output is lost: {}{next}", words(&error)));
        }
    }

    /// Notes an answer of the service, which can be asked for again: who left meanwhile does not want it, but nobody at all
    /// has been told anything.
    fn answered(&self, arrived: bool) -> bool {
        self.mark(self.is_heard(arrived) || Stream::Err.is_there());
        arrived
    }

    fn mark(&self, told: bool) -> bool {
        if !told {
            let _ = self.untold.set(());
        }
        told
    }

    /// Prints lines to standard output, which end where `bytes` says so. Returns whether they got there.
    pub(crate) fn raw(&self, bytes: &[u8]) -> bool {
        self.write(bytes, Form::Lines)
    }

    fn write(&self, bytes: &[u8], form: Form) -> bool {
        let written = self.screen.around(|| Stream::Out.write(bytes, form));
        match written {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
            Err(error) => {
                if self.lost.set(()).is_ok() {
                    self.say(&format!("ofauth: standard output cannot be written: {}", words(&error)));
                }
                false
            }
        }
    }

    /// Prints one event of `--json`. Returns whether it got there.
    pub(crate) fn event(&self, event: &Event<'_>) -> bool {
        self.record(event)
    }

    /// Prints one object of `--json` that is on this machine. Returns whether it got there.
    pub(crate) fn record(&self, record: &impl Serialize) -> bool {
        serde_json::to_string(record).is_ok_and(|line| self.line(&line))
    }

    /// Prints one line of an answer of the service. Returns whether it got there.
    pub(crate) fn answer_line(&self, text: &str) -> bool {
        self.answered(self.line(text))
    }

    /// Prints an answer: a JSON object a line on a pipe or with `--json`, easy to read on a terminal.
    pub(crate) fn answer(&self, value: &impl Serialize) {
        let pretty = !self.json && Stream::Out.is_terminal();
        let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        match text {
            Ok(text) => self.answered(self.raw(format!("{text}\n").as_bytes())),
            Err(error) => self.say(&format!("ofauth: the answer cannot be shown: {error}")),
        };
    }

    /// Prints a body that a server called JSON: reformatted if it is, as it stands if not. Returns whether it got there.
    pub(crate) fn json_text(&self, body: &[u8]) -> bool {
        let pretty = !self.json && Stream::Out.is_terminal();
        match reformatted(body, pretty) {
            Some(text) => self.raw(&text),
            None => self.raw(body),
        }
    }

    /// The same, for an answer that can be asked for again.
    pub(crate) fn json_answer(&self, body: &[u8]) {
        self.answered(self.json_text(body));
    }

    /// Prints one item of a list on a line of its own, with something before it. Returns whether it got there.
    pub(crate) fn item(&self, before: &str, json: &str) -> bool {
        let mut line = before.as_bytes().to_vec();
        // JSON may hold what no value does, such as half a character or a number beyond all: that goes as it came. White
        // space between its parts is all that can break a line.
        line.extend(reformatted(json.as_bytes(), false).unwrap_or_else(|| {
            let one_line = json.replace(['\n', '\r'], " ");
            format!("{one_line}\n").into_bytes()
        }));
        self.answered(self.raw(&line))
    }

    /// Prints one event of `--json` that is no result to standard error, unless the user wants quiet: standard output has
    /// a line for each file and no other.
    pub(crate) fn side_event(&self, event: &Event<'_>) {
        if let (false, Ok(line)) = (self.quiet, serde_json::to_string(event)) {
            let _ = self.screen.around(|| Stream::Err.write(format!("{line}\n").as_bytes(), Form::Line));
        }
    }

    /// Prints a remark to standard error, unless the user wants quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Prints to standard error. Returns whether it got there.
    pub(crate) fn say(&self, text: &str) -> bool {
        let safe: String = text.split('\n').map(|line| one_line(line).into_owned() + "\n").collect();
        self.screen.around(|| Stream::Err.write(safe.as_bytes(), Form::Lines)).is_ok()
    }

    /// Tells of a failure: to people on standard error, and to scripts as an event.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            self.event(&Event::failed(failure, &failure.text()));
        }
        self.say(&failure.lines());
    }
}

/// JSON with other white space and a line end; keys keep their order. Nothing if it is not JSON.
fn reformatted(body: &[u8], pretty: bool) -> Option<Vec<u8>> {
    let mut source = serde_json::Deserializer::from_slice(body);
    let mut text = Vec::with_capacity(body.len());
    let done = if pretty {
        serde_transcode::transcode(&mut source, &mut serde_json::Serializer::pretty(&mut text))
    } else {
        serde_transcode::transcode(&mut source, &mut serde_json::Serializer::new(&mut text))
    };
    done.and_then(|()| source.end()).ok()?;
    text.push(b'\n');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_order_and_other_texts_are_left_alone() {
        let body = br#" {"z": 1.5, "a": [4492994399000, null]} "#;
        assert_eq!(reformatted(body, false).unwrap(), b"{\"z\":1.5,\"a\":[4492994399000,null]}\n");
        assert!(String::from_utf8(reformatted(body, true).unwrap()).unwrap().starts_with("{\n  \"z\": 1.5,"));
        assert!(reformatted(b"<html>", false).is_none());
        assert!(reformatted(b"{} {}", false).is_none());
    }
}
