//! Whether and when a request is sent again: pure decisions, with time and chance passed in.
//!
//! Used by the JSON transport and by the upload engine alike. Nothing here sleeps or sends.

use std::time::Duration;

use ofauth_api::operation::RetryClass;

use super::rate_limit_headers::WaitHint;
use crate::error::ErrorKind;
use crate::limits::LONGEST_WAIT;

/// The first pause, doubled at each further try.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Tries of one upload part and of every step of an upload.
pub(crate) const UPLOAD_TRIES: u32 = 8;
/// Tries of a call that nothing was sent for yet, whose caller waits: about four seconds of pauses on average.
pub(crate) const CALL_TRIES: u32 = 5;

/// How a try ended without success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure<'a> {
    /// The service answered with an error.
    Answered {
        /// The status of the answer.
        status: u16,
        /// The API's `type`, if the body had one.
        api_type: Option<&'a str>,
    },
    /// No byte of the request left: it cannot have been acted upon.
    NotSent,
    /// The request left, wholly or in part, and no readable answer came back.
    Lost,
}

impl Failure<'_> {
    /// What happened, in a few words for people. `kind` is that of the error.
    pub(crate) fn cause(self, kind: ErrorKind) -> String {
        match (self, kind) {
            (Self::Answered { status, .. }, _) => format!("HTTP {status}"),
            (Self::NotSent, _) => "no connection".into(),
            (Self::Lost, ErrorKind::Timeout) => "no answer in time".into(),
            (Self::Lost, ErrorKind::InvalidAnswer) => "an answer that cannot be read".into(),
            (Self::Lost, _) => "the connection broke".into(),
        }
    }
}

/// What to do about a [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send again after a pause; it counts as a try.
    Again,
    /// The rate limit is used up: send again after a wait, which is no try.
    Wait,
    /// Sending again cannot help, or is not safe.
    Stop,
}

/// Decides by the API's `type` first, then by the status.
pub(crate) fn verdict(failure: Failure<'_>, class: RetryClass) -> Verdict {
    let repeatable = class == RetryClass::Repeatable;
    match failure {
        Failure::NotSent => Verdict::Again,
        Failure::Lost if repeatable => Verdict::Again,
        Failure::Lost => Verdict::Stop,
        Failure::Answered { status, api_type } => match api_type {
            // Refused before any work: safe for every call.
            Some("RATE_LIMIT_EXCEEDED") => Verdict::Wait,
            Some("RULES_OUTDATED") => Verdict::Again,
            Some(
                "UNAUTHORIZED"
                | "SESSION_NOT_PROVIDED"
                | "SESSION_EXPIRED"
                | "FORBIDDEN"
                | "BAD_REQUEST"
                | "RESOURCE_NOT_FOUND"
                | "ROUTE_NOT_FOUND",
            ) => Verdict::Stop,
            _ => match status {
                429 => Verdict::Wait,
                408 | 500.. if repeatable => Verdict::Again,
                _ => Verdict::Stop,
            },
        },
    }
}

/// How long a request is tried, counted by the caller's patience: pure, one for each request.
#[derive(Debug)]
pub(crate) struct Patience {
    sits_out_rate_limits: bool,
    failures: u32,
    refusals: u32,
    waited: Duration,
}

impl Patience {
    /// Patience for [`CALL_TRIES`] tries. Refusals by rate limit count as tries unless they are to be sat out.
    pub(crate) fn new(sits_out_rate_limits: bool) -> Self {
        Self { sits_out_rate_limits, failures: 0, refusals: 0, waited: Duration::ZERO }
    }

    /// Tries that failed so far.
    pub(crate) fn tries(&self) -> u32 {
        self.failures
    }

    /// The pause before the next try, or `None` if there is to be none. `silent`: the try waited in vain for the
    /// whole answer time, so it counts more.
    pub(crate) fn pause(
        &mut self,
        verdict: Verdict,
        hint: WaitHint,
        silent: bool,
        chance: f64,
    ) -> Option<Duration> {
        let pause = match verdict {
            Verdict::Stop => return None,
            Verdict::Wait if hint.retry_after.is_some() || self.sits_out_rate_limits => {
                let pause = wait(self.refusals, hint, chance);
                self.refusals = self.refusals.saturating_add(1);
                pause
            }
            Verdict::Wait | Verdict::Again => {
                let pause = pause(self.failures, hint, chance);
                self.failures = self.failures.saturating_add(if silent { SILENCE } else { 1 });
                if self.failures >= CALL_TRIES {
                    return None;
                }
                pause
            }
        };
        self.waited = self.waited.saturating_add(pause);
        (self.waited <= LONGEST_WAIT).then_some(pause)
    }
}

/// As many tries as a try counts that got no answer within the answer time, which is minutes.
const SILENCE: u32 = 3;

/// The pause before a further try: full jitter under a doubling bound, but never less than the service asked for.
///
/// `step` counts the tries since the last progress, from 0; `chance` is in `0.0..1.0`.
pub(crate) fn pause(step: u32, hint: WaitHint, chance: f64) -> Duration {
    let jittered = bound(step).mul_f64(chance.clamp(0.0, 1.0));
    hint.retry_after.map_or(jittered, |asked| asked.max(jittered.min(FIRST_PAUSE)))
}

