//! Carries an upload from its first request to its confirmed end.
//!
//! Opens the session or takes up an earlier run's, has its parts sent, opens another if it expired, and completes. What to
//! decide is in [`super::retry_policy`], the requests are [`super::backend`]'s. Dropping the future ends all of it at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::active_upload::{ActiveUpload, after, ambiguous, mixed, unknown};
use super::parts::ledger::Ledger;
use super::parts::scheduler::{self, Sent};
use super::plan::upload_plan::{Flow, Plan, number_of};
use super::progress::eta::RateEstimator;
use super::progress::notice::{Notice, Step};
use super::progress::report::Phase;
use super::result::sum::Sum;
use super::result::uploaded::{Uploaded, UploadedPart};
use super::retry_policy::{self, CommitState, Decision, Expiry};
use super::session::{Opening, Session};
use super::source::compare::compare;
use super::source::opened::changed;
use super::step_result::StepSuccess;
use super::transfer::attempt::Attempt;
use super::transfer::put::Transfer;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{DoneRecord, Record, SessionRecord, State};

/// How often everything is compared before an upload is finished whose file does not come to rest.
const MOST_COMPARISONS: u32 = 10;
/// How long a file that did not come to rest is left alone.
const REST: Duration = Duration::from_secs(1);

/// A session together with what is done in it.
type Begun = (Session, Ledger, CommitState);

/// Runs to the end, from what an earlier run left if there is anything.
pub(crate) async fn carry_out<T: Transfer>(
    run: &mut ActiveUpload<T>,
    earlier: Option<(Box<State>, Plan, CommitState)>,
) -> Result<Uploaded> {
    let mut begun = earlier.map(|(state, plan, commit)| go_on(run, &state, plan, commit));
    let mut restarted = false;
    loop {
        let (session, ledger, commit) = match begun.take() {
            Some(begun) => begun,
            None => begin(run).await?,
        };
        let id = session.plan.upload_id.clone();
        let with_id = |error: Error| error.with_upload_id(&id);
        match scheduler::send(run, &session, ledger, commit).await.map_err(with_id)? {
            Sent::Whole { ledger, done } => {
                return finish(run, session, ledger, done, commit).await.map_err(with_id);
            }
            Sent::SessionOver { error, .. } if restarted => return Err(with_id(error)),
            Sent::SessionOver { acknowledged, error } => {
                tracing::info!(%error, "the session is over");
                run.notify(Notice::SessionExpired { sent_again: acknowledged });
                run.reporter.report(|progress| progress.sent_again = acknowledged);
                run.rate_estimator = RateEstimator::new(Instant::now(), 0);
                restarted = true;
            }
        }
    }
}

/// Opens a session and has the journal know it before anything is sent in it.
async fn begin<T: Transfer>(run: &mut ActiveUpload<T>) -> Result<Begun> {
    let session = open(run).await?;
    let plan = &session.plan;
    if let Some(journal) = &mut run.journal {
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
        journal
            .recorder
            .write(Record::Session(record))
            .await
            .map_err(|error| error.with_upload_id(&plan.upload_id))?;
        journal.has_session = true;
    }
    let ledger = Ledger::new(&session.plan.parts);
    Ok((session, ledger, CommitState::default()))
}

/// Opens a session, and tells of long waits for it.
async fn open<T: Transfer>(run: &mut ActiveUpload<T>) -> Result<Session> {
    run.tell_rate_limit(run.time_for(0));
    let (backend, limits) = (Arc::clone(&run.backend), run.limits.clone());
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let opening = limits.within(backend.init(tell, limits.until(None)));
    tokio::pin!(opening);
    loop {
        tokio::select! {
            biased;
            session = &mut opening => return session?,
            Some(pause) = told.recv() => {
                if pause.is_rate_limit {
                    run.tell_rate_limit(pause.length);
                } else {
                    run.tell_retry(Step::Open, pause.why, pause.status, pause.tries, pause.length);
                }
            }
        }
    }
}

/// Takes up the session of an earlier run.
fn go_on<T: Transfer>(run: &mut ActiveUpload<T>, state: &State, plan: Plan, commit: CommitState) -> Begun {
    let record = &state.session;
    let opened = Opening { unix_ms: record.opened_unix_ms, service_ahead_ms: record.clock_ahead_ms };
    let session = Session::new(plan, opened, run.backend.unix_ms());
    let mut ledger = Ledger::new(&session.plan.parts);
    for (index, part) in &state.parts {
        let index = usize::try_from(*index).unwrap_or(usize::MAX);
        ledger.resume(index, part.etag.clone(), part.tries, part.hash);
    }
    let (bytes, parts) = (ledger.acknowledged(), ledger.parts_done());
    let parts_total = session.plan.parts_total();
    if parts > 0 {
        run.notify(Notice::Resumed { bytes, parts, parts_total });
    }
    run.rate_estimator = RateEstimator::new(Instant::now(), bytes);
    run.reporter.report(|progress| {
        (progress.resumed, progress.acknowledged, progress.handed_over) = (bytes, bytes, bytes);
        (progress.parts_done, progress.parts_total) = (parts, parts_total);
    });
    (session, ledger, commit)
}

