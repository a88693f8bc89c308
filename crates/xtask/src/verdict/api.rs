//! A document as the verdict reads it: everything that a caller can notice, with what OpenAPI lets one write in several
//! ways settled.
//!
//! Unlike [`crate::document`] it keeps what no generator takes (every media type, headers of answers, cookies, other
//! methods, servers), and nothing but a document without operations is an error: what cannot be read here would be
//! missing from a verdict without a word.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::document::{Object, is_json, is_sent_anyway, methods};

/// A merged document, read for a verdict.
#[derive(Debug)]
pub struct Api {
    /// The document as it came.
    pub(super) root: Value,
    pub(super) operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// Our id, or the method and path if the document has none of ours.
    pub(super) name: String,
    /// Our id.
    pub(super) id: Option<String>,
    /// The id of the document, whoever gave it.
    pub(super) given: String,
    pub(super) method: String,
    pub(super) path: String,
    /// The operation as it stands in the document.
    pub(super) raw: Value,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: BTreeMap<String, Answer>,
    /// The addresses of the service, if the document says any.
    pub(super) servers: Vec<String>,
    /// What the service asks for: sets of schemes with their scopes, one of which is enough.
    pub(super) security: Option<Vec<BTreeSet<String>>>,
}

/// One parameter.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) required: bool,
    pub(super) deprecated: bool,
    /// How a list or an object is written, with the defaults of OpenAPI filled in.
    pub(super) form: String,
    pub(super) schema: Value,
}

/// A request body.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) content: Content,
}

/// Schemas by media type.
pub(super) type Content = BTreeMap<String, Value>;

/// A response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) content: Content,
    /// By name in lower case: whether it always comes, and its schema.
    pub(super) headers: BTreeMap<String, (bool, Value)>,
}

impl Api {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// If it has neither paths nor webhooks, and so is no OpenAPI document.
    pub fn read(root: &Value) -> Result<Self> {
        ensure!(root.is_object(), "the document is no object");
        let paths = root.get("paths").and_then(Value::as_object);
        ensure!(paths.is_some() || root.get("webhooks").is_some(), "the document has no `paths`");
        let mut operations = Vec::new();
        for (path, item) in paths.into_iter().flatten() {
            let item = resolve(root, item);
            for method in methods() {
                if let Some(raw) = item.get(method).filter(|raw| raw.is_object()) {
                    operations.push(Operation::read(root, path, method, item, raw));
                }
            }
        }
        let mut seen = BTreeSet::new();
        let ids = operations.iter().filter_map(|operation| operation.id.clone());
        let twice: Vec<String> = ids.filter(|id| !seen.insert(id.clone())).collect();
        for operation in &mut operations {
            operation.id = operation.id.take().filter(|id| !twice.contains(id));
            operation.name =
                operation.id.clone().unwrap_or_else(|| format!("{} {}", operation.method, operation.path));
        }
        operations.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root: root.clone(), operations })
    }

    /// What a reference leads to, if it leads anywhere in the document.
    pub(super) fn target(&self, reference: &str) -> Option<&Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }

    /// A member of the document.
    pub(super) fn member(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer).filter(|member| !member.is_null())
    }

    /// The components that are schemas.
    pub(super) fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.member("/components/schemas").and_then(Value::as_object).into_iter().flatten()
    }
}

impl Operation {
    fn read(root: &Value, path: &str, method: &str, item: &Value, raw: &Value) -> Self {
        let given = text(raw, "operationId");
        let own = parameters(root, raw);
        let mut all: Vec<Parameter> = parameters(root, item);
        all.retain(|shared| !own.iter().any(|own| own.key() == shared.key()));
        all.extend(own);
        let answers = raw.get("responses").and_then(Value::as_object).into_iter().flatten();
        Self {
            name: String::new(),
            id: Some(given.clone()).filter(|id| is_ours(id)),
            given,
            method: method.to_owned(),
            path: path.to_owned(),
            parameters: all,
            body: raw.get("requestBody").map(|body| Body::read(root, body)),
            answers: answers
                .map(|(status, answer)| (status.to_lowercase(), Answer::read(root, answer)))
                .collect(),
            servers: [raw, item, root].into_iter().map(servers).find(|it| !it.is_empty()).unwrap_or_default(),
            security: [raw, root].into_iter().find_map(security),
            raw: raw.clone(),
        }
    }

