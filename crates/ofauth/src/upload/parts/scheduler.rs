//! Sends the parts of one session: which go out when, and what to do when one comes back.
//!
//! The state lives in one task. Parts under way are tasks that try once and, with a journal, write down what they
//! brought before they give their slot back; every decision about them is taken here, one after another, so there is
//! nothing to lock. Opening sessions and completing them is [`crate::upload::engine`]'s.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::early_check::EarlyLook;
use super::journaled_part::{Finishes, JournaledPart};
use super::ledger::Ledger;
use super::suspend::{SuspendDetector, always};
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::Failure;
use crate::rate_limiter::Until;
use crate::upload::active_upload::{ActiveUpload, after, ambiguous, mixed, unknown};
use crate::upload::plan::upload_plan::{Flow, number_of};
use crate::upload::progress::eta::Rest;
use crate::upload::progress::notice::{Notice, Step};
use crate::upload::progress::report::{Phase, REPORT_EVERY};
use crate::upload::retry_policy::{self, CommitState, Decision, may_have_committed};
use crate::upload::session::Session;
use crate::upload::source::opened::changed;
use crate::upload::source::revision::Revision;
use crate::upload::step_result::{StepResult, StepSuccess};
use crate::upload::transfer::attempt::Attempt;
use crate::upload::transfer::put::Transfer;

/// How often the clock is looked at if nobody wants progress.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How the sending of a session ended.
pub(crate) enum Sent {
    /// Every part is acknowledged. A single upload is finished with it.
    Whole { ledger: Ledger, done: StepSuccess },
    /// The session is over; so many bytes were acknowledged in it.
    SessionOver { acknowledged: u64, error: Error },
}

/// Sends every part of a session that the ledger does not have.
pub(crate) async fn send<T: Transfer>(
    run: &mut ActiveUpload<T>,
    session: &Session,
    ledger: Ledger,
    commit: CommitState,
) -> Result<Sent> {
    let parts_total = session.plan.parts_total();
    run.reporter.report(|progress| (progress.phase, progress.parts_total) = (Phase::Sending, parts_total));
    let limits = run.limits.clone();
    let mut sending = PartScheduler::new(run, session, ledger, commit);
    let limit = limits.reached();
    tokio::pin!(limit);
    let watched = sending.run.reporter.is_wanted();
    let mut ticks = interval(if watched { REPORT_EVERY } else { LOOK_EVERY });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut suspend = SuspendDetector::new(Instant::now(), always());
    loop {
        sending.start_parts().await?;
        if sending.ledger.is_done() {
            return Ok(Sent::Whole { ledger: sending.ledger, done: sending.finished });
        }
        sending.early.begin(&sending.run.source, sending.revision, &sending.ledger);
        let wake = sending.next_wake();
        let ended = tokio::select! {
            biased;
            error = &mut limit => return sending.stopped(error).await,
            // Before anything that ended meanwhile is judged: after a sleep every timer has fired.
            _ = ticks.tick() => None,
            Some(joined) = sending.running.join_next_with_id() => Some(joined),
            looked = sending.early.ended(&mut sending.ledger) => {
                looked?;
                None
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => None,
        };
        if let Some(after) = suspend.look(Instant::now(), always()) {
            sending.woke(after).await?;
        }
        match ended {
            Some(Ok((id, end))) => {
                let end = end.map_err(|error| ambiguous(error, sending.commit))?;
                if let Some(error) = sending.ended(id, end).await? {
                    return Ok(Sent::SessionOver { acknowledged: sending.ledger.acknowledged(), error });
                }
            }
            Some(Err(error)) if error.is_cancelled() => {}
            Some(Err(error)) => {
                let text = "a part's task ended abnormally";
                let error = Error::new(ErrorKind::Internal, text).with_source(error);
                return Err(if sending.single {
                    unknown(error, "the file may have been sent")
                } else {
                    error
                });
            }
            None => sending.report(),
        }
    }
}

/// Whether an upload was stopped from outside.
fn is_stop(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout)
}

/// A try of a part that is under way.
struct Running {
    task: Id,
    part: usize,
    attempt: Arc<Attempt>,
    /// The revision of the source in which it began.
    revision: Revision,
    /// Whether another part was under way at any time of the try.
    ran_in_parallel: bool,
}

