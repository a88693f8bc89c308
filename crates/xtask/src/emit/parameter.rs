//! What the document says of the parameters of operations: the connection header, and the kinds of the others.

use serde_json::Value;

use crate::document::{Document, Operation, Parameter, Style};
use crate::lower::{CONNECTION_HEADER, is_id_name, is_object, resolved};

/// Whether an operation acts on a connection, as a variant of the table's `Connection`.
pub(super) fn connection(operation: &Operation) -> &'static str {
    match operation.parameters.iter().find(|parameter| is_connection(parameter)) {
        None => "None",
        Some(parameter) if parameter.required => "Required",
        Some(_) => "Optional",
    }
}

pub(super) fn is_connection(parameter: &Parameter) -> bool {
    parameter.place == "header" && parameter.name.eq_ignore_ascii_case(CONNECTION_HEADER)
}

/// The kind of value that a parameter takes, and the values that the document lists for it.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
}

/// What kind of value a parameter takes.
pub(super) fn kind(document: &Document, parameter: &Parameter) -> Kind {
    let schema = resolved(&document.schemas, &parameter.schema);
    let types = types(document, schema, 0);
    let items = schema.get("items").map(|items| resolved(&document.schemas, items));
    let values = schema.get("enum").or_else(|| items?.get("enum")).and_then(Value::as_array);
    let mut values: Vec<String> =
        values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let constant = schema.get("const").or_else(|| items?.get("const")).and_then(Value::as_str);
    values.extend(constant.filter(|_| values.is_empty()).map(str::to_owned));
    let name = match types.as_slice() {
        _ if parameter.style() == Style::Json => "json",
        _ if is_object(&document.schemas, parameter) => "object",
        ["string"] if parameter.place != "header" && is_id_name(&parameter.name, "") => "id",
        ["string"] => "string",
        ["integer"] => "integer",
        ["number"] => "number",
        ["boolean"] => "boolean",
        ["array"] => "array",
        ["object"] => "object",
        several if several.contains(&"array") => "array",
        ["integer" | "number", "string"] | ["string", "integer" | "number"] => "id",
        // Whatever else it may be, on the wire it is a text.
        _ => "string",
    };
    // The words of one of several types are not all that it takes.
    if name == "json" || types.len() > 1 && name == "string" {
        values.clear();
    }
    Kind { name, values }
}

/// The variant of `Style` for how a parameter is written.
pub(super) fn style(document: &Document, parameter: &Parameter) -> &'static str {
    match parameter.style() {
        Style::Repeated => "Repeated",
        Style::Commas => "Commas",
        // Values are written alike, whether they stand on their own or not; fields are not.
        Style::Fields if !is_object(&document.schemas, parameter) => "Commas",
        Style::Fields => "Fields",
        Style::Spaces => "Spaces",
        Style::Pipes => "Pipes",
        Style::DeepObject => "DeepObject",
        Style::Json => "Json",
        Style::Other => "Other",
    }
}

/// The types that a schema allows, null left out.
fn types<'a>(document: &'a Document, schema: &'a Value, depth: usize) -> Vec<&'a str> {
    // Nobody nests as deep, and a circle has no end.
    if depth > 8 {
        return Vec::new();
    }
    let schema = resolved(&document.schemas, schema);
    let parts = ["oneOf", "anyOf", "allOf"].iter().find_map(|key| schema.get(*key)?.as_array());
    let mut found: Vec<&str> = match (schema.get("type"), parts) {
        (Some(Value::String(name)), _) => vec![name],
        (Some(Value::Array(names)), _) => names.iter().filter_map(Value::as_str).collect(),
        (_, Some(parts)) => parts.iter().flat_map(|part| types(document, part, depth + 1)).collect(),
        _ => Vec::new(),
    };
    found.retain(|name| *name != "null");
    found.dedup();
    found
}
