//! The functions of the caller that a call runs: progress, notices, ticks and a reader, on the thread that called.
//!
//! Marks the thread while one of them runs, because a function that waits must not be called inside. When they run is
//! decided by the event loop, and what a result means as well.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use crate::error::ofauth_error;
use crate::event::FileIndex;
use crate::pointer::Result;
use crate::progress::ofauth_progress;
use crate::status::OFAUTH_ERR_REENTRANT;
use crate::user_data::UserData;

thread_local! {
    /// Whether this thread is inside a callback.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function of the caller. Inside another one this happens when that frees an object whose user data is destroyed.
pub(crate) fn run<T>(function: impl FnOnce() -> T) -> T {
    // A thread that ends may have no such mark left, and then calls nothing that waits.
    let before = INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(true);
    let result = function();
    _ = INSIDE.try_with(|inside| inside.set(before));
    result
}

/// Refuses to wait inside a callback, where what is waited for would wait for the callback's end.
pub(crate) fn refuse_inside() -> Result<()> {
    if INSIDE.get() {
        let text = "a function that waits was called inside a callback: return first, then call it";
        return Err(ofauth_error::new(OFAUTH_ERR_REENTRANT, text));
    }
    Ok(())
}

/// The functions of the caller that a call runs. `()` is none.
pub(crate) trait Callbacks {
    /// Reports progress of a file. Whether the call is cancelled.
    fn progress(&self, _file: FileIndex, _progress: &ofauth_progress) -> bool {
        false
    }

    /// Reports a notice of a file. Whether the call is cancelled.
    fn notice(&self, _file: FileIndex, _kind: i32, _text: &CStr) -> bool {
        false
    }

    /// The reader of a file.
    fn reader(&self, _file: FileIndex) -> Option<ReaderCallback> {
        None
    }
}

impl Callbacks for () {}

/// A progress callback of the caller.
#[derive(Clone)]
pub(crate) struct ProgressCallback {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, *const ofauth_progress) -> c_int,
    pub(crate) user_data: Arc<UserData>,
}

/// A notice callback of the caller.
#[derive(Clone)]
pub(crate) struct NoticeCallback {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, i32, *const c_char) -> c_int,
    pub(crate) user_data: Arc<UserData>,
}

/// A tick callback of the caller.
#[derive(Clone)]
pub(crate) struct TickCallback {
    pub(crate) function: unsafe extern "C" fn(*mut c_void) -> c_int,
    pub(crate) user_data: Arc<UserData>,
}

/// A reader of the caller.
#[derive(Clone)]
pub(crate) struct ReaderCallback {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, u64, *mut u8, usize) -> i64,
    pub(crate) user_data: Arc<UserData>,
}

impl ProgressCallback {
    /// Calls it. Whether the caller cancels.
    pub(crate) fn cancels(&self, progress: &ofauth_progress) -> bool {
        // SAFETY: the caller of the C function vouches for its callback.
        run(|| unsafe { (self.function)(self.user_data.pointer(), progress) }) != 0
    }
}

impl NoticeCallback {
    /// Calls it. Whether the caller cancels.
    pub(crate) fn cancels(&self, kind: i32, text: &CStr) -> bool {
        // SAFETY: the caller of the C function vouches for its callback, and `text` lives until it returns.
        run(|| unsafe { (self.function)(self.user_data.pointer(), kind, text.as_ptr()) }) != 0
    }
}

impl TickCallback {
    /// Calls it. Whether the caller cancels.
    pub(crate) fn cancels(&self) -> bool {
        // SAFETY: the caller of the C function vouches for its callback.
        run(|| unsafe { (self.function)(self.user_data.pointer()) }) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_cannot_wait() {
        assert!(refuse_inside().is_ok());
        let refused = run(refuse_inside);
        assert_eq!(refused.unwrap_err().status(), OFAUTH_ERR_REENTRANT);
        assert!(run(|| run(refuse_inside).and(refuse_inside())).is_err(), "the outer one is over");
        assert!(refuse_inside().is_ok());
    }
}
