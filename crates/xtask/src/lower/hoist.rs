//! Gives inline objects and enums of responses a name.

use anyhow::Result;
use serde_json::{Value, json};

use super::direction::{Direction, reachable};
use super::mark;
use super::schema::{has_properties, is_type, pascal, reference};
use crate::document::Document;
use crate::rust_name;

/// The generator names inline types by its own rules, which a small change of the document can shift. Here the name is
/// that of the place: `ChatMessage.fromUser` becomes `ChatMessageFromUser`, an item of a list adds `Item`, a value of a
/// map `Value`, the answer of an operation is `<Operation>Response`. Later passes then find every response type among
/// the components.
///
/// A component that has such a name keeps it, and the place gets a number.
pub(super) fn hoist(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for name in reachable(document, Direction::Response) {
        let Some(mut schema) = document.schemas.get(&name).cloned() else { continue };
        inside(document, &name, &mut schema, &mut places);
        document.schemas.insert(name, schema);
    }
    for index in 0..document.operations.len() {
        let Some(operation) = document.operations.get_mut(index) else { continue };
        let base = pascal(&operation.id);
        // Every error range has the same schema; naming it once per range would clash.
        let statuses = [("2XX", format!("{base}Response")), ("4XX", format!("{base}Error"))];
        for (status, name) in statuses {
            let response =
                document.operations.get(index).and_then(|operation| operation.responses.get(status));
            let Some(mut schema) = response.and_then(|response| response.schema.clone()) else { continue };
            itself(document, &name, &mut schema, &mut places);
            let Some(operation) = document.operations.get_mut(index) else { continue };
            for (other, response) in &mut operation.responses {
                if other == status || (status == "4XX" && other == "5XX") {
                    response.schema = Some(schema.clone());
                }
            }
        }
    }
    Ok(places)
}

/// Moves `schema` to a component if it is an object with fields or an enum, and looks inside it otherwise.
fn itself(document: &mut Document, name: &str, schema: &mut Value, places: &mut Vec<String>) {
    inside(document, name, schema, places);
    let is_enum = is_type(schema, "string") && schema.get("enum").is_some();
    if has_properties(schema) || is_enum || schema.get(mark::TAGGED).is_some() {
        let nullable = schema.as_object_mut().and_then(|object| object.remove("nullable")).is_some();
        // As the generator folds it, which would call it otherwise.
        let name = rust_name::free(rust_name::pascal(name), |name| document.schemas.contains_key(name));
        let there = schema.take();
        *schema = match nullable {
            true => json!({ "allOf": [reference(&name)], "nullable": true }),
            false => reference(&name),
        };
        document.schemas.insert(name.clone(), there);
        places.push(name);
    }
}

fn inside(document: &mut Document, name: &str, schema: &mut Value, places: &mut Vec<String>) {
    let Value::Object(object) = schema else { return };
    for (key, value) in object.iter_mut() {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (property, schema) in properties {
                    itself(document, &format!("{name}{}", pascal(property)), schema, places);
                }
            }
            ("items", items) => itself(document, &format!("{name}Item"), items, places),
            ("additionalProperties", values) => itself(document, &format!("{name}Value"), values, places),
            ("allOf" | "oneOf", Value::Array(variants)) => {
                for (index, variant) in variants.iter_mut().enumerate() {
                    itself(document, &format!("{name}Variant{index}"), variant, places);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{components, content, operation};
    use super::*;

    #[test]
    fn inline_types_are_named_by_their_place() {
        let inner =
            json!({ "type": "object", "properties": { "kind": { "type": "string", "enum": ["a"] } } });
        let mut document = components(json!({
            "Sent": { "type": "object", "properties": { "inner": inner } },
            "Answer": { "type": "object", "properties": {
                "from_user": inner,
                "list": { "type": "array", "items": inner },
                "map": { "type": "object", "additionalProperties": inner },
            } },
        }));
        let places = [
            "AnswerFromUserKind",
            "AnswerFromUser",
            "AnswerListItemKind",
            "AnswerListItem",
            "AnswerMapValueKind",
            "AnswerMapValue",
        ];
        assert_eq!(hoist(&mut document).unwrap(), places);
        let properties = &document.schemas["Answer"]["properties"];
        assert_eq!(properties["from_user"], reference("AnswerFromUser"));
        assert_eq!(properties["list"]["items"], reference("AnswerListItem"));
        assert_eq!(properties["map"]["additionalProperties"], reference("AnswerMapValue"));
        assert_eq!(document.schemas["AnswerFromUser"]["properties"]["kind"], reference("AnswerFromUserKind"));
        assert_eq!(document.schemas["Sent"]["properties"]["inner"], inner);
    }

    #[test]
    fn an_inline_answer_is_named_by_its_operation() {
        let answer = json!({ "type": "object", "properties": { "id": {} }, "nullable": true });
        let error = content(json!({ "type": "object", "properties": { "error": {} } }));
        let mut document =
            operation(json!({ "responses": { "2XX": content(answer), "4XX": error, "5XX": error } }));
        assert_eq!(hoist(&mut document).unwrap(), ["DoItResponse", "DoItError"]);
        let responses = &document.operations[0].responses;
        // Null as a whole stays possible.
        assert_eq!(
            responses["2XX"].schema,
            Some(json!({ "allOf": [reference("DoItResponse")], "nullable": true }))
        );
        assert_eq!(responses["4XX"].schema, Some(reference("DoItError")));
        assert_eq!(responses["5XX"].schema, Some(reference("DoItError")));
    }

    #[test]
    fn a_place_whose_name_is_taken_gets_a_number() {
        let inner = json!({ "type": "object", "properties": { "a": {} } });
        let taken = json!({ "type": "string" });
        let mut document = components(json!({
            "Sent": {}, "Answer": { "type": "object", "properties": { "in": inner } }, "AnswerIn": taken,
        }));
        assert_eq!(hoist(&mut document).unwrap(), ["AnswerIn2"]);
        assert_eq!((&document.schemas["AnswerIn"], &document.schemas["AnswerIn2"]), (&taken, &inner));
    }

    #[test]
    fn single_letters_are_joined_as_the_generator_joins_them() {
        let c = json!({ "type": "object", "properties": { "c": {} } });
        let b = json!({ "type": "object", "properties": { "b": c } });
        let answer = json!({ "type": "object", "properties": { "a": b } });
        let mut document = components(json!({ "Sent": {}, "Answer": answer }));
        assert_eq!(hoist(&mut document).unwrap(), ["AnswerAb", "AnswerA"]);
    }
}
