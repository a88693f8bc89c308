//! Passes that make responses easy to satisfy: what the document promises is not what a service keeps to for ever.

use anyhow::Result;
use serde_json::{Value, json};

use super::direction::{Direction, reachable, responses_mut};
use super::mark;
use super::schema::{is_type, walk};
use crate::document::Document;

/// Whether the overlay marks a property as one without which the answer means nothing.
#[must_use]
pub fn is_kept(property: &Value) -> bool {
    property.get(mark::KEPT) == Some(&json!(true))
}

/// Passes replace properties, with all that stands on them, so the mark moves to the object around them.
pub(super) fn kept(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for (name, schema) in document.named_schemas_mut() {
        walk(schema, &mut |object| {
            let properties = object.get("properties").and_then(Value::as_object);
            let kept: Vec<String> = properties
                .into_iter()
                .flatten()
                .filter(|(_, property)| is_kept(property))
                .map(|(property, _)| property.clone())
                .collect();
            if !kept.is_empty() {
                places.extend(kept.iter().map(|property| format!("{name}.{property}")));
                object.insert(mark::KEPT_FIELDS.to_owned(), json!(kept));
            }
        });
    }
    Ok(places)
}

/// A field that is missing or null must not turn a success into an error, so every field of a response is optional,
/// also where the document requires it; lists and maps are empty then. What stays required is an object's own `id` and
/// the few fields that the overlay marks.
pub(super) fn optional_fields(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    responses_mut(document, |name, schema| {
        walk(schema, &mut |object| {
            let Some(Value::Array(required)) = object.remove("required") else { return };
            let kept = object.get(mark::KEPT_FIELDS).and_then(Value::as_array);
            let stays = |field: &Value| field == "id" || kept.is_some_and(|kept| kept.contains(field));
            let (kept, freed): (Vec<Value>, Vec<Value>) = required.into_iter().partition(stays);
            places.extend(freed.iter().filter_map(Value::as_str).map(|field| format!("{name}.{field}")));
            if !kept.is_empty() {
                object.insert("required".to_owned(), Value::Array(kept));
            }
        });
    });
    Ok(places)
}

/// An object about which nothing is said may as well be a list, a text or null when it comes.
pub(super) fn free_objects(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    responses_mut(document, |name, schema| {
        walk(schema, &mut |object| {
            let values = object.get("additionalProperties");
            let free = values.is_none_or(|values| *values == json!(true) || *values == json!({}));
            if object.get("type") == Some(&json!("object")) && !object.contains_key("properties") && free {
                object.remove("type");
                object.remove("additionalProperties");
                places.push(name.to_owned());
            }
        });
    });
    Ok(places)
}

/// Lengths, counts, patterns and closed objects say what the service means to send. Read strictly they would refuse an
/// answer because of one field. Fields that may be null are optional already; among items and values null is one of them.
pub(super) fn unlimited_fields(document: &mut Document) -> Result<Vec<String>> {
    const LIMITS: [&str; 9] = [
        "additionalItems",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minItems",
        "minLength",
        "minProperties",
        "pattern",
        "uniqueItems",
    ];
    let mut places = Vec::new();
    let components = reachable(document, Direction::Response);
    responses_mut(document, |name, schema| {
        // An answer that is null as a whole has no field to be optional.
        let whole_is_nullable = !components.contains(name) && schema.get("nullable").is_some();
        let mut changed = false;
        walk(schema, &mut |object| {
            for held in ["items", "additionalProperties"] {
                let held = object.get_mut(held).and_then(Value::as_object_mut);
                if let Some((held, null)) = held.and_then(|it| it.remove("nullable").map(|null| (it, null))) {
                    held.insert(mark::NULL_ITEMS.to_owned(), null);
                }
            }
        });
        walk(schema, &mut |object| {
            for limit in LIMITS {
                changed |= object.remove(limit).is_some();
            }
            // Beside named fields the generator would collect the rest in a map; unknown fields are ignored.
            if object.contains_key("properties") || object.get("additionalProperties") == Some(&json!(false))
            {
                changed |= object.remove("additionalProperties").is_some();
            }
            if object.remove("nullable").is_some() {
                unwrap_single(object);
                changed = true;
            }
            if let Some(null) = object.remove(mark::NULL_ITEMS) {
                object.insert("nullable".to_owned(), null);
            }
        });
        if whole_is_nullable {
            *schema = json!({ "allOf": [schema.take()], "nullable": true });
        }
        if changed && !places.iter().any(|place| place == name) {
            places.push(name.to_owned());
        }
    });
    Ok(places)
}

