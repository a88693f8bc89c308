//! Waiting
//!
//! How long the functions that wait may take, and how they are given up. An `ofauth_wait` is given to a client by
//! `ofauth_client_with_wait`; all calls on the client that comes out of it are given up when its cancel is cancelled, when
//! its timeout is over, or when its tick says so. Requests have the same setters of their own; uploads have those for cancel
//! and timeout, and a progress callback in place of the tick.
//!
//! A call that is given up returns within 100 ms, whatever it is waiting for: a name server, a connection, an answer, the rate
//! limit, the next try, or the disk. Its status is `OFAUTH_ERR_CANCELLED` or, when it ran out of time, `OFAUTH_ERR_TIMEOUT`.
//! It is `OFAUTH_ERR_OUTCOME_UNKNOWN` if the call must not be made twice and the service may have carried it out.

use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::time::Duration;

use crate::boundary::{change, fallible, infallible};
use crate::callback::{NoticeCallback, TickCallback};
use crate::cancel::{OwnCancel, ofauth_cancel};
use crate::error::ofauth_error;
use crate::notice::ofauth_notice_callback;
use crate::pointer::{self, hand_out};
use crate::status::ofauth_status;
use crate::user_data::{UserData, ofauth_destroy};

/// Called four times a second while a call waits, on the thread that called. Return 0 to go on, anything else to cancel.
///
/// A program can look here at the flag that its signal handler has set, or keep its window alive.
pub type ofauth_tick_callback = Option<unsafe extern "C" fn(user_data: *mut c_void) -> c_int>;

/// How long calls may take, and what cancels them. One thread changes it at a time.
#[derive(Default)]
pub struct ofauth_wait(pub(crate) Limits);

/// What gives a call up. Clones share the callback's user data.
#[derive(Clone, Default)]
pub(crate) struct Limits {
    pub(crate) cancel: Option<OwnCancel>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) tick: Option<TickCallback>,
    /// Is told how far a wait for something else than an answer is.
    pub(crate) notice: Option<NoticeCallback>,
    /// A failure is the end.
    pub(crate) once: bool,
}

impl Limits {
    /// # Safety
    ///
    /// NULL, or a cancel that is alive.
    pub(crate) unsafe fn set_cancel(&mut self, cancel: *const ofauth_cancel) {
        // SAFETY: as promised by the caller.
        self.cancel = unsafe { cancel.as_ref() }.map(|cancel| cancel.0.clone());
    }

    /// 0 is no limit.
    pub(crate) fn set_timeout(&mut self, milliseconds: u64) {
        self.timeout = (milliseconds > 0).then(|| Duration::from_millis(milliseconds));
    }

    /// Returns the tick that there was.
    pub(crate) fn set_tick(
        &mut self,
        tick: ofauth_tick_callback,
        user_data: &Arc<UserData>,
    ) -> Option<TickCallback> {
        let tick = tick.map(|function| TickCallback { function, user_data: Arc::clone(user_data) });
        std::mem::replace(&mut self.tick, tick)
    }
}

/// Makes a wait without limits. Free it with `ofauth_wait_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_new(
    out: *mut *mut ofauth_wait,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        hand_out(out, ofauth_wait::default());
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a wait. Clients that were made with it keep what they need. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_free(wait: *mut ofauth_wait) {
    // SAFETY: the header asks for NULL or a wait that was not freed yet.
    infallible(|| unsafe { pointer::free(wait) });
}

/// Sets the cancel that gives the calls up. NULL, the default, is none. The cancel may be freed afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_set_cancel(
    wait: *mut ofauth_wait,
    cancel: *const ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |wait: &mut ofauth_wait| {
        // SAFETY: the header asks for NULL or a living cancel.
        unsafe { wait.0.set_cancel(cancel) };
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(wait, "wait", err, with) }
}

/// Sets how long each call may take, in milliseconds, all tries and pauses together. 0, the default, is no limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_set_timeout(
    wait: *mut ofauth_wait,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |wait: &mut ofauth_wait| {
        wait.0.set_timeout(milliseconds);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(wait, "wait", err, with) }
}

/// Sets the tick callback. NULL, the default, disables it. If several threads use the client, it runs on each of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_set_tick(
    wait: *mut ofauth_wait,
    tick: ofauth_tick_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |wait: &mut ofauth_wait| Ok(wait.0.set_tick(tick, &user_data));
    // SAFETY: what the header asks for.
    unsafe { change(wait, "wait", err, with) }
}

/// Sets the notice callback of the functions that wait for more than an answer: `ofauth_wait_ready`, `ofauth_wait_stored` and
/// `ofauth_link_wait`. It is told how far they are, at first and whenever that changes. NULL, the default, disables it. If
/// several threads use the client, it runs on each of them.
///
/// Uploads have notices of their own (`ofauth_upload_set_notice`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_set_notice(
    wait: *mut ofauth_wait,
    callback: ofauth_notice_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |wait: &mut ofauth_wait| {
        let notice = callback.map(|function| NoticeCallback { function, user_data: Arc::clone(&user_data) });
        Ok(std::mem::replace(&mut wait.0.notice, notice))
    };
    // SAFETY: what the header asks for.
    unsafe { change(wait, "wait", err, with) }
}

/// Sets whether a call is tried again after a failure where that is safe, and waits after a refusal for too many requests.
/// 1, the default, is yes. With 0 the first failure is the error, for programs that have a queue of their own; uploads,
/// which have failures of single parts, are not changed by it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_set_retry(
    wait: *mut ofauth_wait,
    retry: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |wait: &mut ofauth_wait| {
        wait.0.once = retry == 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(wait, "wait", err, with) }
}
