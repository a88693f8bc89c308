//! How far an upload is: three byte counts that never go back, and how long the rest takes.

use std::time::Duration;

/// How often progress is reported while bytes flow.
pub(crate) const REPORT_EVERY: Duration = Duration::from_millis(100);

/// What an upload is doing.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Opening the source and asking for a plan.
    Starting,
    /// Sending bytes.
    Sending,
    /// Starting nothing new for now: the service's rate limit is used up.
    Waiting,
    /// Every byte is acknowledged; the service is asked to finish.
    Completing,
    /// The service confirmed the end.
    Done,
}

/// How far an upload is.
///
/// `acknowledged <= handed_over <= total`, none of them ever decreases, and `acknowledged` reaches `total` only once
/// the service has confirmed the end.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let upload = client.upload_path("clip.mp4").on_progress(|progress| {
///     let left = progress.eta.map_or(String::new(), |eta| format!(", {} s left", eta.as_secs()));
///     eprint!("\r{} %{left}", progress.acknowledged * 100 / progress.total);
/// });
/// upload.await?;
/// # Ok(()) }
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What the upload is doing.
    pub phase: Phase,
    /// Bytes given to the network, whether they have arrived or not. Bytes sent again do not count twice.
    pub handed_over: u64,
    /// Bytes in parts that the service has acknowledged.
    pub acknowledged: u64,
    /// Bytes of the source.
    pub total: u64,
    /// Parts that the service has acknowledged.
    pub parts_done: u32,
    /// Parts of the plan; 0 while there is none.
    pub parts_total: u32,
    /// Tries that failed and were repeated.
    pub retries: u32,
    /// Bytes that an expired session had acknowledged and that are sent once more.
    pub sent_again: u64,
    /// Bytes that an earlier run had acknowledged. They are in `acknowledged` from the start.
    pub resumed: u64,
    /// Bytes per second that this run hands over, evened out over some ten seconds; 0 while it is not known.
    pub rate: u64,
    /// How long the rest takes: the bytes at that rate, or the requests under the service's budget, whichever is longer.
    /// `None` while it is not known.
    pub eta: Option<Duration>,
    /// How long the session lasts, by the service's clock; `None` if the service did not say.
    pub session_left: Option<Duration>,
}

/// The caller's function for progress.
pub(crate) type Callback = Box<dyn FnMut(&Progress) + Send>;

/// Keeps the last progress, so that none goes back, and tells the caller of new ones.
pub(crate) struct Reporter {
    callback: Option<Callback>,
    last: Progress,
}

impl Reporter {
    pub(crate) fn new(callback: Option<Callback>, total: u64) -> Self {
        let last = Progress {
            phase: Phase::Starting,
            handed_over: 0,
            acknowledged: 0,
            total,
            parts_done: 0,
            parts_total: 0,
            retries: 0,
            sent_again: 0,
            resumed: 0,
            rate: 0,
            eta: None,
            session_left: None,
        };
        let mut reporter = Self { callback, last };
        if let Some(callback) = &mut reporter.callback {
            callback(&reporter.last);
        }
        reporter
    }

    /// Whether anybody listens.
    pub(crate) fn is_wanted(&self) -> bool {
        self.callback.is_some()
    }

    /// Tells the caller if anything changed.
    pub(crate) fn report(&mut self, change: impl FnOnce(&mut Progress)) {
        let mut next = self.last;
        change(&mut next);
        let last = &self.last;
        next.handed_over = next.handed_over.max(last.handed_over).min(last.total);
        next.acknowledged = next.acknowledged.max(last.acknowledged).min(last.total);
        // The last byte belongs to the confirmed end.
        if next.phase != Phase::Done {
            next.acknowledged = next.acknowledged.min(last.total.saturating_sub(1));
        }
        next.handed_over = next.handed_over.max(next.acknowledged);
        next.parts_done = next.parts_done.max(last.parts_done);
        if next != self.last {
            self.last = next;
            if let Some(callback) = &mut self.callback {
                callback(&self.last);
            }
        }
    }

    /// The last progress.
    pub(crate) fn last(&self) -> &Progress {
        &self.last
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn progress_never_goes_back_and_ends_only_when_done(steps in prop::collection::vec((0_u64..20, 0_u64..20, 0_u32..5), 0..30)) {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let sink = Arc::clone(&seen);
            let mut reporter = Reporter::new(Some(Box::new(move |progress| sink.lock().unwrap().push(*progress))), 10);
            for (handed_over, acknowledged, parts_done) in steps {
                reporter.report(|p| {
                    p.phase = Phase::Sending;
                    (p.handed_over, p.acknowledged, p.parts_done) = (handed_over, acknowledged, parts_done);
                });
            }
            reporter.report(|p| (p.phase, p.acknowledged) = (Phase::Done, 10));
            let seen = seen.lock().unwrap();
            for pair in seen.windows(2) {
                prop_assert!(pair[0].handed_over <= pair[1].handed_over && pair[0].acknowledged <= pair[1].acknowledged);
                prop_assert!(pair[0].parts_done <= pair[1].parts_done);
                prop_assert!(pair[0].acknowledged < 10, "the end was reported too early");
            }
            let last = seen.last().unwrap();
            prop_assert_eq!((last.acknowledged, last.handed_over, last.phase), (10, 10, Phase::Done));
        }
    }
}
