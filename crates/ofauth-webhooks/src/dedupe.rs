//! The key by which an event is known again when the service sends it a second time.

use ring::digest::{Context, SHA256};
use serde_json::Value;

use crate::encoding::to_hex;

/// What of an event is the same each time it is sent, as one short text. Neither the order of fields nor blanks matter, and
/// what only a later delivery adds to the envelope does not either.
pub(crate) fn key(name: &str, timestamp: Option<&Value>, live: Option<bool>, data: &Value) -> String {
    let mut context = Context::new(&SHA256);
    text(&mut context, name);
    add(&mut context, timestamp.unwrap_or(&Value::Null));
    add(&mut context, &live.map_or(Value::Null, Value::Bool));
    add(&mut context, data);
    format!("sha256-{}", to_hex(context.finish().as_ref()))
}

/// Each kind of value begins with a mark and says how long it is, so that no two values give the same bytes.
fn add(context: &mut Context, value: &Value) {
    match value {
        Value::Object(fields) => {
            // Sorted here: whether a map is depends on the features of a whole build.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            context.update(format!("{{{}:", fields.len()).as_bytes());
            for (name, value) in fields {
                text(context, name);
                add(context, value);
            }
        }
        Value::Array(items) => {
            context.update(format!("[{}:", items.len()).as_bytes());
            items.iter().for_each(|item| add(context, item));
        }
        Value::String(of) => text(context, of),
        other => {
            context.update(b"=");
            text(context, &other.to_string());
        }
    }
}

fn text(context: &mut Context, text: &str) {
    context.update(format!("{}:", text.len()).as_bytes());
    context.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn different_events_have_different_keys() {
        let at = json!("2026-11-28T10:00:00Z");
        let of = |name: &str, data: Value| key(name, Some(&at), None, &data);
        let keys = [
            of("a", json!({})),
            of("b", json!({})),
            of("a", json!([])),
            of("a", json!(null)),
            of("a", json!("null")),
            of("a", json!({"a": {"b": 1}})),
            of("a", json!({"a": {}, "b": 1})),
            of("a", json!({"a": "b", "c": 1})),
            of("a", json!([[], []])),
            of("a", json!([[[]]])),
            key("a", None, None, &json!({})),
            key("a", Some(&at), Some(true), &json!({})),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys.iter().skip(index + 1).any(|other| other == key), "{index}");
        }
        assert_eq!(
            of("a", json!({"a": 1, "b": 2})),
            of("a", serde_json::from_str(r#"{ "b":2,"a":1 }"#).unwrap())
        );
    }
}
