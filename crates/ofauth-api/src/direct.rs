//! A transport without policy, for use of this crate alone.

use std::fmt;

use ofauth_operations::operation::{Connection, Operation, RetryClass};
use ofauth_operations::{Error, ErrorKind};
use reqwest::header::{HeaderValue, InvalidHeaderValue};

use crate::transport::{Execute, Transport};

/// Adds the API key and the connection to each request and sends it once.
///
/// No retries, no pacing, no timeouts but those of the [`reqwest::Client`]: the crate `ofauth` has them. Build that
/// client with `redirect(Policy::none())`: a redirect would carry the key to wherever it points. For https it needs one
/// of reqwest's TLS features, which this crate does not choose.
#[derive(Clone)]
pub struct Direct {
    http: reqwest::Client,
    api_key: HeaderValue,
    connection_id: Option<HeaderValue>,
}

impl Direct {
    /// Sends with `http` and the key of the organization.
    ///
    /// # Errors
    ///
    /// If `api_key` holds a character that a header cannot carry, such as a line break.
    pub fn new(http: reqwest::Client, api_key: &str) -> Result<Self, InvalidHeaderValue> {
        let mut api_key = HeaderValue::from_str(api_key)?;
        api_key.set_sensitive(true);
        Ok(Self { http, api_key, connection_id: None })
    }

    /// Acts on this connection, unless a call names another.
    ///
    /// # Errors
    ///
    /// If `connection_id` holds a character that a header cannot carry.
    pub fn with_connection(mut self, connection_id: &str) -> Result<Self, InvalidHeaderValue> {
        self.connection_id = Some(HeaderValue::from_str(connection_id)?);
        Ok(self)
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").field("connection_id", &self.connection_id).finish_non_exhaustive()
    }
}

impl Transport for Direct {
    fn execute<'a>(
        &'a self,
        mut request: reqwest::Request,
        operation: Option<&'static Operation>,
    ) -> Execute<'a> {
        let headers = request.headers_mut();
        headers.insert("apikey", self.api_key.clone());
        let acts_on_connection = operation.is_none_or(|operation| operation.connection != Connection::None);
        if let (true, Some(id)) = (acts_on_connection, &self.connection_id) {
            headers.entry("x-connection-id").or_insert_with(|| id.clone());
        }
        let class = operation.map_or(RetryClass::Once, |operation| operation.retry);
        Box::pin(async move { self.http.execute(request).await.map_err(|error| broken(error, class)) })
    }
}

/// The failure of a request, of which a part or all may have left unless no connection came about.
pub(crate) fn broken(error: reqwest::Error, class: RetryClass) -> Error {
    let error = error.without_url();
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Network };
    if error.is_connect() {
        return Error::new(kind, "the service cannot be reached").with_source(error);
    }
    let text = "the connection broke before the answer was whole";
    Error::new(kind, text).with_source(error).in_doubt_if_once(class)
}
