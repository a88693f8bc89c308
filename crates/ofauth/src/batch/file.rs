//! One file of a batch: looked up in the record, offered to the filter, uploaded, written down, and tried again after a wait
//! for the service. Which files there are and what is made of their ends is [`super::builder`]'s business.

use std::collections::HashSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::batched::{BatchFile, Batched};
use super::circuit_breaker::Cause;
use super::gate::{Gate, Trying};
use super::record::BatchRecord;
use crate::cancel::{Cancel, Limits};
use crate::error::{ErrorKind, Result};
use crate::journal::About;
use crate::system::words;
use crate::upload::source::content::Content;
use crate::upload::{Context, Notice, OpenUpload, Progress, Source, Upload, UploadOptions, Uploaded};

/// The caller's function for progress.
pub(super) type OnProgress = Arc<Mutex<dyn FnMut(&BatchFile, &Progress) + Send>>;

/// The caller's function for notices.
pub(super) type OnNotice = Arc<Mutex<dyn FnMut(&BatchFile, &Notice) + Send>>;

/// The caller's function that says whether a file is to be uploaded.
pub(super) type Filter = Arc<dyn Fn(BatchFile) -> Filtering + Send + Sync>;

/// A filter at work.
pub(super) type Filtering = Pin<Box<dyn Future<Output = Result<bool>> + Send>>;

/// What the files of a batch share.
pub(super) struct Shared {
    pub(super) context: Arc<Context>,
    pub(super) options: UploadOptions,
    pub(super) cancel: Cancel,
    pub(super) on_progress: Option<OnProgress>,
    pub(super) on_notice: Option<OnNotice>,
    pub(super) filter: Option<Filter>,
    pub(super) gate: Gate,
    /// Nothing without a journal.
    pub(super) record: Option<Arc<BatchRecord>>,
    /// The uploads under way that have a record to look into: the same one waits for the end of the first.
    pub(super) turns: Turns,
}

/// A file on its way.
struct BatchedFile<'a> {
    shared: &'a Shared,
    source: Source,
    index: u64,
    name: &'a str,
}

/// Uploads one file, and tells how it ended; nothing if it was left out.
pub(super) async fn upload(shared: Arc<Shared>, index: u64, source: Source) -> Option<Batched> {
    let name = source.to_string();
    if let Some(why) = shared.gate.enter().await {
        return Some(Batched::not_tried(index, name, why));
    }
    let file = BatchedFile { shared: &shared, source, index, name: &name };
    let result = file.upload_or_wait().await.transpose()?;
    Some(Batched::of(index, name, result))
}

impl BatchedFile<'_> {
    /// Tries the file, and again if it waited for a service that was gone.
    async fn upload_or_wait(&self) -> Result<Option<Uploaded>> {
        let trying = Trying::new(self.index, self.shared.options.timeout);
        let mut is_wanted = None;
        loop {
            let moved = Arc::<AtomicBool>::default();
            let mut file = None;
            let end = self.upload(&trying, &mut is_wanted, &mut file, &moved).await;
            let moved = moved.load(Relaxed);
            let tell = |notice: &Notice| {
                if let Some(file) = &file {
                    self.shared.tell(file, notice);
                }
            };
            match end {
                Ok(uploaded) => {
                    self.shared.gate.ended_well(&trying, moved, tell);
                    return Ok(uploaded);
                }
                Err(error) => {
                    let cause = match &file {
                        Some(_) => Cause::of(&error, moved),
                        // Before the source is open, the service was not asked for anything.
                        None if error.kind() == ErrorKind::Timeout => Cause::File,
                        None => Cause::of(&error, false),
                    };
                    self.shared.gate.failed(&trying, error, cause, tell).await?;
                }
            }
        }
    }

    /// Tries the file once. `is_wanted` is what the filter said of it, which is asked once.
    async fn upload(
        &self,
        trying: &Trying,
        is_wanted: &mut Option<bool>,
        told: &mut Option<Arc<BatchFile>>,
        moved: &Arc<AtomicBool>,
    ) -> Result<Option<Uploaded>> {
        let shared = self.shared;
        let mut upload = Upload::new(Arc::clone(&shared.context), self.source.clone());
        upload = upload.options(&shared.options);
        upload = upload.with_options(|mut options| {
            // What the record has needs no journal, and what it has not yet is in the journal.
            options.hold_result = shared.record.is_some();
            options
        });
        let limits = Limits::new(&shared.cancel, trying.left());
        let upload = upload.open_within(limits.clone()).await?;
        let file = Arc::new(BatchFile::new(self.index, self.name, &upload));
        *told = Some(Arc::clone(&file));
        let record = shared.record.as_ref().filter(|_| upload.can_be_resumed());
        let Some(record) = record else {
            return if self.is_wanted(&file, is_wanted).await? {
                shared.send(&file, upload, limits, moved).await.map(Some)
            } else {
                Ok(None)
            };
        };
        let about = upload.about();
        let _turn = shared.turns.take(about.id()).await;
        let content = Arc::clone(&upload.source().content);
        if let Some(uploaded) = shared.find(record, &about, Arc::clone(&content)).await? {
            shared.tell(&file, &Notice::AlreadyRecorded);
            return Ok(Some(uploaded));
        }
        if !self.is_wanted(&file, is_wanted).await? {
            return Ok(None);
        }
        let identity = content.identity();
        let mut uploaded = shared.send(&file, upload, limits, moved).await?;
        let (writing, written) = (Arc::clone(record), uploaded.clone());
        let added = shared.on_threads(move || writing.add(about, identity, &written)).await;
        let failed = match added {
            Ok(Ok(())) => match uploaded.settle().await {
                Ok(()) => None,
                // It is seen among the sessions, and the next batch with this record removes it.
                Err(error) => {
                    tracing::warn!(%error, "the journal of an upload that is in the record stays");
                    None
                }
            },
            Ok(Err(error)) => Some(words(&error)),
            Err(error) => Some(error.to_string()),
        };
        let journal_id = uploaded.let_go();
        if let Some(why) = failed {
            journal_id.into_iter().for_each(|id| record.add_unrecorded(id));
            shared.tell(&file, &Notice::NotRecorded { why });
        }
        Ok(Some(uploaded))
    }

    async fn is_wanted(&self, file: &BatchFile, known: &mut Option<bool>) -> Result<bool> {
        if let Some(is_wanted) = *known {
            return Ok(is_wanted);
        }
        let is_wanted = match &self.shared.filter {
            Some(filter) => self.shared.unless_cancelled(filter(file.clone())).await??,
            None => true,
        };
        *known = Some(is_wanted);
        Ok(is_wanted)
    }
}

