//! Reads answers in place of the generator's runtime.
//!
//! The runtime takes an empty success and an error that is not JSON for unreadable answers, forgets status and headers
//! of both, has no bound, and puts the whole body into the error, signed addresses included. How single fields are
//! read is not decided here but in [`crate::lenient`], and which answers are to be read at all is the transport's matter.

use ofauth_operations::operation::RetryClass;
use ofauth_operations::{Error, ErrorKind};
use progenitor_client::ResponseValue;
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;

use crate::direct::broken;
use crate::generated::types::ErrorEnvelope;

/// More than any answer the API documents; a server that sends more is not the API.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// What an error that is not JSON keeps of its text.
const MAX_ERROR_TEXT: usize = 4 * 1024;

/// Reads the JSON of a success; an empty one is an empty object. Another answer is an error.
pub(crate) async fn read<T: DeserializeOwned>(
    mut response: Response,
    doing: &str,
    class: RetryClass,
) -> Result<ResponseValue<T>, Error> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = collect(response, doing, class).await?;
    if !status.is_success() {
        return Err(refused(status.as_u16(), &headers, &body, doing));
    }
    let is_empty = body.trim_ascii().is_empty();
    let read = if is_empty { from_json(b"{}") } else { from_json(&body) };
    // An answer that may be missing is null then, if it has fields that must be there.
    let read =
        read.or_else(|error| if is_empty { from_json(b"null").map_err(|_| error) } else { Err(error) });
    match read {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => {
            let text = format!("{doing}: the answer is not as documented");
            let error = Error::new(ErrorKind::InvalidAnswer, text).with_source(without_quotation(error));
            let request_id = request_id(&headers);
            Err(error.with_answer(status.as_u16(), None, request_id, None).in_doubt_if_once(class))
        }
    }
}

/// Reads a success without looking at its body. Another answer is an error.
pub(crate) async fn read_status(
    response: Response,
    doing: &str,
    class: RetryClass,
) -> Result<ResponseValue<()>, Error> {
    let read = read_bytes(response, doing, class).await?;
    Ok(ResponseValue::new((), read.status(), read.headers().clone()))
}

/// Reads a success as it comes. Another answer is an error.
pub(crate) async fn read_bytes(
    mut response: Response,
    doing: &str,
    class: RetryClass,
) -> Result<ResponseValue<Vec<u8>>, Error> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = collect(response, doing, class).await?;
    if status.is_success() {
        Ok(ResponseValue::new(body, status, headers))
    } else {
        Err(refused(status.as_u16(), &headers, &body, doing))
    }
}

/// Reads JSON in which a field may stand twice; the last one counts.
fn from_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body).or_else(|error| {
        let is_doubled = error.is_data() && error.to_string().contains("duplicate field");
        if is_doubled { serde_json::from_value(serde_json::from_slice(body)?) } else { Err(error) }
    })
}

async fn collect(mut response: Response, doing: &str, class: RetryClass) -> Result<Vec<u8>, Error> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(error, class))? {
        if chunk.len() > MAX_ANSWER.saturating_sub(body.len()) {
            let text =
                format!("{doing}: the answer is longer than {} MiB; is this the API?", MAX_ANSWER >> 20);
            let error = Error::new(ErrorKind::InvalidAnswer, text);
            return Err(error.with_answer(status, None, None, None).in_doubt_if_once(class));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error that an answer tells of.
fn refused(status: u16, headers: &HeaderMap, body: &[u8], doing: &str) -> Error {
    let told = match serde_json::from_slice::<Value>(body) {
        Ok(object @ Value::Object(_)) => serde_json::from_value(object).unwrap_or_default(),
        _ => ErrorEnvelope { message: text(body), ..ErrorEnvelope::default() },
    };
    let words = told.error.or(told.message).unwrap_or_else(|| "no reason given".to_owned());
    let api_type = told.type_.or(told.code);
    Error::new(ErrorKind::of_answer(status, api_type.as_deref()), format!("{doing}: {words}")).with_answer(
        status,
        api_type,
        told.request_id.map(|id| id.to_string()).or_else(|| request_id(headers)),
        told.action_required,
    )
}

fn text(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..MAX_ERROR_TEXT).unwrap_or(body));
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-request-id")?.to_str().ok().map(str::to_owned)
}

/// The error without the text that was found in the wrong place: it may be a signed address.
fn without_quotation(error: serde_json::Error) -> serde_json::Error {
    let message = error.to_string();
    let quotation = message.find("string \"").zip(message.rfind("\", expected"));
    let around = quotation.and_then(|(start, end)| Some((message.get(..start)?, message.get(end + 1..)?)));
    around.map_or(error, |(before, after)| serde_json::Error::custom(format!("{before}a text{after}")))
}
