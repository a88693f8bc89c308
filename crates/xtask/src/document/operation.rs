//! One operation of the document.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::media::{Body, Response};
use super::parameter::{self, Parameter};
use super::reading::{Object, is, resolve, text};

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The stable id, from the overlay.
    pub id: String,
    /// The method in lower case, as the document writes it.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The first tag.
    pub tag: String,
    /// One sentence on what it does.
    pub summary: String,
    /// More about it.
    pub description: String,
    /// Whether it is to go.
    pub deprecated: bool,
    /// The parameters in the document's order.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<Body>,
    /// The responses by status: `200`, `2XX`, `default`.
    pub responses: BTreeMap<String, Response>,
    /// Every `x-` member.
    pub extensions: Object,
}

/// Members of an operation that the project does nothing with.
const DROPPED: [&str; 3] = ["callbacks", "security", "servers"];

impl Operation {
    /// Reads an operation, and tells what it leaves out.
    pub(super) fn read(
        root: &Value,
        path: &str,
        method: &str,
        item: &Value,
        operation: &Value,
    ) -> Result<(Self, Vec<String>)> {
        let id = text(operation, "operationId");
        if id.is_empty() {
            bail!(
                "the operation has no id; add an action to openapi/overlay.yaml that gives it an `operationId`"
            );
        }
        let mut dropped: Vec<String> = DROPPED
            .iter()
            .filter(|name| operation.get(**name).is_some())
            .map(|name| (*name).to_owned())
            .collect();
        let own = parameter::read(root, operation, &mut dropped)?;
        let shared = parameter::read(root, item, &mut dropped)?.into_iter().filter(|shared| {
            !own.iter().any(|own: &Parameter| own.name == shared.name && own.place == shared.place)
        });
        let parameters = shared.chain(own.iter().cloned()).collect();
        let mut responses = BTreeMap::new();
        let all = operation.get("responses").and_then(Value::as_object).context("`responses` is missing")?;
        for (status, response) in all.iter().filter(|(status, _)| !status.starts_with("x-")) {
            let response = resolve(root, response)?;
            if response.get("links").is_some() {
                dropped.push(format!("links of {status}"));
            }
            responses
                .insert(status.to_uppercase().replace("DEFAULT", "default"), Response::read(root, response)?);
        }
        let body = operation.get("requestBody").map(|body| Body::read(root, body)).transpose()?;
        let object = operation.as_object().cloned().unwrap_or_default();
        let read = Self {
            id,
            method: method.to_owned(),
            path: path.to_owned(),
            tag: operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
            summary: text(operation, "summary"),
            description: text(operation, "description"),
            deprecated: is(operation, "deprecated"),
            parameters,
            body,
            responses,
            extensions: object.into_iter().filter(|(key, _)| key.starts_with("x-")).collect(),
        };
        Ok((read, dropped))
    }

    pub(super) fn write(&self) -> Value {
        let responses: Object =
            self.responses.iter().map(|(status, response)| (status.clone(), response.write())).collect();
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "deprecated": self.deprecated,
            "parameters": self.parameters.iter().map(Parameter::write).collect::<Vec<_>>(),
            "responses": responses,
        });
        if let (Some(body), Some(operation)) = (&self.body, operation.as_object_mut()) {
            let content = json!({ body.media_type.clone(): { "schema": body.schema } });
            operation
                .insert("requestBody".to_owned(), json!({ "required": body.required, "content": content }));
        }
        operation
    }

    /// The response that stands for success: the one with the lowest 2xx status.
    #[must_use]
    pub fn success(&self) -> Option<(&String, &Response)> {
        self.successes().next()
    }

    /// Every response with a 2xx status, in order.
    pub fn successes(&self) -> impl Iterator<Item = (&String, &Response)> {
        self.responses.iter().filter(|(status, _)| status.starts_with('2'))
    }

    /// The names of parameters whose existence no public page confirms.
    pub fn unconfirmed_parameters(&self) -> impl Iterator<Item = &str> {
        let names = self.extensions.get("x-ofauth-unconfirmed-parameters").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether the mark `name` is set to true.
    #[must_use]
    pub fn marked(&self, name: &str) -> bool {
        self.extensions.get(name).and_then(Value::as_bool) == Some(true)
    }
}
