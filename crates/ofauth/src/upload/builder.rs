//! An upload as callers set it up.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::active_upload::ActiveUpload;
use super::backend::Backend;
use super::cancel::{Cancel, Limits};
use super::context::Context;
use super::engine;
use super::journal_lifecycle::{self, ResumableUpload};
use super::plan::api_types::VaultUpload;
use super::progress::eta::RateEstimator;
use super::progress::notice::{self, Notice};
use super::progress::report::{Callback, Progress, Reporter};
use super::result::uploaded::Uploaded;
use super::source::input::Source;
use super::source::prepared::{self, Prepared};
use super::transfer::body::Buffers;
use crate::error::{ErrorKind, Result};
use crate::limits;

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
    context: Arc<Context>,
    source: Source,
    filename: Option<String>,
    content_type: Option<String>,
    connection_id: Option<String>,
    concurrency: Option<usize>,
    vault_upload: Option<VaultUpload>,
    on_progress: Option<Callback>,
    on_notice: Option<notice::Callback>,
    cancel: Cancel,
    timeout: Option<Duration>,
    journaled: bool,
    holds_result: bool,
}

impl Upload {
    pub(crate) fn new(context: Arc<Context>, source: Source) -> Self {
        Self {
            context,
            source,
            filename: None,
            content_type: None,
            connection_id: None,
            concurrency: None,
            vault_upload: None,
            on_progress: None,
            on_notice: None,
            cancel: Cancel::new(),
            timeout: None,
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

    /// Parts that are sent in parallel, 1 to [`MAX_CONCURRENCY`](crate::MAX_CONCURRENCY). Default: the client's. Should the service refuse
    /// parts in parallel, they go one by one.
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

    /// A function that is told what happens to the upload beside progress: that it was resumed, that it starts over, that
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
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
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
    pub async fn send(self) -> Result<Uploaded> {
        let context = Arc::clone(&self.context);
        let settings = &context.transport.settings;
        let concurrency = self.concurrency.unwrap_or(settings.concurrency);
        let concurrency = limits::concurrency(concurrency, ErrorKind::InvalidArgument)?;
        let connection = settings.connection(self.connection_id.as_deref())?;
        let deadline = self.timeout.and_then(|limit| Instant::now().checked_add(limit));
        let limits = Limits { cancel: self.cancel.0.clone(), deadline };
        let prepared = limits.within(self.prepare()).await??;
        let content_type_header = prepared.content_type_header()?;
        let journal = context.journal.clone().filter(|_| self.journaled);
        let about = journal_lifecycle::about(&prepared, settings, &connection, self.vault_upload.as_ref());
        let one_at_a_time = context.is_one_at_a_time(&connection);
        let Prepared { source, filename, content_type, .. } = prepared;
        let mut run = ActiveUpload {
            reporter: Reporter::new(self.on_progress, source.size),
            on_notice: self.on_notice,
            rate_estimator: RateEstimator::new(Instant::now(), 0),
            source: source.clone(),
            concurrency,
            limits,
            rng: fastrand::Rng::new(),
            one_at_a_time,
            journal: None,
            backend: Arc::new(Backend {
                transport: Arc::clone(&context.transport),
                transfer: Arc::clone(&context.puts),
                limiter: context.transport.limiters.of(&connection),
                connection: connection.clone(),
                source: source.clone(),
                filename,
                content_type,
                content_type_header,
                vault_upload: self.vault_upload,
                buffers: Buffers::filled_by(settings.threads.clone()),
                throttle: context.throttle.clone(),
            }),
        };
        let result = match journal {
            None => engine::carry_out(&mut run, None).await,
            Some(journal) => {
                let (holds_result, threads) = (self.holds_result, settings.threads.clone());
                let journaling = ResumableUpload { journal, about, holds_result, threads };
                journaling.run(&mut run, &settings.origins).await
            }
        };
        if run.one_at_a_time && !one_at_a_time {
            context.set_one_at_a_time(&connection);
        }
        result
    }

    // Not an `async fn`: its future would hold on to the progress function, which is not `Sync`.
    fn prepare(&self) -> impl Future<Output = Result<Prepared>> + Send + use<> {
        let threads = self.context.transport.settings.threads.clone();
        prepared::prepare(threads, self.source.clone(), self.filename.clone(), self.content_type.clone())
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
