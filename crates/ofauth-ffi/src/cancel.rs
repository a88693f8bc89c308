//! Cancelling

use std::mem::ManuallyDrop;
use std::sync::Arc;

use ofauth::Cancel;

use crate::boundary::{fallible, infallible};
use crate::error::ofauth_error;
use crate::fork_guard::ForkGuard;
use crate::pointer::{self, hand_out};
use crate::status::ofauth_status;

/// Cancels uploads and calls from another thread. Any number of them may share one; any thread may use it at any time.
pub struct ofauth_cancel(pub(crate) OwnCancel);

/// A cancel that a forked child leaves alone: another thread of the parent may have held its lock in that moment, and
/// would never let go of the child's copy.
#[derive(Clone)]
pub(crate) struct OwnCancel {
    cancel: ManuallyDrop<Cancel>,
    fork_guard: Arc<ForkGuard>,
}

impl OwnCancel {
    fn new() -> Self {
        Self { cancel: ManuallyDrop::new(Cancel::new()), fork_guard: Arc::new(ForkGuard::new()) }
    }

    /// A cancel that this one cancels too.
    pub(crate) fn child(&self) -> Cancel {
        self.cancel.child()
    }

    fn cancel(&self) {
        if self.fork_guard.in_same_process() {
            self.cancel.cancel();
        }
    }
}

impl Drop for OwnCancel {
    fn drop(&mut self) {
        if self.fork_guard.in_same_process() {
            // SAFETY: it is not used again.
            unsafe { ManuallyDrop::drop(&mut self.cancel) };
        }
    }
}

/// Makes a cancel. Free it with `ofauth_cancel_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_cancel_new(
    out: *mut *mut ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        hand_out(out, ofauth_cancel(OwnCancel::new()));
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Cancels every upload, request and call that has this cancel, running or not. They end within 100 ms, even while a name
/// is looked up or a disk hangs, with `OFAUTH_ERR_CANCELLED`, or with `OFAUTH_ERR_OUTCOME_UNKNOWN` if the service may have
/// carried out what must not be done twice. Only a callback that does not return delays this.
///
/// A cancel stays cancelled: what runs next needs another one. Cancelling again changes nothing. A journal that was being
/// written is completed when the disk continues; until then the same upload ends with `OFAUTH_ERR_BUSY`.
///
/// Any thread, and inside callbacks. Not inside a signal handler: set a `volatile sig_atomic_t` there and look at it in
/// the progress or the tick callback. In a forked child a cancel of the parent does nothing. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_cancel_cancel(cancel: *const ofauth_cancel) {
    infallible(|| {
        // SAFETY: the header asks for NULL or a living cancel.
        if let Some(cancel) = unsafe { cancel.as_ref() } {
            cancel.0.cancel();
        }
    });
}

/// Frees a cancel. Uploads and requests that have it keep what they need. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_cancel_free(cancel: *mut ofauth_cancel) {
    // SAFETY: the header asks for NULL or a cancel that was not freed yet.
    infallible(|| unsafe { pointer::free(cancel) });
}
