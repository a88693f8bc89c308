//! The plan of an upload: read from the answer to init, and refused unless it is safe to follow.
//!
//! Pure. A plan is followed only if its parts cover the file exactly once and in order, and if every URL leads to a
//! server that may see the key. The older answer, two headers instead of a list of parts, is turned into a plan too.

use std::collections::HashSet;

use http::HeaderMap;
use url::Url;

use super::api_types::{InitAnswer, PartAnswer, Whole};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{PartRecord, SessionRecord};
use crate::media_form::MediaForm;
use crate::origin::Origins;

/// The most parts a plan may have. At the 5 MiB of the guide's example that is 500 GB, a hundred times the largest
/// file that the service takes.
pub(crate) const MOST_PARTS: usize = 100_000;

/// Everything but the characters that no URL needs to encode: the service writes an id's `:` as `%3A` and leaves `-`.
const ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A plan that covers `0..size` exactly once.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) upload_id: String,
    pub(crate) flow: Flow,
    /// In the order of their bytes; the part at index `i` has number `i + 1`.
    pub(crate) parts: Vec<PlannedPart>,
    /// The end of the session as the service wrote it.
    pub(crate) expires_at: Option<jiff::Timestamp>,
}

/// How an upload is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flow {
    /// One PUT carries the whole file and finishes the upload.
    Single,
    /// Every part has its PUT, and a `POST` to this URL finishes the upload.
    Multipart { complete_url: Url },
}

/// One PUT of a plan.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlannedPart {
    /// Text of a trusted URL. A `Url` would cost a third more memory, 100 000 times.
    url: Box<str>,
    pub(crate) start: u64,
    pub(crate) length: u64,
}

impl PlannedPart {
    pub(crate) fn url(&self) -> Result<Url> {
        // It was one when the plan was read.
        Url::parse(&self.url).map_err(|error| {
            Error::new(ErrorKind::Internal, "a part URL is no longer a URL").with_source(error)
        })
    }
}

// A plan's URLs are for the service alone: logs show the bytes.
impl std::fmt::Debug for PlannedPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{}", self.start, self.length)
    }
}

impl Plan {
    /// Reads the answer to the init of a file of `size` bytes.
    pub(crate) fn read(
        answer: InitAnswer,
        headers: &HeaderMap,
        size: u64,
        origins: &Origins,
    ) -> Result<Self> {
        let upload_id = answer
            .media_upload_id
            .filter(|id| !id.trim().is_empty())
            .ok_or_else(|| bad("it has no mediaUploadId"))?;
        if !MediaForm::can_be_given(&upload_id) {
            return Err(bad(
                "its mediaUploadId cannot be one: it is too long, the name of a file, or has blanks or control characters in it",
            ));
        }
        let expires_at = answer.expires_at.as_deref().and_then(|text| text.parse().ok());
        let with_id = |error: Error| error.with_upload_id(&upload_id);
        let Some(parts) = answer.parts else {
            let (flow, parts) = from_headers(headers, &upload_id, size, origins).map_err(with_id)?;
            return Ok(Self { upload_id, flow, parts, expires_at });
        };
        let parts = read_parts(&parts, answer.part_size, size, origins).map_err(with_id)?;
        let flow = match answer.upload_type.as_deref() {
            Some("single") if parts.len() == 1 => Flow::Single,
            Some("single") => {
                return Err(with_id(bad(format!("it is single and has {} parts", parts.len()))));
            }
            Some("multipart") => {
                let complete_url = match &answer.complete_url {
                    Some(url) => origins.trusted(url, "complete URL"),
                    // The guide names this address; a plan without it is still complete.
                    None => origins.api_url("/v2/access/uploads/complete"),
                };
                Flow::Multipart { complete_url: complete_url.map_err(with_id)? }
            }
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                return Err(with_id(bad(format!("its uploadType {shown:?} is unknown"))));
            }
            None => return Err(with_id(bad("it has no uploadType"))),
        };
        Ok(Self { upload_id, flow, parts, expires_at })
    }

    /// The plan of a session that an earlier run wrote down, judged once more: a journal is a file that others may have
    /// changed, and the origins that may see the key may be others now.
    pub(crate) fn restore(record: &SessionRecord, origins: &Origins) -> Result<Self> {
        if !MediaForm::can_be_given(&record.upload_id) || record.parts.is_empty() {
            return Err(bad("the journal has no usable one"));
        }
        refuse_too_many(record.parts.len() as u64)?;
        let mut start: u64 = 0;
        let mut parts = Vec::with_capacity(record.parts.len());
        for part in &record.parts {
            let url = String::from(origins.trusted(&part.url, "part URL")?).into();
            parts.push(PlannedPart { url, start, length: part.length });
            start = start.checked_add(part.length).ok_or_else(|| bad("its parts are too long"))?;
        }
        if start != record.size {
            return Err(bad("the journal's parts are not as long as the file"));
        }
        let flow = match &record.complete_url {
            Some(url) => Flow::Multipart { complete_url: origins.trusted(url, "complete URL")? },
            None if parts.len() == 1 => Flow::Single,
            None => return Err(bad("the journal's parts have no address")),
        };
        let expires_at = record.expires_unix_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        Ok(Self { upload_id: record.upload_id.clone(), flow, parts, expires_at })
    }

    /// The parts as a journal keeps them.
    pub(crate) fn part_records(&self) -> Vec<PartRecord> {
        self.parts.iter().map(|part| PartRecord { length: part.length, url: part.url.to_string() }).collect()
    }

    /// How many parts there are.
    pub(crate) fn parts_total(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    /// The size of the file.
    pub(crate) fn size(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.start.saturating_add(part.length))
    }
}

