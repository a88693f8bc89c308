//! JSON as other languages write it. What stops a strict parser need not spoil what the text says: a byte order mark; half a
//! pair of surrogates, which JavaScript writes where it cut a text inside an emoji; and, in what OnlyFans said, a number beyond
//! all bounds or very deep nesting.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// The objects whose fields are told apart where something in them cannot be read: the body, and its `data`.
const LEVELS: u32 = 2;

/// What the body says; nothing if it is not JSON.
pub(crate) fn read(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).ok().or_else(|| {
        let whole = without_halves(body);
        let body = str::from_utf8(whole.as_deref().unwrap_or(body)).ok()?;
        serde_json::from_str::<&RawValue>(body).ok().map(|body| in_parts(body.get(), LEVELS))
    })
}

/// What is right JSON, field by field: one that holds too large a number or is too deep is there as its text.
fn in_parts(text: &str, levels: u32) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    let fields = levels.checked_sub(1).and_then(|below| {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        Some(fields.into_iter().map(|(name, field)| (name, in_parts(field.get(), below))).collect())
    });
    fields.map_or_else(|| Value::from(text), Value::Object)
}

/// The text with U+FFFD for each half of a pair that stands alone; nothing if there is none.
fn without_halves(body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(body.len());
    let (mut rest, mut changed) = (body, false);
    while let Some((first, after)) = rest.split_first() {
        let length = match (first, half(rest), rest.get(6..).and_then(half)) {
            (_, Some(Half::First), Some(Half::Second)) => 12,
            (_, Some(_), _) => {
                whole.extend_from_slice(b"\\ufffd");
                changed = true;
                rest = rest.get(6..).unwrap_or_default();
                continue;
            }
            // What is escaped here begins no other escape.
            (b'\\', None, _) if !after.is_empty() => 2,
            _ => 1,
        };
        let (taken, next) = rest.split_at_checked(length)?;
        whole.extend_from_slice(taken);
        rest = next;
    }
    changed.then_some(whole)
}

#[derive(Debug, PartialEq)]
enum Half {
    First,
    Second,
}

/// Which half of a pair the text begins with, escaped.
fn half(text: &[u8]) -> Option<Half> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let number = u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    match number {
        0xd800..0xdc00 => Some(Half::First),
        0xdc00..0xe000 => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_costs_one_character() {
        for (body, text) in [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\udca9\u0041""#, "\u{fffd}A"),
            (r#""\ud83d\ud83d\udca9""#, "\u{fffd}\u{1f4a9}"),
            (r#""\\\ud83d\\ud83d\"""#, "\\\u{fffd}\\ud83d\""),
            (r#""\ud83d\udca9""#, "\u{1f4a9}"),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap(), Value::from(text), "{body}");
        }
        assert_eq!(read(b"\xef\xbb\xbf{}").unwrap(), serde_json::json!({}));
        for body in ["", "{", r#""\ud83""#, r#""\ud83d"#, "{}{}", "\\", "\"\\"] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), None);
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_there_as_its_text() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for odd in ["1e400", "-1E+999", r#"[{"a":1e400}]"#, deep.as_str()] {
            let body =
                format!(r#"{{"type":"a","data":{{"connection":{{"id":"\ud83d"}},"eventBody": {odd} }}}}"#);
            let wanted = serde_json::json!({
                "type": "a", "data": {"connection": {"id": "\u{fffd}"}, "eventBody": odd},
            });
            assert_eq!(read(body.as_bytes()).unwrap(), wanted, "{odd}");
        }
        assert_eq!(read(b"1e400").unwrap(), Value::from("1e400"));
        for body in [r#"{"a":1e400"#, r#"{"a":1e400,"b":01}"#, "{\"a\":1e400,\"b\":\"\0\"}"] {
            assert_eq!(read(body.as_bytes()), None, "{body:?}");
        }
    }
}
