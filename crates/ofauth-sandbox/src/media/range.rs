//! Which bytes of a file a request asks for (RFC 9110, section 14). Pure.
//!
//! One range is understood. Of several, or of what is no range, all is answered, as a server may.

/// What to answer of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Portion {
    Whole,
    /// From this byte on, this many.
    Part {
        start: u64,
        length: u64,
    },
    /// Nothing of what was asked for is there.
    Unsatisfiable,
}

/// The portion that the value of a `Range` header asks for, of a file of `size` bytes.
pub(crate) fn portion(range: &str, size: u64) -> Portion {
    let Some(range) = range.trim().strip_prefix("bytes=") else { return Portion::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Portion::Whole };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let (Some(first), Some(last)) = (number(first), number(last)) else { return Portion::Whole };
    match (first, last) {
        (None, None) => Portion::Whole,
        (None, Some(0)) => Portion::Unsatisfiable,
        (None, Some(_)) if size == 0 => Portion::Unsatisfiable,
        (None, Some(length)) => {
            let length = length.min(size);
            Portion::Part { start: size - length, length }
        }
        (Some(first), Some(last)) if last < first => Portion::Whole,
        (Some(first), _) if first >= size => Portion::Unsatisfiable,
        (Some(first), last) => {
            let end = last.map_or(size, |last| last.saturating_add(1).min(size));
            Portion::Part { start: first, length: end - first }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let part = |start, length| Portion::Part { start, length };
        for (range, size, wanted) in [
            ("bytes=0-0", 10, part(0, 1)),
            ("bytes=2-4", 10, part(2, 3)),
            ("bytes=4-", 10, part(4, 6)),
            ("bytes=4-99", 10, part(4, 6)),
            ("bytes=0-18446744073709551615", 10, part(0, 10)),
            ("bytes=-3", 10, part(7, 3)),
            ("bytes=-30", 10, part(0, 10)),
            ("bytes=10-", 10, Portion::Unsatisfiable),
            ("bytes=-0", 10, Portion::Unsatisfiable),
            ("bytes=0-", 0, Portion::Unsatisfiable),
            ("bytes=4-2", 10, Portion::Whole),
            ("bytes=0-1,4-5", 10, Portion::Whole),
            ("bytes=-", 10, Portion::Whole),
            ("bytes=+1-", 10, Portion::Whole),
            ("items=0-1", 10, Portion::Whole),
            ("", 10, Portion::Whole),
        ] {
            assert_eq!(portion(range, size), wanted, "{range} of {size}");
        }
    }
}