impl Shared {
    /// Sends a file. `moved` becomes whether the service acknowledged any of it.
    async fn send(
        &self,
        file: &Arc<BatchFile>,
        upload: OpenUpload,
        limits: Limits,
        moved: &Arc<AtomicBool>,
    ) -> Result<Uploaded> {
        let (moved, progressing, on_progress) =
            (Arc::clone(moved), Arc::clone(file), self.on_progress.clone());
        let upload = upload.on_progress(move |progress| {
            // What an earlier run had sent does not count.
            if progress.acknowledged > progress.resumed {
                moved.store(true, Relaxed);
            }
            if let Some(callback) = &on_progress {
                callback.lock().unwrap_or_else(PoisonError::into_inner)(&progressing, progress);
            }
        });
        let (noticed, on_notice) = (Arc::clone(file), self.on_notice.clone());
        let upload = match on_notice {
            Some(callback) => upload.on_notice(move |notice| {
                callback.lock().unwrap_or_else(PoisonError::into_inner)(&noticed, notice);
            }),
            None => upload,
        };
        // Large, and not of use while a file waits.
        Box::pin(upload.send_within(limits)).await
    }

    /// The same upload of an earlier run, or of this one.
    async fn find(
        &self,
        record: &Arc<BatchRecord>,
        about: &About,
        content: Arc<dyn Content>,
    ) -> Result<Option<Uploaded>> {
        let (record, about) = (Arc::clone(record), about.clone());
        let cancel = CancellationToken::new();
        let _cancelled_when_dropped = cancel.clone().drop_guard();
        let found = self.on_threads(move || record.find(&about, &*content, &cancel));
        self.unless_cancelled(found).await??
    }

    async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        Limits::new(&self.cancel, None).within(work).await
    }

    fn tell(&self, file: &BatchFile, notice: &Notice) {
        tracing::debug!(file = file.name, %notice, "of a batch");
        if let Some(callback) = &self.on_notice {
            callback.lock().unwrap_or_else(PoisonError::into_inner)(file, notice);
        }
    }

    async fn on_threads<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.context.transport.settings.threads.run(work).await
    }
}

/// Turns of uploads that are the same, one after the other.
#[derive(Debug, Default)]
pub(super) struct Turns {
    taken: Mutex<HashSet<String>>,
    ended: Notify,
}

/// The turn of an upload. It ends when it is dropped.
struct Turn<'a> {
    turns: &'a Turns,
    id: String,
}

impl Turns {
    async fn take(&self, id: String) -> Turn<'_> {
        loop {
            let mut ended = pin!(self.ended.notified());
            // Before looking, so that no end is missed.
            ended.as_mut().enable();
            if self.lock().insert(id.clone()) {
                return Turn { turns: self, id };
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.id);
        self.turns.ended.notify_waiters();
    }
}
