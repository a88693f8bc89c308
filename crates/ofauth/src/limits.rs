//! Bounds that more than one layer keeps.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// Parts of one upload that are sent in parallel unless set otherwise. More connections gain little, and every
/// part is a request that counts.
pub const DEFAULT_CONCURRENCY: usize = 4;
/// The most parts of one upload that are sent in parallel.
pub const MAX_CONCURRENCY: usize = 64;
/// The most files of a batch that are uploaded at once.
pub const MAX_FILES: usize = 64;

/// How long a service may keep refusing by rate limit before that is the caller's matter. The rate limiter's bucket adds the
/// waits up; retries of other failures keep to it as well.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// Checks a number of parts that are sent in parallel. `kind` is that of the error.
pub(crate) fn concurrency(parts: usize, kind: ErrorKind) -> Result<usize> {
    if (1..=MAX_CONCURRENCY).contains(&parts) {
        return Ok(parts);
    }
    Err(Error::new(kind, format!("the concurrency is {parts}: use 1 to {MAX_CONCURRENCY}")))
}
