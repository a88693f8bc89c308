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
    /// `http` only builds requests; `transport` sends them.
    #[must_use]
    pub fn new(base_url: &str, http: reqwest::Client, transport: SharedTransport) -> Self {
        Self { baseurl: base_url.trim_end_matches('/').to_owned(), client: http, inner: transport }
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

    async fn send(
        &self,
        mut request: reqwest::Request,
        operation_id: &str,
    ) -> Result<(reqwest::Response, RetryClass), Error> {
        // The generator sends the document's version on every request. The service knows no such header.
        request.headers_mut().remove("api-version");
        let operation = operations::find(operation_id);
        let response = self.inner.execute(request, operation).await?;
        Ok((response, operation.map_or(RetryClass::Once, |operation| operation.retry)))
    }
}
