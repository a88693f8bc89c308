//! What the document allows for the value of a parameter.

use serde_json::Value;

use crate::document::{Document, Parameter};
use crate::lower::resolved;

/// What the table says of the values of a parameter, in the names of the Rust type that holds it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The smallest value of a number.
    pub minimum: Option<i64>,
    /// The largest value of a number.
    pub maximum: Option<i64>,
    /// The fewest characters of a text.
    pub min_length: Option<i64>,
    /// The most characters of a text.
    pub max_length: Option<i64>,
    /// The fewest values of an array.
    pub min_items: Option<i64>,
    /// The most values of an array.
    pub max_items: Option<i64>,
    /// The form of a text, such as `date-time`.
    pub format: Option<String>,
    /// What holds if the parameter is not sent, as JSON.
    pub default: Option<String>,
}

/// The formats of texts whose form is checked. The others say how wide a number is.
const FORMATS: [&str; 2] = ["date", "date-time"];

impl Limits {
    /// Reads what the document says of `parameter`. What the table cannot hold, such as a pattern, is left to the service: it
    /// stands in the schema, and no value that the service takes is refused here.
    pub fn read(document: &Document, parameter: &Parameter) -> Self {
        let schema = resolved(&document.schemas, &parameter.schema);
        let is_whole = schema.get("type").is_some_and(|kind| kind == "integer");
        let number = |limit: &str| schema.get(limit).filter(|value| value.is_number());
        // Of numbers between whole ones the wider range, of whole ones the exact.
        let end = |limit: &str, beyond: &str, step: i64| {
            let own = number(limit).and_then(|value| rounded(value, if is_whole { step } else { -step }));
            let open = number(beyond).and_then(|value| match value.as_i64() {
                Some(value) if is_whole => value.checked_add(step),
                _ => rounded(value, if is_whole { step } else { -step }),
            });
            match (own, open) {
                (Some(own), Some(open)) if step > 0 => Some(own.max(open)),
                (Some(own), Some(open)) => Some(own.min(open)),
                (own, open) => own.or(open),
            }
        };
        let count = |limit: &str| number(limit)?.as_i64().filter(|count| *count >= 0);
        let format = schema.get("format").and_then(Value::as_str);
        Self {
            minimum: end("minimum", "exclusiveMinimum", 1),
            maximum: end("maximum", "exclusiveMaximum", -1),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            format: format.filter(|format| FORMATS.contains(format)).map(str::to_owned),
            default: schema.get("default").map(Value::to_string),
        }
    }
}

/// The number, or the whole one next to it: above it for a positive `step`, below it for a negative one.
fn rounded(value: &Value, step: i64) -> Option<i64> {
    if let Some(whole) = value.as_i64() {
        return Some(whole);
    }
    let value = value.as_f64()?;
    let value = if step > 0 { value.ceil() } else { value.floor() };
    // Beyond this no whole number is exact.
    (value.abs() < 9e15).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emit::testing::document;

    fn read(schema: Value) -> Limits {
        let operation = json!({"parameters": [{"name": "it", "in": "query", "schema": schema}]});
        let document = document("post", operation, json!({}));
        Limits::read(&document, &document.operations[0].parameters[0])
    }

    #[test]
    fn limits_of_each_kind() {
        let number =
            read(json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 40, "default": 24}));
        let default = Some("24".to_owned());
        let wanted = Limits { minimum: Some(1), maximum: Some(40), default, ..Limits::default() };
        assert_eq!(number, wanted);
        let text = read(json!({"type": "string", "minLength": 1, "maxLength": 9, "format": "date-time"}));
        let format = Some("date-time".to_owned());
        let wanted = Limits { min_length: Some(1), max_length: Some(9), format, ..Limits::default() };
        assert_eq!(text, wanted);
        let array = read(json!({"type": "array", "minItems": 2, "maxItems": 3}));
        assert_eq!((array.min_items, array.max_items), (Some(2), Some(3)));
    }

    #[test]
    fn what_the_table_cannot_hold_refuses_nothing() {
        for (schema, minimum, maximum) in [
            (json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9}), Some(1), Some(8)),
            (json!({"type": "integer", "minimum": 0.5, "maximum": 9.5}), Some(1), Some(9)),
            (json!({"type": "number", "minimum": 0.5, "maximum": 9.5}), Some(0), Some(10)),
            (json!({"type": "number", "exclusiveMinimum": 0}), Some(0), None),
            (json!({"type": "integer", "minimum": 1, "exclusiveMinimum": 4}), Some(5), None),
            (json!({"type": "integer", "minimum": 1e300}), None, None),
            (json!({"type": "string", "pattern": "a", "minLength": -1}), None, None),
        ] {
            let limits = read(schema.clone());
            assert_eq!(
                (limits.minimum, limits.maximum, limits.min_length),
                (minimum, maximum, None),
                "{schema}"
            );
        }
    }
}
