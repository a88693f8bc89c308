//! What to do with what an earlier run left in the journal.
//!
//! The decision is pure, once the source was compared with what it was then. The comparison reads the parts that were
//! sent and hashes them, unless the file is plainly the same. Opening, locking and reading the journal is
//! [`crate::journal`]'s work.

use std::io;

use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};
use crate::file_identity::Sameness;
use crate::journal::{DoneRecord, Found, State};
use crate::upload::plan::upload_plan::number_of;
use crate::upload::progress::notice::Notice;
use crate::upload::retry_policy::CommitState;
use crate::upload::source::compare::{SentPart, first_difference};
use crate::upload::source::opened::Opened;

/// What an upload begins with.
#[derive(Debug)]
pub(crate) enum ResumeDecision {
    /// With a new session; the notice says why an earlier one is of no use.
    Fresh(Option<Notice>),
    /// With the session of an earlier run.
    Resume { state: Box<State>, commit: CommitState },
    /// Not at all: an earlier run finished it.
    Finished { state: Box<State>, done: DoneRecord },
    /// Not at all: an earlier run may have finished it.
    Unknown(Error),
}

/// Decides. `sameness` is how the source stands to the one of the journal; it is not [`Sameness::Likely`] any more.
pub(crate) fn decide(found: Found, sameness: &Sameness) -> ResumeDecision {
    let state = match found {
        Found::Nothing => return ResumeDecision::Fresh(None),
        Found::Damaged { finishing: true, upload_id } => {
            let error = unknown("its journal is damaged, and the last step may have been sent");
            return ResumeDecision::Unknown(match upload_id {
                Some(id) => error.with_upload_id(&id),
                None => error,
            });
        }
        Found::Damaged { finishing: false, .. } => {
            return started_over("the journal of an earlier run is damaged", 0);
        }
        Found::State(state) => state,
    };
    let id = state.session.upload_id.clone();
    let unknown = |why: &str| ResumeDecision::Unknown(unknown(why).with_upload_id(&id));
    if let Sameness::Different(how) = sameness {
        return match (&state.done, state.finishing) {
            (Some(_), _) => started_over(
                &format!("the file changed ({how}) since its earlier content was uploaded as {id}"),
                0,
            ),
            (None, 0) => {
                let sent = state.bytes_done();
                started_over(&format!("the file changed since the upload was interrupted ({how})"), sent)
            }
            (None, _) => {
                unknown(&format!("the file changed ({how}), so it cannot be sent again to find out"))
            }
        };
    }
    if let Some(done) = state.done.clone() {
        return ResumeDecision::Finished { state, done };
    }
    let commit = CommitState::after_unanswered(state.finishing);
    if commit.may_be_committed {
        let multipart = state.session.complete_url.is_some();
        if multipart && state.parts.len() < state.session.parts.len() {
            return unknown("its journal is damaged, and completing it may have been sent");
        }
        if !multipart && commit.forbids_single() {
            return unknown("the whole file was sent more than once, and no answer confirmed it");
        }
    }
    ResumeDecision::Resume { state, commit }
}

/// A new session, for a reason that its user should know.
pub(crate) fn started_over(why: &str, sent_again: u64) -> ResumeDecision {
    ResumeDecision::Fresh(Some(Notice::StartedOver { why: why.to_owned(), sent_again }))
}

/// The error of an upload that an earlier run may have finished.
pub(crate) fn unknown(why: &str) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!("whether an earlier run finished the upload is unknown: {why}"),
    )
    .with_next_step("look into the vault, then forget the session in the journal to send the file again")
}

/// Compares the source with what it was when the journal was written. Reads the parts that were sent if it has to,
/// which blocks.
pub(crate) fn compare(source: &Opened, state: &State, cancel: &CancellationToken) -> io::Result<Sameness> {
    match state.session.identity.compare(&source.content.identity()) {
        Sameness::Likely => {}
        decided => return Ok(decided),
    }
    // What may have been taken in one request left no hash that the content could be held against.
    if state.session.complete_url.is_none() && state.finishing > 0 && state.parts.is_empty() {
        return Ok(Sameness::Different("it was replaced or touched since it was sent".into()));
    }
    let parts = state.planned().filter_map(|(index, start, length, done)| {
        Some(SentPart { index, start, length, hash: Some(done?.hash) })
    });
    Ok(match first_difference(source, parts, cancel)? {
        None => Sameness::Same,
        Some(index) => Sameness::Different(format!("part {} is not what was sent", number_of(index))),
    })
}

#[cfg(test)]
#[path = "resume_decision_tests.rs"]
mod tests;
