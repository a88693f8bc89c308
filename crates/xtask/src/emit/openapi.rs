//! Writes the merged document as the sandbox serves it: small, and with all that a validator needs.
//!
//! Left out are our marks (`x-ofauth-…`) and descriptions, but for those that OpenAPI requires: of responses. Examples and
//! other values are data and stay as they are. The text has a line for each path, operation and component, so that a change of it can be
//! read.

use std::fmt::Write;

use anyhow::Result;
use serde_json::Value;

use crate::document::Object;

/// Members whose values are data.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "const"];

/// How deep objects have a line for each member: the document, `paths` or `components`, a path or a kind of component.
const DEPTH: usize = 3;

/// The document, as the text of a JSON file.
pub fn openapi(merged: &Value) -> Result<String> {
    let mut document = small(merged, Place::Other);
    document.sort_all_objects();
    let mut text = String::new();
    write(&document, DEPTH, &mut text)?;
    text.push('\n');
    Ok(text)
}

/// What the members of an object are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Things by names that somebody chose, such as properties.
    Names,
    /// Responses by their statuses or names.
    Responses,
    /// A response.
    Response,
    Other,
}

impl Place {
    /// Where the value of `member` is.
    fn of(self, member: &str) -> Self {
        match (self, member) {
            (Self::Responses, _) => Self::Response,
            (Self::Names, _) => Self::Other,
            (_, "responses") => Self::Responses,
            (_, "properties" | "schemas" | "parameters" | "headers" | "paths" | "securitySchemes") => {
                Self::Names
            }
            _ => Self::Other,
        }
    }

    /// Whether a member is left out.
    fn drops(self, member: &str) -> bool {
        match self {
            Self::Names | Self::Responses => false,
            Self::Response => member.starts_with("x-ofauth-"),
            Self::Other => member == "description" || member.starts_with("x-ofauth-"),
        }
    }
}

fn small(value: &Value, place: Place) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !place.drops(name));
            let is_data = |name: &str| place != Place::Names && DATA.contains(&name);
            let small = kept.map(|(name, value)| match is_data(name) {
                true => (name.clone(), value.clone()),
                false => (name.clone(), small(value, place.of(name))),
            });
            Value::Object(small.collect::<Object>())
        }
        Value::Array(items) => items.iter().map(|item| small(item, Place::Other)).collect(),
        other => other.clone(),
    }
}

fn write(value: &Value, depth: usize, text: &mut String) -> Result<()> {
    match value {
        Value::Object(members) if depth > 0 && !members.is_empty() => {
            for (index, (name, value)) in members.iter().enumerate() {
                let before = if index == 0 { "{" } else { "," };
                write!(text, "{before}\n{}:", Value::from(name.as_str()))?;
                write(value, depth - 1, text)?;
            }
            text.push('}');
        }
        other => write!(text, "{other}")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_made_small_and_stays_one() {
        let merged = json!({
            "openapi": "3.1.0",
            "info": { "title": "T", "description": "D" },
            "paths": { "/a": { "get": {
                "x-ofauth-retry": "once", "x-permission": "a:read", "description": "D",
                "parameters": [{ "name": "q", "in": "query", "description": "D", "schema": { "default": { "description": "kept" } } }],
                "responses": { "200": { "description": "kept", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/description" },
                    "example": { "description": "kept", "x-ofauth-a": 1 },
                } } } },
            } } },
            "components": { "schemas": { "description": {
                "description": "D", "properties": { "description": { "type": "string" }, "example": { "description": "D" } },
            } } },
        });
        let text = openapi(&merged).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            found,
            json!({
                "openapi": "3.1.0",
                "info": { "title": "T" },
                "paths": { "/a": { "get": {
                    "x-permission": "a:read",
                    "parameters": [{ "name": "q", "in": "query", "schema": { "default": { "description": "kept" } } }],
                    "responses": { "200": { "description": "kept", "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/description" },
                        "example": { "description": "kept", "x-ofauth-a": 1 },
                    } } } },
                } } },
                "components": { "schemas": { "description": {
                    "properties": { "description": { "type": "string" }, "example": {} },
                } } },
            })
        );
        assert!(text.lines().any(|line| line.starts_with("\"get\":")), "{text}");
    }
}
