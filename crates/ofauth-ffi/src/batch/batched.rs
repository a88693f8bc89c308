//! Batches: how each file ended

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use ofauth::Batched;

use crate::boundary::infallible;
use crate::error::ofauth_error;
use crate::pointer::{self, Result};
use crate::result::ofauth_result;
use crate::text;

/// How one file of a batch ended. Immutable: any thread may read it, and what it returns lives as long as it does.
pub struct ofauth_batched {
    index: u64,
    name: CString,
    was_tried: bool,
    result: Result<ofauth_result>,
}

impl From<Batched> for ofauth_batched {
    fn from(batched: Batched) -> Self {
        Self {
            index: batched.index,
            name: text::owned(&batched.name),
            was_tried: batched.was_tried(),
            // The record of the batch holds it, and not a journal of its own.
            result: batched.result.map(|uploaded| ofauth_result::new(uploaded, false)).map_err(Into::into),
        }
    }
}

/// Reads a field of what may be NULL.
///
/// # Safety
///
/// NULL, or alive.
unsafe fn read<T>(file: *const ofauth_batched, none: T, field: impl FnOnce(&ofauth_batched) -> T) -> T {
    // SAFETY: as promised by the caller.
    unsafe { file.as_ref() }.map_or(none, field)
}

/// The place of the file among those that were added, from 0; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batched_index(file: *const ofauth_batched) -> u64 {
    // SAFETY: the header asks for NULL or a living object.
    unsafe { read(file, 0, |file| file.index) }
}

/// What people call the file: its path, or the name of what has no path. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batched_name(file: *const ofauth_batched) -> *const c_char {
    // SAFETY: the header asks for NULL or a living object.
    unsafe { read(file, ptr::null(), |file| file.name.as_ptr()) }
}

/// The finished upload; NULL if there is none, and for NULL. It is borrowed: do not free it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batched_result(file: *const ofauth_batched) -> *const ofauth_result {
    // SAFETY: the header asks for NULL or a living object.
    unsafe { read(file, ptr::null(), |file| file.result.as_ref().map_or(ptr::null(), ptr::from_ref)) }
}

/// Why the file was not uploaded; NULL if it was, and for NULL. It is borrowed: do not free it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batched_error(file: *const ofauth_batched) -> *const ofauth_error {
    let error = |file: &ofauth_batched| match &file.result {
        Ok(_) => ptr::null(),
        Err(error) => ptr::from_ref(&**error),
    };
    // SAFETY: the header asks for NULL or a living object.
    unsafe { read(file, ptr::null(), error) }
}

/// 1 if the file was tried, else 0. One that was not has the status of the failure that stopped the batch, which is the result
/// of another file, or `OFAUTH_ERR_CANCELLED`; nothing was sent for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batched_was_tried(file: *const ofauth_batched) -> c_int {
    // SAFETY: the header asks for NULL or a living object.
    unsafe { read(file, 0, |file| c_int::from(file.was_tried)) }
}

/// Frees it, with the result or error that it returned. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batched_free(file: *mut ofauth_batched) {
    // SAFETY: the header asks for NULL or an object that was not freed yet.
    infallible(|| unsafe { pointer::free(file) });
}
