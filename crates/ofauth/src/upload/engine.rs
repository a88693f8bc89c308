//! Carries an upload from its first request to its confirmed end.
//!
//! Opens the session or takes up an earlier run's, has its parts sent by [`super::sending`], opens another if it expired,
//! and completes. What to decide is in [`super::decide`], the I/O behind [`Wire`]. Dropping the future ends all of it at
//! once.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attempt::Attempt;
use super::comparing;
use super::decide::{self, Age, Decision, Doubt, Situation};
use super::forecast::{Forecast, Meter, Rest};
use super::identity::Identity;
use super::ledger::Ledger;
use super::notice::{self, Notice, Step};
use super::plan::{Flow, Plan, number_of};
use super::progress::{Phase, Reporter};
use super::sending::Sent;
use super::source::{Opened, changed};
use super::step::{Done, StepEnd, StepFailure};
use super::sum::Sum;
use super::wire::{Opening, Session, Wire};
use super::{Uploaded, UploadedPart};
use crate::error::{Error, ErrorKind, Result};
use crate::http::pause::{Pause, TOLD};
use crate::http::retry::{CALL_TRIES, LONGEST_WAIT, UPLOAD_TRIES};
use crate::journal::{About, DoneRecord, Recorder, SessionRecord, State};

/// What is said of a file that went in one request and changed meanwhile.
pub(super) const MIXED: &str =
    "the service finished the upload, but its content may be a mix of old and new: do not use it";

/// How often everything is compared before an upload is finished whose file does not come to rest.
const MOST_COMPARISONS: u32 = 10;
/// How long a file that did not come to rest is left alone.
const REST: Duration = Duration::from_secs(1);

/// Sessions end by inactivity, after a time that is not documented. A longer wait is told as a risk.
const QUIET: Duration = Duration::from_secs(60);

/// When to give up, whatever the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) cancel: CancellationToken,
    pub(crate) deadline: Option<Instant>,
}

impl Limits {
    /// Resolves when the caller cancels or the deadline passes.
    pub(super) async fn reached(&self) -> Error {
        let deadline = async {
            match self.deadline {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = self.cancel.cancelled() => Error::new(ErrorKind::Cancelled, "the upload was cancelled"),
            () = deadline => Error::new(ErrorKind::Timeout, "the deadline of the upload passed"),
        }
    }

    /// What `work` comes to, unless a limit is reached before.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            error = self.reached() => Err(error),
            done = work => Ok(done),
        }
    }

    /// What `work` comes to, also after a limit was reached if it does not have to wait for it.
    pub(super) async fn at_once_or_within<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            error = self.reached() => Err(error),
        }
    }
}

impl Limits {
    /// What a wait until then would last longer than, if it is that long.
    pub(super) fn beyond(&self, session_ends: Option<Instant>, until: Instant) -> Option<&'static str> {
        if session_ends.is_some_and(|end| until > end) {
            return Some("the end of the upload session");
        }
        self.deadline.is_some_and(|deadline| until > deadline).then_some("the deadline")
    }
}

/// An upload that is being carried out.
pub(crate) struct Engine<W: Wire> {
    pub(crate) wire: Arc<W>,
    pub(crate) source: Opened,
    pub(crate) concurrency: usize,
    pub(crate) limits: Limits,
    pub(crate) reporter: Reporter,
    pub(crate) on_notice: Option<notice::Callback>,
    pub(crate) meter: Meter,
    pub(crate) rng: fastrand::Rng,
    /// Whether this connection turned out to take one part at a time; set when that is found.
    pub(crate) one_at_a_time: bool,
    pub(crate) journal: Option<Journaled>,
}

/// A step that failed and is tried again.
pub(super) struct Retry {
    pub(super) step: Step,
    pub(super) why: String,
    pub(super) status: Option<u16>,
    pub(super) tries: u32,
    pub(super) wait: Duration,
}

/// Where an upload is written down, and as what.
pub(crate) struct Journaled {
    pub(crate) recorder: Recorder,
    pub(crate) about: About,
    pub(crate) identity: Identity,
    /// Whether it has a session that a later run could go on with.
    pub(crate) has_session: bool,
}

/// A session together with what is done in it.
struct Begun {
    session: Session,
    ledger: Ledger,
    doubt: Doubt,
}

