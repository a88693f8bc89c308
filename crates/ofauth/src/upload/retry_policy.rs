//! What to do when a step of an upload failed: pure decisions on what is known.
//!
//! Two kinds of steps differ in what a repetition can do. A part may be sent any number of times. A step that
//! finishes the upload (the PUT of a single upload, complete) may have been carried out although its answer was lost,
//! so it is repeated sparingly and may end with an outcome that nobody knows.

use std::time::Duration;

use ofauth_api::operation::RetryClass;

use crate::http::rate_limit_headers::WaitHint;
use crate::http::retry::{self, Failure, UPLOAD_TRIES, Verdict};
use crate::limits::LONGEST_WAIT;

/// How often the PUT of a single upload is sent again after it went out whole and got no answer.
const SINGLE_REPEATS: u32 = 1;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decision {
    /// Send again after a pause; it was a try.
    Again(Duration),
    /// The rate limit is used up: hold everything back for so long; it was no try.
    Wait(Duration),
    /// Send again while nothing else is under way: the service may not take parts side by side.
    Alone,
    /// The session is over: open a new one and send everything again.
    Restart,
    /// Give up with the failure itself.
    Stop,
    /// Give up: an earlier try may have finished the upload.
    Unknown,
}

/// Where the present stands to the session's end, by the service's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Before it, or the end is not known.
    Running,
    /// Behind it.
    Over,
    /// Behind it, and so it was when the session was opened. Such an end is hard to believe: a refusal has to speak
    /// of a missing session to be taken for one.
    BornOver,
}

impl Age {
    /// Whether a status, coming at this age, means that the session is over.
    fn explains(self, status: u16) -> bool {
        match status {
            400 => self == Self::Over,
            404 | 410 => self != Self::Running,
            _ => false,
        }
    }
}

/// What is known when a step has failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    pub(crate) failure: Failure<'a>,
    pub(crate) hint: WaitHint,
    /// Tries so far, this one included.
    pub(crate) tries: u32,
    /// Failures in a row without progress before this one.
    pub(crate) step: u32,
    /// Between 0 and 1, for the jitter.
    pub(crate) chance: f64,
    /// Whether the same try cannot end differently.
    pub(crate) hopeless: bool,
    pub(crate) age: Age,
}

impl Doubt {
    /// The doubt that an earlier run leaves which announced the finishing step so often and got no answer.
    pub(crate) fn after_unanswered(tries: u32) -> Self {
        Self { may_be_done: tries > 0, unanswered: tries }
    }

    /// Whether a single upload may not be sent once more.
    pub(crate) fn forbids_single(self) -> bool {
        self.unanswered > SINGLE_REPEATS
    }
}

impl Situation<'_> {
    fn status(&self) -> u16 {
        match self.failure {
            Failure::Answered { status, .. } => status,
            Failure::NotSent | Failure::Lost => 0,
        }
    }

    fn by_retry_table(&self) -> Decision {
        let too_long = self.hint.retry_after.is_some_and(|asked| asked > LONGEST_WAIT);
        match retry::verdict(self.failure, RetryClass::Repeatable) {
            _ if self.hopeless || too_long => Decision::Stop,
            Verdict::Wait => Decision::Wait(retry::wait(self.step, self.hint, self.chance)),
            Verdict::Again if self.tries < UPLOAD_TRIES => {
                Decision::Again(retry::pause(self.step, self.hint, self.chance))
            }
            Verdict::Again | Verdict::Stop => Decision::Stop,
        }
    }
}

/// Decides for a part of a multipart upload.
///
/// `alone`: nothing else of the session was under way during the try. `acknowledged`: the session has taken a part.
pub(crate) fn part(situation: &Situation<'_>, alone: bool, acknowledged: bool) -> Decision {
    let status = situation.status();
    if situation.age.explains(status) || (acknowledged && matches!(status, 404 | 410)) {
        return Decision::Restart;
    }
    // Whether parts may be sent side by side is not documented; these are what a refusal of it could look like.
    if !alone && matches!(status, 400 | 409 | 423 | 425) {
        return Decision::Alone;
    }
    situation.by_retry_table()
}

