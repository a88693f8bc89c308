//! Changes to the plan that init answers.
//!
//! Two of them, [`PlanChange::UnevenParts`] and [`PlanChange::Query`], give a valid plan that the session then holds
//! the client to. The others leave the session as it is and only distort what is answered.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::reply::{Payload, Reply};
use crate::uploads::plan::{Plan, PlannedPart};

/// How many parts of a very long plan are made at a time.
const PARTS_AT_ONCE: u64 = 500;

/// What is different about a plan. In JSON: `"gap"`, or `{"many_parts": 1000000}` for those with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlanChange {
    /// The last part begins one byte late.
    Gap,
    /// The last part begins one byte early; a plan of one part lists it twice.
    Overlap,
    /// The last part begins after its end.
    Reversed,
    /// The last part ends at 2^64 − 1.
    Overflow,
    /// The last part ends one byte after the file.
    PastEnd,
    /// The last part is missing.
    MissingLast,
    /// The parts are listed from the last to the first.
    WrongOrder,
    /// The last part has the number of the first.
    DuplicateNumber,
    /// There are no parts.
    ZeroParts,
    /// There are this many parts of one byte, whatever the size of the file.
    ManyParts(u64),
    /// `partSize` is smaller than the first part.
    OversizedPart,
    /// The `uploadUrl`s are on this origin, for example `http://127.0.0.1:9`.
    ForeignUploadUrl(String),
    /// The `completeUrl` is on this origin.
    ForeignCompleteUrl(String),
    /// A multipart plan has no `completeUrl`.
    WithoutCompleteUrl,
    /// The answer is the older one: `mediaUploadId` alone, the rest in the `x-ofauth-upload-*` headers.
    HeaderOnly,
    /// Valid: the `uploadUrl`s carry this query string, and a request without it is refused.
    Query(String),
    /// Valid: the parts have different sizes.
    UnevenParts,
}

impl PlanChange {
    /// Distorts `plan`.
    pub(crate) fn distort(&self, plan: &mut Plan) {
        let count = plan.parts.len();
        match self {
            Self::Gap => change_last(plan, |part| part.start += 1),
            Self::Overlap if count < 2 => plan.parts.extend(plan.parts.last().cloned()),
            Self::Overlap => change_last(plan, |part| part.start = part.start.saturating_sub(1)),
            Self::Reversed => change_last(plan, |part| (part.start, part.end) = (part.end + 1, part.start)),
            Self::Overflow => change_last(plan, |part| part.end = u64::MAX),
            Self::PastEnd => change_last(plan, |part| part.end += 1),
            Self::MissingLast => drop(plan.parts.pop()),
            Self::WrongOrder => plan.parts.reverse(),
            Self::DuplicateNumber => change_last(plan, |part| part.number = 1),
            Self::ZeroParts => plan.parts.clear(),
            Self::OversizedPart => {
                let first = plan.parts.first().map_or(1, PlannedPart::len);
                plan.part_size = (first / 2).max(1);
            }
            Self::ForeignUploadUrl(origin) => {
                for part in &mut plan.parts {
                    part.url = moved(&part.url, origin);
                }
            }
            Self::ForeignCompleteUrl(origin) => {
                plan.complete_url = plan.complete_url.as_deref().map(|url| moved(url, origin));
            }
            Self::WithoutCompleteUrl => plan.complete_url = None,
            Self::ManyParts(_) | Self::HeaderOnly | Self::Query(_) | Self::UnevenParts => {}
        }
    }

    /// Replaces the body of the answer, where that is what the change is about.
    pub(crate) fn rewrite(&self, plan: &Plan, reply: &mut Reply) {
        match self {
            Self::HeaderOnly => reply.payload = Payload::Json(json!({ "mediaUploadId": plan.id })),
            Self::ManyParts(count) => {
                reply.header("x-ofauth-upload-total-parts", count);
                reply.payload = many_parts(plan, *count);
            }
            _ => {}
        }
    }
}

fn change_last(plan: &mut Plan, change: impl FnOnce(&mut PlannedPart)) {
    if let Some(part) = plan.parts.last_mut() {
        change(part);
    }
}

/// The same path on another origin.
fn moved(url: &str, origin: &str) -> String {
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    format!("{}/{path}", origin.trim_end_matches('/'))
}

/// A plan of `count` parts, made while it is sent.
fn many_parts(plan: &Plan, count: u64) -> Payload {
    let url = plan.parts.first().map(|part| part.url.as_str()).unwrap_or_default();
    let url = url.trim_end_matches(|last: char| last.is_ascii_digit());
    // The beginning of a JSON string, which every part goes on with its number.
    let mut url = Value::from(url).to_string();
    url.pop();
    let mut head = plan.to_json();
    if let Some(fields) = head.as_object_mut() {
        fields.insert("totalParts".to_owned(), count.into());
        fields.remove("parts");
    }
    let mut head = head.to_string();
    head.pop();
    head.push_str(",\"parts\":[");
    let batch = move |first: u64| {
        let mut text = String::new();
        for number in first..=count.min(first.saturating_add(PARTS_AT_ONCE - 1)) {
            let (comma, at) = (if number == 1 { "" } else { "," }, number - 1);
            text.push_str(&format!(
                "{comma}{{\"partNumber\":{number},\"uploadUrl\":{url}{number}\",\
                 \"byteRange\":{{\"start\":{at},\"end\":{at}}}}}"
            ));
        }
        Bytes::from(text)
    };
    let step = usize::try_from(PARTS_AT_ONCE).unwrap_or(usize::MAX);
    let chunks = std::iter::once(Bytes::from(head))
        .chain((1..=count).step_by(step).map(batch))
        .chain(std::iter::once(Bytes::from_static(b"]}")));
    Payload::LongJson { length: None, chunks: Box::new(chunks) }
}
