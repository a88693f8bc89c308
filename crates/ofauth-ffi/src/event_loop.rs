//! The event loop of one call: waits for work on a client's threads and runs the callbacks on the thread that called.
//!
//! The work sends events; this thread takes them one by one. So a callback never meets itself, needs no lock, and its
//! user data may belong to the calling thread. Events are std's own channel: nothing here has to be proven.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{Either, select, select_all};
use ofauth::{Cancel, Notice, Progress, ReadAt};

use crate::boundary::panicked;
use crate::callback::{Callbacks, TickCallback};
use crate::cancel::OwnCancel;
use crate::error::ofauth_error;
use crate::event::{Event, EventReader};
use crate::guest::{Guest, broken, forked};
use crate::log::Listening;
use crate::notice;
use crate::pointer::Result;
use crate::progress::ofauth_progress;
use crate::status::{OFAUTH_ERR_CANCELLED, OFAUTH_ERR_INTERNAL, OFAUTH_ERR_TIMEOUT};
use crate::text;
use crate::waiting::Limits;

/// The longest pause between two ticks, and between two progress callbacks. They are where programs look at the flag that a
/// signal handler has set, so this is how long Ctrl-C takes at most.
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
    /// Cancels this call alone.
    cancel: Cancel,
    /// What cancels it and others.
    shared: Vec<Cancel>,
    timeout: Option<Duration>,
    ticks: Vec<TickCallback>,
}

impl CallLoop {
    /// A call that any of `limits` gives up.
    pub(crate) fn new(limits: impl IntoIterator<Item = Limits>) -> Self {
        let (sender, events) = channel();
        let (cancel, newest) = (Cancel::new(), Arc::default());
        let (mut shared, mut timeout, mut ticks) = (Vec::new(), None::<Duration>, Vec::new());
        for limits in limits {
            shared.extend(limits.cancel.as_ref().map(OwnCancel::child));
            timeout = timeout.into_iter().chain(limits.timeout).min();
            ticks.extend(limits.tick);
        }
        Self { sender, events, newest, cancel, shared, timeout, ticks }
    }

    /// What cancels the work: the caller's cancels do, and callbacks.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// How long the work may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// `work` that knows neither cancel nor timeout: it is left where it is when one of them is reached. For what may be done
    /// again.
    pub(crate) fn or_left<T, W: Future<Output = ofauth::Result<T>>>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<T>> + use<T, W> {
        let (cancel, timeout) = (self.cancel.clone(), self.timeout);
        async move {
            let reached = async {
                let cancelled = pin!(cancel.cancelled());
                let over = pin!(async {
                    match timeout {
                        Some(limit) => tokio::time::sleep(limit).await,
                        None => pending().await,
                    }
                });
                match select(cancelled, over).await {
                    Either::Left(_) => ofauth_error::given_up(OFAUTH_ERR_CANCELLED, "the call was cancelled"),
                    Either::Right(_) => {
                        ofauth_error::given_up(OFAUTH_ERR_TIMEOUT, "the call took longer than its timeout")
                    }
                }
            };
            match select(pin!(reached), pin!(work)).await {
                Either::Left((given_up, _)) => Err(given_up),
                Either::Right((done, _)) => Ok(done?),
            }
        }
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
    pub(crate) fn run<T: Send + 'static, E: Into<Box<ofauth_error>> + Send + 'static>(
        self,
        client: &Guest,
        callbacks: &Callbacks,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T> {
        let Self { sender, events, newest, cancel, shared, ticks, .. } = self;
        let work = passing_on(shared, cancel.clone(), work);
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
        let cancel_if = |wanted: bool| {
            if wanted && client.in_same_process() {
                cancel.cancel();
            }
        };
        let report = |progress: Option<&ofauth_progress>| cancel_if(callbacks.progress(progress));
        let mut last = None;
        let mut ticked = Instant::now();
        loop {
            let patience =
                if ticks.is_empty() { HEARTBEAT } else { HEARTBEAT.saturating_sub(ticked.elapsed()) };
            match next(&events, patience) {
                Some(Event::Progress) => {
                    last = newest.lock().unwrap_or_else(PoisonError::into_inner).take().or(last);
                    report(last.as_ref());
                }
                None if client.workers().are_broken() => return Err(broken()),
                None => report(last.as_ref()),
                Some(Event::Notice(kind, text)) => cancel_if(callbacks.notice(kind, &text)),
                Some(Event::Read(request)) => {
                    let read = request.read(callbacks.reader.as_ref());
                    // In a forked child the thread that waits is the parent's.
                    if client.in_same_process() { request.reply(read) } else { std::mem::forget(request) }
                }
                // Line by line: when its own work has ended, this call leaves the rest to others.
                Some(Event::Log) => while !ended.load(Ordering::Acquire) && client.deliver_line() {},
                Some(Event::Done) => break,
            }
            if ticked.elapsed() >= HEARTBEAT {
                ticked = Instant::now();
                // After one that came back in a forked child, there is nothing to tell the others.
                ticks
                    .iter()
                    .take_while(|_| client.in_same_process())
                    .for_each(|tick| cancel_if(tick.cancels()));
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

/// `work`, which `to` cancels, also when one of `cancels` is cancelled.
async fn passing_on<W: Future>(cancels: Vec<Cancel>, to: Cancel, work: W) -> W::Output {
    let any = async {
        if cancels.is_empty() {
            pending::<()>().await;
        }
        select_all(cancels.iter().map(|cancel| Box::pin(cancel.cancelled()))).await;
    };
    // The cancels first: what was cancelled before begins nothing.
    match select(pin!(any), pin!(work)).await {
        Either::Left((_, work)) => {
            to.cancel();
            work.await
        }
        Either::Right((done, _)) => done,
    }
}

/// The next event; none if there was none for so long.
fn next(events: &Receiver<Event>, patience: Duration) -> Option<Event> {
    // A channel that is closed has nothing more to tell.
    match events.recv_timeout(patience) {
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
        assert!(next(&events, Duration::from_millis(1)).is_none(), "nothing moved");
        sender.send(Event::Log).unwrap();
        assert!(matches!(next(&events, Duration::from_millis(1)), Some(Event::Log)));
        drop(sender);
        assert!(matches!(next(&events, Duration::from_millis(1)), Some(Event::Done)));
    }
}
