//! Pauses before a request is sent, and who is told of them.
//!
//! An upload tells its caller by notices. Of other calls the log tells, at level WARN and under a target of its own, so that
//! a program can show these lines alone. How long a pause is, is decided elsewhere.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::system::{CALLS, Time};

/// A pause of less than this is not told: where requests are paced, each waits a moment.
pub(crate) const TOLD: Duration = Duration::from_secs(2);

/// Why a request is not sent for a while.
#[derive(Debug, Clone)]
pub(crate) struct Pause {
    pub(crate) length: Duration,
    /// What happened, in a few words.
    pub(crate) why: String,
    pub(crate) status: Option<u16>,
    /// Whether the rate limit is used up, which is no failed try.
    pub(crate) is_rate_limit: bool,
    /// Tries that failed so far.
    pub(crate) tries: u32,
}

impl Pause {
    /// Tells whoever asked for the pauses of this call, or else the log: how the try before it ended, which took so long.
    pub(crate) fn tell(self, ended: &str, asked: Option<&UnboundedSender<Self>>, took: Duration) {
        match asked {
            Some(asked) => {
                // Whoever asked may have stopped listening.
                _ = asked.send(self);
            }
            None if self.length.saturating_add(took) < TOLD => {}
            None => tracing::warn!(target: CALLS, "{ended}, again {}", Again(self.length)),
        }
    }
}

/// When the next try is.
pub(crate) struct Again(pub(crate) Duration);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0 => f.write_str("at once"),
            seconds => write!(f, "in {}", Time(Duration::from_secs(seconds))),
        }
    }
}

/// Tells the log that a call waits for the rate limit.
pub(crate) fn tell_of_rate_limit(doing: &str, wait: Duration) {
    if wait >= TOLD {
        let wait = Time(Duration::from_secs(wait.as_secs()));
        tracing::warn!(target: CALLS, "{doing}: waiting for the rate limit, {wait}");
    }
}
