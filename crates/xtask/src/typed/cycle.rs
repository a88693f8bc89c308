//! Finds components that are nothing but themselves, and objects without a name that contain themselves. Both would keep the
//! generator busy until its stack is full.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::document::Document;
use crate::lower::target;

/// An error if the document has such a thing.
pub(super) fn check(document: &Document) -> Result<()> {
    made_of_themselves(document)?;
    without_an_end(document)
}

/// An error if a component is made of itself by references and alternatives alone, with no field or list in between.
fn made_of_themselves(document: &Document) -> Result<()> {
    // 0: not seen, 1: being looked at, 2: done.
    let mut seen: BTreeMap<&str, u8> = BTreeMap::new();
    for name in document.schemas.keys() {
        // The components to look at; `None` is the end of the innermost open one.
        let mut open: Vec<(&str, bool)> = vec![(name, false)];
        while let Some((name, is_end)) = open.pop() {
            if is_end {
                seen.insert(name, 2);
                continue;
            }
            match seen.get(name) {
                Some(2) => continue,
                Some(_) => bail!("the component {name} is made of itself: give it a form of its own"),
                None => {}
            }
            seen.insert(name, 1);
            open.push((name, true));
            let Some(schema) = document.schemas.get(name) else { continue };
            let mut parts = Vec::new();
            parts_of(schema, &mut parts);
            for part in parts {
                if seen.get(part) == Some(&1) {
                    bail!("the component {part} is made of itself: give it a form of its own");
                }
                open.push((part, false));
            }
        }
    }
    Ok(())
}

/// The components that a schema is, all or one of them.
fn parts_of<'a>(schema: &'a Value, parts: &mut Vec<&'a str>) {
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        parts.extend(target(schema));
        for key in ["allOf", "oneOf", "anyOf"] {
            open.extend(schema.get(key).and_then(Value::as_array).into_iter().flatten());
        }
        open.extend(schema.get("not"));
    }
}

/// An error if an object that is put together at its place (`allOf` of several) is found again among the fields that it gets:
/// a type with a name would be referred to, and one without is written out again and again.
fn without_an_end(document: &Document) -> Result<()> {
    let unions: BTreeMap<&str, Vec<&Value>> =
        document.schemas.iter().map(|(name, schema)| (name.as_str(), unions_in(schema))).collect();
    for (name, own) in &unions {
        for union in own {
            let mut seen = BTreeSet::new();
            let mut open = components_of(document, union);
            while let Some(part) = open.pop() {
                if part == *name {
                    bail!(
                        "a field of {name} is {name} and more: give that a name of its own, as a component"
                    );
                }
                if seen.insert(part) {
                    let inside = unions.get(part).into_iter().flatten();
                    open.extend(inside.flat_map(|union| components_of(document, union)));
                }
            }
        }
    }
    Ok(())
}

/// Every `allOf` of several in the fields, lists and maps of a schema, but not itself: that has the name of the component.
fn unions_in(schema: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let parts =
            ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(*key)?.as_array()).flatten();
        let inner = ["items", "additionalProperties"].iter().filter_map(|key| schema.get(*key));
        let inner: Vec<&Value> = fields.map(|(_, field)| field).chain(inner).collect();
        found.extend(inner.iter().filter(|inner| is_union(inner)));
        open.extend(inner.into_iter().chain(parts));
    }
    found
}

/// Whether a schema is several things at once.
fn is_union(schema: &Value) -> bool {
    let says =
        |part: &&Value| part.as_object().is_some_and(|part| part.keys().any(|key| key != "description"));
    schema.get("allOf").and_then(Value::as_array).is_some_and(|parts| parts.iter().filter(says).count() > 1)
}

/// The components whose fields a schema gets.
fn components_of<'a>(document: &'a Document, schema: &'a Value) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    parts_of(schema, &mut open);
    while let Some(name) = open.pop() {
        if !found.contains(&name) {
            found.push(name);
            document.schemas.get(name).into_iter().for_each(|part| parts_of(part, &mut open));
        }
    }
    found
}
