//! How fast an upload goes and when it will be done: pure, with the time passed in.
//!
//! The rate is that of this run, so bytes of an earlier one do not look like speed, and of what stays: bytes of a try that
//! failed are taken back. The end is the later one of two: the bytes at that rate, and the requests under the service's
//! budget. Nothing is told rather than nonsense: no end while nothing moves, and none much further away than the
//! rate was watched.

use std::time::Duration;

use tokio::time::Instant;

/// The time in which an older rate loses most of its weight: long enough to even out the pauses between parts, short
/// enough to follow a change of network.
const MEMORY: Duration = Duration::from_secs(10);
/// No rate is told before so long: what the kernel's buffers swallow at first is no rate.
const FIRST_RATE: Duration = Duration::from_secs(1);
/// Once nothing moved for so long, the rate says nothing about the end.
const STANDSTILL: Duration = Duration::from_secs(5);
/// An end is told if it is at most so many times as far away as the rate was watched. A first part that crawls through a
/// rate limit does not make an hour of every minute.
const FORESIGHT: u32 = 100;
/// How long a forecast must say that the session is too short before it is believed.
const DOUBTS: Duration = Duration::from_secs(5);

/// Measures the rate of one run.
#[derive(Debug)]
pub(crate) struct RateEstimator {
    began: Instant,
    last: (Instant, u64),
    /// When the count last rose.
    moved: Instant,
    /// Bytes per second, weighted by time, and the weight it has so far.
    rate: f64,
    weight: f64,
    late_since: Option<Instant>,
}

/// What a [`RateEstimator`] makes of the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Forecast {
    /// Bytes per second; 0 if not known yet.
    pub(crate) rate: u64,
    /// How long the rest takes, if that can be told.
    pub(crate) eta: Option<Duration>,
    /// How long it takes by all that is known, be it little.
    pub(crate) needs: Duration,
    /// Whether the session will end before that, told for some time.
    pub(crate) late: bool,
}

/// What is left to do, and in what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    pub(crate) bytes: u64,
    /// How long the remaining requests take under the service's budget.
    pub(crate) requests: Duration,
    pub(crate) session_left: Option<Duration>,
    /// Whether nothing new is sent because of the rate limit.
    pub(crate) waiting: bool,
}

impl RateEstimator {
    /// Begins to measure at a count of bytes.
    pub(crate) fn new(now: Instant, bytes: u64) -> Self {
        Self { began: now, last: (now, bytes), moved: now, rate: 0.0, weight: 0.0, late_since: None }
    }

    /// Takes in that `bytes` were handed over until now. A count that fell takes back what a failed try had.
    pub(crate) fn update(&mut self, now: Instant, bytes: u64) {
        let (then, before) = self.last;
        let elapsed = now.saturating_duration_since(then).as_secs_f64();
        if elapsed <= 0.0 {
            return;
        }
        self.last = (now, bytes);
        if bytes > before {
            self.moved = now;
        }
        let moved = bytes as f64 - before as f64;
        let keep = (-elapsed / MEMORY.as_secs_f64()).exp();
        self.rate = self.rate * keep + (moved / elapsed) * (1.0 - keep);
        self.weight = self.weight * keep + (1.0 - keep);
    }

