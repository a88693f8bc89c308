//! Alternatives (`oneOf`, `anyOf`) in responses.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::direction::responses_mut;
use super::mark;
use super::schema::{has_properties, is_type, resolved, variants, walk};
use crate::document::{Document, Object};

/// With every field optional the first of several alternatives always fits, and what only the others have is lost. So
/// objects become one object with the fields of all; a list or a page of it becomes the page, a list or one item of it
/// becomes the list, both marked to be read from either form. Scalars of different types are left to the generator.
pub(super) fn alternatives(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    let mut failed = None;
    responses_mut(document, |name, schema| {
        walk(schema, &mut |object| {
            let Some(list) = variants(object).cloned() else { return };
            match combine(&schemas, &list) {
                Ok(Some(combined)) => {
                    let form = combined.get(mark::LISTING).and_then(Value::as_str).unwrap_or("objects");
                    places.push(format!("{name}: {form}"));
                    object.remove("oneOf");
                    object.remove("anyOf");
                    object.extend(combined);
                }
                Ok(None) => {
                    // The generator reads `anyOf` as one value that fits several variants at once.
                    if let Some(any) = object.remove("anyOf") {
                        object.insert("oneOf".to_owned(), any);
                    }
                }
                Err(error) => failed = Some(error.context(name.to_owned())),
            }
        });
    });
    failed.map_or(Ok(places), Err)
}

/// One schema for all `variants`, or `None` where they may stand as they are.
fn combine(schemas: &BTreeMap<String, Value>, variants: &[Value]) -> Result<Option<Object>> {
    let is_object = |schema: &Value| is_type(schema, "object") || has_properties(schema);
    let all: Vec<&Value> = variants.iter().map(|variant| resolved(schemas, variant)).collect();
    let objects: Vec<&Value> = all.iter().copied().filter(|schema| is_object(schema)).collect();
    let lists: Vec<&Value> = all.iter().copied().filter(|schema| is_type(schema, "array")).collect();
    if objects.is_empty() && lists.is_empty() {
        return Ok(None);
    }
    if objects.len() + lists.len() < all.len() || lists.len() > 1 {
        bail!(
            "alternatives that mix scalars with objects or lists, or lists with lists, have no common form"
        );
    }
    let union = union(&objects);
    let Some(list) = lists.first() else {
        // One that has the fields of all others keeps its name.
        let complete = variants.iter().zip(&all).find(|(variant, schema)| {
            variant.get("$ref").is_some()
                && schema
                    .get("properties")
                    .and_then(Value::as_object)
                    .is_some_and(|own| own.len() == union.len())
        });
        let named = complete.and_then(|(variant, _)| variant.as_object()).cloned();
        return Ok(Some(named.unwrap_or_else(|| object_of(union))));
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
    Ok(Some(listing))
}

/// The fields of all objects; where two have a field of the same name, the first one's.
fn union(objects: &[&Value]) -> Object {
    let mut fields = Object::new();
    for object in objects {
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            fields.entry(name.clone()).or_insert_with(|| property.clone());
        }
    }
    fields
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
    fn answer(variants: Value) -> Result<Value> {
        let mut document = components(json!({
            "Answer": { "oneOf": variants },
            "Sent": {},
            "Item": { "type": "object", "properties": { "id": { "type": "string" } } },
            "More": { "type": "object", "properties": { "id": { "type": "integer" }, "name": { "type": "string" } } },
            "Page": { "type": "object", "properties": { "list": { "type": "array", "items": reference("Item") } } },
        }));
        alternatives(&mut document)?;
        Ok(document.schemas["Answer"].clone())
    }

    #[test]
    fn objects_become_one_with_the_fields_of_all() {
        assert_eq!(
            answer(json!([reference("Item"), { "type": "object", "properties": { "name": { "type": "string" } } }])).unwrap(),
            json!({ "type": "object", "properties": { "id": { "type": "string" }, "name": { "type": "string" } } })
        );
    }

    #[test]
    fn an_object_that_has_the_fields_of_all_others_keeps_its_name() {
        let free = json!({ "type": "object", "additionalProperties": {} });
        assert_eq!(answer(json!([free, reference("More")])).unwrap(), reference("More"));
        let part = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
        assert_eq!(answer(json!([part, reference("More")])).unwrap(), reference("More"));
    }

    #[test]
    fn a_list_or_its_page_becomes_the_page() {
        let page = json!({ "list": { "type": "array", "items": reference("Item") } });
        let expected = json!({ "type": "object", "properties": page, "x-ofauth-listing": "page" });
        let list = json!({ "type": "array", "items": reference("Item") });
        assert_eq!(answer(json!([list, reference("Page")])).unwrap(), expected);
        assert_eq!(answer(json!([reference("Page"), list])).unwrap(), expected);
        // An object about which nothing is said stands for the page.
        assert_eq!(
            answer(json!([list, { "type": "object", "additionalProperties": {} }])).unwrap(),
            expected
        );
    }

    #[test]
    fn a_list_or_one_item_becomes_the_list() {
        let list = json!({ "type": "array", "items": reference("Item") });
        assert_eq!(
            answer(json!([reference("Item"), list])).unwrap(),
            json!({ "type": "object", "properties": { "list": list }, "x-ofauth-listing": "single" })
        );
    }

    #[test]
    fn scalars_stay_alternatives() {
        let variants = json!([{ "type": "boolean" }, { "type": "string" }]);
        assert_eq!(answer(variants.clone()).unwrap(), json!({ "oneOf": variants }));
    }

    #[test]
    fn a_mixture_is_an_error_that_names_the_place() {
        let error = answer(json!([reference("Item"), { "type": "string" }])).unwrap_err();
        assert!(format!("{error:#}").contains("Answer"), "{error:#}");
    }
}
