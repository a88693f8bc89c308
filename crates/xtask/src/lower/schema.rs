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

/// The fields of an object, also of one that is put together of several; `None` for anything but an object. Of two fields of a
/// name that do not mean the same, the result is some JSON.
pub fn fields_of(schemas: &BTreeMap<String, Value>, schema: &Value) -> Option<Object> {
    fields_within(schemas, schema, 0)
}

fn fields_within(schemas: &BTreeMap<String, Value>, schema: &Value, depth: usize) -> Option<Object> {
    // Parts may form a circle.
    const DEEPEST: usize = 12;
    let schema = resolved(schemas, schema);
    if depth > DEEPEST {
        return None;
    }
    let own = schema.get("properties").and_then(Value::as_object);
    let mut fields = own.cloned();
    if is_type(schema, "object") {
        fields.get_or_insert_default();
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            // An object and something else is nothing that has fields.
            let part = fields_within(schemas, part, depth + 1)?;
            let fields = fields.get_or_insert_default();
            part.iter().for_each(|(name, field)| add_field(schemas, fields, name, field));
        }
    }
    fields
}

/// Adds a field to those of an object; one that is there and means something else becomes some JSON.
pub(super) fn add_field(schemas: &BTreeMap<String, Value>, fields: &mut Object, name: &str, field: &Value) {
    let merged = match fields.get(name) {
        None => field.clone(),
        Some(known) => merged(schemas, known, field),
    };
    fields.insert(name.to_owned(), merged);
}

/// Whether two schemas mean the same but for what is said about them.
pub(super) fn same(schemas: &BTreeMap<String, Value>, one: &Value, other: &Value) -> bool {
    let facts = |schema: &Value| {
        let mut schema = resolved(schemas, schema).clone();
        walk(&mut schema, &mut |object| {
            ["description", "title", "example", "examples", "nullable", "deprecated"].iter().for_each(
                |key| {
                    object.remove(*key);
                },
            );
        });
        schema
    };
    one == other || facts(one) == facts(other)
}

/// A schema for values of either of two.
fn merged(schemas: &BTreeMap<String, Value>, one: &Value, other: &Value) -> Value {
    let (a, b) = (resolved(schemas, one), resolved(schemas, other));
    if same(schemas, one, other) {
        return one.clone();
    }
    let kind = |schema: &Value| schema.get("type").and_then(Value::as_str).map(str::to_owned);
    let words = |schema: &Value| schema.get("enum").and_then(Value::as_array).cloned();
    let (kind_a, kind_b) = (kind(a), kind(b));
    let is_number = |kind: &Option<String>| matches!(kind.as_deref(), Some("integer" | "number"));
    match (kind_a.as_deref(), kind_b.as_deref()) {
        (Some(kind @ ("string" | "integer" | "number" | "boolean")), Some(same)) if kind == same => {
            match (words(a), words(b)) {
                (Some(mut words), Some(more)) => {
                    more.into_iter().for_each(|word| {
                        if !words.contains(&word) {
                            words.push(word);
                        }
                    });
                    json!({ "type": kind, "enum": words })
                }
                _ => json!({ "type": kind }),
            }
        }
        _ if is_number(&kind_a) && is_number(&kind_b) => json!({ "type": "number", "format": "double" }),
        _ => json!({ "description": "It has another form in each of several answers." }),
    }
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
