//! An upload as callers set it up, before and after its source is opened.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderValue;
use tokio::time::Instant;

use super::active_upload::ActiveUpload;
use super::backend::Backend;
use super::context::Context;
use super::engine;
use super::journal_lifecycle::{self, ResumableUpload};
use super::options::{UploadOptions, option_setters};
use super::plan::api_types::VaultUpload;
use super::progress::eta::RateEstimator;
use super::progress::notice::{self, Notice};
use super::progress::report::{Callback, Progress, Reporter};
use super::result::uploaded::Uploaded;
use super::source::input::Source;
use super::source::opened::Opened;
use super::source::prepared::{self, Prepared};
use super::transfer::body::Buffers;
use crate::cancel::{Cancel, Limits};
use crate::error::{ErrorKind, Result};
use crate::journal::About;
use crate::limits;

/// An upload that has not started yet. Await it, or call [`send`](Self::send).
///
/// Dropping the future while it runs ends the upload at once and closes its connections; what the service has
/// received expires with the session.
///
/// With a [journal](crate::ClientBuilder::journal_dir), an interrupted upload is resumed: run the same upload (file, name,
/// type, connection, server) again, in this process or another, and it sends only what is missing.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let cancel = ofauth::Cancel::new();
/// let uploaded = client
///     .upload_path("clip.mp4")
///     .concurrency(8)
///     .on_progress(|progress| println!("{} of {} bytes", progress.acknowledged, progress.total))
///     .cancel(&cancel)
///     .await?;
/// println!("{}", uploaded.media_upload_id());
/// # Ok(()) }
/// ```
#[must_use = "an upload does nothing until it is awaited"]
pub struct Upload {
    context: Arc<Context>,
    source: Source,
    options: UploadOptions,
    told: Told,
    cancel: Cancel,
}

/// Who is told of an upload.
#[derive(Default)]
struct Told {
    on_progress: Option<Callback>,
    on_notice: Option<notice::Callback>,
}

impl Upload {
    pub(crate) fn new(context: Arc<Context>, source: Source) -> Self {
        let (options, told, cancel) = Default::default();
        Self { context, source, options, told, cancel }
    }

    /// Sets all options at once, in place of those that were set before.
    pub fn options(mut self, options: &UploadOptions) -> Self {
        self.options = options.clone();
        self
    }

    option_setters!();

    pub(crate) fn with_options(mut self, change: impl FnOnce(UploadOptions) -> UploadOptions) -> Self {
        self.options = change(self.options);
        self
    }

    /// Sets the progress callback. It is called about ten times a second while bytes flow, and after each part.
    ///
    /// It runs in the upload's own task, so it should return soon.
    pub fn on_progress(mut self, callback: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.told.on_progress = Some(Box::new(callback));
        self
    }

    /// Sets the notice callback. It is called when something else happens to the upload: it was resumed, it starts over, a
    /// step is retried, its session will end too early. Each notice is also in the log.
    ///
    /// It runs in the upload's own task, so it should return soon.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let upload = client.upload_path("clip.mp4").on_notice(|notice| eprintln!("clip.mp4: {notice}"));
    /// upload.await?;
    /// # Ok(()) }
    /// ```
    pub fn on_notice(mut self, callback: impl FnMut(&Notice) + Send + 'static) -> Self {
        self.told.on_notice = Some(Box::new(callback));
        self
    }

    /// Lets `cancel` end the upload, from any thread or task.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Opens the source, and tells what would be sent. Nothing is sent before [`OpenUpload::send`], which uses the same open
    /// file.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let upload = client.upload_path("clip.mp4").open().await?;
    /// println!("{}: {}, {} bytes", upload.filename(), upload.content_type(), upload.size());
    /// let uploaded = upload.send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Source`](ErrorKind::Source) if the source cannot be opened or is empty,
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if an option cannot be used or there is no file name, `Cancelled` and
    /// `Timeout`.
    pub async fn open(self) -> Result<OpenUpload> {
        let limits = self.limits();
        self.open_within(limits).await
    }

    /// Uploads.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// use ofauth::ErrorKind;
    ///
    /// match client.upload_path("clip.mp4").send().await {
    ///     Ok(uploaded) => println!("{}", uploaded.media_upload_id()),
    ///     Err(error) if error.kind() == ErrorKind::OutcomeUnknown => println!("look into the vault first: {error}"),
    ///     Err(error) if error.is_retryable() => println!("run it again later: {error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) means that the service may have the upload although its answer
    /// was lost; uploading again could make two. With a journal it stays unknown, in later runs too, until the session is
    /// [forgotten](crate::Journal::forget). [`SourceChanged`](ErrorKind::SourceChanged) of a file that went in one
    /// request may leave a finished upload of mixed content, and says so. Every other error means that nothing was
    /// finished. With a journal, the same upload can be resumed after [`Busy`](ErrorKind::Busy), `Cancelled`, `Network`,
    /// `RateLimited`, `Server`, `Timeout` and `Unauthorized`, in this process or another.
    pub async fn send(self) -> Result<Uploaded> {
        let limits = self.limits();
        self.open_within(limits.clone()).await?.send_within(limits).await
    }

