//! Objects of responses that are one of several, and have a field that says which.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::mark;
use super::schema::{fields_of, resolved, target};
use crate::document::{Document, Object};

/// Alternatives with a `discriminator`, as an object that later passes leave alone; `None` if they are not all objects, or if
/// nobody says which value stands for one of them.
pub(super) fn marked(
    schemas: &BTreeMap<String, Value>,
    whole: &Object,
    variants: &[Value],
) -> Option<Object> {
    let discriminator = whole.get("discriminator")?;
    let field = discriminator.get("propertyName")?.as_str()?;
    if whole.contains_key("properties") || whole.contains_key("allOf") || variants.is_empty() {
        return None;
    }
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let mut values: Vec<Value> = Vec::new();
    for (index, variant) in variants.iter().enumerate() {
        let fields = fields_of(schemas, variant)?;
        let component = target(variant);
        let mapped = mapping.into_iter().flatten().filter(|(_, to)| {
            let to = to.as_str().unwrap_or_default();
            component.is_some_and(|name| to.rsplit('/').next() == Some(name))
        });
        let mut words: Vec<String> = mapped.map(|(word, _)| word.clone()).collect();
        if words.is_empty() {
            let said = fields.get(field).and_then(|schema| resolved(schemas, schema).get("enum")?.as_array());
            words = said.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        if words.is_empty() {
            words = vec![component?.to_owned()];
        }
        values.extend(words.into_iter().map(|word| json!([word, index])));
    }
    let mut marked = Object::new();
    for key in ["description", "nullable"] {
        marked.extend(whole.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    marked.insert("oneOf".to_owned(), Value::Array(variants.to_vec()));
    marked.insert(mark::TAGGED.to_owned(), json!({ "field": field, "values": values }));
    Some(marked)
}

/// The generator would take the first variant that an answer fits, and with every field optional that is the first of all. So
/// the type is written by hand: an enum by the value of the field, with one more variant for values that nobody lists.
pub(super) fn tagged(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for (name, schema) in &mut document.schemas {
        if schema.get(mark::TAGGED).is_some() {
            schema[mark::RUST_TYPE] = json!(format!("crate::generated::types::{name}"));
            places.push(name.clone());
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::super::schema::reference;
    use super::*;

    fn values(discriminator: Value, variants: Value) -> Option<Value> {
        let object = |fields: Value| json!({ "type": "object", "properties": fields });
        let schemas = BTreeMap::from([
            ("Cat".to_owned(), object(json!({ "kind": { "type": "string", "enum": ["cat"] } }))),
            ("Dog".to_owned(), object(json!({ "kind": { "type": "string" } }))),
        ]);
        let whole = json!({ "discriminator": discriminator, "oneOf": variants });
        let marked = marked(&schemas, whole.as_object().unwrap(), variants.as_array().unwrap())?;
        Some(marked[mark::TAGGED]["values"].clone())
    }

    #[test]
    fn each_variant_has_its_words() {
        let both = json!([reference("Cat"), reference("Dog")]);
        let plain = json!({ "propertyName": "kind" });
        assert_eq!(values(plain.clone(), both.clone()), Some(json!([["cat", 0], ["Dog", 1]])));
        let mapped =
            json!({ "propertyName": "kind", "mapping": { "a": "Dog", "b": "#/components/schemas/Dog" } });
        assert_eq!(values(mapped, both), Some(json!([["cat", 0], ["a", 1], ["b", 1]])));
        assert_eq!(
            values(plain.clone(), json!([{ "type": "object" }])),
            None,
            "nobody says what it is called"
        );
        assert_eq!(values(plain, json!([reference("Cat"), { "type": "string" }])), None);
    }
}
