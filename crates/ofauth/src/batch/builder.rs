//! A batch as callers set it up and read it: starts its files, so many at once, and gives out how each ended.

use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::batched::{BatchFile, Batched};
use super::file::{self, Filter, OnNotice, OnProgress, Shared, Turns};
use super::gate::Gate;
use super::record::BatchRecord;
use super::window::Window;
use crate::cancel::Cancel;
use crate::error::{Error, Result, invalid};
use crate::limits::MAX_FILES;
use crate::upload::{Context, Notice, Progress, Source, UploadOptions};

/// How long a batch that was cancelled waits for the next source, to tell that it was not tried.
const GRACE: Duration = Duration::from_secs(1);

/// Many uploads, some of them at once: a stream of how each ended, as it ended. [`Client::upload_all`](crate::Client::upload_all)
/// makes one.
///
/// ```no_run
/// # async fn run(client: ofauth::Client, paths: Vec<std::path::PathBuf>) -> ofauth::Result<()> {
/// let mut batch = client.upload_all(paths).files(8);
/// while let Some(file) = batch.next().await {
///     match file.result {
///         Ok(uploaded) => println!("{}: {}", file.name, uploaded.media_upload_id()),
///         Err(error) => eprintln!("{}: {error}", file.name),
///     }
/// }
/// # Ok(()) }
/// ```
///
/// **Order and memory.** Sources are taken as they are needed. Results come as files end; [`Batched::index`] tells whose they
/// are. No file is begun 256 places or more behind the first whose end is not known, so that whoever puts results in order
/// keeps fewer than that, and a batch of any size needs the memory of a small one. A new file is begun only while the
/// stream is read; those that have begun go on by themselves.
///
/// **Failures.** One file's failure is its result, and the others go on. What would meet all of them (the key, the settings, a
/// proxy that refuses, a full disk for journals, a cancel) stops the batch: the files that are left are results that were
/// [not tried](Batched::was_tried). A service that did not serve three files in a row is waited for: one file is tried
/// again, the others wait, and after 5 minutes the batch stops.
///
/// **Kills.** With a [journal](crate::ClientBuilder::journal_dir), each upload is written into a record before its result is
/// given out. The same files uploaded again by a later batch, in this process or another, then give the same references
/// at once ([`Uploaded::resumed`](crate::Uploaded::resumed) tells), and only the rest is uploaded. The record is forgotten when
/// the stream was read to its end and every result was `Ok`, or by [`settle`](Self::settle); what is left of a batch that did
/// not come so far is kept for a week. So a result may come twice: of a batch whose results must not be used
/// twice, write down which were. Streams are in no record. Batches with the same files may run at the same time if their
/// records have no [name](Self::record).
///
/// **The same file twice.** The second one waits for the first, and gives the same reference. Without a journal, a
/// file that is named twice is uploaded twice.
///
/// Dropping the stream ends the uploads at once.
#[must_use = "a batch does nothing until it is read"]
pub struct UploadAll {
    setup: Setup,
    /// The record on its way.
    opening: Option<Opening>,
    /// Nothing before the record is open.
    running: Option<Running>,
    end: End,
}

/// What was set.
struct Setup {
    context: Arc<Context>,
    sources: Option<Pin<Box<dyn Stream<Item = Source> + Send>>>,
    options: UploadOptions,
    files: usize,
    cancel: Cancel,
    on_progress: Option<OnProgress>,
    on_notice: Option<OnNotice>,
    filter: Option<Filter>,
    record: Option<String>,
}

type Opening = Pin<Box<dyn Future<Output = Result<Option<Arc<BatchRecord>>>> + Send>>;

/// How far a batch is from its end.
enum End {
    NotYet,
    /// All files have ended, and the record is forgotten.
    Settling(Pin<Box<dyn Future<Output = Result<()>> + Send>>),
    /// Nothing comes any more.
    Over,
}

/// The files under way.
struct Running {
    shared: Arc<Shared>,
    tasks: JoinSet<(u64, Option<Batched>)>,
    window: Window,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Runs while a batch that was cancelled waits for its next source.
    grace: Option<Pin<Box<Sleep>>>,
    /// Why the batch cannot begin: the result of its first file.
    cannot_begin: Option<Error>,
    all_is_well: bool,
}

