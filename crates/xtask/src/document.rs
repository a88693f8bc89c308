//! The merged document as data that is easy to change.
//!
//! Reading it settles what OpenAPI lets one write in several ways: shared parameters, bodies and responses are
//! inlined, a parameter of a path belongs to each of its operations, and of several media types one is chosen (JSON
//! if there is one). Schemas stay JSON: what they mean is the business of [`crate::lower`] and [`crate::emit`].

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// A JSON object.
pub type Object = Map<String, Value>;

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
}

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
    /// The schema of its value.
    pub schema: Value,
}

/// A request body.
#[derive(Debug, Clone)]
pub struct Body {
    /// Whether it must be there.
    pub required: bool,
    /// Its media type or range.
    pub media_type: String,
    /// The schema of its value.
    pub schema: Value,
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    /// When it comes.
    pub description: String,
    /// The schema of its JSON, if it has any.
    pub schema: Option<Value>,
    /// An example of its JSON, if the document gives one.
    pub example: Option<Value>,
}

const METHODS: [&str; 5] = ["delete", "get", "patch", "post", "put"];

/// Methods that the rest of the project does not know.
const OTHER_METHODS: [&str; 3] = ["head", "options", "trace"];

impl Document {
    /// Reads a document.
    pub fn read(root: &Value) -> Result<Self> {
        let openapi = text(root, "openapi");
        let mut operations = Vec::new();
        let paths = root.get("paths").and_then(Value::as_object).context("the document has no `paths`")?;
        for (path, item) in paths {
            if let Some(method) = OTHER_METHODS.iter().find(|method| item.get(**method).is_some()) {
                bail!(
                    "{method} {path}: the method is not supported; remove the operation by an overlay action"
                );
            }
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    let read = Operation::read(root, path, method, item, operation);
                    operations.push(read.with_context(|| format!("{method} {path}"))?);
                }
            }
        }
        operations.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        let schemas =
            root.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
        let info = root.get("info").cloned().context("the document has no `info`")?;
        Ok(Self { openapi, info, operations, schemas: schemas.into_iter().collect() })
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

impl Operation {
    fn read(root: &Value, path: &str, method: &str, item: &Value, operation: &Value) -> Result<Self> {
        let id = text(operation, "operationId");
        if id.is_empty() {
            bail!(
                "the operation has no id; add an action to openapi/overlay.yaml that gives it an `operationId`"
            );
        }
        let own = parameters(root, operation)?;
        let shared = parameters(root, item)?.into_iter().filter(|shared| {
            !own.iter().any(|own: &Parameter| own.name == shared.name && own.place == shared.place)
        });
        let parameters = shared.chain(own.iter().cloned()).collect();
        let mut responses = BTreeMap::new();
        let all = operation.get("responses").and_then(Value::as_object).context("`responses` is missing")?;
        for (status, response) in all {
            responses
                .insert(status.to_uppercase().replace("DEFAULT", "default"), Response::read(root, response)?);
        }
        let body = operation.get("requestBody").map(|body| Body::read(root, body)).transpose()?;
        let object = operation.as_object().cloned().unwrap_or_default();
        Ok(Self {
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
        })
    }