impl<W: Wire> Engine<W> {
    /// Runs to the end, from what an earlier run left if there is anything.
    pub(crate) async fn run(&mut self, earlier: Option<(Box<State>, Plan, Doubt)>) -> Result<Uploaded> {
        let mut begun = earlier.map(|(state, plan, doubt)| self.go_on(&state, plan, doubt));
        let mut restarted = false;
        loop {
            let Begun { session, ledger, doubt } = match begun.take() {
                Some(begun) => begun,
                None => self.begin().await?,
            };
            let id = session.plan.upload_id.clone();
            match self.send(&session, ledger, doubt).await.map_err(|error| error.with_upload_id(&id))? {
                Sent::Whole { ledger, done } => {
                    return self
                        .finish(session, ledger, done, doubt)
                        .await
                        .map_err(|error| error.with_upload_id(&id));
                }
                Sent::SessionOver { error, .. } if restarted => return Err(error.with_upload_id(&id)),
                Sent::SessionOver { acknowledged, error } => {
                    tracing::info!(%error, "the session is over");
                    self.notify(Notice::SessionExpired { sent_again: acknowledged });
                    self.reporter.report(|progress| progress.sent_again = acknowledged);
                    self.meter = Meter::new(Instant::now(), 0);
                    restarted = true;
                }
            }
        }
    }

    /// Opens a session and has the journal know it before anything is sent in it.
    async fn begin(&mut self) -> Result<Begun> {
        let session = self.open().await?;
        let plan = &session.plan;
        if let Some(journal) = &mut self.journal {
            let record = SessionRecord {
                about: journal.about.clone(),
                identity: journal.identity.clone(),
                opened_unix_ms: session.opened.unix_ms,
                clock_ahead_ms: session.opened.service_ahead_ms,
                expires_unix_ms: plan.expires_at.map(jiff::Timestamp::as_millisecond),
                upload_id: plan.upload_id.clone(),
                complete_url: match &plan.flow {
                    Flow::Single => None,
                    Flow::Multipart { complete_url } => Some(complete_url.to_string()),
                },
                size: plan.size(),
                parts: plan.part_records(),
            };
            journal.recorder.session(record).await.map_err(|error| error.with_upload_id(&plan.upload_id))?;
            journal.has_session = true;
        }
        let ledger = Ledger::new(&session.plan.parts);
        Ok(Begun { session, ledger, doubt: Doubt::default() })
    }

    /// Opens a session, and tells of long waits for it.
    async fn open(&mut self) -> Result<Session> {
        self.tell_rate_limit(self.time_for(0));
        let (wire, limits) = (Arc::clone(&self.wire), self.limits.clone());
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let opening = limits.within(wire.init(tell));
        tokio::pin!(opening);
        loop {
            tokio::select! {
                biased;
                session = &mut opening => return session?,
                Some(pause) = told.recv() => {
                    if pause.is_rate_limit {
                        self.tell_rate_limit(pause.length);
                    } else {
                        let Pause { length, why, status, tries, .. } = pause;
                        self.tell_retry(Retry { step: Step::Open, why, status, tries, wait: length });
                    }
                }
            }
        }
    }

    /// Tells of a wait for the rate limit, unless it is one of a moment. Returns whether it was told.
    pub(super) fn tell_rate_limit(&mut self, wait: Duration) -> bool {
        if self.tell_long_wait(wait) {
            return true;
        }
        if wait >= TOLD {
            self.notify(Notice::RateLimited { wait });
        }
        wait >= TOLD
    }

    /// Tells that a step failed and is tried again.
    pub(super) fn tell_retry(&mut self, Retry { step, why, status, tries, wait }: Retry) {
        let tries_at_most = if step == Step::Open { CALL_TRIES } else { UPLOAD_TRIES };
        self.notify(Notice::Retrying { step, why, status, tries, tries_at_most, wait });
        self.tell_long_wait(wait);
    }

    fn tell_long_wait(&mut self, wait: Duration) -> bool {
        let is_long = wait > QUIET;
        if is_long {
            self.notify(Notice::LongWait { wait });
        }
        is_long
    }

    /// Takes up the session of an earlier run.
    fn go_on(&mut self, state: &State, plan: Plan, doubt: Doubt) -> Begun {
        let record = &state.session;
        let opened = Opening { unix_ms: record.opened_unix_ms, service_ahead_ms: record.clock_ahead_ms };
        let session = Session::new(plan, opened, self.wire.unix_ms());
        let mut ledger = Ledger::new(&session.plan.parts);
        for (index, part) in &state.parts {
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            ledger.resume(index, part.etag.clone(), part.tries, part.hash);
        }
        let (bytes, parts) = (ledger.acknowledged(), ledger.parts_done());
        let whole = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let (parts, parts_total) = (whole(parts), whole(session.plan.parts.len()));
        if parts > 0 {
            self.notify(Notice::Resumed { bytes, parts, parts_total });
        }
        self.meter = Meter::new(Instant::now(), bytes);
        self.reporter.report(|progress| {
            (progress.resumed, progress.acknowledged, progress.handed_over) = (bytes, bytes, bytes);
            (progress.parts_done, progress.parts_total) = (parts, parts_total);
        });
        Begun { session, ledger, doubt }
    }

