//! A cap on the bytes per second of a client, shared by all its uploads and their connections.
//!
//! The bookkeeping is pure: a grant of bytes comes with the moment from which they may be sent. Waiting for that
//! moment is the body's business. The rate limit of the service is another matter and not kept here.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Grants are at most what flows in this time, so that a cap does not send in bursts.
const QUANTUM: Duration = Duration::from_millis(20);
/// No grant is smaller, or a low cap would cost a system call for every few bytes.
const SMALLEST_GRANT: u64 = 4 * 1024;
/// No grant is larger.
const LARGEST_GRANT: u64 = 64 * 1024;

/// A shared cap.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    bytes_per_second: NonZeroU64,
    /// When what was granted so far has flowed at the capped rate.
    spent_until: Arc<Mutex<Option<Instant>>>,
}

impl Throttle {
    pub(crate) fn new(bytes_per_second: NonZeroU64) -> Self {
        Self { bytes_per_second, spent_until: Arc::default() }
    }

    /// Grants up to `wanted` bytes, and says from when on they may be sent.
    pub(crate) fn grant(&self, wanted: u64, now: Instant) -> (u64, Instant) {
        let rate = self.bytes_per_second.get();
        let in_quantum = rate / (1000 / QUANTUM.as_millis() as u64);
        let granted = wanted.min(in_quantum.clamp(SMALLEST_GRANT, LARGEST_GRANT));
        // A grant is at most 64 KiB, so the product fits.
        let takes = Duration::from_nanos(granted.saturating_mul(1_000_000_000) / rate);
        let mut spent_until = self.spent_until.lock().unwrap_or_else(PoisonError::into_inner);
        let from = spent_until.map_or(now, |until| until.max(now));
        *spent_until = from.checked_add(takes);
        (granted, from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However grants are asked for, no more bytes may flow than the cap allows, one grant excepted.
        #[test]
        fn the_cap_holds(rate in 1_u64..100_000_000, asks in prop::collection::vec((1_u64..300_000, 0_u64..50), 1..50)) {
            let throttle = Throttle::new(NonZeroU64::new(rate).unwrap());
            let start = Instant::now();
            let mut now = start;
            let mut before = 0;
            for (wanted, pause) in asks {
                now += Duration::from_millis(pause);
                let (granted, from) = throttle.grant(wanted, now);
                prop_assert!(granted >= 1 && granted <= wanted.min(LARGEST_GRANT));
                prop_assert!(from >= now);
                let allowed = from.duration_since(start).as_secs_f64() * rate as f64;
                // Each grant's time is rounded down to a nanosecond.
                prop_assert!(before as f64 <= allowed + rate as f64 * 1e-7 + 1.0, "{before} of {allowed}");
                before += granted;
            }
        }
    }
}