impl UploadAll {
    pub(crate) fn new(context: Arc<Context>, sources: impl Stream<Item = Source> + Send + 'static) -> Self {
        let setup = Setup {
            context,
            sources: Some(Box::pin(sources)),
            options: UploadOptions::default(),
            files: 1,
            cancel: Cancel::new(),
            on_progress: None,
            on_notice: None,
            filter: None,
            record: None,
        };
        Self { setup, opening: None, running: None, end: End::NotYet }
    }

    /// How to upload each file.
    ///
    /// A file name among the options is that of every file, and so is the timeout, which a file has for itself. With
    /// [`hold_result`](UploadOptions::hold_result), the record is forgotten by [`settle`](Self::settle) alone, and not when the
    /// stream ends; [`without_journal`](UploadOptions::without_journal) leaves it out.
    pub fn options(mut self, options: &UploadOptions) -> Self {
        self.setup.options = options.clone();
        self
    }

    /// Files that are uploaded at once, 1 to 64. Default: 1. Each sends so many parts in parallel as the options say.
    pub fn files(mut self, files: usize) -> Self {
        self.setup.files = files;
        self
    }

    /// A way to end the batch from elsewhere: files under way are cancelled, and the others are not tried. The stream ends with
    /// the last source, or when the next one has not come for a second.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.setup.cancel = cancel.clone();
        self
    }

    /// A function that is told of the progress of each file, as [`Upload::on_progress`](crate::Upload::on_progress) is. It is
    /// called for one file at a time, so it should return soon.
    pub fn on_progress(mut self, callback: impl FnMut(&BatchFile, &Progress) + Send + 'static) -> Self {
        self.setup.on_progress = Some(Arc::new(Mutex::new(callback)));
        self
    }

    /// A function that is told what happens to each file beside progress, as [`Upload::on_notice`](crate::Upload::on_notice)
    /// is, and what the batch waits for. It is called for one file at a time, so it should return soon.
    pub fn on_notice(mut self, callback: impl FnMut(&BatchFile, &Notice) + Send + 'static) -> Self {
        self.setup.on_notice = Some(Arc::new(Mutex::new(callback)));
        self
    }

    /// A function that says whether a file is uploaded, asked once for each when the file is open, but not for those that
    /// the record has. `Ok(false)` leaves the file out: there is no result of it. An error is its result.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, paths: Vec<std::path::PathBuf>) -> ofauth::Result<()> {
    /// let videos = |file: ofauth::BatchFile| async move { Ok(file.content_type.starts_with("video/")) };
    /// let mut batch = client.upload_all(paths).filter(videos);
    /// # Ok(()) }
    /// ```
    pub fn filter<F, W>(mut self, is_wanted: F) -> Self
    where
        F: Fn(BatchFile) -> W + Send + Sync + 'static,
        W: Future<Output = Result<bool>> + Send + 'static,
    {
        self.setup.filter = Some(Arc::new(move |file| Box::pin(is_wanted(file))));
        self
    }

    /// Keeps the record under this name. It then has what batches of this name uploaded and nothing else, and all of it is
    /// forgotten when the batch is done. Only one batch at a time has a name: a second one fails as
    /// [`Busy`](crate::ErrorKind::Busy).
    pub fn record(mut self, name: impl Into<String>) -> Self {
        self.setup.record = Some(name.into());
        self
    }

    /// Opens the record now. Reading the stream does so, too: what goes wrong there is then the result of the first file, and
    /// the others are not tried.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, paths: Vec<std::path::PathBuf>) -> ofauth::Result<()> {
    /// use ofauth::ErrorKind;
    ///
    /// let mut batch = client.upload_all(paths).record("june");
    /// match batch.open().await {
    ///     Err(error) if error.kind() == ErrorKind::Busy => println!("these are being uploaded already"),
    ///     opened => opened?,
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Busy`](crate::ErrorKind::Busy) if another batch has a record of this name, [`Journal`](crate::ErrorKind::Journal) if it cannot be
    /// read or written, [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the number of files is none.
    pub async fn open(&mut self) -> Result<()> {
        poll_fn(|context| self.poll_open(context).map(|_| ())).await;
        let Some(running) = &mut self.running else { return Ok(()) };
        match running.cannot_begin.take() {
            Some(error) => {
                running.shared.gate.close(error.kind());
                Err(error)
            }
            None => Ok(()),
        }
    }

    /// How the next file ended, if there is one. The same as reading the stream.
    ///
    /// ```no_run
    /// # async fn run(mut batch: ofauth::UploadAll) {
    /// let mut again = Vec::new();
    /// while let Some(file) = batch.next().await {
    ///     if file.result.is_err_and(|error| error.is_retryable()) {
    ///         again.push(file.index);
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Batched> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Says that the results have arrived where they belong, so that the record need not keep them any longer: the same
    /// files are then uploaded again. Calling it again changes nothing. Without a record, neither does the first time. Before
    /// the stream is read, it forgets what an earlier batch left under the same [name](Self::record).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, paths: Vec<std::path::PathBuf>) -> ofauth::Result<()> {
    /// let options = ofauth::UploadOptions::default().hold_result();
    /// let mut batch = client.upload_all(paths).options(&options);
    /// let mut references = Vec::new();
    /// while let Some(file) = batch.next().await {
    ///     references.push(file.result?.media_upload_id().to_owned());
    /// }
    /// std::fs::write("references.txt", references.join("\n")).unwrap();
    /// batch.settle().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Journal`](crate::ErrorKind::Journal) if a file cannot be written or removed, and before the stream is read those of
    /// [`open`](Self::open).
    pub async fn settle(&mut self) -> Result<()> {
        if self.running.is_none() {
            self.open().await?;
        }
        match &self.running {
            Some(running) => settle(Arc::clone(&running.shared)).await,
            None => Ok(()),
        }
    }

    fn poll_open(&mut self, context: &mut TaskContext<'_>) -> Poll<&mut Running> {
        let Self { setup, opening, running, .. } = self;
        if running.is_none() {
            let opening = opening.get_or_insert_with(|| setup.opening());
            let opened = ready!(opening.as_mut().poll(context));
            *running = Some(setup.running(opened));
        }
        match running {
            Some(running) => Poll::Ready(running),
            None => Poll::Pending,
        }
    }
}

