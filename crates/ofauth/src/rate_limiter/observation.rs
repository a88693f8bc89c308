//! What is seen of a request when it has ended: what became of its token, and what the answer said of the bucket.

use std::time::Duration;

use super::clock::Moment;
use crate::http::rate_limit_headers::RateLimitHeaders;

/// What is told of tokens is cut here.
pub(super) const MOST_TOKENS: f64 = 1e9;

/// What became of the token of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// The service took it.
    Taken,
    /// The request failed; the service may have taken it.
    Uncertain,
    /// There was none.
    Refused,
    /// No answer came. It counts as taken.
    Unknown,
    /// The request did not leave.
    Unused,
}

/// A request that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    pub(super) sent: Moment,
    /// Whether a token was believed to be there when it was sent.
    pub(super) believed: bool,
    pub(super) token: Token,
    pub(super) headers: HeaderSnapshot,
}

impl Observation {
    /// Of a request without an answer.
    pub(super) fn unanswered(sent: Moment, token: Token) -> Self {
        Self { sent, believed: false, token, headers: HeaderSnapshot::default() }
    }

    /// Whether it may tell of a limit that was not known.
    pub(super) fn may_teach(&self) -> bool {
        self.token == Token::Refused || self.headers.is_something()
    }
}

/// What an answer said about the bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeaderSnapshot {
    /// `X-RateLimit-Limit`, whose meaning is not documented: what the bucket holds, or what flows into it.
    pub(super) limit: Option<f64>,
    /// Whole tokens that were left when the service looked.
    pub(super) remaining: Option<f64>,
    /// When the bucket is full again.
    pub(super) reset: Option<Duration>,
    /// How long the service asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl HeaderSnapshot {
    /// Whether it says anything at all.
    pub(super) fn is_something(&self) -> bool {
        self.limit.is_some() || self.remaining.is_some() || self.reset.is_some() || self.retry_after.is_some()
    }
}

impl From<RateLimitHeaders> for HeaderSnapshot {
    fn from(headers: RateLimitHeaders) -> Self {
        let tokens = |number: u64| (number as f64).min(MOST_TOKENS);
        Self {
            limit: headers.limit.map(tokens),
            remaining: headers.remaining.map(tokens),
            reset: headers.reset,
            retry_after: headers.retry_after,
        }
    }
}
