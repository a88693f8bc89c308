//! Inline schemas at places that are new: one that is shaped like a type of ours is that type.
//!
//! Shape decides nothing else. Where two types are shaped alike it does not decide either, and a type of answers never becomes
//! one of requests, which would give it a second form under another name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::Names;
use super::places::{self, is_answer};
use super::{roots, shape};
use crate::document::Object;
use crate::lower::{reference, target};

/// Lets them share it, and returns a sentence for each.
pub(super) fn share(document: &mut Value, types: &mut Object, names: &Names) -> Vec<String> {
    let written: BTreeMap<String, String> =
        places::of(document).into_iter().map(|root| (root.written, root.place)).collect();
    let (requests, answers) = directions(document, types);
    let ours = |name: &String| names.types.values().any(|known| known == name);
    let shapes = types.iter().filter(|(name, schema)| shape::is_type(schema) && ours(name));
    let shapes: Vec<(String, Value)> =
        shapes.map(|(name, schema)| (name.clone(), shape::of(schema))).collect();
    let alike = |shape: &Value, in_answer: bool| {
        let same = if in_answer { &answers } else { &requests };
        let mut alike = shapes.iter().filter(|(name, other)| other == shape && same.contains(name));
        match (alike.next(), alike.next()) {
            (Some((name, _)), None) => Some(name.clone()),
            _ => None,
        }
    };
    let mut notes = Vec::new();
    let mut visit = |place: &str, schema: &mut Value, in_answer: bool| {
        inside(place, schema, &mut |place, schema| {
            if !shape::is_type(schema) || !names.is_new(place) {
                return;
            }
            if let Some(name) = alike(&shape::of(schema), in_answer) {
                let mut point =
                    schema.as_object().cloned().map(|object| shape::split(object).0).unwrap_or_default();
                point.extend(reference(&name).as_object().cloned().unwrap_or_default());
                *schema = Value::Object(point);
                notes.push(format!("{place} is shaped like {name}, and is that type"));
            }
        });
    };
    roots::each(document, &mut |at, schema| {
        if let Some(place) = written.get(at) {
            visit(place, schema, is_answer(place));
        }
    });
    for (name, schema) in types.iter_mut() {
        let in_answer = answers.contains(name);
        roots::inside(schema, &mut |step, inner| visit(&format!("{name}{step}"), inner, in_answer));
    }
    notes
}

/// Visits what is inside `schema` and then itself, so that a type is compared with the types in it named.
fn inside(place: &str, schema: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    roots::inside(schema, &mut |step, inner| inside(&format!("{place}{step}"), inner, visit));
    visit(place, schema);
}

/// The types that requests and that answers use.
fn directions(document: &Value, types: &Object) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut requests, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for root in places::of(document) {
        let set = if is_answer(&root.place) { &mut answers } else { &mut requests };
        let mut open = vec![root.schema.clone()];
        while let Some(mut schema) = open.pop() {
            roots::walk(&mut schema, &mut |inner| {
                if let Some(name) = target(inner)
                    && set.insert(name.to_owned())
                {
                    open.extend(types.get(name).cloned());
                }
            });
        }
    }
    (requests, answers)
}
