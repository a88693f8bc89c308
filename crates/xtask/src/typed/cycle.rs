//! Finds components that are nothing but themselves, which would keep the generator busy until its stack is full.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::document::Document;
use crate::lower::target;

/// An error if a component is made of itself by references and alternatives alone, with no field or list in between.
pub(super) fn check(document: &Document) -> Result<()> {
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