    fn write(&self) -> Value {
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
        self.responses.iter().find(|(status, _)| status.starts_with('2'))
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

impl Parameter {
    fn write(&self) -> Value {
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

impl Body {
    fn read(root: &Value, body: &Value) -> Result<Self> {
        let body = resolve(root, body)?;
        let content =
            body.get("content").and_then(Value::as_object).context("the request body has no `content`")?;
        let (media_type, media) = json_first(content).context("the request body names no media type")?;
        Ok(Self {
            required: body.get("required").and_then(Value::as_bool).unwrap_or(false),
            media_type: media_type.clone(),
            schema: media.get("schema").cloned().unwrap_or_else(|| json!({})),
        })
    }
}

impl Response {
    fn read(root: &Value, response: &Value) -> Result<Self> {
        let response = resolve(root, response)?;
        let media =
            response.get("content").and_then(Value::as_object).and_then(json_first).map(|(_, media)| media);
        let first_example = media.and_then(|media| media.get("examples")).and_then(Value::as_object);
        let first_example = first_example.and_then(|examples| examples.values().next());
        let example = match (media.and_then(|media| media.get("example")), first_example) {
            (Some(example), _) => Some(example.clone()),
            (None, Some(named)) => resolve(root, named)?.get("value").cloned(),
            (None, None) => None,
        };
        Ok(Self {
            description: text(response, "description"),
            schema: media.map(|media| media.get("schema").cloned().unwrap_or_else(|| json!({}))),
            example,
        })
    }

    fn write(&self) -> Value {
        let mut response = json!({ "description": self.description });
        if let (Some(schema), Some(response)) = (&self.schema, response.as_object_mut()) {
            response.insert("content".to_owned(), json!({ "application/json": { "schema": schema } }));
        }
        response
    }
}

fn parameters(root: &Value, holder: &Value) -> Result<Vec<Parameter>> {
    let list = holder.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let resolved = list.iter().map(|parameter| resolve(root, parameter));
    resolved
        // No client sends cookies; the check of the document asks for a reason.
        .filter(|parameter| !parameter.as_ref().is_ok_and(|parameter| text(parameter, "in") == "cookie"))
        .map(|parameter| {
            let parameter = parameter?;
            let (name, place) = (text(parameter, "name"), text(parameter, "in"));
            if !["path", "query", "header"].contains(&place.as_str()) {
                bail!("parameter {name} stands in {place:?}; path, query and header are supported");
            }
            Ok(Parameter {
                name,
                place,
                required: is(parameter, "required"),
                deprecated: is(parameter, "deprecated"),
                description: text(parameter, "description"),
                style: parameter.get("style").and_then(Value::as_str).map(str::to_owned),
                schema: parameter.get("schema").cloned().unwrap_or_else(|| json!({})),
            })
        })
        .collect()
}

/// Follows `$ref` inside the document.
fn resolve<'a>(root: &'a Value, mut value: &'a Value) -> Result<&'a Value> {
    // A chain longer than this is a circle.
    for _ in 0..16 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        value = target.with_context(|| format!("{reference} points to nothing in the document"))?;
    }
    bail!("a $ref leads back to itself")
}

fn json_first(content: &Object) -> Option<(&String, &Value)> {
    content
        .iter()
        .find(|(media_type, _)| media_type.starts_with("application/json"))
        .or_else(|| content.iter().next())
}

fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(item: Value, components: Value) -> Result<Document> {
        Document::read(&json!({
            "openapi": "3.1.0",
            "info": { "title": "Test", "version": "1" },
            "paths": { "/v2/{id}": item },
            "components": components,
        }))
    }

    #[test]
    fn shared_parts_are_inlined() {
        let item = json!({
            "parameters": [
                { "$ref": "#/components/parameters/Id" },
                { "name": "limit", "in": "query", "description": "of the path", "schema": {} },
            ],
            "get": {
                "operationId": "get_it",
                "parameters": [{ "name": "limit", "in": "query", "description": "of the operation", "schema": {} }],
                "responses": { "2xx": { "$ref": "#/components/responses/One" }, "default": { "description": "" } },
            },
        });
        let components = json!({
            "parameters": { "Id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } } },
            "responses": { "One": { "$ref": "#/components/responses/Two" }, "Two": {
                "description": "Two",
                "content": { "text/html": {}, "application/json": { "schema": { "type": "object" }, "example": { "a": 1 } } },
            } },
        });
        let document = document(item, components).unwrap();
        let operation = &document.operations[0];
        let parameters: Vec<_> =
            operation.parameters.iter().map(|p| (p.name.as_str(), p.description.as_str())).collect();
        assert_eq!(parameters, [("id", ""), ("limit", "of the operation")]);
        let (status, response) = operation.success().unwrap();
        assert_eq!((status.as_str(), response.description.as_str()), ("2XX", "Two"));
        assert_eq!(response.schema, Some(json!({ "type": "object" })));
        assert_eq!(response.example, Some(json!({ "a": 1 })));
        assert!(operation.responses.contains_key("default"));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let responses = json!({ "200": { "description": "" } });
        for (operation, expected) in [
            (json!({ "responses": responses }), "overlay.yaml"),
            (json!({ "operationId": "a" }), "responses"),
            (
                json!({ "operationId": "a", "responses": { "200": { "$ref": "#/components/gone" } } }),
                "#/components/gone",
            ),
            (
                json!({ "operationId": "a", "responses": responses, "parameters": [{ "name": "c", "in": "body" }] }),
                "body",
            ),
        ] {
            let error = format!("{:#}", document(json!({ "get": operation }), json!({})).unwrap_err());
            assert!(error.contains("get /v2/{id}") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_method_that_would_be_left_out_is_an_error() {
        let error = document(json!({ "head": {} }), json!({})).unwrap_err().to_string();
        assert!(error.contains("head /v2/{id}"), "{error}");
    }

    #[test]
    fn a_reference_to_itself_is_an_error() {
        let operation =
            json!({ "operationId": "a", "responses": { "200": { "$ref": "#/components/responses/A" } } });
        let components = json!({ "responses": { "A": { "$ref": "#/components/responses/A" } } });
        let error = format!("{:#}", document(json!({ "get": operation }), components).unwrap_err());
        assert!(error.contains("leads back to itself"), "{error}");
    }
}
