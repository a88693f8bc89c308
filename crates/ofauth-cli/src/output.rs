//! Where the command's words go: answers to standard output, everything else to standard error, both by way of
//! [`terminal`](crate::terminal).
//!
//! Both streams are written around a progress bar that may be on the screen. A reader that went away (`| head`) is
//! no error; any other failure to write to standard output is: the command ends with 1, and makes no post of what it
//! uploaded, since whoever asked for the references does not have them. Results that did not get there are told on
//! standard error instead.

use std::io;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::events::Event;
use crate::failure::Failure;
use crate::name::Name;
use crate::progress::Screen;
use crate::terminal::{Form, Stream, one_line};

/// The two streams, and how the user wants them.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    screen: Screen,
    json: bool,
    quiet: bool,
    lost: Arc<OnceLock<()>>,
}

impl Output {
    /// Output around the bar on `screen`.
    pub(crate) fn new(screen: Screen, json: bool, quiet: bool) -> Self {
        Self { screen, json, quiet, lost: Arc::default() }
    }

    /// Whether the user asked for one JSON object a line.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The screen that progress bars are drawn on.
    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Whether something could not be written to standard output although its reader was there.
    pub(crate) fn was_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Prints one line to standard output. Returns whether it got there.
    pub(crate) fn line(&self, text: &str) -> bool {
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

    /// Tells on standard error of a result that standard output should have and has not, although the command did
    /// what it was asked to; `arrived` is what printing it returned.
    pub(crate) fn keep(&self, arrived: bool, result: &str) {
        let why = match arrived {
            false if self.was_lost() => "not written",
            false => "nobody reads standard output",
            true if goes_nowhere() => "standard output is closed",
            true => return,
        };
        self.say(&format!("ofauth: {why}: {}", one_line(result)));
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
                    self.say(&format!("ofauth: standard output cannot be written: {error}"));
                }
                false
            }
        }
    }

    /// Prints one event of `--json`. Returns whether it got there.
    pub(crate) fn event(&self, event: &Event<'_>) -> bool {
        match serde_json::to_string(event) {
            Ok(line) => self.line(&line),
            Err(_) => false,
        }
    }

    /// Prints an answer: a JSON object a line on a pipe or with `--json`, easy to read on a terminal.
    pub(crate) fn answer(&self, value: &impl Serialize) {
        let pretty = !self.json && Stream::Out.is_terminal();
        let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        match text {
            Ok(text) => {
                self.raw(format!("{text}\n").as_bytes());
            }
            Err(error) => self.say(&format!("ofauth: the answer cannot be shown: {error}")),
        }
    }

    /// Prints a body that a server called JSON: reformatted if it is, as it stands if not.
    pub(crate) fn json_text(&self, body: &[u8]) {
        let pretty = !self.json && Stream::Out.is_terminal();
        match reformatted(body, pretty) {
            Some(text) => self.raw(&text),
            None => self.raw(body),
        };
    }

    /// Prints a remark to standard error, unless the user wants quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Prints to standard error.
    pub(crate) fn say(&self, text: &str) {
        let safe: String = text.split('\n').map(|line| one_line(line) + "\n").collect();
        // Nothing can be done about a standard error that is gone.
        let _ = self.screen.around(|| Stream::Err.write(safe.as_bytes(), Form::Lines));
    }

    /// Tells of a failure: to people on standard error, and to scripts as an event.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            self.event(&failure.event(&failure.text()));
        }
        self.say(&failure.lines());
    }
}

/// Whether standard output was closed when the command began.
///
/// Rust opens the null device in place of a closed stream before `main`, for reading and writing; a shell's
/// `>/dev/null` opens it for writing only and means it. Some languages' way to drop a stream looks like a closed one,
/// so this is a reason to say a result elsewhere, and no reason to fail.
#[cfg(unix)]
fn goes_nowhere() -> bool {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    let out = io::stdout();
    let (Ok(flags), Ok(out), Ok(null)) = (fcntl_getfl(&out), fstat(&out), stat("/dev/null")) else {
        return false;
    };
    flags.contains(OFlags::RDWR) && out.st_rdev == null.st_rdev
}

#[cfg(not(unix))]
fn goes_nowhere() -> bool {
    false
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
