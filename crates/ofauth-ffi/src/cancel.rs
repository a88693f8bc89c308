//! Cancelling

use std::mem::ManuallyDrop;
use std::sync::Arc;

use ofauth::Cancel;

use crate::boundary::{fallible, infallible};
use crate::error::ofauth_error;
use crate::fork_guard::ForkGuard;
use crate::pointer::{self, hand_out};
use crate::status::ofauth_status;

/// Cancels uploads from elsewhere. Any number of uploads may have the same one; any thread may use it at any time.
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

/// Makes a cancel that was not used. Free it with `ofauth_cancel_free`.
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

/// Cancels every upload that has this cancel, running or not: they end with `OFAUTH_ERR_CANCELLED` within 100 ms, or
/// with `OFAUTH_ERR_OUTCOME_UNKNOWN` if the service was just finishing one, also while a name is looked up or a disk hangs. A
/// journal that was being written is written to its end when the disk goes on; until then the same upload is
/// `OFAUTH_ERR_BUSY`. Only a callback that does not return holds an upload up. It stays cancelled: the next upload needs
/// another. Cancelling again changes nothing.
///
/// Any thread, and inside callbacks. Not inside a signal handler: set a `volatile sig_atomic_t` there and look at it in
/// the progress callback. In a forked child a cancel of the parent does nothing. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_cancel_cancel(cancel: *mut ofauth_cancel) {
    infallible(|| {
        // SAFETY: the header asks for NULL or a living cancel.
        if let Some(cancel) = unsafe { cancel.as_ref() } {
            cancel.0.cancel();
        }
    });
}

/// Frees a cancel. Uploads that have it, running or not, keep what they need. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_cancel_free(cancel: *mut ofauth_cancel) {
    // SAFETY: the header asks for NULL or a cancel that was not freed yet.
    infallible(|| unsafe { pointer::free(cancel) });
}
