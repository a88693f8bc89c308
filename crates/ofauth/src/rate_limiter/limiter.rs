//! Hands out the requests of a connection one by one, as its bucket and what other processes know allow.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::clock::{Clock, Moment};
use super::limit::{Budget, RateLimit};
use super::observation::{Observation, Token};
use super::shared::{self, Denied, SharedBucket};
use crate::error::{Error, ErrorKind};
use crate::http::outcome::{Failure, Outcome};
use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::http::response::Response;
use crate::http::retry;
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

/// The rate limiters of a client, one for each connection.
pub(crate) struct RateLimiters {
    given: Option<RateLimit>,
    directory: Option<PathBuf>,
    base_url: String,
    threads: Threads,
    known: Mutex<HashMap<Vec<u8>, Arc<RateLimiter>>>,
}

impl RateLimiters {
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

    /// The limiter of a connection.
    pub(crate) fn of(&self, connection: &HeaderValue) -> Arc<RateLimiter> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let id = connection.as_bytes();
        if let Some(limiter) = known.get(id) {
            return Arc::clone(limiter);
        }
        let file = self.directory.as_deref().map(|directory| shared::path(directory, &self.base_url, id));
        let clock = if file.is_some() { Clock::Wall } else { Clock::starting_now() };
        let threads = file.is_some().then(|| self.threads.clone());
        let limiter = Arc::new(RateLimiter { threads, ..RateLimiter::new(self.given, clock, file) });
        known.insert(id.to_vec(), Arc::clone(&limiter));
        limiter
    }

    /// The limiter that a request passes: that of its connection, or one of its own if it counts against no limit. Then only
    /// its refusals are waited for.
    pub(crate) fn for_request(&self, url: &Url, connection: Option<&HeaderValue>) -> Arc<RateLimiter> {
        match connection.filter(|_| url.path().contains(LIMITED_ROUTES)) {
            Some(connection) => self.of(connection),
            None => Arc::new(RateLimiter::new(None, Clock::starting_now(), None)),
        }
    }
}

impl std::fmt::Debug for RateLimiters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimiters").field("given", &self.given).finish_non_exhaustive()
    }
}

/// The rate limiter of one connection.
pub(crate) struct RateLimiter {
    /// Locked while its file is read and written.
    keeper: Mutex<SharedBucket>,
    /// What happened and was not yet taken in by the keeper, in order.
    untold: Mutex<Vec<Observation>>,
    /// What waits for the keeper's file; whoever asks does if there are none.
    threads: Option<Threads>,
    is_shared: bool,
    /// First come, first served: whoever holds this is the next to be granted.
    turnstile: tokio::sync::Mutex<()>,
    waiting: AtomicBool,
    /// Wakes who waits when an answer may have changed the time.
    changed: Notify,
}

