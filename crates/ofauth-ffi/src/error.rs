//! Errors
//!
//! What went wrong, for programs and for people. An error never holds the API key.

use std::ffi::{CString, c_char, c_int};

use crate::boundary::infallible;
use crate::status::{self, OFAUTH_OK, ofauth_status};
use crate::{pointer, text};

/// Why a call failed. Immutable: any thread may read it, and the texts it returns live as long as it does.
pub struct ofauth_error {
    status: ofauth_status,
    message: CString,
    http_status: i32,
    api_type: Option<CString>,
    request_id: Option<CString>,
    action_required: Option<CString>,
    upload_id: Option<CString>,
    part: u32,
    retryable: bool,
}

impl ofauth_error {
    /// An error of this layer.
    pub(crate) fn new(status: ofauth_status, message: &str) -> Box<Self> {
        Box::new(Self {
            status,
            message: text::owned(message),
            http_status: 0,
            api_type: None,
            request_id: None,
            action_required: None,
            upload_id: None,
            part: 0,
            retryable: false,
        })
    }

    /// The error of a call that was left where it was, which may be made again.
    pub(crate) fn given_up(status: ofauth_status, message: &str) -> Box<Self> {
        let mut error = Self::new(status, message);
        error.retryable = true;
        error
    }

    pub(crate) fn status(&self) -> ofauth_status {
        self.status
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &std::ffi::CStr {
        &self.message
    }
}

impl From<ofauth::Error> for Box<ofauth_error> {
    fn from(error: ofauth::Error) -> Self {
        let owned = |value: Option<&str>| value.map(text::owned);
        Box::new(ofauth_error {
            status: status::of(error.kind()),
            message: text::owned(&error.to_string()),
            http_status: error.status().map_or(0, i32::from),
            api_type: owned(error.api_type()),
            request_id: owned(error.request_id()),
            action_required: owned(error.action_required()),
            upload_id: owned(error.upload_id()),
            part: error.part().unwrap_or(0),
            retryable: error.is_retryable(),
        })
    }
}

/// Reads a field of an error that may be NULL.
///
/// # Safety
///
/// NULL, or an error that is alive.
unsafe fn read<T>(error: *const ofauth_error, none: T, field: impl FnOnce(&ofauth_error) -> T) -> T {
    // SAFETY: as promised by the caller.
    unsafe { error.as_ref() }.map_or(none, field)
}

/// The status that the failed function returned; `OFAUTH_OK` for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_status(error: *const ofauth_error) -> ofauth_status {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, OFAUTH_OK, |error| error.status) }
}

/// What went wrong and what to do about it, on one line, for people. Never NULL: empty for a NULL error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_message(error: *const ofauth_error) -> *const c_char {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, c"".as_ptr(), |error| error.message.as_ptr()) }
}

/// The HTTP status of the answer that decided; 0 if there was no answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_http_status(error: *const ofauth_error) -> i32 {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, 0, |error| error.http_status) }
}

/// The API's own constant for the failure, such as "SESSION_EXPIRED"; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_api_type(error: *const ofauth_error) -> *const c_char {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, std::ptr::null(), |error| text::pointer(error.api_type.as_deref())) }
}

/// The id under which the service knows the request, to quote to its support; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_request_id(error: *const ofauth_error) -> *const c_char {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, std::ptr::null(), |error| text::pointer(error.request_id.as_deref())) }
}

/// What the API asks the caller to do, such as "refresh_session"; NULL if it asks for nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_action_required(error: *const ofauth_error) -> *const c_char {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, std::ptr::null(), |error| text::pointer(error.action_required.as_deref())) }
}

/// The reference of the upload session that was open when the failure came; NULL if none was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_upload_id(error: *const ofauth_error) -> *const c_char {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, std::ptr::null(), |error| text::pointer(error.upload_id.as_deref())) }
}

/// The number of the upload part that failed, counted from 1; 0 if no single part did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_part(error: *const ofauth_error) -> u32 {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, 0, |error| error.part) }
}

/// 1 if the same call may succeed later without a change by the caller and without the danger of a duplicate, else 0. It is
/// 1 for `OFAUTH_ERR_CANCELLED` too: a loop that tries again looks at its own cancel first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_is_retryable(error: *const ofauth_error) -> c_int {
    // SAFETY: the header asks for NULL or a living error.
    unsafe { read(error, 0, |error| c_int::from(error.retryable)) }
}

/// Frees an error and the texts that it returned. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_error_free(error: *mut ofauth_error) {
    // SAFETY: the header asks for NULL or an error that was not freed yet.
    infallible(|| unsafe { pointer::free(error) });
}
