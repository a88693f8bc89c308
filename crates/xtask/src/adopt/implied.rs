//! Types that a document leaves unsaid where its values say them.

use serde_json::{Value, json};

use super::roots;

/// Gives a constant, or a choice of values of one kind, the type that they have.
pub(super) fn settle(document: &mut Value) {
    roots::each(document, &mut |_, schema| {
        roots::walk(schema, &mut |inner| {
            let Some(object) = inner.as_object_mut() else { return };
            if ["type", "$ref", "allOf", "anyOf", "oneOf"].iter().any(|key| object.contains_key(*key)) {
                return;
            }
            let one = object.get("const").map(std::slice::from_ref);
            let values =
                one.or_else(|| object.get("enum")?.as_array().map(Vec::as_slice)).unwrap_or_default();
            if let Some(kind) = kind(values) {
                object.insert("type".to_owned(), kind);
            }
        });
    });
}

/// The type of values of one kind, with null beside it if that is among them.
fn kind(values: &[Value]) -> Option<Value> {
    let mut kinds = values.iter().filter(|value| !value.is_null()).map(|value| match value {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        _ => None,
    });
    let first = kinds.next()??;
    let is_one = kinds.all(|kind| kind == Some(first));
    let has_null = values.iter().any(Value::is_null);
    is_one.then(|| if has_null { json!([first, "null"]) } else { json!(first) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_kind_say_their_type() {
        for (schema, wanted) in [
            (json!({"const": "v2"}), json!("string")),
            (json!({"const": 3}), json!("integer")),
            (json!({"const": true}), json!("boolean")),
            (json!({"enum": [1, 2.5]}), Value::Null),
            (json!({"enum": ["a", null]}), json!(["string", "null"])),
            (json!({"enum": ["a", 1]}), Value::Null),
            (json!({"enum": [{}]}), Value::Null),
            (json!({"enum": []}), Value::Null),
            (json!({"anyOf": [{}], "const": 1}), Value::Null),
            (json!({"type": "number", "const": 1}), json!("number")),
            (json!({}), Value::Null),
        ] {
            let mut document = json!({"components": {"schemas": {"A": schema}}});
            settle(&mut document);
            assert_eq!(document["components"]["schemas"]["A"]["type"], wanted, "{schema}");
        }
    }
}
