//! The simulated service: sessions, their parts, and what became of them.
//!
//! It is honest: it says that it did what it did, and what it refuses it does not do. Lies and losses are put between it
//! and the client by the [`network`](super::network). Beside its own state it remembers what only an onlooker can know: who
//! sent what, and what the client was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::check;
use super::env::{Env, Process};
use super::file::FileState;
use super::plan::{Division, reference};
use super::reply::Reply;
use super::schedule::{Limit, Schedule, ServiceTraits};

/// 2026-11-22 00:00:00 UTC, in milliseconds: when every seed begins by the machine's clock.
const BEGAN_UNIX_MS: i64 = 1_795_305_600_000;

pub(crate) struct Service {
    env: Arc<Env>,
    schedule: Arc<Schedule>,
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) traits: ServiceTraits,
    pub(crate) sessions: Vec<Session>,
    pub(crate) counts: Counts,
    tokens: f64,
    counted: Instant,
    at_work: u32,
}

/// Requests that arrived, and refusals by the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) inits: u64,
    pub(crate) puts: u64,
    pub(crate) completes: u64,
    pub(crate) refused_by_limit: u64,
}

/// A session, and what an onlooker knows of it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) division: Division,
    /// The upload that the user meant.
    pub(crate) generation: u32,
    /// The file that it was opened for.
    pub(crate) file: Arc<FileState>,
    pub(crate) completed: Option<Completed>,
    /// Finishing requests that left whole and of which the client cannot say that they did nothing.
    pub(crate) doubts: u32,
    /// The process that was last told that the session is not finished and will not be.
    pub(crate) denied: Option<Process>,
    /// The client was told that it is finished.
    pub(crate) known_done: bool,
    /// The process that was last told that the service has the part.
    pub(crate) told: Vec<Option<Process>>,
    /// How many parts that a process had been told of were sent again, and how many by itself.
    pub(crate) again: BTreeMap<Process, usize>,
    pub(crate) again_in_one_run: usize,
    got: Vec<Option<Vec<u8>>>,
    sending: u32,
    expires: Option<Instant>,
    last: Instant,
}

/// A finished upload.
#[derive(Debug)]
pub(crate) struct Completed {
    pub(crate) content: Vec<u8>,
    /// Whose request finished it.
    pub(crate) by: Process,
}

/// A PUT that is on its way.
pub(crate) struct Sending {
    service: Arc<Service>,
    session: usize,
    /// The refusal of a service that takes one part at a time.
    pub(crate) refused: Option<Reply>,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.service.lock().sessions[self.session].sending -= 1;
    }
}

