//! Downloads of variants from Vault+ to files: whole or not at all, resumed after interruptions, in constant memory.
//!
//! [`step`] decides, pure, what an answer means; [`fetch`] asks the media host; [`part_file`] is what grows beside the target;
//! [`store`] has stored what only a cache has; [`run`] goes from the first request to the last. Here is what callers see.

mod fetch;
mod part_file;
mod run;
mod step;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use self::part_file::{Note, PartFile, check_target, finish_earlier};
use self::run::{Run, Wanted};
use self::store::have_stored;
use crate::cancel::{Cancel, Limits};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, invalid};

type Callback = Box<dyn FnMut(&DownloadProgress) + Send>;

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// Bytes that are there. They go back to 0 if the media host turns out to have another content.
    pub received: u64,
    /// Bytes of the file, if they are known.
    pub total: Option<u64>,
    /// Bytes that an earlier download had. They are in `received` from the start.
    pub resumed: u64,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Bytes that an earlier download had.
    pub resumed: u64,
    /// The content type, if the service or the media host says it.
    pub content_type: Option<String>,
}

/// A download that has not begun. Await it, or call [`send`](Self::send). Made by [`Client::download`].
///
/// The bytes come into a file beside the target whose name ends with `.ofauth-part`, and the target appears when they are all
/// there and safe on the disk. It is for its owner alone. Who is interrupted, by a kill or by a cancel, does the same again: it goes on
/// where it was if the media host still has the same content.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let download = client.download("4492994399", "source", "film.mp4").wait(true).overwrite(true);
/// let file = download.on_progress(|progress| eprintln!("{} bytes", progress.received)).await?;
/// println!("{}: {} bytes", file.path.display(), file.bytes);
/// # Ok(()) }
/// ```
#[must_use = "a download does nothing until it is awaited"]
pub struct Download {
    client: Client,
    wanted: Wanted,
    path: PathBuf,
    overwrite: bool,
    wait: bool,
    cancel: Cancel,
    timeout: Option<Duration>,
    on_progress: Option<Callback>,
}

impl Download {
    /// Puts the file in place of one that is there. Default: that is an error.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Waits until Vault+ has the bytes, as [`Client::wait_stored`] does, within the timeout of the download; if only a cache has
    /// them (`edge_only`), it asks for them to be stored first. Default: a variant that is not stored is an error.
    pub fn wait(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }

    /// Gives the download up when `cancel` is cancelled. What is there is kept for the next one.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Gives the download up when it has taken this long, all tries and waits together. Default: no limit but those of the
    /// client for silence.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Calls this about ten times a second while bytes come. It runs in the download's own task, so it should return soon.
    pub fn on_progress(mut self, callback: impl FnMut(&DownloadProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// Downloads.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let file = client.download("4492994399", "source", "film.mp4").send().await?;
    /// println!("{} bytes, {} of them were there", file.bytes, file.resumed);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if the target is there and may not be overwritten, or is a directory;
    /// [`Source`](ErrorKind::Source) if it cannot be written; [`Busy`](ErrorKind::Busy) if another download writes it;
    /// [`Rejected`](ErrorKind::Rejected) if Vault+ does not have the variant, or not yet;
    /// [`InvalidAnswer`](ErrorKind::InvalidAnswer) if the media host sends something else than the file;
    /// [`Redirect`](ErrorKind::Redirect) and [`UntrustedOrigin`](ErrorKind::UntrustedOrigin) if it leads elsewhere; `Network`,
    /// `Server`, `Timeout` and `Cancelled`, after which the same download goes on. Else those of
    /// [`Call::send`](crate::Call::send).
    pub async fn send(self) -> Result<Downloaded> {
        let limits = Limits::new(&self.cancel, self.timeout);
        let (client, wanted, path, overwrite) = (self.client, self.wanted, self.path, self.overwrite);
        let threads = client.0.transport.settings.threads.clone();
        let earlier = finish_earlier(&threads, &path, Note::new(&wanted.media_id, &wanted.label, None));
        // Who overwrites wants what there is now.
        if let Some(bytes) = earlier.await?.filter(|_| !overwrite) {
            return Ok(Downloaded { path, bytes, resumed: bytes, content_type: None });
        }
        let begin = begin(&client, &wanted, &path, overwrite, self.wait, &limits);
        let (found, part) = until(&limits, begin).await?;
        let resumed = part.written();
        let content_type = found.content_type.clone();
        let mut run =
            Run { client, wanted, found, part, on_progress: self.on_progress, resumed, content_type };
        let ended = until(&limits, run.carry_out()).await;
        let (mut part, content_type, resumed) = (run.part, run.content_type, run.resumed);
        match ended {
            Ok(()) => {}
            Err(error) => {
                // Without it, the next one begins a moment before. The error that ended it says more than one here.
                _ = part.save().await;
                return Err(error);
            }
        }
        let bytes = part.written();
        part.finish(overwrite).await?;
        Ok(Downloaded { path, bytes, resumed, content_type })
    }
}

/// Looks what there is to download, and what an earlier download left of it.
async fn begin(
    client: &Client,
    wanted: &Wanted,
    path: &Path,
    overwrite: bool,
    wait: bool,
    limits: &Limits,
) -> Result<(run::Found, PartFile)> {
    if wanted.label.trim().is_empty() {
        return Err(invalid("the label of the variant is empty: give one such as source or full"));
    }
    let threads = &client.0.transport.settings.threads;
    check_target(threads, path, overwrite).await?;
    if wait {
        have_stored(client, wanted).await?;
        let stored = client.wait_stored([wanted.media_id.as_str()]).labels([wanted.label.as_str()]);
        let stored = stored.cancel(&limits.as_cancel());
        match limits.left() {
            Some(left) => stored.timeout(left).await?,
            None => stored.await?,
        };
    }
    let found = wanted.find(client).await?;
    let note = Note::new(&wanted.media_id, &wanted.label, found.size);
    let part = PartFile::open(threads, path, note).await?;
    Ok((found, part))
}

/// What `work` comes to, unless a limit is reached before.
async fn until<T>(limits: &Limits, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        reached = limits.passed() => {
            let text = match reached {
                ErrorKind::Timeout => "the download took longer than its timeout: do it again to go on",
                _ => "the download was cancelled: do it again to go on",
            };
            Err(Error::new(reached, text))
        }
        done = work => done,
    }
}

impl IntoFuture for Download {
    type Output = Result<Downloaded>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Downloaded>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("wanted", &self.wanted)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Downloads a variant of a medium from Vault+ to a file. The label is one of those that
    /// [`vault_plus_get`](Self::vault_plus_get) shows, such as `full`, `source` or `720p`.
    ///
    /// The size is checked, an address that has ended is replaced, and the API key goes only to origins that may see it.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.download("4492994399", "source", "film.mp4").await?;
    /// # Ok(()) }
    /// ```
    pub fn download(
        &self,
        media_id: impl Into<String>,
        label: impl Into<String>,
        path: impl Into<PathBuf>,
    ) -> Download {
        Download {
            client: self.clone(),
            wanted: Wanted { media_id: media_id.into(), label: label.into() },
            path: path.into(),
            overwrite: false,
            wait: false,
            cancel: Cancel::new(),
            timeout: None,
            on_progress: None,
        }
    }
}
