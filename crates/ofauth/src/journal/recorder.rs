//! Writes a journal while an upload runs. A record is durable when its method returns.
//!
//! Records that come while others are being made durable go out together in the next write. Whoever finds the writer
//! idle sets it to work, and it works until nothing is left. Nobody waits with a lock held, and a caller that stops
//! waiting leaves a whole record behind or none. After the first failure nothing more is written, so that no record
//! ever follows half of another.

use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::frame::Frame;
use super::record::Record;
use super::writer::{Action, Writer};
use crate::error::{Error, ErrorKind, Result};
use crate::system::{shortage, words};
use crate::threads::Threads;

/// How long a write is waited for once the upload was cancelled. A disk that takes longer hangs: it goes on with what it
/// was given, and nobody waits.
const GRACE: Duration = Duration::from_millis(40);

/// Writes the journal of one upload. Clones are one. The journal stays locked until [`close`](Self::close),
/// [`remove`](Self::remove), or until the last clone is gone and the last write has ended.
#[derive(Clone)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    threads: Threads,
    /// Ends the upload. Without one, every write is waited for.
    cancel: Option<CancellationToken>,
}

struct Shared {
    path: PathBuf,
    blocks: bool,
    /// A write was not waited for any longer.
    hangs: AtomicBool,
    queue: Mutex<Queue>,
}

struct Queue {
    jobs: Vec<(Action, Response)>,
    /// Absent while it is at work, and once it was let go.
    idle: Option<Writer>,
    /// Why nothing more is written.
    ended: Option<Arc<Failure>>,
}

type Response = oneshot::Sender<Result<(), Arc<Failure>>>;

impl Recorder {
    pub(super) fn new(path: PathBuf, writer: Writer) -> Self {
        let blocks = writer.blocks();
        let queue = Queue { jobs: Vec::new(), idle: Some(writer), ended: None };
        let shared = Shared { path, blocks, hangs: AtomicBool::new(false), queue: Mutex::new(queue) };
        Self { shared: Arc::new(shared), threads: Threads::default(), cancel: None }
    }

    /// The same for an upload, whose `threads` write, and which waits no longer than a moment once `cancel` came.
    pub(crate) fn of_upload(self, threads: Threads, cancel: CancellationToken) -> Self {
        Self { threads, cancel: Some(cancel), ..self }
    }

    /// The same after the end of the upload.
    pub(crate) fn after_upload(self) -> Self {
        Self { cancel: None, ..self }
    }

    /// Writes a record. A session has the journal start over.
    // Not an `async fn`: its future would hold on to the record, which may be large, while it waits.
    pub(crate) fn write(&self, record: Record) -> impl Future<Output = Result<()>> + Send {
        let starts_over = matches!(record, Record::Session(_));
        let finishing = match record {
            Record::Finishing => Some(true),
            Record::Session(_) | Record::NotFinished => Some(false),
            Record::Part(_) | Record::Done(_) => None,
        };
        let frame = Frame::new(&record);
        async move { self.run(Action::Write { frame: frame?, starts_over, finishing }).await }
    }

    /// Removes the journal and lets go of it.
    pub(crate) async fn remove(&self) -> Result<()> {
        self.run(Action::Remove).await
    }

    /// Lets go of the journal, so that the same upload can be started again although clones may live on somewhere.
    pub(crate) async fn close(&self) -> Result<()> {
        self.run(Action::Close).await
    }

    /// The id of the journal.
    pub(crate) fn id(&self) -> &str {
        self.shared.path.file_stem().and_then(std::ffi::OsStr::to_str).unwrap_or_default()
    }

    /// [`close`](Self::close) without waiting, for an upload that was dropped. Blocks for as long as what is written
    /// this instant takes.
    pub(crate) fn let_go(&self) {
        let (answer, _) = oneshot::channel();
        if let Some(turn) = self.shared.enqueue(Action::Close, answer) {
            turn.work();
        }
    }

    async fn run(&self, action: Action) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        if let Some(turn) = self.shared.enqueue(action, answer) {
            self.start(turn);
        }
        let answered = async {
            let result = answered.await.unwrap_or_else(|_| Err(Arc::new(self.shared.interrupted())));
            result.map_err(|failure| failure.to_error())
        };
        tokio::select! {
            biased;
            result = answered => result,
            error = self.gives_up() => Err(error),
        }
    }

    /// Resolves when a write has had its time.
    async fn gives_up(&self) -> Error {
        match &self.cancel {
            Some(cancel) => cancel.cancelled().await,
            None => pending().await,
        }
        if !self.shared.hangs.load(Ordering::Relaxed) {
            tokio::time::sleep(GRACE).await;
            self.shared.hangs.store(true, Ordering::Relaxed);
        }
        Error::new(ErrorKind::Cancelled, "the upload was cancelled while its journal was being written")
    }

    /// Not awaited: it goes on even if nobody waits for the record any more.
    fn start(&self, turn: Turn) {
        if self.shared.blocks {
            // Without a thread, here: others wait for a moment, and nothing is lost.
            self.threads.submit(Box::new(move || turn.work())).unwrap_or_else(|refused| (refused.job)());
            return;
        }
        turn.work();
    }
}

