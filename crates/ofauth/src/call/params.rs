//! Places the parameters of a raw call where the operation table says, and refuses those that do not fit it.
//!
//! Pure. What a caller sends [raw](Raw) is placed and not refused: the service may know more than this version does.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use ofauth_operations::operation::{Kind, Operation, Parameter, Place};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::allowed;
use crate::error::{Error, ErrorKind, Result, invalid};

/// Everything but the characters that no URL needs to encode.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Parameters that are sent as they are: names and texts.
pub(crate) type Raw = Vec<(String, String)>;

/// Builds path with query, and headers, from parameters that fit the operation, and from raw ones.
pub(crate) fn place(
    operation: &Operation,
    params: &Map<String, Value>,
    raw: &Raw,
) -> Result<(String, HeaderMap)> {
    if let Some(unknown) =
        params.keys().find(|name| !operation.parameters.iter().any(|known| known.name == **name))
    {
        let known: Vec<_> = operation.parameters.iter().map(|known| known.name).collect();
        let takes = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
        return Err(invalid(format!("{} has no parameter {unknown:?}: it takes {takes}", operation.id)));
    }
    let mut path = operation.path.to_owned();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut headers = HeaderMap::new();
    for parameter in operation.parameters {
        let sent_raw: Vec<String> =
            raw.iter().filter(|(name, _)| name == parameter.name).map(|(_, value)| value.clone()).collect();
        let values = match params.get(parameter.name) {
            _ if !sent_raw.is_empty() => sent_raw,
            None | Some(Value::Null) if parameter.required => {
                return Err(invalid(format!("{} needs the parameter {:?}", operation.id, parameter.name)));
            }
            None | Some(Value::Null) => continue,
            Some(value) => allowed(operation, parameter, texts(operation, parameter, value)?)?,
        };
        match parameter.place {
            Place::Path => {
                let value = values.join(",");
                if value.is_empty() || is_dots(&value) {
                    let text = format!(
                        "the parameter {:?} of {} is {value:?}, which cannot be part of a path",
                        parameter.name, operation.id
                    );
                    return Err(invalid(text));
                }
                let encoded = utf8_percent_encode(&value, ENCODED).to_string();
                path = path.replace(&format!("{{{}}}", parameter.name), &encoded);
            }
            Place::Query => {
                for value in values {
                    query.append_pair(parameter.name, &value);
                }
            }
            Place::Header => {
                let name = HeaderName::from_bytes(parameter.name.as_bytes());
                let value = HeaderValue::from_str(&values.join(","));
                let (Ok(name), Ok(value)) = (name, value) else {
                    return Err(invalid(format!(
                        "the parameter {:?} contains a character that is not allowed in a header",
                        parameter.name
                    )));
                };
                headers.insert(name, value);
            }
            _ => return Err(unknown(operation.id)),
        }
    }
    for (name, value) in raw {
        if !operation.parameters.iter().any(|known| known.name == name) {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    Ok((path, headers))
}

/// The same values, if the document allows them.
fn allowed(operation: &Operation, parameter: &Parameter, values: Vec<String>) -> Result<Vec<String>> {
    match allowed::remedy(parameter, &values) {
        None => Ok(values),
        Some(remedy) => Err(not_allowed(operation, parameter, &values, &remedy)),
    }
}

/// Refuses a query, which was put together elsewhere, if the document does not allow what is in it.
#[cfg(feature = "typed")]
pub(crate) fn check_query(operation: &Operation, url: &url::Url) -> Result<()> {
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Query) {
        let pairs = url.query_pairs().filter(|(name, _)| name == parameter.name);
        let values: Vec<String> = pairs.map(|(_, value)| value.into_owned()).collect();
        if !values.is_empty() {
            allowed(operation, parameter, values)?;
        }
    }
    Ok(())
}

fn not_allowed(operation: &Operation, parameter: &Parameter, values: &[String], remedy: &str) -> Error {
    // An array has several values, and what is wrong may be their number.
    let value = match values {
        [value] => format!("{value:?}"),
        values => format!("{values:?}"),
    };
    invalid(format!("the parameter {:?} of {} is {value}: {remedy}", parameter.name, operation.id))
}

/// The text, or the several texts of an array, that stand for a parameter's value on the wire.
fn texts(operation: &Operation, parameter: &Parameter, value: &Value) -> Result<Vec<String>> {
    let wrong = |wanted: &str| {
        invalid(format!("the parameter {:?} of {} is not {wanted}", parameter.name, operation.id))
    };
    let whole = |text: &str| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    let one = |text: String| Ok(vec![text]);
    match (parameter.kind, value) {
        (Kind::String | Kind::Id, Value::String(text)) => one(text.clone()),
        (Kind::String, Value::Number(_) | Value::Bool(_)) => one(value.to_string()),
        (Kind::Id, Value::Number(number)) if whole(&number.to_string()) => one(number.to_string()),
        (Kind::String, _) => Err(wrong("text")),
        (Kind::Id, _) => Err(wrong("an id: a whole number or text")),
        (Kind::Integer, Value::Number(number)) if whole(&number.to_string()) => one(number.to_string()),
        (Kind::Integer, Value::String(text)) if whole(text) => one(text.clone()),
        (Kind::Integer, _) => Err(wrong("a whole number")),
        (Kind::Number, Value::Number(number)) => one(number.to_string()),
        (Kind::Number, Value::String(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
            one(text.clone())
        }
        (Kind::Number, _) => Err(wrong("a number")),
        (Kind::Boolean, Value::Bool(flag)) => one(flag.to_string()),
        (Kind::Boolean, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            one(text.clone())
        }
        (Kind::Boolean, _) => Err(wrong("true or false")),
        (Kind::Array, Value::Array(values)) => values
            .iter()
            .map(|value| match value {
                Value::String(text) => Ok(text.clone()),
                Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
                _ => Err(wrong("an array of plain values")),
            })
            .collect(),
        (Kind::Array, Value::String(text)) => one(text.clone()),
        (Kind::Array, Value::Number(_)) => one(value.to_string()),
        (Kind::Array, _) => Err(wrong("an array")),
        (Kind::Object, Value::Object(_)) => one(value.to_string()),
        (Kind::Object, Value::String(text)) if serde_json::from_str::<Map<String, Value>>(text).is_ok() => {
            one(text.clone())
        }
        (Kind::Object, _) => Err(wrong("a JSON object")),
        _ => Err(unknown(operation.id)),
    }
}

/// The table is newer than this crate, which cannot make the request then.
pub(super) fn unknown(operation_id: &str) -> Error {
    let text = format!("{operation_id} takes what this version of the library does not know");
    Error::new(ErrorKind::Internal, text)
}

/// Whether a path segment means "here" or "up", however it is written: URLs resolve such segments away.
pub(crate) fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}
