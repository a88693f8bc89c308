//! Responses

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use ofauth::Response;
use serde::de::IgnoredAny;

use crate::boundary::infallible;
use crate::pointer::Result;
use crate::{pointer, text};

/// What a call returned. Immutable: any thread may read it, and what it returns lives as long as it does.
pub struct ofauth_response {
    status: i32,
    request_id: Option<CString>,
    /// Names in lower case, and values.
    headers: Vec<(CString, CString)>,
    /// The body and a NUL.
    body: Vec<u8>,
    kind: BodyKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    Empty,
    Json,
    Other,
}

impl ofauth_response {
    pub(crate) fn of_answer(answer: &Response) -> Result<Self> {
        let headers = answer.headers().map(|(name, value)| (text::owned(name), text::owned(value))).collect();
        let response = Self::new(i32::from(answer.status()), answer.body())?;
        Ok(Self { request_id: answer.request_id().map(text::owned), headers, ..response })
    }

    /// A response of several calls, or one that was understood already.
    pub(crate) fn of_json(json: &serde_json::Value) -> Result<Self> {
        Self::of_text(&json.to_string())
    }

    /// The same for JSON that is text already.
    pub(crate) fn of_text(json: &str) -> Result<Self> {
        Self::new(200, json.as_bytes())
    }

    /// Headers alone, with names in lower case, and as JSON.
    pub(crate) fn of_headers<'a>(headers: impl IntoIterator<Item = (&'a str, String)>) -> Result<Self> {
        let headers: Vec<_> =
            headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let json: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let headers = headers.iter().map(|(name, value)| (text::owned(name), text::owned(value))).collect();
        Ok(Self { headers, ..Self::of_json(&json.into())? })
    }

    fn new(status: i32, body: &[u8]) -> Result<Self> {
        let kind = if body.iter().all(u8::is_ascii_whitespace) {
            BodyKind::Empty
        } else if str::from_utf8(body).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()) {
            // No JSON text holds a NUL, so C sees the whole of it.
            BodyKind::Json
        } else {
            BodyKind::Other
        };
        let mut ended = pointer::reserved(body.len().saturating_add(1), "the response")?;
        ended.extend_from_slice(body);
        ended.push(0);
        Ok(Self { status, request_id: None, headers: Vec::new(), body: ended, kind })
    }
}

/// Reads a field of a response that may be NULL.
///
/// # Safety
///
/// NULL, or a response that is alive.
unsafe fn read<T>(response: *const ofauth_response, none: T, field: impl FnOnce(&ofauth_response) -> T) -> T {
    // SAFETY: as promised by the caller.
    unsafe { response.as_ref() }.map_or(none, field)
}

/// The HTTP status, 200 to 299, because all others are errors; 0 for a NULL response.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_status(response: *const ofauth_response) -> i32 {
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, 0, |response| response.status) }
}

/// The body as JSON text: "null" if it is empty, NULL if it is not JSON or the response is NULL. If a server echoes the API
/// key, "[api key]" stands in its place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_json(response: *const ofauth_response) -> *const c_char {
    let json = |response: &ofauth_response| match response.kind {
        BodyKind::Empty => c"null".as_ptr(),
        BodyKind::Json => response.body.as_ptr().cast(),
        BodyKind::Other => ptr::null(),
    };
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, ptr::null(), json) }
}

/// The body, `*size` bytes followed by a NUL, without compression and byte order mark. If a server echoes the API key,
/// "[api key]" stands in its place. NULL, and a size of 0, for a NULL response. `size` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_body(
    response: *const ofauth_response,
    size: *mut usize,
) -> *const u8 {
    let body = |response: &ofauth_response| (response.body.as_ptr(), response.body.len().saturating_sub(1));
    // SAFETY: the header asks for NULL or a living response.
    let (start, length) = unsafe { read(response, (ptr::null(), 0), body) };
    // SAFETY: the header asks for NULL or a valid place.
    if let Some(size) = unsafe { size.as_mut() } {
        *size = length;
    }
    start
}

/// The value of a header of the response, whose name may be written in upper or lower case; the first one if there are
/// several. NULL if there is none or it is not text, and for a NULL response or name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_header(
    response: *const ofauth_response,
    name: *const c_char,
) -> *const c_char {
    if name.is_null() {
        return ptr::null();
    }
    // SAFETY: not NULL, and the header asks for a text that ends with NUL.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    let header = |response: &ofauth_response| {
        let mut headers = response.headers.iter();
        let found = headers.find(|(known, _)| known.to_bytes().eq_ignore_ascii_case(name));
        text::pointer(found.map(|(_, value)| value.as_c_str()))
    };
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, ptr::null(), header) }
}

/// How many headers the response has that are text; they are numbered from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_header_count(response: *const ofauth_response) -> usize {
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, 0, |response| response.headers.len()) }
}

/// The name of a header in lower case; NULL if there is none with this number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_header_name(
    response: *const ofauth_response,
    index: usize,
) -> *const c_char {
    let name = |response: &ofauth_response| {
        text::pointer(response.headers.get(index).map(|(name, _)| name.as_c_str()))
    };
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, ptr::null(), name) }
}

/// The value of a header; NULL if there is none with this number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_header_value(
    response: *const ofauth_response,
    index: usize,
) -> *const c_char {
    let value = |response: &ofauth_response| {
        text::pointer(response.headers.get(index).map(|(_, value)| value.as_c_str()))
    };
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, ptr::null(), value) }
}

/// The id under which the service knows the request; NULL if the answer did not say it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_request_id(response: *const ofauth_response) -> *const c_char {
    // SAFETY: the header asks for NULL or a living response.
    unsafe { read(response, ptr::null(), |response| text::pointer(response.request_id.as_deref())) }
}

/// Frees a response and what it returned. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_response_free(response: *mut ofauth_response) {
    // SAFETY: the header asks for NULL or a response that was not freed yet.
    infallible(|| unsafe { pointer::free(response) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_only_if_it_is() {
        let kind = |body: &[u8]| ofauth_response::new(200, body).ok().unwrap().kind;
        assert!(kind(b"") == BodyKind::Empty && kind(b" \n") == BodyKind::Empty);
        assert!(kind(b"{\"a\": [1, \"\xc3\xa9\"]}") == BodyKind::Json && kind(b"7") == BodyKind::Json);
        for other in [&b"<html>"[..], b"{\"a\":", b"{} {}", b"\"\xff\"", b"\"a\0b\"", b"1\0"] {
            assert!(kind(other) == BodyKind::Other, "{other:?}");
        }
    }
}