impl RateLimiter {
    pub(super) fn new(given: Option<RateLimit>, clock: Clock, file: Option<PathBuf>) -> Self {
        Self {
            is_shared: file.is_some(),
            keeper: Mutex::new(SharedBucket::new(given, clock, file)),
            untold: Mutex::default(),
            threads: None,
            turnstile: tokio::sync::Mutex::default(),
            waiting: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Waits until a request may be sent, in the order in which it was asked: for a token, and after a refusal for as long as
    /// the service asked for. This is the one place that waits for a rate limit. Dropping the future spends nothing.
    ///
    /// Waits 30 minutes at most: what is known of a limit is never worth more. After a refusal that would have to be waited
    /// for until later than `until`, or longer than 30 minutes, it fails at once, and does so until that time is over.
    pub(crate) async fn acquire(self: &Arc<Self>, until: Option<Until>) -> Result<Permit, TooLong> {
        let _turn = self.turnstile.lock().await;
        let since = Instant::now();
        let mut contended = 0_u32;
        loop {
            let patience = LONGEST_WAIT.saturating_sub(since.elapsed());
            let (wait, hold) = match self.grant(patience.is_zero(), contended).await {
                Ok(permit) => return Ok(permit),
                Err(Denied::Closed) => return Err(TooLong { past: None }),
                Err(Denied::For { wait, hold }) => (wait, hold),
                Err(Denied::Contended) => {
                    contended = contended.saturating_add(1);
                    sleep(CONTENDED).await;
                    continue;
                }
            };
            if let Some(too_long) = TooLong::of(hold, until) {
                return Err(too_long);
            }
            contended = 0;
            let wait = if self.is_shared { wait.min(LOOK_EVERY) } else { wait };
            self.waiting.store(true, Ordering::Relaxed);
            let _waiting = Waiting(&self.waiting);
            tokio::select! {
                () = sleep(wait.min(patience)) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Whether a refusal has to be waited for longer than anybody waits, or than `until`.
    pub(crate) fn too_long(&self, until: Option<Until>) -> Option<TooLong> {
        let (hold, is_closed) = self.look(SharedBucket::hold)?;
        if is_closed { Some(TooLong { past: None }) } else { TooLong::of(hold, until) }
    }

    /// A permit, or how long to wait for it.
    async fn grant(self: &Arc<Self>, at_once: bool, contended: u32) -> Result<Permit, Denied> {
        if let Some(threads) = self.threads_for_file() {
            let limiter = Arc::clone(self);
            let grant = move || Unused(Some(limiter.try_grant(at_once, contended)));
            if let Ok(mut granted) = threads.run(grant).await
                && let Some(granted) = granted.0.take()
            {
                return granted;
            }
        }
        // Without a thread it is done here: a limiter helps and never hinders.
        self.try_grant(at_once, contended)
    }

    fn try_grant(self: &Arc<Self>, at_once: bool, contended: u32) -> Result<Permit, Denied> {
        let mut keeper = self.keeper();
        self.take_in(&mut keeper);
        let (sent, believed) = keeper.grant(at_once, contended)?;
        Ok(Permit { limiter: Arc::clone(self), sent, believed, open: true })
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

    /// Whether a request waits for the limiter right now.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How long `requests` more will wait from now on, as far as is known, in whole tenths of a second, so that a wait of 2 s
    /// is told as one a moment after it began; zero if no limit is known, or if the file is being looked at this moment.
    pub(crate) fn time_for(&self, requests: u64) -> Duration {
        let exact = self.look(|keeper| keeper.time_for(requests)).unwrap_or_default();
        let tenths = u64::try_from(exact.as_millis().div_ceil(100)).unwrap_or(u64::MAX);
        Duration::from_millis(tenths.saturating_mul(100))
    }

    /// What is known of the limit. May read and write its file.
    pub(crate) fn budget(&self) -> Option<Budget> {
        let mut keeper = self.keeper();
        self.take_in(&mut keeper);
        keeper.budget()
    }

    /// Looks at what is known; nothing comes of it if the file is being looked at this moment.
    fn look<T>(&self, act: impl FnOnce(&mut SharedBucket) -> T) -> Option<T> {
        match self.keeper.try_lock() {
            Ok(mut keeper) => Some(act(&mut keeper)),
            Err(TryLockError::Poisoned(keeper)) => Some(act(&mut keeper.into_inner())),
            Err(TryLockError::WouldBlock) if self.threads.is_some() => None,
            Err(TryLockError::WouldBlock) => Some(act(&mut self.keeper())),
        }
    }

    fn keeper(&self) -> std::sync::MutexGuard<'_, SharedBucket> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the keeper take in an event, before it grants anything more.
    fn tell(self: &Arc<Self>, observation: Observation) -> Told {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).push(observation);
        // The first word of a limit goes into the file, too.
        let threads = if observation.may_teach() { self.threads.as_ref() } else { self.threads_for_file() };
        let Some(threads) = threads else {
            self.take_in_and_wake();
            return Told(None);
        };
        let (told, receiver) = oneshot::channel();
        let limiter = Arc::clone(self);
        let job = move || {
            limiter.take_in_and_wake();
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

    fn take_in(&self, keeper: &mut SharedBucket) {
        let untold = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        for observation in untold {
            keeper.tell(observation);
        }
    }
}

/// What a limiter was told, on its way into the file. It gets there without being waited for, too, unless the process ends.
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
struct Unused(Option<Result<Permit, Denied>>);

impl Drop for Unused {
    fn drop(&mut self) {
        if let Some(Ok(permit)) = self.0.take() {
            permit.not_sent();
        }
    }
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimiter").field("waiting", &self.is_waiting()).finish_non_exhaustive()
    }
}

/// The latest moment at which a wait after a refusal may end, and what that moment is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    pub(crate) at: Instant,
    pub(crate) what: &'static str,
}

/// The service asked to be left alone for longer than anybody waits.
#[derive(Debug)]
pub(crate) struct TooLong {
    /// What would be over by then; `None`: it is more than half an hour.
    past: Option<&'static str>,
}

impl TooLong {
    fn of(hold: Duration, until: Option<Until>) -> Option<Self> {
        let until = until.filter(|_| !hold.is_zero())?;
        let is_late = Instant::now().checked_add(hold).is_none_or(|end| end > until.at);
        is_late.then_some(Self { past: Some(until.what) })
    }

    /// The error of the request that was to be sent.
    pub(crate) fn into_error(self, doing: &str) -> Error {
        Error::new(ErrorKind::RateLimited, format!("{doing}: {self}")).with_next_step("try again later")
    }
}

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the service's rate limit asks for a wait ")?;
        match self.past {
            Some(what) => write!(f, "past {what}"),
            None => f.write_str("of more than half an hour"),
        }
    }
}

/// Takes back, when it is dropped, that a request waits.
struct Waiting<'a>(&'a AtomicBool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The right to send one request. Dropped without a word, it counts as spent: the request may have arrived.
#[must_use = "a permit is spent when it is dropped"]
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<RateLimiter>,
    sent: Moment,
    believed: bool,
    open: bool,
}

impl Permit {
    /// Tells the limiter how the request ended. `now` is the present by this machine's clock.
    pub(crate) fn ended(mut self, result: &Result<Response, Failure>, now: SystemTime) -> Told {
        self.open = false;
        let observation = Observation {
            sent: self.sent,
            believed: self.believed,
            token: token(result),
            headers: match result {
                Ok(answer) => RateLimitHeaders::read(&answer.headers, now),
                Err(failure) => failure.rate_limit,
            },
        };
        self.limiter.tell(observation)
    }

    /// Gives the permit back: nothing of the request left.
    pub(crate) fn not_sent(mut self) -> Told {
        self.open = false;
        self.limiter.tell(Observation::unanswered(self.sent, Token::Unused))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            self.limiter.tell(Observation::unanswered(self.sent, Token::Unknown));
        }
    }
}

/// What became of the token of a request that ended so.
pub(super) fn token(result: &Result<Response, Failure>) -> Token {
    match result {
        Ok(_) => Token::Taken,
        Err(failure) => match failure.outcome {
            _ if retry::is_rate_limited(failure) => Token::Refused,
            Outcome::Refused { .. } => Token::Uncertain,
            Outcome::NotSent => Token::Unused,
            // It may have arrived, so it is spent.
            Outcome::Lost => Token::Unknown,
        },
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