/// `allOf` of one reference was there to hold `nullable`.
fn unwrap_single(object: &mut crate::document::Object) {
    if let Some([Value::Object(single)]) = object.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        let single = single.clone();
        object.remove("allOf");
        object.extend(single);
    }
}

/// The generator's enums refuse a value that they do not know. String enums of responses are marked to be written with
/// one more variant that keeps such a value; enums of anything else become plain.
pub(super) fn open_enums(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    let names = reachable(document, Direction::Response);
    for (name, schema) in document.schemas.iter_mut().filter(|(name, _)| names.contains(*name)) {
        if is_type(schema, "string") && schema.get("enum").is_some() {
            schema[mark::OPEN_ENUM] = json!(true);
            schema[mark::RUST_TYPE] = json!(format!("crate::generated::types::{name}"));
            places.push(name.clone());
        } else {
            walk(schema, &mut |object| {
                object.remove("enum");
            });
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::super::schema::reference;
    use super::super::testing::{components, content, operation};
    use super::*;

    #[test]
    fn every_field_but_the_id_is_optional() {
        let fields =
            json!({ "type": "object", "required": ["id", "name"], "properties": { "id": {}, "name": {} } });
        let mut document = components(json!({ "Sent": fields, "Answer": fields }));
        assert_eq!(optional_fields(&mut document).unwrap(), ["Answer.name"]);
        assert_eq!(document.schemas["Answer"]["required"], json!(["id"]));
        assert_eq!(document.schemas["Sent"], fields);
    }

    #[test]
    fn fields_without_which_an_answer_means_nothing_stay_required() {
        let fields = json!({ "key": { "x-ofauth-kept": true }, "other": {} });
        let answer = json!({ "type": "object", "required": ["key", "other"], "properties": fields });
        let mut document = components(json!({ "Sent": {}, "Answer": answer }));
        assert_eq!(kept(&mut document).unwrap(), ["Answer.key"]);
        document.schemas.get_mut("Answer").unwrap()["properties"]["key"] = reference("Secret");
        optional_fields(&mut document).unwrap();
        assert_eq!(document.schemas["Answer"]["required"], json!(["key"]));
    }

    #[test]
    fn an_object_without_fields_may_be_anything() {
        let free = json!({ "type": "object", "additionalProperties": true, "description": "D." });
        let map = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        let mut document =
            components(json!({ "Sent": free, "Answer": { "type": "array", "items": free }, "Map": map }));
        assert_eq!(free_objects(&mut document).unwrap(), ["Answer"]);
        assert_eq!(document.schemas["Answer"]["items"], json!({ "description": "D." }));
        assert_eq!(document.schemas["Sent"], free);
    }

    #[test]
    fn limits_go() {
        let fields = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "text": { "type": "string", "minLength": 1, "pattern": "a", "nullable": true },
                "other": { "allOf": [reference("Sent")], "nullable": true },
                "list": { "type": "array", "minItems": 1, "items": {} },
            },
        });
        let mut document = components(json!({ "Sent": {}, "Answer": fields }));
        assert_eq!(unlimited_fields(&mut document).unwrap(), ["Answer"]);
        assert_eq!(
            document.schemas["Answer"],
            json!({ "type": "object", "properties": {
                "text": { "type": "string" },
                "other": reference("Sent"),
                "list": { "type": "array", "items": {} },
            } })
        );
    }

    #[test]
    fn an_answer_that_may_be_null_as_a_whole_stays_so() {
        let answer = json!({ "allOf": [reference("A")], "nullable": true });
        let mut document = operation(json!({ "responses": { "2XX": content(answer.clone()) } }));
        unlimited_fields(&mut document).unwrap();
        assert_eq!(document.operations[0].responses["2XX"].schema, Some(answer));
    }

    #[test]
    fn enums_of_text_are_open_and_others_plain() {
        let mut document = components(json!({
            "Sent": { "type": "string", "enum": ["a"] },
            "Answer": { "type": "object", "properties": { "word": reference("Word"), "number": { "type": "integer", "enum": [1] } } },
            "Word": { "type": "string", "enum": ["a"] },
        }));
        assert_eq!(open_enums(&mut document).unwrap(), ["Word"]);
        assert_eq!(document.schemas["Word"][mark::OPEN_ENUM], json!(true));
        assert_eq!(document.schemas["Answer"]["properties"]["number"], json!({ "type": "integer" }));
        assert_eq!(document.schemas["Sent"], json!({ "type": "string", "enum": ["a"] }));
    }
}
