//! Holds what a call sent and read against what its case says.

use serde_json::Value;

use crate::cases::Call;

pub(super) fn compare(call: &Call, seen: &Value) -> Result<(), String> {
    let error = seen["error"].as_str();
    match (&call.fails, error) {
        (None, Some(error)) => return Err(format!("failed: {error}; sent {}", seen["request"])),
        (Some(wanted), None) => return Err(format!("did not fail with {wanted:?}")),
        (Some(wanted), Some(error)) if !error.contains(wanted.as_str()) => {
            return Err(format!("failed with {error:?}, not with {wanted:?}"));
        }
        _ => {}
    }
    if let Some(wanted) = &call.request {
        let sent = seen["request"].as_str().unwrap_or_default();
        if !same_address(sent, wanted) {
            return Err(format!("sent {sent:?}, not {wanted:?}"));
        }
    }
    for (name, wanted) in &call.headers {
        let sent = &seen["headers"][name.to_ascii_lowercase()];
        if sent != wanted {
            return Err(format!("the header {name} is {sent}, not {wanted}"));
        }
    }
    if let Some(wanted) = &call.sends {
        let text = seen["body"].as_str().unwrap_or_default();
        let sent = match wanted {
            Value::String(_) => Value::from(text),
            _ => serde_json::from_str(text).unwrap_or(Value::Null),
        };
        if !same_value(&sent, wanted) {
            return Err(format!("sent the body {text}, not {wanted}"));
        }
    }
    if let Some(wanted) = &call.returns
        && !same_value(&seen["returns"], wanted)
    {
        return Err(format!("returned {}, not {wanted}", seen["returns"]));
    }
    for (index, (code, wanted)) in call.reads.iter().enumerate() {
        let read = seen["reads"][index].as_str().unwrap_or_default();
        if read != wanted {
            return Err(format!("{code} is {read}, not {wanted}"));
        }
    }
    Ok(())
}

/// Whether two addresses mean the same. What separates the values of a list may be written as it is or encoded, and a
/// space in a query as `+`; the case can write a value's own comma as `%252C`.
fn same_address(sent: &str, wanted: &str) -> bool {
    let plain = |text: &str| {
        let mut pairs: Vec<String> = Vec::new();
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        pairs.extend(query.split('&').map(|pair| decoded(&pair.replace('+', " "))));
        pairs.sort();
        (decoded(path), pairs)
    };
    plain(sent) == plain(wanted)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// JSON numbers are the same if their values are: `5` and `5.0`.
fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same_value(one, other)))
        }
        (one, other) => one == other,
    }
}

#[test]
fn addresses_and_values_are_compared_by_meaning() {
    assert!(same_address("/a?ids=1%2C2&b=x+y", "/a?b=x%20y&ids=1,2"));
    assert!(!same_address("/a?ids=1&ids=2", "/a?ids=1,2"));
    assert!(same_value(&serde_json::json!({"a": [5]}), &serde_json::json!({"a": [5.0]})));
    assert!(!same_value(&serde_json::json!({"a": 1}), &serde_json::json!({"a": 1, "b": 2})));
}
