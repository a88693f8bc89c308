//! Checks of a request against the document, before its handler sees it: its parameters and its JSON body.
//!
//! What the document cannot say, such as which references can be used, is checked by the handlers.

use serde_json::Value;

use super::parameters::Given;
use crate::call::Call;
use crate::document::{BodyKind, Operation};
use crate::error::{ApiError, Failure};
use crate::schema::{Check, Inner};
use crate::{older_clients, query};

/// Holds a request against the document. The body is kept in the call, for [`body`].
pub(crate) async fn request(
    call: &mut Call,
    operation: &Operation,
    path_values: &[String],
) -> Result<(), Failure> {
    // What uploads say is checked with their bytes: their query is the plan's.
    if matches!(operation.body, BodyKind::Bytes | BodyKind::OptionalBytes) {
        return Ok(());
    }
    parameters(call, operation, path_values)?;
    call.json = read_body(call, operation).await?;
    Ok(())
}

/// Checks the parameters of a request against the document.
fn parameters(call: &Call, operation: &Operation, path_values: &[String]) -> Result<(), ApiError> {
    let query = query::pairs(&call.query);
    let given = Given {
        path: path_values,
        query: &query,
        headers: &call.headers,
        lenient: call.state.settings.lenient,
    };
    let deprecated = given.check(operation).map_err(ApiError::bad_request)?;
    call.entry.edit(|exchange| exchange.deprecated = deprecated);
    Ok(())
}

/// The JSON body of a request that was held against the document; none if there is none and none is needed.
pub(crate) fn body(call: &mut Call) -> Option<Value> {
    call.json.take()
}

async fn read_body(call: &mut Call, operation: &Operation) -> Result<Option<Value>, Failure> {
    let Some(schema) = &operation.request else { return Ok(None) };
    if call.body.is_absent() {
        return match operation.body {
            BodyKind::Json => Err(ApiError::bad_request("the request's body is required").into()),
            _ => Ok(None),
        };
    }
    let mut body = call.json().await?;
    let lenient = call.state.settings.lenient;
    let check = Check { unknown_fields: lenient, inner: Inner::Dot };
    if lenient {
        older_clients::update_body(&operation.id, schema, check, &mut body);
    }
    check.value(schema, &body, "").map_err(|problem| refusal(operation, &body, problem))?;
    Ok(Some(body))
}

/// The refusal of a body; a field that was renamed is named first, because what is missing follows from it.
fn refusal(operation: &Operation, body: &Value, problem: String) -> ApiError {
    let mut fields = body.as_object().into_iter().flat_map(serde_json::Map::keys);
    let renamed = fields.find_map(|old| Some((old, older_clients::field_of_today(&operation.id, old)?)));
    ApiError::bad_request(match renamed {
        Some((old, new)) => format!("{old}: is not a documented field; it is called {new}"),
        None => problem,
    })
}
