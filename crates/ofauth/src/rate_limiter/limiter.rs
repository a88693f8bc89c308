//! Hands out the requests of a connection one by one, as its bucket and what other processes know allow.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::bucket::{Bucket, MOST_TOKENS, Taken};
use super::clock::{Clock, Moment};
use super::limit::RateLimit;
use super::rate::Said;
use super::shared::{self, Contended, Denied, Keeper};
use crate::error::{Error, ErrorKind};
use crate::http::rate_limit_headers::{Quota, WaitHint};
use crate::limits::LONGEST_WAIT;
use crate::threads::Threads;

/// The routes that the Access API's limit is on.
const LIMITED_ROUTES: &str = "/v2/access/";
/// What other processes learn is looked at so often while a request waits.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The pause before a file that another process holds is tried again.
const CONTENDED: Duration = Duration::from_millis(2);
/// How long a request that was answered waits for the file to know.
const PATIENCE: Duration = Duration::from_millis(50);

/// The budgets of a client, one for each connection.
pub(crate) struct Budgets {
    given: Option<RateLimit>,
    directory: Option<PathBuf>,
    base_url: String,
    threads: Threads,
    known: Mutex<HashMap<Vec<u8>, Arc<Budget>>>,
}

impl Budgets {
    /// `base_url` tells apart what different servers know under the same connection id. What is kept in the directory is
    /// read and written by `threads`, for its disk may hang.
    pub(crate) fn new(
        given: Option<RateLimit>,
        directory: Option<PathBuf>,
        base_url: &str,
        threads: Threads,
    ) -> Self {
        Self { given, directory, base_url: base_url.to_owned(), threads, known: Mutex::default() }
    }

    /// The budget of a connection.
    pub(crate) fn of(&self, connection: &HeaderValue) -> Arc<Budget> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let id = connection.as_bytes();
        if let Some(budget) = known.get(id) {
            return Arc::clone(budget);
        }
        let file = self.directory.as_deref().map(|directory| shared::path(directory, &self.base_url, id));
        let clock = if file.is_some() { Clock::Wall } else { Clock::starting_now() };
        let threads = file.is_some().then(|| self.threads.clone());
        let budget = Arc::new(Budget { threads, ..Budget::new(self.given, clock, file) });
        known.insert(id.to_vec(), Arc::clone(&budget));
        budget
    }

    /// The budget that a request counts against, if it counts against any.
    pub(crate) fn for_request(&self, url: &Url, connection: Option<&HeaderValue>) -> Option<Arc<Budget>> {
        url.path()
            .contains(LIMITED_ROUTES)
            .then(|| connection.map(|connection| self.of(connection)))
            .flatten()
    }
}

impl std::fmt::Debug for Budgets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budgets").field("given", &self.given).finish_non_exhaustive()
    }
}

/// The request budget of one connection.
pub(crate) struct Budget {
    /// Locked while its file is read and written.
    keeper: Mutex<Keeper>,
    /// What happened and was not yet taken in by the keeper, in order.
    untold: Mutex<Vec<Event>>,
    /// What waits for the keeper's file; whoever asks does if there are none.
    threads: Option<Threads>,
    is_shared: bool,
    /// First come, first served: whoever holds this is the next to be granted.
    turnstile: tokio::sync::Mutex<()>,
    waiting: AtomicBool,
    /// Wakes who waits when an answer may have changed the time.
    changed: Notify,
}

