//! Checks of a request against the document: its parameters and its JSON body.
//!
//! What the document cannot say, such as which references can be used, is checked by the handlers.

use serde_json::{Map, Value};

use crate::call::Call;
use crate::document::{BodyKind, Operation, Parameter, Place};
use crate::error::{ApiError, Failure};
use crate::{number, query, schema};

/// Checks the parameters of a request against the document.
pub(crate) fn parameters(call: &Call, operation: &Operation, path_values: &[String]) -> Result<(), ApiError> {
    let in_path = |name: &str| path_values.get(operation.path_position(name)?);
    for parameter in &operation.parameters {
        let values = match parameter.place {
            Place::Path => in_path(&parameter.name).cloned().into_iter().collect(),
            Place::Query => query::values(&call.query, &parameter.name),
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
