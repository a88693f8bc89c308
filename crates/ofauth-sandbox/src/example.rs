//! The operations that have no state here: their request is checked roughly, their answer is the document's example.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::document::{BodyKind, Operation, Parameter, Place};
use crate::error::{ApiError, Failure};
use crate::number;
use crate::reply::{Payload, Reply};
use crate::schema;

/// Checks a request against the document and answers the example.
pub(crate) async fn answer(
    call: &mut Call,
    operation: &Operation,
    path_values: &[String],
) -> Result<Reply, Failure> {
    check_parameters(call, operation, path_values)?;
    body(call, operation).await?;
    Ok(reply(operation))
}

/// The JSON body of a request, held against the document; none if there is none and none is needed.
pub(crate) async fn body(call: &mut Call, operation: &Operation) -> Result<Option<Value>, Failure> {
    let Some(schema) = &operation.request else { return Ok(None) };
    if call.body.is_ended() {
        return match operation.body {
            BodyKind::Json => Err(ApiError::bad_request("the request's body is required").into()),
            _ => Ok(None),
        };
    }
    let body = call.json().await?;
    schema::check(schema, &body, "").map_err(ApiError::bad_request)?;
    Ok(Some(body))
}

/// The success status of an operation.
pub(crate) fn status(operation: &Operation) -> StatusCode {
    StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK)
}

/// The example answer of an operation.
pub(crate) fn reply(operation: &Operation) -> Reply {
    let payload = match &operation.response {
        Value::Null => Payload::Empty,
        example => Payload::Json(example.clone()),
    };
    Reply::new(status(operation), payload)
}

/// Checks the parameters of a request against the document.
pub(crate) fn check_parameters(
    call: &Call,
    operation: &Operation,
    path_values: &[String],
) -> Result<(), ApiError> {
    let in_path = |name: &str| path_values.get(operation.path_position(name)?);
    for parameter in &operation.parameters {
        let values = match parameter.place {
            Place::Path => in_path(&parameter.name).cloned().into_iter().collect(),
            Place::Query => query_values(&call.query, &parameter.name),
            Place::Header => call.header(&parameter.name).map(str::to_owned).into_iter().collect(),
        };
        if !values.is_empty() {
            check_values(parameter, &values).map_err(ApiError::bad_request)?;
        } else if parameter.required {
            return Err(ApiError::bad_request(format!("{}: is required", parameter.name)));
        }
    }
    Ok(())
}

/// The value of a query parameter that is there once.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    query_values(query, name).into_iter().next()
}

/// The values of a query parameter; arrays repeat it, as `name` or as `name[]`.
fn query_values(query: &str, name: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('=').or(Some((pair, ""))));
    let decoded = pairs.map(|(name, value)| (decode(name), decode(value)));
    decoded.filter(|(found, _)| found.trim_end_matches("[]") == name).map(|(_, value)| value).collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Checks the texts that a parameter has on the wire; only arrays have more than one.
fn check_values(parameter: &Parameter, values: &[String]) -> Result<(), String> {
    let name = &parameter.name;
    if values.len() > 1 && parameter.kind != "array" {
        return Err(format!("{name}: is given {} times", values.len()));
    }
    for value in values {
        let wanted = match parameter.kind.as_str() {
            "integer" if number::whole_text(value).is_none() => "a whole number",
            "number" if number::number_text(value).is_none() => "a number",
            "boolean" if value != "true" && value != "false" => "true or false",
            "object" if serde_json::from_str::<Map<String, Value>>(value).is_err() => "a JSON object",
            _ if !parameter.values.is_empty() && !parameter.values.contains(value) => {
                &parameter.values.join(" or ")
            }
            _ => continue,
        };
        return Err(format!("{name}: must be {wanted}, not \"{value}\""));
    }
    Ok(())
}

/// `/v2/access/proxy/…`: answers what it was asked.
pub(crate) async fn echo(call: &mut Call, path: &str) -> Result<Reply, Failure> {
    let bytes = call.body.read().await?;
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) => value,
        Err(_) if bytes.is_empty() => Value::Null,
        Err(_) => json!(String::from_utf8_lossy(&bytes)),
    };
    Ok(Reply::json(json!({ "method": call.method, "path": path, "query": call.query, "body": body })))
}
