//! Writes what operations take and answer, as JSON Schema in a Rust file of `ofauth-operations`.
//!
//! One text for each operation, for people who ask what to send and for programs that check it:
//!
//! ```json
//! {
//!   "parameters": [{"name": "limit", "in": "query", "required": false, "description": "…", "schema": {"type": "integer", "maximum": 40}}],
//!   "body": {"required": true, "schema": {"type": "object", "properties": {"text": {"type": "string", "maxLength": 10000}}}},
//!   "answer": {"status": "200", "schema": {"type": "object", "properties": {"id": {"type": "integer"}}}}
//! }
//! ```
//!
//! References are replaced by what they refer to. Of an answer only the fields at the top are kept, with their types.
//! `body` is null if there is none, and of bytes it has a `mediaType` instead of a `schema`. What is no plain JSON, but JSON or a
//! text all the same, has both. `style` is there where a value is written in another way than usual, in the words of the table.

use anyhow::{Context, Result};
use quote::quote;
use serde_json::{Value, json};

use super::inline::{Keep, inlined};
use super::parameter::{is_connection, style};
use super::success::Success;
use crate::document::{Document, Object, Operation};
use crate::lower::resolved;

/// The file, as the text of Rust.
pub fn schemas(document: &Document) -> Result<String> {
    let mut operations: Vec<&Operation> = document.operations.iter().collect();
    operations.sort_by_key(|operation| &operation.id);
    let rows = operations
        .into_iter()
        .map(|operation| {
            let id = &operation.id;
            let text = row(document, operation).with_context(|| id.clone())?.to_string();
            Ok(quote!((#id, #text)))
        })
        .collect::<Result<Vec<_>>>()?;
    let file = syn::parse2(quote! {
        /// The schemas of every operation of the document, sorted by id.
        pub(super) static SCHEMAS: &[(&str, &str)] = &[#(#rows),*];
    })?;
    Ok(prettyplease::unparse(&file))
}

fn row(document: &Document, operation: &Operation) -> Result<Value> {
    let schema = |schema: &Value| inlined(document, schema, Keep::Remarks);
    let parameters = operation.parameters.iter().filter(|parameter| !is_connection(parameter));
    let parameters = parameters.map(|parameter| {
        let mut shown = json!({
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.required,
            "description": parameter.description,
            "schema": schema(&parameter.schema),
        });
        // Rare, so the word is there only where it says something.
        if let (true, Some(shown)) = (parameter.deprecated, shown.as_object_mut()) {
            shown.insert("deprecated".to_owned(), json!(true));
        }
        let style = style(document, parameter);
        let is_usual =
            ["Repeated", "DeepObject"].contains(&style) || (style == "Commas" && parameter.place != "query");
        if let (false, Some(shown)) = (is_usual, shown.as_object_mut()) {
            shown.insert("style".to_owned(), json!(style.to_lowercase()));
        }
        shown
    });
    let body = operation.body.as_ref().map(|body| {
        if body.media_type == "application/json" {
            json!({"required": body.required, "schema": schema(&body.schema)})
        } else if body.is_json() {
            json!({"required": body.required, "mediaType": body.media_type, "schema": schema(&body.schema)})
        } else {
            json!({"required": body.required, "mediaType": body.media_types()})
        }
    });
    let mut answers: Vec<Value> = Vec::new();
    for schema in operation.successes().filter_map(|(_, response)| response.schema.as_ref()) {
        let shown = top(document, schema);
        if !answers.contains(&shown) {
            answers.push(shown);
        }
    }
    let answer = match answers.as_slice() {
        [] => Value::Null,
        [one] => one.clone(),
        several => json!({"oneOf": several}),
    };
    let status: Vec<&str> = operation.successes().map(|(status, _)| status.as_str()).collect();
    let mut row = json!({
        "parameters": parameters.collect::<Vec<_>>(),
        "body": body,
        "answer": {"status": status.join(", "), "schema": answer},
    });
    if let Some(media_type) = Success::read(document, operation)?.media_type {
        row["answer"]["mediaType"] = json!(media_type);
    }
    row.sort_all_objects();
    Ok(row)
}

/// An answer with the types of its fields and nothing inside them.
fn top(document: &Document, schema: &Value) -> Value {
    let schema = resolved(&document.schemas, schema);
    let mut shown = kind(document, schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    let fields: Object = properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), kind(document, resolved(&document.schemas, schema))))
        .collect();
    if let Some(shown) = shown.as_object_mut().filter(|_| !fields.is_empty()) {
        shown.insert("properties".to_owned(), Value::Object(fields));
    }
    shown
}

/// What kind of value a schema allows, and of a list what kind of items.
fn kind(document: &Document, schema: &Value) -> Value {
    let mut kept = Object::new();
    for (name, value) in schema.as_object().into_iter().flatten() {
        let value = match (name.as_str(), value) {
            ("type" | "enum" | "format", value) => value.clone(),
            ("items", items) => kind(document, resolved(&document.schemas, items)),
            ("oneOf" | "anyOf", Value::Array(variants)) => {
                variants.iter().map(|variant| kind(document, resolved(&document.schemas, variant))).collect()
            }
            _ => continue,
        };
        kept.insert(name.clone(), value);
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::document;

    #[test]
    fn an_operation_in_full() {
        let operation = json!({
            "parameters": [
                {"name": "x-connection-id", "in": "header", "required": true, "schema": {"type": "string"}},
                {"name": "limit", "in": "query", "description": "Most.", "schema": {"type": "integer", "default": 24}},
            ],
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
            },
            "responses": {"201": {"description": "", "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Item"},
            }}}},
        });
        let item = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "description": "Its name.", "maxLength": 5},
            "parts": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        }});
        let document = document("post", operation, json!({"Item": item.clone()}));
        assert_eq!(
            row(&document, &document.operations[0]).unwrap(),
            json!({
                "parameters": [{
                    "name": "limit", "in": "query", "required": false, "description": "Most.",
                    "schema": {"type": "integer", "default": 24},
                }],
                "body": {"required": true, "schema": item},
                "answer": {"status": "201", "schema": {"type": "object", "properties": {
                    "name": {"type": "string"},
                    "parts": {"type": "array", "items": {"type": "object"}},
                }}},
            })
        );
        assert!(schemas(&document).unwrap().contains("\"do_it\""));
    }

    #[test]
    fn bytes_have_a_media_type() {
        let operation =
            json!({"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}});
        let document = document("put", operation, json!({}));
        let row = row(&document, &document.operations[0]).unwrap();
        assert_eq!(row["body"], json!({"required": false, "mediaType": "*/*"}));
        assert_eq!(row["answer"]["schema"], Value::Null);
    }
}
