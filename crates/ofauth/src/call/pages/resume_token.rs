//! The text from which a walk through a list can go on, in another process too.
//!
//! `list_chats@40+3` is: of `list_chats`, the page that begins at `40`, without its first 3 items. What is not a letter or a
//! digit in the position is percent-encoded, so that the text passes through shells, lines and URLs.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{Result, invalid};

/// What stays readable in a position: times, ids and most cursors.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// Where a walk goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResumeToken<'a> {
    pub(super) operation_id: &'a str,
    /// Where its page begins; none at the start of the list.
    pub(super) position: Option<String>,
    /// So many items of the page were handed out.
    pub(super) handed_out: usize,
}

impl fmt::Display for ResumeToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position.as_deref().unwrap_or_default();
        write!(f, "{}@{}", self.operation_id, utf8_percent_encode(position, ENCODED))?;
        if self.handed_out > 0 { write!(f, "+{}", self.handed_out) } else { Ok(()) }
    }
}

impl<'a> ResumeToken<'a> {
    /// Reads a token that a walk of `operation_id` gave.
    pub(super) fn read(operation_id: &'a str, text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            invalid(format!(
                "{text:?} is no resume token of {operation_id}: {why}; pass what a walk gave, unchanged"
            ))
        };
        let (id, rest) = text.split_once('@').ok_or_else(|| wrong("it has no @"))?;
        if id != operation_id {
            return Err(wrong("it is of another operation"));
        }
        let (position, handed_out) = rest.split_once('+').unwrap_or((rest, "0"));
        let position =
            percent_decode_str(position).decode_utf8().map_err(|_| wrong("its position is not text"))?;
        let handed_out = handed_out.parse().map_err(|_| wrong("its number of items is not a number"))?;
        let position = Some(position.into_owned()).filter(|position| !position.is_empty());
        Ok(Self { operation_id, position, handed_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went() {
        for (position, handed_out, text) in [
            (None, 0, "list_chats@"),
            (None, 3, "list_chats@+3"),
            (Some("40"), 0, "list_chats@40"),
            (Some("1700000000.123456"), 7, "list_chats@1700000000.123456+7"),
            (Some("2026-01-31T12:00:00Z"), 0, "list_chats@2026-01-31T12:00:00Z"),
            (Some("a+b/c=@\n é"), 1, "list_chats@a%2Bb%2Fc%3D%40%0A%20%C3%A9+1"),
        ] {
            let token =
                ResumeToken { operation_id: "list_chats", position: position.map(str::to_owned), handed_out };
            assert_eq!(token.to_string(), text);
            assert_eq!(ResumeToken::read("list_chats", text).unwrap(), token);
        }
    }

    #[test]
    fn what_is_no_token_of_the_list_is_refused() {
        for (text, says) in [
            ("", "no @"),
            ("40", "no @"),
            ("list_posts@40", "another operation"),
            ("list_chats@40+x", "not a number"),
            ("list_chats@40+-1", "not a number"),
            ("list_chats@%ff", "not text"),
        ] {
            let error = ResumeToken::read("list_chats", text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