    /// The path without the names of its parameters, whichever way they are written.
    pub(super) fn bare_path(&self) -> String {
        let segments = self.path.split('/').map(|segment| match segment {
            name if name.starts_with(':') => "{}".to_owned(),
            other => without_names(other),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Where it is: `GET /v2/access/posts`.
    pub(super) fn address(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// The names of the parameters in the path, in its order.
    pub(super) fn path_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for segment in self.path.split('/') {
            if let Some(name) = segment.strip_prefix(':') {
                names.push(name.to_owned());
            }
            names.extend(
                segment.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned),
            );
        }
        names
    }

    /// A mark of the operation.
    pub(super) fn mark(&self, name: &str) -> Option<&Value> {
        self.raw.get(name).filter(|mark| !mark.is_null())
    }

    pub(super) fn deprecated(&self) -> bool {
        is(&self.raw, "deprecated")
    }
}

impl Parameter {
    fn read(root: &Value, parameter: &Value) -> Self {
        let parameter = resolve(root, parameter);
        let (name, place) = (text(parameter, "name"), text(parameter, "in"));
        let content = parameter
            .get("content")
            .and_then(Value::as_object)
            .and_then(|content| json_first(content.iter()));
        let style = parameter.get("style").and_then(Value::as_str).unwrap_or(match place.as_str() {
            "query" | "cookie" => "form",
            _ => "simple",
        });
        let explode = parameter.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
        Self {
            required: is(parameter, "required") || place == "path",
            deprecated: is(parameter, "deprecated"),
            form: match content {
                Some((media_type, _)) => media_type.clone(),
                None => format!("{style}, explode {explode}"),
            },
            schema: content.map_or_else(|| schema(parameter), |(_, media)| schema(media)),
            name,
            place,
        }
    }

    /// What tells it from others: header names are the same in either case.
    pub(super) fn key(&self) -> (String, String) {
        let name = if self.place == "header" { self.name.to_lowercase() } else { self.name.clone() };
        (self.place.clone(), name)
    }

    /// Where it is, for people: `query limit`.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.place, self.name)
    }
}

impl Body {
    fn read(root: &Value, body: &Value) -> Self {
        let body = resolve(root, body);
        Self { required: is(body, "required"), content: content(body) }
    }
}

impl Answer {
    fn read(root: &Value, answer: &Value) -> Self {
        let answer = resolve(root, answer);
        let headers = answer.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.map(|(name, header)| {
            let header = resolve(root, header);
            (name.to_lowercase(), (is(header, "required"), schema(header)))
        });
        Self { headers: headers.collect(), content: content(answer) }
    }
}

/// Whether an id is one of ours: snake case, as no id of the publisher is.
fn is_ours(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_')
}

fn without_names(segment: &str) -> String {
    let mut inside = false;
    segment
        .chars()
        .filter(|character| {
            let keep = !inside || *character == '}';
            inside = (inside || *character == '{') && *character != '}';
            keep
        })
        .collect()
}

fn servers(holder: &Value) -> Vec<String> {
    let list = holder.get("servers").and_then(Value::as_array).into_iter().flatten();
    list.map(|server| text(server, "url").trim_end_matches('/').to_owned())
        .filter(|it| !it.is_empty())
        .collect()
}

fn security(holder: &Value) -> Option<Vec<BTreeSet<String>>> {
    let list = holder.get("security")?.as_array()?;
    let one = |needs: &Value| {
        let mut all = BTreeSet::new();
        for (scheme, scopes) in needs.as_object().into_iter().flatten() {
            all.insert(scheme.clone());
            let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
            all.extend(scopes.map(|scope| format!("{scheme} {scope}")));
        }
        all
    };
    // An empty list asks for nothing, as an empty member does.
    Some(if list.is_empty() { vec![BTreeSet::new()] } else { list.iter().map(one).collect() })
}

/// The parameters, without those that have no name or that the client sends by itself.
fn parameters(root: &Value, holder: &Value) -> Vec<Parameter> {
    let list = holder.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let is_one = |it: &Parameter| !it.name.is_empty() && !is_sent_anyway(&it.place, &it.name);
    list.map(|parameter| Parameter::read(root, parameter)).filter(is_one).collect()
}

fn content(holder: &Value) -> Content {
    let content = holder.get("content").and_then(Value::as_object).into_iter().flatten();
    content.map(|(media_type, media)| (media_type.clone(), schema(media))).collect()
}

fn schema(holder: &Value) -> Value {
    holder.get("schema").cloned().unwrap_or_else(|| Value::Object(Object::new()))
}

/// The media type that the clients take: JSON if there is one.
pub(super) fn chosen(content: &Content) -> Option<(&String, &Value)> {
    json_first(content.iter())
}

fn json_first<'a>(
    mut content: impl Iterator<Item = (&'a String, &'a Value)> + Clone,
) -> Option<(&'a String, &'a Value)> {
    content.clone().find(|(media_type, _)| is_json(media_type)).or_else(|| content.next())
}

/// Follows `$ref` as far as it leads.
pub(super) fn resolve<'a>(root: &'a Value, mut value: &'a Value) -> &'a Value {
    // A chain longer than this is a circle.
    for _ in 0..16 {
        let reference = value.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'));
        match reference.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => value = target,
            None => break,
        }
    }
    value
}

pub(super) fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
