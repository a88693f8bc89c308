//! The border between Rust and C: what crosses it is a status, and an error for those who want one. No panic does.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::ofauth_error;
use crate::panics;
use crate::pointer::{self, Result};
use crate::status::{OFAUTH_ERR_PANIC, OFAUTH_OK, ofauth_status};

/// Carries out the body of a fallible function.
///
/// # Safety
///
/// `error` is NULL or valid for writes.
pub(crate) unsafe fn fallible(
    error: *mut *mut ofauth_error,
    body: impl FnOnce() -> Result<()>,
) -> ofauth_status {
    let _uncancelled = uncancelled::Thread::new();
    let outcome = panics::inside(|| catch_unwind(AssertUnwindSafe(body)))
        .unwrap_or_else(|panic| Err(panicked(&*panic)));
    let (status, made) = match outcome {
        Ok(()) => (OFAUTH_OK, std::ptr::null_mut()),
        Err(failure) => (failure.status(), Box::into_raw(failure)),
    };
    // SAFETY: NULL, or valid for writes as promised by the caller.
    match unsafe { error.as_mut() } {
        Some(place) => *place = made,
        // SAFETY: NULL, or made above and given to nobody.
        None => unsafe { pointer::free(made) },
    }
    status
}

/// Carries out the body of a setter: changes the object that is called `name` in the header. What `with` returns is what the
/// object had before, if dropping it may call a function of the caller: it is dropped when nobody holds the object any more,
/// for that function may free or change it.
///
/// # Safety
///
/// `object` is NULL or nobody else's now, `error` is NULL or valid for writes.
pub(crate) unsafe fn change<T, Before>(
    object: *mut T,
    name: &str,
    error: *mut *mut ofauth_error,
    with: impl FnOnce(&mut T) -> Result<Before>,
) -> ofauth_status {
    // SAFETY: as promised by the caller.
    let body = || with(unsafe { pointer::unique(object, name) }?).map(drop);
    // SAFETY: as promised by the caller.
    unsafe { fallible(error, body) }
}

/// Carries out the body of a function that cannot fail, such as one that frees. A panic ends here and changes nothing.
pub(crate) fn infallible(body: impl FnOnce()) {
    let _uncancelled = uncancelled::Thread::new();
    let _ = panics::inside(|| catch_unwind(AssertUnwindSafe(body)));
}

/// `pthread_cancel` unwinds a thread by force from the middle of a system call, which Rust answers by ending the
/// process. So it waits until the function has returned.
#[cfg(target_os = "linux")]
mod uncancelled {
    use std::ffi::c_int;

    /// As in pthread.h of glibc and musl.
    const PTHREAD_CANCEL_DISABLE: c_int = 1;

    unsafe extern "C" {
        // The crate libc does not have it.
        safe fn pthread_setcancelstate(state: c_int, old: &mut c_int) -> c_int;
    }

    /// This thread, which cannot be cancelled until this is dropped.
    pub(super) struct Thread(c_int);

    impl Thread {
        pub(super) fn new() -> Self {
            let mut before = 0;
            pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before);
            Self(before)
        }
    }

    impl Drop for Thread {
        fn drop(&mut self) {
            pthread_setcancelstate(self.0, &mut 0);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod uncancelled {
    /// Other systems are not guarded.
    pub(super) struct Thread;

    impl Thread {
        pub(super) fn new() -> Self {
            Self
        }
    }
}

/// The error for a panic of this library.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Box<ofauth_error> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("no text");
    ofauth_error::new(OFAUTH_ERR_PANIC, &format!("a defect of the library, please report it: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    #[test]
    #[allow(clippy::panic)]
    fn a_panic_becomes_a_status_and_an_error() {
        let mut error: *mut ofauth_error = ptr::null_mut();
        // SAFETY: the place is valid.
        let status = unsafe { fallible(&raw mut error, || panic!("number {}", 7)) };
        assert_eq!(status, OFAUTH_ERR_PANIC);
        // SAFETY: the call above made it.
        let made = unsafe { Box::from_raw(error) };
        assert!(made.message().to_str().unwrap().ends_with("number 7"), "{:?}", made.message());
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { fallible(ptr::null_mut(), || panic!("x")) }, OFAUTH_ERR_PANIC);
        let mut error: *mut ofauth_error = ptr::dangling_mut();
        // SAFETY: the place is valid.
        assert_eq!(unsafe { fallible(&raw mut error, || Ok(())) }, OFAUTH_OK);
        assert!(error.is_null(), "an error of earlier stays");
    }
}
