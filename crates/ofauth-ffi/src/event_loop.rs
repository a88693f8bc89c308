//! The event loop of one call: waits for work on a client's threads and runs the callbacks on the thread that called.
//!
//! The work sends events; this thread takes them one by one. So a callback never meets itself, needs no lock, and its
//! user data may belong to the calling thread.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{Either, select, select_all};
use ofauth::Cancel;

use crate::boundary::panicked;
use crate::callback::{Callbacks, TickCallback};
use crate::cancel::OwnCancel;
use crate::error::ofauth_error;
use crate::event::{Event, FileIndex};
use crate::guest::{Guest, broken, forked};
use crate::log::Listening;
use crate::mailbox::Mailbox;
use crate::pointer::Result;
use crate::progress::ofauth_progress;
use crate::status::{OFAUTH_ERR_CANCELLED, OFAUTH_ERR_INTERNAL, OFAUTH_ERR_TIMEOUT};
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

/// The events of one call, and what gives it up.
pub(crate) struct CallLoop {
    mailbox: Mailbox,
    /// Cancels this call alone.
    cancel: Cancel,
    /// What cancels it and others.
    shared: Vec<Cancel>,
    timeout: Option<Duration>,
    retry: bool,
    ticks: Vec<TickCallback>,
}

impl CallLoop {
    /// A call that any of `limits` gives up.
    pub(crate) fn new(limits: impl IntoIterator<Item = Limits>) -> Self {
        Self::with_mailbox(Mailbox::new(), limits)
    }

    /// The same, for work that goes on between calls and has a mailbox.
    pub(crate) fn with_mailbox(mailbox: Mailbox, limits: impl IntoIterator<Item = Limits>) -> Self {
        let cancel = Cancel::new();
        let (mut shared, mut timeout, mut ticks) = (Vec::new(), None::<Duration>, Vec::new());
        let mut retry = true;
        for limits in limits {
            shared.extend(limits.cancel.as_ref().map(OwnCancel::child));
            timeout = timeout.into_iter().chain(limits.timeout).min();
            ticks.extend(limits.tick);
            retry &= !limits.once;
        }
        Self { mailbox, cancel, shared, timeout, retry, ticks }
    }

    /// Where the work leaves its events.
    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// What cancels the work: the caller's cancels do, and callbacks.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// How long the work may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether a failure is followed by another try.
    pub(crate) fn retry(&self) -> bool {
        self.retry
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

    /// Carries `work` out on the client's threads, and runs callbacks here until it has ended.
    pub(crate) fn run<T: Send + 'static, E: Into<Box<ofauth_error>> + Send + 'static>(
        self,
        client: &Guest,
        callbacks: &impl Callbacks,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T> {
        self.run_and_keep(client, callbacks, work).0
    }

    /// The same, and the mailbox for the next call, unless there can be none.
    pub(crate) fn run_and_keep<T: Send + 'static, E: Into<Box<ofauth_error>> + Send + 'static>(
        self,
        client: &Guest,
        callbacks: &impl Callbacks,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> (Result<T>, Option<Mailbox>) {
        let slot = Arc::new(Mutex::new(None));
        let place = Arc::clone(&slot);
        let work = Box::pin(async move {
            let outcome = work.await.map_err(Into::into);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        });
        let (ended, mailbox) = self.run_to_end(client, callbacks, work);
        let outcome = ended.and_then(|()| {
            slot.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()
                .unwrap_or_else(|| Err(ended_under_way()))
        });
        (outcome, mailbox)
    }

    /// The same for work that leaves its result somewhere: whether it came to its end. It knows nothing of what is done, so that
    /// there is one of it in the library and not one for each function of the header.
    fn run_to_end(
        self,
        client: &Guest,
        callbacks: &dyn Callbacks,
        work: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> (Result<()>, Option<Mailbox>) {
        let Self { mailbox, cancel, shared, ticks, .. } = self;
        let work = passing_on(shared, cancel.clone(), work);
        let listening = client.log().map(|(log, _)| log.listen(mailbox.sender()));
        let (result_sender, result) = sync_channel(1);
        let ended = Arc::new(AtomicBool::new(false));
        let end = EndOfWork { events: mailbox.sender(), ended: Arc::clone(&ended) };
        let spawned = client.spawn(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            // The thread that called takes it once it has seen the end.
            let _ = result_sender.send(outcome);
            drop(end);
        });
        if let Err(error) = spawned {
            return (Err(error), None);
        }
        let cancel_if = |wanted: bool| {
            if wanted && client.in_same_process() {
                cancel.cancel();
            }
        };
        let report = |last: &Option<(FileIndex, ofauth_progress)>| {
            cancel_if(last.as_ref().is_some_and(|(file, progress)| callbacks.progress(*file, progress)));
        };
        let mut last = None;
        let mut ticked = Instant::now();
        loop {
            let patience =
                if ticks.is_empty() { HEARTBEAT } else { HEARTBEAT.saturating_sub(ticked.elapsed()) };
            match mailbox.next(patience) {
                Some(Event::Progress(file)) => {
                    last = mailbox.take_newest(file).map(|progress| (file, progress)).or(last);
                    report(&last);
                }
                None if client.workers().are_broken() => return (Err(broken()), None),
                None => report(&last),
                Some(Event::Notice(file, kind, text)) => cancel_if(callbacks.notice(file, kind, &text)),
                Some(Event::Read(file, request)) => {
                    let read = callbacks.reader(file).map_or(-1, |reader| request.read(&reader));
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
                std::mem::forget((mailbox, cancel, listening, result));
                return (Err(forked()), None);
            }
        }
        let lines = listening.map_or(0, Listening::end);
        let _ = (0..lines).all(|_| client.deliver_line());
        let outcome = match result.recv() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(panic)) => Err(panicked(&*panic)),
            Err(_) => Err(ended_under_way()),
        };
        (outcome, Some(mailbox))
    }
}

fn ended_under_way() -> Box<ofauth_error> {
    ofauth_error::new(OFAUTH_ERR_INTERNAL, "the client's threads ended under way")
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
