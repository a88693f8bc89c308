//! Bodies and responses: which of several media types counts, and what is known of the others.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::reading::{Object, resolve, text};

/// A request body.
#[derive(Debug, Clone)]
pub struct Body {
    /// Whether it must be there.
    pub required: bool,
    /// Its media type or range.
    pub media_type: String,
    /// The schema of its value.
    pub schema: Value,
    /// The schemas of what may be sent instead, by media type.
    pub others: BTreeMap<String, Value>,
}

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// When it comes.
    pub description: String,
    /// The media type of its body, if it has one.
    pub media_type: Option<String>,
    /// The schema of its body, if it has one.
    pub schema: Option<Value>,
    /// An example of its body, if the document gives one.
    pub example: Option<Value>,
    /// The schemas of what may come instead, by media type.
    pub others: BTreeMap<String, Value>,
}

/// Whether a media type is JSON: `application/json`, also with parameters, and its family such as `application/problem+json`.
#[must_use]
pub fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(name.as_str(), "application/json" | "text/json") || name.ends_with("+json")
}

impl Body {
    pub(super) fn read(root: &Value, body: &Value) -> Result<Self> {
        let body = resolve(root, body)?;
        let content =
            body.get("content").and_then(Value::as_object).context("the request body has no `content`")?;
        let (media_type, media) = first(content).context("the request body names no media type")?;
        Ok(Self {
            required: body.get("required").and_then(Value::as_bool).unwrap_or(false),
            media_type: media_type.clone(),
            schema: schema(media),
            others: others(content, media_type),
        })
    }

    /// Whether the body is JSON; any other is bytes to this project.
    #[must_use]
    pub fn is_json(&self) -> bool {
        is_json(&self.media_type)
    }

    /// All media types that the document names, the preferred one first.
    #[must_use]
    pub fn media_types(&self) -> String {
        joined(&self.media_type, &self.others)
    }
}

impl Response {
    /// A response without a body.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            description: String::new(),
            media_type: None,
            schema: None,
            example: None,
            others: BTreeMap::new(),
        }
    }

    pub(super) fn read(root: &Value, response: &Value) -> Result<Self> {
        let content = response.get("content").and_then(Value::as_object);
        let chosen = content.and_then(first);
        let media = chosen.map(|(_, media)| media);
        let first_example = media.and_then(|media| media.get("examples")).and_then(Value::as_object);
        let first_example = first_example.and_then(|examples| examples.values().next());
        let example = match (media.and_then(|media| media.get("example")), first_example) {
            (Some(example), _) => Some(example.clone()),
            (None, Some(named)) => resolve(root, named)?.get("value").cloned(),
            (None, None) => None,
        };
        let media_type = chosen.map(|(media_type, _)| media_type.clone());
        Ok(Self {
            description: text(response, "description"),
            schema: media.map(schema),
            example,
            others: content.zip(media_type.as_ref()).map(|(all, name)| others(all, name)).unwrap_or_default(),
            media_type,
        })
    }

    /// What the body is to a reader, if there is one.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        let media_type = self.media_type.as_deref()?;
        let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let says = |key: &str, word: &str| {
            self.schema.as_ref().and_then(|it| it.get(key)).is_some_and(|it| it == word)
        };
        Some(match name.as_str() {
            _ if is_json(media_type) => Form::Json,
            // A range says nothing, so the schema does.
            "*/*" | "application/*" | "" if !says("type", "string") => Form::Json,
            "application/xml"
            | "application/yaml"
            | "application/x-ndjson"
            | "application/jsonl"
            | "application/javascript" => Form::Text,
            other if other.ends_with("+xml") && !other.starts_with("image/") => Form::Text,
            other if other.starts_with("text/") && !says("format", "binary") => Form::Text,
            _ => Form::Bytes,
        })
    }

    /// All media types that the document names, the preferred one first.
    #[must_use]
    pub fn media_types(&self) -> Option<String> {
        self.media_type.as_ref().map(|media_type| joined(media_type, &self.others))
    }

    pub(super) fn write(&self) -> Value {
        let mut response = json!({ "description": self.description });
        if let (Some(schema), Some(response)) = (&self.schema, response.as_object_mut()) {
            response.insert("content".to_owned(), json!({ "application/json": { "schema": schema } }));
        }
        response
    }
}

/// What a body is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A JSON value.
    Json,
    /// A text, such as CSV.
    Text,
    /// Bytes, such as a picture.
    Bytes,
}

/// The media type that counts: JSON if there is one, plain before its family.
fn first(content: &Object) -> Option<(&String, &Value)> {
    let plain = |media_type: &str| media_type.starts_with("application/json") && is_json(media_type);
    let find = |wanted: &dyn Fn(&str) -> bool| content.iter().find(|(media_type, _)| wanted(media_type));
    find(&plain).or_else(|| find(&is_json)).or_else(|| content.iter().next())
}

fn others(content: &Object, chosen: &str) -> BTreeMap<String, Value> {
    let others = content.iter().filter(|(media_type, _)| *media_type != chosen);
    others.map(|(media_type, media)| (media_type.clone(), schema(media))).collect()
}

fn schema(media: &Value) -> Value {
    media.get("schema").cloned().unwrap_or_else(|| json!({}))
}

fn joined(first: &str, others: &BTreeMap<String, Value>) -> String {
    let all: Vec<&str> = std::iter::once(first).chain(others.keys().map(String::as_str)).collect();
    all.join(", ")
}