/// The sending of one session.
struct PartScheduler<'a, T: Transfer> {
    run: &'a mut ActiveUpload<T>,
    session: &'a Session,
    single: bool,
    ledger: Ledger,
    running: JoinSet<Result<StepResult>>,
    tries: Vec<Running>,
    /// A part that is sent with nothing beside it, to learn whether parallel parts were the trouble.
    solo_probe: Option<usize>,
    commit: CommitState,
    finished: StepSuccess,
    /// The revision of the source when it was last looked at.
    revision: Revision,
    early: EarlyLook,
    /// Whether an earlier run may have finished a single upload. What it sent left no hash, so that no content can be held
    /// against it.
    was_ambiguous: bool,
    told_late: bool,
    told_wait: bool,
}

impl<'a, T: Transfer> PartScheduler<'a, T> {
    fn new(run: &'a mut ActiveUpload<T>, session: &'a Session, ledger: Ledger, commit: CommitState) -> Self {
        Self {
            single: session.plan.flow == Flow::Single,
            ledger,
            running: JoinSet::new(),
            tries: Vec::new(),
            solo_probe: None,
            commit,
            finished: StepSuccess::default(),
            revision: Revision::default(),
            early: EarlyLook::default(),
            was_ambiguous: session.plan.flow == Flow::Single && commit.may_be_committed,
            told_late: false,
            told_wait: false,
            run,
            session,
        }
    }

    fn slots(&self) -> usize {
        if self.run.one_at_a_time || self.solo_probe.is_some() { 1 } else { self.run.concurrency }
    }

    /// Fills the free slots. A slot is taken before a byte is read.
    async fn start_parts(&mut self) -> Result<()> {
        let now = Instant::now();
        while self.tries.len() < self.slots() {
            let Some(part) = self.ledger.take(now) else { return Ok(()) };
            self.start(part).await?;
        }
        Ok(())
    }

    async fn start(&mut self, part: usize) -> Result<()> {
        self.look_at_source().await.map_err(|error| match self.single {
            true => ambiguous(error, self.commit),
            false => error.with_part(number_of(part)),
        })?;
        let planned = self.session.plan.parts.get(part).cloned();
        let planned = planned.ok_or_else(|| Error::new(ErrorKind::Internal, "a part is not in the plan"))?;
        let journal = self.run.journal.as_ref().map(|journal| journal.recorder.clone());
        let attempt = Arc::new(Attempt::new(journal.clone(), self.single));
        let (backend, activity) = (Arc::clone(&self.run.backend), Arc::clone(&self.session.activity));
        let until = self.until();
        let number = (!self.single).then(|| number_of(part));
        let work = {
            let attempt = Arc::clone(&attempt);
            async move { backend.put(planned, number, activity, attempt, until).await }
        };
        let tracked = journal.map(|journal| JournaledPart {
            journal,
            attempt: Arc::clone(&attempt),
            source: self.run.source.clone(),
            part,
            tries: self.ledger.tries(part).saturating_add(1),
            sent_before: self.ledger.sent_before(part),
            finishes: self.single.then(|| Finishes {
                upload_id: self.session.plan.upload_id.clone(),
                retries: self.run.reporter.last().retries,
                was_ambiguous: self.commit.may_be_committed,
            }),
        });
        let sent = Arc::clone(&attempt);
        let task = self.running.spawn(async move {
            let end = work.await;
            sent.set_ended();
            if matches!(&end, Err(failure) if !may_have_committed(failure)) {
                // It finished nothing, also if the upload is stopped before anybody looks at how it ended.
                sent.set_handed_over(0);
            }
            match tracked {
                Some(tracked) => tracked.ended(end).await,
                None => Ok(end),
            }
        });
        for other in &mut self.tries {
            other.ran_in_parallel = true;
        }
        let ran_in_parallel = !self.tries.is_empty();
        let revision = self.revision;
        self.tries.push(Running { task: task.id(), part, attempt, revision, ran_in_parallel });
        Ok(())
    }

    /// Finds out in which revision the source is. Fails if it has changed, and if that takes until a limit is reached.
    async fn look_at_source(&mut self) -> Result<()> {
        let looked = self.run.source.revision();
        self.revision = self.run.limits.at_once_or_within(looked).await??;
        if self.was_ambiguous && self.revision != Revision::default() {
            return Err(changed(
                "something about it changed, and what an earlier run sent of it is not known",
            ));
        }
        Ok(())
    }

