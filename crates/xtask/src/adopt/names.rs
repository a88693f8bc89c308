//! `openapi/names.yaml`: which places have which type.
//!
//! ```yaml
//! types:
//!   VaultMedia:
//!     - 'get /v2/access/vault/media 200.list[]'
//! inline:
//!   - 'AccountSettings.defaults'
//! derived:
//!   - AccountSettingsDefaults
//! ```
//!
//! A place begins with an operation's parameter, body or answer, or with a type, and goes on with the steps inside it. What
//! stands under `inline` is a type that the document writes out in its place, and is called by its place. What these types, and
//! the forms of requests, are called in the client stands under `derived`: no new component gets such a name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{places, roots, shape};
use crate::lower::target;

/// Where they lie.
pub const FILE: &str = "openapi/names.yaml";

/// Which places have which type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The type of each place.
    pub types: BTreeMap<String, String>,
    /// The places whose types have no name of their own.
    pub inline: BTreeSet<String>,
    /// The types of the client that no component has the name of.
    pub derived: BTreeSet<String>,
}

const HEAD: &str = "\
# Which places of the document have which type: see README.md. Written by `cargo xtask update` and `cargo xtask codegen`; a
# name may be changed by hand, and then belongs to its places.
";

impl Names {
    /// Reads the file.
    pub fn read(file: &Value) -> Result<Self> {
        let mut names = Self::default();
        for (name, places) in file.get("types").and_then(Value::as_object).into_iter().flatten() {
            for place in places.as_array().with_context(|| format!("{name} has no list of places"))? {
                let place = place.as_str().with_context(|| format!("{name}: {place} is no place"))?;
                if let Some(other) = names.types.insert(place.to_owned(), name.clone()) {
                    bail!("{place} stands under {name} and under {other}; leave one");
                }
            }
        }
        let list = |member: &str| -> Result<BTreeSet<String>> {
            let list = file.get(member).and_then(Value::as_array).into_iter().flatten();
            let text = |item: &Value| item.as_str().map(str::to_owned);
            list.map(|item| text(item).with_context(|| format!("{item} under `{member}` is no text")))
                .collect()
        };
        names.inline = list("inline")?;
        names.derived = list("derived")?;
        Ok(names)
    }

    /// Writes the file.
    #[must_use]
    pub fn write(&self) -> String {
        let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (place, name) in &self.types {
            types.entry(name).or_default().push(place);
        }
        let quoted = |place: &str| format!("'{}'", place.replace('\'', "''"));
        let mut text = HEAD.to_owned();
        // Writing to a string does not fail.
        let _ = writeln!(text, "types:{}", if types.is_empty() { " {}" } else { "" });
        for (name, places) in types {
            let _ = writeln!(text, "  {name}:");
            for place in places {
                let _ = writeln!(text, "    - {}", quoted(place));
            }
        }
        for (member, list) in [("inline", &self.inline), ("derived", &self.derived)] {
            let _ = writeln!(text, "{member}:{}", if list.is_empty() { " []" } else { "" });
            for item in list {
                let _ = writeln!(text, "  - {}", quoted(item));
            }
        }
        text
    }

    /// The same, with the names of the types that `client` has besides.
    #[must_use]
    pub fn with_types_of(mut self, client: &syn::File) -> Self {
        let types = client.items.iter().filter_map(|item| match item {
            syn::Item::Mod(module) if module.ident == "types" => Some(&module.content.as_ref()?.1),
            _ => None,
        });
        let names = types.flatten().filter_map(|item| match item {
            syn::Item::Struct(item) => Some(item.ident.to_string()),
            syn::Item::Enum(item) => Some(item.ident.to_string()),
            _ => None,
        });
        let known: BTreeSet<&str> = self.types.values().map(String::as_str).collect();
        self.derived = names.filter(|name| !known.contains(name.as_str())).collect();
        self
    }

    /// Whether nothing is known of a place.
    #[must_use]
    pub fn is_new(&self, place: &str) -> bool {
        !self.types.contains_key(place) && !self.inline.contains(place)
    }
}

/// The names that a document in our form has at its places.
#[must_use]
pub fn collect(document: &Value) -> Names {
    let mut names = Names::default();
    let mut open = Vec::new();
    for root in places::of(document) {
        look(&root.place, root.schema, &mut names, &mut open);
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        let component = document.pointer("/components/schemas").and_then(|all| all.get(&name));
        if let (Some(component), true) = (component, seen.insert(name.clone())) {
            inside(&name, component, &mut names, &mut open);
            if let Some(other) = target(component) {
                names.types.insert(name, other.to_owned());
                open.push(other.to_owned());
            }
        }
    }
    names
}

fn look(place: &str, schema: &Value, names: &mut Names, open: &mut Vec<String>) {
    if let Some(name) = target(schema) {
        names.types.insert(place.to_owned(), name.to_owned());
        open.push(name.to_owned());
        return;
    }
    if shape::is_type(schema) {
        names.inline.insert(place.to_owned());
    }
    inside(place, schema, names, open);
}

fn inside(place: &str, schema: &Value, names: &mut Names, open: &mut Vec<String>) {
    // The walker is for changes; nothing is changed here.
    roots::inside(&mut schema.clone(), &mut |step, inner| {
        look(&format!("{place}{step}"), inner, names, open)
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lower::reference;

    #[test]
    fn places_begin_with_an_operation_or_a_type() {
        let inline = json!({"type": "object", "properties": {"at": reference("At")}});
        let answer = json!({"type": "array", "items": reference("Item")});
        let document = json!({
            "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": answer}}}}}}},
            "components": {"schemas": {
                "Item": {"properties": {"self": reference("Item"), "in": inline}},
                "At": {"type": "string"},
                "Unused": {"properties": {"x": reference("At")}},
            }},
        });
        let names = collect(&document);
        let types: Vec<_> = names.types.iter().map(|(place, name)| (place.as_str(), name.as_str())).collect();
        assert_eq!(types, [("Item.in.at", "At"), ("Item.self", "Item"), ("get /a 200[]", "Item")]);
        assert_eq!(names.inline.iter().collect::<Vec<_>>(), ["Item.in"]);
        let file = serde_saphyr::from_str(&names.write()).unwrap();
        assert_eq!(Names::read(&file).unwrap(), names);
    }

    #[test]
    fn a_place_has_one_name() {
        let twice = json!({"types": {"A": ["x"], "B": ["x"]}});
        assert!(Names::read(&twice).unwrap_err().to_string().contains("leave one"));
        assert_eq!(Names::read(&json!({})).unwrap(), Names::default());
        assert_eq!(
            Names::read(&serde_saphyr::from_str(&Names::default().write()).unwrap()).unwrap(),
            Names::default()
        );
    }
}