/// The wait after a refusal by rate limit, at least as long as the service asked for.
///
/// Without `Retry-After` it is at least half its bound, so that a refused client does not hammer, and ends when the
/// bucket is full again. `step` counts the refusals since the last progress, from 0.
pub(crate) fn wait(step: u32, hint: WaitHint, chance: f64) -> Duration {
    if hint.retry_after.is_some() {
        // A service that goes on asking for nothing, or for too little, is left alone longer and longer.
        let patient = step.saturating_sub(FRUITLESS_WAITS);
        let grown = if patient == 0 { Duration::ZERO } else { half_jitter(patient, chance) };
        return pause(0, hint, chance).max(grown);
    }
    let grown = half_jitter(step, chance);
    hint.reset.map_or(grown, |reset| grown.min(reset.max(FIRST_PAUSE)))
}

/// Waits of the length that the service itself asked for before they begin to grow.
const FRUITLESS_WAITS: u32 = 4;

fn half_jitter(step: u32, chance: f64) -> Duration {
    bound(step).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

fn bound(step: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(step.min(16))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONCE: RetryClass = RetryClass::Once;
    const REPEATABLE: RetryClass = RetryClass::Repeatable;

    fn answered(status: u16, api_type: Option<&str>) -> Failure<'_> {
        Failure::Answered { status, api_type }
    }

    #[test]
    fn the_table() {
        use Verdict::{Again, Stop, Wait};
        for (failure, repeatable, once) in [
            (Failure::NotSent, Again, Again),
            (Failure::Lost, Again, Stop),
            (answered(400, None), Stop, Stop),
            (answered(401, None), Stop, Stop),
            (answered(401, Some("RULES_OUTDATED")), Again, Again),
            (answered(401, Some("SESSION_EXPIRED")), Stop, Stop),
            (answered(500, Some("SESSION_EXPIRED")), Stop, Stop),
            (answered(403, Some("RATE_LIMIT_EXCEEDED")), Wait, Wait),
            (answered(408, None), Again, Stop),
            (answered(413, None), Stop, Stop),
            (answered(429, None), Wait, Wait),
            (answered(500, None), Again, Stop),
            (answered(502, Some("NEW_NAME")), Again, Stop),
            (answered(302, None), Stop, Stop),
            (answered(999, None), Again, Stop),
            (answered(200, Some("RATE_LIMIT_EXCEEDED")), Wait, Wait),
            (answered(200, None), Stop, Stop),
        ] {
            assert_eq!(verdict(failure, REPEATABLE), repeatable, "{failure:?}");
            assert_eq!(verdict(failure, ONCE), once, "{failure:?}");
        }
    }

    #[test]
    fn patience_ends() {
        let tries = |silent: bool, verdict, hint, sits_out: bool| {
            let mut patience = Patience::new(sits_out);
            (1_u32..100_000).find(|_| patience.pause(verdict, hint, silent, 0.5).is_none())
        };
        let none = WaitHint::default();
        let soon = WaitHint { retry_after: Some(Duration::ZERO), reset: None };
        let late = WaitHint { retry_after: Some(Duration::from_secs(3600)), reset: None };
        assert_eq!(tries(false, Verdict::Stop, none, true), Some(1));
        assert_eq!(tries(false, Verdict::Again, none, true), Some(CALL_TRIES));
        assert_eq!(tries(true, Verdict::Again, none, true), Some(2));
        assert_eq!(tries(false, Verdict::Wait, none, false), Some(CALL_TRIES));
        assert_eq!(tries(false, Verdict::Wait, late, true), Some(1));
        assert_eq!(tries(false, Verdict::Again, late, true), Some(1));
        assert!(
            tries(false, Verdict::Wait, soon, false).unwrap() < 200,
            "half an hour, however short the waits"
        );
        assert!(tries(false, Verdict::Wait, none, true).unwrap() < 200);
    }

    proptest! {
        #[test]
        fn pauses_keep_to_their_bounds(step in 0_u32..100, chance in 0.0..1.0_f64, asked in proptest::option::of(0_u64..10_000)) {
            let hint = WaitHint { retry_after: asked.map(Duration::from_secs), reset: None };
            for pause in [pause(step, hint, chance), wait(step, hint, chance)] {
                let asked = hint.retry_after.unwrap_or_default();
                prop_assert!(pause >= asked && pause <= asked.max(LONGEST_PAUSE));
            }
            if let Some(asked) = hint.retry_after {
                prop_assert!(wait(0, hint, chance) <= asked.max(FIRST_PAUSE));
            }
        }

        #[test]
        fn a_wait_ends_when_the_bucket_is_full(step in 0_u32..100, chance in 0.0..1.0_f64, reset in 0_u64..100) {
            let hint = WaitHint { retry_after: None, reset: Some(Duration::from_secs(reset)) };
            let wait = wait(step, hint, chance);
            prop_assert!(wait <= Duration::from_secs(reset).max(FIRST_PAUSE));
            prop_assert!(wait >= FIRST_PAUSE / 2);
        }
    }
}
