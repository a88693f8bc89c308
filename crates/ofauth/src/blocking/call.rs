//! The raw call, which blocks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::pages::{Items, Pages};
use super::runtime::OwnRuntime;
use crate::call;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::http::response::Response;

/// A call that was not sent yet: an [`ofauth::Call`](crate::Call) whose [`send`](Self::send) blocks.
#[derive(Debug, Clone)]
#[must_use = "a call does nothing until `send` is called"]
pub struct Call {
    call: call::Call,
    runtime: Arc<OwnRuntime>,
}

impl Call {
    pub(super) fn new(call: call::Call, runtime: &Arc<OwnRuntime>) -> Self {
        Self { call, runtime: Arc::clone(runtime) }
    }

    /// See [`Call::param`](crate::Call::param).
    pub fn param(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.with(|call| call.param(name, value))
    }

    /// See [`Call::params`](crate::Call::params).
    pub fn params<N: Into<String>, V: Into<Value>>(self, params: impl IntoIterator<Item = (N, V)>) -> Self {
        self.with(|call| call.params(params))
    }

    /// See [`Call::json`](crate::Call::json).
    pub fn json(self, body: &impl Serialize) -> Self {
        self.with(|call| call.json(body))
    }

    /// See [`Call::body_json`](crate::Call::body_json).
    pub fn body_json(self, text: impl Into<String>) -> Self {
        self.with(|call| call.body_json(text))
    }

    /// See [`Call::body_bytes`](crate::Call::body_bytes).
    pub fn body_bytes(self, bytes: impl Into<Bytes>, content_type: impl Into<String>) -> Self {
        self.with(|call| call.body_bytes(bytes, content_type))
    }

    /// See [`Call::connection_id`](crate::Call::connection_id).
    pub fn connection_id(self, id: impl Into<String>) -> Self {
        self.with(|call| call.connection_id(id))
    }

    /// See [`Call::cancel`](crate::Call::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        self.with(|call| call.cancel(cancel))
    }

    /// See [`Call::timeout`](crate::Call::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        self.with(|call| call.timeout(limit))
    }

    /// See [`Call::retry`](crate::Call::retry).
    pub fn retry(self, retry: bool) -> Self {
        self.with(|call| call.retry(retry))
    }

    /// See [`Call::raw_param`](crate::Call::raw_param).
    pub fn raw_param(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|call| call.raw_param(name, value))
    }

    /// See [`Call::pages`](crate::Call::pages).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// for page in client.call("list_posts").pages() {
    ///     println!("{} posts", page?.items().len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn pages(self) -> Pages {
        Pages::new(self.call.pages(), &self.runtime)
    }

    /// See [`Call::items`](crate::Call::items).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// for fan in client.call("list_subscribers").items().max(100) {
    ///     println!("{}", fan?["id"]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn items(self) -> Items {
        self.pages().items()
    }

    /// See [`Call::send`](crate::Call::send).
    pub fn send(self) -> Result<Response> {
        self.runtime.wait(self.call.send())
    }

    fn with(mut self, change: impl FnOnce(call::Call) -> call::Call) -> Self {
        self.call = change(self.call);
        self
    }
}
