//! References between schemas: each points to a component, or to nothing.
//!
//! What is referred to inside another schema (`$defs`, a property) becomes a component of its own. What a document says
//! beside a `$ref` counts in OpenAPI 3.1; the older dialect that the generator reads ignores it, so it becomes an `allOf`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{roots, shape};
use crate::document::Object;
use crate::finding::Finding;
use crate::lower::{pascal, reference};

const COMPONENTS: &str = "/components/schemas/";

/// Settles every reference of the document, and reports those that lead nowhere.
pub(super) fn settle(document: &mut Value) -> Vec<Finding> {
    let mut references =
        References { root: document.clone(), names: BTreeMap::new(), open: Vec::new(), findings: Vec::new() };
    roots::each(document, &mut |place, schema| references.inside(place, schema));
    let mut components = roots::take_components(document);
    while let Some((name, mut schema)) = references.open.pop() {
        references.inside(&name, &mut schema);
        components.insert(name, schema);
    }
    roots::put_components(document, components);
    // Words or an object that others refer to are what they refer to, so that there is one type of them.
    for (pointer, name) in &references.names {
        if let Some(there) = document.pointer_mut(pointer).filter(|there| shape::is_type(there)) {
            *there = reference(name);
        }
    }
    references.findings
}

struct References {
    /// The document as it came.
    root: Value,
    /// The components that pointers into schemas became.
    names: BTreeMap<String, String>,
    /// Those of them that have not been looked into.
    open: Vec<(String, Value)>,
    findings: Vec<Finding>,
}

impl References {
    fn inside(&mut self, place: &str, schema: &mut Value) {
        roots::walk(schema, &mut |inner| {
            let Some(object) = inner.as_object_mut() else { return };
            if let Some(text) = object.get("$ref").map(|text| text.as_str().unwrap_or_default().to_owned()) {
                match self.target(&text) {
                    Ok(name) => point(object, &name),
                    Err((problem, cure)) => {
                        object.remove("$ref");
                        self.findings.push(Finding::new(place, format!("$ref {text} {problem}"), cure));
                    }
                }
            }
            object.remove("$defs");
            object.remove("definitions");
        });
    }

    /// The component that a `$ref` means, or why there is none and what to do.
    fn target(&mut self, text: &str) -> Result<String, (&'static str, &'static str)> {
        let Some(pointer) = text.strip_prefix('#') else {
            return Err((
                "leads out of the document",
                "bundle the document into one file first, for example with `redocly bundle`",
            ));
        };
        let pointer = decoded(pointer);
        if let Some(name) = pointer.strip_prefix(COMPONENTS).filter(|name| !name.contains('/')) {
            let name = name.replace("~1", "/").replace("~0", "~");
            let there = self.root.pointer("/components/schemas").and_then(|all| all.get(&name)).is_some();
            return if there { Ok(name) } else { Err(NOWHERE) };
        }
        if let Some(name) = self.names.get(&pointer) {
            return Ok(name.clone());
        }
        let schema = match self.root.pointer(&pointer) {
            Some(schema) if schema.is_object() || schema.is_boolean() => schema.clone(),
            _ => return Err(NOWHERE),
        };
        if !pointer.starts_with('/') {
            return Err(NOWHERE);
        }
        let name = self.free_name(&pointer);
        self.names.insert(pointer, name.clone());
        self.open.push((name.clone(), schema));
        Ok(name)
    }

    /// A name for what `pointer` points to: that of a `$defs` if it is free, else of all that leads there.
    fn free_name(&self, pointer: &str) -> String {
        const GRAMMAR: [&str; 9] = [
            "components",
            "schemas",
            "properties",
            "$defs",
            "definitions",
            "paths",
            "content",
            "schema",
            "responses",
        ];
        let words: Vec<String> = pointer
            .split('/')
            .filter(|word| !word.is_empty() && !GRAMMAR.contains(word))
            .map(|word| if word == "items" { "Item".to_owned() } else { pascal(&word.replace("~1", "/")) })
            .collect();
        let all = words.concat();
        let last = words.last().cloned().unwrap_or_default();
        let defined = pointer.contains("/$defs/") || pointer.contains("/definitions/");
        let taken = |name: &String| {
            name.is_empty()
                || self.names.values().any(|there| there == name)
                || self.root.pointer("/components/schemas").and_then(|there| there.get(name)).is_some()
        };
        let numbered = (2_u32..).map(|number| format!("{all}{number}"));
        let first = if defined { vec![last, all.clone()] } else { vec![all.clone()] };
        first.into_iter().chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }
}

const NOWHERE: (&str, &str) = (
    "points to nothing in the document",
    "have the publisher mend it, or write the schema there by an action in openapi/overlay.yaml",
);

