//! Uploads: from a file, bytes or a reader to a reference that posts and messages take.
//!
//! ```text
//! init ─► plan ─► single:    PUT the file ──────────────► done
//!                 multipart: PUT each part ─► complete ─► done
//! ```
//!
//! [`engine`] carries it out and [`sending`] its parts; [`plan`] refuses unsafe plans; [`ledger`] knows what is done;
//! [`decide`] says what to do about failures, [`resume`] what to do with what an earlier run left, which [`opening`]
//! finds and [`tracked`] writes; [`identity`] says whether a source is the same, [`local`] whether asking that takes time, [`comparing`] and [`early`] look at its
//! content where that cannot tell; [`wire`] is the I/O; [`body`] and [`source`] provide the bytes, [`throttle`] slows them
//! down where asked; [`step`] and [`wire_format`] read answers; [`sum`] is what a finished upload is known by; [`forecast`] says when it will be done and [`clock`] that
//! nothing ran for a while. The journal's file is [`crate::journal`], the request budget [`crate::budget`].

pub(crate) mod attempt;
pub(crate) mod body;
mod clock;
mod comparing;
pub(crate) mod content_type;
mod decide;
mod early;
mod engine;
mod forecast;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
pub(crate) mod identity;
mod ledger;
mod local;
mod notice;
mod opening;
mod plan;
mod progress;
mod resume;
mod sending;
#[cfg(test)]
mod simulation;
pub(crate) mod source;
mod step;
mod sum;
pub(crate) mod throttle;
mod tracked;
mod uploaded;
mod wire;
pub(crate) mod wire_format;

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use notice::{Notice, Step};
pub use progress::{Phase, Progress};
pub use source::{ReadAt, Source};
pub use sum::Sum;
pub use uploaded::{Uploaded, UploadedPart};

use crate::client::{Client, MAX_CONCURRENCY};
use crate::error::{Error, ErrorKind, Result};
use body::Buffers;
use engine::{Engine, Limits};
use forecast::Meter;
use opening::{Journaling, Prepared};
use progress::{Callback, Reporter};
use wire::HttpWire;

/// Cancels uploads from anywhere: another thread, a signal handler's task, a progress function. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(CancellationToken);

