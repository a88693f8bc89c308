//! The calls that have a method of their own, such as `create_post`: the library writes the request and reads the answer.
//!
//! One may take several requests. Who gives it up gives all of them up, by the rule of the
//! [transport](super::transport), and never drops one under way.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::cancel::{Cancel, Limits};
use crate::error::Result;

/// What is done once the call is sent.
type Work<T> = Box<dyn FnOnce(Limits) -> Answer<T> + Send>;
type Answer<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A call that was not sent yet, and whose answer is a `T`. Await it, or call [`send`](Self::send).
///
/// To give it up, cancel it or give it a timeout. Dropping the future ends it, too, but does not tell whether it was carried
/// out.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use ofauth::{Cancel, Content, ErrorKind};
///
/// let (cancel, content) = (Cancel::new(), Content::new("Hello"));
/// match client.create_post(&content).cancel(&cancel).await {
///     Ok(post) => println!("{}", post.id),
///     Err(error) if error.kind() == ErrorKind::Cancelled => println!("nothing was posted"),
///     Err(error) => return Err(error),
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct TypedCall<T> {
    operation_id: &'static str,
    work: Work<T>,
    cancel: Cancel,
    timeout: Option<Duration>,
    retry: bool,
}

impl<T> TypedCall<T> {
    /// A call of this operation, whose `work` ends when the limits say so.
    pub(crate) fn new<W>(operation_id: &'static str, work: impl FnOnce(Limits) -> W + Send + 'static) -> Self
    where
        W: Future<Output = Result<T>> + Send + 'static,
    {
        let work: Work<T> = Box::new(|limits| Box::pin(work(limits)));
        Self { operation_id, work, cancel: Cancel::new(), timeout: None, retry: true }
    }

    /// Gives the call up when `cancel` is cancelled, as [`Call::cancel`](crate::Call::cancel) does: it ends with
    /// [`Cancelled`](crate::ErrorKind::Cancelled), or with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) if it must not
    /// be made twice and may have been carried out.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Gives the call up when it has taken this long since it was sent, all requests, tries and waits together. Default: no
    /// limit but those of each try.
    ///
    /// It then ends with [`Timeout`](crate::ErrorKind::Timeout), or with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown)
    /// as for [`cancel`](Self::cancel).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Whether a failure is followed by another try where that is safe. Default: true. See
    /// [`Call::retry`](crate::Call::retry).
    pub fn retry(mut self, retry: bool) -> Self {
        self.retry = retry;
        self
    }

    /// Sends the call and returns what the answer says. Awaiting the call does the same.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?}", client.whoami().send().await?.permissions);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`](crate::Call::send).
    pub async fn send(self) -> Result<T> {
        (self.work)(Limits::new(&self.cancel, self.timeout).retry(self.retry)).await
    }
}

impl<T: 'static> IntoFuture for TypedCall<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for TypedCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCall").field("operation_id", &self.operation_id).finish_non_exhaustive()
    }
}
