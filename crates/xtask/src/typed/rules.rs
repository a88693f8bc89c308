//! What has no typed method, by rules that can say why.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{Document, Operation, Parameter, Style};
use crate::lower::resolved;

/// Why an operation has no typed method, if a rule knows.
pub(super) fn reason(document: &Document, operation: &Operation) -> Option<String> {
    path(operation)
        .or_else(|| operation.parameters.iter().find_map(|parameter| parameter_of(document, parameter)))
}

/// What is wrong with the parameters as a whole.
fn path(operation: &Operation) -> Option<String> {
    let in_template = template(&operation.path);
    let mut declared = BTreeSet::new();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == "path") {
        if !in_template.contains(&parameter.name) {
            return Some(format!("the path has no place for the parameter {}", parameter.name));
        }
        declared.insert(parameter.name.clone());
    }
    if let Some(name) = in_template.iter().find(|name| !declared.contains(*name)) {
        return Some(format!("the parameter {name} of the path is not described"));
    }
    let mut names = BTreeSet::new();
    let twice = operation.parameters.iter().find(|parameter| !names.insert(parameter.name.as_str()));
    twice.map(|parameter| format!("two parameters have the name {}", parameter.name))
}

/// The names in braces of a path.
fn template(path: &str) -> Vec<String> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn parameter_of(document: &Document, parameter: &Parameter) -> Option<String> {
    let name = &parameter.name;
    let style = parameter.style();
    if style == Style::Other {
        let style = parameter.style.as_deref().or(parameter.content.as_deref()).unwrap_or_default();
        return Some(format!(
            "the {} parameter {name} has the style {style}, which nothing here writes",
            parameter.place
        ));
    }
    if style == Style::Json {
        return None;
    }
    let schema = resolved(&document.schemas, &parameter.schema);
    let is_plain = |schema: &Value| is_plain(document, schema, 0);
    let inside = match kind(schema) {
        Some("array") => schema.get("items").into_iter().collect::<Vec<_>>(),
        Some("object") => {
            let named =
                schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(_, it)| it);
            named.chain(schema.get("additionalProperties")).collect()
        }
        _ => return None,
    };
    let is_deep = !inside.into_iter().all(is_plain);
    is_deep.then(|| {
        format!("the parameter {name} holds lists or objects, and OpenAPI does not say how to write those")
    })
}

/// Whether a value is one text on the wire.
fn is_plain(document: &Document, schema: &Value, depth: usize) -> bool {
    // References in alternatives may form a circle.
    if depth > 16 {
        return false;
    }
    let schema = resolved(&document.schemas, schema);
    if matches!(kind(schema), Some("array" | "object")) {
        return false;
    }
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(*key)?.as_array()).flatten();
    parts.into_iter().all(|part| is_plain(document, part, depth + 1))
}

/// The one type of a schema beside null, or what its members say of it.
fn kind(schema: &Value) -> Option<&str> {
    let of_type = match schema.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names
                .iter()
                .copied()
                .find(|name| ["array", "object"].contains(name))
                .or_else(|| names.first().copied())
        }
        _ => None,
    };
    of_type
        .or_else(|| schema.get("properties").map(|_| "object"))
        .or_else(|| schema.get("items").map(|_| "array"))
}
