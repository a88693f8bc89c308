//! A call of every operation of the document, with the least that the document asks for: the table by which all roads are
//! tested, in every language. Nobody writes it: an operation that the next document adds is in it.
//!
//! Ids are those of what the sandbox begins with, and what deletes comes last.

// Written by `cargo xtask codegen`, never by hand.
#[rustfmt::skip]
#[allow(deprecated)]
mod typed_calls;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ofauth::api::Client;
use ofauth::operation::{Body, Kind, Operation, Parameter};
use ofauth::{Error, schemas};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The media type of bodies of bytes.
pub const MEDIA_TYPE: &str = "video/mp4";

/// The bytes.
pub const BYTES: &str = "x";

/// A call of one operation.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The operation.
    pub operation: &'static Operation,
    /// Its parameters, by their names.
    pub params: Map<String, Value>,
    /// Its JSON body, if it has to have one.
    pub body: Option<Value>,
}

/// The table.
pub fn samples() -> Vec<Sample> {
    let mut operations: Vec<&'static Operation> = ofauth::operations().iter().collect();
    operations.sort_by_key(|it| (it.method == "DELETE", Reverse(it.path.len())));
    operations.into_iter().map(Sample::of).collect()
}

impl Sample {
    fn of(operation: &'static Operation) -> Self {
        let required = operation.parameters.iter().filter(|parameter| parameter.required);
        let params = required.map(|parameter| (parameter.name.to_owned(), value(parameter))).collect();
        let schemas: Value = serde_json::from_str(schemas::find(operation.id).unwrap()).unwrap();
        let body = (operation.body == Body::Json).then(|| least(&schemas["body"]["schema"]));
        Self { operation, params, body }
    }

    /// Makes the typed call; nothing if the operation is one of the few that the generated client has no method for.
    pub async fn send_typed(&self, api: &Client) -> Option<Result<(), Error>> {
        typed_calls::send(api, self.operation.id, &Given(self)).await
    }
}

/// A value of the kind that a parameter wants.
fn value(parameter: &Parameter) -> Value {
    match parameter.kind {
        _ if parameter.name.ends_with("Id") => "12345".into(),
        Kind::Integer | Kind::Id => 7.into(),
        Kind::Number => 1.5.into(),
        Kind::Boolean => true.into(),
        Kind::Object | Kind::Json => json!({}),
        Kind::Array => json!([parameter.values.first().unwrap_or(&"12345")]),
        Kind::String => (*parameter.values.first().unwrap_or(&"text")).into(),
        other => panic!("{other:?}"),
    }
}

/// The least that a schema takes: of objects what is required, of arrays one item.
fn least(schema: &Value) -> Value {
    if let Some(value) = schema["enum"].get(0).or(schema.get("const")) {
        return value.clone();
    }
    if let Some(first) = ["anyOf", "oneOf"].iter().find_map(|of| schema[of].get(0)) {
        return least(first);
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match kind {
        Some("object") | None => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let field = |name: &str| match name {
                "contentType" => (name.to_owned(), MEDIA_TYPE.into()),
                _ => (name.to_owned(), least(&schema["properties"][name])),
            };
            Value::Object(required.map(field).collect())
        }
        Some("array") if schema["items"]["minimum"] == 1 => json!([12345]),
        Some("array") => json!([least(&schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(7.into()),
        Some("boolean") => true.into(),
        Some(_) if schema["format"] == "date-time" => "2030-01-02T03:04:05Z".into(),
        Some(_) => "text".into(),
    }
}

/// What a typed call is given.
struct Given<'a>(&'a Sample);

impl Given<'_> {
    /// The parameter that Rust calls so.
    fn param<T: DeserializeOwned>(&self, rust: &str) -> T {
        let is_it = |name: &str| snake(name) == rust.trim_end_matches('_');
        let found = self.0.params.iter().find(|(name, _)| is_it(name)).map(|(_, value)| value.clone());
        // The media type of bytes is no parameter of the document.
        let value = found.or_else(|| (rust == "content_type").then(|| MEDIA_TYPE.into())).unwrap();
        // Whole numbers stand as text in the table where they may be an id.
        let number = value.as_str().and_then(|text| text.parse::<i64>().ok()).map(Value::from);
        serde_json::from_value(value).or_else(|_| serde_json::from_value(number.unwrap())).unwrap()
    }

    fn body<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.0.body.clone().unwrap_or_else(|| json!({}))).unwrap()
    }

    fn bytes(&self) -> &'static str {
        BYTES
    }
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text.trim_start_matches('_').to_owned()
}

/// Holds what became of each operation against what should: `ended` has the HTTP status of its answer, by its id.
///
/// All of them were carried out, except for those that belong to an upload which nobody has begun.
#[track_caller]
pub fn assert_all_called(road: &str, ended: &BTreeMap<String, u16>) {
    let all: BTreeSet<&str> = ofauth::operations().iter().map(|operation| operation.id).collect();
    let called: BTreeSet<&str> = ended.keys().map(String::as_str).collect();
    assert_eq!(called, all, "{road}");
    let of_no_upload = ["upload_single", "upload_part", "complete_upload"];
    for (id, status) in ended {
        let is_right =
            if of_no_upload.contains(&id.as_str()) { *status == 404 } else { (200..300).contains(status) };
        assert!(is_right, "{road}: {id}: HTTP {status}");
    }
}