fn read_parts(
    parts: &[PartAnswer],
    part_size: Option<Whole>,
    size: u64,
    origins: &Origins,
) -> Result<Vec<PlannedPart>> {
    if parts.is_empty() {
        return Err(bad("it has no parts"));
    }
    refuse_too_many(parts.len() as u64)?;
    let most = match part_size {
        None => u64::MAX,
        Some(Whole::Number(most)) if most > 0 => most,
        Some(_) => return Err(bad("its partSize is not a positive whole number")),
    };
    let mut planned = Vec::with_capacity(parts.len());
    let mut seen = HashSet::with_capacity(parts.len());
    let mut next: u64 = 0;
    for (index, part) in parts.iter().enumerate() {
        let number = (index as u64).saturating_add(1);
        let wrong = |why: String| bad(format!("part {number} {why}"));
        match part.part_number {
            None => {}
            Some(Whole::Number(named)) if named == number => {}
            Some(_) => return Err(wrong("does not carry that number: the parts are not in order".into())),
        }
        let range = part.byte_range.as_ref().ok_or_else(|| wrong("has no byteRange".into()))?;
        let (Some(start), Some(end)) = (range.start.and_then(Whole::get), range.end.and_then(Whole::get))
        else {
            return Err(wrong("has a byteRange that is not two whole numbers".into()));
        };
        if start > next {
            return Err(wrong(format!(
                "begins at byte {start}: bytes {next} to {} are in no part",
                start.saturating_sub(1)
            )));
        }
        if start < next {
            return Err(wrong(format!("begins at byte {start}, which an earlier part holds already")));
        }
        if end < start {
            return Err(wrong(format!("ends at byte {end}, before its start {start}")));
        }
        if end >= size {
            return Err(wrong(format!(
                "ends at byte {end}, after the file's last byte {}",
                size.saturating_sub(1)
            )));
        }
        let length = end.saturating_sub(start).saturating_add(1);
        if length > most {
            return Err(wrong(format!("has {length} bytes, more than the partSize {most}")));
        }
        next = end.saturating_add(1);
        let url = part.upload_url.as_deref().ok_or_else(|| wrong("has no uploadUrl".into()))?;
        let mut url = origins.trusted(url, "part URL").map_err(|error| error.with_part(number_of(index)))?;
        // It is never sent, so that it tells no two addresses apart.
        url.set_fragment(None);
        let url: Box<str> = String::from(url).into();
        if !seen.insert(url.clone()) {
            return Err(wrong("has the uploadUrl of an earlier part".into()));
        }
        planned.push(PlannedPart { url, start, length });
    }
    if next != size {
        return Err(bad(format!("its parts end at byte {next} and the file has {size}")));
    }
    Ok(planned)
}

/// The plan that the older answer stands for: the number and size of the parts in headers, the routes well known.
fn from_headers(
    headers: &HeaderMap,
    upload_id: &str,
    size: u64,
    origins: &Origins,
) -> Result<(Flow, Vec<PlannedPart>)> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let (Some(total), Some(part_size)) =
        (number("x-ofauth-upload-total-parts"), number("x-ofauth-upload-part-size"))
    else {
        return Err(bad("it has neither parts nor the x-ofauth-upload headers that can replace them"));
    };
    refuse_too_many(total)?;
    let path = format!("/v2/access/uploads/{}", percent_encoding::utf8_percent_encode(upload_id, ENCODED));
    if total == 1 {
        let url = String::from(origins.api_url(&path)?).into();
        return Ok((Flow::Single, vec![PlannedPart { url, start: 0, length: size }]));
    }
    if part_size == 0 || size.div_ceil(part_size) != total {
        return Err(bad(format!(
            "its headers say {total} parts of {part_size} bytes, which is not {size} bytes"
        )));
    }
    let parts = (0..total)
        .map(|index| {
            let start = index.saturating_mul(part_size);
            let url = origins.api_url(&format!("{path}/parts/{}", index.saturating_add(1)))?;
            let length = part_size.min(size.saturating_sub(start));
            Ok(PlannedPart { url: String::from(url).into(), start, length })
        })
        .collect::<Result<_>>()?;
    Ok((Flow::Multipart { complete_url: origins.api_url("/v2/access/uploads/complete")? }, parts))
}

fn refuse_too_many(parts: u64) -> Result<()> {
    if parts > MOST_PARTS as u64 {
        return Err(bad(format!("it has {parts} parts, more than the maximum of {MOST_PARTS}")));
    }
    Ok(())
}

/// The number of the part at an index.
pub(crate) fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

fn bad(why: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::InvalidPlan,
        format!("the upload plan of the service is invalid: {why}. Nothing was sent"),
    )
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
pub(crate) mod tests_support {
    use super::PlannedPart;

    /// Parts of the given lengths, one behind the other.
    pub(crate) fn parts(lengths: &[u64]) -> Vec<PlannedPart> {
        let mut start = 0;
        let part = |length: &u64| {
            let part = PlannedPart { url: "http://127.0.0.1/p".into(), start, length: *length };
            start += length;
            part
        };
        lengths.iter().map(part).collect()
    }
}
