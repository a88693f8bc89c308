//! The user data of a callback: passed on as it is, and destroyed when nothing can be called with it any more.

use std::ffi::c_void;
use std::sync::Arc;

use crate::boundary::infallible;
use crate::callback;

/// Frees the user data of a callback. Called exactly once, when the library lets go of it; see "Callbacks" above.
pub type ofauth_destroy = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// User data, and what destroys it when this is dropped. Whatever owns it is dropped on a thread of the caller: by a
/// setter, by a function that frees, or at the end of one that waits.
pub(crate) struct UserData {
    pointer: *mut c_void,
    destroy: ofauth_destroy,
}

// SAFETY: the pointer is only passed on; the header says on which threads.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    /// Takes over what the caller gives. A setter keeps what this returns until it has let go of its object: the `destroy` of
    /// user data that nothing uses may free or change that object.
    pub(crate) fn new(pointer: *mut c_void, destroy: ofauth_destroy) -> Arc<Self> {
        Arc::new(Self { pointer, destroy })
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the caller of the C function vouches for its callback, and this happens once.
            infallible(|| callback::run(|| unsafe { destroy(self.pointer) }));
        }
    }
}
