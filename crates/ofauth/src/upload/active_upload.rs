//! An upload under way: what it is made of, and what is told of it.
//!
//! Nothing is sent from here. [`super::engine`] carries it from its first request to its end, [`super::parts`] sends its
//! parts.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::backend::Backend;
use super::progress::eta::RateEstimator;
use super::progress::notice::{self, Notice, Step};
use super::progress::report::Reporter;
use super::retry_policy::{CommitState, Expiry, Situation};
use super::source::opened::Opened;
use super::transfer::put::{Puts, Transfer};
use crate::call::pause::TOLD;
use crate::cancel::Limits;
use crate::error::{Error, ErrorKind};
use crate::file_identity::FileIdentity;
use crate::http::outcome::Failure;
use crate::http::retry::{CALL_TRIES, UPLOAD_TRIES};
use crate::journal::{About, Recorder};
use crate::rate_limiter::Until;

/// Sessions end by inactivity, after a time that is not documented. A longer wait is told as a risk.
const QUIET: Duration = Duration::from_secs(60);

/// An upload that is being carried out.
pub(crate) struct ActiveUpload<T: Transfer = Puts> {
    pub(crate) backend: Arc<Backend<T>>,
    pub(crate) source: Opened,
    pub(crate) concurrency: usize,
    pub(crate) limits: Limits,
    pub(crate) reporter: Reporter,
    pub(crate) on_notice: Option<notice::Callback>,
    pub(crate) rate_estimator: RateEstimator,
    pub(crate) rng: fastrand::Rng,
    /// Whether this connection turned out to take one part at a time; set when that is found.
    pub(crate) one_at_a_time: bool,
    pub(crate) journal: Option<Journaled>,
}

/// Where an upload is written down, and as what.
pub(crate) struct Journaled {
    pub(crate) recorder: Recorder,
    pub(crate) about: About,
    pub(crate) identity: FileIdentity,
    /// Whether it has a session that a later run could go on with.
    pub(crate) has_session: bool,
}

impl<T: Transfer> ActiveUpload<T> {
    /// Tells of a wait for the rate limit, unless it is one of a moment. Returns whether it was told.
    pub(crate) fn tell_rate_limit(&mut self, wait: Duration) -> bool {
        let is_told = wait >= TOLD;
        if is_told && !self.tell_long_wait(wait) {
            self.notify(Notice::RateLimited { wait });
        }
        is_told
    }

    /// Tells that a step failed and is tried again.
    pub(crate) fn tell_retry(
        &mut self,
        step: Step,
        why: String,
        status: Option<u16>,
        tries: u32,
        wait: Duration,
    ) {
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

    /// Tells the caller, and the log.
    pub(crate) fn notify(&mut self, notice: Notice) {
        // Retries are in the log with their whole errors.
        if !matches!(notice, Notice::Retrying { .. }) {
            tracing::warn!(upload = %self.source.place, "{notice}");
        }
        if let Some(callback) = &mut self.on_notice {
            callback(&notice);
        }
    }

    /// How long so many parts, and completing them, take at least under the service's rate limit.
    pub(crate) fn time_for(&self, parts: usize) -> Duration {
        self.backend.limiter.time_for((parts as u64).saturating_add(1))
    }

    pub(crate) fn situation<'a>(
        &mut self,
        failure: &'a Failure,
        tries: u32,
        step: u32,
        expiry: Expiry,
    ) -> Situation<'a> {
        Situation { failure, tries, step, chance: self.rng.f64(), expiry }
    }
}

impl Limits {
    /// The latest moment at which a wait may end that is worth waiting in a session: its end, or the deadline.
    pub(crate) fn until(&self, session_ends: Option<Instant>) -> Option<Until> {
        let until = |at: Option<Instant>, what| at.map(|at| Until { at, what });
        let both =
            [until(session_ends, "the end of the upload session"), until(self.deadline, "the timeout")];
        both.into_iter().flatten().min_by_key(|until| until.at)
    }
}

pub(crate) fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}

/// The error of a file that went in one request and changed meanwhile. It names no part, for nothing of the session is of use.
pub(crate) fn mixed(how: &Error) -> Error {
    let text = format!(
        "the service finished the upload, but its content may be a mix of old and new: do not use it: {}",
        how.message()
    );
    Error::new(ErrorKind::SourceChanged, text)
}

/// The error of an upload that may be finished or not.
pub(crate) fn unknown(cause: Error, why: &str) -> Error {
    cause.into_kind(
        ErrorKind::OutcomeUnknown,
        format!("whether the upload was finished is unknown: {why}. Look into the vault before sending the file again"),
    )
}

pub(crate) fn ambiguous(error: Error, commit: CommitState) -> Error {
    if commit.may_be_committed { unknown(error, "an earlier try may have succeeded") } else { error }
}
