//! Calls
//!
//! These functions wait for one answer, or for a few. They are repeated where that cannot duplicate anything. Any thread,
//! at the same time as other calls on the same client; not inside a callback (`OFAUTH_ERR_REENTRANT`) and not in a forked
//! child (`OFAUTH_ERR_FORKED`). `*out` is to be freed with `ofauth_response_free`.

use std::ffi::{c_char, c_void};

use ofauth::{Call, Cancel, Media};
use serde_json::{Map, Value, json};

use crate::callback::Callbacks;
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::pointer::{self, Result};
use crate::response::ofauth_response;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};

fn wait<T: Send + 'static>(
    client: &Guest,
    work: impl Future<Output = ofauth::Result<T>> + Send + 'static,
) -> Result<T> {
    CallLoop::new(Cancel::new()).run(client, &Callbacks::default(), work)
}

/// Asks whether the vault already has the file with this etag and size in bytes. The response is
/// {"exists": true or false, "media": an object or null}.
///
/// The etag is one that `ofauth_result_etag` returned, with its quotes. Which one the service wants for a file that went
/// in several parts is not documented. Without its quotes it is another etag, which no file has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_check(
    client: *mut ofauth_client,
    etag: *const c_char,
    size: u64,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest| {
        // SAFETY: the header asks for a text that ends with NUL.
        let etag = unsafe { pointer::owned_text(etag, "etag") }?;
        let api = client.client().clone();
        let check = wait(client, async move { api.check(&etag, size).await })?;
        ofauth_response::of_json(
            &json!({ "exists": check.exists, "media": check.media.as_ref().map(Media::raw) }),
        )
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Fetches cached media by their OnlyFans ids, any number of them, 100 a request. Ids given twice are asked once.
///
/// The response is {"items": [...], "missing": [...]}: the media as the service describes them, and the ids that are not
/// cached, both in the order of `ids`. A `url` in an item is signed: whoever has it can fetch the medium. `ids` may be
/// NULL if `count` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_vault_plus_batch(
    client: *mut ofauth_client,
    ids: *const *const c_char,
    count: usize,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest| {
        // SAFETY: the header asks for an array of `count` texts.
        let ids = unsafe { pointer::array(ids, count, "ids") }?;
        let mut owned = pointer::reserved(ids.len(), "ids")?;
        for (index, id) in ids.iter().enumerate() {
            // SAFETY: the header asks for texts that end with NUL.
            owned.push(unsafe { pointer::owned_text(*id, &format!("ids[{index}]")) }?);
        }
        let api = client.client().clone();
        let batch = wait(client, async move { api.vault_plus_batch(owned).await })?;
        let items: Vec<_> = batch.items.iter().map(Media::raw).collect();
        ofauth_response::of_json(&json!({ "items": items, "missing": batch.missing }))
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Calls any operation of the API by its id, such as "list_vault_media".
///
/// `params_json` is one JSON object with the path, query and header parameters by their names, or NULL for none; they are
/// checked against the operation before anything is sent. `x-connection-id` among them names another connection than
/// the client's. `body_json` is the JSON body, sent as it is, or NULL for none. The response is the service's. A post with
/// an upload: "create_post", NULL, {"text": "Hello", "mediaItems": ["the reference of the upload"]}. `ofauth api --list`
/// of the command names all operations, and `openapi/` in the repository describes their bodies.
///
/// "proxy_request" is the one operation that no document lists: it takes "method" and "path" and calls OnlyFans' own
/// API. `OFAUTH_ERR_INVALID_ARGUMENT`: the operation or a parameter is unknown, missing or of the wrong kind, or a text is
/// no JSON. `OFAUTH_ERR_OUTCOME_UNKNOWN`: a call that must not be made twice was perhaps carried out. An answer may have 32
/// MiB; of a longer one, or one that cannot be read, the error tells the status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_call(
    client: *mut ofauth_client,
    operation_id: *const c_char,
    params_json: *const c_char,
    body_json: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest| {
        // SAFETY: the header asks for texts that end with NUL.
        let call = unsafe { prepare(client, operation_id, params_json) }?;
        // SAFETY: as above, or NULL.
        let body = unsafe { pointer::optional_text(body_json, "body_json") }?;
        let call = match body {
            Some(body) => call.body_json(pointer::copy_text(body, "body_json")?),
            None => call,
        };
        ofauth_response::of_answer(&wait(client, call.send())?)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Calls one of the few operations whose body is bytes, such as "upload_part". The bytes are copied; uploads have a better
/// way. Otherwise as `ofauth_call`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_call_bytes(
    client: *mut ofauth_client,
    operation_id: *const c_char,
    params_json: *const c_char,
    body: *const c_void,
    size: usize,
    content_type: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest| {
        // SAFETY: the header asks for texts that end with NUL.
        let call = unsafe { prepare(client, operation_id, params_json) }?;
        // SAFETY: the header asks for `size` bytes.
        let body = pointer::copy(unsafe { pointer::array(body.cast::<u8>(), size, "body") }?, "body")?;
        // SAFETY: the header asks for a text that ends with NUL.
        let content_type = unsafe { pointer::owned_text(content_type, "content_type") }?;
        ofauth_response::of_answer(&wait(client, call.body_bytes(body, content_type).send())?)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// A call with its parameters.
///
/// # Safety
///
/// Both texts end with NUL; the second may be NULL.
unsafe fn prepare(client: &Guest, operation_id: *const c_char, params_json: *const c_char) -> Result<Call> {
    // SAFETY: as promised by the caller.
    let operation_id = unsafe { pointer::text(operation_id, "operation_id") }?;
    // SAFETY: as promised by the caller.
    let params = unsafe { pointer::optional_text(params_json, "params_json") }?;
    let params =
        params.map(serde_json::from_str::<Option<Map<String, Value>>>).transpose().map_err(|error| {
            let text =
                format!("params_json is no JSON object ({error}): give one, or NULL for no parameters");
            ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text)
        })?;
    Ok(client.client().call(operation_id).params(params.flatten().unwrap_or_default()))
}
