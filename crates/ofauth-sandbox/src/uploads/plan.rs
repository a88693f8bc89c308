//! The plan of an upload: which bytes go where.
//!
//! [`cut_file`] decides the ranges; [`Plan`] is the answer of init.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::record::UploadKind;

/// What stays as it is in a path segment (RFC 3986, unreserved). The guide's example encodes the colon of the id.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The first and last byte of a part.
pub(crate) type Range = (u64, u64);

/// What init answers.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) kind: UploadKind,
    pub(crate) part_size: u64,
    pub(crate) expires_at: String,
    pub(crate) parts: Vec<PlannedPart>,
    pub(crate) complete_url: Option<String>,
}

/// One entry of `parts`.
#[derive(Debug, Clone)]
pub(crate) struct PlannedPart {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Cuts a file into ranges of at most `part_size` bytes; uneven ones are whole, half and a third of it in turn.
pub(crate) fn cut_file(size: u64, part_size: u64, uneven: bool) -> Vec<Range> {
    let divisors: &[u64] = if uneven { &[1, 2, 3] } else { &[1] };
    let mut ranges = Vec::new();
    let mut start = 0;
    for divisor in divisors.iter().cycle() {
        if start >= size {
            break;
        }
        let end = size.min(start.saturating_add((part_size / divisor).max(1)));
        ranges.push((start, end - 1));
        start = end;
    }
    ranges
}

impl Plan {
    /// The plan for `ranges`, with URLs below `base`.
    pub(crate) fn new(
        id: &str,
        kind: UploadKind,
        part_size: u64,
        ranges: &[Range],
        base: &str,
        query: &str,
    ) -> Self {
        let uploads = format!("{base}/v2/access/uploads");
        let upload = format!("{uploads}/{}", utf8_percent_encode(id, SEGMENT));
        let parts = (1..).zip(ranges).map(|(number, &(start, end))| {
            let url = match kind {
                UploadKind::Single => format!("{upload}{query}"),
                UploadKind::Multipart => format!("{upload}/parts/{number}{query}"),
            };
            PlannedPart { number, url, start, end }
        });
        Self {
            id: id.to_owned(),
            kind,
            part_size,
            expires_at: String::new(),
            parts: parts.collect(),
            complete_url: (kind == UploadKind::Multipart).then(|| format!("{uploads}/complete")),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(PlannedPart::to_json).collect();
        let mut body = json!({
            "mediaUploadId": self.id,
            "uploadType": self.kind,
            "totalParts": self.parts.len(),
            "partSize": self.part_size,
            "expiresAt": self.expires_at,
            "parts": parts,
        });
        if let (Some(url), Some(fields)) = (&self.complete_url, body.as_object_mut()) {
            fields.insert("completeUrl".to_owned(), Value::from(url.as_str()));
        }
        body
    }
}

impl PlannedPart {
    pub(crate) fn len(&self) -> u64 {
        self.end.saturating_sub(self.start).saturating_add(1)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "partNumber": self.number,
            "uploadUrl": self.url,
            "byteRange": { "start": self.start, "end": self.end },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_the_file_exactly_once() {
        for (size, part_size) in [(1, 1), (10, 3), (9, 3), (5, 100), (100, 1), (7, 2)] {
            for uneven in [false, true] {
                let ranges = cut_file(size, part_size, uneven);
                let mut next = 0;
                for (start, end) in ranges {
                    assert_eq!(start, next);
                    assert!(end >= start && end - start < part_size);
                    next = end + 1;
                }
                assert_eq!(next, size);
            }
        }
    }

    #[test]
    fn uneven_parts_differ() {
        assert_eq!(cut_file(12, 6, true), [(0, 5), (6, 8), (9, 10), (11, 11)]);
    }
}
