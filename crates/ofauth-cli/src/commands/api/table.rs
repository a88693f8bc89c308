//! `ofauth api --list` and `--describe`: the table of operations, for people and as JSON.

use ofauth::operation::Operation;
use ofauth::operation::{Body, Connection, Kind, Place, RetryClass};
use ofauth::unversioned::PROXY_REQUEST;
use serde_json::Value;

use super::schema::{self, member};
use crate::app::App;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::records::{OperationRecord, ParameterRecord};

const PROXY_SUMMARY: &str = "Pass a request on to OnlyFans.";
const PROXY_PATH: &str = "/v2/access/proxy/{path}";

/// Shows all operations, one a line.
pub(crate) fn list(app: &App) -> Result<Exit> {
    let operations = ofauth::operations();
    let width = operations.iter().map(|operation| operation.id.len()).max().unwrap_or(0);
    let mut any_unconfirmed = false;
    for operation in operations {
        let arrived = if app.out.is_json() {
            app.out.record(&record(operation))
        } else {
            any_unconfirmed |= operation.unconfirmed;
            let mark = mark(operation);
            app.out.line(&row(width, operation.id, operation.method, operation.path, operation.summary, mark))
        };
        if !arrived {
            return Ok(Exit::Done);
        }
    }
    if app.out.is_json() {
        app.out.record(&proxy_record());
    } else {
        app.out.line(&row(width, PROXY_REQUEST, "ANY", PROXY_PATH, PROXY_SUMMARY, ""));
    }
    if any_unconfirmed {
        app.out.note("unconfirmed: no public page shows the operation; it may not exist in this form");
    }
    Ok(Exit::Done)
}

/// What a line of the list says about an operation that is not like the others.
fn mark(operation: &Operation) -> &'static str {
    match (operation.deprecated, operation.unconfirmed) {
        (false, false) => "",
        (false, true) => " (unconfirmed)",
        (true, false) => " (deprecated)",
        (true, true) => " (deprecated, unconfirmed)",
    }
}

fn row(width: usize, id: &str, method: &str, path: &str, summary: &str, mark: &str) -> String {
    format!("{id:<width$}  {method:<6}  {path}  {summary}{mark}")
}

/// Shows one operation in full.
pub(crate) fn describe(app: &App, operation: &Operation) -> Result<Exit> {
    let schemas = schemas(operation);
    if app.out.is_json() {
        app.out.record(&record_in_full(operation, &schemas));
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
    if operation.deprecated {
        lines.push("deprecated: it is to go, or may be gone".to_owned());
    }
    if operation.unconfirmed {
        lines.push("unconfirmed: no public page shows it; it may not exist in this form".to_owned());
    }
    lines.push(format!("group: {}", operation.tag));
    lines.push(format!("permission: {}", operation.permission.unwrap_or("not known")));
    lines.push(format!("connection: {}", connection(operation.connection)));
    lines.push(format!("repeatable: {}", repeatable(operation.retry)));
    if let Some(page) = operation.page {
        let size = page.max.map(|most| format!(", {most} items each")).unwrap_or_default();
        lines.push(format!("pages: yes; --paginate fetches all of them{size}"));
    }

    let parameters = member(schemas, "parameters").as_array().map_or(&[][..], Vec::as_slice);
    lines.push(format!("parameters:{}", if parameters.is_empty() { " none" } else { "" }));
    lines.extend(schema::parameters(parameters));

    let content = member(schemas, "body");
    let media_type = member(content, "mediaType").as_str();
    let of_type = media_type.map(|name| format!(", {name}")).unwrap_or_default();
    lines.push(format!("body: {}{of_type}", body(operation.body)));
    lines.extend(schema::fields(member(content, "schema")));

    let answer = member(schemas, "answer");
    let content = match member(answer, "mediaType").as_str() {
        Some(media_type) => media_type,
        None if member(answer, "schema").is_null() => "no body",
        None => "JSON",
    };
    lines.push(format!("answer: {}, {content}", member(answer, "status").as_str().unwrap_or("2XX")));
    lines.extend(schema::fields(member(answer, "schema")));
    lines
}

/// The line of `--list --json`, and with it what the document says of parameters, body and answer.
fn record_in_full<'a>(operation: &'a Operation, schemas: &'a Value) -> OperationRecord<'a> {
    let mut record = record(operation);
    let described = member(schemas, "parameters").as_array().into_iter().flatten();
    for (parameter, described) in record.parameters.iter_mut().zip(described) {
        parameter.description = Some(member(described, "description"));
        parameter.schema = Some(member(described, "schema"));
    }
    record.body_schema = Some(member(member(schemas, "body"), "schema"));
    record.answer = Some(member(schemas, "answer"));
    record
}

/// Shows the proxy operation in full.
pub(crate) fn describe_proxy(app: &App) -> Result<Exit> {
    if app.out.is_json() {
        app.out.record(&proxy_record());
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

fn record(operation: &Operation) -> OperationRecord<'_> {
    let parameters = operation.parameters.iter().map(|parameter| ParameterRecord {
        name: parameter.name,
        r#in: place(parameter.place),
        required: parameter.required,
        r#type: kind(parameter.kind),
        values: parameter.values,
        deprecated: parameter.deprecated,
        description: None,
        schema: None,
    });
    OperationRecord {
        id: operation.id,
        method: operation.method,
        path: operation.path,
        tag: operation.tag,
        summary: operation.summary,
        permission: operation.permission,
        parameters: parameters.collect(),
        body: body(operation.body),
        connection: connection(operation.connection),
        repeatable: operation.retry == RetryClass::Repeatable,
        deprecated: operation.deprecated,
        unconfirmed: operation.unconfirmed,
        body_schema: None,
        answer: None,
    }
}

fn proxy_record() -> OperationRecord<'static> {
    OperationRecord {
        id: PROXY_REQUEST,
        method: "ANY",
        path: PROXY_PATH,
        tag: "Proxy",
        summary: PROXY_SUMMARY,
        permission: None,
        parameters: ["path", "method"].map(proxy_parameter).into(),
        body: "optional JSON",
        connection: "required",
        repeatable: false,
        deprecated: false,
        unconfirmed: false,
        body_schema: None,
        answer: None,
    }
}

fn proxy_parameter(name: &'static str) -> ParameterRecord<'static> {
    ParameterRecord {
        name,
        r#in: name,
        required: true,
        r#type: "string",
        values: &[],
        deprecated: false,
        description: None,
        schema: None,
    }
}

/// What a newer table of operations may say.
const OTHER: &str = "other";

fn place(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
        _ => OTHER,
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
        Kind::Json => "JSON",
        _ => OTHER,
    }
}

fn body(body: Body) -> &'static str {
    match body {
        Body::None => "none",
        Body::OptionalJson => "optional JSON",
        Body::Json => "JSON",
        Body::Bytes => "bytes",
        Body::OptionalBytes => "optional bytes",
        _ => OTHER,
    }
}

fn repeatable(retry: RetryClass) -> &'static str {
    match retry {
        RetryClass::Repeatable => "yes: it is sent again after a failure",
        _ => "no: after a failure it may have been carried out",
    }
}

fn connection(connection: Connection) -> &'static str {
    match connection {
        Connection::None => "not used",
        Connection::Optional => "optional",
        Connection::Required => "required",
        _ => OTHER,
    }
}
