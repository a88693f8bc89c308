//! Waits for media: until the vault has processed them, or until Vault+ has their bytes.
//!
//! [`watch`] decides, pure, whether to look again; [`terms`] looks, pauses and tells; a look is [`ready`]'s or [`stored`]'s.
//! [`ids`] reads what callers give.

pub(crate) mod ids;
mod ready;
mod stored;
mod terms;
mod watch;

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use self::terms::{Callback, Terms};
use crate::cancel::{Cancel, Limits};
use crate::client::Client;
use crate::error::Result;
use crate::polling::Pace;
use crate::vault::{Media, any_ids};
use crate::vault_plus::VaultPlusMedia;

/// How long a wait takes at most, unless it is told otherwise.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The usual pauses between two looks.
const USUAL_PACE: Pace = Pace { shortest: Duration::from_secs(1), longest: Duration::from_secs(30) };

type Answer<T> = Pin<Box<dyn Future<Output = Result<Vec<T>>> + Send>>;
type Work<T> = Box<dyn FnOnce(Terms, Vec<String>) -> Answer<T> + Send>;

/// A wait for media that has not begun. Await it, or call [`send`](Self::send). Made by
/// [`wait_ready`](Client::wait_ready) and [`wait_stored`](Client::wait_stored).
///
/// It looks again and again, after pauses that grow from 1 to 30 seconds and are longer while little of the request budget is
/// left. A failure of the service or of the network that passes does not end it.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use std::time::Duration;
///
/// let wait = client.wait_ready(["4492994399"]).timeout(Duration::from_secs(600));
/// let media = wait.on_progress(|ready, total| eprintln!("{ready} of {total}")).await?;
/// # Ok(()) }
/// ```
#[must_use = "a wait does nothing until it is awaited"]
pub struct WaitMedia<T = Media> {
    work: Work<T>,
    labels: Vec<String>,
    cancel: Cancel,
    timeout: Duration,
    pace: Pace,
    on_progress: Option<Callback>,
}

impl<T: 'static> WaitMedia<T> {
    fn new<W>(work: impl FnOnce(Terms, Vec<String>) -> W + Send + 'static) -> Self
    where
        W: Future<Output = Result<Vec<T>>> + Send + 'static,
    {
        Self {
            work: Box::new(|terms, labels| Box::pin(work(terms, labels))),
            labels: Vec::new(),
            cancel: Cancel::new(),
            timeout: USUAL_TIMEOUT,
            pace: USUAL_PACE,
            on_progress: None,
        }
    }

    /// Gives the wait up when `cancel` is cancelled: it ends with [`Cancelled`](crate::ErrorKind::Cancelled).
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Gives the wait up when it has taken this long: it ends with [`Timeout`](crate::ErrorKind::Timeout), which names the
    /// media that are not ready. Default: 30 minutes.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The pause after the first look and after one that found something new, and the longest pause, to which it doubles.
    /// Default: 1 and 30 seconds.
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.pace = Pace { shortest, longest };
        self
    }

    /// Calls this with the number of media that are ready and the number of all, at first and whenever it changes.
    pub fn on_progress(mut self, callback: impl FnMut(u64, u64) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// Waits, and returns the media in the order of their ids.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// use ofauth::{Content, MediaItem};
    ///
    /// let media = client.wait_ready(["4492994399"]).send().await?;
    /// let ids = media.iter().filter_map(|media| media.id.as_ref());
    /// let content = ids.fold(Content::new("New"), |content, id| content.media(MediaItem::id(id)));
    /// client.create_post(&content).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejected`](crate::ErrorKind::Rejected) if a medium cannot be had: the service could not process it or has removed it,
    /// or six looks in a row did not find it. [`Timeout`](crate::ErrorKind::Timeout) and
    /// [`Cancelled`](crate::ErrorKind::Cancelled). All of these name the media. Else those of
    /// [`Call::send`](crate::Call::send).
    pub async fn send(self) -> Result<Vec<T>> {
        let limits = Limits::new(&self.cancel, Some(self.timeout));
        let terms = Terms { limits, pace: self.pace, on_progress: self.on_progress };
        (self.work)(terms, self.labels).await
    }
}

impl WaitMedia<VaultPlusMedia> {
    /// Waits for the variants with these labels alone, such as `source`. Default: all variants that come by themselves, those
    /// that are pending, being stored or stored. If there are only others (`removed`, `edge_only`), the wait fails.
    pub fn labels<I>(mut self, labels: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.labels = labels.into_iter().map(Into::into).collect();
        self
    }
}

impl<T: 'static> IntoFuture for WaitMedia<T> {
    type Output = Result<Vec<T>>;
    type IntoFuture = Answer<T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for WaitMedia<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitMedia").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Client {
    /// Waits until the vault has processed these media, so that posts and messages show them. Ids are those of the vault.
    ///
    /// It looks at the newest media first, and only as far as it has to: at 200 of them, and at 2000 to find one that is not
    /// among those.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let media = client.wait_ready(["4492994399", "4492994400"]).await?;
    /// println!("{} media are ready", media.len());
    /// # Ok(()) }
    /// ```
    pub fn wait_ready<I>(&self, media_ids: I) -> WaitMedia
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let (client, ids) = (self.clone(), ids::vault_ids(media_ids));
        WaitMedia::new(|terms, _| async move { ready::wait(client, ids?, terms).await })
    }

    /// Waits until Vault+ has the bytes of these media, so that they can be [downloaded](Self::download).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.wait_stored(["4492994399"]).labels(["source"]).await?;
    /// client.download("4492994399", "source", "film.mp4").await?;
    /// # Ok(()) }
    /// ```
    pub fn wait_stored<I>(&self, media_ids: I) -> WaitMedia<VaultPlusMedia>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let (client, ids) = (self.clone(), any_ids(media_ids));
        WaitMedia::new(|terms, labels| async move { stored::wait(client, ids?, labels, terms).await })
    }
}
