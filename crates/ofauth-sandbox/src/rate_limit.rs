//! The rate limit of the Access API: one token bucket for each connection, refilled continuously.

use std::collections::HashMap;
use std::time::Instant;

use crate::error::ApiError;
use crate::http::reply::Reply;

/// A rate limit. Its answers carry `X-RateLimit-*` headers, and 429 when the bucket is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a minute in the long run.
    pub per_minute: u32,
    /// Requests that a full bucket allows at once.
    pub burst: u32,
}

/// The buckets.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: Option<RateLimit>,
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// What a request found in its bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// Seconds until the bucket is full, rounded up. The API does not say whether it sends seconds or an instant.
    reset: u64,
    allowed: bool,
}

impl Limiter {
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        Self { limit, buckets: HashMap::new() }
    }

    /// Takes a token for `connection`; none if there is no limit.
    pub(crate) fn take(&mut self, connection: &str) -> Option<Allowance> {
        let limit = self.limit?;
        let (rate, burst) = (f64::from(limit.per_minute) / 60.0, f64::from(limit.burst));
        let now = Instant::now();
        let bucket =
            self.buckets.entry(connection.to_owned()).or_insert(Bucket { tokens: burst, filled: now });
        let grown = now.duration_since(bucket.filled).as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + grown).min(burst);
        bucket.filled = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        // Float to integer conversions saturate, so a rate of zero gives the largest number.
        let reset = ((burst - bucket.tokens) / rate).ceil() as u64;
        Some(Allowance { limit: limit.burst, remaining: bucket.tokens as u32, reset, allowed })
    }
}

impl Allowance {
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let message = "too many requests: wait until the bucket has refilled";
        let status = http::StatusCode::TOO_MANY_REQUESTS;
        if self.allowed { Ok(()) } else { Err(ApiError::from_status(status, message)) }
    }

    pub(crate) fn write(&self, reply: &mut Reply) {
        reply.header("x-ratelimit-limit", self.limit);
        reply.header("x-ratelimit-remaining", self.remaining);
        reply.header("x-ratelimit-reset", self.reset);
    }
}
