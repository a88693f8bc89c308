//! Small tools over schemas that every pass needs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::document::Object;

const PREFIX: &str = "#/components/schemas/";

/// A reference to the component `name`.
#[must_use]
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// The component that `schema` refers to.
#[must_use]
pub fn target(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)?.strip_prefix(PREFIX)
}

/// Calls `visit` on every schema inside `schema` and then on `schema` itself.
pub fn walk(schema: &mut Value, visit: &mut dyn FnMut(&mut Object)) {
    let Value::Object(object) = schema else { return };
    for (key, value) in object.iter_mut() {
        match key.as_str() {
            "properties" => {
                if let Value::Object(properties) = value {
                    properties.values_mut().for_each(|property| walk(property, visit));
                }
            }
            "items" | "additionalProperties" | "not" => walk(value, visit),
            "oneOf" | "anyOf" | "allOf" => {
                if let Value::Array(variants) = value {
                    variants.iter_mut().for_each(|variant| walk(variant, visit));
                }
            }
            _ => {}
        }
    }
    visit(object);
}

/// `schema` itself, or the component that it refers to, through any number of references.
pub fn resolved<'a>(schemas: &'a BTreeMap<String, Value>, mut schema: &'a Value) -> &'a Value {
    // References that form a circle have no schema at their end; any member stands for them.
    for _ in 0..=schemas.len() {
        match target(schema).and_then(|name| schemas.get(name)) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// Whether the schema's `type` is `name`.
pub(super) fn is_type(schema: &Value, name: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(name)
}

/// Whether the schema is an object whose fields are named.
pub(super) fn has_properties(schema: &Value) -> bool {
    schema.get("properties").and_then(Value::as_object).is_some_and(|properties| !properties.is_empty())
}

/// The variants of `oneOf` or `anyOf`.
pub(super) fn variants(object: &Object) -> Option<&Vec<Value>> {
    object.get("oneOf").or_else(|| object.get("anyOf")).and_then(Value::as_array)
}

/// Adds a sentence to the description.
pub(super) fn describe(object: &mut Object, sentence: &str) {
    let old = object.get("description").and_then(Value::as_str).unwrap_or_default();
    let new = if old.is_empty() { sentence.to_owned() } else { format!("{old} {sentence}") };
    object.insert("description".to_owned(), Value::String(new));
}

/// `vaultPlus` and `vault_plus` become `VaultPlus`.
pub fn pascal(text: &str) -> String {
    let mut result = String::new();
    let mut start = true;
    for character in text.chars() {
        if !character.is_ascii_alphanumeric() {
            start = true;
        } else if start {
            result.extend(character.to_uppercase());
            start = false;
        } else {
            result.push(character);
        }
    }
    result
}