impl Shared {
    /// Puts it in line. The writer's turn comes back if the writer was idle.
    fn enqueue(self: &Arc<Self>, action: Action, answer: Response) -> Option<Turn> {
        let mut queue = self.lock();
        if let Some(failure) = &queue.ended {
            let letting_go = matches!(action, Action::Close);
            let result = if letting_go { Ok(()) } else { Err(Arc::clone(failure)) };
            if letting_go {
                queue.idle = None;
            }
            _ = answer.send(result);
            return None;
        }
        queue.jobs.push((action, answer));
        let writer = queue.idle.take()?;
        Some(Turn { shared: Arc::clone(self), writer: Some(writer) })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, what: &str, source: Option<io::Error>) -> Failure {
        let message = format!("the journal {} {what}", self.path.display());
        Failure { message, source: source.map(Arc::new) }
    }

    fn cannot_write(&self, error: io::Error) -> Failure {
        let remedy = shortage(&error).unwrap_or_else(|| remedy(&error));
        self.failure(&format!("cannot be written ({}): {remedy}", words(&error)), Some(error))
    }

    fn interrupted(&self) -> Failure {
        self.failure("could not be completed because the program is ending", None)
    }
}

/// What to do about a journal that cannot be written.
pub(super) fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space on its disk, or upload without a journal"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "check the permissions, choose another directory, or upload without a journal"
        }
        _ => "choose another directory, or upload without a journal",
    }
}

/// Why nothing more is written.
struct Failure {
    message: String,
    source: Option<Arc<io::Error>>,
}

impl Failure {
    fn to_error(&self) -> Error {
        let short = self.source.as_deref().and_then(shortage).is_some();
        let kind = if short { ErrorKind::Resources } else { ErrorKind::Journal };
        let error = Error::new(kind, self.message.clone());
        match &self.source {
            Some(source) => error.with_source(Arc::clone(source)),
            None => error,
        }
    }
}

/// The writer at work.
struct Turn {
    shared: Arc<Shared>,
    writer: Option<Writer>,
}

impl Turn {
    fn work(mut self) {
        while let Some((mut actions, answers)) = self.next_batch() {
            let Some(writer) = &mut self.writer else { return };
            let result = writer.carry_out(&mut actions).map_err(|error| {
                let failure = Arc::new(self.shared.cannot_write(error));
                self.end(&failure);
                failure
            });
            if result.is_ok() && actions.last().is_some_and(Action::is_last) {
                self.writer = None;
                self.end(&Arc::new(self.shared.failure("was closed", None)));
            }
            for answer in answers {
                // Whoever waited may be gone.
                _ = answer.send(result.clone());
            }
        }
    }

    /// What is done at once: everything up to an action that is the last. The writer becomes idle if there is nothing.
    fn next_batch(&mut self) -> Option<(Vec<Action>, Vec<Response>)> {
        let mut queue = self.shared.lock();
        if queue.jobs.is_empty() {
            if let Some(writer) = self.writer.take() {
                queue.idle = Some(writer);
            }
            return None;
        }
        let last = queue.jobs.iter().position(|(action, _)| action.is_last());
        let count = last.map_or(queue.jobs.len(), |last| last + 1);
        Some(queue.jobs.drain(..count).unzip())
    }

    /// Nothing more is written. A writer that is still there keeps the journal locked while clones are alive.
    fn end(&mut self, failure: &Arc<Failure>) {
        let mut queue = self.shared.lock();
        queue.ended = Some(Arc::clone(failure));
        queue.idle = self.writer.take();
        for (_, answer) in queue.jobs.drain(..) {
            _ = answer.send(Err(Arc::clone(failure)));
        }
    }
}

impl Drop for Turn {
    /// Only if the runtime ended before its turn came, or the log panicked, there is still a writer here.
    fn drop(&mut self) {
        if self.writer.is_some() {
            self.end(&Arc::new(self.shared.interrupted()));
        }
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
