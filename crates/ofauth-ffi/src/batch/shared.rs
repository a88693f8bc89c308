//! What the threads that use a batch share: its settings, what the caller lends for its files, and the library's stream of
//! results, which one call at a time waits for.
//!
//! The stream takes sources from a channel, which stays open until every file that was added has been given out.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream;
use ofauth::{Cancel, Source, UploadAll, UploadOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::batched::ofauth_batched;
use super::{ofauth_batch_notice_callback, ofauth_batch_progress_callback};
use crate::borrowed_bytes::{self, BorrowEnd};
use crate::callback::{self, Callbacks, ReaderCallback};
use crate::cancel::OwnCancel;
use crate::error::ofauth_error;
use crate::event::{Event, FileIndex};
use crate::event_loop::CallLoop;
use crate::fork_guard::ForkGuard;
use crate::guest::Guest;
use crate::mailbox::Mailbox;
use crate::pointer::Result;
use crate::progress::ofauth_progress;
use crate::status::{
    OFAUTH_ERR_BUSY, OFAUTH_ERR_FORKED, OFAUTH_ERR_INTERNAL, OFAUTH_ERR_INVALID_ARGUMENT, OFAUTH_ERR_PANIC,
};
use crate::user_data::UserData;
use crate::waiting::Limits;

/// A batch of `ofauth_batch`.
pub(super) struct Batch {
    state: Mutex<State>,
    fork_guard: ForkGuard,
}

struct State {
    settings: Settings,
    /// To the stream. None once the batch is over.
    sources: Option<UnboundedSender<Source>>,
    /// To the call that waits.
    events: Sender<Event>,
    /// Of files that were not given out yet.
    lent: HashMap<FileIndex, Lent>,
    added: u64,
    given_out: u64,
    stage: Stage,
}

/// What was set before the batch began.
pub(super) struct Settings {
    pub(super) options: UploadOptions,
    pub(super) files: usize,
    pub(super) record: Option<String>,
    pub(super) cancel: Option<OwnCancel>,
    progress: Option<ProgressCallback>,
    notice: Option<NoticeCallback>,
}

/// What the caller lends for a file until it is given out.
pub(super) enum Lent {
    Bytes(BorrowEnd),
    Reader(ReaderCallback),
}

enum Stage {
    NotBegun {
        sources: UnboundedReceiver<Source>,
        mailbox: Mailbox,
    },
    /// Begun, and no call waits for it.
    Idle {
        running: Running,
        mailbox: Mailbox,
    },
    /// A call waits for it.
    Waited,
    /// Nothing comes any more: the client's threads have ended before their time, or a defect of the library was met.
    Broken {
        /// None before it began, and in a forked child.
        guest: Option<Arc<Guest>>,
    },
}

/// A batch that has begun. It keeps the threads that work for it.
struct Running {
    guest: Arc<Guest>,
    stream: Arc<AsyncMutex<UploadAll>>,
    cancel: Cancel,
}

/// Whether a call for a batch ends its stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Never,
    IfAllAreGivenOut,
}

/// A progress callback of the caller.
#[derive(Clone)]
struct ProgressCallback {
    function: unsafe extern "C" fn(*mut c_void, u64, *const ofauth_progress) -> c_int,
    user_data: Arc<UserData>,
}

/// A notice callback of the caller.
#[derive(Clone)]
struct NoticeCallback {
    function: unsafe extern "C" fn(*mut c_void, u64, i32, *const c_char) -> c_int,
    user_data: Arc<UserData>,
}

/// The functions of the caller during one call.
struct BatchCallbacks<'a> {
    batch: &'a Batch,
    progress: Option<ProgressCallback>,
    notice: Option<NoticeCallback>,
    /// Ends the batch.
    cancel: Cancel,
}

impl Settings {
    /// Returns what was set before.
    pub(super) fn set_progress(
        &mut self,
        callback: ofauth_batch_progress_callback,
        user_data: &Arc<UserData>,
    ) -> impl Sized + use<> {
        let callback =
            callback.map(|function| ProgressCallback { function, user_data: Arc::clone(user_data) });
        mem::replace(&mut self.progress, callback)
    }

    /// Returns what was set before.
    pub(super) fn set_notice(
        &mut self,
        callback: ofauth_batch_notice_callback,
        user_data: &Arc<UserData>,
    ) -> impl Sized + use<> {
        let callback = callback.map(|function| NoticeCallback { function, user_data: Arc::clone(user_data) });
        mem::replace(&mut self.notice, callback)
    }
}

