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
    /// Reads what the document says of `parameter`, as far as a table can hold it. The rest is in its description.
    #[must_use]
    pub fn read(document: &Document, parameter: &Parameter) -> Self {
        let schema = resolved(&document.schemas, &parameter.schema);
        let whole = |limit: &str| schema.get(limit).and_then(Value::as_i64);
        // Of whole numbers, more than 0 is at least 1.
        let is_whole = schema.get("type").and_then(Value::as_str) == Some("integer");
        let beyond = |limit: &str| whole(limit).filter(|_| is_whole);
        let above = beyond("exclusiveMinimum").and_then(|limit| limit.checked_add(1));
        let below = beyond("exclusiveMaximum").and_then(|limit| limit.checked_sub(1));
        let format = schema.get("format").and_then(Value::as_str);
        Self {
            minimum: whole("minimum").max(above),
            maximum: [whole("maximum"), below].into_iter().flatten().min(),
            min_length: whole("minLength"),
            max_length: whole("maxLength"),
            min_items: whole("minItems"),
            max_items: whole("maxItems"),
            format: format.filter(|format| FORMATS.contains(format)).map(str::to_owned),
            default: schema.get("default").map(Value::to_string),
        }
    }
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
    fn a_limit_that_the_table_cannot_hold_is_left_out() {
        for schema in [json!({"type": "string", "pattern": "a"}), json!({"type": "number", "minimum": 0.5})] {
            assert_eq!(read(schema.clone()), Limits::default(), "{schema}");
        }
        let open =
            read(json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "maximum": 12}));
        assert_eq!((open.minimum, open.maximum), (Some(1), Some(9)));
        let number = read(json!({"type": "number", "exclusiveMinimum": 0}));
        assert_eq!(number, Limits::default());
    }
}
