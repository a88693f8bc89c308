//! Moments of the rate limiter, and the two clocks that tell them.
//!
//! A limiter of one process counts from its own beginning. One that is shared between processes needs a clock that they
//! have in common, which is the wall clock: it may jump, and whoever reads a moment out of a file must expect that.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Microseconds since the epoch of the limiter's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn after_epoch(time: Duration) -> Self {
        Self(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    }

    /// The time from `earlier` to here; zero if that is not earlier.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// [`since`](Self::since), in seconds.
    pub(super) fn seconds_since(self, earlier: Self) -> f64 {
        self.since(earlier).as_secs_f64()
    }

    pub(super) fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(Self::after_epoch(time).0))
    }

    pub(super) fn minus(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(Self::after_epoch(time).0))
    }
}

/// What tells the time to a limiter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clock {
    /// The time since a start, on a clock that never jumps; the start lies so long after the epoch.
    Since { start: Instant, epoch: Duration },
    /// The wall clock, since 1970.
    Wall,
}

impl Clock {
    /// A clock that begins now.
    pub(super) fn starting_now() -> Self {
        Self::Since { start: Instant::now(), epoch: Duration::ZERO }
    }

    pub(super) fn now(self) -> Moment {
        match self {
            Self::Since { start, epoch } => Moment::after_epoch(epoch.saturating_add(start.elapsed())),
            Self::Wall => {
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                Moment::after_epoch(since.unwrap_or_default())
            }
        }
    }
}
