//! What to do when a step of an upload failed: pure decisions on what is known.
//!
//! Two kinds of steps differ in what a repetition can do. A part may be sent any number of times. A step that
//! commits the upload (the PUT of a single upload, complete) may have been carried out although its answer was lost,
//! so it is repeated sparingly and may end with an unknown outcome.

use std::time::Duration;

use ofauth_operations::operation::RetryClass;

use crate::http::outcome::{Failure, Outcome};
use crate::http::retry::{self, UPLOAD_TRIES, Verdict};
use crate::limits::LONGEST_WAIT;

/// How often the PUT of a single upload is sent again after it went out whole and got no answer.
const SINGLE_REPEATS: u32 = 1;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decision {
    /// Send again after a pause; it was a try.
    Again(Duration),
    /// The rate limit is used up: send again once the rate limiter allows it; it was no try.
    Wait,
    /// Send again while nothing else is under way: the service may refuse parallel parts.
    Solo,
    /// The session is over: open a new one and send everything again.
    Restart,
    /// Give up with the failure itself.
    Stop,
    /// Give up: an earlier try may have committed the upload.
    Unknown,
}

/// Whether the session has expired, by the service's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// No, or its end is not known.
    NotYet,
    /// Yes.
    Passed,
    /// Its end was in the past when it was opened, which is hard to believe: only a refusal that speaks of a missing
    /// session counts.
    Untrusted,
}

impl Expiry {
    /// Whether a refusal with this status means that the session is over.
    fn explains(self, status: u16) -> bool {
        match status {
            400 => self == Self::Passed,
            404 | 410 => self != Self::NotYet,
            _ => false,
        }
    }
}

/// What is known when a step has failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    pub(crate) failure: &'a Failure,
    /// Tries so far, this one included.
    pub(crate) tries: u32,
    /// Failures in a row without progress before this one.
    pub(crate) step: u32,
    /// Between 0 and 1, for the jitter.
    pub(crate) chance: f64,
    pub(crate) expiry: Expiry,
}

impl CommitState {
    /// After an earlier run that announced the committing step so often and got no answer.
    pub(crate) fn after_unanswered(tries: u32) -> Self {
        Self { may_be_committed: tries > 0, unanswered: tries }
    }

    /// Whether a single upload may not be sent once more.
    pub(crate) fn forbids_single(self) -> bool {
        self.unanswered > SINGLE_REPEATS
    }
}

impl Situation<'_> {
    fn by_retry_table(&self) -> Decision {
        let headers = self.failure.rate_limit;
        let too_long = headers.retry_after.is_some_and(|asked| asked > LONGEST_WAIT);
        match retry::verdict(self.failure, RetryClass::Repeatable) {
            _ if too_long => Decision::Stop,
            Verdict::Wait => Decision::Wait,
            Verdict::Again if self.tries < UPLOAD_TRIES => {
                Decision::Again(retry::pause(self.step, headers, self.chance))
            }
            Verdict::Again | Verdict::Stop => Decision::Stop,
        }
    }
}

/// Decides for a part of a multipart upload.
///
/// `ran_in_parallel`: another part was under way during the try. `acknowledged`: the session has taken a part.
pub(crate) fn part(situation: &Situation<'_>, ran_in_parallel: bool, acknowledged: bool) -> Decision {
    let status = situation.failure.status().unwrap_or_default();
    if situation.expiry.explains(status) || (acknowledged && matches!(status, 404 | 410)) {
        return Decision::Restart;
    }
    // Whether parts may be sent in parallel is not documented; these are what a refusal of it could look like.
    if ran_in_parallel && matches!(status, 400 | 409 | 423 | 425) {
        return Decision::Solo;
    }
    situation.by_retry_table()
}

/// What is known of whether the upload is committed, after earlier tries of the committing step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CommitState {
    /// An earlier try may have committed it.
    pub(crate) may_be_committed: bool,
    /// Earlier tries that went out whole and got no answer.
    pub(crate) unanswered: u32,
}

/// Decides for the PUT of a single upload.
pub(crate) fn single(situation: &Situation<'_>, commit: &mut CommitState) -> Decision {
    let status = situation.failure.status().unwrap_or_default();
    if situation.expiry.explains(status) && !commit.may_be_committed {
        return Decision::Restart;
    }
    // A body that the service cannot have had whole committed nothing.
    commit_step(situation, SINGLE_REPEATS, commit)
}

