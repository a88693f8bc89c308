//! What takes its time and tells how far it is, which blocks: waits for media and sign-ins, and downloads.

use std::sync::Arc;
use std::time::Duration;

use super::runtime::OwnRuntime;
use crate::cancel::Cancel;
use crate::download::{self, DownloadProgress, Downloaded};
use crate::error::Result;
use crate::link::{self, LinkStatus, Linked};
use crate::media_wait;
use crate::vault::Media;
use crate::vault_plus::VaultPlusMedia;

/// A wait for media that has not begun: an [`ofauth::WaitMedia`](crate::WaitMedia) whose [`send`](Self::send) blocks.
///
/// ```no_run
/// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
/// let wait = client.wait_ready(["4492994399"]).on_progress(|ready, total| eprintln!("{ready} of {total}"));
/// println!("{} media are ready", wait.send()?.len());
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a wait does nothing until `send` is called"]
pub struct WaitMedia<T = Media> {
    wait: media_wait::WaitMedia<T>,
    runtime: Arc<OwnRuntime>,
}

impl<T: 'static> WaitMedia<T> {
    pub(super) fn new(wait: media_wait::WaitMedia<T>, runtime: &Arc<OwnRuntime>) -> Self {
        Self { wait, runtime: Arc::clone(runtime) }
    }

    /// See [`WaitMedia::cancel`](crate::WaitMedia::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { wait: self.wait.cancel(cancel), ..self }
    }

    /// See [`WaitMedia::timeout`](crate::WaitMedia::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { wait: self.wait.timeout(limit), ..self }
    }

    /// See [`WaitMedia::interval`](crate::WaitMedia::interval).
    pub fn interval(self, shortest: Duration, longest: Duration) -> Self {
        Self { wait: self.wait.interval(shortest, longest), ..self }
    }

    /// See [`WaitMedia::on_progress`](crate::WaitMedia::on_progress). It runs on a thread of the client.
    pub fn on_progress(self, callback: impl FnMut(u64, u64) + Send + 'static) -> Self {
        Self { wait: self.wait.on_progress(callback), ..self }
    }

    /// See [`WaitMedia::send`](crate::WaitMedia::send).
    pub fn send(self) -> Result<Vec<T>> {
        self.runtime.wait(self.wait.send())
    }
}

impl WaitMedia<VaultPlusMedia> {
    /// See [`WaitMedia::labels`](crate::WaitMedia::labels).
    pub fn labels<I>(self, labels: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self { wait: self.wait.labels(labels), ..self }
    }
}

/// A download that has not begun: an [`ofauth::Download`](crate::Download) whose [`send`](Self::send) blocks.
///
/// ```no_run
/// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
/// let file = client.download("4492994399", "source", "film.mp4").overwrite(true).send()?;
/// println!("{} bytes", file.bytes);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a download does nothing until `send` is called"]
pub struct Download {
    download: download::Download,
    runtime: Arc<OwnRuntime>,
}

impl Download {
    pub(super) fn new(download: download::Download, runtime: &Arc<OwnRuntime>) -> Self {
        Self { download, runtime: Arc::clone(runtime) }
    }

    /// See [`Download::overwrite`](crate::Download::overwrite).
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { download: self.download.overwrite(overwrite), ..self }
    }

    /// See [`Download::wait`](crate::Download::wait).
    pub fn wait(self, wait: bool) -> Self {
        Self { download: self.download.wait(wait), ..self }
    }

    /// See [`Download::cancel`](crate::Download::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { download: self.download.cancel(cancel), ..self }
    }

    /// See [`Download::timeout`](crate::Download::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { download: self.download.timeout(limit), ..self }
    }

    /// See [`Download::on_progress`](crate::Download::on_progress). It runs on a thread of the client.
    pub fn on_progress(self, callback: impl FnMut(&DownloadProgress) + Send + 'static) -> Self {
        Self { download: self.download.on_progress(callback), ..self }
    }

    /// See [`Download::send`](crate::Download::send).
    pub fn send(self) -> Result<Downloaded> {
        self.runtime.wait(self.download.send())
    }
}

/// A wait for the end of a sign-in that has not begun: an [`ofauth::LinkWait`](crate::LinkWait) whose [`send`](Self::send)
/// blocks.
///
/// ```no_run
/// # fn run(client: ofauth::blocking::Client, session: ofauth::LinkSession) -> ofauth::Result<()> {
/// let linked = client.link_wait(&session).on_progress(|status| eprintln!("{status}")).send()?;
/// println!("{}", linked.connection_id);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a wait does nothing until `send` is called"]
pub struct LinkWait {
    wait: link::LinkWait,
    runtime: Arc<OwnRuntime>,
}

impl LinkWait {
    pub(super) fn new(wait: link::LinkWait, runtime: &Arc<OwnRuntime>) -> Self {
        Self { wait, runtime: Arc::clone(runtime) }
    }

    /// See [`LinkWait::cancel`](crate::LinkWait::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { wait: self.wait.cancel(cancel), ..self }
    }

    /// See [`LinkWait::timeout`](crate::LinkWait::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { wait: self.wait.timeout(limit), ..self }
    }

    /// See [`LinkWait::interval`](crate::LinkWait::interval).
    pub fn interval(self, shortest: Duration, longest: Duration) -> Self {
        Self { wait: self.wait.interval(shortest, longest), ..self }
    }

    /// See [`LinkWait::on_progress`](crate::LinkWait::on_progress). It runs on a thread of the client.
    pub fn on_progress(self, callback: impl FnMut(&LinkStatus) + Send + 'static) -> Self {
        Self { wait: self.wait.on_progress(callback), ..self }
    }

    /// See [`LinkWait::send`](crate::LinkWait::send).
    pub fn send(self) -> Result<Linked> {
        self.runtime.wait(self.wait.send())
    }
}
