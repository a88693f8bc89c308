//! The gate to the terminal: the one place from which bytes leave for standard output and standard error.
//!
//! A terminal obeys what it is shown: a file name, an answer or a setting may move the cursor, set the title, hide what
//! stands before it or turn the direction of writing. So nothing of that reaches a terminal as it is; it becomes an
//! escape that JSON takes for the same character, and that people can read. What goes to a pipe or a file is data, and
//! stays as it is. This module decides neither what is said nor when.

mod descriptor;
pub(crate) mod shorten;

use std::borrow::Cow;
use std::io::{self, IsTerminal};

use ofauth::unversioned::display_safe::{is_unsafe, one_line};

/// An output stream of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output: results.
    Out,
    /// Standard error: everything else.
    Err,
}

/// What the bytes are, which says whether a line end in them is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One line and its end: what looks like a line end or a tab within came from elsewhere.
    Line,
    /// Lines, tabs between columns, or JSON: outside of its strings it has no other control characters.
    Lines,
    /// Made here, with sequences that are meant: a progress bar.
    Drawing,
}

impl Stream {
    /// Whether a terminal shows it.
    pub(crate) fn is_terminal(self) -> bool {
        match self {
            Stream::Out => io::stdout().is_terminal(),
            Stream::Err => io::stderr().is_terminal(),
        }
    }

    /// Whether somebody may read it: it was not closed when the command began, and the other end is there.
    pub(crate) fn is_there(self) -> bool {
        let is_open = match self {
            Stream::Out => descriptor::is_open(io::stdout()),
            Stream::Err => descriptor::is_open(io::stderr()),
        };
        is_open && !self.was_closed()
    }

    /// Whether it was closed when the command began.
    pub(crate) fn was_closed(self) -> bool {
        match self {
            Stream::Out => descriptor::was_closed(io::stdout()),
            Stream::Err => descriptor::was_closed(io::stderr()),
        }
    }

    /// Whether it drops everything, closed or because the user wants it so.
    pub(crate) fn is_null(self) -> bool {
        match self {
            Stream::Out => descriptor::is_null(io::stdout()),
            Stream::Err => descriptor::is_null(io::stderr()),
        }
    }

    /// Whether everything that was written can be relied on, as far as the system knows.
    pub(crate) fn keeps_everything(self) -> io::Result<()> {
        match self {
            Stream::Out => descriptor::keeps_everything(io::stdout()),
            Stream::Err => descriptor::keeps_everything(io::stderr()),
        }
    }

    /// Writes all of this, at once, and safely if a terminal shows it.
    pub(crate) fn write(self, bytes: &[u8], form: Form) -> io::Result<()> {
        let bytes = if self.is_terminal() { safe(bytes, form) } else { Cow::Borrowed(bytes) };
        match self {
            Stream::Out => descriptor::write_all(io::stdout().lock(), &bytes),
            Stream::Err => descriptor::write_all(io::stderr().lock(), &bytes),
        }
    }
}

/// Prints what clap has to say about a command line, which it may quote. Returns the exit code.
pub(crate) fn explain(error: &clap::Error) -> u8 {
    // Help and version quote nothing, so they may have colours.
    let (told, code) = match error.exit_code() {
        0 => (error.print(), 0),
        code => {
            let text = without_line_ends(error.render().to_string());
            (Stream::Err.write(text.as_bytes(), Form::Lines), u8::try_from(code).unwrap_or(1))
        }
    };
    match told {
        Err(error) if code == 0 && error.kind() != io::ErrorKind::BrokenPipe => 1,
        _ => code,
    }
}

/// What is said of the command line, whose own line ends begin no line in it.
fn without_line_ends(mut text: String) -> String {
    for argument in std::env::args_os() {
        let argument = argument.to_string_lossy();
        if argument.contains(['\n', '\r']) {
            text = text.replace(argument.as_ref(), &one_line(&argument));
        }
    }
    text
}

/// The bytes as a terminal may have them. What it would obey becomes `\u001b`, which in a string of JSON is the same
/// character, and a byte that is no text `\xff`.
fn safe(bytes: &[u8], form: Form) -> Cow<'_, [u8]> {
    let (body, end): (_, &[u8]) = match (form, bytes.strip_suffix(b"\n")) {
        (Form::Drawing, _) => return Cow::Borrowed(bytes),
        (Form::Line, Some(body)) => (body, b"\n"),
        _ => (bytes, b""),
    };
    let passes =
        |character| !is_unsafe(character) || (form == Form::Lines && matches!(character, '\n' | '\t'));
    let mut safe = String::with_capacity(bytes.len());
    for chunk in body.utf8_chunks() {
        let mut rest = chunk.valid().chars();
        while let Some(character) = rest.next() {
            if passes(character) {
                safe.push(character);
            } else if character != '\r' || form != Form::Lines || !rest.as_str().starts_with('\n') {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
        }
        for byte in chunk.invalid() {
            safe.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let mut safe = safe.into_bytes();
    safe.extend_from_slice(end);
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: impl AsRef<[u8]>, form: Form) -> String {
        String::from_utf8(safe(text.as_ref(), form).into_owned()).unwrap()
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_as_an_escape() {
        let table = [
            ("\u{1b}]0;x\u{7}", r"\u001b]0;x\u0007"),
            ("\u{1b}[2J\u{8}", r"\u001b[2J\u0008"),
            ("\0\u{7f}\u{80}\u{9b}\u{9f}", r"\u0000\u007f\u0080\u009b\u009f"),
            ("a\u{202e}b\u{2066}c\u{200f}d\u{61c}", r"a\u202eb\u2066c\u200fd\u061c"),
            ("a\u{2028}b\u{2029}c", r"a\u2028b\u2029c"),
            ("naïve 日本 \u{5e9} 👩\u{200d}👧", "naïve 日本 \u{5e9} 👩\u{200d}👧"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text, Form::Line), expected);
            assert_eq!(shown(text, Form::Lines), expected);
            assert_eq!(shown(text, Form::Drawing), text);
        }
        assert_eq!(shown(b"a\x9b\xff\xc3", Form::Line), r"a\x9b\xff\xc3");
    }

    #[test]
    fn a_line_ends_once_and_lines_end_where_they_do() {
        assert_eq!(shown("a\tb\nc\r\n", Form::Line), "a\\u0009b\\u000ac\\u000d\n");
        assert_eq!(shown("a\tb\r\nc\rd\n", Form::Lines), "a\tb\nc\\u000dd\n");
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({"a\u{9b}": ["\u{1b}[2J", "\u{7f}\u{202e}\u{2028}", "\t\n\r\\"]});
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let safe = shown(&text, Form::Lines);
            assert!(!safe.contains(|c| is_unsafe(c) && c != '\n'), "{safe}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        }
    }
}
