//! What most places of a type say, where a document writes every schema out in its places.
//!
//! The publisher may change one of many places. The type stays what the others are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names::Names;
use super::{places, roots, shape};
use crate::document::Object;

/// By type, the schemas that its places have, with the number of places of each.
type Seen = BTreeMap<String, Vec<(Value, Value, usize)>>;

/// The schema of each type that is written out at a place.
pub(super) fn shapes(document: &Value, names: &Names, given: &Object) -> BTreeMap<String, Value> {
    let mut seen = Seen::new();
    for root in places::of(document) {
        look(&root.place, root.schema, names, &mut seen);
    }
    for (name, schema) in given {
        inside(name, schema, names, &mut seen);
    }
    let most = |schemas: Vec<(Value, Value, usize)>| {
        schemas.into_iter().reduce(|most, next| if next.2 > most.2 { next } else { most })
    };
    seen.into_iter().filter_map(|(name, schemas)| Some((name, most(schemas)?.1))).collect()
}

fn look(place: &str, schema: &Value, names: &Names, seen: &mut Seen) {
    let Some(object) = schema.as_object().filter(|object| !object.contains_key("$ref")) else { return };
    let Some(name) = names.types.get(place) else { return inside(place, schema, names, seen) };
    let (_, mut demands) = shape::split(object.clone());
    let _ = shape::take_null(&mut demands);
    let schema = Value::Object(demands);
    let (shape, schemas) = (shape::of(&schema), seen.entry(name.clone()).or_default());
    match schemas.iter_mut().find(|(there, _, _)| *there == shape) {
        Some((_, _, count)) => *count = count.saturating_add(1),
        None => schemas.push((shape, schema.clone(), 1)),
    }
    inside(name, &schema, names, seen);
}

fn inside(place: &str, schema: &Value, names: &Names, seen: &mut Seen) {
    // The walker is for changes; nothing is changed here.
    roots::inside(&mut schema.clone(), &mut |step, inner| {
        look(&format!("{place}{step}"), inner, names, seen)
    });
}