/// What earlier tries of a finishing step leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Doubt {
    /// An earlier try may have finished the upload.
    pub(crate) may_be_done: bool,
    /// Earlier tries that went out whole and got no answer.
    pub(crate) unanswered: u32,
}

/// Decides for the PUT of a single upload. `whole`: the service may have had the whole body in this try.
pub(crate) fn single(situation: &Situation<'_>, whole: bool, doubt: &mut Doubt) -> Decision {
    if situation.age.explains(situation.status()) && !doubt.may_be_done {
        return Decision::Restart;
    }
    // A body that the service cannot have had whole finished nothing.
    finishing(situation, whole, SINGLE_REPEATS, doubt)
}

/// Decides for complete.
pub(crate) fn complete(situation: &Situation<'_>, doubt: &mut Doubt) -> Decision {
    finishing(situation, true, UPLOAD_TRIES, doubt)
}

/// Whether a try of a finishing step that failed may have finished the upload all the same.
pub(crate) fn may_have_finished(failure: Failure<'_>, whole: bool) -> bool {
    whole
        && match failure {
            Failure::Lost => true,
            // A `type` that says no says that nothing was done, whatever the status.
            Failure::Answered { status: 500.., .. } => {
                retry::verdict(failure, RetryClass::Repeatable) != Verdict::Stop
            }
            Failure::Answered { .. } | Failure::NotSent => false,
        }
}