impl Batch {
    pub(super) fn new() -> Self {
        let mailbox = Mailbox::new();
        let (sender, sources) = unbounded_channel();
        let settings = Settings {
            options: UploadOptions::default(),
            files: 1,
            record: None,
            cancel: None,
            progress: None,
            notice: None,
        };
        let state = State {
            settings,
            sources: Some(sender),
            events: mailbox.sender(),
            lent: HashMap::new(),
            added: 0,
            given_out: 0,
            stage: Stage::NotBegun { sources, mailbox },
        };
        Self { state: Mutex::new(state), fork_guard: ForkGuard::new() }
    }

    /// An error in a forked child, where another thread of the parent may have had the lock.
    pub(super) fn refuse_child(&self) -> Result<()> {
        if self.fork_guard.in_same_process() {
            return Ok(());
        }
        let text = "the batch was made by the parent process: make one in this process";
        Err(ofauth_error::new(OFAUTH_ERR_FORKED, text))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a setting. What `with` returns may be dropped only when nobody has the lock: it may call the caller.
    pub(super) fn set<Before>(&self, with: impl FnOnce(&mut Settings) -> Result<Before>) -> Result<Before> {
        let mut state = self.state();
        if matches!(state.stage, Stage::NotBegun { .. }) {
            return with(&mut state.settings);
        }
        let text = "the batch has begun: set this before the first ofauth_batch_next or ofauth_batch_settle";
        Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text))
    }

    /// Adds the source that `made` makes of its place among the others.
    pub(super) fn add(
        &self,
        made: impl FnOnce(FileIndex, &Sender<Event>) -> (Source, Option<Lent>),
    ) -> Result<()> {
        let mut state = self.state();
        let State { sources: Some(sources), events, lent, added, .. } = &mut *state else {
            let text = "the batch is over: make another one for more files";
            return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text));
        };
        let index = *added;
        let (source, lends) = made(index, events);
        lent.extend(lends.map(|lends| (index, lends)));
        *added = index.saturating_add(1);
        // The stream is alive as long as this is.
        _ = sources.send(source);
        Ok(())
    }

    /// How the next file ended; None once every file was given out.
    pub(super) fn next(&self, guest: &Arc<Guest>, limits: Limits) -> Result<Option<ofauth_batched>> {
        let next = self
            .wait(guest, limits, End::IfAllAreGivenOut, |mut batch| async move { Ok(batch.next().await) })?;
        let Some(next) = next else { return Ok(None) };
        let lent = {
            let mut state = self.state();
            state.given_out = state.given_out.saturating_add(1);
            state.lent.remove(&next.index)
        };
        if let Some(Lent::Bytes(end)) = lent {
            borrowed_bytes::give_back(Some(end), guest);
        }
        Ok(Some(ofauth_batched::from(next)))
    }

    pub(super) fn settle(&self, guest: &Arc<Guest>, limits: Limits) -> Result<()> {
        self.wait(guest, limits, End::Never, |mut batch| async move { batch.settle().await })
    }

    /// Waits for something of the stream, and runs callbacks meanwhile. `work` may be left where it is.
    fn wait<T: Send + 'static, W: Future<Output = ofauth::Result<T>> + Send>(
        &self,
        guest: &Arc<Guest>,
        limits: Limits,
        end: End,
        work: impl FnOnce(OwnedMutexGuard<UploadAll>) -> W + Send + 'static,
    ) -> Result<T> {
        let (running, mailbox, callbacks) = self.begin_to_wait(guest, end)?;
        let waiting = CallLoop::with_mailbox(mailbox, [limits]);
        let stream = Arc::clone(&running.stream);
        let work = waiting.or_left(async move {
            let mut stream = stream.lock_owned().await;
            stream.open().await?;
            work(stream).await
        });
        let (outcome, mailbox) = waiting.run_and_keep(guest, &callbacks, work);
        if self.fork_guard.in_same_process() {
            let is_defect = outcome.as_ref().is_err_and(|error| error.status() == OFAUTH_ERR_PANIC);
            let stage = match mailbox {
                Some(mailbox) if !is_defect => Stage::Idle { running, mailbox },
                _ => Stage::Broken { guest: Some(running.guest) },
            };
            self.state().stage = stage;
        } else {
            // A callback has forked, and this is the child.
            mem::forget((running, callbacks.cancel));
        }
        outcome
    }

    fn begin_to_wait(&self, guest: &Arc<Guest>, end: End) -> Result<(Running, Mailbox, BatchCallbacks<'_>)> {
        let mut state = self.state();
        let (running, mailbox) = match mem::replace(&mut state.stage, Stage::Waited) {
            Stage::NotBegun { sources, mailbox } => {
                let running = state.settings.begin(guest, sources, &mailbox);
                (running, mailbox)
            }
            Stage::Idle { running, mailbox } if Arc::ptr_eq(&running.guest, guest) => (running, mailbox),
            Stage::Waited => {
                let text = "another thread waits for this batch: one at a time can";
                return Err(ofauth_error::new(OFAUTH_ERR_BUSY, text));
            }
            other => {
                let (status, text) = match other {
                    Stage::Broken { .. } => (
                        OFAUTH_ERR_INTERNAL,
                        "the batch was broken off, as an earlier call for it said: make another one",
                    ),
                    _ => {
                        (OFAUTH_ERR_INVALID_ARGUMENT, "another client has begun this batch: go on with that")
                    }
                };
                state.stage = other;
                return Err(ofauth_error::new(status, text));
            }
        };
        // Only now, for a call that was refused ends nothing.
        if end == End::IfAllAreGivenOut && state.given_out == state.added {
            state.sources = None;
        }
        let callbacks = BatchCallbacks {
            batch: self,
            progress: state.settings.progress.clone(),
            notice: state.settings.notice.clone(),
            cancel: running.cancel.clone(),
        };
        Ok((running, mailbox, callbacks))
    }
}