impl Cancel {
    /// A cancel that has not been triggered.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cancel that this one triggers too, and that can be triggered alone.
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Ends every upload that was given this cancel. Calling it again changes nothing.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Whether [`trigger`](Self::trigger) was called.
    pub fn is_triggered(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Options for automatic vault workflows, sent with init only if set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultUpload {
    /// The workflow. The only one known is `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The user that the upload is meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What an upload would send, found out without sending anything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// The file name that the service would see.
    pub filename: String,
    /// Bytes.
    pub size: u64,
    /// The content type that would be declared.
    pub content_type: String,
    /// The content type that its first bytes tell, whatever its name says; `None` if they tell nothing, or if the
    /// content type was given.
    pub format: Option<String>,
}

/// An upload that was not started yet. Await it, or call [`send`](Self::send).
///
/// Dropping the future while it runs ends the upload at once and closes its connections; what the service has
/// received expires with the session.
///
/// A client with a [journal](crate::ClientBuilder::journal_dir) writes down how far each upload is. The same upload (file,
/// name, type, connection, server) then goes on where it was, in another process too, and sends only what is missing.
#[must_use = "an upload does nothing until it is awaited"]
pub struct Upload {
    client: Client,
    source: Source,
    filename: Option<String>,
    content_type: Option<String>,
    connection_id: Option<String>,
    concurrency: Option<usize>,
    vault_upload: Option<VaultUpload>,
    on_progress: Option<Callback>,
    on_notice: Option<notice::Callback>,
    cancel: Cancel,
    deadline: Option<Duration>,
    journaled: bool,
    holds_result: bool,
}

impl Upload {
    pub(crate) fn new(client: Client, source: Source) -> Self {
        Self {
            client,
            source,
            filename: None,
            content_type: None,
            connection_id: None,
            concurrency: None,
            vault_upload: None,
            on_progress: None,
            on_notice: None,
            cancel: Cancel::new(),
            deadline: None,
            journaled: true,
            holds_result: false,
        }
    }

    /// The file name that the service sees, with extension. Default: the source's own.
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = Some(name.into());
        self
    }

    /// The content type. Default: by the file name, else by the first bytes.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// The connection whose vault receives the upload. Default: the client's.
    pub fn connection_id(mut self, id: impl Into<String>) -> Self {
        self.connection_id = Some(id.into());
        self
    }

    /// Parts that are sent side by side, 1 to [`MAX_CONCURRENCY`]. Default: the client's. Should the service refuse
    /// parts side by side, they go one by one.
    pub fn concurrency(mut self, parts: usize) -> Self {
        self.concurrency = Some(parts);
        self
    }

    /// Options for automatic vault workflows.
    pub fn vault_upload(mut self, options: VaultUpload) -> Self {
        self.vault_upload = Some(options);
        self
    }

    /// A function that is told of progress, about ten times a second while bytes flow and at every part's end.
    ///
    /// It runs in the upload's own task, so it should return soon.
    pub fn on_progress(mut self, callback: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// A function that is told what happens to the upload beside progress: that it was resumed, that it begins anew, that
    /// something is tried again, that its session will end too early. Each is also in the log.
    ///
    /// It runs in the upload's own task, so it should return soon.
    pub fn on_notice(mut self, callback: impl FnMut(&Notice) + Send + 'static) -> Self {
        self.on_notice = Some(Box::new(callback));
        self
    }

    /// Leaves the client's journal out of this upload.
    pub fn without_journal(mut self) -> Self {
        self.journaled = false;
        self
    }

    /// Keeps the result in the client's journal until [`Uploaded::settle`] is called.
    ///
    /// A process may be killed after the service has confirmed the upload and before the reference is where it belongs. Held,
    /// it is not lost: the same upload, held too, gives the same result again; not held, it gives the result once and ends
    /// the journal. Without a journal this changes nothing.
    pub fn hold_result(mut self) -> Self {
        self.holds_result = true;
        self
    }

    /// A way to end the upload from elsewhere.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// How long the whole upload may take. Default: as long as it moves.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// Opens the source and finds out what would be sent. Nothing is sent.
    pub fn inspect(&self) -> impl Future<Output = Result<Inspected>> + Send + use<> {
        let prepared = self.prepare();
        async {
            let Prepared { source, filename, content_type, format } = prepared.await?;
            Ok(Inspected { filename, size: source.size, content_type, format: format.map(str::to_owned) })
        }
    }

    /// Uploads.
    ///
    /// # Errors
    ///
    /// [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) means that the service may have the upload although its answer
    /// was lost; sending again could duplicate it. With a journal it stays so, in later runs too, until the session is
    /// [forgotten](crate::Journal::forget). [`SourceChanged`](ErrorKind::SourceChanged) of a file that went in one
    /// request may leave a finished upload of mixed content, and says so. Every other error means that nothing was
    /// finished. With a journal, the same upload goes on after [`Busy`](ErrorKind::Busy), `Cancelled`, `Network`,
    /// `RateLimited`, `Server`, `Timeout` and `Unauthorized`, in this process or another.
    pub async fn send(mut self) -> Result<Uploaded> {
        let shared = Arc::clone(&self.client.0);
        let concurrency = self.concurrency.unwrap_or(shared.settings.concurrency);
        if !(1..=MAX_CONCURRENCY).contains(&concurrency) {
            let text = format!("the concurrency is {concurrency}: use 1 to {MAX_CONCURRENCY}");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let connection = shared.settings.connection(self.connection_id.as_deref())?;
        let deadline = self.deadline.and_then(|limit| Instant::now().checked_add(limit));
        let limits = Limits { cancel: self.cancel.0.clone(), deadline };
        let prepared = limits.within(self.prepare()).await??;
        let content_type_header = prepared.content_type_header()?;
        let journal = shared.settings.journal.clone().filter(|_| self.journaled);
        let about = prepared.about(&shared.settings, &connection, self.vault_upload.clone());
        let one_at_a_time = shared.is_one_at_a_time(&connection);
        let Prepared { source, filename, content_type, .. } = prepared;
        let mut engine = Engine {
            reporter: Reporter::new(self.on_progress.take(), source.size),
            on_notice: self.on_notice.take(),
            meter: Meter::new(Instant::now(), 0),
            source: source.clone(),
            concurrency,
            limits: limits.clone(),
            rng: fastrand::Rng::new(),
            one_at_a_time,
            journal: None,
            wire: Arc::new(HttpWire {
                client: Arc::clone(&shared),
                source: source.clone(),
                filename,
                content_type,
                content_type_header,
                budget: shared.budgets.of(&connection),
                deadline,
                connection: connection.clone(),
                vault_upload: self.vault_upload,
                buffers: Buffers::filled_by(shared.settings.threads.clone()),
                throttle: shared.throttle.clone(),
            }),
        };
        let result = match journal {
            None => engine.run(None).await,
            Some(journal) => {
                let (holds_result, threads) = (self.holds_result, shared.settings.threads.clone());
                let journaling = Journaling { journal, about, holds_result, threads };
                journaling.run(&mut engine, &shared.settings.origins).await
            }
        };
        if engine.one_at_a_time && !one_at_a_time {
            shared.set_one_at_a_time(&connection);
        }
        result
    }

    // Not an `async fn`: its future would hold on to the progress function, which is not `Sync`.
    fn prepare(&self) -> impl Future<Output = Result<Prepared>> + Send + use<> {
        let threads = self.client.0.settings.threads.clone();
        opening::prepare(threads, self.source.clone(), self.filename.clone(), self.content_type.clone())
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Uploaded>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("source", &self.source).finish_non_exhaustive()
    }
}
