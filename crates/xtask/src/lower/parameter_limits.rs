//! Says in words what no table holds of the limits of parameters.

use anyhow::Result;
use serde_json::Value;

use super::schema::resolved;
use crate::document::Document;

/// The operation table has whole limits and lengths, and the client checks nothing else. What is beyond them goes into the
/// description, so that who writes a call reads it; the service checks it.
pub(super) fn parameter_limits(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in &mut operation.parameters {
            let said = beyond(resolved(&schemas, &parameter.schema));
            if !said.is_empty() {
                parameter.description =
                    format!("{} Limits: {}.", parameter.description, said.join(", ")).trim().to_owned();
                places.push(format!("{} {}", operation.id, parameter.name));
            }
        }
    }
    Ok(places)
}

/// The limits that no table holds, in words.
fn beyond(schema: &Value) -> Vec<String> {
    let whole = |value: &Value| value.as_i64().is_some();
    let mut said = Vec::new();
    for (name, words) in [("minimum", "at least"), ("maximum", "at most")] {
        if let Some(limit) = schema.get(name).filter(|limit| limit.is_number() && !whole(limit)) {
            said.push(format!("{words} {limit}"));
        }
    }
    for (name, words) in [
        ("exclusiveMinimum", "more than"),
        ("exclusiveMaximum", "less than"),
        ("multipleOf", "a multiple of"),
    ] {
        if let Some(limit) = schema.get(name).filter(|limit| limit.is_number()) {
            said.push(format!("{words} {limit}"));
        }
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        said.push(format!("of the form `{pattern}`"));
    }
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        said.push("each item once".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::operation;
    use super::*;

    #[test]
    fn what_no_table_holds_is_said() {
        for (schema, wanted) in [
            (json!({ "type": "integer", "minimum": 1, "maximum": 9 }), "It."),
            (
                json!({ "type": "number", "minimum": 0.5, "exclusiveMaximum": 2 }),
                "It. Limits: at least 0.5, less than 2.",
            ),
            (json!({ "type": "integer", "multipleOf": 5 }), "It. Limits: a multiple of 5."),
            (json!({ "type": "string", "pattern": "^a$" }), "It. Limits: of the form `^a$`."),
            (json!({ "type": "array", "items": {}, "uniqueItems": true }), "It. Limits: each item once."),
        ] {
            let parameter = json!({ "name": "it", "in": "query", "description": "It.", "schema": schema });
            let mut document = operation(json!({ "parameters": [parameter] }));
            let places = parameter_limits(&mut document).unwrap();
            assert_eq!(document.operations[0].parameters[0].description, wanted);
            assert_eq!(places.len(), usize::from(wanted != "It."));
        }
    }
}
