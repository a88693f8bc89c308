//! A session of the service while it is open: its plan and its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::plan::upload_plan::Plan;
use super::retry_policy::Expiry;
use super::transfer::put::Activity;

/// An open session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) plan: Plan,
    /// The end of the session on this machine's clock, the difference of the clocks taken out. `None` if it is not
    /// known, or was past when the session was opened and so says nothing.
    pub(crate) expires: Option<Instant>,
    pub(crate) has_untrusted_expiry: bool,
    pub(crate) activity: Arc<Activity>,
    pub(crate) opened: Opening,
}

/// When a session was opened, in milliseconds since 1970 by this machine's clock, and by how much the service's clock
/// was ahead of it. With both, another run can tell when the session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) unix_ms: i64,
    pub(crate) service_ahead_ms: i64,
}

impl Session {
    /// A session of `plan` that was opened then and is looked at now.
    pub(crate) fn new(plan: Plan, opened: Opening, now_unix_ms: i64) -> Self {
        let ends = plan.expires_at.map(|end| end.as_millisecond().saturating_sub(opened.service_ahead_ms));
        let has_untrusted_expiry = ends.is_some_and(|ends| ends <= opened.unix_ms);
        let left = ends
            .filter(|_| !has_untrusted_expiry)
            .map(|ends| Duration::from_millis(u64::try_from(ends.saturating_sub(now_unix_ms)).unwrap_or(0)));
        let expires = left.and_then(|left| Instant::now().checked_add(left));
        Self { plan, expires, has_untrusted_expiry, activity: Arc::new(Activity::new()), opened }
    }

    /// How long the session still lasts, if that is known.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        self.expires.map(|end| end.saturating_duration_since(now))
    }

    pub(crate) fn expiry(&self, now: Instant) -> Expiry {
        match self.expires {
            _ if self.has_untrusted_expiry => Expiry::Untrusted,
            Some(end) if end <= now => Expiry::Passed,
            _ => Expiry::NotYet,
        }
    }
}
