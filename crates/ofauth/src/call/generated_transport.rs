//! The generated client's way through the [transport](super::transport): its requests are taken apart, sent like all
//! others, and the answers put together again.

use bytes::Bytes;
use http::Method;
use ofauth_api::operation::{Connection, Operation, RetryClass, Success, SuccessBody};
use ofauth_api::transport::{Execute, Transport as ApiTransport};

use super::transport::{Patience, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::http::headers::CONNECTION_ID;
use crate::http::request::Request;
use crate::http::response::Answer;

impl Transport {
    async fn execute_typed(
        &self,
        request: reqwest::Request,
        operation: Option<&Operation>,
    ) -> Result<Answer> {
        let mut request = from_reqwest(request, operation)?;
        let connection = operation.map_or(Connection::Optional, |operation| operation.connection);
        match connection {
            _ if request.headers.contains_key(CONNECTION_ID) => {}
            Connection::Required => request = request.connection(self.settings.connection(None)?),
            Connection::Optional if self.settings.connection_id.is_some() => {
                request = request.connection(self.settings.connection(None)?);
            }
            Connection::Optional | Connection::None => {}
        }
        self.call(&request, &Patience::default()).await
    }
}

impl ApiTransport for Transport {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: Option<&'static Operation>,
    ) -> Execute<'a> {
        Box::pin(async move { self.execute_typed(request, operation).await.map(into_response) })
    }
}

/// The whole request of the generated client. Its bodies are always whole: JSON text, or bytes that the caller gave.
fn from_reqwest(mut request: reqwest::Request, operation: Option<&Operation>) -> Result<Request> {
    let body = match request.body_mut().take() {
        None => Bytes::new(),
        Some(body) => body.as_bytes().map(Bytes::copy_from_slice).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "a streamed body cannot be sent again after a failure: pass the bytes, or use the upload of this crate",
            )
        })?,
    };
    let repeatable = matches!(*request.method(), Method::GET | Method::HEAD | Method::PUT | Method::DELETE);
    let class = operation
        .map_or(if repeatable { RetryClass::Repeatable } else { RetryClass::Once }, |operation| {
            operation.retry
        });
    let mut sent = Request::new(
        operation.map_or("call the API", |operation| operation.id),
        request.method().clone(),
        request.url().clone(),
    );
    sent.headers = std::mem::take(request.headers_mut());
    sent.body = body;
    let success =
        operation.map_or(Success { body: SuccessBody::Any, key: None }, |operation| operation.success);
    Ok(sent.class(class).success(success))
}

fn into_response(answer: Answer) -> reqwest::Response {
    let mut response = http::Response::new(answer.body);
    // The status was read from an answer, so it is one.
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    *response.headers_mut() = answer.headers;
    reqwest::Response::from(response)
}
