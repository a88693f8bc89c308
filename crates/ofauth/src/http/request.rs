//! A request with a short body, ready to be sent any number of times.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use ofauth_operations::operation::{RetryClass, Success};
use url::Url;

use super::header_names::CONNECTION_ID;
use super::response::LONGEST_ANSWER;
use crate::error::{Error, ErrorKind, Result};

/// A request with its whole body.
#[derive(Clone)]
pub(crate) struct Request {
    /// What the request does, for messages: "complete the upload".
    pub(crate) doing: &'static str,
    pub(crate) class: RetryClass,
    /// What a success carries.
    pub(crate) success: Success,
    /// Longer answers are not read, in bytes.
    pub(crate) longest_answer: usize,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A `POST` of a JSON value.
    pub(crate) fn post(doing: &'static str, url: Url, body: &impl serde::Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::Internal, "a request could not be written as JSON").with_source(error)
        })?;
        let mut request = Self::new(doing, Method::POST, url);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Bytes::from(body);
        Ok(request)
    }

    /// A request without body that may be repeated and whose success may be anything.
    pub(crate) fn new(doing: &'static str, method: Method, url: Url) -> Self {
        Self {
            doing,
            class: RetryClass::Repeatable,
            success: Success::ANYTHING,
            longest_answer: LONGEST_ANSWER,
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn longest_answer(mut self, bytes: usize) -> Self {
        self.longest_answer = bytes;
        self
    }

    pub(crate) fn class(mut self, class: RetryClass) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    pub(crate) fn connection(mut self, id: HeaderValue) -> Self {
        self.headers.insert(CONNECTION_ID, id);
        self
    }
}
