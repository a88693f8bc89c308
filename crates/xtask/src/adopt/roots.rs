//! Where schemas stand in a document, and where schemas stand in schemas.
//!
//! Knows the grammar of OpenAPI and JSON Schema and nothing of what anything means, so that a property, a header or an
//! example that is called like a keyword is never taken for one.

use serde_json::{Map, Value};

use crate::document::{Object, methods};

/// Keywords whose value is a schema, a list of schemas, and a map to schemas.
pub(super) const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
pub(super) const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
pub(super) const MAP: [&str; 5] =
    ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// The kinds of shared parts that have schemas in them, beside `schemas`.
const SHARED: [&str; 6] = ["callbacks", "headers", "parameters", "pathItems", "requestBodies", "responses"];

/// The schemas right inside `schema`, with the step that leads to each: `.name` of a property, `[]` of a list's items, `{}`
/// of a map's values, `|1` of an alternative, and the keyword for the rest.
pub(super) fn inside(schema: &mut Value, visit: &mut dyn FnMut(String, &mut Value)) {
    let Some(object) = schema.as_object_mut() else { return };
    for (key, value) in object.iter_mut() {
        match value {
            Value::Object(_) | Value::Bool(_) if ONE.contains(&key.as_str()) => match key.as_str() {
                "items" => visit("[]".to_owned(), value),
                "additionalProperties" => visit("{}".to_owned(), value),
                other => visit(format!(" {other}"), value),
            },
            Value::Array(list) if LIST.contains(&key.as_str()) => {
                for (index, value) in list.iter_mut().enumerate() {
                    visit(format!("|{index}"), value);
                }
            }
            Value::Object(map) if MAP.contains(&key.as_str()) => {
                for (name, value) in map.iter_mut() {
                    let step =
                        if key == "properties" { format!(".{name}") } else { format!(" {key} {name}") };
                    visit(step, value);
                }
            }
            _ => {}
        }
    }
}

/// Every schema in `schema` at any depth, and then `schema` itself.
pub(super) fn walk(schema: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    inside(schema, &mut |_, inner| walk(inner, visit));
    visit(schema);
}

/// Every schema of the document that stands in no other schema, with its place: `get /v2/posts query limit`,
/// `get /v2/posts 200`, or the name of a component.
pub(super) fn each(document: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    for (section, prefix) in [("paths", ""), ("webhooks", "webhook ")] {
        for (path, item) in members(document.get_mut(section)) {
            path_item(&format!("{prefix}{path}"), item, visit);
        }
    }
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else { return };
    for (name, schema) in members(components.get_mut("schemas")) {
        visit(name, schema);
    }
    for kind in SHARED {
        for (name, part) in members(components.get_mut(kind)) {
            let place = format!("{kind} {name}");
            match kind {
                "responses" => response(&place, part, visit),
                "requestBodies" => contents(&place, part, visit),
                "pathItems" => path_item(&place, part, visit),
                "callbacks" => callback(&place, part, visit),
                _ => parameter(&place, part, visit),
            }
        }
    }
}

fn path_item(path: &str, item: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    let Some(item) = item.as_object_mut() else { return };
    for one in list(item.get_mut("parameters")) {
        parameter(path, one, visit);
    }
    for method in methods() {
        let Some(operation) = item.get_mut(method) else { continue };
        let place = format!("{method} {path}");
        for one in list(operation.get_mut("parameters")) {
            parameter(&place, one, visit);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            contents(&format!("{place} body"), body, visit);
        }
        for (status, one) in members(operation.get_mut("responses")) {
            response(&format!("{place} {status}"), one, visit);
        }
        for (name, one) in members(operation.get_mut("callbacks")) {
            callback(&format!("{place} callback {name}"), one, visit);
        }
    }
}

fn callback(place: &str, callback: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    for (expression, item) in members(Some(callback)) {
        path_item(&format!("{place} {expression}"), item, visit);
    }
}

fn response(place: &str, response: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    for (name, header) in members(response.get_mut("headers")) {
        schema_of(&format!("{place} header {name}"), header, visit);
    }
    contents(place, response, visit);
}

/// A parameter stands at a place of its own name; a shared one has the name of the component already.
fn parameter(place: &str, parameter: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    let own = parameter_place(place, parameter);
    schema_of(&own, parameter, visit);
}

/// The place of a parameter of `place`.
#[must_use]
pub(super) fn parameter_place(place: &str, parameter: &Value) -> String {
    let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
    format!("{place} {} {}", text("in"), text("name"))
}

fn schema_of(place: &str, holder: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    if let Some(schema) = holder.get_mut("schema") {
        visit(place, schema);
    }
    contents(place, holder, visit);
}

/// JSON is the usual media type and goes without saying.
#[must_use]
pub(super) fn content_place(place: &str, media_type: &str) -> String {
    if media_type.starts_with("application/json") {
        place.to_owned()
    } else {
        format!("{place} {media_type}")
    }
}

fn contents(place: &str, holder: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    for (media_type, media) in members(holder.get_mut("content")) {
        if let Some(schema) = media.get_mut("schema") {
            visit(&content_place(place, media_type), schema);
        }
    }
}

fn members(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    value.and_then(Value::as_object_mut).into_iter().flat_map(Map::iter_mut)
}

fn list(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_array_mut).into_iter().flatten()
}

/// The components called schemas, taken out of the document.
pub(super) fn take_components(document: &mut Value) -> Object {
    match document.pointer_mut("/components/schemas").map(Value::take) {
        Some(Value::Object(components)) => components,
        _ => Object::new(),
    }
}

/// Puts them back. A document that had none and gets none stays as it is.
pub(super) fn put_components(document: &mut Value, components: Object) {
    if components.is_empty() && document.pointer("/components/schemas").is_none() {
        return;
    }
    let Some(root) = document.as_object_mut() else { return };
    let held = root.entry("components").or_insert_with(|| Value::Object(Object::new()));
    if !held.is_object() {
        *held = Value::Object(Object::new());
    }
    if let Some(held) = held.as_object_mut() {
        held.insert("schemas".to_owned(), Value::Object(components));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_is_found_at_its_place() {
        let mut document = json!({
            "paths": {"/a/{id}": {
                "parameters": [{"name": "id", "in": "path", "schema": {}}],
                "post": {
                    "parameters": [{"name": "q", "in": "query", "content": {"application/json": {"schema": {}}}}],
                    "requestBody": {"content": {"application/json; x=y": {"schema": {}}, "text/csv": {"schema": {}}}},
                    "responses": {"200": {"headers": {"schema": {"schema": {}}}, "content": {"a/b": {"schema": {}}}}},
                    "callbacks": {"done": {"{$url}": {"post": {"responses": {"200": {"content": {"application/json": {"schema": {}}}}}}}}},
                },
            }},
            "webhooks": {"made": {"post": {"requestBody": {"content": {"application/json": {"schema": {}}}}}}},
            "components": {
                "schemas": {"schema": {}},
                "responses": {"No": {"content": {"application/json": {"schema": {}, "example": {"schema": {}}}}}},
            },
        });
        let mut places: Vec<String> = Vec::new();
        each(&mut document, &mut |place, _| places.push(place.to_owned()));
        places.sort();
        assert_eq!(
            places,
            [
                "/a/{id} path id",
                "post /a/{id} 200 a/b",
                "post /a/{id} 200 header schema",
                "post /a/{id} body",
                "post /a/{id} body text/csv",
                "post /a/{id} query q",
                "post post /a/{id} callback done {$url} 200",
                "post webhook made body",
                "responses No",
                "schema",
            ]
        );
    }
}
