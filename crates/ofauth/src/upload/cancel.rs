//! What ends an upload whatever its state: the caller's cancel, and a deadline.

use std::future::pending;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind, Result};
use crate::rate_limiter::Until;

/// Cancels uploads from anywhere: another thread, a signal handler's task, a progress function. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(pub(crate) CancellationToken);

impl Cancel {
    /// A cancel that was not cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cancel that this one cancels too, and that can be cancelled alone.
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Ends every upload that was given this cancel. Calling it again changes nothing.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// When to give up, whatever the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) cancel: CancellationToken,
    pub(crate) deadline: Option<Instant>,
}

impl Limits {
    /// Resolves when the caller cancels or the deadline passes.
    pub(crate) async fn reached(&self) -> Error {
        let deadline = async {
            match self.deadline {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = self.cancel.cancelled() => Error::new(ErrorKind::Cancelled, "the upload was cancelled"),
            () = deadline => Error::new(ErrorKind::Timeout, "the upload took longer than its timeout"),
        }
    }

    /// What `work` comes to, unless a limit is reached before.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            error = self.reached() => Err(error),
            done = work => Ok(done),
        }
    }

    /// What `work` comes to, also after a limit was reached if it does not have to wait for it.
    pub(crate) async fn at_once_or_within<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            error = self.reached() => Err(error),
        }
    }

    /// The latest moment at which a wait may end that is worth waiting in a session: its end, or the deadline.
    pub(crate) fn until(&self, session_ends: Option<Instant>) -> Option<Until> {
        let until = |at: Option<Instant>, what| at.map(|at| Until { at, what });
        let both =
            [until(session_ends, "the end of the upload session"), until(self.deadline, "the timeout")];
        both.into_iter().flatten().min_by_key(|until| until.at)
    }
}
