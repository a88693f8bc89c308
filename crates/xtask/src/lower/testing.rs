//! Small documents for the tests of passes.

use serde_json::{Value, json};

use crate::document::Document;

/// A document with these components and one operation, which sends the component `Sent` and answers `Answer`.
pub(super) fn components(schemas: Value) -> Document {
    let mut document = operation(json!({
        "requestBody": content(json!({ "$ref": "#/components/schemas/Sent" })),
        "responses": { "200": content(json!({ "$ref": "#/components/schemas/Answer" })) },
    }));
    document.schemas = schemas.as_object().unwrap().clone().into_iter().collect();
    document
}

/// A document with one operation, `do_it`.
pub(super) fn operation(mut operation: Value) -> Document {
    operation["operationId"] = json!("do_it");
    operation["tags"] = json!(["Test"]);
    if operation.get("responses").is_none() {
        operation["responses"] = json!({});
    }
    Document::read(&json!({
        "openapi": "3.1.0",
        "info": { "title": "Test", "version": "1" },
        "paths": { "/v2/it": { "post": operation } },
    }))
    .unwrap()
}

/// A JSON body or response of this schema.
pub(super) fn content(schema: Value) -> Value {
    json!({ "description": "", "content": { "application/json": { "schema": schema } } })
}

/// The component `name` after `pass`.
pub(super) fn after(
    pass: fn(&mut Document) -> anyhow::Result<Vec<String>>,
    document: &mut Document,
    name: &str,
) -> Value {
    pass(document).unwrap();
    document.schemas[name].clone()
}
