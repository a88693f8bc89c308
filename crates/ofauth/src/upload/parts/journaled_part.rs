//! Writes into the journal how a try of a part ended, while its slot is still taken.
//!
//! That order is what bounds the work that a kill costs: a part is either in the journal, or one of those that were
//! under way.

use std::sync::Arc;

use crate::error::Result;
use crate::journal::{PartDone, Record, Recorder};
use crate::upload::retry_policy::may_have_committed;
use crate::upload::source::opened::Opened;
use crate::upload::step_result::{StepResult, StepSuccess};
use crate::upload::transfer::attempt::Attempt;

/// A try that the journal is to know of.
pub(crate) struct JournaledPart {
    pub(crate) journal: Recorder,
    pub(crate) attempt: Arc<Attempt>,
    pub(crate) source: Opened,
    pub(crate) part: usize,
    pub(crate) tries: u32,
    /// The hash of what an earlier try sent whole.
    pub(crate) sent_before: Option<u128>,
    /// What this try finishes; `None` for a part among others.
    pub(crate) finishes: Option<Finishes>,
}

/// The upload that a try finishes.
pub(crate) struct Finishes {
    pub(crate) upload_id: String,
    /// Tries before this one that failed.
    pub(crate) retries: u32,
    /// Whether an earlier try may have finished it.
    pub(crate) was_ambiguous: bool,
}

impl JournaledPart {
    /// Writes down how it ended, and returns that. Fails if the journal does, unless the upload is finished.
    pub(crate) async fn ended(self, end: StepResult) -> Result<StepResult> {
        match (&end, &self.finishes) {
            // Of a source that changed nothing is kept; the engine finds out the same and stops.
            (Ok(_), _) if self.is_mixed() || self.source.revision().await.is_err() => {}
            (Ok(done), None) => self.journal.write(self.done(done)).await?,
            (Ok(done), Some(finishes)) => {
                if let Err(error) = self.finished(done, finishes).await {
                    // The service has it: a journal that cannot say so must not turn that into a failure.
                    tracing::warn!(%error, "the end of the upload could not be written into the journal");
                }
            }
            (Err(failure), Some(finishes))
                if self.attempt.is_announced() && !finishes.was_ambiguous && !may_have_committed(failure) =>
            {
                self.journal.write(Record::NotFinished).await?;
            }
            (Err(_), _) => {}
        }
        Ok(end)
    }

    /// Whether an earlier try sent something else. Which of the two the service has nobody knows.
    fn is_mixed(&self) -> bool {
        self.sent_before.is_some() && self.sent_before != self.attempt.hash()
    }

    fn done(&self, done: &StepSuccess) -> Record {
        Record::Part(PartDone {
            index: u32::try_from(self.part).unwrap_or(u32::MAX),
            etag: done.etag.clone(),
            // A part that was acknowledged was handed over whole, and hashed on the way.
            hash: self.attempt.hash().unwrap_or_default(),
            tries: self.tries,
        })
    }

    async fn finished(&self, done: &StepSuccess, finishes: &Finishes) -> Result<()> {
        self.journal.write(self.done(done)).await?;
        self.journal.write(Record::Done(done.record(&finishes.upload_id, finishes.retries))).await
    }
}
