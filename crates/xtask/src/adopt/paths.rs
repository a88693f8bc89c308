//! Paths: what a `$ref` of one points to, and parameters with a colon in place of braces.

use serde_json::Value;

use crate::document::{Object, methods};
use crate::finding::Finding;

/// More `$ref`s in a row than this are a circle.
const CHAIN: usize = 16;

/// Puts what a path's `$ref` points to in its place; what stands beside it wins. The shared path items go.
pub(super) fn path_items(document: &mut Value) -> Vec<Finding> {
    let root = document.clone();
    let mut findings = Vec::new();
    for section in ["paths", "webhooks"] {
        let items = document.get_mut(section).and_then(Value::as_object_mut);
        for (path, item) in items.into_iter().flatten() {
            for _ in 0..CHAIN {
                let Some(reference) = item.get("$ref").and_then(Value::as_str).map(str::to_owned) else {
                    break;
                };
                if let Some(object) = item.as_object_mut() {
                    object.remove("$ref");
                }
                let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
                match (target, item.as_object_mut()) {
                    (Some(Value::Object(target)), Some(object)) => {
                        for (key, value) in target {
                            object.entry(key.clone()).or_insert_with(|| value.clone());
                        }
                    }
                    _ => findings.push(Finding::new(
                        path.clone(),
                        format!("$ref {reference} points to no path item of this document"),
                        "bundle the document into one file, or have the publisher write the path out",
                    )),
                }
            }
            if item.get("$ref").is_some() {
                findings.push(Finding::new(
                    path.clone(),
                    "its $ref leads back to itself",
                    "have the publisher write the path out",
                ));
            }
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.remove("pathItems");
    }
    findings
}

/// Writes `/posts/:postId` as `/posts/{postId}`. Two paths that are one then become one.
pub(super) fn braces(document: &mut Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return findings };
    let mut renamed = Object::new();
    // An extension is none.
    for (path, item) in std::mem::take(paths).into_iter().filter(|(path, _)| !path.starts_with("x-")) {
        let name = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        match renamed.get_mut(&name) {
            None => {
                renamed.insert(name, item);
            }
            Some(first) => findings.extend(join(&name, first, item)),
        }
    }
    *paths = renamed;
    findings
}

/// `:postId` becomes `{postId}`; what is glued to it, such as `.json`, stays. A colon elsewhere is part of the text.
fn segment(text: &str) -> String {
    let Some(rest) = text.strip_prefix(':') else { return text.to_owned() };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    match rest.split_at_checked(end) {
        Some((name, glued)) if !name.is_empty() && !glued.starts_with(['(', '?', '*', '+']) => {
            format!("{{{name}}}{glued}")
        }
        _ => text.to_owned(),
    }
}

/// Adds the members of a path item to those of another with the same path.
fn join(path: &str, first: &mut Value, second: Value) -> Vec<Finding> {
    let (Some(first), Value::Object(second)) = (first.as_object_mut(), second) else { return Vec::new() };
    let mut findings = Vec::new();
    for (key, value) in second {
        if first.get(&key).is_some_and(|there| *there != value) {
            let what = if methods().any(|method| method == key) { "operation" } else { "member" };
            findings.push(Finding::new(
                path,
                format!("the path stands twice, with a colon and with braces, and each has the {what} {key}"),
                "remove one of them from the document",
            ));
        } else {
            first.insert(key, value);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn colons_become_braces_where_a_parameter_begins() {
        for (before, after) in [
            ("/a/:id", "/a/{id}"),
            ("/a/:id/b/:other_id", "/a/{id}/b/{other_id}"),
            ("/a/:id.json", "/a/{id}.json"),
            ("/a/{id}:cancel", "/a/{id}:cancel"),
            ("/a/b:c", "/a/b:c"),
            ("/a/:", "/a/:"),
            ("/a/:id(\\d+)", "/a/:id(\\d+)"),
            ("/a/:id?", "/a/:id?"),
            ("/a/{id}", "/a/{id}"),
        ] {
            let mut document = json!({"paths": {before: {"get": {}}}});
            assert_eq!(braces(&mut document), []);
            assert_eq!(document["paths"], json!({after: {"get": {}}}), "{before}");
        }
    }

    #[test]
    fn an_extension_is_no_path() {
        let mut document = json!({"paths": {"x-note": {"get": {}}, "/a": {"get": {}}}});
        assert_eq!(braces(&mut document), []);
        assert_eq!(document["paths"], json!({"/a": {"get": {}}}));
    }

    #[test]
    fn one_path_in_two_forms_becomes_one() {
        let mut document = json!({"paths": {"/a/:id": {"get": {}}, "/a/{id}": {"post": {}}}});
        assert_eq!(braces(&mut document), []);
        assert_eq!(document["paths"], json!({"/a/{id}": {"get": {}, "post": {}}}));
        let mut document = json!({"paths": {"/a/:id": {"get": {"x": 1}}, "/a/{id}": {"get": {}}}});
        assert_eq!(braces(&mut document).len(), 1);
    }

    #[test]
    fn a_path_item_by_reference_is_written_out() {
        let mut document = json!({
            "paths": {"/a": {"$ref": "#/components/pathItems/A", "summary": "own"}, "/b": {"$ref": "#/paths/~1a"}},
            "components": {"pathItems": {"A": {"get": {"x": 1}, "summary": "shared"}}},
        });
        assert_eq!(path_items(&mut document), []);
        assert_eq!(document["paths"]["/a"], json!({"get": {"x": 1}, "summary": "own"}));
        assert_eq!(document["paths"]["/b"], json!({"get": {"x": 1}, "summary": "own"}));
        for reference in ["other.yaml#/a", "#/components/pathItems/Gone", "#/paths/~1a"] {
            let mut document = json!({"paths": {"/a": {"$ref": reference}}});
            let findings = path_items(&mut document);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].place, "/a");
        }
    }
}
