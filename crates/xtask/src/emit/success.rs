//! What an operation's success has to hold to be taken for one, as the document tells it.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::document::{Document, Operation};
use crate::lower::{is_kept, resolved};

/// What the table says of a success.
#[derive(Debug)]
pub struct Success<'a> {
    /// A variant of `SuccessBody`.
    pub body: &'static str,
    /// The field without which the body means nothing.
    pub key: Option<&'a str>,
}

impl<'a> Success<'a> {
    /// Reads what the document says of the success of `operation`.
    ///
    /// A body whose fields nobody documents may be missing, but not where reading is all that the operation does. The mark
    /// `x-ofauth-success: optional` says that a body with documented fields may be missing, too.
    pub fn read(document: &'a Document, operation: &'a Operation) -> Result<Self> {
        let reads = operation.method == "get";
        let schema = operation.success().and_then(|(_, response)| response.schema.as_ref());
        let mut found = match schema {
            None => Self { body: "Optional", key: None },
            Some(schema) => Self::of_schema(document, schema)?,
        };
        if reads && schema.is_some() && found.body == "Optional" {
            found.body = "Json";
        }
        if reads && found.body == "Listing" {
            // A list may be empty.
            found.key = None;
        }
        match operation.extensions.get("x-ofauth-success").map(|mark| mark.as_str().unwrap_or_default()) {
            None => {}
            Some("optional") => found.body = "Optional",
            Some(other) => bail!("x-ofauth-success is {other:?}; use optional"),
        }
        Ok(found)
    }

    fn of_schema(document: &'a Document, schema: &'a Value) -> Result<Self> {
        let whole = resolved(&document.schemas, schema);
        if let Some(variants) = whole.get("oneOf").or_else(|| whole.get("anyOf")).and_then(Value::as_array) {
            let list = variants.iter().find_map(|variant| resolved(&document.schemas, variant).get("items"));
            // An answer that may be null as a whole has no field that must be there.
            return Ok(match list {
                Some(items) => Self { body: "Listing", key: key(document, items) },
                None => Self { body: "Json", key: None },
            });
        }
        let fields = whole.get("properties").and_then(Value::as_object);
        let fields_of = whole.get("additionalProperties").is_some_and(Value::is_object);
        Ok(match whole.get("type").map(|kind| kind.as_str().ok_or(())) {
            Some(Ok("array")) => Self { body: "Listing", key: None },
            Some(Ok("object")) if fields.is_some() || fields_of => {
                Self { body: "Json", key: key(document, schema) }
            }
            Some(Ok("object")) | None => Self { body: "Optional", key: None },
            // A bare text, number or truth value, or one of several types: it has no field that must be there.
            Some(Ok(_) | Err(_)) => Self { body: "Json", key: None },
        })
    }
}

/// The field of an object that stays required when everything else becomes optional.
fn key<'a>(document: &'a Document, schema: &'a Value) -> Option<&'a str> {
    let schema = resolved(&document.schemas, schema);
    let required = schema.get("required")?.as_array()?;
    let property = |field: &str| schema.get("properties")?.get(field);
    let stays = |field: &&str| *field == "id" || property(field).is_some_and(is_kept);
    required.iter().filter_map(Value::as_str).find(stays)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emit::testing::document;

    fn of(method: &str, schema: Option<Value>, mark: Option<&str>) -> Result<(String, Option<String>)> {
        let response = match schema {
            Some(schema) => {
                json!({ "description": "", "content": { "application/json": { "schema": schema } } })
            }
            None => json!({ "description": "" }),
        };
        let mut operation = json!({ "responses": { "200": response } });
        if let Some(mark) = mark {
            operation["x-ofauth-success"] = json!(mark);
        }
        let thing =
            json!({ "type": "object", "required": ["id", "name"], "properties": { "id": {}, "name": {} } });
        let page = json!({ "type": "object", "required": ["list"], "properties": { "list": {} } });
        let document = document(method, operation, json!({ "Thing": thing, "Page": page }));
        let success = Success::read(&document, &document.operations[0])?;
        Ok((success.body.to_owned(), success.key.map(str::to_owned)))
    }

    #[test]
    fn the_document_decides() {
        let thing = || json!({ "$ref": "#/components/schemas/Thing" });
        let page = || json!({ "$ref": "#/components/schemas/Page" });
        let list = || json!({ "oneOf": [{ "type": "array", "items": thing() }, page()] });
        let open = || json!({ "type": "object", "additionalProperties": true });
        let id = Some("id".to_owned());
        for (method, schema, mark, body, key) in [
            ("delete", None, None, "Optional", None),
            ("post", Some(thing()), None, "Json", id.clone()),
            ("get", Some(thing()), None, "Json", id.clone()),
            ("get", Some(page()), None, "Json", None),
            ("put", Some(thing()), Some("optional"), "Optional", id.clone()),
            ("post", Some(list()), None, "Listing", id),
            ("get", Some(list()), None, "Listing", None),
            ("get", Some(json!({ "type": "array", "items": thing() })), None, "Listing", None),
            ("get", Some(json!({ "anyOf": [thing(), { "type": "null" }] })), None, "Json", None),
            ("delete", Some(open()), None, "Optional", None),
            ("get", Some(open()), None, "Json", None),
            ("post", Some(json!({ "description": "Any." })), None, "Optional", None),
            ("get", Some(json!({ "type": "object", "additionalProperties": thing() })), None, "Json", None),
            ("get", Some(json!({ "type": "string" })), None, "Json", None),
            ("post", Some(json!({ "type": ["string", "null"] })), None, "Json", None),
        ] {
            let (found, found_key) = of(method, schema.clone(), mark).unwrap();
            assert_eq!((found.as_str(), found_key), (body, key), "{method} {schema:?} {mark:?}");
        }
        assert!(of("get", Some(thing()), Some("never")).is_err());
    }
}
