//! Notices
//!
//! What happens to an upload beside its progress and that its user should know, in words.

use std::ffi::{c_char, c_void};

use ofauth::Notice;

/// Something that this header has no number for yet; the text says what.
pub const OFAUTH_NOTICE_OTHER: i32 = 0;
/// An upload that an earlier run had begun goes on; `resumed` of the progress says with how many bytes.
pub const OFAUTH_NOTICE_RESUMED: i32 = 1;
/// An earlier run had finished the upload and its result was held: nothing is sent.
pub const OFAUTH_NOTICE_ALREADY_FINISHED: i32 = 2;
/// What an earlier run had sent cannot be used, so the upload starts over; the text says why.
pub const OFAUTH_NOTICE_STARTED_OVER: i32 = 3;
/// The session ended before the upload did; its parts go into a new one.
pub const OFAUTH_NOTICE_SESSION_EXPIRED: i32 = 4;
/// At the present rate, or with the present request budget, the session will end before the upload does.
pub const OFAUTH_NOTICE_AT_RISK: i32 = 5;
/// The service asks to be left alone for so long that the session may end meanwhile.
pub const OFAUTH_NOTICE_LONG_WAIT: i32 = 6;
/// The machine slept, or the process stood still: connections are opened anew.
pub const OFAUTH_NOTICE_WOKE: i32 = 7;
/// A step failed and is tried again; the text says which, why, and when.
pub const OFAUTH_NOTICE_RETRYING: i32 = 8;
/// The rate limit is used up: nothing new is sent for some seconds.
pub const OFAUTH_NOTICE_RATE_LIMITED: i32 = 9;
/// The source cannot be read again by another process, so the upload cannot be resumed.
pub const OFAUTH_NOTICE_NOT_RESUMABLE: i32 = 10;

/// Takes one notice of an upload. None is lost, and they come in their order.
///
/// `kind` is one of `OFAUTH_NOTICE_...`; later versions may add numbers. `text` is one line for people, without a full
/// stop, and borrowed until the function returns. Runs on the thread that called `ofauth_upload_run`, until that returns.
pub type ofauth_notice_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, kind: i32, text: *const c_char)>;

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
        _ => OFAUTH_NOTICE_OTHER,
    }
}