async fn finish<T: Transfer>(
    run: &mut ActiveUpload<T>,
    session: Session,
    mut ledger: Ledger,
    sent: StepSuccess,
    commit: CommitState,
) -> Result<Uploaded> {
    let plan = session.plan;
    let multipart = matches!(plan.flow, Flow::Multipart { .. });
    let compared = compare_all(run, &mut ledger).await;
    let done = match &plan.flow {
        Flow::Single => {
            compared.map_err(|error| match error.kind() {
                ErrorKind::SourceChanged => mixed(&error),
                _ => unknown(error, "the service has the file, but it was not compared with it"),
            })?;
            sent
        }
        Flow::Multipart { complete_url } => {
            compared.map_err(|error| ambiguous(error, commit))?;
            // The ledger is the truth; the plan was checked against the size of the source.
            if ledger.acknowledged() != plan.size() {
                return Err(Error::new(ErrorKind::Internal, "parts are missing although all are done"));
            }
            run.reporter.report(|progress| {
                (progress.phase, progress.acknowledged) = (Phase::Completing, progress.total);
            });
            complete(run, complete_url, &plan.upload_id, session.expires, commit).await?
        }
    };
    run.reporter.report(|progress| {
        progress.phase = Phase::Done;
        (progress.handed_over, progress.acknowledged) = (progress.total, progress.total);
        progress.parts_done = progress.parts_total;
    });
    let last = run.reporter.last();
    let sum = Sum::of_parts(&ledger.sums());
    let parts = plan.parts.iter().zip(ledger.into_results()).enumerate();
    Ok(Uploaded {
        sum,
        media_upload_id: done.upload_id.unwrap_or(plan.upload_id),
        media: done.media,
        bytes: run.source.size,
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
async fn compare_all<T: Transfer>(run: &mut ActiveUpload<T>, ledger: &mut Ledger) -> Result<()> {
    if !run.source.content.may_change() {
        return Ok(());
    }
    for _ in 0..MOST_COMPARISONS {
        let parts = ledger.not_known_in(run.limits.at_once_or_within(run.source.revision()).await??);
        if parts.is_empty() {
            return Ok(());
        }
        match run.limits.within(compare(run.source.clone(), parts)).await?? {
            Some((revision, parts)) => ledger.known_in(revision, parts),
            None => run.limits.within(tokio::time::sleep(REST)).await?,
        }
    }
    Err(changed("its metadata keeps changing"))
}

async fn complete<T: Transfer>(
    run: &mut ActiveUpload<T>,
    url: &url::Url,
    upload_id: &str,
    expires: Option<Instant>,
    mut commit: CommitState,
) -> Result<StepSuccess> {
    let limits = run.limits.clone();
    let recorder = run.journal.as_ref().map(|journal| journal.recorder.clone());
    let until = limits.until(expires);
    let mut tries = 0_u32;
    loop {
        run.tell_rate_limit(run.time_for(0));
        let attempt = Arc::new(Attempt::new(recorder.clone(), true));
        let work = run.backend.complete(url, upload_id, Arc::clone(&attempt), until);
        let ended = limits.within(work).await.map_err(|stopped| match attempt.is_announced() {
            // Stopped in the middle of a complete, nobody knows whether it was carried out.
            true => unknown(stopped, "while the service was completing the upload"),
            false => ambiguous(stopped, commit),
        })?;
        let failure = match ended {
            Ok(done) => {
                if let Some(recorder) = &recorder {
                    // Each part has its etag with it.
                    let record =
                        DoneRecord { etag: None, ..done.record(upload_id, run.reporter.last().retries) };
                    let written = recorder.write(Record::Done(record)).await;
                    // The service has it: a journal that cannot say so must not turn that into a failure.
                    written.unwrap_or_else(|error| tracing::warn!(%error, "the end of the upload could not be written into the journal"));
                }
                return Ok(done);
            }
            Err(failure) => failure,
        };
        tries = tries.saturating_add(1);
        let situation = run.situation(&failure, tries, tries.saturating_sub(1), Expiry::NotYet);
        let decision = retry_policy::complete(&situation, &mut commit);
        if let Some(recorder) =
            recorder.as_ref().filter(|_| attempt.is_announced() && !commit.may_be_committed)
        {
            recorder.write(Record::NotFinished).await.map_err(|error| ambiguous(error, commit))?;
        }
        let latest = until.filter(|_| failure.rate_limit.retry_after.is_some());
        let wait = match decision {
            Decision::Again(wait) if latest.is_none_or(|latest| after(Instant::now(), wait) <= latest.at) => {
                wait
            }
            Decision::Wait if run.backend.limiter.too_long(until).is_none() => {
                tries = tries.saturating_sub(1);
                Duration::ZERO
            }
            Decision::Unknown => {
                return Err(unknown(failure.error, "completing was tried and may have succeeded"));
            }
            _ => return Err(ambiguous(failure.error, commit)),
        };
        if decision != Decision::Wait {
            run.tell_retry(Step::Complete, failure.cause(), failure.status(), tries, wait);
        }
        tracing::info!(error = %failure.error, ?decision, "completing again");
        run.reporter.report(|progress| progress.retries = progress.retries.saturating_add(1));
        limits.within(tokio::time::sleep(wait)).await.map_err(|stopped| ambiguous(stopped, commit))?;
    }
}
