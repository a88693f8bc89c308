//! What a schema allows, without what it says about itself.

use serde_json::{Map, Value};

use super::roots;
use crate::document::Object;

/// On a reference in an answer: what the place itself says, where it is less or more than the type that it shares.
pub const HERE: &str = "x-ofauth-here";

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

/// One schema that allows what either of two answers may hold, or `None` if they differ in more than fields and words.
#[must_use]
pub(super) fn united(one: &Value, other: &Value) -> Option<Value> {
    if of(one) == of(other) {
        return Some(one.clone());
    }
    let (one, other) = (one.as_object()?, other.as_object()?);
    let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let mut result = Map::new();
    for key in keys.into_iter().filter(|key| *key != HERE) {
        let value = match (one.get(key), other.get(key)) {
            (Some(Value::Object(mine)), Some(Value::Object(theirs))) if key == "properties" => {
                Value::Object(united_fields(mine, theirs)?)
            }
            (Some(mine), Some(theirs)) if key == "items" => united(mine, theirs)?,
            (Some(Value::Array(mine)), Some(Value::Array(theirs))) if key == "enum" => {
                let new = theirs.iter().filter(|word| !mine.contains(word));
                Value::Array(mine.iter().chain(new).cloned().collect())
            }
            (mine, theirs) if key == "required" => {
                let list =
                    |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
                let (mine, theirs) = (list(mine), list(theirs));
                let both: Vec<Value> = mine.into_iter().filter(|name| theirs.contains(name)).collect();
                if both.is_empty() {
                    continue;
                }
                Value::Array(both)
            }
            (Some(mine), Some(theirs)) if mine == theirs || is_annotation(key) => mine.clone(),
            (Some(value), None) | (None, Some(value)) if is_annotation(key) => value.clone(),
            _ => return None,
        };
        result.insert(key.clone(), value);
    }
    Some(Value::Object(result))
}

fn united_fields(mine: &Object, theirs: &Object) -> Option<Object> {
    let mut fields = mine.clone();
    for (name, field) in theirs {
        let field = match mine.get(name) {
            Some(mine) => united(mine, field)?,
            None => field.clone(),
        };
        fields.insert(name.clone(), field);
    }
    Some(fields)
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

    #[test]
    fn answers_that_differ_in_fields_and_words_have_one_schema() {
        let one = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
        let other = json!({"type": "object", "required": ["a", "b"], "properties": {
            "a": {"type": "string", "description": "D."}, "b": {"enum": ["x"]},
        }});
        assert_eq!(
            united(&one, &other),
            Some(json!({"type": "object", "required": ["a"], "properties": {
                "a": {"type": "string"}, "b": {"enum": ["x"]},
            }}))
        );
        let words = |words: Value| json!({"type": "string", "enum": words});
        assert_eq!(united(&words(json!(["a"])), &words(json!(["b"]))), Some(words(json!(["a", "b"]))));
        let retyped = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        assert_eq!(united(&one, &retyped), None);
        let limited = json!({"type": "string", "maxLength": 3});
        assert_eq!(united(&json!({"type": "string"}), &limited), None);
    }
}