    /// Keeps what a try sent, if it may be whole at the service, to hold the source and other tries against it. It is
    /// what the source holds in this revision, if that is known.
    fn keep_what_was_sent(&mut self, running: &Running, revision: Option<Revision>) -> Result<()> {
        let Some(hash) = running.attempt.hash() else { return Ok(()) };
        match self.ledger.sent(running.part, hash, revision) {
            true => Ok(()),
            // Without the number of the part: nothing in this session is of use any more.
            false => Err(changed("it held something else when it was sent again")),
        }
    }

    /// When there is something to start again, if that is not a matter of a part ending.
    fn next_wake(&self) -> Option<Instant> {
        if self.tries.len() >= self.slots() || self.ledger.has_fresh() {
            return None;
        }
        self.ledger.next_due()
    }

    /// The latest moment at which a wait may end.
    fn until(&self) -> Option<Until> {
        self.run.limits.until(self.session.expires)
    }

    /// Takes in how a try ended. Returns an error if the session is over.
    async fn ended(&mut self, task: Id, end: StepResult) -> Result<Option<Error>> {
        let Some(at) = self.tries.iter().position(|running| running.task == task) else { return Ok(None) };
        let running = self.tries.swap_remove(at);
        let number = number_of(running.part);
        // After the part, too: what was sent must be what was opened.
        let unchanged = match self.look_at_source().await {
            Err(error) if self.single || is_stop(&error) => Err(error),
            Err(error) => Err(error.with_part(number)),
            Ok(()) => {
                let is_one = running.revision == self.revision;
                self.keep_what_was_sent(&running, is_one.then_some(self.revision))
            }
        };
        unchanged.map_err(|error| match &end {
            _ if !self.single => error,
            Ok(_) if is_stop(&error) => unknown(error, "while the file was looked at after it was sent"),
            Ok(_) => mixed(&error),
            Err(failure) if may_have_committed(failure) => {
                unknown(error, "the file was sent and may have been taken")
            }
            Err(_) => ambiguous(error, self.commit),
        })?;
        match end {
            Ok(done) => {
                self.acknowledged(running.part, done);
                Ok(None)
            }
            Err(failure) => self.failed(&running, failure),
        }
    }

    fn acknowledged(&mut self, part: usize, done: StepSuccess) {
        self.ledger.acknowledge(part, done.etag.clone());
        if self.solo_probe == Some(part) {
            tracing::warn!("the service refused parallel parts: sending them one by one");
            self.solo_probe = None;
            self.run.one_at_a_time = true;
        }
        if self.single {
            self.finished = done;
        }
        self.report();
    }

    fn failed(&mut self, running: &Running, failure: Failure) -> Result<Option<Error>> {
        let now = Instant::now();
        let part = running.part;
        let (tries, step) = self.ledger.fail(part);
        let situation = self.run.situation(&failure, tries, step, self.session.expiry(now));
        let decision = if self.single {
            retry_policy::single(&situation, &mut self.commit)
        } else {
            retry_policy::part(&situation, running.ran_in_parallel, self.ledger.acknowledged() > 0)
        };
        if failure.error.kind() == ErrorKind::Resources && !self.tries.is_empty() {
            // There is enough for those under way: no more than these from now on, and it was no try.
            self.run.concurrency = self.tries.len();
            self.ledger.uncount(part);
            self.ledger.send_again(part, now);
            tracing::warn!(error = %failure.error, connections = self.tries.len(), "parts wait for each other");
            return Ok(None);
        }
        let (why, status) = (failure.cause(), failure.status());
        let Failure { error, rate_limit, .. } = failure;
        let error = if self.single { error } else { error.with_part(number_of(part)) };
        match decision {
            Decision::Stop => return Err(ambiguous(error, self.commit)),
            Decision::Unknown => return Err(unknown(error, "the file was sent and may have been taken")),
            Decision::Restart => return Ok(Some(error)),
            Decision::Again(pause) => {
                let until = after(now, pause);
                let latest = self.until().filter(|_| rate_limit.retry_after.is_some());
                if latest.is_some_and(|latest| until > latest.at) {
                    return Err(ambiguous(error, self.commit));
                }
                self.run.tell_retry(self.step(part), why, status, tries, pause);
                self.ledger.send_again(part, until);
            }
            Decision::Solo => {
                self.run.tell_retry(self.step(part), why, status, tries, Duration::ZERO);
                self.ledger.send_again(part, now);
                // One probe at a time; further refused parts simply come again.
                self.solo_probe.get_or_insert(part);
            }
            Decision::Wait => {
                self.ledger.uncount(part);
                if let Some(too_long) = self.run.backend.limiter.too_long(self.until()) {
                    let error = error.into_kind(ErrorKind::RateLimited, too_long.to_string());
                    return Err(ambiguous(error, self.commit));
                }
                self.ledger.send_again(part, now);
            }
        }
        tracing::info!(part = number_of(part), %error, ?decision, "a try failed");
        self.run.reporter.report(|progress| progress.retries = progress.retries.saturating_add(1));
        Ok(None)
    }

