//! Carries an upload from its first request to its confirmed end.
//!
//! Opens the session, has its parts sent by [`super::sending`], opens another if it expired, and completes. What to
//! decide is in [`super::decide`], the I/O behind [`Wire`]. Dropping the future ends all of it at once.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::decide::{self, Age, Decision, Doubt, Situation};
use super::ledger::Ledger;
use super::plan::{Flow, number_of};
use super::progress::{Phase, Reporter};
use super::sending::Sent;
use super::source::Opened;
use super::step::{Done, StepEnd, StepFailure};
use super::wire::{Session, Wire};
use super::{Uploaded, UploadedPart};
use crate::error::{Error, ErrorKind, Result};
use crate::http::retry::LONGEST_WAIT;

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
}

/// An upload that is being carried out.
pub(crate) struct Engine<W: Wire> {
    pub(crate) wire: Arc<W>,
    pub(crate) source: Opened,
    pub(crate) concurrency: usize,
    pub(crate) limits: Limits,
    pub(crate) reporter: Reporter,
    pub(crate) rng: fastrand::Rng,
    /// Whether this connection turned out to take one part at a time; set when that is found.
    pub(crate) one_at_a_time: bool,
}

impl<W: Wire> Engine<W> {
    /// Runs to the end.
    pub(crate) async fn run(&mut self) -> Result<Uploaded> {
        let mut restarted = false;
        loop {
            let session = self.limits.clone().within(self.wire.init()).await??;
            let id = session.plan.upload_id.clone();
            match self.send(&session).await.map_err(|error| error.with_upload_id(&id))? {
                Sent::Whole { ledger, done } => {
                    return self
                        .finish(session, ledger, done)
                        .await
                        .map_err(|error| error.with_upload_id(&id));
                }
                Sent::SessionOver { error, .. } if restarted => return Err(error.with_upload_id(&id)),
                Sent::SessionOver { acknowledged, error } => {
                    tracing::warn!(%error, bytes_sent_again = acknowledged, "the session is over, opening a new one");
                    self.reporter.report(|progress| progress.sent_again = acknowledged);
                    restarted = true;
                }
            }
        }
    }

    async fn finish(&mut self, session: Session, ledger: Ledger, sent: Done) -> Result<Uploaded> {
        self.source.check_unchanged()?;
        let plan = session.plan;
        let multipart = matches!(plan.flow, Flow::Multipart { .. });
        let done = match &plan.flow {
            Flow::Single => sent,
            Flow::Multipart { complete_url } => {
                // The ledger is the truth; the plan was checked against the size of the source.
                if ledger.acknowledged() != plan.size() {
                    return Err(Error::new(ErrorKind::Internal, "parts are missing although all are done"));
                }
                self.reporter.report(|progress| {
                    (progress.phase, progress.acknowledged) = (Phase::Completing, progress.total);
                });
                self.complete(complete_url, &plan.upload_id).await?
            }
        };
        self.reporter.report(|progress| {
            progress.phase = Phase::Done;
            (progress.handed_over, progress.acknowledged) = (progress.total, progress.total);
            progress.parts_done = progress.parts_total;
        });
        let parts = plan.parts.iter().zip(ledger.into_results()).enumerate();
        Ok(Uploaded {
            media_upload_id: done.upload_id.unwrap_or(plan.upload_id),
            media: done.media,
            bytes: self.source.size,
            multipart,
            retries: self.reporter.last().retries,
            sent_again: self.reporter.last().sent_again,
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

    async fn complete(&mut self, url: &url::Url, upload_id: &str) -> Result<Done> {
        let limits = self.limits.clone();
        let mut doubt = Doubt::default();
        let (mut tries, mut waits) = (0_u32, 0_u32);
        let mut waited = Duration::ZERO;
        loop {
            // Stopped in the middle of a complete, nobody knows whether it was carried out.
            let end = limits
                .within(self.wire.complete(url, upload_id))
                .await
                .map_err(|stopped| unknown(stopped, "while the service was completing the upload"))?;
            let failure = match end {
                StepEnd::Done(done) => return Ok(done),
                StepEnd::Failed(failure) => failure,
            };
            tries = tries.saturating_add(1);
            let step = if matches!(failure.error.kind(), ErrorKind::RateLimited) {
                waits
            } else {
                tries.saturating_sub(1)
            };
            let decision = decide::complete(&self.situation(&failure, tries, step, Age::Running), &mut doubt);
            let pause = match decision {
                Decision::Again(pause) => pause,
                Decision::Wait(pause) => {
                    tries = tries.saturating_sub(1);
                    waits = waits.saturating_add(1);
                    waited = waited.saturating_add(pause);
                    if waited > LONGEST_WAIT {
                        return Err(doubtful(failure.error, doubt));
                    }
                    pause
                }
                Decision::Unknown => {
                    return Err(unknown(failure.error, "completing was tried and may have succeeded"));
                }
                Decision::Stop | Decision::Alone | Decision::Restart => {
                    return Err(doubtful(failure.error, doubt));
                }
            };
            tracing::info!(error = %failure.error, ?pause, "completing again");
            self.reporter.report(|progress| progress.retries = progress.retries.saturating_add(1));
            limits.within(tokio::time::sleep(pause)).await.map_err(|stopped| doubtful(stopped, doubt))?;
        }
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