impl Stream for UploadAll {
    type Item = Batched;

    fn poll_next(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Option<Batched>> {
        let this = self.get_mut();
        ready!(this.poll_open(context));
        let Self { setup, running: Some(running), end, .. } = this else { return Poll::Ready(None) };
        loop {
            match end {
                End::NotYet => match ready!(running.poll_ended(setup, context)) {
                    Some(ended) => return Poll::Ready(Some(ended)),
                    None if running.all_is_well && !setup.options.hold_result => {
                        *end = End::Settling(Box::pin(settle(Arc::clone(&running.shared))));
                    }
                    None => *end = End::Over,
                },
                End::Settling(work) => {
                    let settled = ready!(work.as_mut().poll(context));
                    settled.unwrap_or_else(|error| tracing::warn!(%error, "a batch is not forgotten"));
                    *end = End::Over;
                }
                End::Over => return Poll::Ready(None),
            }
        }
    }
}

/// Forgets what the batch uploaded.
async fn settle(shared: Arc<Shared>) -> Result<()> {
    let Some(record) = shared.record.clone() else { return Ok(()) };
    shared.context.transport.settings.threads.run(move || record.settle()).await?
}

impl Setup {
    /// Opens the record, if there is to be one.
    fn opening(&self) -> Opening {
        let (context, files, name) = (Arc::clone(&self.context), self.files, self.record.clone());
        let journal = context.journal.clone().filter(|_| !self.options.without_journal);
        Box::pin(async move {
            if !(1..=MAX_FILES).contains(&files) {
                return Err(invalid(format!("{files} files at once: use 1 to {MAX_FILES}")));
            }
            let Some(journal) = journal else { return Ok(None) };
            let open = move || BatchRecord::open(&journal, name.as_deref());
            context.transport.settings.threads.run(open).await?.map(|record| Some(Arc::new(record)))
        })
    }

