//! Notices that the machine slept or the process stood still.
//!
//! After that, what a connection looks like says nothing: the other end has given it up, and every timer fires at once.
//! The decision is pure; what time it is, the caller says.

use std::time::Duration;

use tokio::time::Instant;

/// A running engine looks at the clock at least once a second. This much later is no delay of a busy machine.
const STOOD_STILL: Duration = Duration::from_secs(10);
/// The clock that runs while the machine sleeps has to be ahead by this much: both are not read in one instant.
const SLEPT: Duration = Duration::from_secs(2);

/// The two clocks when they were last looked at.
#[derive(Debug)]
pub(crate) struct SuspendDetector {
    /// Stops while the machine sleeps.
    running: Instant,
    /// Does not.
    always: Duration,
}

impl SuspendDetector {
    pub(crate) fn new(running: Instant, always: Duration) -> Self {
        Self { running, always }
    }

    /// How long nothing ran since the last look, if that was too long for connections to be trusted.
    pub(crate) fn look(&mut self, running: Instant, always: Duration) -> Option<Duration> {
        let ran = running.saturating_duration_since(self.running);
        let passed = always.saturating_sub(self.always);
        *self = Self { running, always };
        (ran >= STOOD_STILL || passed.saturating_sub(ran) >= SLEPT).then_some(passed.max(ran))
    }
}

/// The time since some moment, the time asleep included.
#[cfg(target_os = "linux")]
pub(crate) fn always() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::Boottime).try_into().unwrap_or_default()
}

/// The time since some moment, the time asleep included. The wall clock may be set, which looks like sleep and costs
/// no more than some connections.
#[cfg(not(target_os = "linux"))]
pub(crate) fn always() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn sleep_and_standstill_are_noticed_once() {
        let start = Instant::now();
        let mut suspend = SuspendDetector::new(start, SECOND);
        assert_eq!(suspend.look(start + SECOND, SECOND * 2), None);
        assert_eq!(suspend.look(start + SECOND * 2, SECOND * 602), Some(SECOND * 600), "the machine slept");
        assert_eq!(suspend.look(start + SECOND * 3, SECOND * 603), None);
        assert_eq!(
            suspend.look(start + SECOND * 33, SECOND * 633),
            Some(SECOND * 30),
            "the process stood still"
        );
        assert_eq!(suspend.look(start + SECOND * 42, SECOND * 642), None, "a busy machine");
        assert_eq!(suspend.look(start + SECOND * 42, SECOND), None, "a clock that was set back");
    }
}