    /// The rate and the end as they look now.
    pub(crate) fn forecast(&mut self, now: Instant, rest: Rest) -> Forecast {
        let watched = now.saturating_duration_since(self.began);
        let known = watched >= FIRST_RATE && self.weight > 0.0;
        // Float to integer conversions saturate, and a negative rate is none.
        let rate = if known { (self.rate / self.weight) as u64 } else { 0 };
        let by_bytes = match (rate, rest.bytes) {
            (_, 0) => Some(Duration::ZERO),
            (0, _) => None,
            (rate, bytes) => Some(Duration::from_secs_f64((bytes as f64 / rate as f64).min(1e9))),
        };
        let needs = by_bytes.unwrap_or_default().max(rest.requests);
        let moves = now.saturating_duration_since(self.moved) < STANDSTILL;
        let believed = by_bytes.filter(|end| moves && *end <= watched.saturating_mul(FORESIGHT));
        // A budget alone is a lower bound, and worth telling while it is what is waited for.
        let by_budget = (rest.waiting && rest.requests > Duration::ZERO).then_some(rest.requests);
        let eta = believed.map(|by_bytes| by_bytes.max(rest.requests)).or(by_budget);
        let too_long = rest.session_left.is_some_and(|left| needs > left);
        self.late_since = too_long.then(|| self.late_since.unwrap_or(now));
        let late = self.late_since.is_some_and(|since| now.saturating_duration_since(since) >= DOUBTS);
        Forecast { rate, eta, needs, late }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rest(bytes: u64) -> Rest {
        Rest { bytes, requests: Duration::ZERO, session_left: None, waiting: false }
    }

    #[test]
    fn a_steady_rate_is_found_whatever_was_sent_before() {
        let start = Instant::now();
        let mut estimator = RateEstimator::new(start, 1_000_000);
        assert_eq!(estimator.forecast(start, rest(10)), Forecast::default(), "nothing is known yet");
        for second in 1..=30 {
            estimator.update(start + SECOND * second, 1_000_000 + u64::from(second) * 500);
        }
        let forecast = estimator.forecast(start + SECOND * 30, rest(5000));
        assert!((499..=501).contains(&forecast.rate), "{forecast:?}");
        assert!((9..=11).contains(&forecast.eta.unwrap().as_secs()), "{forecast:?}");
    }

    #[test]
    fn the_budget_may_be_what_takes_longest() {
        let start = Instant::now();
        let mut estimator = RateEstimator::new(start, 0);
        estimator.update(start + SECOND, 1000);
        let slow = Rest { requests: SECOND * 600, ..rest(1000) };
        assert_eq!(estimator.forecast(start + SECOND, slow).eta, Some(SECOND * 600));
    }

    #[test]
    fn a_try_that_is_refused_again_and_again_is_no_rate_and_gives_no_end() {
        let start = Instant::now();
        let mut estimator = RateEstimator::new(start, 0);
        // 4 KiB go out, are refused, and 3 s later again; nothing is known of the budget.
        for round in 0..40_u32 {
            let now = start + SECOND * 3 * round;
            for (millis, bytes) in [(100, 4096), (200, 0), (2900, 0)] {
                let now = now + Duration::from_millis(millis);
                estimator.update(now, bytes);
                let waiting = Rest { waiting: bytes == 0, ..rest(60_000_000) };
                assert_eq!(estimator.forecast(now, waiting).eta, None, "round {round}");
            }
        }
        let limited = Rest { requests: SECOND * 58, waiting: true, ..rest(60_000_000) };
        assert_eq!(estimator.forecast(start + SECOND * 120, limited).eta, Some(SECOND * 58));
    }

    #[test]
    fn a_standstill_has_no_end_and_a_new_flow_has_one() {
        let start = Instant::now();
        let mut estimator = RateEstimator::new(start, 0);
        let mut eta = |second: u32, bytes| {
            let now = start + SECOND * second;
            estimator.update(now, bytes);
            estimator.forecast(now, rest(10_000)).eta
        };
        for second in 1..=20_u32 {
            eta(second, u64::from(second) * 1000);
        }
        assert!(eta(22, 20_000).is_some_and(|eta| eta < SECOND * 20));
        assert_eq!(eta(26, 20_000), None);
        assert!(eta(27, 21_000).is_some());
    }

    #[test]
    fn a_session_that_is_too_short_is_told_once_it_is_sure() {
        let start = Instant::now();
        let mut estimator = RateEstimator::new(start, 0);
        let short = |seconds| Rest { session_left: Some(SECOND * seconds), ..rest(100_000) };
        for second in 1..=10_u32 {
            let now = start + SECOND * second;
            estimator.update(now, u64::from(second) * 1000);
            let forecast = estimator.forecast(now, short(50));
            assert_eq!(forecast.late, second > 5, "after {second} s: {forecast:?}");
        }
        assert!(!estimator.forecast(start + SECOND * 11, short(500)).late, "the doubt is gone at once");
    }

    proptest! {
        #[test]
        fn no_history_makes_nonsense(steps in prop::collection::vec((0_u64..100_000, any::<u32>()), 0..50), left in any::<u64>(), session in prop::option::of(0_u64..1_000_000), requests in 0_u64..10_000, waiting: bool) {
            let start = Instant::now();
            let mut now = start;
            let mut estimator = RateEstimator::new(start, 0);
            for (millis, bytes) in steps {
                now += Duration::from_millis(millis);
                estimator.update(now, u64::from(bytes));
                let requests = Duration::from_secs(requests);
                let rest = Rest { session_left: session.map(Duration::from_secs), requests, waiting, ..rest(left) };
                let forecast = estimator.forecast(now, rest);
                if let Some(eta) = forecast.eta {
                    prop_assert!(eta <= ((now - start) * FORESIGHT).max(requests) && eta >= requests);
                    prop_assert!(eta <= forecast.needs);
                }
                prop_assert!(forecast.rate <= u64::from(u32::MAX) * 1000);
            }
        }
    }
}
