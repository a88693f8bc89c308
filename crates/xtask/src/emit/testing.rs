//! Small documents for the tests of emitters.

use serde_json::{Value, json};

use crate::document::Document;

/// A document with one operation, `do_it`, and these components.
pub(super) fn document(method: &str, mut operation: Value, schemas: Value) -> Document {
    operation["operationId"] = json!("do_it");
    if operation.get("responses").is_none() {
        operation["responses"] = json!({ "200": { "description": "" } });
    }
    Document::read(&json!({
        "openapi": "3.1.0",
        "info": { "title": "Test", "version": "1" },
        "paths": { "/v2/it": { method: operation } },
        "components": { "schemas": schemas },
    }))
    .unwrap()
}
