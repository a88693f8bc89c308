//! What ends an upload or a call whatever its state: the caller's cancel, and a deadline.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind, Result};

/// Cancels uploads and calls from anywhere: another thread, a signal handler's task, a progress function. Clones are one.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let cancel = ofauth::Cancel::new();
/// let key = cancel.clone();
/// std::thread::spawn(move || {
///     let _ = std::io::stdin().read_line(&mut String::new());
///     key.cancel();
/// });
/// client.upload_path("clip.mp4").cancel(&cancel).await?; // ends as `Cancelled` if somebody presses Enter
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel(pub(crate) CancellationToken);

impl Cancel {
    /// A cancel that was not cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cancel that this one cancels too, and that can be cancelled alone.
    ///
    /// ```
    /// let batch = ofauth::Cancel::new();
    /// let file = batch.child();
    /// file.cancel();
    /// assert!(file.is_cancelled() && !batch.is_cancelled());
    ///
    /// let next = batch.child();
    /// batch.cancel();
    /// assert!(next.is_cancelled());
    /// ```
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Ends every upload and call that was given this cancel. Calling it again changes nothing.
    ///
    /// ```
    /// let cancel = ofauth::Cancel::new();
    /// let in_the_upload = cancel.clone();
    /// cancel.cancel();
    /// assert!(in_the_upload.is_cancelled());
    /// ```
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Resolves once [`cancel`](Self::cancel) was called.
    ///
    /// ```no_run
    /// # async fn run(cancel: ofauth::Cancel, mut paths: tokio::sync::mpsc::Receiver<std::path::PathBuf>) {
    /// // The next file, unless the program is told to stop before there is one.
    /// let next = tokio::select! {
    ///     () = cancel.cancelled() => None,
    ///     path = paths.recv() => path,
    /// };
    /// # }
    /// ```
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
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
    /// Whether a request that failed is given up after its first try.
    pub(crate) once: bool,
}

impl Limits {
    /// This cancel, and this time from now on. A limit that no clock reaches is none.
    pub(crate) fn new(cancel: &Cancel, timeout: Option<Duration>) -> Self {
        let deadline = timeout.and_then(|limit| Instant::now().checked_add(limit));
        Self { cancel: cancel.0.clone(), deadline, once: false }
    }

    /// The same, with or without further tries.
    pub(crate) fn retry(self, retry: bool) -> Self {
        Self { once: !retry, ..self }
    }

    /// The same, with this time from now on if that ends before.
    pub(crate) fn ending_in(self, left: Duration) -> Self {
        let end = Instant::now().checked_add(left);
        let deadline = [self.deadline, end].into_iter().flatten().min();
        Self { deadline, ..self }
    }

    /// Resolves when the caller cancels, to `Cancelled`, or when the deadline passes, to `Timeout`.
    pub(crate) async fn passed(&self) -> ErrorKind {
        let deadline = async {
            match self.deadline {
                // A timer may take a moment for what is over already.
                Some(at) if at <= Instant::now() => {}
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => ErrorKind::Cancelled,
            () = deadline => ErrorKind::Timeout,
        }
    }

    /// The caller's cancel.
    pub(crate) fn as_cancel(&self) -> Cancel {
        Cancel(self.cancel.clone())
    }

    /// What is left until the deadline, if there is one.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Sleeps, unless a limit is reached before or is over already.
    pub(crate) async fn sleep(&self, length: Duration) -> Result<(), ErrorKind> {
        tokio::select! {
            biased;
            reached = self.passed() => Err(reached),
            () = tokio::time::sleep(length) => Ok(()),
        }
    }

    /// Resolves when the caller of an upload cancels it or its deadline passes.
    pub(crate) async fn reached(&self) -> Error {
        match self.passed().await {
            ErrorKind::Timeout => Error::new(ErrorKind::Timeout, "the upload took longer than its timeout"),
            kind => Error::new(kind, "the upload was cancelled"),
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
}
