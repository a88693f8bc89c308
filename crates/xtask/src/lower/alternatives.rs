//! Alternatives (`oneOf`, `anyOf`) in responses.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::direction::responses_mut;
use super::mark;
use super::schema::{add_field, describe, fields_of, is_type, resolved, same, variants, walk};
use super::tagged;
use crate::document::{Document, Object};

/// Why a value of several forms is some JSON.
const NOTHING_IN_COMMON: &str = "Its forms have nothing in common.";

/// With every field optional the first of several alternatives always fits, and what only the others have is lost. So
/// objects become one object with the fields of all, unless a field says which of them it is; a list or a page of it becomes
/// the page, a list or one item of it becomes the list, both marked to be read from either form. Scalars of different types
/// are left to the generator, and what has nothing in common is some JSON.
pub(super) fn alternatives(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    responses_mut(document, |name, schema| {
        walk(schema, &mut |object| {
            let Some(list) = variants(object).cloned() else { return };
            if let Some(tagged) = tagged::marked(&schemas, object, &list) {
                places.push(format!("{name}: tagged"));
                object.clone_from(&tagged);
                return;
            }
            match combine(&schemas, object, &list) {
                Common::Form(combined) => {
                    let form = combined.get(mark::LISTING).and_then(Value::as_str).unwrap_or("objects");
                    places.push(format!("{name}: {form}"));
                    object.remove("oneOf");
                    object.remove("anyOf");
                    object.extend(combined);
                }
                Common::Scalars => {
                    // The generator reads `anyOf` as one value that fits several variants at once.
                    if let Some(any) = object.remove("anyOf") {
                        object.insert("oneOf".to_owned(), any);
                    }
                }
                Common::None => {
                    places.push(format!("{name}: anything"));
                    object.retain(|key, _| key == "description" || key == "nullable");
                    describe(object, NOTHING_IN_COMMON);
                }
            }
        });
    });
    for (_, schema) in document.named_schemas_mut() {
        walk(schema, &mut |object| {
            object.remove("discriminator");
        });
    }
    Ok(places)
}

/// What several forms of a value have in common.
enum Common {
    /// A form that takes all of them.
    Form(Object),
    /// They are scalars of several types.
    Scalars,
    None,
}

/// One schema for all `variants` of `whole`.
fn combine(schemas: &BTreeMap<String, Value>, whole: &Object, variants: &[Value]) -> Common {
    let all: Vec<&Value> = variants.iter().map(|variant| resolved(schemas, variant)).collect();
    let is_list = |schema: &&Value| is_type(schema, "array");
    let objects: Vec<Object> = all
        .iter()
        .filter(|schema| !is_list(schema))
        .filter_map(|schema| fields_of(schemas, schema))
        .collect();
    let mut lists: Vec<&Value> = all.iter().copied().filter(is_list).collect();
    let others = all.len().saturating_sub(objects.len() + lists.len());
    lists.dedup_by(|one, other| one.get("items") == other.get("items"));
    if objects.is_empty() && lists.is_empty() {
        return scalars(&all);
    }
    if others > 0 || lists.len() > 1 {
        return Common::None;
    }
    let beside = whole.get("properties").and_then(Value::as_object);
    let mut union = Object::new();
    for fields in beside.into_iter().chain(&objects) {
        fields.iter().for_each(|(name, field)| add_field(schemas, &mut union, name, field));
    }
    let Some(list) = lists.first() else {
        // One that has the fields of all others keeps its name.
        let complete = variants.iter().zip(&all).find(|(variant, schema)| {
            variant.get("$ref").is_some()
                && schema.get("properties").and_then(Value::as_object).is_some_and(|own| {
                    let is_it = |(name, field)| own.get(name).is_some_and(|own| same(schemas, own, field));
                    own.len() == union.len() && union.iter().all(is_it)
                })
        });
        let named =
            complete.and_then(|(variant, _)| variant.as_object()).filter(|_| beside.is_none()).cloned();
        return Common::Form(named.unwrap_or_else(|| object_of(union)));
    };
    let item = list.get("items").cloned().unwrap_or_else(|| json!({}));
    // A page, or an object about which the document says nothing, which is taken for a page.
    let (mut listing, form) = if union.contains_key("list") {
        (object_of(union), mark::PAGE)
    } else {
        let form = if union.is_empty() { mark::PAGE } else { mark::SINGLE };
        let list = Map::from_iter([("list".to_owned(), json!({ "type": "array", "items": item }))]);
        (object_of(list), form)
    };
    listing.insert(mark::LISTING.to_owned(), json!(form));
    Common::Form(listing)
}