impl Settings {
    fn begin(
        &self,
        guest: &Arc<Guest>,
        mut sources: UnboundedReceiver<Source>,
        mailbox: &Mailbox,
    ) -> Running {
        let cancel = self.cancel.as_ref().map_or_else(Cancel::new, OwnCancel::child);
        let sources = stream::poll_fn(move |context| sources.poll_recv(context));
        let mut batch = guest.client().upload_all_from(sources);
        batch = batch.options(&self.options).files(self.files).cancel(&cancel);
        if let Some(record) = &self.record {
            batch = batch.record(record);
        }
        if self.progress.is_some() {
            let mut tell = mailbox.on_progress();
            batch = batch.on_progress(move |file, progress| tell(file.index, progress));
        }
        if self.notice.is_some() {
            let mut tell = mailbox.on_notice();
            batch = batch.on_notice(move |file, notice| tell(file.index, notice));
        }
        Running { guest: Arc::clone(guest), stream: Arc::new(AsyncMutex::new(batch)), cancel }
    }
}

impl BatchCallbacks<'_> {
    /// Ends the batch if a callback said so. The call that waits goes on, for the files have results.
    fn cancel_if(&self, wanted: bool) -> bool {
        if wanted && self.batch.fork_guard.in_same_process() {
            self.cancel.cancel();
        }
        false
    }
}

impl Callbacks for BatchCallbacks<'_> {
    fn progress(&self, file: FileIndex, progress: &ofauth_progress) -> bool {
        let Some(ProgressCallback { function, user_data }) = &self.progress else { return false };
        // SAFETY: the caller of the C function vouches for its callback.
        self.cancel_if(callback::run(|| unsafe { function(user_data.pointer(), file, progress) }) != 0)
    }

    fn notice(&self, file: FileIndex, kind: i32, text: &CStr) -> bool {
        let Some(NoticeCallback { function, user_data }) = &self.notice else { return false };
        let data = user_data.pointer();
        // SAFETY: the caller of the C function vouches for its callback, and `text` lives until it returns.
        self.cancel_if(callback::run(|| unsafe { function(data, file, kind, text.as_ptr()) }) != 0)
    }

    fn reader(&self, file: FileIndex) -> Option<ReaderCallback> {
        match self.batch.state().lent.get(&file) {
            Some(Lent::Reader(reader)) => Some(reader.clone()),
            _ => None,
        }
    }
}

impl Drop for Batch {
    /// Ends the uploads, and waits until nobody has the caller's memory.
    fn drop(&mut self) {
        let in_same_process = self.fork_guard.in_same_process();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let stage = mem::replace(&mut state.stage, Stage::Broken { guest: None });
        let sources = state.sources.take();
        if !in_same_process {
            // What threads of the parent use stays as it is.
            mem::forget((stage, sources));
            let (bytes, readers): (Vec<_>, Vec<_>) =
                state.lent.drain().partition(|(_, lent)| matches!(lent, Lent::Bytes(_)));
            mem::forget(bytes);
            drop(readers);
            return;
        }
        let guest = match stage {
            Stage::Idle { running, mailbox } => {
                let Running { guest, stream, .. } = running;
                drop((stream, mailbox));
                guest
            }
            Stage::Broken { guest: Some(guest) } => guest,
            _ => return,
        };
        for (_, lent) in state.lent.drain() {
            if let Lent::Bytes(end) = lent {
                borrowed_bytes::give_back(Some(end), &guest);
            }
        }
    }
}
