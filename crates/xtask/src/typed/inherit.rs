//! Gives a component that others are made of, and that has a field which says which of them it is, the fields of them all.
//!
//! OpenAPI lets an answer name such a component where any of its heirs may come, which nothing in its schema tells.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::document::{Document, Object};
use crate::lower::{add_field, fields_of, target};

/// The document in which such components have the fields of their heirs. What is required stays what it was.
pub(super) fn with_heirs(document: &Document) -> Document {
    let mut document = document.clone();
    let schemas = document.schemas.clone();
    for (name, schema) in &mut document.schemas {
        let is_one_of = ["oneOf", "anyOf"].iter().any(|key| schema.get(key).is_some());
        if schema.get("discriminator").is_none() || is_one_of {
            continue;
        }
        if let (Some(fields), Some(schema)) = (fields_of_all(&schemas, name), schema.as_object_mut()) {
            schema.insert("type".to_owned(), json!("object"));
            schema.insert("properties".to_owned(), Value::Object(fields));
        }
    }
    document
}

/// The fields of a component and its heirs; nothing if it has none.
fn fields_of_all(schemas: &BTreeMap<String, Value>, name: &str) -> Option<Object> {
    let is_heir = |schema: &&Value| {
        let parts = schema.get("allOf").and_then(Value::as_array);
        parts.into_iter().flatten().any(|part| target(part) == Some(name))
    };
    let mut heirs = schemas.values().filter(is_heir).peekable();
    heirs.peek()?;
    let mut fields = fields_of(schemas, schemas.get(name)?)?;
    for heir in heirs {
        fields_of(schemas, heir)?
            .iter()
            .for_each(|(field, schema)| add_field(schemas, &mut fields, field, schema));
    }
    Some(fields)
}
