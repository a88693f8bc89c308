//! One request to an operation of the API, on its way through the sandbox.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

use crate::content_type::essence;
use crate::error::{ApiError, Failure};
use crate::fault::apply::RequestFaults;
use crate::http::request_body::RequestBody;
use crate::state::State;
use crate::transcript::Entry;

/// What an operation knows about its request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) state: Arc<State>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The query string, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RequestBody,
    /// The JSON of the body, once it was held against the document.
    pub(crate) json: Option<Value>,
    /// The value of `x-connection-id`, or nothing.
    pub(crate) connection: String,
    pub(crate) faults: RequestFaults,
    /// Scheme and host as the client addressed them; the URLs of plans begin so.
    pub(crate) base: String,
    pub(crate) request_id: String,
    /// What is remembered of the request.
    pub(crate) entry: Entry,
}

impl Call {
    /// The value of a header, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, which has to be a JSON object and to say so.
    pub(crate) async fn json_object(&mut self) -> Result<Map<String, Value>, Failure> {
        match self.json().await? {
            Value::Object(fields) => Ok(fields),
            _ => Err(ApiError::bad_request("the request's body must be a JSON object").into()),
        }
    }

    /// The body, which has to be JSON and to say so.
    pub(crate) async fn json(&mut self) -> Result<Value, Failure> {
        if let Some(value) = self.json.take() {
            return Ok(value);
        }
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = essence(content_type);
        if essence != "application/json" && !essence.ends_with("+json") {
            let message = format!("Content-Type: must be application/json, not \"{content_type}\"");
            return Err(ApiError::bad_request(message).into());
        }
        let bytes = self.body.read().await?;
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| ApiError::bad_request(format!("the request's body is not JSON: {error}")))?;
        Ok(value)
    }
}