    fn running(&self, opened: Result<Option<Arc<BatchRecord>>>) -> Running {
        let (record, cannot_begin) = match opened {
            Ok(record) => (record, None),
            Err(error) => (None, Some(error)),
        };
        let shared = Shared {
            context: Arc::clone(&self.context),
            options: self.options.clone(),
            cancel: self.cancel.clone(),
            on_progress: self.on_progress.clone(),
            on_notice: self.on_notice.clone(),
            filter: self.filter.clone(),
            gate: Gate::new(&self.cancel),
            record,
            turns: Turns::default(),
        };
        Running {
            shared: Arc::new(shared),
            tasks: JoinSet::new(),
            window: Window::default(),
            cancelled: Box::pin(self.cancel.0.clone().cancelled_owned()),
            grace: None,
            cannot_begin,
            all_is_well: true,
        }
    }

    /// Takes a source, once there is one.
    fn poll_source(&mut self, context: &mut TaskContext<'_>) -> Poll<Option<Source>> {
        let Some(sources) = &mut self.sources else { return Poll::Ready(None) };
        let source = ready!(sources.as_mut().poll_next(context));
        if source.is_none() {
            self.sources = None;
        }
        Poll::Ready(source)
    }
}

impl Running {
    /// Begins as many files as may be, and gives out the next one that ended.
    fn poll_ended(&mut self, setup: &mut Setup, context: &mut TaskContext<'_>) -> Poll<Option<Batched>> {
        loop {
            // A batch of no file at once cannot begin, which its first file tells.
            while self.tasks.len() < setup.files.max(1) && self.window.has_room() {
                let Poll::Ready(Some(source)) = setup.poll_source(context) else { break };
                if let Some(ended) = self.begin(source) {
                    return Poll::Ready(Some(ended));
                }
            }
            match self.tasks.poll_join_next(context) {
                Poll::Ready(Some(Ok((index, ended)))) => {
                    self.window.end(index);
                    if let Some(ended) = ended {
                        self.all_is_well &= ended.result.is_ok();
                        return Poll::Ready(Some(ended));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    // One of the caller's functions did, or a defect, which is not hidden. Nothing else ends a task.
                    if let Ok(panic) = error.try_into_panic() {
                        resume_unwind(panic);
                    }
                }
                Poll::Ready(None) if setup.sources.is_none() => return Poll::Ready(None),
                Poll::Ready(None) => {
                    ready!(self.poll_grace(context));
                    setup.sources = None;
                    self.all_is_well = false;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Waits until the batch was cancelled and its source has had time to say what is left.
    fn poll_grace(&mut self, context: &mut TaskContext<'_>) -> Poll<()> {
        ready!(self.cancelled.as_mut().poll(context));
        self.grace.get_or_insert_with(|| Box::pin(sleep(GRACE))).as_mut().poll(context)
    }

    /// Begins a file. Returns its end if it has one at once.
    fn begin(&mut self, source: Source) -> Option<Batched> {
        self.grace = None;
        let index = self.window.begin();
        let ended = match self.cannot_begin.take() {
            Some(error) => {
                self.shared.gate.close(error.kind());
                Some(Batched::of(index, source.to_string(), Err(error)))
            }
            None => {
                let why = self.shared.gate.is_closed();
                why.map(|why| Batched::not_tried(index, source.to_string(), why))
            }
        };
        if ended.is_some() {
            self.window.end(index);
            self.all_is_well = false;
        } else {
            let shared = Arc::clone(&self.shared);
            self.tasks.spawn(async move { (index, file::upload(shared, index, source).await) });
        }
        ended
    }
}

impl Drop for Running {
    /// Ends the uploads, and lets the next batch have what was written.
    fn drop(&mut self) {
        self.tasks.abort_all();
        if let Some(record) = self.shared.record.clone()
            && !record.close_at_once()
        {
            // Without a thread it is closed with the last upload.
            _ = self.shared.context.transport.settings.threads.submit(Box::new(move || record.close()));
        }
    }
}

impl std::fmt::Debug for UploadAll {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadAll")
            .field("options", &self.setup.options)
            .field("files", &self.setup.files)
            .field("record", &self.setup.record)
            .finish_non_exhaustive()
    }
}
