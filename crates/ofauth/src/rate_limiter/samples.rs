//! Requests that have ended, for tests.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;

use super::limiter::{Permit, Told};
use crate::error::{Error, ErrorKind};
use crate::fuzzing::key;
use crate::http::outcome::Failure;
use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::http::response::Response;

/// How a request ended that was answered so.
pub(super) fn answered(status: u16, headers: &HeaderMap, now: SystemTime) -> Result<Response, Failure> {
    if (200..300).contains(&status) {
        return Ok(Response::new(status, headers.clone(), Bytes::new(), 0, &key()));
    }
    let error = Error::new(ErrorKind::Rejected, "no");
    Err(Failure::refused(status, error, RateLimitHeaders::read(headers, now), true))
}

impl Permit {
    /// The request was answered so.
    pub(super) fn answered(self, status: u16, headers: &HeaderMap) -> Told {
        self.ended(&answered(status, headers, SystemTime::now()), SystemTime::now())
    }
}
