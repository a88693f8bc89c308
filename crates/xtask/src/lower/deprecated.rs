//! Says in the documentation of the client what is to go.

use anyhow::Result;
use serde_json::json;

use super::schema::{describe, walk};
use crate::document::Document;

/// The sentence that says it.
pub const DEPRECATED: &str = "Deprecated.";

/// The generator drops `deprecated`, so the texts that it keeps say it.
pub(super) fn deprecated(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        if operation.deprecated {
            operation.description = format!("{DEPRECATED}\n\n{}", operation.description).trim().to_owned();
            places.push(operation.id.clone());
        }
        for parameter in operation.parameters.iter_mut().filter(|parameter| parameter.deprecated) {
            parameter.description = format!("{DEPRECATED} {}", parameter.description).trim().to_owned();
            places.push(format!("{} {}", operation.id, parameter.name));
        }
    }
    for (name, schema) in document.named_schemas_mut() {
        let mut changed = false;
        walk(schema, &mut |object| {
            if object.get("deprecated") == Some(&json!(true)) {
                object.remove("deprecated");
                describe(object, DEPRECATED);
                changed = true;
            }
        });
        if changed {
            places.push(name);
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{components, operation};
    use super::*;

    #[test]
    fn what_is_to_go_says_so() {
        let parameter = json!({ "name": "sortBy", "in": "query", "deprecated": true, "description": "Old.", "schema": {} });
        let mut document =
            operation(json!({ "deprecated": true, "description": "It.", "parameters": [parameter] }));
        assert_eq!(deprecated(&mut document).unwrap(), ["do_it", "do_it sortBy"]);
        let operation = &document.operations[0];
        assert_eq!(operation.description, "Deprecated.\n\nIt.");
        assert_eq!(operation.parameters[0].description, "Deprecated. Old.");

        let mode = json!({ "type": "string", "deprecated": true, "description": "How." });
        let fields = json!({ "type": "object", "properties": { "mode": mode, "deprecated": {} } });
        let mut document = components(json!({ "Sent": fields, "Answer": {} }));
        assert_eq!(deprecated(&mut document).unwrap(), ["Sent"]);
        assert_eq!(document.schemas["Sent"]["properties"]["mode"]["description"], "How. Deprecated.");
    }
}