/// Scalars of one type are that type.
fn scalars(all: &[&Value]) -> Common {
    let kind = |schema: &Value| schema.get("type").and_then(Value::as_str).map(str::to_owned);
    let kinds: Vec<Option<String>> = all.iter().map(|schema| kind(schema)).collect();
    match kinds.first() {
        Some(Some(first)) if kinds.iter().all(|kind| kind.as_ref() == Some(first)) => {
            let words: Vec<&Vec<Value>> =
                all.iter().filter_map(|schema| schema.get("enum").and_then(Value::as_array)).collect();
            let mut form = Object::from_iter([("type".to_owned(), json!(first))]);
            if words.len() == all.len() {
                let mut single: Vec<Value> = Vec::new();
                words.into_iter().flatten().for_each(|word| {
                    if !single.contains(word) {
                        single.push(word.clone());
                    }
                });
                form.insert("enum".to_owned(), Value::Array(single));
            }
            Common::Form(form)
        }
        _ if kinds.iter().all(Option::is_some) => Common::Scalars,
        _ => Common::None,
    }
}

fn object_of(properties: Object) -> Object {
    Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), Value::Object(properties)),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::schema::reference;
    use super::super::testing::components;
    use super::*;

    /// The component `Answer` with these alternatives, after the pass.
    fn answer(variants: Value) -> Value {
        let mut document = components(json!({
            "Answer": { "oneOf": variants },
            "Sent": {},
            "Item": { "type": "object", "properties": { "id": { "type": "string" } } },
            "More": { "type": "object", "properties": { "id": { "type": "integer" }, "name": { "type": "string" } } },
            "Page": { "type": "object", "properties": { "list": { "type": "array", "items": reference("Item") } } },
        }));
        alternatives(&mut document).unwrap();
        document.schemas["Answer"].clone()
    }

    #[test]
    fn objects_become_one_with_the_fields_of_all() {
        assert_eq!(
            answer(
                json!([reference("Item"), { "type": "object", "properties": { "name": { "type": "string" } } }])
            ),
            json!({ "type": "object", "properties": { "id": { "type": "string" }, "name": { "type": "string" } } })
        );
    }

    #[test]
    fn an_object_that_has_the_fields_of_all_others_keeps_its_name() {
        let free = json!({ "type": "object", "additionalProperties": {} });
        assert_eq!(answer(json!([free, reference("More")])), reference("More"));
        let part = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
        assert_eq!(answer(json!([part, reference("More")])), reference("More"));
    }

    #[test]
    fn a_list_or_its_page_becomes_the_page() {
        let page = json!({ "list": { "type": "array", "items": reference("Item") } });
        let expected = json!({ "type": "object", "properties": page, "x-ofauth-listing": "page" });
        let list = json!({ "type": "array", "items": reference("Item") });
        assert_eq!(answer(json!([list, reference("Page")])), expected);
        assert_eq!(answer(json!([reference("Page"), list])), expected);
        // An object about which nothing is said stands for the page.
        assert_eq!(answer(json!([list, { "type": "object", "additionalProperties": {} }])), expected);
    }

    #[test]
    fn a_list_or_one_item_becomes_the_list() {
        let list = json!({ "type": "array", "items": reference("Item") });
        assert_eq!(
            answer(json!([reference("Item"), list])),
            json!({ "type": "object", "properties": { "list": list }, "x-ofauth-listing": "single" })
        );
    }

    #[test]
    fn scalars_stay_alternatives() {
        let variants = json!([{ "type": "boolean" }, { "type": "string" }]);
        assert_eq!(answer(variants.clone()), json!({ "oneOf": variants }));
    }

    #[test]
    fn scalars_of_one_type_are_that_type() {
        let word = |word: &str| json!({ "type": "string", "enum": [word] });
        assert_eq!(
            answer(json!([word("a"), word("b"), word("a")])),
            json!({ "type": "string", "enum": ["a", "b"] })
        );
        assert_eq!(answer(json!([word("a"), { "type": "string" }])), json!({ "type": "string" }));
    }

    #[test]
    fn what_has_nothing_in_common_is_some_json() {
        let list = |kind: &str| json!({ "type": "array", "items": { "type": kind } });
        for variants in [
            json!([reference("Item"), { "type": "string" }]),
            json!([list("string"), list("integer")]),
            json!([{}, { "type": "string" }]),
        ] {
            assert_eq!(answer(variants), json!({ "description": NOTHING_IN_COMMON }));
        }
    }

    #[test]
    fn a_field_that_means_several_things_is_some_json() {
        let size = |kind: Value| json!({ "type": "object", "properties": { "size": kind, "kind": { "type": "string" } } });
        let whole = answer(json!([size(json!({ "type": "integer" })), size(json!({ "type": "string" }))]));
        assert_eq!(whole["properties"]["size"].get("type"), None);
        assert_eq!(whole["properties"]["kind"], json!({ "type": "string" }));
        let numbers = answer(json!([size(json!({ "type": "integer" })), size(json!({ "type": "number" }))]));
        assert_eq!(numbers["properties"]["size"]["type"], json!("number"));
    }
}