    async fn finish(
        &mut self,
        session: Session,
        mut ledger: Ledger,
        sent: Done,
        doubt: Doubt,
    ) -> Result<Uploaded> {
        let plan = session.plan;
        let multipart = matches!(plan.flow, Flow::Multipart { .. });
        let compared = self.compare_all(&mut ledger).await;
        let done = match &plan.flow {
            Flow::Single => {
                compared.map_err(|error| match error.kind() {
                    ErrorKind::SourceChanged => error.into_kind(ErrorKind::SourceChanged, MIXED),
                    _ => unknown(error, "the service has the file, but it was not compared with it"),
                })?;
                sent
            }
            Flow::Multipart { complete_url } => {
                compared.map_err(|error| doubtful(error, doubt))?;
                // The ledger is the truth; the plan was checked against the size of the source.
                if ledger.acknowledged() != plan.size() {
                    return Err(Error::new(ErrorKind::Internal, "parts are missing although all are done"));
                }
                self.reporter.report(|progress| {
                    (progress.phase, progress.acknowledged) = (Phase::Completing, progress.total);
                });
                self.complete(complete_url, &plan.upload_id, session.expires, doubt).await?
            }
        };
        self.reporter.report(|progress| {
            progress.phase = Phase::Done;
            (progress.handed_over, progress.acknowledged) = (progress.total, progress.total);
            progress.parts_done = progress.parts_total;
        });
        let last = self.reporter.last();
        let sum = Sum::of_parts(&ledger.sums());
        let parts = plan.parts.iter().zip(ledger.into_results()).enumerate();
        Ok(Uploaded {
            sum,
            media_upload_id: done.upload_id.unwrap_or(plan.upload_id),
            media: done.media,
            bytes: self.source.size,
            multipart,
            retries: last.retries,
            sent_again: last.sent_again,
            resumed: last.resumed,
            held: None,
            parts: parts
                .map(|(index, (part, (attempts, etag)))| UploadedPart {
                    number: number_of(index),
                    start: part.start,
                    length: part.length,
                    etag,
                    attempts,
                })
                .collect(),
        })
    }

    /// Makes sure that what was sent is what the source holds. Reads nothing if nothing about it changed.
    async fn compare_all(&mut self, ledger: &mut Ledger) -> Result<()> {
        if !self.source.may_change() {
            return Ok(());
        }
        for _ in 0..MOST_COMPARISONS {
            let parts = ledger.not_known_in(self.limits.at_once_or_within(self.source.revision()).await??);
            if parts.is_empty() {
                return Ok(());
            }
            let indices: Vec<_> = parts.iter().map(|part| part.index).collect();
            let compared = comparing::compare(self.source.clone(), parts);
            match self.limits.within(compared).await?? {
                Some(revision) => ledger.known_in(revision, indices),
                None => self.limits.within(tokio::time::sleep(REST)).await?,
            }
        }
        Err(changed("something about it keeps changing"))
    }