impl Service {
    pub(crate) fn new(env: Arc<Env>, schedule: Arc<Schedule>) -> Self {
        let traits = schedule.traits.clone();
        let now = Instant::now();
        let inner = Inner {
            tokens: traits.limit.map_or(0.0, |limit| limit.burst),
            traits,
            sessions: Vec::new(),
            counts: Counts::default(),
            counted: now,
            at_work: 0,
        };
        Self { env, schedule, inner: Mutex::new(inner) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine's clock, in milliseconds since 1970.
    pub(crate) fn unix_ms(&self) -> i64 {
        BEGAN_UNIX_MS + i64::try_from(self.env.elapsed().as_millis()).unwrap()
    }

    /// The longest that anything takes.
    pub(crate) fn slowest(&self) -> Duration {
        self.lock().traits.slowest
    }

    /// From now on everything goes well.
    pub(crate) fn become_fair(&self) {
        let traits = &mut self.lock().traits;
        (traits.slowest, traits.one_at_a_time, traits.lasts, traits.quiet, traits.limit) =
            (Duration::from_millis(20), None, Some(24 * 3600), None, None);
    }

    /// Work for the service is on its way, whoever waits for it.
    pub(crate) fn takes_work(&self) {
        self.lock().at_work += 1;
    }

    pub(crate) fn has_worked(&self) {
        self.lock().at_work -= 1;
    }

    /// Waits until nothing is on its way any more.
    pub(crate) async fn rest(&self) {
        while self.lock().at_work > 0 {
            sleep(Duration::from_secs(5)).await;
        }
    }

    /// Opens a session for a file.
    pub(crate) fn open(&self, process: Process, generation: u32, file: &Arc<FileState>) -> Reply {
        let mut inner = self.lock();
        inner.counts.inits += 1;
        let quota = match inner.take() {
            Ok(quota) => quota,
            Err(refusal) => return refusal,
        };
        let now = Instant::now();
        let division = Division::new(&self.schedule, file.bytes.len() as u64);
        let id = reference(inner.sessions.len());
        self.env.note(format!("service: {id} opens for process {process}, {division:?}"));
        let lasts = inner.traits.lasts;
        let expires_at = lasts.map(|seconds| {
            let end = self.unix_ms() + inner.traits.ahead_ms + seconds * 1000;
            jiff::Timestamp::from_millisecond(end).unwrap().to_string()
        });
        let here = u64::try_from(self.unix_ms() + inner.traits.ahead_ms).unwrap();
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_millis(here));
        let reply =
            division.reply(&id, inner.traits.plans_in_headers, expires_at.as_deref()).with("date", date);
        let parts = division.parts.len();
        inner.sessions.push(Session {
            generation,
            file: Arc::clone(file),
            completed: None,
            doubts: 0,
            denied: None,
            known_done: false,
            told: vec![None; parts],
            again: BTreeMap::new(),
            again_in_one_run: 0,
            got: vec![None; parts],
            sending: 0,
            // One that ended before it began is a clock that is wrong.
            expires: lasts
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(|s| now + Duration::from_secs(s)),
            last: now,
            division,
        });
        quota.tell(reply)
    }

    /// A PUT begins to arrive.
    pub(crate) fn begins(self: &Arc<Self>, process: Process, session: usize, part: usize) -> Sending {
        let mut inner = self.lock();
        inner.counts.puts += 1;
        let one_at_a_time = inner.traits.one_at_a_time;
        let of = &mut inner.sessions[session];
        of.sending += 1;
        check::part_begins(&self.env, process, session, part, of);
        let refused = one_at_a_time.filter(|_| of.sending > 1).map(Reply::refusal);
        Sending { service: Arc::clone(self), session, refused }
    }

    /// A whole body arrives.
    pub(crate) fn put(&self, process: Process, session: usize, part: usize, bytes: Vec<u8>) -> Reply {
        self.answer(session, |of, traits| {
            if bytes.len() as u64 != of.division.parts[part] {
                return Reply::refusal(400);
            }
            if of.division.single {
                return of.finish(bytes, process, session, traits);
            }
            if of.completed.is_some() {
                return Reply::refusal(409);
            }
            of.got[part] = Some(bytes);
            traits.success(&json!({"partNumber": part + 1, "etag": format!("\"{session}-{part}\"")}))
        })
    }

    /// The request to finish a session arrives.
    pub(crate) fn complete(&self, process: Process, session: usize) -> Reply {
        self.lock().counts.completes += 1;
        self.answer(session, |of, traits| {
            let content: Option<Vec<&[u8]>> = of.got.iter().map(|part| part.as_deref()).collect();
            match content {
                Some(content) => of.finish(content.concat(), process, session, traits),
                None => Reply::refusal(400),
            }
        })
    }

    fn answer(&self, session: usize, work: impl FnOnce(&mut Session, &ServiceTraits) -> Reply) -> Reply {
        let mut inner = self.lock();
        let quota = match inner.take() {
            Ok(quota) => quota,
            Err(refusal) => return refusal,
        };
        let traits = inner.traits.clone();
        let of = &mut inner.sessions[session];
        let reply = if of.is_over(&traits) { Reply::refusal(traits.gone) } else { work(of, &traits) };
        of.last = Instant::now();
        self.env.note(format!("service: {session} says {} {}", reply.status, reply.body));
        quota.tell(reply)
    }
}

impl Session {
    fn is_over(&self, traits: &ServiceTraits) -> bool {
        let now = Instant::now();
        self.completed.is_none()
            && (self.expires.is_some_and(|end| end <= now)
                || traits.quiet.is_some_and(|quiet| now.duration_since(self.last) > quiet))
    }

    fn finish(&mut self, content: Vec<u8>, by: Process, session: usize, traits: &ServiceTraits) -> Reply {
        if self.completed.is_some() {
            if let Some(status) = traits.repeated {
                return Reply::refusal(status);
            }
        } else {
            self.completed = Some(Completed { content, by });
        }
        traits.success(&json!({"mediaUploadId": reference(session), "media": {"id": session}}))
    }
}

impl ServiceTraits {
    fn success(&self, body: &Value) -> Reply {
        if self.empty_success { Reply { body: String::new(), ..Reply::ok(body) } } else { Reply::ok(body) }
    }
}

/// What an answer says about the limit.
struct Quota(Option<(Limit, f64)>);

impl Quota {
    fn tell(self, reply: Reply) -> Reply {
        match self.0 {
            Some((limit, tokens)) if limit.tells => reply
                .with("x-ratelimit-limit", limit.burst)
                .with("x-ratelimit-remaining", tokens.max(0.0).floor())
                .with("x-ratelimit-reset", ((limit.burst - tokens) / limit.per_second).ceil()),
            _ => reply,
        }
    }
}

impl Inner {
    /// Takes a token for a request, or refuses it.
    fn take(&mut self) -> Result<Quota, Reply> {
        let Some(limit) = self.traits.limit else { return Ok(Quota(None)) };
        let now = Instant::now();
        let flowed = now.duration_since(self.counted).as_secs_f64() * limit.per_second;
        (self.tokens, self.counted) = ((self.tokens + flowed).min(limit.burst), now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(Quota(Some((limit, self.tokens))));
        }
        self.counts.refused_by_limit += 1;
        let mut refusal = Quota(Some((limit, self.tokens))).tell(Reply::refusal(429));
        if limit.asks {
            refusal = refusal.with("retry-after", ((1.0 - self.tokens) / limit.per_second).ceil());
        }
        Err(refusal)
    }
}
