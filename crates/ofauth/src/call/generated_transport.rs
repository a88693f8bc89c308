//! The generated client's way through the [transport](super::transport): its requests are taken apart, sent like all
//! others, and the answers put together again.

use bytes::Bytes;
use http::Method;
use ofauth_api::transport::{Execute, Transport as ApiTransport};
use ofauth_operations::operation::{Connection, Operation, RetryClass};

use super::transport::{Patience, Transport};
use super::values::check_query;
use crate::error::{Error, ErrorKind, Result};
use crate::http::header_names::CONNECTION_ID;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::settings::Settings;

impl ApiTransport for Transport {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: Option<&'static Operation>,
    ) -> Execute<'a> {
        Box::pin(async move {
            let request = prepared(&self.settings, request, operation)?;
            self.call(&request, &Patience::default()).await.map(into_response)
        })
    }
}

/// The request of the generated client as it is sent, with a connection.
pub(crate) fn prepared(
    settings: &Settings,
    request: reqwest::Request,
    operation: Option<&Operation>,
) -> Result<Request> {
    let request = from_reqwest(request, operation)?;
    let wanted = operation.map_or(Connection::Optional, |operation| operation.connection);
    if request.headers.contains_key(CONNECTION_ID) {
        return Ok(request);
    }
    Ok(match settings.connection_for(wanted, None)? {
        Some(id) => request.connection(id),
        None => request,
    })
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
    let (method, url) = (request.method().clone(), request.url().clone());
    let mut sent = match operation {
        Some(operation) => {
            check_query(operation, &url)?;
            Request::new(operation.id, method, url).class(operation.retry).success(operation.success)
        }
        None => {
            let class = match method {
                Method::GET | Method::HEAD | Method::PUT | Method::DELETE => RetryClass::Repeatable,
                _ => RetryClass::Once,
            };
            Request::new("call the API", method, url).class(class)
        }
    };
    sent.headers = std::mem::take(request.headers_mut());
    sent.body = body;
    Ok(sent)
}

fn into_response(answer: Response) -> reqwest::Response {
    let mut response = http::Response::new(answer.body);
    // The status was read from an answer, so it is one.
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    *response.headers_mut() = answer.headers;
    reqwest::Response::from(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[tokio::test]
    async fn what_the_document_does_not_allow_is_refused_before_it_is_sent() {
        // Nobody listens there: what is sent ends otherwise.
        let client = Client::builder().api_key("sk").connection_id("conn_1").base_url("http://127.0.0.1:1");
        let api = client.build().unwrap().api();
        for limit in [1000, 0, -5] {
            let error = api.list_vault_media().limit(limit).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            let text = error.to_string();
            assert!(text.contains("\"limit\"") && text.contains("use 1 to 40"), "{text}");
        }
    }
}
