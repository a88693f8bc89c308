//! Makes an example value from a schema.
//!
//! An example that the document gives wins. Otherwise the value is the smallest that shows every field: lists and maps
//! have one entry, and a schema that contains itself ends there.

use serde_json::{Map, Value, json};

use super::usual;
use crate::document::{Document, Object};
use crate::lower::{is_id_name, target};

/// An example of `schema`.
#[must_use]
pub fn of(document: &Document, schema: &Value) -> Value {
    Maker { document, open: Vec::new(), left: MOST }.make("", schema).unwrap_or(Value::Null)
}

/// The most values that one may be made of: components that use each other may add up to any number.
const MOST: usize = 20_000;

struct Maker<'a> {
    document: &'a Document,
    /// The components around the value being made.
    open: Vec<&'a str>,
    /// How many more values it may be made of.
    left: usize,
}

impl<'a> Maker<'a> {
    /// An example of `schema`, which is the field `name`; `None` if it would contain itself.
    fn make(&mut self, name: &str, schema: &'a Value) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        if let Some(component) = target(schema) {
            if self.open.contains(&component) {
                return None;
            }
            let inner = self.document.schemas.get(component)?;
            self.open.push(component);
            let value = self.make(name, inner);
            self.open.pop();
            return value;
        }
        if let Some(given) = given(schema) {
            return Some(given);
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            return self.all_of(name, all);
        }
        if let Some(variants) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
        {
            let real = |variant: &&Value| variant.get("type").and_then(Value::as_str) != Some("null");
            return variants.iter().filter(real).find_map(|variant| self.make(name, variant));
        }
        Some(match type_of(schema) {
            "object" => Value::Object(self.object(schema)),
            "array" => schema.get("items").and_then(|items| self.make(name, items)).into_iter().collect(),
            "string" => json!(text(name, schema)),
            "integer" => json!(whole(name, schema)),
            "number" => json!(number(name, schema)),
            "boolean" => json!(usual::flag(name)),
            _ => usual::text(name).map_or_else(|| json!({}), |text| json!(text)),
        })
    }

    fn object(&mut self, schema: &'a Value) -> Object {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
        let mut object = Map::new();
        let names = schema.get("properties").and_then(Value::as_object);
        for (name, property) in names.into_iter().flatten() {
            // A cursor to a next page that the sandbox does not have.
            if name.starts_with("next") && !is_required(name) {
                continue;
            }
            // A link page is either hosted, with an address, or the caller's own, with a secret.
            if name == "clientSecret" && names.is_some_and(|names| names.contains_key("url")) {
                continue;
            }
            if let Some(value) = self.make(name, property) {
                object.insert(name.clone(), value);
            }
        }
        let values =
            schema.get("additionalProperties").filter(|values| object.is_empty() && values.is_object());
        if let Some(value) = values.and_then(|values| self.make("full", values)) {
            object.insert("full".to_owned(), value);
        }
        object
    }

    fn all_of(&mut self, name: &str, all: &'a [Value]) -> Option<Value> {
        let parts: Vec<Value> = all.iter().filter_map(|part| self.make(name, part)).collect();
        let mut merged = Map::new();
        for part in &parts {
            match part {
                Value::Object(object) => merged.extend(object.clone()),
                other => return Some(other.clone()),
            }
        }
        Some(Value::Object(merged))
    }
}

/// An example, constant or first enum value that the schema itself gives.
fn given(schema: &Value) -> Option<Value> {
    let first = |key: &str| schema.get(key)?.as_array()?.iter().find(|value| !value.is_null()).cloned();
    schema
        .get("example")
        .or_else(|| schema.get("const"))
        .cloned()
        .or_else(|| first("examples"))
        .or_else(|| first("enum"))
}

fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "",
    }
}

fn text(name: &str, schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let address = "https://media.ofauth.com/v2/example";
    let found = match format {
        "date-time" => "2026-04-29T10:18:48.831Z",
        "date" => "2026-04-29",
        "uri" => address,
        _ if is_id_name(name, "") => "12345",
        _ if usual::is_address(name) => address,
        _ => match usual::text(name) {
            Some(text) => text,
            None if usual::is_moment(name) => "2026-04-29T10:18:48+00:00",
            None => "example",
        },
    };
    // Whoever promises a text promises that there is something in it.
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    if (found.len() as u64) < least { "example".to_owned() } else { found.to_owned() }
}

fn number(name: &str, schema: &Value) -> f64 {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let usual = usual::number(name).unwrap_or(9.99).max(limit("minimum").unwrap_or(f64::MIN));
    usual.min(limit("maximum").unwrap_or(f64::MAX))
}

fn whole(name: &str, schema: &Value) -> i64 {
    let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(0);
    let most = schema.get("maximum").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let usual = match usual::number(name) {
        _ if is_id_name(name, "") => 12345,
        // Each of them is whole and far below 2^53.
        Some(number) => number as i64,
        None => 1,
    };
    usual.clamp(least.min(most), most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::document;

    fn example(schema: Value, schemas: Value) -> Value {
        of(&document("get", json!({}), schemas), &schema)
    }

    #[test]
    fn what_the_document_gives_wins() {
        for schema in [
            json!({"type": "string", "example": "given"}),
            json!({"type": "string", "examples": ["given", "other"]}),
            json!({"const": "given"}),
            json!({"type": ["string", "null"], "enum": [null, "given"]}),
        ] {
            assert_eq!(example(schema.clone(), json!({})), json!("given"), "{schema}");
        }
    }

    #[test]
    fn values_have_the_type_and_keep_the_limits() {
        for (schema, expected) in [
            (json!({"type": "integer", "minimum": 5}), json!(5)),
            (json!({"type": "integer", "maximum": 0}), json!(0)),
            (json!({"type": ["boolean", "null"]}), json!(true)),
            (json!({"type": "string", "format": "date-time"}), json!("2026-04-29T10:18:48.831Z")),
            (json!({"anyOf": [{"type": "null"}, {"type": "boolean"}]}), json!(true)),
            (json!({"type": "array", "items": {"type": "boolean"}}), json!([true])),
            (json!({"type": "object", "additionalProperties": {"type": "boolean"}}), json!({"full": true})),
            (json!({}), json!({})),
        ] {
            assert_eq!(example(schema.clone(), json!({})), expected, "{schema}");
        }
    }

    #[test]
    fn a_page_is_the_last() {
        let page = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "hasMore": {"type": "boolean"},
            "nextCursor": {"type": "string"},
        }});
        let item = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
        assert_eq!(example(page, json!({"Item": item})), json!({"list": [{"id": 12345}], "hasMore": false}));
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let item = json!({"type": "object", "properties": {
            "name": {"type": "string"},
            "one": {"$ref": "#/components/schemas/Item"},
            "many": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
        }});
        let reference = json!({"$ref": "#/components/schemas/Item"});
        assert_eq!(example(reference, json!({"Item": item})), json!({"name": "Riley Summers", "many": []}));
    }
}
