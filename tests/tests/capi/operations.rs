//! What C programs include that is generated from the API: a call of every operation, with the least that the document
//! asks for.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::LazyLock;

use ofauth::operation::{Body, Kind, Operation, Parameter};
use serde_json::{Map, Value, json};

use crate::cases::literal;

/// A value of the kind that a parameter wants: of ids that of everything that the sandbox begins with.
fn value(parameter: &Parameter) -> Value {
    match parameter.kind {
        _ if parameter.name.ends_with("Id") => "12345".into(),
        Kind::Integer | Kind::Id => 7.into(),
        Kind::Number => 1.5.into(),
        Kind::Boolean => true.into(),
        Kind::Object => json!({}),
        Kind::Array | Kind::String => (*parameter.values.first().unwrap_or(&"text")).into(),
        other => panic!("{other:?}"),
    }
}

/// A schema itself, where there may be a reference to one.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(document, document.pointer(reference.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// The least that a schema takes: of objects what is required, of arrays one item.
fn least(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(value) = schema["enum"].get(0).or(schema.get("const")) {
        return value.clone();
    }
    if let Some(first) = ["anyOf", "oneOf"].iter().find_map(|of| schema[of].get(0)) {
        return least(document, first);
    }
    if let Some(all) = schema["allOf"].as_array() {
        let objects = all.iter().filter_map(|part| least(document, part).as_object().cloned());
        return Value::Object(objects.flatten().collect());
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match kind {
        Some("object") | None => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let field = |name: &str| (name.to_owned(), least(document, &schema["properties"][name]));
            Value::Object(required.map(field).collect())
        }
        Some("array") if schema["items"]["minimum"] == 1 => json!([12345]),
        Some("array") => json!([least(document, &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(7.into()),
        Some("boolean") => true.into(),
        Some(_) if schema["format"] == "date-time" => "2030-01-02T03:04:05Z".into(),
        Some(_) => "text".into(),
    }
}

/// The JSON body of an operation.
fn body(document: &Value, id: &str) -> Value {
    let methods = document["paths"].as_object().unwrap().values().filter_map(Value::as_object);
    let operation = methods.flat_map(Map::values).find(|operation| operation["operationId"] == id).unwrap();
    let body = resolved(document, &operation["requestBody"]);
    least(document, &body["content"]["application/json"]["schema"])
}

fn operation(document: &Value, operation: &Operation) -> String {
    let required = operation.parameters.iter().filter(|parameter| parameter.required);
    let values = required.map(|parameter| (parameter.name.to_owned(), value(parameter))).collect();
    let (body, content_type) = match operation.body {
        Body::None | Body::OptionalJson => ("NULL".to_owned(), "NULL"),
        Body::Json => (literal(&body(document, operation.id).to_string()), "NULL"),
        Body::Bytes => (literal("x"), "\"video/mp4\""),
        other => panic!("{other:?}"),
    };
    let values = literal(&Value::Object(values).to_string());
    format!("    {{\"{}\", {values}, {body}, {content_type}}},\n", operation.id)
}

/// A line for each operation of the table and for the proxy. Made once: reading the document takes a while.
pub(crate) static OPERATIONS: LazyLock<String> = LazyLock::new(|| {
    let document = xtask::source::merged().unwrap();
    // What is deleted cannot be read any more, and nothing is in what is deleted.
    let mut operations: Vec<&Operation> = ofauth::operations().iter().collect();
    operations.sort_by_key(|it| (it.method == "DELETE", Reverse(it.path.len())));
    let mut table: String = operations.into_iter().map(|it| operation(&document, it)).collect();
    let proxy = r#"{"method": "GET", "path": "users/me?a=1"}"#;
    writeln!(table, "    {{\"proxy_request\", {}, NULL, NULL}},", literal(proxy)).unwrap();
    table
});
