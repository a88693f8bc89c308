//! Passes that turn the language of OpenAPI 3.1 (JSON Schema 2020-12) into that of 3.0.3.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::schema::{describe, variants, walk};
use crate::document::{Document, Object};

/// The generator refuses every version but 3.0.
pub(super) fn version(document: &mut Document) -> Result<Vec<String>> {
    ensure!(
        document.openapi.starts_with("3.0") || document.openapi.starts_with("3.1"),
        "the document says OpenAPI {:?}; 3.0 and 3.1 are supported",
        document.openapi
    );
    let change = format!("{} to 3.0.3", document.openapi);
    document.openapi = "3.0.3".to_owned();
    Ok(vec![change])
}

/// 3.0 has no `const`: it becomes an `enum` of one value.
pub(super) fn constants(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let value = object.remove("const")?;
        if value.is_object() || value.is_array() {
            describe(object, &format!("Always {value}."));
        } else {
            object.insert("enum".to_owned(), json!([value]));
        }
        Some(())
    })
}

/// 3.0 has no type `null` and no list of types: null becomes `nullable`, several types become `oneOf`.
pub(super) fn nullable(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let listed = null_in_types(object);
        let alternative = null_in_variants(object);
        let value = null_in_enum(object);
        let nullable = [listed, alternative, value].into_iter().flatten().collect::<Vec<_>>();
        if nullable.contains(&true) {
            object.insert("nullable".to_owned(), json!(true));
        }
        (!nullable.is_empty()).then_some(())
    })
}

/// Takes `null` out of a list of types; `Some` says that there was a list, and whether null stood in it.
fn null_in_types(object: &mut Object) -> Option<bool> {
    let Some(Value::Array(types)) = object.get("type").cloned() else { return None };
    let (null, rest): (Vec<Value>, Vec<Value>) = types.into_iter().partition(|name| name == "null");
    match rest.as_slice() {
        [single] => {
            object.insert("type".to_owned(), single.clone());
        }
        several => {
            let several: Vec<Value> = several.iter().map(|name| json!({ "type": name })).collect();
            object.remove("type");
            if !several.is_empty() {
                object.insert("oneOf".to_owned(), Value::Array(several));
            }
        }
    }
    Some(!null.is_empty())
}

/// Takes `{type: null}` out of alternatives and unwraps a single one that is left.
fn null_in_variants(object: &mut Object) -> Option<bool> {
    let rest: Vec<Value> = variants(object)?.iter().filter(|variant| !is_null(variant)).cloned().collect();
    if rest.len() == variants(object)?.len() {
        return None;
    }
    let key = if object.contains_key("oneOf") { "oneOf" } else { "anyOf" };
    object.remove(key);
    match rest.as_slice() {
        // 3.0 ignores what stands beside a `$ref`, so the reference is wrapped.
        [single] if single.get("$ref").is_some() => {
            object.insert("allOf".to_owned(), Value::Array(rest));
        }
        [Value::Object(single)] => {
            for (key, value) in single {
                object.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        _ => {
            object.insert(key.to_owned(), Value::Array(rest));
        }
    }
    Some(true)
}

fn null_in_enum(object: &mut Object) -> Option<bool> {
    let values = object.get_mut("enum").and_then(Value::as_array_mut)?;
    let before = values.len();
    values.retain(|value| !value.is_null());
    (values.len() < before).then_some(true)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
        || schema
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| values.iter().all(Value::is_null))
}

/// Whole numbers are i64 and others f64 throughout: limits would give each range a Rust type of its own (`minimum: 1`
/// a `NonZeroU64`, which no integer literal converts to). The limits stay in the description; the service checks them.
pub(super) fn numbers(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let kind = object.get("type").and_then(Value::as_str)?.to_owned();
        if kind != "integer" && kind != "number" {
            return None;
        }
        let minimum = object.remove("minimum");
        let maximum = object.remove("maximum");
        let above = object.remove("exclusiveMinimum");
        let below = object.remove("exclusiveMaximum");
        object.remove("multipleOf");
        let mut limits = Vec::new();
        for (word, limit) in
            [("at least", minimum), ("more than", above), ("at most", maximum), ("less than", below)]
        {
            if let Some(limit) = limit.filter(Value::is_number) {
                limits.push(format!("{word} {limit}"));
            }
        }
        if !limits.is_empty() {
            describe(object, &format!("Limits: {}.", limits.join(", ")));
        }
        let format = if kind == "integer" { "int64" } else { "double" };
        object.insert("format".to_owned(), json!(format));
        (!limits.is_empty()).then_some(())
    })
}