    fn limits(&self) -> Limits {
        Limits::new(&self.cancel, self.options.timeout)
    }

    pub(crate) async fn open_within(self, limits: Limits) -> Result<OpenUpload> {
        let settings = &self.context.transport.settings;
        let concurrency = self.options.concurrency.unwrap_or(settings.concurrency);
        let concurrency = limits::concurrency(concurrency, ErrorKind::InvalidArgument)?;
        let connection = settings.connection(self.options.connection_id.as_deref())?;
        let (filename, content_type) = (self.options.filename.clone(), self.options.content_type.clone());
        let prepare =
            prepared::prepare(settings.threads.clone(), self.source.clone(), filename, content_type);
        let prepared = limits.within(prepare).await??;
        let content_type_header = prepared.content_type_header()?;
        Ok(OpenUpload { upload: self, prepared, content_type_header, concurrency, connection })
    }
}

/// An upload whose source is open, and of which nothing was sent yet. Await it, or call [`send`](Self::send).
///
/// It keeps the file open. [`Upload::open`] makes one.
#[must_use = "an upload does nothing until it is awaited"]
pub struct OpenUpload {
    upload: Upload,
    prepared: Prepared,
    content_type_header: HeaderValue,
    concurrency: usize,
    connection: HeaderValue,
}

impl OpenUpload {
    /// The file name that the service will see.
    pub fn filename(&self) -> &str {
        &self.prepared.filename
    }

    /// The size in bytes, at least 1.
    pub fn size(&self) -> u64 {
        self.prepared.source.size
    }

    /// The content type that will be declared.
    pub fn content_type(&self) -> &str {
        &self.prepared.content_type
    }

    /// The content type that the first bytes tell, whatever the name says; nothing if they tell none, or if the content
    /// type was given.
    pub fn detected_content_type(&self) -> Option<&str> {
        self.prepared.format
    }

    /// See [`Upload::on_progress`].
    pub fn on_progress(mut self, callback: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.upload = self.upload.on_progress(callback);
        self
    }

    /// See [`Upload::on_notice`].
    pub fn on_notice(mut self, callback: impl FnMut(&Notice) + Send + 'static) -> Self {
        self.upload = self.upload.on_notice(callback);
        self
    }

    /// See [`Upload::cancel`].
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.upload = self.upload.cancel(cancel);
        self
    }

    /// What makes another upload the same as this one.
    pub(crate) fn about(&self) -> About {
        let settings = &self.upload.context.transport.settings;
        let vault_upload = self.upload.options.vault_upload.as_ref();
        journal_lifecycle::about(&self.prepared, settings, &self.connection, vault_upload)
    }

    /// What is read.
    pub(crate) fn source(&self) -> &Opened {
        &self.prepared.source
    }

    /// Whether another process could read the same bytes again.
    pub(crate) fn can_be_resumed(&self) -> bool {
        self.upload.source.can_be_resumed()
    }

    /// Uploads. A timeout among the options counts from here.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let upload = client.upload_path("clip.mp4").open().await?;
    /// if upload.size() < 1 << 30 && upload.content_type().starts_with("video/") {
    ///     println!("{}", upload.send().await?.media_upload_id());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Upload::send`].
    pub async fn send(self) -> Result<Uploaded> {
        let limits = self.upload.limits();
        self.send_within(limits).await
    }

    pub(crate) async fn send_within(self, limits: Limits) -> Result<Uploaded> {
        let about = self.about();
        let Self { upload, prepared, content_type_header, concurrency, connection } = self;
        let Upload { context, source, options, told, .. } = upload;
        let settings = &context.transport.settings;
        let journal = context.journal.clone().filter(|_| !options.without_journal);
        let one_at_a_time = context.is_one_at_a_time(&connection);
        let Prepared { source: opened, filename, content_type, .. } = prepared;
        let mut run = ActiveUpload {
            reporter: Reporter::new(told.on_progress, opened.size),
            on_notice: told.on_notice,
            rate_estimator: RateEstimator::new(Instant::now(), 0),
            source: opened.clone(),
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
                source: opened,
                filename,
                content_type,
                content_type_header,
                vault_upload: options.vault_upload,
                buffers: Buffers::filled_by(settings.threads.clone()),
                throttle: context.throttle.clone(),
            }),
        };
        let result = match journal {
            Some(journal) if source.can_be_resumed() => {
                let (holds_result, threads) = (options.hold_result, settings.threads.clone());
                let journaling = ResumableUpload { journal, about, holds_result, threads };
                journaling.run(&mut run, &settings.origins).await
            }
            journal => {
                if journal.is_some() {
                    run.notify(Notice::NotResumable);
                }
                engine::carry_out(&mut run, None).await
            }
        };
        if run.one_at_a_time && !one_at_a_time {
            context.set_one_at_a_time(&connection);
        }
        result
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Uploaded>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl IntoFuture for OpenUpload {
    type Output = Result<Uploaded>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Uploaded>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("source", &self.source)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for OpenUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenUpload")
            .field("upload", &self.upload)
            .field("filename", &self.prepared.filename)
            .field("size", &self.prepared.source.size)
            .field("content_type", &self.prepared.content_type)
            .finish_non_exhaustive()
    }
}
