//! Reads answers in place of the generator's runtime.
//!
//! The runtime takes an empty success and an error that is not JSON for unreadable answers, forgets status and headers
//! of both, has no bound, and puts the whole body into the error, signed addresses included. How single fields are
//! read is not decided here but in [`crate::lenient`].

use bytes::Bytes;
use progenitor_client::{Error, ResponseValue};
use reqwest::Response;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Value, json};

/// More than any answer the API documents; a server that sends more is not the API.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// What an error that is not JSON keeps of its text.
const MAX_ERROR_TEXT: usize = 4 * 1024;

/// Reads the JSON of an answer. An empty success is an empty object, and an error that is not a JSON object is one with
/// its text as `message`.
pub(crate) async fn read<T: DeserializeOwned, E>(
    mut response: Response,
) -> Result<ResponseValue<T>, Error<E>> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = collect(response).await?;
    let value = if status.is_success() {
        let body = if body.trim_ascii().is_empty() { b"{}".as_slice() } else { &body };
        serde_json::from_slice(body)
    } else {
        serde_json::from_value(error_object(&body))
    };
    match value {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(Bytes::new(), without_quotation(error))),
    }
}

async fn collect<E>(mut response: Response) -> Result<Vec<u8>, Error<E>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Error::ResponseBodyError)? {
        if chunk.len() > MAX_ANSWER.saturating_sub(body.len()) {
            return Err(Error::Custom(format!(
                "the answer is longer than {MAX_ANSWER} bytes; is this the API?"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn error_object(body: &[u8]) -> Value {
    if let Ok(object @ Value::Object(_)) = serde_json::from_slice(body) {
        return object;
    }
    let text = String::from_utf8_lossy(body.get(..MAX_ERROR_TEXT).unwrap_or(body));
    if text.trim().is_empty() { json!({}) } else { json!({ "message": text.trim() }) }
}

/// The error without the text that was found in the wrong place: it may be a signed address.
fn without_quotation(error: serde_json::Error) -> serde_json::Error {
    let message = error.to_string();
    let quotation = message.find("string \"").zip(message.rfind("\", expected"));
    let around = quotation.and_then(|(start, end)| Some((message.get(..start)?, message.get(end + 1..)?)));
    around.map_or(error, |(before, after)| serde_json::Error::custom(format!("{before}a text{after}")))
}
