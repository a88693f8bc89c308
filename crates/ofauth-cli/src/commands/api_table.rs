//! `ofauth api --list` and `--describe`: the table of operations, for people and as JSON.

use ofauth::api::Operation;
use ofauth::api::operation::{Body, Connection, Kind, Parameter, Place, RetryClass};
use serde_json::{Value, json};

use super::App;
use super::api::PROXY;
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
        app.out.line(&row(width, PROXY, "ANY", PROXY_PATH, PROXY_SUMMARY, ""));
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
    if app.out.is_json() {
        app.out.line(&as_json(operation).to_string());
        return Ok(Exit::Done);
    }
    let mut text =
        format!("{}\n{} {}\n{}\n", operation.id, operation.method, operation.path, operation.summary);
    if operation.unconfirmed {
        text.push_str("unconfirmed: no public page shows it; it may not exist in this form\n");
    }
    text.push_str(&format!("group: {}\n", operation.tag));
    text.push_str(&format!("permission: {}\n", operation.permission.unwrap_or("not known")));
    text.push_str(&format!("connection: {}\n", connection(operation.connection)));
    text.push_str(&format!("body: {}\n", body(operation.body)));
    text.push_str(match operation.parameters {
        [] => "parameters: none",
        _ => "parameters:",
    });
    for parameter in operation.parameters {
        text.push_str(&format!("\n  {}", parameter_line(parameter)));
    }
    text.push('\n');
    app.out.raw(text.as_bytes());
    Ok(Exit::Done)
}

/// Shows the proxy operation in full.
pub(crate) fn describe_proxy(app: &App) -> Result<Exit> {
    if app.out.is_json() {
        app.out.line(&proxy_as_json().to_string());
        return Ok(Exit::Done);
    }
    let text = format!(
        "{PROXY}\nANY {PROXY_PATH}\n{PROXY_SUMMARY}\nconnection: required\nbody: optional JSON\nparameters:\n  \
         method (required): GET, POST, PUT, PATCH or DELETE\n  \
         path (required): an OnlyFans path without /api2/v2, with slashes and a query string as it needs them\n"
    );
    app.out.raw(text.as_bytes());
    Ok(Exit::Done)
}

fn parameter_line(parameter: &Parameter) -> String {
    let required = if parameter.required { ", required" } else { "" };
    let values = match parameter.values {
        [] => String::new(),
        values => format!(": {}", values.join(" | ")),
    };
    format!("{} ({}, {}{required}){values}", parameter.name, place(parameter.place), kind(parameter.kind))
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
        "id": PROXY,
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

fn connection(connection: Connection) -> &'static str {
    match connection {
        Connection::None => "not used",
        Connection::Optional => "optional",
        Connection::Required => "required",
    }
}
