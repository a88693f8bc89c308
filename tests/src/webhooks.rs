//! The table of webhooks that every language is tested with, read from `tests/data/webhooks.json`.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// One request, and what is to become of it.
#[derive(Debug)]
pub struct Vector {
    /// What it is about.
    pub name: String,
    /// The secrets of the endpoint.
    pub secrets: Vec<String>,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The bytes as they arrive.
    pub body: Vec<u8>,
    /// Seconds since 1970.
    pub now: u64,
    /// `{"ok": {..}}` with fields of the event, or `{"error": kind}`.
    pub expect: Value,
}

impl Vector {
    /// An event, as every language gives it, in the form of what is expected: with the same fields.
    pub fn told(&self, event: &Value) -> Value {
        let field = |name: &str| match name {
            "connectionId" => event["connection"]["id"].clone(),
            name => event[name].clone(),
        };
        let wanted = self.expect["ok"].as_object().into_iter().flatten();
        let fields = wanted.map(|(name, _)| (name.clone(), field(name))).collect();
        json!({"ok": Value::Object(fields)})
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: String,
    secrets: Vec<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
    now: u64,
    expect: Value,
}

#[derive(Deserialize)]
struct Table {
    vectors: Vec<Written>,
}

/// The whole table, for tests of this package, which run in its directory.
pub fn vectors() -> Vec<Vector> {
    vectors_at(Path::new("data/webhooks.json"))
}

/// The whole table, which is at this path. It panics if it cannot be read: only tests use it.
pub fn vectors_at(path: &Path) -> Vec<Vector> {
    let text = std::fs::read(path).unwrap();
    let table: Table = serde_json::from_slice(&text).unwrap();
    let vector = |of: Written| {
        let binary = of.body_base64.map(|text| BASE64_STANDARD.decode(text).unwrap());
        let body = binary.or(of.body.map(String::into_bytes)).unwrap();
        let Written { name, secrets, headers, now, expect, .. } = of;
        Vector { name, secrets, headers, body, now, expect }
    };
    table.vectors.into_iter().map(vector).collect()
}
