//! What a schema allows, without what it says about itself.

use serde_json::{Map, Value};

use super::roots;
use crate::document::Object;
use crate::lower::target;

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

/// The one object that an `allOf` of objects comes to, as a document says what it adds to a type; `None` for anything else.
#[must_use]
pub(super) fn flat(schema: &Value, types: &Object) -> Option<Value> {
    let parts = schema.get("allOf")?.as_array()?;
    let mut own = schema.as_object()?.clone();
    own.remove("allOf");
    let parts = parts.iter().map(|part| match target(part) {
        Some(name) => types.get(name)?.as_object().cloned(),
        None => part.as_object().cloned(),
    });
    let parts: Vec<Object> = parts.chain([Some(own)]).collect::<Option<_>>()?;
    let (mut fields, mut required) = (Map::new(), Vec::new());
    for part in parts.iter().flatten() {
        match part {
            (key, Value::Object(properties)) if key == "properties" => {
                let is_new = |(name, field): (&String, &Value)| {
                    fields.get(name).is_none_or(|known| of(known) == of(field))
                };
                if !properties.iter().all(is_new) {
                    return None;
                }
                fields.extend(properties.clone());
            }
            (key, Value::Array(names)) if key == "required" => required.extend(names.iter().cloned()),
            (key, kind) if key == "type" && *kind == "object" => {}
            (key, _) if is_annotation(key) => {}
            _ => return None,
        }
    }
    let mut flat = Map::from_iter([("type".to_owned(), Value::from("object"))]);
    flat.insert("properties".to_owned(), Value::Object(fields));
    if !required.is_empty() {
        flat.insert("required".to_owned(), Value::Array(required));
    }
    Some(Value::Object(flat))
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

    #[test]
    fn what_is_added_to_a_type_is_one_object_with_it() {
        let text = json!({"type": "string"});
        let types = json!({
            "Thing": {"type": "object", "required": ["a"], "properties": {"a": text}},
            "Words": {"type": "string", "enum": ["a"]},
        });
        let thing = crate::lower::reference("Thing");
        let flat = |parts: Value| flat(&json!({"allOf": parts}), types.as_object().unwrap());
        assert_eq!(
            flat(json!([thing, {"properties": {"b": text}, "description": "D."}])),
            Some(json!({"type": "object", "required": ["a"], "properties": {"a": text, "b": text}}))
        );
        for other in [
            json!([thing, {"properties": {"a": {"type": "integer"}}}]),
            json!([thing, {"additionalProperties": false}]),
            json!([crate::lower::reference("Words"), {"properties": {"b": text}}]),
            json!([crate::lower::reference("Gone")]),
        ] {
            assert_eq!(flat(other), None);
        }
    }
}
