//! Passes that bring schemas which no type can follow into a form that one can.

use anyhow::Result;
use serde_json::{Value, json};

use super::dialect::each;
use super::schema::{describe, is_type, variants};
use crate::document::Document;

/// Members that hold one schema.
const ONE: [&str; 4] = ["items", "not", "additionalItems", "contains"];

/// Members that hold a list of schemas.
const SEVERAL: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// 3.0 has no `true` for anything, no `false` for nothing, and no list whose places have types of their own.
pub(super) fn odd_schemas(document: &mut Document) -> Result<Vec<String>> {
    for (_, schema) in document.named_schemas_mut() {
        if !schema.is_object() {
            *schema = json!({});
        }
    }
    each(document, |object| {
        let mut changed = false;
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            let before = properties.len();
            properties.retain(|_, schema| *schema != json!(false));
            changed |= properties.len() < before;
            properties.values_mut().for_each(|schema| changed |= settle(schema));
        }
        if object.remove("prefixItems").is_some() {
            object.insert("items".to_owned(), json!({}));
            describe(object, "Each place of the list has a form of its own.");
            changed = true;
        }
        for key in ONE {
            object.get_mut(key).into_iter().for_each(|schema| changed |= settle(schema));
        }
        for key in SEVERAL {
            let schemas = object.get_mut(key).and_then(Value::as_array_mut);
            schemas.into_iter().flatten().for_each(|schema| changed |= settle(schema));
        }
        // One that says nothing of its items has none in the generator's eyes.
        if is_type(&Value::Object(object.clone()), "array") && !object.contains_key("items") {
            object.insert("items".to_owned(), json!({}));
            changed = true;
        }
        changed.then_some(())
    })
}

fn settle(schema: &mut Value) -> bool {
    let is_odd = !schema.is_object();
    if is_odd {
        *schema = json!({});
    }
    is_odd
}

/// The generator has no type for what is always null.
pub(super) fn null_alone(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        object.get("type").filter(|kind| *kind == "null")?;
        object.remove("type");
        describe(object, "Is always null.");
        Some(())
    })
}

/// The generator takes the type of an enum from its `type`, and each word once.
pub(super) fn enums(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let words = object.get("enum")?.as_array().cloned().unwrap_or_default();
        let mut single: Vec<Value> = Vec::new();
        words.iter().filter(|word| !word.is_null()).for_each(|word| {
            if !single.contains(word) {
                single.push(word.clone());
            }
        });
        let kind = kind(&single);
        let said = object.get("type").and_then(Value::as_str);
        let fits = match (kind, said) {
            (Some(kind), Some(said)) => kind == said || (kind, said) == ("integer", "number"),
            (Some(_), None) => variants(object).is_none() && !object.contains_key("$ref"),
            (None, _) => false,
        };
        let Some(kind) = kind.filter(|_| fits) else {
            object.remove("enum");
            if !single.is_empty() {
                let shown: Vec<String> = single.iter().map(Value::to_string).collect();
                describe(object, &format!("One of {}.", shown.join(", ")));
            }
            return Some(());
        };
        let is_changed = said.is_none() || single.len() < words.len();
        object.entry("type").or_insert_with(|| json!(kind));
        object.insert("enum".to_owned(), Value::Array(single));
        is_changed.then_some(())
    })
}

/// The type that all values have.
fn kind(values: &[Value]) -> Option<&'static str> {
    let all = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(is);
    [
        ("string", Value::is_string as fn(&Value) -> bool),
        ("integer", |value| value.is_i64() || value.is_u64()),
        ("number", Value::is_number),
        ("boolean", Value::is_boolean),
    ]
    .into_iter()
    .find(|(_, is)| all(*is))
    .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{after, components};
    use super::*;

    fn settled(pass: fn(&mut Document) -> Result<Vec<String>>, schema: Value) -> Value {
        after(pass, &mut components(json!({ "Answer": schema, "Sent": {} })), "Answer")
    }

    #[test]
    fn anything_and_nothing_have_a_form() {
        for (schema, expected) in [
            (json!(true), json!({})),
            (json!({ "properties": { "a": true, "b": false } }), json!({ "properties": { "a": {} } })),
            (json!({ "type": "array" }), json!({ "type": "array", "items": {} })),
            (
                json!({ "oneOf": [true, { "type": "string" }] }),
                json!({ "oneOf": [{}, { "type": "string" }] }),
            ),
            (
                json!({ "type": "array", "prefixItems": [{ "type": "string" }], "items": false }),
                json!({ "type": "array", "items": {}, "description": "Each place of the list has a form of its own." }),
            ),
        ] {
            assert_eq!(settled(odd_schemas, schema.clone()), expected, "{schema}");
        }
    }

    #[test]
    fn words_have_one_type_and_stand_once() {
        for (schema, expected) in [
            (json!({ "enum": [3] }), json!({ "enum": [3], "type": "integer" })),
            (json!({ "enum": ["a", "b", "a"] }), json!({ "enum": ["a", "b"], "type": "string" })),
            (json!({ "enum": [true] }), json!({ "enum": [true], "type": "boolean" })),
            (json!({ "enum": [1.5, 2] }), json!({ "enum": [1.5, 2], "type": "number" })),
            (json!({ "enum": [1, "a"] }), json!({ "description": "One of 1, \"a\"." })),
            (json!({ "enum": [], "type": "string" }), json!({ "type": "string" })),
            (
                json!({ "enum": ["a"], "type": "integer" }),
                json!({ "type": "integer", "description": "One of \"a\"." }),
            ),
        ] {
            assert_eq!(settled(enums, schema.clone()), expected, "{schema}");
        }
    }
}
