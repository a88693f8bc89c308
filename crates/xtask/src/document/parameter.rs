//! One parameter of an operation, and how the document has its value written.

use anyhow::Result;
use serde_json::{Value, json};

use super::media::is_json;
use super::reading::{is, resolve, text};

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name on the wire.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it is to go.
    pub deprecated: bool,
    /// What it is.
    pub description: String,
    /// How an object or a list is written, if the document says.
    pub style: Option<String>,
    /// Whether each value of it stands on its own, if the document says.
    pub explode: Option<bool>,
    /// The media type of its value, if that is a document of its own: `application/json`.
    pub content: Option<String>,
    /// The schema of its value.
    pub schema: Value,
}

/// How the value of a parameter is written, once style, `explode` and their defaults are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Each value is a pair of its own: `ids=1&ids=2`, and of an object `a=1&b=2`.
    Repeated,
    /// One text, with commas: `1,2`, and of an object `a,1,b,2`.
    Commas,
    /// One text, with spaces.
    Spaces,
    /// One text, with `|`.
    Pipes,
    /// One text, with commas, of an object: `a=1,b=2`.
    Fields,
    /// Each field of an object is a pair of its own: `filter[a]=1`.
    DeepObject,
    /// JSON text.
    Json,
    /// A way that nobody here can write.
    Other,
}

/// Whether a parameter is a header that OpenAPI says is none, or the one with the key, which the client sends by itself.
#[must_use]
pub fn is_sent_anyway(place: &str, name: &str) -> bool {
    const HEADERS: [&str; 4] = ["accept", "apikey", "authorization", "content-type"];
    place == "header" && HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header))
}

impl Parameter {
    /// How its value is written.
    #[must_use]
    pub fn style(&self) -> Style {
        if let Some(media_type) = &self.content {
            return if is_json(media_type) { Style::Json } else { Style::Other };
        }
        let usual = if self.place == "query" { "form" } else { "simple" };
        let style = self.style.as_deref().unwrap_or(usual);
        let explode = self.explode.unwrap_or(style == "form");
        match (self.place.as_str(), style) {
            ("query", "form") if explode => Style::Repeated,
            ("query", "form") => Style::Commas,
            // Each value on its own is what exploding means, whatever stands between values that are not.
            ("query", "spaceDelimited" | "pipeDelimited") if explode => Style::Repeated,
            ("query", "spaceDelimited") => Style::Spaces,
            ("query", "pipeDelimited") => Style::Pipes,
            ("query", "deepObject") => Style::DeepObject,
            ("path" | "header", "simple") if explode => Style::Fields,
            ("path" | "header", "simple") => Style::Commas,
            _ => Style::Other,
        }
    }

    pub(super) fn write(&self) -> Value {
        json!({
            "name": self.name,
            "in": self.place,
            "required": self.required,
            "deprecated": self.deprecated,
            "description": self.description,
            "schema": self.schema,
        })
    }
}

/// The parameters of an operation or a path; what is left out is told.
pub(super) fn read(root: &Value, holder: &Value, dropped: &mut Vec<String>) -> Result<Vec<Parameter>> {
    let list = holder.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut read = Vec::new();
    for parameter in list {
        let parameter = resolve(root, parameter)?;
        let (name, place) = (text(parameter, "name"), text(parameter, "in"));
        if !["path", "query", "header"].contains(&place.as_str()) {
            dropped.push(format!("{place} {name}"));
        } else if read.iter().any(|known: &Parameter| known.name == name && known.place == place) {
            dropped.push(format!("{place} {name}, which stands there twice"));
        } else if !is_sent_anyway(&place, &name) {
            let content = parameter.get("content").and_then(Value::as_object);
            let content = content.and_then(|content| content.iter().next());
            let schema = parameter.get("schema").or_else(|| content?.1.get("schema"));
            read.push(Parameter {
                required: is(parameter, "required"),
                deprecated: is(parameter, "deprecated"),
                description: text(parameter, "description"),
                style: parameter.get("style").and_then(Value::as_str).map(str::to_owned),
                explode: parameter.get("explode").and_then(Value::as_bool),
                content: content.map(|(media_type, _)| media_type.clone()),
                schema: schema.cloned().unwrap_or_else(|| json!({})),
                name,
                place,
            });
        }
    }
    Ok(read)
}
