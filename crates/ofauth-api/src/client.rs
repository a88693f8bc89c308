//! Connects the generated client to a [`Transport`](crate::Transport).
//!
//! Policy (retries, pacing, credentials) is the transport's. This module only removes what the generator adds and
//! nobody asked for.

use ofauth_operations::Error;
use ofauth_operations::operation::RetryClass;
use ofauth_operations::operations;
use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;

use crate::generated::Client;
use crate::response;
use crate::transport::SharedTransport;

impl Client {
    /// A client for the service at `base_url`, such as `https://api.ofauth.com`.
    ///
    /// `transport` sends the requests. An address that is none shows at the first call, as
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    #[must_use]
    pub fn new(base_url: &str, transport: SharedTransport) -> Self {
        Self { baseurl: base_url.trim_end_matches('/').to_owned(), inner: transport }
    }

    /// Sends the request of an operation and reads the JSON of its success.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation_id: &str,
    ) -> Result<ResponseValue<T>, Error> {
        let (response, class) = self.send(request, operation_id).await?;
        response::read(response, operation_id, class).await
    }

    /// Sends the request of an operation whose success has no body.
    pub(crate) async fn tell(
        &self,
        request: reqwest::Request,
        operation_id: &str,
    ) -> Result<ResponseValue<()>, Error> {
        let (response, class) = self.send(request, operation_id).await?;
        response::read_status(response, operation_id, class).await
    }

    /// Sends the request of an operation whose success is a text.
    #[allow(dead_code)]
    pub(crate) async fn text(
        &self,
        request: reqwest::Request,
        operation_id: &str,
    ) -> Result<ResponseValue<String>, Error> {
        let (response, class) = self.send(request, operation_id).await?;
        let read = response::read_bytes(response, operation_id, class).await?;
        let (status, headers) = (read.status(), read.headers().clone());
        let text = String::from_utf8_lossy(&read.into_inner()).into_owned();
        Ok(ResponseValue::new(text, status, headers))
    }

    /// Sends the request of an operation whose success is bytes.
    #[allow(dead_code)]
    pub(crate) async fn bytes(
        &self,
        request: reqwest::Request,
        operation_id: &str,
    ) -> Result<ResponseValue<Vec<u8>>, Error> {
        let (response, class) = self.send(request, operation_id).await?;
        response::read_bytes(response, operation_id, class).await
    }

    async fn send(
        &self,
        request: reqwest::Request,
        operation_id: &str,
    ) -> Result<(reqwest::Response, RetryClass), Error> {
        let operation = operations::find(operation_id);
        let response = self.inner.execute(request, operation).await?;
        Ok((response, operation.map_or(RetryClass::Once, |operation| operation.retry)))
    }
}
