//! `ofauth api --list` and `--describe`: the table of operations, for people and as JSON.

use ofauth::operation::Operation;
use ofauth::operation::{Body, Connection, Kind, Place, RetryClass};
use ofauth::unversioned::PROXY_REQUEST;
use serde_json::{Value, json};

use super::schema::{self, member};
use crate::app::App;
use crate::exit::Exit;
use crate::failure::Result;

const PROXY_SUMMARY: &str = "Pass a request on to OnlyFans.";
const PROXY_PATH: &str = "/v2/access/proxy/{path}";

/// Shows all operations, one a line.
pub(crate) fn list(app: &App) -> Result<Exit> {
    let operations = ofauth::operations();
    let width = operations.iter().map(|operation| operation.id.len()).max().unwrap_or(0);
    let mut any_unconfirmed = false;
    for operation in operations {
        let arrived = if app.out.is_json() {
            app.out.line(&as_json(operation).to_string())
        } else {
            any_unconfirmed |= operation.unconfirmed;
            let mark = if operation.unconfirmed { " (unconfirmed)" } else { "" };
            app.out.line(&row(width, operation.id, operation.method, operation.path, operation.summary, mark))
        };
        if !arrived {
            return Ok(Exit::Done);
        }
    }
    if app.out.is_json() {
        app.out.line(&proxy_as_json().to_string());
    } else {
        app.out.line(&row(width, PROXY_REQUEST, "ANY", PROXY_PATH, PROXY_SUMMARY, ""));
    }
    if any_unconfirmed {
        app.out.note("unconfirmed: no public page shows the operation; it may not exist in this form");
    }
    Ok(Exit::Done)
}

fn row(width: usize, id: &str, method: &str, path: &str, summary: &str, mark: &str) -> String {
    format!("{id:<width$}  {method:<6}  {path}  {summary}{mark}")
}

/// Shows one operation in full.
pub(crate) fn describe(app: &App, operation: &Operation) -> Result<Exit> {
    let schemas = schemas(operation);
    if app.out.is_json() {
        app.out.line(&as_json_in_full(operation, &schemas).to_string());
    } else {
        let text = in_full(operation, &schemas).join("\n") + "\n";
        app.out.raw(text.as_bytes());
    }
    Ok(Exit::Done)
}

/// What the document says of parameters, body and answer.
fn schemas(operation: &Operation) -> Value {
    // The text is generated and is JSON: a test reads all of them.
    let text = ofauth::schemas::find(operation.id).unwrap_or("null");
    serde_json::from_str(text).unwrap_or_default()
}

fn in_full(operation: &Operation, schemas: &Value) -> Vec<String> {
    let mut lines = vec![
        operation.id.to_owned(),
        format!("{} {}", operation.method, operation.path),
        operation.summary.to_owned(),
    ];
    if operation.unconfirmed {
        lines.push("unconfirmed: no public page shows it; it may not exist in this form".to_owned());
    }
    lines.push(format!("group: {}", operation.tag));
    lines.push(format!("permission: {}", operation.permission.unwrap_or("not known")));
    lines.push(format!("connection: {}", connection(operation.connection)));
    lines.push(format!("repeatable: {}", repeatable(operation.retry)));

    let parameters = member(schemas, "parameters").as_array().map_or(&[][..], Vec::as_slice);
    lines.push(format!("parameters:{}", if parameters.is_empty() { " none" } else { "" }));
    lines.extend(schema::parameters(parameters));

    let content = member(schemas, "body");
    let media_type = member(content, "mediaType").as_str();
    let of_type = media_type.map(|name| format!(", {name}")).unwrap_or_default();
    lines.push(format!("body: {}{of_type}", body(operation.body)));
    lines.extend(schema::fields(member(content, "schema")));

    let answer = member(schemas, "answer");
    let content = if member(answer, "schema").is_null() { "no body" } else { "JSON" };
    lines.push(format!("answer: {}, {content}", member(answer, "status").as_str().unwrap_or("2XX")));
    lines.extend(schema::fields(member(answer, "schema")));
    lines
}

/// The line of `--list --json`, and with it what the document says of parameters, body and answer.
fn as_json_in_full(operation: &Operation, schemas: &Value) -> Value {
    let mut json = as_json(operation);
    let Some(fields) = json.as_object_mut() else { return json };
    // With description and schema.
    let parameters = member(schemas, "parameters").as_array().into_iter().flatten();
    for (parameter, described) in
        fields.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten().zip(parameters)
    {
        if let Some(parameter) = parameter.as_object_mut() {
            parameter.insert("description".to_owned(), member(described, "description").clone());
            parameter.insert("schema".to_owned(), member(described, "schema").clone());
        }
    }
    fields.insert("bodySchema".to_owned(), member(member(schemas, "body"), "schema").clone());
    fields.insert("answer".to_owned(), member(schemas, "answer").clone());
    json
}

/// Shows the proxy operation in full.
pub(crate) fn describe_proxy(app: &App) -> Result<Exit> {
    if app.out.is_json() {
        app.out.line(&proxy_as_json().to_string());
        return Ok(Exit::Done);
    }
    let text = format!(
        "{PROXY_REQUEST}\nANY {PROXY_PATH}\n{PROXY_SUMMARY}\nconnection: required\nbody: optional JSON\nparameters:\n  \
         method (required): GET, POST, PUT, PATCH or DELETE\n  \
         path (required): an OnlyFans path without /api2/v2, with slashes and a query string as it needs them\n"
    );
    app.out.raw(text.as_bytes());
    Ok(Exit::Done)
}

fn as_json(operation: &Operation) -> Value {
    let parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": place(parameter.place),
                "required": parameter.required,
                "type": kind(parameter.kind),
                "values": parameter.values,
            })
        })
        .collect();
    json!({
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "tag": operation.tag,
        "summary": operation.summary,
        "permission": operation.permission,
        "parameters": parameters,
        "body": body(operation.body),
        "connection": connection(operation.connection),
        "repeatable": operation.retry == RetryClass::Repeatable,
        "unconfirmed": operation.unconfirmed,
    })
}

fn proxy_as_json() -> Value {
    json!({
        "id": PROXY_REQUEST,
        "method": "ANY",
        "path": PROXY_PATH,
        "tag": "Proxy",
        "summary": PROXY_SUMMARY,
        "permission": null,
        "parameters": [
            {"name": "path", "in": "path", "required": true, "type": "string", "values": []},
            {"name": "method", "in": "method", "required": true, "type": "string", "values": []},
        ],
        "body": "optional JSON",
        "connection": "required",
        "repeatable": false,
        "unconfirmed": false,
    })
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Id => "id",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}

fn body(body: Body) -> &'static str {
    match body {
        Body::None => "none",
        Body::OptionalJson => "optional JSON",
        Body::Json => "JSON",
        Body::Bytes => "bytes",
    }
}

fn repeatable(retry: RetryClass) -> &'static str {
    match retry {
        RetryClass::Repeatable => "yes: it is sent again after a failure",
        RetryClass::Once => "no: after a failure it may have been carried out",
    }
}

fn connection(connection: Connection) -> &'static str {
    match connection {
        Connection::None => "not used",
        Connection::Optional => "optional",
        Connection::Required => "required",
    }
}
