//! What the service says of one object: the few fields that every program needs, and all of it beside them.
//!
//! Read leniently, as the API is: an id may come as number or text, and what is not understood is in the raw object.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::error::Result;
use crate::http::response::Response;

/// The id of an object, whether it came as number or as text; nothing for what is neither.
pub(crate) fn id_of(object: &Value) -> Option<String> {
    match object.get("id")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The text of a field; nothing for what is not there, is no text or is empty.
pub(crate) fn text_of(object: &Value, field: &str) -> Option<String> {
    object.get(field)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A whole number that is not negative, also if it came as `1024.0` or as text.
pub(crate) fn count_of(object: &Value, field: &str) -> Option<u64> {
    match object.get(field)? {
        Value::Number(number) => number.as_u64().or_else(|| {
            // Every whole number that floating point holds exactly.
            let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
            (0.0..=9_007_199_254_740_992.0).contains(&float).then_some(float as u64)
        }),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A moment: milliseconds since 1970, or a text after RFC 3339.
pub(crate) fn time_of(object: &Value, field: &str) -> Option<SystemTime> {
    match object.get(field)? {
        Value::String(text) => time(text),
        _ => SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(count_of(object, field)?)),
    }
}

/// The moment that a text after RFC 3339 names.
pub(crate) fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

/// A moment as the API takes it, in UTC.
pub(crate) fn rfc3339(at: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(at).ok().map(|at| at.to_string())
}

/// The object of a response.
pub(crate) fn object(answer: &Response, doing: &str) -> Result<Raw> {
    let raw: Value = answer.json()?;
    match raw.is_object() {
        true => Ok(Raw(raw)),
        false => Err(answer.invalid(format!("{doing}: the answer is no object"))),
    }
}

/// The object of a response, and its id.
pub(crate) fn with_id(response: &Response, what: &str) -> Result<(String, Raw)> {
    let raw: Value = response.json()?;
    let id = id_of(&raw).ok_or_else(|| response.invalid(format!("{what}: the answer has no id")))?;
    Ok((id, Raw(raw)))
}

/// All that the service said of an object.
#[derive(Clone, PartialEq)]
pub(crate) struct Raw(pub(crate) Value);

// It may hold signed URLs, which work without a key: they stay out of logs.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
