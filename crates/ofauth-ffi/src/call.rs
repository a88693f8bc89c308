//! Calls
//!
//! These functions wait for one answer, or for a few. Failures are tried again where that cannot duplicate anything. Any
//! thread, at the same time as other calls on the same client; not inside a callback (`OFAUTH_ERR_REENTRANT`) and not in a
//! forked child (`OFAUTH_ERR_FORKED`). To give one up, use a client of `ofauth_client_with_wait`.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use ofauth::{Media, TypedCall, VaultPlusBatch};
use serde_json::json;

use crate::boundary::infallible;
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::pointer::{self, Result};
use crate::request::{self, Body, ofauth_request};
use crate::response::ofauth_response;
use crate::status::ofauth_status;
use crate::text;
use crate::waiting::Limits;

/// What a check found. Immutable: any thread may read it, and the text it returns lives as long as it does.
pub struct ofauth_check_result {
    exists: bool,
    media: Option<CString>,
}

/// Asks whether the vault already has the file with this etag and size in bytes. Free `*out` with
/// `ofauth_check_result_free`.
///
/// The etag is one that `ofauth_result_etag` returned, with its quotes. Which one the service wants for a file that went
/// in several parts is not documented. Without its quotes it is another etag, which no file has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_check(
    client: *const ofauth_client,
    etag: *const c_char,
    size: u64,
    out: *mut *mut ofauth_check_result,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for a text that ends with NUL.
        let etag = unsafe { pointer::owned_text(etag, "etag") }?;
        let check = run(client, limits, client.client().check(&etag, size))?;
        let media = check.media.map(|media| text::owned(&media.raw().to_string()));
        Ok(ofauth_check_result { exists: check.exists, media })
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// 1 if the vault has the file, 0 if not or for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_check_result_exists(result: *const ofauth_check_result) -> c_int {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { result.as_ref() }.map_or(0, |result| c_int::from(result.exists))
}

/// The medium as the service describes it, one JSON object; NULL if there is none or for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_check_result_media_json(result: *const ofauth_check_result) -> *const c_char {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { result.as_ref() }.map_or(ptr::null(), |result| text::pointer(result.media.as_deref()))
}

/// Frees what a check found. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_check_result_free(result: *mut ofauth_check_result) {
    // SAFETY: the header asks for NULL or a result that was not freed yet.
    infallible(|| unsafe { pointer::free(result) });
}

/// Fetches cached media by their OnlyFans ids, any number of them, 100 a request. Ids given twice are asked once.
///
/// The response is {"items": [...], "missing": [...]}: the media as the service describes them, and the ids that are not
/// cached, both in the order of `ids`. A `url` in an item is signed: whoever has it can fetch the medium. `ids` may be
/// NULL if `count` is 0. Free `*out` with `ofauth_response_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_vault_plus_batch(
    client: *const ofauth_client,
    ids: *const *const c_char,
    count: usize,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &ofauth::Client| {
        // SAFETY: the header asks for an array of `count` texts that end with NUL.
        let owned = unsafe { pointer::texts(ids, count, "ids", pointer::owned_text) }?;
        Ok(client.vault_plus_batch(owned))
    };
    let json = |batch: VaultPlusBatch| {
        let items: Vec<_> = batch.items.iter().map(Media::raw).collect();
        ofauth_response::of_json(&json!({ "items": items, "missing": batch.missing }))
    };
    // SAFETY: what the header asks for.
    unsafe { typed(client, out, err, call, json) }
}

/// Calls any operation of the API by its id, such as "list_vault_media". The short form of `ofauth_request_run`, whose
/// errors it has. Free `*out` with `ofauth_response_free`.
///
/// `params_json` is one JSON object with the parameters by their names, or NULL for none; see `ofauth_request_set_params`.
/// `body_json` is the JSON body, sent as it is, or NULL for none. A post with an upload: "create_post", NULL,
/// {"text": "Hello", "mediaItems": ["the reference of the upload"]}.
///
/// "proxy_request" is the one operation that no document lists: it takes "method" and "path" and calls OnlyFans' own API.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_call(
    client: *const ofauth_client,
    operation_id: *const c_char,
    params_json: *const c_char,
    body_json: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for texts that end with NUL.
        let call = unsafe { prepare(operation_id, params_json) }?;
        // SAFETY: as above, or NULL.
        let body = unsafe { request::json(body_json, "body_json") }?;
        ofauth_request { body, ..call }.run(client, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Calls one of the few operations whose body is bytes, such as "upload_part". The bytes are borrowed until the function
/// returns. Otherwise as `ofauth_call`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_call_bytes(
    client: *const ofauth_client,
    operation_id: *const c_char,
    params_json: *const c_char,
    body: *const c_void,
    size: usize,
    content_type: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for texts that end with NUL.
        let call = unsafe { prepare(operation_id, params_json) }?;
        let start = pointer::bytes(body, size, "body")?;
        // SAFETY: the header asks for a text that ends with NUL.
        let content_type = unsafe { pointer::owned_text(content_type, "content_type") }?;
        let body = Body::Bytes { start, size, content_type };
        ofauth_request { body, ..call }.run(client, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Makes a response of what a call of the library gives.
///
/// # Safety
///
/// What the header asks for: `client` is NULL or alive, `out` and `err` are NULL or valid places.
pub(crate) unsafe fn typed<T: Send + 'static>(
    client: *const ofauth_client,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
    call: impl FnOnce(&ofauth::Client) -> Result<TypedCall<T>>,
    json: impl FnOnce(T) -> Result<ofauth_response>,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| json(run(client, limits, call(client.client())?)?);
    // SAFETY: as promised by the caller.
    unsafe { waiting(client, out, err, call) }
}

/// The answer of a call that `limits` give up.
pub(crate) fn run<T: Send + 'static>(client: &Guest, limits: Limits, call: TypedCall<T>) -> Result<T> {
    let waiting = CallLoop::new([limits]);
    let call = call.cancel(waiting.cancel()).retry(waiting.retry());
    let call = waiting.timeout().into_iter().fold(call, TypedCall::timeout);
    waiting.run(client, &(), call.send())
}

/// A request with its parameters.
///
/// # Safety
///
/// Both texts end with NUL; the second may be NULL.
unsafe fn prepare(operation_id: *const c_char, params_json: *const c_char) -> Result<ofauth_request> {
    // SAFETY: as promised by the caller.
    let operation_id = unsafe { pointer::owned_text(operation_id, "operation_id") }?;
    // SAFETY: as promised by the caller.
    let params = unsafe { request::params(params_json, "params_json") }?;
    Ok(ofauth_request { operation_id, params, ..ofauth_request::default() })
}
