//! How often the service is asked for something that takes its time: pure, one rule for media, copies and sign-ins.
//!
//! Asking itself, and sleeping, is the business of who polls.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// So many requests of the budget are left to others: while fewer are left, the pause is as long as they take to come back.
pub(crate) const LEFT_TO_OTHERS: u64 = 10;

/// No pause for the sake of the budget is longer.
const LONGEST_FOR_BUDGET: Duration = Duration::from_secs(60);

/// So many looks in a row may fail, each after the tries of its calls, before the wait is given up.
const MOST_FAILED: u32 = 5;

/// The pauses between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The first pause, and the one after a look that found something new.
    pub(crate) shortest: Duration,
    /// Pauses double up to this.
    pub(crate) longest: Duration,
}

impl Pace {
    /// The pause after so many looks in a row that found nothing new, when the budget has requests to spare after `room`.
    pub(crate) fn pause(self, quiet: u32, room: Duration) -> Duration {
        let grown = self.shortest.saturating_mul(2_u32.saturating_pow(quiet.min(16)));
        grown.min(self.longest.max(self.shortest)).max(room.min(LONGEST_FOR_BUDGET))
    }
}

/// How many looks in a row failed.
#[derive(Debug, Default)]
pub(crate) struct Failures(u32);

impl Failures {
    /// What a look comes to: a failure that may pass is none, a few times.
    pub(crate) fn forgive<T>(&mut self, look: Result<T, Error>) -> Result<Option<T>, Error> {
        match look {
            Ok(found) => {
                self.0 = 0;
                Ok(Some(found))
            }
            Err(error)
                if error.is_retryable() && error.kind() != ErrorKind::Cancelled && self.0 < MOST_FAILED =>
            {
                self.0 = self.0.saturating_add(1);
                tracing::info!(%error, "a look failed and is made again");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACE: Pace = Pace { shortest: Duration::from_secs(1), longest: Duration::from_secs(30) };

    proptest! {
        #[test]
        fn pauses_grow_within_their_bounds(quiet in 0_u32..100, room in 0_u64..100_000_000) {
            let room = Duration::from_millis(room);
            let pause = PACE.pause(quiet, room);
            prop_assert!(pause >= PACE.shortest && pause <= LONGEST_FOR_BUDGET);
            prop_assert!(pause >= room.min(LONGEST_FOR_BUDGET), "the budget is heeded");
            prop_assert!(PACE.pause(quiet + 1, room) >= pause);
            if room.is_zero() {
                prop_assert!(pause <= PACE.longest);
            }
        }
    }

    #[test]
    fn pauses_double() {
        let pauses: Vec<u64> = (0..7).map(|quiet| PACE.pause(quiet, Duration::ZERO).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn what_may_pass_is_forgiven_a_few_times_in_a_row() {
        let failed = |kind| Err::<(), _>(Error::new(kind, "x"));
        let mut failures = Failures::default();
        for _ in 0..3 {
            for _ in 0..MOST_FAILED {
                assert!(failures.forgive(failed(ErrorKind::Server)).unwrap().is_none());
            }
            assert!(failures.forgive(Ok(())).unwrap().is_some());
        }
        assert!(failures.forgive(failed(ErrorKind::Forbidden)).is_err());
        for _ in 0..MOST_FAILED {
            assert!(failures.forgive(failed(ErrorKind::Network)).is_ok());
        }
        assert!(failures.forgive(failed(ErrorKind::Network)).is_err());
    }
}
