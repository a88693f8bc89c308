//! The OpenAPI document, as this server gives it to validators and generators.
//!
//! `openapi.json` is generated. It leaves open whether requests may have fields that it does not name; a strict sandbox
//! refuses them, so the document that it gives says so. What the sandbox itself knows of operations is in
//! [`crate::document`].

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

const TEXT: &str = include_str!("openapi.json");

/// How references to shared schemas begin.
const SHARED: &str = "#/components/schemas/";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

/// The document of the server at `base`.
pub(crate) fn of(base: &str, lenient: bool) -> Value {
    let mut document = DOCUMENT.clone();
    if !lenient {
        close_requests(&mut document);
    }
    if let Some(members) = document.as_object_mut() {
        let server = json!({ "url": base, "description": "A sandbox on this machine." });
        members.insert("servers".to_owned(), json!([server]));
    }
    document
}

/// Says of the schemas of requests that they have no other fields. Those that answers have, too, stay open for these:
/// requests get a copy.
fn close_requests(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let (mut of_requests, mut of_answers) = (BTreeSet::new(), BTreeSet::new());
    sides(document, &mut |side, value| {
        let found = if side == Side::Request { &mut of_requests } else { &mut of_answers };
        reach(value, &schemas, found);
    });
    let copied: BTreeSet<String> =
        of_requests.intersection(&of_answers).filter(|name| is_open(name, &schemas)).cloned().collect();
    sides_mut(document, &mut |value| close(value, &copied));
    let Some(shared) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    for name in &of_requests {
        if copied.contains(name) {
            let mut copy = shared.get(name).cloned().unwrap_or_default();
            close(&mut copy, &copied);
            shared.insert(in_requests(name), copy);
        } else if !of_answers.contains(name)
            && let Some(schema) = shared.get_mut(name)
        {
            close(schema, &copied);
        }
    }
}

/// What a shared schema is called as requests have it, if answers have it, too.
fn in_requests(name: &str) -> String {
    format!("{name}InRequests")
}

/// Whether closing a shared schema, or one that it refers to, would change it.
fn is_open(name: &str, schemas: &Value) -> bool {
    let mut names = BTreeSet::from([name.to_owned()]);
    schemas.get(name).into_iter().for_each(|schema| reach(schema, schemas, &mut names));
    names.iter().filter_map(|name| schemas.get(name)).any(|schema| {
        let mut closed = schema.clone();
        close(&mut closed, &BTreeSet::new());
        closed != *schema
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Answer,
}

/// The members of an operation that are about what is sent.
const SENT: [&str; 2] = ["parameters", "requestBody"];

/// The members of all operations, and which side they are about.
fn sides(document: &Value, see: &mut impl FnMut(Side, &Value)) {
    let paths = document.get("paths").and_then(Value::as_object);
    let operations =
        paths.into_iter().flat_map(Map::values).filter_map(Value::as_object).flat_map(Map::values);
    for (name, value) in operations.filter_map(Value::as_object).flatten() {
        see(if SENT.contains(&name.as_str()) { Side::Request } else { Side::Answer }, value);
    }
    if let Some(responses) = document.pointer("/components/responses") {
        see(Side::Answer, responses);
    }
}

/// The members of all operations that are about what is sent.
fn sides_mut(document: &mut Value, change: &mut impl FnMut(&mut Value)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for operation in items.flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        operation
            .iter_mut()
            .filter(|(name, _)| SENT.contains(&name.as_str()))
            .for_each(|(_, value)| change(value));
    }
}

/// The names of the shared schemas that `value` refers to, also through others.
fn reach(value: &Value, schemas: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let name =
                members.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(SHARED));
            if let Some(name) = name
                && found.insert(name.to_owned())
                && let Some(schema) = schemas.get(name)
            {
                reach(schema, schemas, found);
            }
            members.values().for_each(|value| reach(value, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| reach(item, schemas, found)),
        _ => {}
    }
}

/// Members whose values are no schemas.
const LEFT: [&str; 6] = ["allOf", "example", "examples", "default", "enum", "const"];

/// Closes the objects in a schema, or in what has schemas in it, where it says what fields there are. Where it refers to a
/// schema that was `copied`, it then refers to the copy.
fn close(value: &mut Value, copied: &BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(name) = target.strip_prefix(SHARED).filter(|name| copied.contains(*name))
            {
                *target = format!("{SHARED}{}", in_requests(name));
            }
            for (name, value) in members.iter_mut().filter(|(name, _)| !LEFT.contains(&name.as_str())) {
                match value {
                    // Their names are anybody's.
                    Value::Object(properties) if name == "properties" => {
                        properties.values_mut().for_each(|value| close(value, copied));
                    }
                    other => close(other, copied),
                }
            }
            let is_open = members.get("properties").is_some_and(Value::is_object)
                && !["additionalProperties", "allOf"].iter().any(|name| members.contains_key(*name));
            if is_open {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, copied)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_sandbox_says_that_requests_have_no_other_fields() {
        let (strict, lenient) = (of("http://a", false), of("http://a", true));
        let schema = |document: &Value, name: &str| document["components"]["schemas"][name].clone();
        assert_eq!(schema(&strict, "PostInput")["additionalProperties"], false);
        assert_eq!(schema(&lenient, "PostInput")["additionalProperties"], Value::Null);
        assert_eq!(schema(&strict, "SubscriberFilter")["additionalProperties"], false);
        assert_eq!(schema(&strict, "SubscriberPage"), schema(&lenient, "SubscriberPage"));
        assert_eq!(schema(&strict, "VaultPlusSettingsPatch"), schema(&lenient, "VaultPlusSettingsPatch"));
        assert_eq!(schema(&strict, "VaultPlusSettingsPatchInRequests")["additionalProperties"], false);
        assert_eq!(strict["servers"][0]["url"], "http://a");
    }

    #[test]
    fn what_answers_have_too_stays_open_for_them() {
        let object = |properties: Value| json!({ "type": "object", "properties": properties });
        let mut document = json!({
            "paths": { "/a": { "post": {
                "requestBody": { "content": { "application/json": { "schema": {
                    "properties": { "sent": { "$ref": "#/components/schemas/Sent" }, "own": object(json!({})) },
                } } } },
                "responses": { "200": { "content": { "application/json": { "schema": {
                    "properties": { "both": { "$ref": "#/components/schemas/Both" } },
                } } } } },
            } } },
            "components": { "schemas": {
                "Sent": object(json!({ "both": { "$ref": "#/components/schemas/Both" }, "properties": { "type": "string" } })),
                "Both": object(json!({ "a": {} })),
                "Open": { "type": "object" },
            } },
        });
        close_requests(&mut document);
        let sent = &document["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(sent["additionalProperties"], false);
        assert_eq!(sent["properties"]["own"]["additionalProperties"], false);
        let answer =
            &document["paths"]["/a"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(answer["additionalProperties"], Value::Null);
        let shared = &document["components"]["schemas"];
        assert_eq!(shared["Sent"]["additionalProperties"], false);
        let properties = shared["Sent"]["properties"].as_object().unwrap();
        assert_eq!((properties.len(), &properties["properties"]), (2, &json!({ "type": "string" })));
        assert_eq!(shared["Both"]["additionalProperties"], Value::Null);
        assert_eq!(shared["BothInRequests"]["additionalProperties"], false);
        assert_eq!(shared["Sent"]["properties"]["both"]["$ref"], "#/components/schemas/BothInRequests");
        assert_eq!(answer["properties"]["both"]["$ref"], "#/components/schemas/Both");
        assert_eq!(shared["Open"], json!({ "type": "object" }));
    }
}
