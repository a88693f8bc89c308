//! Gives parameters and fields the names that the overlay has for them in Rust, where the wire's own name is taken.
//!
//! The generator knows one name for a thing, so the document gets the other, and what it is on the wire is kept beside it
//! for [`crate::refine`] to put back.

use anyhow::Result;
use serde_json::{Map, Value};

use super::mark;
use super::schema::walk;
use crate::document::{Document, Object};

/// A parameter is renamed by a mark of its operation, by place and name: `query send: send_it`.
pub(super) fn setters(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let Some(Value::Object(given)) = operation.extensions.get(mark::SETTERS).cloned() else { continue };
        let mut wire = Map::new();
        for parameter in &mut operation.parameters {
            let key = format!("{} {}", parameter.place, parameter.name);
            let Some(new) = given.get(&key).and_then(Value::as_str) else { continue };
            places.push(format!("{} {key}: {new}", operation.id));
            let old = std::mem::replace(&mut parameter.name, new.to_owned());
            match parameter.place.as_str() {
                // A path says by position what is what.
                "path" => {
                    operation.path = operation.path.replace(&format!("{{{old}}}"), &format!("{{{new}}}"))
                }
                _ => drop(wire.insert(new.to_owned(), Value::String(old))),
            }
        }
        operation.extensions.insert(mark::WIRE_NAMES.to_owned(), Value::Object(wire));
    }
    Ok(places)
}

/// A field is renamed by a mark of its own.
pub(super) fn fields(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for (owner, schema) in document.named_schemas_mut() {
        walk(schema, &mut |object| {
            for (old, new) in renamed(object) {
                places.push(format!("{owner}.{old}: {new}"));
            }
        });
    }
    Ok(places)
}

/// Renames the marked properties of an object, and returns their old and new names.
fn renamed(object: &mut Object) -> Vec<(String, String)> {
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return Vec::new() };
    let given = properties
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), property.get(mark::NAME)?.as_str()?.to_owned())));
    let given: Vec<(String, String)> = given.collect();
    let mut wire = Map::new();
    for (old, new) in &given {
        if let Some(mut property) = properties.remove(old) {
            property.as_object_mut().map(|property| property.remove(mark::NAME));
            properties.insert(new.clone(), property);
            wire.insert(new.clone(), Value::from(old.as_str()));
        }
    }
    for name in object.get_mut("required").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some((_, new)) = given.iter().find(|(old, _)| name == old) {
            *name = Value::from(new.as_str());
        }
    }
    if !wire.is_empty() {
        object.insert(mark::WIRE_NAMES.to_owned(), Value::Object(wire));
    }
    given
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{components, operation};
    use super::*;

    #[test]
    fn a_parameter_gets_the_name_of_its_mark() {
        let parameter =
            |name: &str, place: &str| json!({ "name": name, "in": place, "schema": { "type": "string" } });
        let mut document = operation(json!({
            "x-ofauth-setters": { "query send": "send_it", "path send": "send_id", "query gone": "x" },
            "parameters": [parameter("send", "query"), parameter("send", "path")],
        }));
        document.operations[0].path = "/v2/{send}".to_owned();
        assert_eq!(
            setters(&mut document).unwrap(),
            ["do_it query send: send_it", "do_it path send: send_id"]
        );
        let operation = &document.operations[0];
        let names: Vec<&str> = operation.parameters.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            (names.as_slice(), operation.path.as_str()),
            (&["send_it", "send_id"][..], "/v2/{send_id}")
        );
        assert_eq!(operation.extensions["x-ofauth-wire-names"], json!({ "send_it": "send" }));
    }

    #[test]
    fn a_field_gets_the_name_of_its_mark() {
        let twins = json!({ "type": "object", "required": ["userId", "user_id"], "properties": {
            "userId": { "type": "string", "x-ofauth-name": "other_user_id" },
            "user_id": { "type": "integer" },
        } });
        let mut document = components(json!({ "Sent": {}, "Answer": twins }));
        assert_eq!(fields(&mut document).unwrap(), ["Answer.userId: other_user_id"]);
        assert_eq!(
            document.schemas["Answer"],
            json!({
                "type": "object", "required": ["other_user_id", "user_id"],
                "properties": { "other_user_id": { "type": "string" }, "user_id": { "type": "integer" } },
                "x-ofauth-wire-names": { "other_user_id": "userId" },
            })
        );
    }
}
