//! Requests
//!
//! Any operation of the API as an object: made, given what it needs, and run, any number of times. Setters copy what they are
//! given, except for `ofauth_request_set_bytes`. `ofauth_call` and `ofauth_call_bytes` do the same in one step.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use ofauth::Call;
use serde_json::{Map, Value};

use crate::borrowed_bytes::{self, BorrowedBytes};
use crate::boundary::{change, fallible, infallible};
use crate::cancel::ofauth_cancel;
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::pointer::{self, Result, hand_out};
use crate::response::ofauth_response;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};
use crate::user_data::{UserData, ofauth_destroy};
use crate::waiting::{Limits, ofauth_tick_callback};

/// A request to be run. One thread changes it at a time; several may run it at the same time while none changes it.
#[derive(Clone, Default)]
pub struct ofauth_request {
    pub(crate) operation_id: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) raw_params: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) limits: Limits,
}

/// What goes with a request.
#[derive(Clone, Default)]
pub(crate) enum Body {
    #[default]
    None,
    Json(Arc<String>),
    /// Memory of the caller.
    Bytes {
        start: *const u8,
        size: usize,
        content_type: String,
    },
}

impl ofauth_request {
    /// Sends the request and waits for its answer. `of_client` are the limits of the client's own wait.
    pub(crate) fn run(self, client: &Guest, of_client: Limits) -> Result<ofauth_response> {
        let waiting = CallLoop::new([self.limits, of_client]);
        let call = client.client().call(&self.operation_id).params(self.params);
        let call = self.raw_params.into_iter().fold(call, |call, (name, value)| call.raw_param(name, value));
        let mut borrow = None;
        let call = match self.body {
            Body::None => call,
            Body::Json(text) => match Arc::try_unwrap(text) {
                Ok(text) => call.body_json(text),
                Err(shared) => call.body_json(pointer::copy_text(&shared, "the body")?),
            },
            Body::Bytes { start, size, content_type } => {
                let (bytes, end) = BorrowedBytes::new(start, size);
                borrow = Some(end);
                call.body_bytes(bytes, content_type)
            }
        };
        let call = call.cancel(waiting.cancel()).retry(waiting.retry());
        let call = waiting.timeout().into_iter().fold(call, Call::timeout);
        let answer = waiting.run(client, &(), call.send());
        borrowed_bytes::give_back(borrow, client);
        ofauth_response::of_answer(&answer?)
    }
}

/// Parameters as JSON, checked.
///
/// # Safety
///
/// NULL, or a text that ends with NUL.
pub(crate) unsafe fn params(json: *const c_char, name: &str) -> Result<Map<String, Value>> {
    // SAFETY: as promised by the caller.
    let text = unsafe { pointer::optional_text(json, name) }?;
    let invalid = |why: &str| {
        let text = format!("{name} is {why}: give an object, or NULL for no parameters");
        ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text)
    };
    match text.map(serde_json::from_str::<Value>).transpose() {
        Ok(None | Some(Value::Null)) => Ok(Map::new()),
        Ok(Some(Value::Object(params))) => Ok(params),
        Ok(Some(_)) => Err(invalid("no JSON object")),
        Err(error) => Err(invalid(&format!("not JSON ({error})"))),
    }
}

/// A JSON body. Whether it is JSON is checked when it is sent.
///
/// # Safety
///
/// NULL, or a text that ends with NUL.
pub(crate) unsafe fn json(text: *const c_char, name: &str) -> Result<Body> {
    // SAFETY: as promised by the caller.
    let text = unsafe { pointer::optional_text(text, name) }?;
    Ok(match text {
        Some(text) => Body::Json(Arc::new(pointer::copy_text(text, name)?)),
        None => Body::None,
    })
}

/// Makes a request for an operation by its id, such as "list_vault_media". Free it with `ofauth_request_free`.
///
/// `ofauth api --list` of the command names all operations, and `openapi/` in the repository describes them. An id that is
/// unknown is an error when the request runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_new(
    operation_id: *const c_char,
    out: *mut *mut ofauth_request,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let operation_id = unsafe { pointer::owned_text(operation_id, "operation_id") }?;
        hand_out(out, ofauth_request { operation_id, ..ofauth_request::default() });
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a request. A run that is under way keeps what it needs, except for borrowed bytes. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_free(request: *mut ofauth_request) {
    // SAFETY: the header asks for NULL or a request that was not freed yet.
    infallible(|| unsafe { pointer::free(request) });
}

