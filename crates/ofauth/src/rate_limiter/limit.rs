//! A rate limit as a caller states it, and as a caller is told of it. How it is kept is the bucket's business.

use std::num::NonZeroU32;
use std::time::Duration;

/// A request limit that is known beforehand: so many requests a minute in the long run, so many at once.
///
/// It is kept in addition to what the service says: a refusal or a header can make a client slower than this, never
/// faster. See [`ClientBuilder::request_limit`](crate::ClientBuilder::request_limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests a minute in the long run.
    pub per_minute: NonZeroU32,
    /// Requests that may go out at once after a pause that was long enough.
    pub burst: NonZeroU32,
}

impl RateLimit {
    /// A limit of `per_minute` requests a minute, `burst` of them at once. `None` if either is zero.
    ///
    /// ```
    /// # fn main() -> ofauth::Result<()> {
    /// let limit = ofauth::RateLimit::new(60, 10).unwrap();
    /// let client = ofauth::Client::builder().api_key("sk_live_0123456789").request_limit(limit).build()?;
    /// assert!(ofauth::RateLimit::new(0, 10).is_none());
    /// # Ok(()) }
    /// ```
    pub fn new(per_minute: u32, burst: u32) -> Option<Self> {
        Some(Self { per_minute: NonZeroU32::new(per_minute)?, burst: NonZeroU32::new(burst)? })
    }

    pub(super) fn per_second(self) -> f64 {
        f64::from(self.per_minute.get()) / 60.0
    }

    pub(super) fn burst(self) -> f64 {
        f64::from(self.burst.get())
    }
}

/// What is known of the request budget of a connection. See [`Client::budget`](crate::Client::budget).
///
/// The service may know better: what other machines spend, nobody here sees before the next answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// The most requests that are allowed at once, as the service or the caller says; if neither did, as many as were seen to
    /// be left.
    pub limit: u64,
    /// Requests that may go at once now.
    pub left: u64,
    /// How long the next request will wait; zero if it may go now.
    pub next: Duration,
}
