//! Places the parameters of a raw call where the operation table says, and refuses those that do not fit it.
//!
//! Pure. What their values are on the wire, [`values`] says. What a caller sends raw is placed and not refused: the service may know more than this version does.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use ofauth_operations::operation::{Encode, Operation, Place};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::values::{self, Pairs, unknown};
use crate::error::{Result, invalid};

/// Everything but the characters that no URL needs to encode.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Builds path with query, and headers, from parameters that fit the operation, and from raw ones.
pub(crate) fn place(
    operation: &Operation,
    params: &Map<String, Value>,
    raw: &Pairs,
) -> Result<(String, HeaderMap)> {
    if let Some(unknown) =
        params.keys().find(|name| !operation.parameters.iter().any(|known| known.name == **name))
    {
        let known: Vec<_> = operation.parameters.iter().map(|known| known.name).collect();
        let takes = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
        return Err(invalid(format!("{} has no parameter {unknown:?}: it takes {takes}", operation.id)));
    }
    let mut path = operation.path.to_owned();
    let mut query = String::new();
    let mut headers = HeaderMap::new();
    let in_path = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let in_query = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let in_header = |text: &str| text.to_owned();
    for parameter in operation.parameters {
        let sent_raw: Pairs = raw.iter().filter(|(name, _)| name == parameter.name).cloned().collect();
        let encode: Encode<'_> = match parameter.place {
            Place::Path => &in_path,
            Place::Query => &in_query,
            _ => &in_header,
        };
        let pairs = match params.get(parameter.name) {
            _ if !sent_raw.is_empty() => {
                sent_raw.iter().map(|(name, text)| (encode(name), encode(text))).collect()
            }
            None | Some(Value::Null) if parameter.required => {
                return Err(invalid(format!("{} needs the parameter {:?}", operation.id, parameter.name)));
            }
            None | Some(Value::Null) => continue,
            Some(value) => values::pairs(operation, parameter, value, raw, encode)?,
        };
        match parameter.place {
            Place::Path => {
                let value = joined(&pairs);
                if value.is_empty() || is_dots(&value) {
                    let text = format!(
                        "the parameter {:?} of {} is {value:?}, which cannot be part of a path",
                        parameter.name, operation.id
                    );
                    return Err(invalid(text));
                }
                path = path.replace(&format!("{{{}}}", parameter.name), &value);
            }
            Place::Query => {
                pairs.iter().for_each(|(name, text)| append(&mut query, name, text));
            }
            Place::Header => {
                let name = HeaderName::from_bytes(parameter.name.as_bytes());
                let value = HeaderValue::from_str(&joined(&pairs));
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
            append(&mut query, &in_query(name), &in_query(value));
        }
    }
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    Ok((path, headers))
}

fn append(query: &mut String, name: &str, text: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend([name, "=", text]);
}

/// The value of a parameter that has one place for all of it.
fn joined(pairs: &Pairs) -> String {
    pairs.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(",")
}

/// Whether a path segment means "here" or "up", however it is written: URLs resolve such segments away.
pub(crate) fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}
