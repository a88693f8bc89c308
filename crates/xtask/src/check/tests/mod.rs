//! Small documents with what a check must say of them. Each cure is pasted where it says, and then nothing is left to say.

mod clashes;
mod places;
mod random;
mod schemas;
mod sense;

use serde_json::{Value, json};

use super::{Ignored, check};
use crate::finding::Finding;
use crate::overlay::lay;

/// A document in which nothing is wrong: a list, a request with a body, and two named schemas.
fn right() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Test", "version": "1"},
        "servers": [{"url": "https://api.ofauth.com"}],
        "security": [{"apiKey": []}],
        "paths": {"/v2/access/drills/{drillId}": {
            "get": {
                "operationId": "get_drill",
                "parameters": [
                    {"name": "drillId", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"name": "word", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {"200": answer("Drill")},
            },
            "put": {
                "operationId": "update_drill",
                "parameters": [{"name": "drillId", "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DrillChange"}}}},
                "responses": {"200": {"description": "Done."}},
            },
        }},
        "components": {
            "schemas": {
                "Drill": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]}}},
                "DrillChange": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            },
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "apiKey"}},
        },
    })
}

fn answer(component: &str) -> Value {
    json!({"description": "It.", "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{component}")}}}})
}

const ITEM: &str = "/paths/~1v2~1access~1drills~1{drillId}";
const GET: &str = "/paths/~1v2~1access~1drills~1{drillId}/get";
const PUT: &str = "/paths/~1v2~1access~1drills~1{drillId}/put";
const PARAMETERS: &str = "/paths/~1v2~1access~1drills~1{drillId}/get/parameters";
const SCHEMAS: &str = "/components/schemas";
const DRILL: &str = "/components/schemas/Drill/properties";
const CHANGE: &str = "/components/schemas/DrillChange/properties";

/// The document with something laid over a place: members of an object, or an item more of a list.
fn with(at: &str, update: Value) -> Value {
    let mut document = right();
    let node = document.pointer_mut(at).unwrap_or_else(|| panic!("{at}"));
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => node.extend(update),
        (Value::Array(node), update) => node.push(update),
        (node, update) => *node = update,
    }
    document.sort_all_objects();
    document
}

fn query(name: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "schema": schema})
}

/// Writes the cures of findings into overlay and ignored, and looks again.
fn paste(document: &mut Value, lines: &mut Vec<Value>, findings: &[Finding]) {
    for finding in findings {
        let read = |text: &str| -> Vec<Value> {
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{finding}"))
        };
        if let Some((_, text)) = finding.cure.split_once("openapi/ignored.yaml, with a reason of your own:\n")
        {
            lines.extend(read(text));
        } else if let Some((_, text)) = finding.cure.split_once("openapi/overlay.yaml:\n") {
            let unmatched = lay(document, &json!({"overlay": "1.0.0", "actions": read(text)}));
            assert!(unmatched.is_empty(), "{finding}\n{unmatched:#?}");
        } else {
            panic!("no cure: {finding}");
        }
    }
    document.sort_all_objects();
}

/// What is wrong with a document, and that its cures cure it.
fn findings(mut document: Value) -> Vec<Finding> {
    let first = check(&document, &Ignored::default());
    let (mut left, mut lines) = (first.clone(), Vec::new());
    for _ in 0..3 {
        // One cure may take away what another would change.
        let Some(next) = left.first().cloned() else { break };
        paste(&mut document, &mut lines, std::slice::from_ref(&next));
        left = check(&document, &Ignored::read(&json!(lines)));
        assert!(!left.contains(&next), "the cure does not cure: {next}");
    }
    assert!(left.is_empty(), "{left:#?}");
    first
}

/// Each document has findings, and the first of these places has one with this text.
fn expect(rows: Vec<(Value, &str, &str)>) {
    assert_eq!(check(&right(), &Ignored::default()), []);
    for (document, place, text) in rows {
        let found = findings(document.clone());
        let hit = found.iter().any(|finding| finding.place == place && finding.problem.contains(text));
        assert!(hit, "no finding at {place:?} with {text:?}: {found:#?}");
    }
}
