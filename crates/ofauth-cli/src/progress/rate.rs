//! How fast bytes move: the mean of the last seconds, which lives through short pauses and forgets long ones.
//!
//! Pure: the time is passed in.

use std::collections::VecDeque;
use std::time::Duration;

/// The mean covers this much of the past.
const WINDOW: Duration = Duration::from_secs(15);

/// Samples are at least this far apart, so that they are few.
const APART: Duration = Duration::from_millis(250);

/// Once nothing moved for so long, it is said, and the rate says nothing about the end.
pub(super) const STANDSTILL: Duration = Duration::from_secs(5);

/// An end is told if it is at most so many times as far away as the bytes were watched: nothing rather than nonsense. The
/// library holds its own estimates to the same.
const FORESIGHT: u32 = 100;

/// Bytes a second over the last seconds.
#[derive(Debug, Default)]
pub(crate) struct RecentRate {
    /// When the first sample came.
    began: Option<Duration>,
    /// How many bytes there were in all when they last moved, and when that was.
    moved: (u64, Duration),
    /// When, and how many bytes there were in all.
    samples: VecDeque<(Duration, u64)>,
}

impl RecentRate {
    /// Notes that `bytes` have moved in all by `now`, which never goes back.
    pub(crate) fn add(&mut self, now: Duration, bytes: u64) {
        self.began.get_or_insert(now);
        if bytes != self.moved.0 {
            self.moved = (bytes, now);
        }
        if self.samples.back().is_some_and(|(last, _)| now.saturating_sub(*last) < APART) {
            return;
        }
        self.samples.push_back((now, bytes));
        // One sample from before the window stays: the mean begins there.
        while self.samples.get(1).is_some_and(|(second, _)| now.saturating_sub(*second) > WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Bytes a second up to `now`; nothing while nobody can tell.
    pub(crate) fn rate(&self, now: Duration) -> Option<u64> {
        let (begin, before) = self.samples.front()?;
        per_second(self.moved.0.saturating_sub(*before), now.saturating_sub(*begin))
    }

    /// How long nothing has moved.
    pub(crate) fn still(&self, now: Duration) -> Duration {
        now.saturating_sub(self.moved.1)
    }

    /// How long the other `bytes` take, if that can be told.
    pub(crate) fn left(&self, now: Duration, bytes: u64) -> Option<Duration> {
        let watched = now.saturating_sub(self.began?);
        let left = Duration::from_secs(bytes.checked_div(self.rate(now)?)?);
        (bytes > 0 && self.still(now) < STANDSTILL && left <= watched.saturating_mul(FORESIGHT))
            .then_some(left)
    }
}

/// Bytes a second over all of a run that is over; nothing if none were sent.
pub(crate) fn average(bytes: u64, took: Duration) -> Option<u64> {
    // A run of less than that is told as one of that.
    per_second(bytes, took.max(Duration::from_millis(1)))
}

fn per_second(bytes: u64, time: Duration) -> Option<u64> {
    let rate = (u128::from(bytes) * 1000).checked_div(time.as_millis())?;
    u64::try_from(rate).ok().filter(|rate| *rate > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_steady_flow_has_its_rate_and_a_pause_lowers_it() {
        let mut recent_rate = RecentRate::default();
        for tick in 0..400 {
            recent_rate.add(at(tick * 100), tick * 1000);
        }
        assert!((9_900..=10_000).contains(&recent_rate.rate(at(40_000)).unwrap()));
        assert!(recent_rate.samples.len() <= 62, "{}", recent_rate.samples.len());
        let paused = recent_rate.rate(at(50_000)).unwrap();
        assert!((5_000..8_000).contains(&paused), "{paused}");
    }

    #[test]
    fn what_lies_behind_the_window_is_forgotten() {
        let mut recent_rate = RecentRate::default();
        recent_rate.add(at(0), 0);
        recent_rate.add(at(1_000), 1_000_000);
        for second in 2..40 {
            recent_rate.add(at(second * 1000), 1_000_000);
        }
        assert_eq!(recent_rate.rate(at(40_000)), None);
    }

    #[test]
    fn nothing_is_told_before_something_is_known() {
        let mut recent_rate = RecentRate::default();
        assert_eq!((recent_rate.rate(at(5)), recent_rate.left(at(5), 10)), (None, None));
        recent_rate.add(at(5), 10);
        assert_eq!((recent_rate.rate(at(5)), recent_rate.left(at(5), 10)), (None, None));
    }

    #[test]
    fn an_end_is_told_if_it_can_be_believed() {
        let mut recent_rate = RecentRate::default();
        recent_rate.add(at(0), 0);
        for tick in 1..=20 {
            recent_rate.add(at(tick * 500), tick * 500);
        }
        // 1000 bytes a second, watched for 10 s.
        assert_eq!(recent_rate.left(at(10_000), 60_000), Some(Duration::from_secs(60)));
        assert_eq!(recent_rate.left(at(10_000), 1_000_000), Some(Duration::from_secs(1000)));
        assert_eq!(recent_rate.left(at(10_000), 1_001_000), None, "too far away");
        assert!(recent_rate.left(at(14_900), 1000).is_some());
        assert_eq!(recent_rate.left(at(15_000), 1000), None, "nothing moves");
    }

    #[test]
    fn an_average_is_over_all_of_the_run_and_never_0() {
        assert_eq!(average(10_000, at(4_000)), Some(2_500));
        assert_eq!(average(700_000, Duration::ZERO), Some(700_000_000));
        assert_eq!(average(0, at(4_000)), None);
        assert_eq!(average(u64::MAX, at(1)), None);
    }
}
