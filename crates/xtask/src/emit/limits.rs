//! What the document allows for the value of a parameter.

use anyhow::{Result, bail};
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

/// Limits that nothing checks yet.
const UNKNOWN: [&str; 5] = ["exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "uniqueItems"];

/// The formats of texts whose form is checked. The others say how wide a number is.
const FORMATS: [&str; 2] = ["date", "date-time"];

impl Limits {
    /// Reads what the document says of `parameter`.
    pub fn read(document: &Document, parameter: &Parameter) -> Result<Self> {
        let schema = resolved(&document.schemas, &parameter.schema);
        if let Some(limit) = UNKNOWN.iter().find(|limit| schema.get(**limit).is_some()) {
            bail!("the parameter {} has the limit {limit}, which no table holds: teach it", parameter.name);
        }
        let whole = |limit: &str| match schema.get(limit) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(value) => Ok(Some(value)),
                None => bail!("the parameter {} has the {limit} {value}, which is not whole", parameter.name),
            },
        };
        let format = schema.get("format").and_then(Value::as_str);
        Ok(Self {
            minimum: whole("minimum")?,
            maximum: whole("maximum")?,
            min_length: whole("minLength")?,
            max_length: whole("maxLength")?,
            min_items: whole("minItems")?,
            max_items: whole("maxItems")?,
            format: format.filter(|format| FORMATS.contains(format)).map(str::to_owned),
            default: schema.get("default").map(Value::to_string),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emit::testing::document;

    fn read(schema: Value) -> Result<Limits> {
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
        assert_eq!(number.unwrap(), wanted);
        let text = read(json!({"type": "string", "minLength": 1, "maxLength": 9, "format": "date-time"}));
        let format = Some("date-time".to_owned());
        let wanted = Limits { min_length: Some(1), max_length: Some(9), format, ..Limits::default() };
        assert_eq!(text.unwrap(), wanted);
        let array = read(json!({"type": "array", "minItems": 2, "maxItems": 3})).unwrap();
        assert_eq!((array.min_items, array.max_items), (Some(2), Some(3)));
    }

    #[test]
    fn a_limit_that_the_table_cannot_hold_is_an_error_that_names_it() {
        for schema in [json!({"pattern": "a"}), json!({"exclusiveMinimum": 0}), json!({"minimum": 0.5})] {
            let error = read(schema.clone()).unwrap_err().to_string();
            assert!(error.contains("parameter it"), "{schema}: {error}");
        }
    }
}
