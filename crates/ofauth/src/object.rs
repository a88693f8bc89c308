//! What the service says of one object: the few fields that every program needs, and all of it beside them.
//!
//! Read leniently, as the API is: an id may come as number or text, and what is not understood is in the raw object.

use std::fmt;

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
