//! The calls with a method of their own, which block.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::runtime::OwnRuntime;
use crate::call;
use crate::cancel::Cancel;
use crate::error::Result;

/// A call that was not sent yet, and whose answer is a `T`: an [`ofauth::TypedCall`](crate::TypedCall) whose
/// [`send`](Self::send) blocks.
///
/// ```no_run
/// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
/// use std::time::Duration;
/// use ofauth::Content;
///
/// let post = client.create_post(&Content::new("Hello")).timeout(Duration::from_secs(60)).send()?;
/// println!("{}", post.id);
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing until `send` is called"]
pub struct TypedCall<T> {
    call: call::TypedCall<T>,
    runtime: Arc<OwnRuntime>,
}

impl<T> TypedCall<T> {
    pub(super) fn new(call: call::TypedCall<T>, runtime: &Arc<OwnRuntime>) -> Self {
        Self { call, runtime: Arc::clone(runtime) }
    }

    /// See [`TypedCall::cancel`](crate::TypedCall::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { call: self.call.cancel(cancel), ..self }
    }

    /// See [`TypedCall::timeout`](crate::TypedCall::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { call: self.call.timeout(limit), ..self }
    }

    /// See [`TypedCall::retry`](crate::TypedCall::retry).
    pub fn retry(self, retry: bool) -> Self {
        Self { call: self.call.retry(retry), ..self }
    }

    /// See [`TypedCall::send`](crate::TypedCall::send).
    pub fn send(self) -> Result<T> {
        self.runtime.wait(self.call.send())
    }
}

impl<T> fmt::Debug for TypedCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}
