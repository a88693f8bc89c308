//! What a schema allows, without what it says about itself.

use serde_json::Value;

use super::here::HERE;
use super::roots;
use crate::document::Object;

/// Keywords that tell people something and allow or forbid nothing.
pub(super) const ANNOTATIONS: [&str; 10] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "readOnly",
    "title",
    "writeOnly",
];

/// Whether a keyword is one of them, or an extension.
#[must_use]
pub(super) fn is_annotation(key: &str) -> bool {
    ANNOTATIONS.contains(&key) || key.starts_with("x-")
}

/// Splits off the annotations of the schema itself; what it holds keeps its own.
#[must_use]
pub(super) fn split(schema: Object) -> (Object, Object) {
    schema.into_iter().partition(|(key, _)| is_annotation(key))
}

/// The schema without annotations at any depth, in one order.
#[must_use]
pub(super) fn of(schema: &Value) -> Value {
    let mut shape = schema.clone();
    roots::walk(&mut shape, &mut |inner| {
        let Some(object) = inner.as_object_mut() else { return };
        object.retain(|key, _| key == HERE || !is_annotation(key));
        for key in ["required", "type"] {
            if let Some(Value::Array(list)) = object.get_mut(key) {
                list.sort_by_key(Value::to_string);
            }
        }
    });
    shape.sort_all_objects();
    shape
}

/// Takes `null` out of the types and words that a schema allows, if something is left. Returns whether it was there.
#[must_use]
pub(super) fn take_null(schema: &mut Object) -> bool {
    let Some(Value::Array(types)) = schema.get_mut("type") else { return false };
    let before = types.len();
    types.retain(|kind| kind != "null");
    match types.as_slice() {
        _ if types.len() == before => return false,
        [] => {
            *types = vec![Value::from("null")];
            return false;
        }
        [only] => {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
        _ => {}
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    true
}

/// Whether a schema becomes a type with a name: an object with fields, or words to choose from.
#[must_use]
pub(super) fn is_type(schema: &Value) -> bool {
    let has = |key: &str| schema.get(key).and_then(Value::as_object).is_some_and(|map| !map.is_empty());
    let words = schema.get("enum").and_then(Value::as_array).is_some_and(|words| words.len() > 1);
    has("properties") || words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_has_no_words_and_no_order() {
        let one = json!({"type": "object", "description": "D.", "required": ["a", "b"], "properties": {
            "a": {"type": ["null", "string"], "x-y": 1}, "description": {"type": "string"},
        }});
        let other = json!({"type": "object", "required": ["b", "a"], "properties": {
            "a": {"type": ["string", "null"], "example": "e"}, "description": {"type": "string", "title": "T"},
        }});
        assert_eq!(of(&one), of(&other));
        assert!(of(&one)["properties"].get("description").is_some());
    }

    #[test]
    fn null_is_taken_out_where_something_is_left() {
        for (before, after, was) in [
            (json!({"type": ["object", "null"]}), json!({"type": "object"}), true),
            (
                json!({"type": ["null", "string"], "enum": ["a", null]}),
                json!({"type": "string", "enum": ["a"]}),
                true,
            ),
            (json!({"type": ["a", "b", "null"]}), json!({"type": ["a", "b"]}), true),
            (json!({"type": ["null"]}), json!({"type": ["null"]}), false),
            (json!({"type": ["string"]}), json!({"type": ["string"]}), false),
            (json!({"type": "null"}), json!({"type": "null"}), false),
            (json!({}), json!({}), false),
        ] {
            let mut schema = before.as_object().unwrap().clone();
            assert_eq!((take_null(&mut schema), Value::Object(schema)), (was, after), "{before}");
        }
    }
}