/// Decides for complete.
pub(crate) fn complete(situation: &Situation<'_>, commit: &mut CommitState) -> Decision {
    commit_step(situation, UPLOAD_TRIES, commit)
}

/// Whether a try of a committing step that failed may have committed the upload all the same.
pub(crate) fn may_have_committed(failure: &Failure) -> bool {
    failure.body_sent
        && match failure.outcome {
            Outcome::Lost => true,
            // An API error type that means refusal proves that nothing was committed, even with a 5xx status.
            Outcome::Refused { status: 500.. } => {
                retry::verdict(failure, RetryClass::Repeatable) != Verdict::Stop
            }
            Outcome::Refused { .. } | Outcome::NotSent => false,
        }
}

/// `repeats`: how often the step is sent again after going out whole without an answer.
fn commit_step(situation: &Situation<'_>, repeats: u32, commit: &mut CommitState) -> Decision {
    if may_have_committed(situation.failure) {
        commit.may_be_committed = true;
        if situation.failure.outcome == Outcome::Lost {
            commit.unanswered = commit.unanswered.saturating_add(1);
        }
    }
    if commit.unanswered > repeats {
        return Decision::Unknown;
    }
    match situation.by_retry_table() {
        // A refusal of this try says nothing of the tries before it.
        Decision::Stop if commit.may_be_committed => Decision::Unknown,
        decision => decision,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::http::rate_limit_headers::RateLimitHeaders;

    const NOW: Duration = Duration::ZERO;

    fn after(failure: &Failure, tries: u32) -> Situation<'_> {
        Situation { failure, tries, step: 0, chance: 0.0, expiry: Expiry::NotYet }
    }

    fn refused<'a>(status: u16, api_type: impl Into<Option<&'a str>>) -> Failure {
        let api_type = api_type.into().map(str::to_owned);
        let error = Error::new(ErrorKind::Rejected, "no").with_answer(status, api_type, None, None);
        Failure::refused(status, error, RateLimitHeaders::default(), true)
    }

    fn not_sent() -> Failure {
        Failure::not_sent(Error::new(ErrorKind::Network, "no connection"))
    }

    fn lost(body_sent: bool) -> Failure {
        Failure::lost(Error::new(ErrorKind::Network, "lost"), body_sent)
    }

    #[test]
    fn a_part_is_repeated_unless_the_service_says_no() {
        for failure in
            [not_sent(), lost(false), lost(true), refused(500, None), refused(502, None), refused(408, None)]
        {
            assert_eq!(part(&after(&failure, 1), true, true), Decision::Again(NOW), "{failure:?}");
            assert_eq!(part(&after(&failure, UPLOAD_TRIES), true, true), Decision::Stop, "{failure:?}");
            let last = after(&failure, UPLOAD_TRIES - 1);
            assert_eq!(part(&last, true, true), Decision::Again(NOW), "{failure:?}");
        }
        for failure in
            [refused(403, None), refused(413, None), refused(415, None), refused(401, "SESSION_EXPIRED")]
        {
            assert_eq!(part(&after(&failure, 1), true, true), Decision::Stop, "{failure:?}");
        }
        let limited = refused(429, None);
        assert_eq!(part(&after(&limited, 99), true, true), Decision::Wait, "a wait is no try");
        for (asked, decision) in [
            (LONGEST_WAIT, Decision::Again(LONGEST_WAIT)),
            (LONGEST_WAIT + Duration::from_secs(1), Decision::Stop),
        ] {
            let headers = RateLimitHeaders { retry_after: Some(asked), ..RateLimitHeaders::default() };
            let late = Failure { rate_limit: headers, ..refused(503, None) };
            assert_eq!(part(&after(&late, 1), false, false), decision, "{asked:?}");
        }
        assert_eq!(part(&after(&not_sent().permanent(), 1), false, false), Decision::Stop);
    }

    #[test]
    fn a_refusal_of_parallel_parts_is_probed_alone() {
        for status in [400, 409, 423, 425] {
            let failure = refused(status, None);
            assert_eq!(part(&after(&failure, 1), true, false), Decision::Solo, "{status}");
            assert_eq!(part(&after(&failure, 1), false, false), Decision::Stop, "{status}");
        }
    }

    #[test]
    fn a_session_that_is_over_is_opened_anew() {
        let by_part = |status, expiry, acknowledged| {
            let failure = refused(status, None);
            part(&Situation { expiry, ..after(&failure, 1) }, false, acknowledged)
        };
        let by_single = |status, expiry, mut commit| {
            let failure = refused(status, None);
            single(&Situation { expiry, ..after(&failure, 1) }, &mut commit)
        };
        for status in [400, 404, 410] {
            assert_eq!(by_part(status, Expiry::Passed, false), Decision::Restart, "{status}");
            assert_eq!(
                by_single(status, Expiry::Passed, CommitState::default()),
                Decision::Restart,
                "{status}"
            );
        }
        assert_eq!(by_part(403, Expiry::Passed, true), Decision::Stop);
        assert_eq!(by_part(410, Expiry::Untrusted, false), Decision::Restart);
        assert_eq!(by_part(400, Expiry::Untrusted, false), Decision::Stop);
        assert_eq!(by_single(400, Expiry::Untrusted, CommitState::default()), Decision::Stop);
        assert_eq!(by_part(404, Expiry::NotYet, true), Decision::Restart);
        assert_eq!(by_part(404, Expiry::NotYet, false), Decision::Stop);
        let commit = CommitState { may_be_committed: true, unanswered: 1 };
        assert_eq!(
            by_single(404, Expiry::Passed, commit),
            Decision::Unknown,
            "never a second session while it is ambiguous"
        );
    }

    #[test]
    fn a_single_put_without_answer_is_sent_once_more() {
        let mut commit = CommitState::default();
        for tries in 1..UPLOAD_TRIES {
            let decision = single(&after(&lost(false), tries), &mut commit);
            assert_eq!(decision, Decision::Again(NOW), "not whole: free");
        }
        assert_eq!(single(&after(&lost(false), UPLOAD_TRIES), &mut commit), Decision::Stop);
        let mut commit = CommitState::default();
        assert_eq!(single(&after(&lost(true), 1), &mut commit), Decision::Again(NOW));
        assert_eq!(commit, CommitState { may_be_committed: true, unanswered: 1 });
        assert!(!commit.forbids_single());
        let mut after_refusal = commit;
        for status in [400, 404, 409, 410, 403] {
            let failure = refused(status, None);
            assert_eq!(single(&after(&failure, 2), &mut after_refusal), Decision::Unknown, "{status}");
        }
        assert_eq!(single(&after(&lost(true), 2), &mut commit), Decision::Unknown);
        assert!(commit.forbids_single());
    }

    #[test]
    fn what_an_earlier_run_announced_is_ambiguous() {
        for (announced, may_be_committed, forbids) in
            [(0, false, false), (1, true, false), (2, true, true), (u32::MAX, true, true)]
        {
            let commit = CommitState::after_unanswered(announced);
            assert_eq!(
                (commit.may_be_committed, commit.forbids_single()),
                (may_be_committed, forbids),
                "{announced}"
            );
        }
    }

    #[test]
    fn finishing_steps_answered_with_5xx_are_repeated_and_are_ambiguous() {
        for finish in [single, complete] {
            let busy = refused(503, None);
            let mut commit = CommitState::default();
            for tries in 1..UPLOAD_TRIES {
                assert_eq!(finish(&after(&busy, tries), &mut commit), Decision::Again(NOW));
                assert_eq!(commit, CommitState { may_be_committed: true, unanswered: 0 });
            }
            assert_eq!(finish(&after(&busy, UPLOAD_TRIES), &mut commit), Decision::Unknown);
            let mut commit = CommitState::default();
            let no = refused(400, None);
            assert_eq!(finish(&after(&no, 1), &mut commit), Decision::Stop, "refused at the first try");
            let never_left = not_sent();
            assert_eq!(finish(&after(&never_left, UPLOAD_TRIES), &mut commit), Decision::Stop);
            assert_eq!(finish(&after(&refused(429, None), 1), &mut commit), Decision::Wait);
            let typed = refused(500, "SESSION_EXPIRED");
            assert_eq!(
                finish(&after(&typed, 1), &mut commit),
                Decision::Stop,
                "it says that nothing was done"
            );
            assert_eq!(commit, CommitState::default());
        }
    }

    #[test]
    fn complete_is_repeated_after_lost_answers_until_tries_run_out() {
        let mut commit = CommitState::default();
        for tries in 1..UPLOAD_TRIES {
            assert_eq!(complete(&after(&lost(true), tries), &mut commit), Decision::Again(NOW));
        }
        let mut after_refusal = commit;
        let gone = refused(404, None);
        assert_eq!(complete(&after(&gone, UPLOAD_TRIES), &mut after_refusal), Decision::Unknown);
        assert_eq!(complete(&after(&lost(true), UPLOAD_TRIES), &mut commit), Decision::Unknown);
    }
}
