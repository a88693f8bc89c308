//! What an operation's success has to hold to be taken for one, as the document tells it.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::document::{Document, Form, Operation, Response};
use crate::lower::{is_kept, resolved};

/// What the table says of a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success<'a> {
    /// A variant of `SuccessBody`.
    pub body: &'static str,
    /// The field without which the body means nothing.
    pub key: Option<&'a str>,
    /// The media types of the body, unless it is plain JSON.
    pub media_type: Option<String>,
}

impl<'a> Success<'a> {
    const NOTHING: Self = Self { body: "Optional", key: None, media_type: None };

    fn of(body: &'static str) -> Self {
        Self { body, ..Self::NOTHING }
    }

    /// Reads what the document says of the successes of `operation`.
    ///
    /// A body whose fields nobody documents may be missing, but not where reading is all that the operation does. The mark
    /// `x-ofauth-success: optional` says that a body with documented fields may be missing, too.
    pub fn read(document: &'a Document, operation: &'a Operation) -> Result<Self> {
        let all = operation.successes().map(|(_, response)| Self::of_response(document, operation, response));
        let mut found = all.reduce(Self::or).unwrap_or(Self::NOTHING);
        let mut types: Vec<String> =
            operation.successes().filter_map(|(_, response)| response.media_types()).collect();
        types.dedup();
        let types = types.join(", ");
        let is_usual = types.is_empty() || ["application/json", "*/*"].contains(&types.as_str());
        found.media_type =
            (!is_usual && types.bytes().all(|byte| (b' '..=b'~').contains(&byte))).then_some(types);
        match operation.extensions.get("x-ofauth-success").map(|mark| mark.as_str().unwrap_or_default()) {
            None => {}
            Some("optional") => found.body = "Optional",
            Some(other) => bail!("x-ofauth-success is {other:?}; use optional"),
        }
        Ok(found)
    }

    fn of_response(document: &'a Document, operation: &Operation, response: &'a Response) -> Self {
        let reads = operation.method == "get";
        let mut found = match (response.form(), &response.schema) {
            (Some(Form::Text), _) => Self::of("Text"),
            (Some(Form::Bytes), _) => Self::of("Bytes"),
            (_, Some(schema)) => Self::of_schema(document, schema),
            (_, None) => return Self::NOTHING,
        };
        if reads && found.body == "Optional" {
            found.body = "Json";
        }
        if reads && found.body == "Listing" {
            // A list may be empty.
            found.key = None;
        }
        found
    }

    /// What holds whichever of two successes comes.
    fn or(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let has = |body: &str| self.body == body || other.body == body;
        // What is not JSON all the time is read by nobody here.
        let body = if has("Bytes") || has("Text") {
            "Bytes"
        } else if has("Optional") {
            "Optional"
        } else if has("Any") {
            "Any"
        } else {
            "Json"
        };
        let key = self.key.filter(|_| self.body == other.body && self.key == other.key);
        Self { body: if self.body == other.body { self.body } else { body }, key, media_type: None }
    }

    fn of_schema(document: &'a Document, schema: &'a Value) -> Self {
        let whole = resolved(&document.schemas, schema);
        if let Some(variants) = whole.get("oneOf").or_else(|| whole.get("anyOf")).and_then(Value::as_array) {
            let all: Vec<&Value> = variants.iter().map(|it| resolved(&document.schemas, it)).collect();
            // An answer that may be null as a whole has no field that must be there.
            return match all.iter().find_map(|variant| variant.get("items")) {
                Some(items) => Self { key: key(document, items), ..Self::of("Listing") },
                None if all.iter().any(|variant| is_scalar(variant)) => Self::of("Any"),
                None => Self::of("Json"),
            };
        }
        let fields = whole.get("properties").and_then(Value::as_object);
        let fields_of = whole.get("additionalProperties").is_some_and(Value::is_object);
        let is_whole = fields.is_some() || fields_of || whole.get("allOf").is_some();
        match whole.get("type") {
            Some(Value::String(kind)) if kind == "array" => Self::of("Listing"),
            Some(Value::String(kind)) if kind == "object" && is_whole => {
                Self { key: key(document, schema), ..Self::of("Json") }
            }
            None if is_whole => Self { key: key(document, schema), ..Self::of("Json") },
            Some(Value::String(kind)) if kind == "object" => Self::NOTHING,
            None => Self::NOTHING,
            // A bare text or number, or one of several things.
            Some(_) => Self::of("Any"),
        }
    }
}

fn is_scalar(schema: &Value) -> bool {
    let kind = schema.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| ["string", "integer", "number", "boolean"].contains(&kind))
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
            ("get", Some(json!({ "type": "string" })), None, "Any", None),
            ("post", Some(json!({ "type": ["string", "null"] })), None, "Any", None),
        ] {
            let (found, found_key) = of(method, schema.clone(), mark).unwrap();
            assert_eq!((found.as_str(), found_key), (body, key), "{method} {schema:?} {mark:?}");
        }
        assert!(of("get", Some(thing()), Some("never")).is_err());
    }
}
