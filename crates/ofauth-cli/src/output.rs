//! Where the command's words go: answers to standard output, everything else to standard error.
//!
//! Both streams are written around a progress bar that may be on the screen. A reader that went away (`| head`) is
//! no error; any other failure to write to standard output is, because a reference may have been lost.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    lost: Arc<AtomicBool>,
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
        self.lost.load(Ordering::Relaxed)
    }

    /// Prints one line to standard output. Returns whether it got there.
    pub(crate) fn line(&self, text: &str) -> bool {
        self.raw(format!("{text}\n").as_bytes())
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
                if !self.lost.swap(true, Ordering::Relaxed) {
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
        // A terminal obeys control characters, and file names and servers' texts may hold them.
        let safe: String = text.chars().map(|c| if c.is_control() && c != '\n' { '?' } else { c }).collect();
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
