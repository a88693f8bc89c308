//! What the simulated things share: the seed's chance, the events of the running process, and what is to happen at
//! which of them.
//!
//! Everything that a process does to the outside is an event. A process can be killed at any of them, the file changed,
//! the upload cancelled, the machine put to sleep. What a process does after it was killed has no effect.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::file::Change;

/// More events of one process than any upload of the simulation can need.
const MOST_EVENTS: u64 = 60_000;

/// A number for each run of the upload, from 1.
pub(crate) type Process = u32;

/// Something that happens to a process.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    End(End),
    Cancel,
    Change(Change),
    /// Nothing runs for so long, and the clock goes on.
    Standstill(Duration),
}

/// How a process ends that does not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is killed; the machine goes on.
    Killed,
    /// The power fails.
    PowerCut,
    /// Its caller drops the upload and lives on.
    Dropped,
}

pub(crate) struct Env {
    inner: Mutex<Inner>,
    acted: Notify,
}

struct Inner {
    rng: Rng,
    began: Instant,
    verbose: bool,
    digest: DefaultHasher,
    /// The process that is alive.
    process: Option<Process>,
    events: u64,
    last_event: Instant,
    longest_silence: Duration,
    /// What happens at which event, the earliest last.
    acts: Vec<(u64, Act)>,
    due: VecDeque<Act>,
    violations: Vec<String>,
}

impl Env {
    pub(crate) fn new(rng: Rng, verbose: bool) -> Self {
        let now = Instant::now();
        Self {
            inner: Mutex::new(Inner {
                rng,
                began: now,
                verbose,
                digest: DefaultHasher::new(),
                process: None,
                events: 0,
                last_event: now,
                longest_silence: Duration::ZERO,
                acts: Vec::new(),
                due: VecDeque::new(),
                violations: Vec::new(),
            }),
            acted: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks chance.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.lock().rng)
    }

    pub(crate) fn happens(&self, rate: f64) -> bool {
        rate > 0.0 && self.draw(|rng| rng.f64() < rate)
    }

    /// Up to `most`, short times more often than long ones.
    pub(crate) fn time(&self, most: Duration) -> Duration {
        self.draw(|rng| most.mul_f64(rng.f64().powi(4)))
    }

    /// The time since the beginning of the seed.
    pub(crate) fn elapsed(&self) -> Duration {
        self.lock().began.elapsed()
    }

    /// Begins a process, to which this is to happen.
    pub(crate) fn begin(&self, process: Process, mut acts: Vec<(u64, Act)>) {
        acts.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let mut inner = self.lock();
        (inner.process, inner.events, inner.acts) = (Some(process), 0, acts);
        (inner.last_event, inner.longest_silence) = (Instant::now(), Duration::ZERO);
        inner.due.clear();
    }

    /// The process is no more.
    pub(crate) fn end(&self) {
        self.lock().process = None;
    }

    pub(crate) fn is_alive(&self, process: Process) -> bool {
        self.lock().process == Some(process)
    }

    /// A process does something. `false` if it cannot, because it is dead: killed before, or in this moment.
    pub(crate) fn event(&self, process: Process, what: impl FnOnce() -> String) -> bool {
        let mut inner = self.lock();
        if inner.process != Some(process) {
            return false;
        }
        inner.events += 1;
        let silence = inner.last_event.elapsed();
        (inner.last_event, inner.longest_silence) = (Instant::now(), inner.longest_silence.max(silence));
        let what = format!("#{} {}", inner.events, what());
        inner.note(&what);
        if inner.events > MOST_EVENTS {
            inner.violate("a run does not end: too many events".into());
            inner.process = None;
            inner.due.push_back(Act::End(End::Killed));
            self.acted.notify_one();
        }
        while inner.acts.last().is_some_and(|(at, _)| *at <= inner.events) {
            let Some((_, act)) = inner.acts.pop() else { break };
            inner.note(&format!("      {act:?}"));
            if matches!(act, Act::End(End::Killed | End::PowerCut)) {
                inner.process = None;
            }
            inner.due.push_back(act);
            self.acted.notify_one();
        }
        inner.process == Some(process)
    }

    /// As [`event`](Self::event); a process that is dead never comes back from it.
    pub(crate) async fn step(&self, process: Process, what: impl FnOnce() -> String) {
        if !self.event(process, what) {
            std::future::pending().await
        }
    }

    /// What is to happen to the process next.
    pub(crate) async fn next_act(&self) -> Act {
        loop {
            if let Some(act) = self.lock().due.pop_front() {
                return act;
            }
            self.acted.notified().await;
        }
    }

    /// The longest time in which the process did nothing, up to now.
    pub(crate) fn longest_silence(&self) -> Duration {
        let inner = self.lock();
        inner.longest_silence.max(inner.last_event.elapsed())
    }

    /// The machine stood still: that is no silence of the process.
    pub(crate) fn forgive_silence(&self) {
        self.lock().last_event = Instant::now();
    }

    /// Tells of something that is no event of the process.
    pub(crate) fn note(&self, what: impl AsRef<str>) {
        self.lock().note(what.as_ref());
    }

    /// Something happened that must not.
    pub(crate) fn violate(&self, what: String) {
        self.lock().violate(what);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// A hash of everything that happened.
    pub(crate) fn digest(&self) -> u64 {
        self.lock().digest.finish()
    }
}

impl Inner {
    fn note(&mut self, what: &str) {
        let at = self.began.elapsed();
        self.digest.write(what.as_bytes());
        self.digest.write_u128(at.as_nanos());
        if self.verbose {
            eprintln!("{:>12.3} {what}", at.as_secs_f64());
        }
    }

    fn violate(&mut self, what: String) {
        self.note(&format!("!!! {what}"));
        self.violations.push(what);
    }
}