impl Budget {
    pub(super) fn new(given: Option<RateLimit>, clock: Clock, file: Option<PathBuf>) -> Self {
        Self {
            is_shared: file.is_some(),
            keeper: Mutex::new(Keeper::new(given, clock, file)),
            untold: Mutex::default(),
            threads: None,
            turnstile: tokio::sync::Mutex::default(),
            waiting: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Waits until a request may be sent, in the order in which it was asked. Dropping the future spends nothing.
    ///
    /// It takes at most half an hour: what is known of a limit is never worth more. It fails at once, and for half an
    /// hour, if the service asked for a longer wait.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Permit, Closed> {
        let _turn = self.turnstile.lock().await;
        let since = Instant::now();
        let mut contended = 0_u32;
        loop {
            let patience = LONGEST_WAIT.saturating_sub(since.elapsed());
            let pause = match self.grant(patience.is_zero(), contended).await {
                Ok(Ok(permit)) => return Ok(permit),
                Ok(Err(Denied::Closed)) => return Err(Closed),
                Ok(Err(Denied::For(wait))) if self.is_shared => wait.min(LOOK_EVERY),
                Ok(Err(Denied::For(wait))) => wait,
                Err(Contended) => {
                    contended = contended.saturating_add(1);
                    sleep(CONTENDED).await;
                    continue;
                }
            };
            contended = 0;
            let _waiting = Waiting::new(&self.waiting);
            tokio::select! {
                () = sleep(pause.min(patience)) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// A permit, or how long to wait for it.
    async fn grant(
        self: &Arc<Self>,
        at_once: bool,
        contended: u32,
    ) -> Result<Result<Permit, Denied>, Contended> {
        if let Some(threads) = self.threads_for_file() {
            let budget = Arc::clone(self);
            let grant = move || Unused(Some(budget.try_grant(at_once, contended)));
            if let Ok(mut granted) = threads.run(grant).await
                && let Some(granted) = granted.0.take()
            {
                return granted;
            }
        }
        // Without a thread it is done here: a budget helps and never hinders.
        self.try_grant(at_once, contended)
    }

    fn try_grant(
        self: &Arc<Self>,
        at_once: bool,
        contended: u32,
    ) -> Result<Result<Permit, Denied>, Contended> {
        let mut keeper = self.keeper();
        self.take_in(&mut keeper);
        let granted = keeper.grant(at_once, contended)?;
        Ok(granted.map(|(sent, believed)| Permit { budget: Arc::clone(self), sent, believed, open: true }))
    }

    /// The threads to ask the keeper on, if it will read or write its file.
    fn threads_for_file(&self) -> Option<&Threads> {
        let threads = self.threads.as_ref()?;
        match self.keeper.try_lock() {
            Ok(keeper) => keeper.needs_file().then_some(threads),
            Err(TryLockError::Poisoned(keeper)) => keeper.into_inner().needs_file().then_some(threads),
            // Another thread is at the file.
            Err(TryLockError::WouldBlock) => Some(threads),
        }
    }

    /// Whether a request waits for the budget right now.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How long `requests` more will wait from now on, as far as is known; zero if no limit is, or if the file is being
    /// looked at this moment.
    pub(crate) fn time_for(&self, requests: u64) -> Duration {
        match self.keeper.try_lock() {
            Ok(mut keeper) => keeper.time_for(requests),
            Err(TryLockError::Poisoned(keeper)) => keeper.into_inner().time_for(requests),
            Err(TryLockError::WouldBlock) if self.threads.is_some() => Duration::ZERO,
            Err(TryLockError::WouldBlock) => self.keeper().time_for(requests),
        }
    }

    fn keeper(&self) -> std::sync::MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the keeper take in an event, before it grants anything more.
    fn tell(self: &Arc<Self>, event: Event) -> Told {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        // The first word of a limit goes into the file, too.
        let threads = if event.may_teach() { self.threads.as_ref() } else { self.threads_for_file() };
        let Some(threads) = threads else {
            self.take_in_and_wake();
            return Told(None);
        };
        let (told, receiver) = oneshot::channel();
        let budget = Arc::clone(self);
        let job = move || {
            budget.take_in_and_wake();
            // Nobody has to wait for it.
            _ = told.send(());
        };
        threads.submit(Box::new(job)).unwrap_or_else(|refused| (refused.job)());
        Told(Some(receiver))
    }

    fn take_in_and_wake(&self) {
        self.take_in(&mut self.keeper());
        self.changed.notify_one();
    }

    fn take_in(&self, keeper: &mut Keeper) {
        let untold = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        for event in untold {
            keeper.tell(event);
        }
    }
}

/// What a budget was told, on its way into the file. It gets there without being waited for, too, unless the process ends.
pub(crate) struct Told(Option<oneshot::Receiver<()>>);

impl Told {
    /// Waits until the file has it, but not for a disk that hangs: an answer is worth more than what it says of a limit.
    pub(crate) async fn kept(self) {
        if let Some(kept) = self.0 {
            _ = timeout(PATIENCE, kept).await;
        }
    }
}

/// What was granted to somebody who may be gone: then no request is made of it.
struct Unused(Option<Result<Result<Permit, Denied>, Contended>>);

impl Drop for Unused {
    fn drop(&mut self) {
        if let Some(Ok(Ok(permit))) = self.0.take() {
            permit.not_sent();
        }
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("waiting", &self.is_waiting()).finish_non_exhaustive()
    }
}

/// The service asked to be left alone for longer than anybody waits.
#[derive(Debug)]
pub(crate) struct Closed;

impl Closed {
    /// The error of the request that was to be sent.
    pub(crate) fn refusal(self, doing: &str) -> Error {
        let text = format!("{doing}: the service's rate limit asked for a wait of more than half an hour");
        Error::new(ErrorKind::RateLimited, text).with_next_step("try again later")
    }
}

/// Says that a request waits, as long as it lives.
struct Waiting<'a>(&'a AtomicBool);

impl<'a> Waiting<'a> {
    fn new(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Relaxed);
        Self(flag)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// How a request that had a permit ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Answered { sent: Moment, taken: Taken, said: Said, believed: bool },
    Lost { sent: Moment },
    NotSent { sent: Moment },
}

impl Event {
    /// Whether it may tell of a limit that was not known.
    fn may_teach(&self) -> bool {
        matches!(self, Self::Answered { taken, said, .. } if matches!(taken, Taken::Refused) || said.is_something())
    }

    pub(super) fn apply(self, bucket: &mut Bucket, now: Moment) {
        match self {
            Self::Answered { sent, taken, said, believed } => {
                bucket.answered(sent, now, taken, said, believed);
            }
            Self::Lost { sent } => bucket.lost(sent, now),
            Self::NotSent { sent } => bucket.not_sent(sent, now),
        }
    }
}

/// The right to send one request. Dropped without a word, it counts as spent: the request may have arrived.
#[must_use = "a permit is spent when it is dropped"]
pub(crate) struct Permit {
    budget: Arc<Budget>,
    sent: Moment,
    believed: bool,
    open: bool,
}

impl Permit {
    /// Tells the budget what the answer to the request says.
    pub(crate) fn answered(mut self, status: u16, headers: &HeaderMap) -> Told {
        let (taken, said) = (taken(status), said(headers, SystemTime::now()));
        self.open = false;
        let (sent, believed) = (self.sent, self.believed);
        self.budget.tell(Event::Answered { sent, taken, said, believed })
    }

    /// Gives the permit back: no byte of the request left.
    pub(crate) fn not_sent(mut self) -> Told {
        self.open = false;
        self.budget.tell(Event::NotSent { sent: self.sent })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            self.budget.tell(Event::Lost { sent: self.sent });
        }
    }
}

/// How the service took a request that it answered so.
pub(super) fn taken(status: u16) -> Taken {
    match status {
        429 => Taken::Refused,
        200..300 => Taken::Accepted,
        _ => Taken::Failed,
    }
}

/// What the headers of an answer say about the bucket.
pub(super) fn said(headers: &HeaderMap, now: SystemTime) -> Said {
    let hint = WaitHint::read(headers, now);
    let quota = Quota::read(headers);
    let tokens = |number: u64| (number as f64).min(MOST_TOKENS);
    Said {
        limit: quota.limit.map(tokens),
        remaining: quota.remaining.map(tokens),
        reset: hint.reset,
        retry_after: hint.retry_after,
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("open", &self.open).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
