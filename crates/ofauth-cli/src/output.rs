//! Where the command's words go: answers to standard output, everything else to standard error.
//!
//! Both streams are written around a progress bar that may be on the screen. A reader that went away (`| head`) is
//! no error; any other failure to write to standard output is: the command ends with 1, and makes no post of what it
//! uploaded, since whoever asked for the references does not have them. Results that did not get there are told on
//! standard error instead.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::events::Event;
use crate::failure::Failure;
use crate::progress::Screen;

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
        self.raw(format!("{text}\n").as_bytes())
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
        self.say(&format!("ofauth: {why}: {result}"));
    }

    /// Prints bytes to standard output as they are. Returns whether they got there.
    pub(crate) fn raw(&self, bytes: &[u8]) -> bool {
        let written = self.screen.around(|| {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        });
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
        let pretty = !self.json && io::stdout().is_terminal();
        let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        match text {
            Ok(text) => {
                self.line(&text);
            }
            Err(error) => self.say(&format!("ofauth: the answer cannot be shown: {error}")),
        }
    }

    /// Prints a body that a server called JSON: reformatted if it is, as it stands if not.
    pub(crate) fn json_text(&self, body: &[u8]) {
        let pretty = !self.json && io::stdout().is_terminal();
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
        let safe: String = text
            .split_inclusive('\n')
            .map(|line| match line.strip_suffix('\n') {
                Some(line) => one_line(line) + "\n",
                None => one_line(line),
            })
            .collect();
        // Nothing can be done about a standard error that is gone.
        let _ = self.screen.around(|| writeln!(io::stderr().lock(), "{safe}"));
    }

    /// Tells of a failure: to people on standard error, and to scripts as an event.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            self.event(&failure.event(&failure.text()));
        }
        self.say(&failure.lines());
    }
}

/// The text without control characters, which a file name or a server's text may hold and a terminal would obey.
/// They become what the library makes of them.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(char::is_control, "\u{FFFD}")
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
