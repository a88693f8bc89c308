//! The OpenAPI document, as this server gives it to validators and generators.
//!
//! `openapi.json` is generated. What the sandbox itself knows of operations is in [`crate::document`].

use std::sync::LazyLock;

use serde_json::{Value, json};

const TEXT: &str = include_str!("openapi.json");

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

/// The document of the server at `base`.
pub(crate) fn of(base: &str) -> Value {
    let mut document = DOCUMENT.clone();
    if let Some(members) = document.as_object_mut() {
        let server = json!({ "url": base, "description": "A sandbox on this machine." });
        members.insert("servers".to_owned(), json!([server]));
    }
    document
}