/// Points `object` to a component. What else it demands stands beside in an `allOf`.
fn point(object: &mut Object, name: &str) {
    object.remove("$ref");
    let (annotations, mut demands) = shape::split(std::mem::take(object));
    let nullable = demands.remove("nullable");
    demands.remove("$defs");
    demands.remove("definitions");
    if demands.is_empty() && nullable.is_none() {
        *object = annotations;
        object.extend(reference(name).as_object().cloned().unwrap_or_default());
        return;
    }
    let mut all = vec![reference(name)];
    if !demands.is_empty() {
        all.push(Value::Object(demands));
    }
    *object = annotations;
    object.insert("allOf".to_owned(), json!(all));
    object.extend(nullable.map(|nullable| ("nullable".to_owned(), nullable)));
}

/// A fragment may be written with `%7B` for a brace.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = code.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, code, tail.get(2..)) {
            (b'%', Some(code), Some(after)) => {
                bytes.push(code);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(schemas: Value) -> (Value, Vec<Finding>) {
        let mut document = json!({"components": {"schemas": schemas}});
        let findings = settle(&mut document);
        (document["components"]["schemas"].take(), findings)
    }

    #[test]
    fn what_is_inside_a_schema_becomes_a_component() {
        let text = json!({"type": "string"});
        for (pointer, name) in [
            ("A/properties/b", "AB"),
            ("A/properties/l/items", "ALItem"),
            ("A/$defs/Part", "Part"),
            ("A/%24defs/Part", "Part"),
            ("A/$defs/B", "AB"),
        ] {
            let (schemas, findings) = settled(json!({
                "A": {
                    "properties": {"b": text, "l": {"items": text}},
                    "$defs": {"Part": text, "B": text},
                },
                "B": {"properties": {"x": {"$ref": format!("#/components/schemas/{pointer}")}}},
            }));
            assert_eq!(findings, [], "{pointer}");
            assert_eq!(schemas["B"]["properties"]["x"], reference(name));
            assert_eq!(schemas[name], text);
            assert!(schemas["A"].get("$defs").is_none());
            assert_eq!(schemas["A"]["properties"]["b"], text);
        }
    }

    #[test]
    fn words_that_others_refer_to_are_one_type() {
        let words = json!({"type": "string", "enum": ["a", "b"]});
        let (schemas, findings) = settled(json!({
            "A": {"properties": {"b": words}},
            "B": {"properties": {"x": {"$ref": "#/components/schemas/A/properties/b"}}},
        }));
        assert_eq!(findings, []);
        assert_eq!((&schemas["AB"], &schemas["A"]["properties"]["b"]), (&words, &reference("AB")));
    }

    #[test]
    fn a_definition_may_refer_to_itself_and_others() {
        let (schemas, findings) = settled(json!({"A": {
            "$ref": "#/components/schemas/A/$defs/Node",
            "$defs": {"Node": {"properties": {"next": {"$ref": "#/components/schemas/A/$defs/Node"}}}},
        }}));
        assert_eq!(findings, []);
        assert_eq!(schemas["A"], reference("Node"));
        assert_eq!(schemas["Node"]["properties"]["next"], reference("Node"));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_found_at_its_place() {
        for text in [
            "#/components/schemas/Gone",
            "#/components/schemas/A/properties/gone",
            "other.yaml#/A",
            "#anchor",
            "#",
            "",
        ] {
            let (schemas, findings) = settled(json!({"A": {"properties": {"b": {"$ref": text}}}}));
            assert_eq!(findings.len(), 1, "{text}");
            assert_eq!(findings[0].place, "A");
            assert!(findings[0].problem.contains(text), "{findings:?}");
            assert_eq!(schemas["A"]["properties"]["b"], json!({}));
        }
    }

    #[test]
    fn what_stands_beside_a_reference_counts() {
        let beside = |more: Value| {
            let mut schema = reference("B");
            schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            settled(json!({"A": schema, "B": {"type": "object"}})).0["A"].take()
        };
        assert_eq!(
            beside(json!({"description": "D.", "default": 1})),
            json!({"$ref": "#/components/schemas/B", "description": "D.", "default": 1})
        );
        assert_eq!(
            beside(json!({"description": "D.", "required": ["a"]})),
            json!({"allOf": [reference("B"), {"required": ["a"]}], "description": "D."})
        );
        assert_eq!(beside(json!({"nullable": true})), json!({"allOf": [reference("B")], "nullable": true}));
    }

    #[test]
    fn a_property_called_ref_is_no_reference() {
        let schemas = json!({"A": {"properties": {"$ref": {"type": "string"}}, "example": {"$ref": "x"}}});
        assert_eq!(settled(schemas.clone()), (schemas, Vec::new()));
    }
}
