//! Reading of required JSON fields. Every refusal is a `BAD_REQUEST` whose text begins with the field's name.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::number;

/// A text of at least one character that has to be there.
pub(crate) fn required_text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    match body.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(ApiError::bad_request(format!("{name}: must be a string of at least 1 character"))),
        None => Err(ApiError::bad_request(format!("{name}: is required"))),
    }
}

/// A whole number above zero that has to be there.
pub(crate) fn required_positive(body: &Map<String, Value>, name: &str) -> Result<u64, ApiError> {
    match body.get(name) {
        Some(value) => {
            let number = number::whole(value).and_then(|number| u64::try_from(number).ok());
            let number = number.filter(|number| *number > 0);
            number.ok_or_else(|| ApiError::bad_request(format!("{name}: must be a whole number above 0")))
        }
        None => Err(ApiError::bad_request(format!("{name}: is required"))),
    }
}
