//! Progress
//!
//! How far an upload or a download is: byte counts that never go back, and how long the rest takes.

use std::ffi::{c_int, c_void};
use std::time::Duration;

use ofauth::{DownloadProgress, Phase, Progress};

/// Opening the source and asking for a plan; of a download, asking where the bytes are.
pub const OFAUTH_PHASE_STARTING: i32 = 0;
/// Sending bytes; of a download, receiving them.
pub const OFAUTH_PHASE_SENDING: i32 = 1;
/// Starting nothing new for now: the service's rate limit is used up.
pub const OFAUTH_PHASE_WAITING: i32 = 2;
/// Every part is acknowledged; the service is asked to finish.
pub const OFAUTH_PHASE_COMPLETING: i32 = 3;
/// The service confirmed the end.
pub const OFAUTH_PHASE_DONE: i32 = 4;

/// A time of `ofauth_progress` that is not known.
pub const OFAUTH_UNKNOWN_MS: u64 = u64::MAX;

/// How far an upload is. Made by the library only. Later versions may add fields at the end: a program that may run with an
/// older library than it was compiled for uses a field only if `size` says that it is there.
///
/// `acknowledged <= handed_over <= total`, none of them ever decreases, and `acknowledged` reaches `total` only once the
/// service has confirmed the end.
///
/// Of a download, `handed_over` and `acknowledged` are the bytes that are there, `total` is `UINT64_MAX` while the size is not
/// known, `resumed` are the bytes that an earlier one had, and the fields that are not about bytes say nothing.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ofauth_progress {
    /// The size of this struct in bytes, as the library that runs has it.
    pub size: u32,
    /// What the upload is doing: one of `OFAUTH_PHASE_...`. Later versions may add numbers.
    pub phase: i32,
    /// Bytes given to the network, whether they have arrived or not. Bytes sent again do not count twice.
    pub handed_over: u64,
    /// Bytes in parts that the service has acknowledged; at most `total` - 1 until the end is confirmed.
    pub acknowledged: u64,
    /// Bytes of the source.
    pub total: u64,
    /// Bytes that an expired session had acknowledged and that are sent once more.
    pub sent_again: u64,
    /// Parts that the service has acknowledged.
    pub parts_done: u32,
    /// Parts of the plan; 0 while there is none.
    pub parts_total: u32,
    /// Bytes that an earlier run had sent and that are not sent again. They are in `acknowledged` from the start.
    pub resumed: u64,
    /// Bytes per second that this run hands over, evened out over some ten seconds; 0 while it is not known.
    pub rate: u64,
    /// Milliseconds that the rest takes: the bytes at that rate, or the requests under the service's limit, whichever is
    /// longer. `OFAUTH_UNKNOWN_MS` while it is not known.
    pub eta_ms: u64,
    /// Milliseconds until the upload session ends, by the service's clock; `OFAUTH_UNKNOWN_MS` if it did not say.
    pub session_left_ms: u64,
    /// Tries that failed and were repeated.
    pub retries: u32,
}

/// Far smaller than the number reaches. Four bytes at the end are free: a field that comes there would not change the size, so
/// the first one to be added has eight.
const SIZE: u32 = size_of::<ofauth_progress>() as u32;

/// Called with the progress of an upload or a download: about ten times a second while bytes flow, after every part, and at the end; and
/// four times a second while nothing moves, with the same numbers, so that a program can cancel from here at any time.
/// Return 0 to go on, anything else to cancel.
///
/// Runs on the thread that called `ofauth_upload_run` or `ofauth_download_run`. `progress` is borrowed until the function returns.
pub type ofauth_progress_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, progress: *const ofauth_progress) -> c_int>;

impl From<&Progress> for ofauth_progress {
    fn from(progress: &Progress) -> Self {
        Self {
            size: SIZE,
            handed_over: progress.handed_over,
            acknowledged: progress.acknowledged,
            total: progress.total,
            sent_again: progress.sent_again,
            parts_done: progress.parts_done,
            parts_total: progress.parts_total,
            retries: progress.retries,
            phase: match progress.phase {
                Phase::Starting => OFAUTH_PHASE_STARTING,
                Phase::Waiting => OFAUTH_PHASE_WAITING,
                Phase::Completing => OFAUTH_PHASE_COMPLETING,
                Phase::Done => OFAUTH_PHASE_DONE,
                // A phase that has no number yet is one in which bytes are sent, like all others.
                _ => OFAUTH_PHASE_SENDING,
            },
            resumed: progress.resumed,
            rate: progress.rate,
            eta_ms: millis(progress.eta),
            session_left_ms: millis(progress.session_left),
        }
    }
}

impl From<&DownloadProgress> for ofauth_progress {
    fn from(progress: &DownloadProgress) -> Self {
        Self {
            phase: OFAUTH_PHASE_SENDING,
            handed_over: progress.received,
            acknowledged: progress.received,
            total: progress.total.unwrap_or(u64::MAX),
            resumed: progress.resumed,
            ..Self::of_download()
        }
    }
}

impl From<&Self> for ofauth_progress {
    fn from(progress: &Self) -> Self {
        *progress
    }
}

impl ofauth_progress {
    /// A download of which nothing is known yet.
    pub(crate) fn of_download() -> Self {
        Self {
            size: SIZE,
            phase: OFAUTH_PHASE_STARTING,
            handed_over: 0,
            acknowledged: 0,
            total: u64::MAX,
            sent_again: 0,
            parts_done: 0,
            parts_total: 0,
            resumed: 0,
            rate: 0,
            eta_ms: OFAUTH_UNKNOWN_MS,
            session_left_ms: OFAUTH_UNKNOWN_MS,
            retries: 0,
        }
    }
}

/// A known time never looks like an unknown one.
fn millis(time: Option<Duration>) -> u64 {
    let known = |time: Duration| {
        u64::try_from(time.as_millis()).unwrap_or(OFAUTH_UNKNOWN_MS).min(OFAUTH_UNKNOWN_MS.saturating_sub(1))
    };
    time.map_or(OFAUTH_UNKNOWN_MS, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_time_is_no_unknown_one() {
        assert_eq!(millis(None), OFAUTH_UNKNOWN_MS);
        assert_eq!(millis(Some(Duration::ZERO)), 0);
        assert_eq!(millis(Some(Duration::from_micros(1_234_567))), 1234);
        assert_eq!(millis(Some(Duration::MAX)), OFAUTH_UNKNOWN_MS - 1);
    }
}
