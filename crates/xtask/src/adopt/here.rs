//! What one of several places of a type says, where that is less than the type.
//!
//! A type has the fields and words of all its places. Each place that has fewer is marked with what it lacks, so that the verdict
//! knows what was added or taken away where, and what the table says of a request is what this operation takes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::roots;
use super::shape::{is_annotation, of};
use crate::document::Object;
use crate::lower::target;

/// On a reference: what the place lacks of the type. While places are being named it is all that the place says.
///
/// `properties` has `false` for a field that is not there and the same for one that is less, `items` the same for a list; `enum`
/// has the words that are not there, `required` the fields that must be there and need not elsewhere.
pub const HERE: &str = "x-ofauth-here";

/// Turns what places say into what they lack, once all of each type is known.
pub(super) fn settle(document: &mut Value, types: &mut Object) {
    let whole = types.clone();
    let mut mark = |schema: &mut Value| {
        if schema.get(HERE).is_some() {
            let lacks = lacks(schema, &whole);
            let Some(object) = schema.as_object_mut() else { return };
            object.remove(HERE);
            object.extend(lacks.map(|lacks| (HERE.to_owned(), lacks)));
        }
    };
    roots::each(document, &mut |_, schema| roots::walk(schema, &mut mark));
    types.values_mut().for_each(|schema| roots::walk(schema, &mut mark));
}

/// What a place that refers to a type lacks of it.
fn lacks(point: &Value, types: &Object) -> Option<Value> {
    difference(types.get(target(point)?)?, point.get(HERE)?, types)
}

fn difference(whole: &Value, here: &Value, types: &Object) -> Option<Value> {
    let mut lacks = Map::new();
    let fields =
        |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let theirs = fields(here);
    let fields: Object = fields(whole)
        .into_iter()
        .filter_map(|(name, field)| match theirs.get(&name) {
            Some(other) => Some((name, difference(&field, other, types)?)),
            None => Some((name, json!(false))),
        })
        .collect();
    if !fields.is_empty() {
        lacks.insert("properties".to_owned(), Value::Object(fields));
    }
    let items = whole.get("items").zip(here.get("items"));
    if let Some(items) = items.and_then(|(whole, here)| difference(whole, here, types)) {
        lacks.insert("items".to_owned(), items);
    }
    let (words, required) = (without(whole, here, "enum"), without(here, whole, "required"));
    let lists = [("enum", words), ("required", required)].into_iter().filter(|(_, list)| !list.is_empty());
    lacks.extend(lists.map(|(key, list)| (key.to_owned(), Value::Array(list))));
    if whole.get(HERE) != here.get(HERE) {
        lacks.insert(HERE.to_owned(), self::lacks(here, types).unwrap_or_default());
    }
    (!lacks.is_empty()).then_some(Value::Object(lacks))
}

/// What stands in a list of one schema and not in that of another.
fn without(one: &Value, other: &Value, key: &str) -> Vec<Value> {
    let list = |schema: &Value| schema.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let there = list(other);
    list(one).into_iter().filter(|item| !there.contains(item)).collect()
}

/// What a place says that lacks something of its type.
#[must_use]
pub fn at(whole: &Value, lacks: &Value) -> Value {
    let mut schema = whole.clone();
    let Some(object) = schema.as_object_mut() else { return schema };
    let gone = |name: &str| lacks.pointer("/properties").and_then(|all| all.get(name)) == Some(&json!(false));
    if let Some(fields) = object.get_mut("properties").and_then(Value::as_object_mut) {
        fields.retain(|name, _| !gone(name));
        for (name, field) in fields.iter_mut() {
            if let Some(lacks) = lacks.get("properties").and_then(|all| all.get(name)) {
                *field = at(field, lacks);
            }
        }
    }
    if let (Some(items), Some(lacks)) = (object.get_mut("items"), lacks.get("items")) {
        *items = at(items, lacks);
    }
    let list = |key: &str| lacks.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(words) = object.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !list("enum").contains(word));
    }
    let required: Vec<Value> = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let kept = required.into_iter().filter(|name| !name.as_str().is_some_and(gone));
    let required: Vec<Value> = kept.chain(list("required")).collect();
    match required.is_empty() {
        true => drop(object.remove("required")),
        false => drop(object.insert("required".to_owned(), Value::Array(required))),
    }
    match lacks.get(HERE) {
        Some(Value::Null) => drop(object.remove(HERE)),
        Some(inner) => drop(object.insert(HERE.to_owned(), inner.clone())),
        None => {}
    }
    schema
}

/// Whether two schemas require the same of what both have: then a request that is right for one can be written as the other.
#[must_use]
pub(super) fn asks_alike(one: &Value, other: &Value) -> bool {
    let required = |schema: &Value| -> BTreeSet<String> {
        let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let fields = |schema: &'_ Value| schema.get("properties").and_then(Value::as_object).cloned();
    let theirs = fields(other).unwrap_or_default();
    let both = fields(one).unwrap_or_default();
    let mut both = both.iter().filter_map(|(name, field)| theirs.get(name).map(|other| (field, other)));
    let items = one.get("items").zip(other.get("items"));
    required(one) == required(other)
        && both.all(|(one, other)| asks_alike(one, other))
        && items.is_none_or(|(one, other)| asks_alike(one, other))
}

/// One schema that allows what either of two may hold, or `None` if they differ in more than fields and words.
#[must_use]
pub(super) fn united(one: &Value, other: &Value) -> Option<Value> {
    if of(one) == of(other) {
        return Some(one.clone());
    }
    let (one, other) = (one.as_object()?, other.as_object()?);
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
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
    use super::*;

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

    #[test]
    fn what_a_place_lacks_is_taken_away_again() {
        let text = json!({"type": "string"});
        let whole = json!({"type": "object", "required": ["a"], "properties": {
            "a": text, "b": {"type": "string", "enum": ["x", "y"]}, "c": {"type": "array", "items": {"properties": {"d": text, "e": text}}},
        }});
        let here = json!({"type": "object", "required": ["a", "c"], "properties": {
            "a": text, "b": {"type": "string", "enum": ["y"]}, "c": {"type": "array", "items": {"required": [], "properties": {"d": text}}},
        }});
        let lacks = difference(&whole, &here, &Object::new()).unwrap();
        let wanted = json!({
            "properties": {"b": {"enum": ["x"]}, "c": {"items": {"properties": {"e": false}}}},
            "required": ["c"],
        });
        assert_eq!(lacks, wanted);
        assert_eq!(of(&at(&whole, &lacks))["properties"]["b"], here["properties"]["b"]);
        assert_eq!(at(&whole, &lacks)["properties"]["c"]["items"]["properties"], json!({"d": text}));
        assert_eq!(at(&whole, &lacks)["required"], json!(["a", "c"]));
        assert_eq!(difference(&here, &here, &Object::new()), None);
        let gone = difference(&whole, &json!({"properties": {"b": {}}}), &Object::new()).unwrap();
        assert_eq!(at(&whole, &gone).get("required"), None);
    }
}
