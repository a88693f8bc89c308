//! Writes the values of parameters for the generated client, where the document has them written in another way than most.
//!
//! What the styles look like is not decided here, but by the table's [`Style`].

use ofauth_operations::operation::{Encode, Style};
use ofauth_operations::{Error, ErrorKind};
use serde::Serialize;
use serde_json::Value;

/// The one text of a value in a path or a header, not encoded.
pub(crate) fn text(value: &impl Serialize, name: &str, style: Style) -> Result<String, Error> {
    let written = written(value, name, style, &|part| match part.contains(',') && style != Style::Json {
        // It stands between parts and has no other form here.
        true => part.replace(',', "\0"),
        false => part.to_owned(),
    })?;
    let texts: Vec<String> = written.into_iter().map(|(_, text)| text).collect();
    let text = texts.join(",");
    if text.contains('\0') {
        return Err(wrong(name, "a part of it holds a comma, which separates parts"));
    }
    Ok(text)
}

/// The pairs of a value in the query, encoded.
pub(crate) fn pairs(
    value: &impl Serialize,
    name: &str,
    style: Style,
) -> Result<Vec<(String, String)>, Error> {
    written(value, name, style, &encoded)
}

fn encoded(text: &str) -> String {
    let pair = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
    pair.trim_start_matches('=').to_owned()
}

fn written(
    value: &impl Serialize,
    name: &str,
    style: Style,
    encode: Encode<'_>,
) -> Result<Vec<(String, String)>, Error> {
    let value = serde_json::to_value(value).map_err(|error| wrong(name, &error.to_string()))?;
    let plain = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(wrong(name, "it holds a list or an object, which has no text: give plain values")),
    };
    match &value {
        Value::Null => Ok(Vec::new()),
        value if style == Style::Json => Ok(vec![(encode(name), encode(&value.to_string()))]),
        Value::Array(values) => {
            let texts = values.iter().filter(|value| !value.is_null()).map(plain);
            Ok(style.array(name, &texts.collect::<Result<Vec<_>, _>>()?, encode))
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(field, value)| Ok((field.clone(), plain(value)?)));
            Ok(style.object(name, &fields.collect::<Result<Vec<_>, Error>>()?, encode))
        }
        other => Ok(vec![(encode(name), encode(&plain(other)?))]),
    }
}

fn wrong(name: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the parameter {name:?}: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_style_writes_what_the_table_says() {
        for (value, style, expected) in [
            (json!(["a", 2]), Style::Commas, "a,2"),
            (json!({"a": 1, "b": true, "c": null}), Style::Fields, "a=1,b=true"),
            (json!({"a": [1, 2]}), Style::Json, r#"{"a":[1,2]}"#),
            (json!("a"), Style::Json, r#""a""#),
            (json!("a"), Style::Commas, "a"),
            (json!([]), Style::Commas, ""),
        ] {
            assert_eq!(text(&value, "it", style).unwrap(), expected);
        }
        assert!(text(&json!([[1]]), "it", Style::Commas).is_err());
        assert!(text(&json!(["a,b"]), "it", Style::Commas).is_err());
    }
}
