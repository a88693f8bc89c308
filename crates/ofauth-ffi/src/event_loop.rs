//! The event loop of one call: waits for work on a client's threads and runs the callbacks on the thread that called.
//!
//! The work sends events; this thread takes them one by one. So a callback never meets itself, needs no lock, and its
//! user data may belong to the calling thread. Events are std's own channel: nothing here has to be proven.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use ofauth::{Cancel, Notice, Progress, ReadAt};

use crate::boundary::panicked;
use crate::callback::Callbacks;
use crate::error::ofauth_error;
use crate::event::{Event, EventReader};
use crate::guest::{Guest, broken, forked};
use crate::log::Listening;
use crate::notice;
use crate::pointer::Result;
use crate::progress::ofauth_progress;
use crate::status::OFAUTH_ERR_INTERNAL;
use crate::text;

/// The longest pause between two progress callbacks. They are where programs look at the flag that a signal handler has
/// set, so this is how long Ctrl-C takes at most.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// Sends the end of a task, however it comes.
struct EndOfWork {
    events: Sender<Event>,
    ended: Arc<AtomicBool>,
}

impl Drop for EndOfWork {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        let _ = self.events.send(Event::Done);
    }
}

/// The events of one call, and the newest progress, which replaces one that was not reported yet.
pub(crate) struct CallLoop {
    sender: Sender<Event>,
    events: Receiver<Event>,
    newest: Arc<Mutex<Option<ofauth_progress>>>,
    cancel: Cancel,
}

impl CallLoop {
    /// `cancel` is what a progress callback cancels.
    pub(crate) fn new(cancel: Cancel) -> Self {
        let (sender, events) = channel();
        Self { sender, events, newest: Arc::default(), cancel }
    }

    /// What a progress callback cancels.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// A progress function for the library.
    pub(crate) fn on_progress(&self) -> impl FnMut(&Progress) + Send + 'static {
        let (newest, sender) = (Arc::clone(&self.newest), self.sender.clone());
        move |progress| {
            let replaced = newest.lock().unwrap_or_else(PoisonError::into_inner).replace(progress.into());
            if replaced.is_none() {
                // Nobody listens once the call has returned.
                let _ = sender.send(Event::Progress);
            }
        }
    }

    /// A notice function for the library. Each notice is an event of its own: none replaces another.
    pub(crate) fn on_notice(&self) -> impl FnMut(&Notice) + Send + 'static {
        let sender = self.sender.clone();
        move |notice| {
            // Nobody listens once the call has returned.
            let _ = sender.send(Event::Notice(notice::kind(notice), text::owned(&notice.to_string())));
        }
    }

    /// A reader of `size` bytes for the library.
    pub(crate) fn reader(&self, size: u64) -> impl ReadAt + use<> {
        EventReader { events: self.sender.clone(), size }
    }

    /// Carries `work` out on the client's threads, and runs callbacks here until it has ended.
    pub(crate) fn run<T: Send + 'static>(
        self,
        client: &Guest,
        callbacks: &Callbacks,
        work: impl Future<Output = ofauth::Result<T>> + Send + 'static,
    ) -> Result<T> {
        let Self { sender, events, newest, cancel } = self;
        let listening = client.log().map(|(log, _)| log.listen(sender.clone()));
        let (result_sender, result) = sync_channel(1);
        let ended = Arc::new(AtomicBool::new(false));
        let end = EndOfWork { events: sender, ended: Arc::clone(&ended) };
        client.spawn(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            // The thread that called takes it once it has seen the end.
            let _ = result_sender.send(outcome);
            drop(end);
        })?;
        let report = |progress: Option<&ofauth_progress>| {
            if callbacks.progress(progress) && client.in_same_process() {
                cancel.cancel();
            }
        };
        let mut last = None;
        loop {
            match next(&events) {
                Some(Event::Progress) => {
                    last = newest.lock().unwrap_or_else(PoisonError::into_inner).take().or(last);
                    report(last.as_ref());
                }
                None if client.workers().are_broken() => return Err(broken()),
                None => report(last.as_ref()),
                Some(Event::Notice(kind, text)) => callbacks.notice(kind, &text),
                Some(Event::Read(request)) => {
                    let read = request.read(callbacks.reader);
                    // In a forked child the thread that waits is the parent's.
                    if client.in_same_process() { request.reply(read) } else { std::mem::forget(request) }
                }
                // Line by line: when its own work has ended, this call leaves the rest to others.
                Some(Event::Log) => while !ended.load(Ordering::Acquire) && client.deliver_line() {},
                Some(Event::Done) => break,
            }
            if !client.in_same_process() {
                // A callback has forked, and this is the child: nobody is left to wait for, and what the parent's threads
                // had locked in that moment stays locked.
                std::mem::forget((events, newest, cancel, listening, result));
                return Err(forked());
            }
        }
        let lines = listening.map_or(0, Listening::end);
        let _ = (0..lines).all(|_| client.deliver_line());
        match result.recv() {
            Ok(Ok(outcome)) => outcome.map_err(Into::into),
            Ok(Err(panic)) => Err(panicked(&*panic)),
            Err(_) => Err(ofauth_error::new(OFAUTH_ERR_INTERNAL, "the client's threads ended under way")),
        }
    }
}

/// The next event; none if there was none for too long.
fn next(events: &Receiver<Event>) -> Option<Event> {
    // A channel that is closed has nothing more to tell.
    match events.recv_timeout(HEARTBEAT) {
        Ok(event) => Some(event),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Event::Done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_hears_of_an_upload_that_stands_still() {
        let (sender, events) = channel();
        assert!(next(&events).is_none(), "nothing moved");
        sender.send(Event::Log).unwrap();
        assert!(matches!(next(&events), Some(Event::Log)));
        drop(sender);
        assert!(matches!(next(&events), Some(Event::Done)));
    }
}
