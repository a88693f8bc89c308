//! What is seen of a request when it has ended: what became of its token, and what the answer said of the bucket.

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
    /// What the answer said of the bucket.
    pub(super) headers: RateLimitHeaders,
}

impl Observation {
    /// Of a request without an answer.
    pub(super) fn unanswered(sent: Moment, token: Token) -> Self {
        Self { sent, believed: false, token, headers: RateLimitHeaders::default() }
    }

    /// Whether it may tell of a limit that was not known.
    pub(super) fn may_teach(&self) -> bool {
        self.token == Token::Refused || self.headers != RateLimitHeaders::default()
    }
}

/// Tokens, as a header tells of them.
pub(super) fn tokens(number: u64) -> f64 {
    (number as f64).min(MOST_TOKENS)
}
