//! The request budget of a connection: how many requests the service still allows, and when the next one may go.
//!
//! The service refills a bucket of tokens for each connection and refuses requests when it is empty. A [`RateLimiter`]
//! hands out [`Permit`]s so that requests wait here instead of being refused there; it is shared by all uploads and
//! calls of a client, and through a directory by the processes of a machine. What it knows it learns from the
//! answers, unless the caller stated a [`RateLimit`]. Until the service shows a limit nothing waits.
//!
//! [`bucket`] knows what is left, for how long nothing is sent after a refusal, and when refusals in a row have been enough
//! (half an hour in all); [`rate`] knows how fast it refills. Both are pure functions of time. [`shared`] keeps the bucket in
//! a file. Repeating refused requests is not done here.

mod bucket;
mod clock;
#[cfg(any(fuzzing, test))]
#[path = "../fuzzing/rate_limiter.rs"]
pub(crate) mod fuzzing;
mod limit;
mod limiter;
mod observation;
mod rate;
#[cfg(any(fuzzing, test))]
mod samples;
mod shared;
#[cfg(test)]
#[path = "../simulation/rate_limiter.rs"]
mod simulation;

pub use limit::{Budget, RateLimit};
pub(crate) use limiter::{Permit, RateLimiter, RateLimiters, Until};
