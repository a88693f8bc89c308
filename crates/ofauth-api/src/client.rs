//! Connects the generated client to a [`Transport`](crate::Transport).
//!
//! Policy (retries, pacing, credentials) is the transport's. This module only removes what the generator adds and
//! nobody asked for.

use progenitor_client::{ClientHooks, OperationInfo};

use crate::generated::Client;
use crate::operations;
use crate::transport::SharedTransport;

impl Client {
    /// A client for the service at `base_url`, such as `https://api.ofauth.com`.
    ///
    /// `http` only builds requests; `transport` sends them.
    #[must_use]
    pub fn new(base_url: &str, http: reqwest::Client, transport: SharedTransport) -> Self {
        Self { baseurl: base_url.trim_end_matches('/').to_owned(), client: http, inner: transport }
    }
}

impl ClientHooks<SharedTransport> for Client {
    async fn exec(
        &self,
        mut request: reqwest::Request,
        info: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        // The generator sends the document's version on every request. The service knows no such header.
        request.headers_mut().remove("api-version");
        self.inner.execute(request, operations::find(info.operation_id)).await
    }
}
