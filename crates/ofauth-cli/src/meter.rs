//! How fast bytes move: the mean of the last seconds, which lives through short pauses and forgets long ones.
//!
//! Pure: the time is passed in.

use std::collections::VecDeque;
use std::time::Duration;

/// The mean covers this much of the past.
const WINDOW: Duration = Duration::from_secs(15);

/// Samples are at least this far apart, so that they are few.
const APART: Duration = Duration::from_millis(250);

/// Bytes a second over the last seconds.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// When, and how many bytes there were in all.
    samples: VecDeque<(Duration, u64)>,
}

impl Meter {
    /// Notes that `bytes` have moved in all by `now`, which never goes back.
    pub(crate) fn add(&mut self, now: Duration, bytes: u64) {
        if self.samples.back().is_some_and(|(last, _)| now.saturating_sub(*last) < APART) {
            return;
        }
        self.samples.push_back((now, bytes));
        // One sample from before the window stays: the mean begins there.
        while self.samples.get(1).is_some_and(|(second, _)| now.saturating_sub(*second) > WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Bytes a second up to `now`, where `bytes` have moved in all; 0 while nobody can tell.
    pub(crate) fn rate(&self, now: Duration, bytes: u64) -> u64 {
        let Some((begin, before)) = self.samples.front() else { return 0 };
        let millis = now.saturating_sub(*begin).as_millis();
        let moved = u128::from(bytes.saturating_sub(*before));
        let rate = (moved * 1000).checked_div(millis).unwrap_or(0);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// The time that `bytes` take at `rate`, if anything moves.
pub(crate) fn time_left(bytes: u64, rate: u64) -> Option<Duration> {
    bytes.checked_div(rate).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_steady_flow_has_its_rate_and_a_pause_lowers_it() {
        let mut meter = Meter::default();
        for tick in 0..400 {
            meter.add(at(tick * 100), tick * 1000);
        }
        assert_eq!(meter.rate(at(40_000), 400_000), 10_000);
        assert!(meter.samples.len() <= 62, "{}", meter.samples.len());
        let paused = meter.rate(at(50_000), 400_000);
        assert!((5_000..8_000).contains(&paused), "{paused}");
    }

    #[test]
    fn what_lies_behind_the_window_is_forgotten() {
        let mut meter = Meter::default();
        meter.add(at(0), 0);
        meter.add(at(1_000), 1_000_000);
        for second in 2..40 {
            meter.add(at(second * 1000), 1_000_000);
        }
        assert_eq!(meter.rate(at(40_000), 1_000_000), 0);
    }

    #[test]
    fn nothing_is_told_before_something_is_known() {
        let mut meter = Meter::default();
        assert_eq!(meter.rate(at(5), 10), 0);
        meter.add(at(5), 10);
        assert_eq!(meter.rate(at(5), 20), 0);
        assert_eq!(time_left(100, 0), None);
        assert_eq!(time_left(100, 50), Some(Duration::from_secs(2)));
    }
}
