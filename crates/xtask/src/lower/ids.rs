//! Ids become the hand-written type `Id`: text or number, kept as it came.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::direction::responses_mut;
use super::mark;
use super::schema::{is_type, reference, resolved, variants, walk};
use crate::document::{Document, Object};

const ID: &str = "Id";
const ID_TYPE: &str = "crate::id::Id";

/// A value that is a number or a text is an `Id`, whatever it is called: as alternatives the generator would make an
/// enum of unnamed variants of it.
pub(super) fn mixed_ids(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for (name, schema) in &mut document.schemas {
        if schema.as_object().is_some_and(is_number_or_text) {
            *schema = native();
            places.push(name.clone());
        }
    }
    let id = document.schemas.entry(ID.to_owned()).or_insert_with(native);
    ensure!(id.get(mark::RUST_TYPE).is_some(), "the component {ID} is not a number or a text; rename it");
    for (name, schema) in document.named_schemas_mut() {
        walk(schema, &mut |object| {
            if is_number_or_text(object) {
                become_id(object);
                places.push(name.clone());
            }
        });
    }
    Ok(places)
}

/// What is called an id is an `Id` in responses, whichever of the two the document says: services change it, and ids
/// above 2^53 come as text from some and as numbers from others.
pub(super) fn response_ids(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    responses_mut(document, |name, schema| {
        walk(schema, &mut |object| {
            let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
            for (property, value) in properties {
                let change = match value.get_mut("items") {
                    Some(items) if is_id_name(property, "s") => id_in_place(&schemas, items),
                    _ => is_id_name(property, "") && id_in_place(&schemas, value),
                };
                if change {
                    places.push(format!("{name}.{property}"));
                }
            }
        });
    });
    Ok(places)
}

/// Ids in the path and the query are sent as text in any case, so the caller may give either.
pub(super) fn parameter_ids(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in operation.parameters.iter_mut().filter(|parameter| parameter.place != "header") {
            let text = is_type(resolved(&schemas, &parameter.schema), "string");
            // Of `filter[promoId]` it is the field that has a name of its own.
            let name = parameter.name.rsplit('[').next().unwrap_or_default().trim_end_matches(']');
            if text && is_id_name(name, "") && id_in_place(&schemas, &mut parameter.schema) {
                places.push(format!("{} {}", operation.id, parameter.name));
            }
        }
    }
    Ok(places)
}

/// Whether a field or parameter is called an id: `id`, `userId`, `user_id`, `user-id`; with the plural's ending, ids.
#[must_use]
pub fn is_id_name(name: &str, plural: &str) -> bool {
    let Some(name) = name.strip_suffix(plural) else { return false };
    name == "id" || ["Id", "_id", "-id"].iter().any(|ending| name.ends_with(ending))
}

/// Puts a reference to `Id` in place of a plain number or text. False for anything else, and for what is an `Id`.
fn id_in_place(schemas: &BTreeMap<String, Value>, schema: &mut Value) -> bool {
    let meant = resolved(schemas, schema);
    let plain = ["string", "integer", "number"].iter().any(|name| is_type(meant, name));
    if !plain || meant.get("enum").is_some() || meant.get(mark::RUST_TYPE).is_some() {
        return false;
    }
    schema.as_object_mut().map(become_id).is_some()
}

/// The component that stands for the hand-written type.
fn native() -> Value {
    json!({ "type": "string", mark::RUST_TYPE: ID_TYPE })
}

fn become_id(object: &mut Object) {
    let nullable = object.get("nullable") == Some(&json!(true));
    object.clear();
    if nullable {
        object.insert("allOf".to_owned(), json!([reference(ID)]));
        object.insert("nullable".to_owned(), json!(true));
    } else if let Value::Object(reference) = reference(ID) {
        object.extend(reference);
    }
}

fn is_number_or_text(object: &Object) -> bool {
    let Some(variants) = variants(object) else { return false };
    let number = |schema: &Value| is_type(schema, "integer") || is_type(schema, "number");
    variants.len() == 2
        && variants.iter().any(number)
        && variants.iter().any(|schema| is_type(schema, "string"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{components, operation};
    use super::*;

    #[test]
    fn a_number_or_text_is_an_id_by_any_name() {
        let mixed = json!({ "oneOf": [{ "type": "integer" }, { "type": "string" }] });
        let mut document = components(json!({
            "Sent": { "type": "array", "items": mixed },
            "Answer": { "type": "object", "properties": { "x": { "oneOf": mixed["oneOf"], "nullable": true } } },
            "Reference": mixed,
            "Other": { "oneOf": [{ "type": "boolean" }, { "type": "string" }] },
        }));
        assert_eq!(mixed_ids(&mut document).unwrap(), ["Reference", "Answer", "Sent"]);
        assert_eq!(document.schemas["Sent"]["items"], reference(ID));
        let nullable = json!({ "allOf": [reference(ID)], "nullable": true });
        assert_eq!(document.schemas["Answer"]["properties"]["x"], nullable);
        assert_eq!(document.schemas["Reference"][mark::RUST_TYPE], json!(ID_TYPE));
        assert_eq!(document.schemas[ID][mark::RUST_TYPE], json!(ID_TYPE));
        assert!(document.schemas["Other"].get("oneOf").is_some());
    }

    #[test]
    fn fields_called_ids_are_ids_in_answers_alone() {
        let fields = json!({ "type": "object", "properties": {
            "id": { "type": "integer" },
            "user_id": { "type": "string", "nullable": true },
            "listIds": { "type": "array", "items": { "type": "string" } },
            "paid": { "type": "string" },
            "isId": { "type": "boolean" },
            "kindId": { "type": "string", "enum": ["a"] },
        } });
        let mut document = components(json!({ "Sent": fields, "Answer": fields }));
        assert_eq!(response_ids(&mut document).unwrap(), ["Answer.id", "Answer.listIds", "Answer.user_id"]);
        let properties = &document.schemas["Answer"]["properties"];
        assert_eq!(properties["id"], reference(ID));
        assert_eq!(properties["user_id"], json!({ "allOf": [reference(ID)], "nullable": true }));
        assert_eq!(properties["listIds"]["items"], reference(ID));
        assert_eq!(document.schemas["Sent"], fields);
    }

    #[test]
    fn text_parameters_called_ids_are_ids() {
        let parameter = |name: &str, kind: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } });
        let mut document = operation(
            json!({ "parameters": [parameter("postId", "string"), parameter("listId", "integer"), parameter("name", "string")] }),
        );
        assert_eq!(parameter_ids(&mut document).unwrap(), ["do_it postId"]);
        assert_eq!(document.operations[0].parameters[0].schema, reference(ID));
    }

    #[test]
    fn a_component_of_that_name_that_is_something_else_is_an_error() {
        let mut document = components(json!({ "Sent": {}, "Answer": {}, "Id": { "type": "object" } }));
        assert!(mixed_ids(&mut document).unwrap_err().to_string().contains("Id"));
    }
}