/// `repeats`: how often the step is sent again after going out whole without an answer.
fn finishing(situation: &Situation<'_>, whole: bool, repeats: u32, doubt: &mut Doubt) -> Decision {
    let doubted = doubt.may_be_done;
    if may_have_finished(situation.failure, whole) {
        doubt.may_be_done = true;
        if situation.failure == Failure::Lost {
            doubt.unanswered = doubt.unanswered.saturating_add(1);
        }
    }
    if doubt.unanswered > repeats {
        return Decision::Unknown;
    }
    match situation.by_retry_table() {
        // The service refused this try. Only an earlier one can have finished the upload.
        Decision::Stop
            if matches!(situation.failure, Failure::Answered { status: 0..500, .. }) && !doubted =>
        {
            Decision::Stop
        }
        Decision::Stop if doubt.may_be_done => Decision::Unknown,
        decision => decision,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn after(failure: Failure<'_>, tries: u32) -> Situation<'_> {
        Situation {
            failure,
            hint: WaitHint::default(),
            tries,
            step: 0,
            chance: 0.0,
            hopeless: false,
            age: Age::Running,
        }
    }

    fn answered<'a>(status: u16, api_type: impl Into<Option<&'a str>>) -> Failure<'a> {
        Failure::Answered { status, api_type: api_type.into() }
    }

    #[test]
    fn a_part_is_repeated_unless_the_service_says_no() {
        for failure in
            [Failure::NotSent, Failure::Lost, answered(500, None), answered(502, None), answered(408, None)]
        {
            assert_eq!(part(&after(failure, 1), false, true), Decision::Again(NOW), "{failure:?}");
            assert_eq!(part(&after(failure, UPLOAD_TRIES), false, true), Decision::Stop, "{failure:?}");
        }
        for failure in
            [answered(403, None), answered(413, None), answered(415, None), answered(401, "SESSION_EXPIRED")]
        {
            assert_eq!(part(&after(failure, 1), false, true), Decision::Stop, "{failure:?}");
        }
        assert!(
            matches!(part(&after(answered(429, None), 99), false, true), Decision::Wait(_)),
            "a wait is no try"
        );
        let late = WaitHint { retry_after: Some(LONGEST_WAIT * 2), reset: None };
        assert_eq!(
            part(&Situation { hint: late, ..after(answered(503, None), 1) }, true, false),
            Decision::Stop
        );
        let hopeless = Situation { hopeless: true, ..after(Failure::NotSent, 1) };
        assert_eq!(part(&hopeless, true, false), Decision::Stop);
    }

    #[test]
    fn a_refusal_of_parallel_parts_is_tried_alone() {
        for status in [400, 409, 423, 425] {
            assert_eq!(part(&after(answered(status, None), 1), false, false), Decision::Alone, "{status}");
            assert_eq!(part(&after(answered(status, None), 1), true, false), Decision::Stop, "{status}");
        }
    }

    #[test]
    fn a_session_that_is_over_is_opened_anew() {
        let expired = |status| Situation { age: Age::Over, ..after(answered(status, None), 1) };
        for status in [400, 404, 410] {
            assert_eq!(part(&expired(status), true, false), Decision::Restart, "{status}");
            assert_eq!(single(&expired(status), true, &mut Doubt::default()), Decision::Restart, "{status}");
        }
        assert_eq!(part(&expired(403), true, true), Decision::Stop);
        let born_over = |status| Situation { age: Age::BornOver, ..after(answered(status, None), 1) };
        assert_eq!(part(&born_over(410), true, false), Decision::Restart);
        assert_eq!(part(&born_over(400), true, false), Decision::Stop);
        assert_eq!(single(&born_over(400), true, &mut Doubt::default()), Decision::Stop);
        assert_eq!(part(&after(answered(404, None), 1), true, true), Decision::Restart);
        assert_eq!(part(&after(answered(404, None), 1), true, false), Decision::Stop);
        let mut doubt = Doubt { may_be_done: true, unanswered: 1 };
        assert_eq!(
            single(&expired(404), true, &mut doubt),
            Decision::Unknown,
            "never a second session in doubt"
        );
    }

    #[test]
    fn a_single_put_without_answer_is_sent_once_more() {
        let mut doubt = Doubt::default();
        for tries in 1..UPLOAD_TRIES {
            assert_eq!(
                single(&after(Failure::Lost, tries), false, &mut doubt),
                Decision::Again(NOW),
                "not whole: free"
            );
        }
        assert_eq!(single(&after(Failure::Lost, UPLOAD_TRIES), false, &mut doubt), Decision::Stop);
        let mut doubt = Doubt::default();
        assert_eq!(single(&after(Failure::Lost, 1), true, &mut doubt), Decision::Again(NOW));
        let mut after_refusal = doubt;
        for status in [400, 404, 409, 410, 403] {
            assert_eq!(
                single(&after(answered(status, None), 2), true, &mut after_refusal),
                Decision::Unknown,
                "{status}"
            );
        }
        assert_eq!(single(&after(Failure::Lost, 2), true, &mut doubt), Decision::Unknown);
    }

    #[test]
    fn finishing_steps_answered_with_5xx_are_repeated_and_leave_doubt() {
        for finish in [
            |s: &Situation<'_>, d: &mut Doubt| single(s, true, d),
            |s: &Situation<'_>, d: &mut Doubt| complete(s, d),
        ] {
            let mut doubt = Doubt::default();
            for tries in 1..UPLOAD_TRIES {
                assert_eq!(finish(&after(answered(503, None), tries), &mut doubt), Decision::Again(NOW));
            }
            assert_eq!(finish(&after(answered(503, None), UPLOAD_TRIES), &mut doubt), Decision::Unknown);
            let mut doubt = Doubt::default();
            assert_eq!(
                finish(&after(answered(400, None), 1), &mut doubt),
                Decision::Stop,
                "refused at the first try"
            );
            assert_eq!(
                finish(&after(Failure::NotSent, UPLOAD_TRIES), &mut doubt),
                Decision::Stop,
                "never left"
            );
            assert!(matches!(finish(&after(answered(429, None), 1), &mut doubt), Decision::Wait(_)));
        }
    }

    #[test]
    fn complete_is_repeated_after_lost_answers_until_tries_run_out() {
        let mut doubt = Doubt::default();
        for tries in 1..UPLOAD_TRIES {
            assert_eq!(complete(&after(Failure::Lost, tries), &mut doubt), Decision::Again(NOW));
        }
        let mut refused = doubt;
        assert_eq!(complete(&after(answered(404, None), UPLOAD_TRIES), &mut refused), Decision::Unknown);
        assert_eq!(complete(&after(Failure::Lost, UPLOAD_TRIES), &mut doubt), Decision::Unknown);
    }
}