/// Keywords without an effect that the generator would react to. A `title` renames types; a `format` such as
/// date-time pulls in a date library and makes an odd date an error; a `default` would be sent with each request
/// although the caller set nothing, so it moves into the description.
pub(super) fn annotations(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        for key in ["title", "example", "examples", "readOnly", "writeOnly", "xml", "externalDocs"] {
            object.remove(key);
        }
        let format = object.get("format").and_then(Value::as_str);
        if !matches!(format, Some("binary" | "int64" | "double")) {
            object.remove("format");
        }
        let default = object.remove("default")?;
        let empty = default == json!("") || default == json!([]);
        describe(object, &if empty { "Default: empty.".to_owned() } else { format!("Default: {default}.") });
        Some(())
    })
}

/// Runs `change` on every schema. Its `Some` counts as a change of the component or operation around it.
pub(super) fn each(
    document: &mut Document,
    change: impl Fn(&mut Object) -> Option<()>,
) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for (name, schema) in document.named_schemas_mut() {
        let mut count = 0_usize;
        walk(schema, &mut |object| count += usize::from(change(object).is_some()));
        if count > 0 && !places.contains(&name) {
            places.push(name);
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{after, components};
    use super::*;

    fn answer(pass: fn(&mut Document) -> Result<Vec<String>>, schema: Value) -> Value {
        after(pass, &mut components(json!({ "Answer": schema })), "Answer")
    }

    #[test]
    fn a_constant_becomes_an_enum_of_one() {
        assert_eq!(
            answer(constants, json!({ "type": "string", "const": "a" })),
            json!({ "type": "string", "enum": ["a"] })
        );
    }

    #[test]
    fn null_in_a_list_of_types_becomes_nullable() {
        assert_eq!(
            answer(nullable, json!({ "type": ["string", "null"] })),
            json!({ "type": "string", "nullable": true })
        );
        assert_eq!(
            answer(nullable, json!({ "type": ["string", "integer"] })),
            json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] })
        );
    }

    #[test]
    fn null_among_alternatives_becomes_nullable() {
        let reference = json!({ "$ref": "#/components/schemas/Other" });
        assert_eq!(
            answer(nullable, json!({ "anyOf": [reference, { "type": "null" }] })),
            json!({ "allOf": [reference], "nullable": true })
        );
        assert_eq!(
            answer(
                nullable,
                json!({ "oneOf": [{ "type": "object" }, { "type": "null" }], "description": "D." })
            ),
            json!({ "type": "object", "description": "D.", "nullable": true })
        );
        assert_eq!(
            answer(
                nullable,
                json!({ "oneOf": [{ "type": "object" }, { "type": "string" }, { "type": "null" }] })
            ),
            json!({ "oneOf": [{ "type": "object" }, { "type": "string" }], "nullable": true })
        );
    }

    #[test]
    fn null_among_values_becomes_nullable() {
        assert_eq!(
            answer(nullable, json!({ "type": ["string", "null"], "enum": ["a", null] })),
            json!({ "type": "string", "enum": ["a"], "nullable": true })
        );
    }

    #[test]
    fn limits_of_numbers_move_into_the_description() {
        assert_eq!(
            answer(
                numbers,
                json!({ "type": "integer", "minimum": 1, "exclusiveMaximum": 41, "description": "D." })
            ),
            json!({ "type": "integer", "format": "int64", "description": "D. Limits: at least 1, less than 41." })
        );
        assert_eq!(
            answer(numbers, json!({ "type": "number" })),
            json!({ "type": "number", "format": "double" })
        );
    }

    #[test]
    fn a_default_moves_into_the_description_and_formats_go() {
        assert_eq!(
            answer(
                annotations,
                json!({ "type": "string", "format": "date-time", "title": "T", "default": "now" })
            ),
            json!({ "type": "string", "description": "Default: \"now\"." })
        );
        assert_eq!(
            answer(annotations, json!({ "type": "string", "format": "binary" })),
            json!({ "type": "string", "format": "binary" })
        );
    }

    #[test]
    fn a_field_that_is_called_like_a_keyword_stays() {
        let fields = json!({ "type": "object", "properties": { "title": { "type": "string" }, "default": { "type": "string" } } });
        assert_eq!(answer(annotations, fields.clone()), fields);
    }

    #[test]
    fn only_3_0_and_3_1_are_taken() {
        let mut document = components(json!({}));
        version(&mut document).unwrap();
        assert_eq!(document.openapi, "3.0.3");
        document.openapi = "4.0.0".to_owned();
        assert!(version(&mut document).unwrap_err().to_string().contains("4.0.0"));
    }
}
