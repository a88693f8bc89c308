//! Checks what operations answer: that alternatives have a common form, and that a success can be told from its JSON.

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::schema::SchemaSite;
use crate::finding::Finding;
use crate::overlay::Action;
use crate::site::{allows, resolve};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    context
        .schemas
        .iter()
        .filter(|site| site.answered)
        .filter_map(|site| alternatives(context, site))
        .collect()
}

/// Objects become one object, a list and its page the page; a mixture has no form in which nothing is lost.
fn alternatives(context: &Context<'_>, site: &SchemaSite<'_>) -> Option<Finding> {
    let key = ["oneOf", "anyOf"].into_iter().find(|key| site.schema.get(*key).is_some());
    let (written, kinds): (&str, Vec<&str>) = match key {
        Some(key) => {
            let all = site.schema.get(key)?.as_array()?;
            let known = all.iter().filter_map(|variant| kind(resolve(context.root, variant)?));
            (key, known.filter(|kind| *kind != "null").collect())
        }
        None => {
            let types = site.schema.get("type")?.as_array()?;
            ("type", types.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect())
        }
    };
    let count = |name: &str| kinds.iter().filter(|kind| **kind == name).count();
    let (objects, lists) = (count("object"), count("array"));
    let both = objects.saturating_add(lists);
    // Two types in a list of types cannot be told apart by their fields.
    let mixed = both > 0 && (both < kinds.len() || lists > 1);
    if !mixed {
        return None;
    }
    let why = "It may be several things that have no common form.";
    let cure = overlay(&[
        Action::remove(&site.to(&[written]), why),
        Action::update(&site.steps, json!({"description": "One of several forms."}), ""),
    ]);
    let problem = format!("its alternatives ({}) have no common form", kinds.join(", "));
    Some(Finding::new(&site.place, problem, cure))
}

/// The kind of value that an alternative is.
fn kind(schema: &Value) -> Option<&str> {
    if allows(schema, "object") || schema.get("properties").is_some_and(Value::is_object) {
        return Some("object");
    }
    match schema.get("type") {
        Some(Value::String(name)) => Some(name),
        // A scalar of several types, as far as it matters here.
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => {
            let inner = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
            let all_objects =
                inner.is_some_and(|all| all.iter().all(|schema| kind(schema) == Some("object")));
            Some(if all_objects { "object" } else { "open" })
        }
    }
}
