//! The merged document as data that is easy to change.
//!
//! Reading it settles what OpenAPI lets one write in several ways: shared parameters, bodies and responses are
//! inlined, a parameter of a path belongs to each of its operations, and of several media types one is chosen (JSON
//! if there is one). What is left out is told in [`Document::dropped`]. Schemas stay JSON: what they mean is the business of
//! [`crate::lower`] and [`crate::emit`].

mod media;
mod operation;
mod parameter;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

pub use media::{Body, Form, Response, is_json};
pub use operation::Operation;
pub use parameter::{Parameter, Style, is_sent_anyway};
pub use reading::Object;
use reading::{resolve, text};

/// An OpenAPI document.
#[derive(Debug, Clone)]
pub struct Document {
    /// The version of the specification that the document follows.
    pub openapi: String,
    /// Title, version and description.
    pub info: Value,
    /// The operations by path, then method.
    pub operations: Vec<Operation>,
    /// `components.schemas`.
    pub schemas: BTreeMap<String, Value>,
    /// What the document has and this does not.
    pub dropped: Vec<Dropped>,
}

/// Something that reading a document leaves out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// Where it stands: `get /v2/access/posts`.
    pub place: String,
    /// What it is: `cookie session`, `callbacks`.
    pub what: String,
}

/// The methods that the project knows.
pub const METHODS: [&str; 5] = ["delete", "get", "patch", "post", "put"];

/// The methods that a path can have besides.
pub const OTHER_METHODS: [&str; 4] = ["head", "options", "query", "trace"];

/// Every method that a path can have.
pub fn methods() -> impl Iterator<Item = &'static str> {
    METHODS.into_iter().chain(OTHER_METHODS)
}

impl Document {
    /// Reads a document.
    pub fn read(root: &Value) -> Result<Self> {
        let openapi = text(root, "openapi");
        let mut operations = Vec::new();
        let mut dropped = Vec::new();
        let paths = root.get("paths").and_then(Value::as_object).context("the document has no `paths`")?;
        for (path, item) in paths {
            let item = resolve(root, item).with_context(|| path.clone())?;
            let mut drop = |place: String, what: &str| dropped.push(Dropped { place, what: what.to_owned() });
            for method in OTHER_METHODS.iter().filter(|method| item.get(**method).is_some()) {
                drop(format!("{method} {path}"), "the operation");
            }
            if item.get("servers").is_some() {
                drop(path.clone(), "servers");
            }
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    let place = format!("{method} {path}");
                    let read = Operation::read(root, path, method, item, operation);
                    let (operation, lost) = read.with_context(|| place.clone())?;
                    lost.iter().for_each(|what| drop(place.clone(), what));
                    operations.push(operation);
                }
            }
        }
        operations.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        dropped.sort();
        let schemas =
            root.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
        let info = root.get("info").cloned().context("the document has no `info`")?;
        Ok(Self { openapi, info, operations, schemas: schemas.into_iter().collect(), dropped })
    }

    /// Writes the document out again.
    #[must_use]
    pub fn write(&self) -> Value {
        let mut paths = Object::new();
        for operation in &self.operations {
            let item = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(operation.method.clone(), operation.write());
            }
        }
        let mut root = json!({
            "openapi": self.openapi,
            "info": self.info,
            "paths": paths,
            "components": { "schemas": self.schemas },
        });
        root.sort_all_objects();
        root
    }

    /// Every schema of the document with the component or operation it stands in; nested ones are left to the caller.
    pub fn named_schemas_mut(&mut self) -> impl Iterator<Item = (String, &mut Value)> {
        let components = self.schemas.iter_mut().map(|(name, schema)| (name.clone(), schema));
        components.chain(self.operations.iter_mut().flat_map(|operation| {
            let id = operation.id.clone();
            let parameters = operation.parameters.iter_mut().map(|parameter| &mut parameter.schema);
            let body = operation.body.iter_mut().map(|body| &mut body.schema);
            let responses = operation.responses.values_mut().filter_map(|response| response.schema.as_mut());
            parameters.chain(body).chain(responses).map(move |schema| (id.clone(), schema))
        }))
    }
}
