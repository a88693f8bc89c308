//! Checks of values against the JSON schemas of the document.
//!
//! Only what the document uses: types, enums, ranges, lengths, items, properties and alternatives. Formats and
//! patterns are not checked. A problem begins with the name of the field that has it.

use serde_json::{Map, Value};

use crate::number;

/// Checks `value`, which is called `name`; for the whole body `name` is empty.
pub(crate) fn check(schema: &Value, value: &Value, name: &str) -> Result<(), String> {
    let Some(schema) = schema.as_object() else { return Ok(()) };
    check_type(schema, value, name)?;
    check_alternatives(schema, value, name)?;
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.iter().any(|one| number::same(one, value))
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        return Err(problem(name, &format!("must be one of {}", allowed.join(", "))));
    }
    match value {
        Value::String(text) => {
            check_size(schema, ["minLength", "maxLength"], text.chars().count(), "characters", name)
        }
        Value::Number(number) => check_range(schema, number.as_f64().unwrap_or(f64::NAN), name),
        Value::Array(items) => {
            check_size(schema, ["minItems", "maxItems"], items.len(), "elements", name)?;
            let each = schema.get("items").unwrap_or(&Value::Null);
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| check(each, item, &format!("{name}[{index}]")))
        }
        Value::Object(fields) => check_fields(schema, fields, name),
        _ => Ok(()),
    }
}

fn check_type(schema: &Map<String, Value>, value: &Value, name: &str) -> Result<(), String> {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if types.iter().any(|kind| is_of_type(value, kind)) {
        return Ok(());
    }
    Err(problem(name, &format!("must be of type {}", types.join(" or "))))
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => number::whole(value).is_some(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn check_alternatives(schema: &Map<String, Value>, value: &Value, name: &str) -> Result<(), String> {
    for keyword in ["oneOf", "anyOf"] {
        if let Some(Value::Array(forms)) = schema.get(keyword)
            && !forms.iter().any(|form| check(form, value, name).is_ok())
        {
            return Err(problem(name, "has none of the documented forms"));
        }
    }
    Ok(())
}

fn check_size(
    schema: &Map<String, Value>,
    [least, most]: [&str; 2],
    size: usize,
    what: &str,
    name: &str,
) -> Result<(), String> {
    let size = size as u64;
    match (schema.get(least).and_then(Value::as_u64), schema.get(most).and_then(Value::as_u64)) {
        (Some(least), _) if size < least => Err(problem(name, &format!("must have at least {least} {what}"))),
        (_, Some(most)) if size > most => {
            Err(problem(name, &format!("has {size} {what}, at most {most} are allowed")))
        }
        _ => Ok(()),
    }
}

fn check_range(schema: &Map<String, Value>, number: f64, name: &str) -> Result<(), String> {
    match (schema.get("minimum").and_then(Value::as_f64), schema.get("maximum").and_then(Value::as_f64)) {
        (Some(least), _) if number < least => Err(problem(name, &format!("must be at least {least}"))),
        (_, Some(most)) if number > most => Err(problem(name, &format!("must be at most {most}"))),
        _ => Ok(()),
    }
}

fn check_fields(schema: &Map<String, Value>, fields: &Map<String, Value>, name: &str) -> Result<(), String> {
    let inner = |field: &str| if name.is_empty() { field.to_owned() } else { format!("{name}.{field}") };
    let required = schema.get("required").and_then(Value::as_array);
    let missing =
        required.into_iter().flatten().filter_map(Value::as_str).find(|field| !fields.contains_key(*field));
    if let Some(missing) = missing {
        return Err(problem(&inner(missing), "is required"));
    }
    let Some(Value::Object(properties)) = schema.get("properties") else { return Ok(()) };
    for (field, value) in fields {
        if let Some(schema) = properties.get(field) {
            check(schema, value, &inner(field))?;
        }
    }
    Ok(())
}

fn problem(name: &str, problem: &str) -> String {
    if name.is_empty() { format!("the request's body {problem}") } else { format!("{name}: {problem}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;

    #[track_caller]
    fn refused(schema: serde_json::Value, value: serde_json::Value, because: &str) {
        let problem = check(&schema, &value, "").unwrap_err();
        assert!(problem.contains(because), "{problem}");
    }

    #[test]
    fn every_keyword_is_held() {
        let body = json!({
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": { "type": "string", "minLength": 1, "maxLength": 2 },
                "b": { "type": ["integer", "null"], "minimum": 0, "maximum": 9 },
                "c": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "boolean" } },
                "d": { "oneOf": [{ "type": "integer" }, { "type": "string" }] },
                "e": { "type": "object", "properties": { "f": { "enum": ["x"] } } },
            },
        });
        for good in [
            json!({ "a": "é" }),
            json!({ "a": "xy", "b": null, "c": [true], "d": 1, "e": { "f": "x" }, "unknown": {} }),
            json!({ "a": "x", "b": 9, "d": "1" }),
            json!({ "a": "x", "b": 9.0, "d": 1.0 }),
        ] {
            assert_eq!(check(&body, &good, ""), Ok(()));
        }
        refused(body.clone(), json!([]), "the request's body must be of type object");
        refused(body.clone(), json!({}), "a: is required");
        refused(body.clone(), json!({ "a": "" }), "a: must have at least 1 characters");
        refused(body.clone(), json!({ "a": "xyz" }), "a: has 3 characters, at most 2");
        refused(body.clone(), json!({ "a": null }), "a: must be of type string");
        refused(body.clone(), json!({ "a": "x", "b": -1 }), "b: must be at least 0");
        refused(body.clone(), json!({ "a": "x", "b": 10 }), "b: must be at most 9");
        refused(body.clone(), json!({ "a": "x", "b": 1.5 }), "b: must be of type integer or null");
        refused(body.clone(), json!({ "a": "x", "c": [] }), "c: must have at least 1 elements");
        refused(body.clone(), json!({ "a": "x", "c": [true, 1] }), "c[1]: must be of type boolean");
        refused(body.clone(), json!({ "a": "x", "d": true }), "d: has none of the documented forms");
        refused(body, json!({ "a": "x", "e": { "f": "y" } }), "e.f: must be one of \"x\"");
    }
}