/// Sets the path, query and header parameters by their names, as one JSON object. NULL, the default, is none.
///
/// "x-connection-id" among them names another connection than the client's. They are checked against the operation when
/// the request runs, before anything is sent: names, kinds, words, ranges, lengths and forms. An object is sent as one
/// `name[field]=value` pair for each of its fields.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_params(
    request: *mut ofauth_request,
    json: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        request.params = unsafe { params(json, "json") }?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Adds a parameter that is sent as it is, in place of one that is checked: one that the library does not know, which goes
/// into the query, or a value that it would refuse. Of several with the same name all are sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_add_raw_param(
    request: *mut ofauth_request,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        // SAFETY: the header asks for texts that end with NUL.
        let name = unsafe { pointer::owned_text(name, "name") }?;
        // SAFETY: as above.
        let value = unsafe { pointer::owned_text(value, "value") }?;
        request.raw_params.push((name, value));
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sets the JSON body, which is sent as it is. It replaces bytes. NULL, the default, is no body.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_json(
    request: *mut ofauth_request,
    json: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        request.body = unsafe { self::json(json, "json") }?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sets a body of bytes, for the few operations that take one, such as "upload_part". It replaces a JSON body.
///
/// The bytes are borrowed, not copied: they must stay as they are until `ofauth_request_free`, or until another body is
/// set, and in any case while a run is under way, also of a request that was freed or changed meanwhile. `content_type` is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_bytes(
    request: *mut ofauth_request,
    data: *const c_void,
    size: usize,
    content_type: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        let start = pointer::bytes(data, size, "data")?;
        // SAFETY: the header asks for a text that ends with NUL.
        let content_type = unsafe { pointer::owned_text(content_type, "content_type") }?;
        request.body = Body::Bytes { start, size, content_type };
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sets the cancel that gives the request up. NULL, the default, is none. The cancel may be freed afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_cancel(
    request: *mut ofauth_request,
    cancel: *const ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        // SAFETY: the header asks for NULL or a living cancel.
        unsafe { request.limits.set_cancel(cancel) };
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sets how long a run may take, in milliseconds, all tries and pauses together. 0, the default, is no limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_timeout(
    request: *mut ofauth_request,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        request.limits.set_timeout(milliseconds);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sets whether a run is tried again after a failure where that is safe, and waits after a refusal for too many requests.
/// 1, the default, is yes; with 0 the first failure is the error. A run still waits for its turn if the rate limit is known to
/// be used up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_retry(
    request: *mut ofauth_request,
    retry: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |request: &mut ofauth_request| {
        request.limits.once = retry == 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sets the tick callback, which is called four times a second and can cancel. NULL, the default, disables it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_set_tick(
    request: *mut ofauth_request,
    tick: ofauth_tick_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |request: &mut ofauth_request| Ok(request.limits.set_tick(tick, &user_data));
    // SAFETY: what the header asks for.
    unsafe { change(request, "request", err, with) }
}

/// Sends a request and waits for its answer. `request` may be run again, and on any client.
///
/// Failures are tried again where that cannot duplicate anything. `*out` is the service's answer, to be freed with
/// `ofauth_response_free`. Any thread, at the same time as other calls on the same client; not inside a callback
/// (`OFAUTH_ERR_REENTRANT`) and not in a forked child (`OFAUTH_ERR_FORKED`).
///
/// `OFAUTH_ERR_INVALID_ARGUMENT`: the operation or a parameter is unknown, missing, of the wrong kind or not allowed, or the body
/// is not JSON. `OFAUTH_ERR_OUTCOME_UNKNOWN`: a call that must not be made twice may have been carried out. `OFAUTH_ERR_CANCELLED`
/// and `OFAUTH_ERR_TIMEOUT`: the request was given up, and nothing was done that must not be done twice. An answer may have
/// 32 MiB; of a longer one, or one that cannot be read, the error tells the status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_request_run(
    client: *const ofauth_client,
    request: *const ofauth_request,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for a living request that nobody changes meanwhile.
        let request = unsafe { pointer::shared(request, "request") }?.clone();
        request.run(client, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}