    /// What sending this part is called.
    fn step(&self, part: usize) -> Step {
        if self.single { Step::File } else { Step::Part(number_of(part)) }
    }

    /// Sends again what was under way while nothing ran. It costs no try.
    async fn woke(&mut self, slept: Duration) -> Result<()> {
        self.run.backend.transfer.forget_connections();
        // A single upload that may be whole at the service is judged by its own answer or silence.
        if self.single || self.tries.is_empty() {
            return Ok(());
        }
        self.run.notify(Notice::Woke { after: slept });
        self.running.abort_all();
        while let Some(joined) = self.running.join_next_with_id().await {
            // An answer that had come before counts.
            if let Ok((id, Ok(end @ Ok(_)))) = joined {
                self.ended(id, end).await?;
            }
        }
        let now = Instant::now();
        for running in std::mem::take(&mut self.tries) {
            self.keep_what_was_sent(&running, None)?;
            self.ledger.send_again(running.part, now);
        }
        Ok(())
    }

    /// How an upload ends that is stopped from outside.
    ///
    /// Tries are told to stop and then waited for, which takes no longer than what they are doing this instant: one that
    /// is just writing may write the rest of a file, and only afterwards its count is true.
    async fn stopped(mut self, error: Error) -> Result<Sent> {
        // The end of a single upload that is known and only being written down is not thrown away.
        if !(self.single && self.tries.iter().any(|running| running.attempt.has_ended())) {
            self.running.abort_all();
        }
        while let Some(joined) = self.running.join_next_with_id().await {
            // A file that went whole and was confirmed in that instant is there: no stop can undo it.
            if let (true, Ok((id, Ok(end @ Ok(_))))) = (self.single, joined) {
                self.ended(id, end).await?;
            }
        }
        if self.ledger.is_done() {
            return Ok(Sent::Whole { ledger: self.ledger, done: self.finished });
        }
        let sent = |running: &Running| running.attempt.handed_over() >= self.session.plan.size();
        if self.single && self.tries.iter().any(sent) {
            return Err(unknown(error, "the whole file was under way"));
        }
        Err(ambiguous(error, self.commit))
    }

    fn report(&mut self) {
        let now = Instant::now();
        let under_way: u64 = self.tries.iter().map(|running| running.attempt.handed_over()).sum();
        let acknowledged = self.ledger.acknowledged();
        let handed_over = acknowledged.saturating_add(under_way);
        let begun = self.tries.iter().filter(|running| !running.attempt.waits_for_limit()).count();
        let waiting = begun == 0 && !self.tries.is_empty();
        let requests = self.ledger.parts_left().saturating_sub(begun);
        if waiting {
            self.told_wait = self.told_wait || self.run.tell_rate_limit(self.run.time_for(0));
        } else {
            self.told_wait = false;
        }
        let session_left = self.session.left(now);
        let rest = Rest {
            bytes: self.run.source.size.saturating_sub(handed_over),
            requests: self.run.time_for(requests),
            session_left,
            waiting,
        };
        self.run.rate_estimator.update(now, handed_over);
        let forecast = self.run.rate_estimator.forecast(now, rest);
        self.run.reporter.report(|progress| {
            progress.phase = if waiting { Phase::Waiting } else { Phase::Sending };
            progress.acknowledged = acknowledged;
            progress.handed_over = handed_over;
            progress.parts_done = self.ledger.parts_done();
            (progress.rate, progress.eta) = (forecast.rate, forecast.eta);
            progress.session_left = session_left;
        });
        if forecast.late && !std::mem::replace(&mut self.told_late, true) {
            let session_left = session_left.unwrap_or_default();
            self.run.notify(Notice::AtRisk { needs: forecast.needs, session_left });
        }
    }
}
