//! What the document says of the parameters of operations: the connection header, and the kinds of the others.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::document::{Document, Operation, Parameter};
use crate::lower::{CONNECTION_HEADER, is_id_name, resolved};

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
pub(super) fn kind(document: &Document, parameter: &Parameter) -> Result<Kind> {
    let schema = resolved(&document.schemas, &parameter.schema);
    let types = types(schema);
    let items = schema.get("items").map(|items| resolved(&document.schemas, items));
    let values = schema.get("enum").or_else(|| items?.get("enum")).and_then(Value::as_array);
    let values = values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let name = match types.as_slice() {
        ["string"] if parameter.place != "header" && is_id_name(&parameter.name, "") => "id",
        ["string"] => "string",
        ["integer"] => "integer",
        ["number"] => "number",
        ["boolean"] => "boolean",
        ["array"] => "array",
        ["object"] => "object",
        several if several.contains(&"array") => "array",
        ["integer" | "number", "string"] | ["string", "integer" | "number"] => "id",
        other => bail!(
            "the parameter {} has the types {other:?}, which is none of the kinds known",
            parameter.name
        ),
    };
    Ok(Kind { name, values })
}

/// The types that a schema allows, null left out.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    let mut found: Vec<&str> = match (schema.get("type"), alternatives) {
        (Some(Value::String(name)), _) => vec![name],
        (Some(Value::Array(names)), _) => names.iter().filter_map(Value::as_str).collect(),
        (_, Some(variants)) => variants.iter().flat_map(types).collect(),
        _ => Vec::new(),
    };
    found.retain(|name| *name != "null");
    found
}
