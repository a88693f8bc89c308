//! Notices
//!
//! Events of an upload, or of a file of a batch, that its user should know about, in words: it was resumed, a step is tried
//! again, it waits. And how far a wait for media or for a creator is (`ofauth_wait_set_notice`).

use std::ffi::{c_char, c_int, c_void};

use ofauth::Notice;

/// Something that this header has no number for yet; the text says what.
pub const OFAUTH_NOTICE_OTHER: i32 = 0;
/// An upload of an earlier run is continued; `resumed` of the progress tells how many bytes it had sent.
pub const OFAUTH_NOTICE_RESUMED: i32 = 1;
/// An earlier run had finished the upload and its result was held: nothing is sent.
pub const OFAUTH_NOTICE_ALREADY_FINISHED: i32 = 2;
/// What an earlier run had sent cannot be used, so the upload starts over; the text says why.
pub const OFAUTH_NOTICE_STARTED_OVER: i32 = 3;
/// The session ended before the upload did; its parts go into a new one.
pub const OFAUTH_NOTICE_SESSION_EXPIRED: i32 = 4;
/// At this rate, or with this request limit, the session will end before the upload does.
pub const OFAUTH_NOTICE_AT_RISK: i32 = 5;
/// The service asks for a pause so long that the session may end meanwhile.
pub const OFAUTH_NOTICE_LONG_WAIT: i32 = 6;
/// The machine slept, or the process was stopped: new connections are opened.
pub const OFAUTH_NOTICE_WOKE: i32 = 7;
/// A step failed and is tried again; the text says which, why, and when.
pub const OFAUTH_NOTICE_RETRYING: i32 = 8;
/// The rate limit is used up: nothing new is sent for some seconds.
pub const OFAUTH_NOTICE_RATE_LIMITED: i32 = 9;
/// The source cannot be read again by another process, so the upload cannot be resumed.
pub const OFAUTH_NOTICE_NOT_RESUMABLE: i32 = 10;
/// An earlier run of the same batch, or an earlier file of this one, was the same upload: nothing is sent.
pub const OFAUTH_NOTICE_ALREADY_RECORDED: i32 = 11;
/// A file of a batch is uploaded, and the record of the batch cannot be written; the text says why.
pub const OFAUTH_NOTICE_NOT_RECORDED: i32 = 12;
/// The service of a batch is gone: this file is tried again and again, and the others wait.
pub const OFAUTH_NOTICE_SERVICE_GONE: i32 = 13;
/// The service of a batch is there again, and the other files go on.
pub const OFAUTH_NOTICE_SERVICE_BACK: i32 = 14;
/// More media are ready than before, or the wait for them begins; the text says how many of how many: "1 of 3 media are ready".
pub const OFAUTH_NOTICE_MEDIA_READY: i32 = 15;
/// How far the sign-in of a creator is; the text says it.
pub const OFAUTH_NOTICE_LINK_STATE: i32 = 16;
/// The creator has to confirm the sign-in by a second factor; the text says how.
pub const OFAUTH_NOTICE_LINK_CONFIRM: i32 = 17;

/// Called for each notice of an upload or a wait, in order; none is lost. Return 0 to go on, anything else to cancel the call.
///
/// `kind` is one of `OFAUTH_NOTICE_...`; later versions may add numbers. `text` is one line for people, without a full
/// stop, and borrowed until the function returns. Runs on the thread that called the function that waits, such as
/// `ofauth_upload_run`.
pub type ofauth_notice_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, kind: i32, text: *const c_char) -> c_int>;

/// The number of a notice.
pub(crate) fn kind(notice: &Notice) -> i32 {
    match notice {
        Notice::Resumed { .. } => OFAUTH_NOTICE_RESUMED,
        Notice::AlreadyFinished => OFAUTH_NOTICE_ALREADY_FINISHED,
        Notice::StartedOver { .. } => OFAUTH_NOTICE_STARTED_OVER,
        Notice::SessionExpired { .. } => OFAUTH_NOTICE_SESSION_EXPIRED,
        Notice::AtRisk { .. } => OFAUTH_NOTICE_AT_RISK,
        Notice::LongWait { .. } => OFAUTH_NOTICE_LONG_WAIT,
        Notice::Woke { .. } => OFAUTH_NOTICE_WOKE,
        Notice::Retrying { .. } => OFAUTH_NOTICE_RETRYING,
        Notice::RateLimited { .. } => OFAUTH_NOTICE_RATE_LIMITED,
        Notice::NotResumable => OFAUTH_NOTICE_NOT_RESUMABLE,
        Notice::AlreadyRecorded => OFAUTH_NOTICE_ALREADY_RECORDED,
        Notice::NotRecorded { .. } => OFAUTH_NOTICE_NOT_RECORDED,
        Notice::ServiceGone { .. } => OFAUTH_NOTICE_SERVICE_GONE,
        Notice::ServiceBack => OFAUTH_NOTICE_SERVICE_BACK,
        _ => OFAUTH_NOTICE_OTHER,
    }
}
