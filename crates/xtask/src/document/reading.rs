//! Small readers of JSON that every part of the document needs.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;

/// Follows `$ref` inside the document.
pub(super) fn resolve<'a>(root: &'a Value, mut value: &'a Value) -> Result<&'a Value> {
    // A chain longer than this is a circle.
    for _ in 0..16 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        value = target.with_context(|| format!("{reference} points to nothing in the document"))?;
    }
    bail!("a $ref leads back to itself")
}

/// Whether a member is true.
pub(super) fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A member that is a text; empty without it.
pub(super) fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}
