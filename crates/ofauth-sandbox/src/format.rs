//! The formats of texts that the document names, as JSON Schema means them.
//!
//! `date` and `date-time` are those of RFC 3339, `uri` is that of RFC 3986. Formats of numbers are not looked at here, and
//! one that is not known holds for every text.

use jiff::civil::Date;

/// What a text in `format` looks like, if `text` does not.
pub(crate) fn expected(format: &str, text: &str) -> Option<&'static str> {
    let (holds, expected): (fn(&str) -> bool, _) = match format {
        "date" => (is_date, "a date such as 2026-04-29"),
        "date-time" => (is_date_time, "a time such as 2026-04-29T10:18:48Z, with its offset"),
        "uri" => (is_uri, "a URL such as https://example.com/done"),
        _ => return None,
    };
    (!holds(text)).then_some(expected)
}

fn is_date(text: &str) -> bool {
    has_shape(text, "0000-00-00") && text.parse::<Date>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else { return false };
    let Some(offset) = time.find(['Z', 'z', '+', '-']) else { return false };
    let (time, offset) = time.split_at(offset);
    is_date(date) && is_time(time) && is_offset(offset)
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let within = |at: usize, most: u8| number_at(clock, at).is_some_and(|number| number <= most);
    // The second 60 is a leap second.
    let clock_holds = has_shape(clock, "00:00:00") && within(0, 23) && within(3, 59) && within(6, 60);
    clock_holds && !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_offset(text: &str) -> bool {
    let within = |at: usize, most: u8| number_at(text, at).is_some_and(|number| number <= most);
    let shift = has_shape(text, "+00:00") || has_shape(text, "-00:00");
    text.eq_ignore_ascii_case("z") || (shift && within(1, 23) && within(4, 59))
}

/// The number of two digits that begins at `at`.
fn number_at(text: &str, at: usize) -> Option<u8> {
    text.get(at..at + 2)?.parse().ok()
}

/// Whether a text is `shape` with any digits in place of its zeros.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let unusable = |byte: u8| !byte.is_ascii_graphic() || b"\"<>\\^`{|}".contains(&byte);
    named && !rest.is_empty() && !rest.bytes().any(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_and_out_of_each_format() {
        for (format, good, bad) in [
            (
                "date-time",
                &[
                    "2026-04-29T10:18:48Z",
                    "2026-04-29t10:18:48.123456789z",
                    "2024-02-29T23:59:60+05:30",
                    "2026-04-29T00:00:00-23:59",
                ][..],
                &[
                    "",
                    "null",
                    "2026-04-29",
                    "2026-04-29 10:18:48Z",
                    "2026-04-29T10:18:48",
                    "2026-04-29T10:18Z",
                    "2026-02-29T10:18:48Z",
                    "2026-04-29T24:00:00Z",
                    "2026-04-29T10:18:48.Z",
                    "2026-04-29T10:18:48+0200",
                    "2026-04-29T10:18:48+24:00",
                    "1777457928",
                ][..],
            ),
            ("date", &["2026-04-29"], &["2026-4-29", "2026-13-01", "20260429", "2026-04-29T00:00:00Z"]),
            (
                "uri",
                &["https://example.com/a?b=%20#c", "myapp:done"],
                &["", "example.com", "https:", "/path", "ht tp://x", "https://a b", "https://ä"],
            ),
            ("of-the-future", &["", "anything"], &[]),
        ] {
            for text in good {
                assert_eq!(expected(format, text), None, "{format}: {text}");
            }
            for text in bad {
                assert!(expected(format, text).is_some(), "{format}: {text}");
            }
        }
    }
}
