//! What became of a request that brought no success: the one form in which calls, parts and steps of an upload, retry table
//! and rate limiter know it.

use super::rate_limit_headers::RateLimitHeaders;
use crate::error::{Error, ErrorKind};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The service answered with an error.
    Refused { status: u16 },
    /// Nothing of the request left: it cannot have been acted upon.
    NotSent,
    /// The request left, wholly or in part, and no answer that can be read came back.
    Lost,
}

/// A request that brought no success.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    /// Of a refusal, it has the API's `type`.
    pub(crate) error: Error,
    /// What a refusal says of the rate limit.
    pub(crate) rate_limit: RateLimitHeaders,
    /// Whether the same request cannot end differently.
    pub(crate) permanent: bool,
    /// Whether the service may have had the whole body.
    pub(crate) body_sent: bool,
}

impl Failure {
    /// The service refused, perhaps before it had the whole body.
    pub(crate) fn refused(status: u16, error: Error, rate_limit: RateLimitHeaders, body_sent: bool) -> Self {
        Self { rate_limit, body_sent, ..Self::of(Outcome::Refused { status }, error) }
    }

    /// Nothing left.
    pub(crate) fn not_sent(error: Error) -> Self {
        Self::of(Outcome::NotSent, error)
    }

    /// No answer came, or none that can be read.
    pub(crate) fn lost(error: Error, body_sent: bool) -> Self {
        Self { body_sent, ..Self::of(Outcome::Lost, error) }
    }

    fn of(outcome: Outcome, error: Error) -> Self {
        let rate_limit = RateLimitHeaders::default();
        Self { outcome, error, rate_limit, permanent: false, body_sent: false }
    }

    /// The same, which no repetition can end differently.
    pub(crate) fn permanent(self) -> Self {
        Self { permanent: true, ..self }
    }

    /// The same, with another error.
    pub(crate) fn map_error(self, to: impl FnOnce(Error) -> Error) -> Self {
        Self { error: to(self.error), ..self }
    }

    /// The status of the service's answer, if it refused.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Refused { status } => Some(status),
            Outcome::NotSent | Outcome::Lost => None,
        }
    }

    /// What happened, in a few words for people.
    pub(crate) fn cause(&self) -> String {
        match (self.outcome, self.error.kind()) {
            (Outcome::Refused { status }, _) => format!("HTTP {status}"),
            (Outcome::NotSent, _) => "no connection".into(),
            (Outcome::Lost, ErrorKind::Timeout) => "no answer in time".into(),
            (Outcome::Lost, ErrorKind::InvalidAnswer) => "an answer that cannot be read".into(),
            (Outcome::Lost, _) => "the connection broke".into(),
        }
    }
}
