//! Texts that have to fit: measured in columns of a terminal, not in characters or bytes.

use console::measure_text_width;

/// The text, its middle left out if it needs more than `columns`.
pub(crate) fn in_the_middle(text: &str, columns: usize) -> String {
    if measure_text_width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    // More of the beginning than of the end, which has the extension.
    let end = room * 2 / 5;
    let tail: Vec<char> = fitting(text.chars().rev(), end);
    let head = fitting(text.chars(), room - end);
    let dots = if columns == 0 { "" } else { "…" };
    head.into_iter().chain(dots.chars()).chain(tail.into_iter().rev()).collect()
}

/// As many of these characters as fit.
fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> Vec<char> {
    let mut left = columns;
    let mut buffer = [0; 4];
    characters
        .map_while(|character| {
            left = left.checked_sub(measure_text_width(character.encode_utf8(&mut buffer)))?;
            Some(character)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_stay() {
        assert_eq!(in_the_middle("clip.mp4", 10), "clip.mp4");
        assert_eq!(in_the_middle("a-very-long-name-for-a-clip.mp4", 10), "a-very…mp4");
        assert_eq!(in_the_middle("日本語の長い名前.mp4", 12), "日本語….mp4");
        for columns in 0..40 {
            for text in ["a-very-long-name-for-a-clip-that-goes-on.mp4", "日本語の長い名前のファイル.mp4", ""]
            {
                let short = in_the_middle(text, columns);
                assert!(measure_text_width(&short) <= columns, "{columns}: {short}");
            }
        }
    }
}
