//! How fast an upload goes and when it will be done: pure, with the time passed in.
//!
//! The rate is that of this run, so bytes of an earlier one do not look like speed. The end is the later one of two: the
//! bytes at that rate, and the requests under the service's budget.

use std::time::Duration;

use tokio::time::Instant;

/// The time in which an older rate loses most of its weight: long enough to even out the pauses between parts, short
/// enough to follow a change of network.
const MEMORY: Duration = Duration::from_secs(10);
/// No rate is told before so long: what the kernel's buffers swallow at first is no rate.
const FIRST_RATE: Duration = Duration::from_secs(1);
/// How long a forecast must say that the session is too short before it is believed.
const DOUBTS: Duration = Duration::from_secs(5);

/// Measures the rate of one run.
#[derive(Debug)]
pub(crate) struct Meter {
    began: Instant,
    last: (Instant, u64),
    /// Bytes per second, weighted by time, and the weight it has so far.
    rate: f64,
    weight: f64,
    late_since: Option<Instant>,
}

/// What a [`Meter`] makes of the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Forecast {
    /// Bytes per second; 0 if not known yet.
    pub(crate) rate: u64,
    /// How long the rest takes.
    pub(crate) eta: Option<Duration>,
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
}

impl Meter {
    /// Begins to measure at a count of bytes.
    pub(crate) fn new(now: Instant, bytes: u64) -> Self {
        Self { began: now, last: (now, bytes), rate: 0.0, weight: 0.0, late_since: None }
    }

    /// Takes in that `bytes` were handed over until now. A count that fell, in a new session, begins anew.
    pub(crate) fn update(&mut self, now: Instant, bytes: u64) {
        let (then, before) = self.last;
        let elapsed = now.saturating_duration_since(then).as_secs_f64();
        if elapsed <= 0.0 {
            return;
        }
        self.last = (now, bytes);
        let Some(moved) = bytes.checked_sub(before) else { return };
        let keep = (-elapsed / MEMORY.as_secs_f64()).exp();
        self.rate = self.rate * keep + (moved as f64 / elapsed) * (1.0 - keep);
        self.weight = self.weight * keep + (1.0 - keep);
    }

    /// The rate and the end as they look now.
    pub(crate) fn forecast(&mut self, now: Instant, rest: Rest) -> Forecast {
        let known = now.saturating_duration_since(self.began) >= FIRST_RATE && self.weight > 0.0;
        // Float to integer conversions saturate.
        let rate = if known { (self.rate / self.weight) as u64 } else { 0 };
        let by_bytes = match (rate, rest.bytes) {
            (_, 0) => Some(Duration::ZERO),
            (0, _) => None,
            (rate, bytes) => Some(Duration::from_secs_f64((bytes as f64 / rate as f64).min(1e9))),
        };
        // A budget alone is a lower bound, and worth telling when it is all that is known.
        let eta = by_bytes.map(|by_bytes| by_bytes.max(rest.requests));
        let needs = eta.unwrap_or(rest.requests);
        let too_long = rest.session_left.is_some_and(|left| needs > left);
        let since = too_long.then(|| self.late_since.unwrap_or(now));
        self.late_since = since;
        let late = since.is_some_and(|since| now.saturating_duration_since(since) >= DOUBTS);
        Forecast { rate, eta, late }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rest(bytes: u64) -> Rest {
        Rest { bytes, requests: Duration::ZERO, session_left: None }
    }

    #[test]
    fn a_steady_rate_is_found_whatever_was_sent_before() {
        let start = Instant::now();
        let mut meter = Meter::new(start, 1_000_000);
        assert_eq!(meter.forecast(start, rest(10)), Forecast::default(), "nothing is known yet");
        for second in 1..=30 {
            meter.update(start + SECOND * second, 1_000_000 + u64::from(second) * 500);
        }
        let forecast = meter.forecast(start + SECOND * 30, rest(5000));
        assert!((499..=501).contains(&forecast.rate), "{forecast:?}");
        assert!((9..=11).contains(&forecast.eta.unwrap().as_secs()), "{forecast:?}");
    }

    #[test]
    fn the_budget_may_be_what_takes_longest() {
        let start = Instant::now();
        let mut meter = Meter::new(start, 0);
        meter.update(start + SECOND, 1000);
        let slow = Rest { requests: SECOND * 600, ..rest(1000) };
        assert_eq!(meter.forecast(start + SECOND, slow).eta, Some(SECOND * 600));
    }

    #[test]
    fn a_session_that_is_too_short_is_told_once_it_is_sure() {
        let start = Instant::now();
        let mut meter = Meter::new(start, 0);
        let short = |seconds| Rest { session_left: Some(SECOND * seconds), ..rest(100_000) };
        for second in 1..=10_u32 {
            let now = start + SECOND * second;
            meter.update(now, u64::from(second) * 1000);
            let forecast = meter.forecast(now, short(50));
            assert_eq!(forecast.late, second > 5, "after {second} s: {forecast:?}");
        }
        assert!(!meter.forecast(start + SECOND * 11, short(500)).late, "the doubt is gone at once");
    }

    proptest! {
        #[test]
        fn no_history_makes_nonsense(steps in prop::collection::vec((0_u64..100_000, any::<u32>()), 0..50), left in any::<u64>(), session in prop::option::of(0_u64..1_000_000)) {
            let start = Instant::now();
            let mut now = start;
            let mut meter = Meter::new(start, 0);
            for (millis, bytes) in steps {
                now += Duration::from_millis(millis);
                meter.update(now, u64::from(bytes));
                let rest = Rest { session_left: session.map(Duration::from_secs), ..rest(left) };
                let forecast = meter.forecast(now, rest);
                prop_assert!(forecast.eta.is_some() || forecast.rate == 0);
                prop_assert!(forecast.rate <= u64::from(u32::MAX) * 1000);
            }
        }
    }
}
