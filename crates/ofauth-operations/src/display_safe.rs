//! Text from outside as it may be shown: file names, words of a server, settings.
//!
//! A terminal obeys some characters instead of showing them, and a log takes some for the end of a line. This says which,
//! and puts something else in their place. It decides neither what is shown nor where.

use std::borrow::Cow;

/// Whether a terminal obeys a character instead of showing it: control characters, what ends a line, and what turns the
/// direction of writing.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

/// The text on one line, with U+FFFD for what is not safe to show.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(is_unsafe) { text.replace(is_unsafe, "\u{FFFD}").into() } else { text.into() }
}

/// The longest word that is shown, in characters: of a longer one, such as a path or an address, its two ends.
const LONGEST_WORD: usize = 200;
/// The longest text that is shown, in characters.
const LONGEST_TEXT: usize = 2000;

/// `text` as one line that people can read: safe to show, and no longer than a reader bears, whatever the caller or a server
/// has given.
pub fn readable(text: String) -> String {
    let text = one_line(&text);
    if text.len() <= LONGEST_WORD {
        return text.into_owned();
    }
    let words: Vec<_> = text.split(' ').map(|word| ends(word, LONGEST_WORD)).collect();
    ends(&words.join(" "), LONGEST_TEXT).into_owned()
}

/// The first and last characters of a text, if it has more than `most`.
fn ends(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most || text.chars().count() <= most {
        return text.into();
    }
    let half = most / 2;
    let first: String = text.chars().take(half).collect();
    let last: Vec<char> = text.chars().rev().take(half.saturating_sub(1)).collect();
    let last: String = last.into_iter().rev().collect();
    format!("{first}…{last}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_obeyed_is_replaced_and_the_rest_stays() {
        for obeyed in
            "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}"
                .chars()
        {
            assert_eq!(one_line(&format!("a{obeyed}b")), "a\u{FFFD}b", "{obeyed:?}");
        }
        let shown = "naïve 日本 \u{5e9} 👩\u{200d}👧";
        assert!(matches!(one_line(shown), Cow::Borrowed(text) if text == shown));
    }

    #[test]
    fn of_what_is_too_long_the_ends_are_shown() {
        let shown = readable;
        let path = format!("/{}/clip.mp4", "é".repeat(1 << 20));
        let text = shown(format!("{path} cannot be opened: there is no such file"));
        assert!(text.starts_with("/éé") && text.contains("…"), "{text}");
        assert!(text.ends_with("/clip.mp4 cannot be opened: there is no such file"), "{text}");
        assert!(text.chars().count() < 300, "{text}");
        assert_eq!(shown("word ".repeat(1 << 20)).chars().count(), LONGEST_TEXT);
        let just = "x".repeat(LONGEST_WORD);
        assert_eq!(shown(just.clone()), just);
    }
}
