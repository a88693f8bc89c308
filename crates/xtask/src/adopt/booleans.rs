//! Schemas that are `true` or `false`: anything, and nothing.

use serde_json::{Value, json};

use super::roots;
use crate::document::Object;

/// Writes boolean schemas as what they mean. Where a keyword means the same without one, it goes: a property or an
/// alternative that nothing satisfies, items behind `prefixItems`. `additionalProperties` says with a boolean what it says,
/// and keeps it.
pub(super) fn settle(document: &mut Value) {
    roots::each(document, &mut |_, schema| {
        roots::walk(schema, &mut |inner| {
            if let Some(object) = inner.as_object_mut() {
                inside(object);
            }
        });
        anything_or_nothing(schema);
    });
}

fn inside(object: &mut Object) {
    for key in roots::MAP {
        if let Some(Value::Object(map)) = object.get_mut(key) {
            map.retain(|_, schema| *schema != json!(false));
            map.values_mut().for_each(anything_or_nothing);
        }
    }
    for key in roots::LIST {
        let Some(Value::Array(list)) = object.get_mut(key) else { continue };
        if key == "anyOf" || key == "oneOf" {
            list.retain(|schema| *schema != json!(false));
        }
        list.iter_mut().for_each(anything_or_nothing);
    }
    for key in roots::ONE.into_iter().filter(|key| !key.starts_with("additional")) {
        match object.get_mut(key) {
            Some(Value::Bool(false)) if key.ends_with("tems") || key.ends_with("Properties") => {
                object.remove(key);
            }
            Some(value) => anything_or_nothing(value),
            None => {}
        }
    }
}

fn anything_or_nothing(schema: &mut Value) {
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({ "not": {} }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boolean_becomes_what_it_means() {
        for (before, after) in [
            (json!(true), json!({})),
            (json!(false), json!({"not": {}})),
            (json!({"properties": {"a": true, "b": false}}), json!({"properties": {"a": {}}})),
            (json!({"type": "array", "items": true}), json!({"type": "array", "items": {}})),
            (
                json!({"type": "array", "prefixItems": [true], "items": false}),
                json!({"type": "array", "prefixItems": [{}]}),
            ),
            (json!({"anyOf": [false, {"type": "string"}]}), json!({"anyOf": [{"type": "string"}]})),
            (json!({"additionalProperties": false}), json!({"additionalProperties": false})),
            (json!({"additionalProperties": true}), json!({"additionalProperties": true})),
            (json!({"default": true, "const": false}), json!({"default": true, "const": false})),
            (
                json!({"properties": {"items": {"items": true}}}),
                json!({"properties": {"items": {"items": {}}}}),
            ),
        ] {
            let mut document = json!({"components": {"schemas": {"A": before}}});
            settle(&mut document);
            assert_eq!(document["components"]["schemas"]["A"], after);
        }
    }
}
