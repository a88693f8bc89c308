//! Whether and when a request is sent again: pure decisions, with time and chance passed in.
//!
//! Used by calls and by uploads alike. Nothing here sleeps or sends. How long nothing is sent after a refusal by rate limit is
//! [`crate::rate_limiter`]'s matter.

use std::time::Duration;

use ofauth_operations::operation::RetryClass;

use super::outcome::{Failure, Outcome};
use super::rate_limit_headers::RateLimitHeaders;
use crate::error::ErrorKind;
use crate::limits::LONGEST_WAIT;

/// The first pause, doubled at each further try.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Tries of one upload part and of every step of an upload.
pub(crate) const UPLOAD_TRIES: u32 = 8;
/// Tries of a call that nothing was sent for yet, whose caller waits: about four seconds of pauses on average.
pub(crate) const CALL_TRIES: u32 = 5;

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
pub(crate) fn verdict(failure: &Failure, class: RetryClass) -> Verdict {
    let repeatable = class == RetryClass::Repeatable;
    match failure.outcome {
        _ if failure.permanent => Verdict::Stop,
        Outcome::NotSent => Verdict::Again,
        Outcome::Lost if repeatable => Verdict::Again,
        Outcome::Lost => Verdict::Stop,
        Outcome::Refused { status } => match failure.error.api_type() {
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

/// Whether the service refused because the rate limit is used up.
pub(crate) fn is_rate_limited(failure: &Failure) -> bool {
    verdict(failure, RetryClass::Once) == Verdict::Wait
}

/// How often a call is tried: pure, one for each call.
#[derive(Debug)]
pub(crate) struct Tries {
    sits_out_rate_limits: bool,
    failures: u32,
    waited: Duration,
}

impl Tries {
    /// [`CALL_TRIES`] tries. Refusals by rate limit count as tries unless they are to be sat out.
    pub(crate) fn new(sits_out_rate_limits: bool) -> Self {
        Self { sits_out_rate_limits, failures: 0, waited: Duration::ZERO }
    }

    /// Tries that failed so far.
    pub(crate) fn failed(&self) -> u32 {
        self.failures
    }

    /// The pause before the next try, or `None` if there is to be none. After a refusal by rate limit there is no pause
    /// here: the rate limiter waits.
    pub(crate) fn pause(&mut self, failure: &Failure, class: RetryClass, chance: f64) -> Option<Duration> {
        let headers = failure.rate_limit;
        let verdict = verdict(failure, class);
        match verdict {
            Verdict::Stop => return None,
            Verdict::Wait if headers.retry_after.is_some() || self.sits_out_rate_limits => {
                return Some(Duration::ZERO);
            }
            Verdict::Wait | Verdict::Again => {}
        }
        let pause = pause(self.failures, headers, chance);
        let silent = failure.outcome == Outcome::Lost && failure.error.kind() == ErrorKind::Timeout;
        self.failures = self.failures.saturating_add(if silent { SILENCE } else { 1 });
        if self.failures >= CALL_TRIES {
            return None;
        }
        if verdict == Verdict::Wait {
            return Some(Duration::ZERO);
        }
        self.waited = self.waited.saturating_add(pause);
        (self.waited <= LONGEST_WAIT).then_some(pause)
    }
}

/// As many tries as a try counts that got no answer within the answer time, which is minutes.
const SILENCE: u32 = 3;

/// The pause before a further try: full jitter under a doubling bound, but never less than the service asked for.
///
/// `step` counts the tries since the last progress, from 0; `chance` is in `0.0..1.0`.
pub(crate) fn pause(step: u32, headers: RateLimitHeaders, chance: f64) -> Duration {
    let bound = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(step.min(16))).min(LONGEST_PAUSE);
    let jittered = bound.mul_f64(chance.clamp(0.0, 1.0));
    headers.retry_after.map_or(jittered, |asked| asked.max(jittered.min(FIRST_PAUSE)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use proptest::prelude::*;

    const ONCE: RetryClass = RetryClass::Once;
    const REPEATABLE: RetryClass = RetryClass::Repeatable;

    fn refused(status: u16, api_type: Option<&str>) -> Failure {
        refused_for(status, api_type, RateLimitHeaders::default())
    }

    fn refused_for(status: u16, api_type: Option<&str>, headers: RateLimitHeaders) -> Failure {
        let error = Error::new(ErrorKind::Rejected, "no").with_answer(
            status,
            api_type.map(str::to_owned),
            None,
            None,
        );
        Failure::refused(status, error, headers, true)
    }

    fn not_sent() -> Failure {
        Failure::not_sent(Error::new(ErrorKind::Network, "no connection"))
    }

    fn lost(kind: ErrorKind) -> Failure {
        Failure::lost(Error::new(kind, "lost"), true)
    }

    #[test]
    fn the_table() {
        use Verdict::{Again, Stop, Wait};
        for (failure, repeatable, once) in [
            (not_sent(), Again, Again),
            (not_sent().permanent(), Stop, Stop),
            (lost(ErrorKind::Network), Again, Stop),
            (lost(ErrorKind::Network).permanent(), Stop, Stop),
            (refused(400, None), Stop, Stop),
            (refused(401, None), Stop, Stop),
            (refused(401, Some("RULES_OUTDATED")), Again, Again),
            (refused(401, Some("SESSION_EXPIRED")), Stop, Stop),
            (refused(500, Some("SESSION_EXPIRED")), Stop, Stop),
            (refused(403, Some("RATE_LIMIT_EXCEEDED")), Wait, Wait),
            (refused(408, None), Again, Stop),
            (refused(413, None), Stop, Stop),
            (refused(429, None), Wait, Wait),
            (refused(500, None), Again, Stop),
            (refused(502, Some("NEW_NAME")), Again, Stop),
            (refused(302, None), Stop, Stop),
            (refused(999, None), Again, Stop),
            (refused(200, Some("RATE_LIMIT_EXCEEDED")), Wait, Wait),
            (refused(200, None), Stop, Stop),
        ] {
            assert_eq!(verdict(&failure, REPEATABLE), repeatable, "{failure:?}");
            assert_eq!(verdict(&failure, ONCE), once, "{failure:?}");
            assert_eq!(is_rate_limited(&failure), once == Wait, "{failure:?}");
        }
    }

    #[test]
    fn tries_end() {
        let tries = |failure: &Failure, sits_out: bool| {
            let mut tries = Tries::new(sits_out);
            (1_u32..200).find(|_| tries.pause(failure, REPEATABLE, 0.5).is_none())
        };
        let headers = |seconds| RateLimitHeaders {
            retry_after: Some(Duration::from_secs(seconds)),
            ..RateLimitHeaders::default()
        };
        assert_eq!(tries(&refused(403, None), true), Some(1));
        assert_eq!(tries(&not_sent(), true), Some(CALL_TRIES));
        assert_eq!(tries(&lost(ErrorKind::Timeout), true), Some(2), "silence counts more");
        assert_eq!(tries(&refused(429, None), false), Some(CALL_TRIES));
        assert_eq!(tries(&refused_for(503, None, headers(3600)), true), Some(1));
        assert_eq!(tries(&refused_for(503, None, headers(1000)), true), Some(2), "half an hour in all");
        for (failure, sits_out) in [(refused_for(429, None, headers(1)), false), (refused(429, None), true)] {
            assert_eq!(tries(&failure, sits_out), None, "the rate limiter says when it is enough");
            assert_eq!(Tries::new(sits_out).pause(&failure, ONCE, 0.5), Some(Duration::ZERO));
        }
        let mut counted = Tries::new(true);
        for (failure, failed) in [
            (refused(429, None), 0),
            (not_sent(), 1),
            (lost(ErrorKind::Network), 2),
            (lost(ErrorKind::Timeout), 5),
        ] {
            counted.pause(&failure, REPEATABLE, 0.5);
            assert_eq!(counted.failed(), failed, "after {failure:?}");
        }
    }

    proptest! {
        #[test]
        fn pauses_keep_to_their_bounds(step in 0_u32..100, chance in 0.0..1.0_f64, asked in proptest::option::of(0_u64..10_000)) {
            let asked = asked.map(Duration::from_secs);
            let headers = RateLimitHeaders { retry_after: asked, ..RateLimitHeaders::default() };
            let pause = pause(step, headers, chance);
            prop_assert!(pause >= asked.unwrap_or_default() && pause <= asked.unwrap_or_default().max(LONGEST_PAUSE));
        }
    }
}
