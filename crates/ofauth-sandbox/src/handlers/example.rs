//! The operations that have no state here: their answer is the document's example.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::document::Operation;
use crate::error::Failure;
use crate::http::reply::{Payload, Reply};
use crate::world::moments::NEWEST;
use crate::world::shape::Frame;

/// The header that says that an answer is the document's example, whatever was asked for.
const EXAMPLE_HEADER: &str = "x-sandbox-example";

/// The example of an operation that nothing here does.
pub(crate) fn whole(call: &Call, operation: &Operation) -> Reply {
    let mut reply = filled(call, operation, &json!({}));
    reply.header(EXAMPLE_HEADER, true);
    reply
}

/// The example of an operation with these facts in it.
pub(crate) fn filled(call: &Call, operation: &Operation, facts: &Value) -> Reply {
    let (frame, none) = (Frame { base: &call.base, at: NEWEST }, Map::new());
    let payload = match (&operation.response, &operation.media_type) {
        (Value::Null, _) => Payload::Empty,
        (Value::String(text), Some(media_type)) if !media_type.contains("json") => {
            Payload::Text { content_type: media_type.clone(), text: text.clone() }
        }
        (example, Some(media_type)) => Payload::Text {
            content_type: media_type.clone(),
            text: frame.fill(example, facts.as_object().unwrap_or(&none)).to_string(),
        },
        (example, None) => Payload::Json(frame.fill(example, facts.as_object().unwrap_or(&none))),
    };
    Reply::new(status(operation), payload)
}

/// The success status of an operation.
pub(crate) fn status(operation: &Operation) -> StatusCode {
    StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK)
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