    async fn complete(
        &mut self,
        url: &url::Url,
        upload_id: &str,
        expires: Option<Instant>,
        mut doubt: Doubt,
    ) -> Result<Done> {
        let limits = self.limits.clone();
        let recorder = self.journal.as_ref().map(|journal| journal.recorder.clone());
        let (mut tries, mut waits) = (0_u32, 0_u32);
        let mut waited = Duration::ZERO;
        loop {
            self.tell_rate_limit(self.time_for(0));
            let attempt = Arc::new(Attempt::new(recorder.clone(), true));
            let work = self.wire.complete(url, upload_id, Arc::clone(&attempt));
            let end = limits.within(work).await.map_err(|stopped| match attempt.is_announced() {
                // Stopped in the middle of a complete, nobody knows whether it was carried out.
                true => unknown(stopped, "while the service was completing the upload"),
                false => doubtful(stopped, doubt),
            })?;
            let failure = match end {
                StepEnd::Done(done) => {
                    if let Some(recorder) = &recorder {
                        let written = recorder.done(self.done_record(&done, upload_id)).await;
                        // The service has it: a journal that cannot say so must not turn that into a failure.
                        written.unwrap_or_else(|error| tracing::warn!(%error, "the end of the upload could not be written into the journal"));
                    }
                    return Ok(done);
                }
                StepEnd::Failed(failure) => failure,
            };
            tries = tries.saturating_add(1);
            let step = if matches!(failure.error.kind(), ErrorKind::RateLimited) {
                waits
            } else {
                tries.saturating_sub(1)
            };
            let decision = decide::complete(&self.situation(&failure, tries, step, Age::Running), &mut doubt);
            if let Some(recorder) = recorder.as_ref().filter(|_| attempt.is_announced() && !doubt.may_be_done)
            {
                recorder.not_finished().await.map_err(|error| doubtful(error, doubt))?;
            }
            let pause = match decision {
                Decision::Again(pause) => pause,
                Decision::Wait(pause) => {
                    tries = tries.saturating_sub(1);
                    waits = waits.saturating_add(1);
                    pause
                }
                Decision::Unknown => {
                    return Err(unknown(failure.error, "completing was tried and may have succeeded"));
                }
                Decision::Stop | Decision::Alone | Decision::Restart => {
                    return Err(doubtful(failure.error, doubt));
                }
            };
            if matches!(decision, Decision::Wait(_)) || failure.hint.retry_after.is_some() {
                waited = waited.saturating_add(pause);
                if waited > LONGEST_WAIT
                    || self.limits.beyond(expires, after(Instant::now(), pause)).is_some()
                {
                    return Err(doubtful(failure.error, doubt));
                }
            }
            if matches!(decision, Decision::Wait(_)) {
                self.tell_rate_limit(pause);
            } else {
                let (why, status) = (failure.cause(), failure.status());
                self.tell_retry(Retry { step: Step::Complete, why, status, tries, wait: pause });
            }
            tracing::info!(error = %failure.error, ?pause, "completing again");
            self.reporter.report(|progress| progress.retries = progress.retries.saturating_add(1));
            limits.within(tokio::time::sleep(pause)).await.map_err(|stopped| doubtful(stopped, doubt))?;
        }
    }

    /// What the journal is told of the end.
    fn done_record(&self, done: &Done, upload_id: &str) -> DoneRecord {
        DoneRecord {
            media_upload_id: done.upload_id.clone().unwrap_or_else(|| upload_id.to_owned()),
            media: done.media.clone(),
            etag: None,
            retries: self.reporter.last().retries,
        }
    }

    /// Tells the caller, and the log.
    pub(super) fn notify(&mut self, notice: Notice) {
        // Retries are in the log with their whole errors.
        if !matches!(notice, Notice::Retrying { .. }) {
            tracing::warn!(upload = %self.source.place, "{notice}");
        }
        if let Some(callback) = &mut self.on_notice {
            callback(&notice);
        }
    }

    /// How long so many parts, and completing them, take at least under the service's budget.
    pub(super) fn time_for(&self, parts: usize) -> Duration {
        self.wire.time_for((parts as u64).saturating_add(1))
    }

    /// How fast it goes, and when it will be done.
    pub(super) fn forecast(
        &mut self,
        now: Instant,
        session: &Session,
        handed_over: u64,
        requests: usize,
        waiting: bool,
    ) -> Forecast {
        let rest = Rest {
            bytes: self.source.size.saturating_sub(handed_over),
            requests: self.time_for(requests),
            session_left: session.left(now),
            waiting,
        };
        self.meter.update(now, handed_over);
        self.meter.forecast(now, rest)
    }

    pub(super) fn situation<'a>(
        &mut self,
        failure: &'a StepFailure,
        tries: u32,
        step: u32,
        age: Age,
    ) -> Situation<'a> {
        Situation {
            failure: failure.failure(),
            hint: failure.hint,
            tries,
            step,
            chance: self.rng.f64(),
            hopeless: failure.hopeless,
            age,
        }
    }
}

pub(super) fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}

/// The error of an upload that may be finished or not.
pub(super) fn unknown(cause: Error, why: &str) -> Error {
    cause.into_kind(
        ErrorKind::OutcomeUnknown,
        format!("whether the upload was finished is unknown: {why}. Look into the vault before sending the file again"),
    )
}

pub(super) fn doubtful(error: Error, doubt: Doubt) -> Error {
    if doubt.may_be_done { unknown(error, "an earlier try may have succeeded") } else { error }
}
