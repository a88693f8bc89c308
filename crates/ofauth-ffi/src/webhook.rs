//! Webhooks
//!
//! Who sent a webhook, and what it says. No client is needed, nothing is sent, and any thread may ask. The statuses from 400 to
//! 499 say that a request is not to be taken: answer 400 to it.

use std::ffi::{c_char, c_void};
use std::time::{Duration, SystemTime};

use ofauth::webhooks::{self, Scheme, Verifier, sign};

use crate::boundary::fallible;
use crate::error::ofauth_error;
use crate::pointer::{self, Result, hand_out};
use crate::response::ofauth_response;
use crate::status::{self, OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};

/// Verifies a webhook and reads its event, a JSON object with the fields scheme ("ofauth" or "svix"), type, timestamp, live,
/// id, signedAt, connection, environment, dedupeKey and data; what is not known is null. Free `*out` with
/// `ofauth_response_free`.
///
/// The headers are all of the request, or those of the signature: the name in `header_names` at each place, in upper or lower
/// case, and its value in `header_values`, which need not be UTF-8. They decide the scheme: "OFAuth-Signature", or "svix-id", "svix-timestamp" and
/// "svix-signature", which may be called "webhook-...". `body` is the body as it came, before anything parses it.
///
/// While secrets are rotated there are several. Each is tried as its text and as base64, with and without the "whsec_" in
/// front; a line end behind it does not matter, and an empty one is left out. If none is left, that is
/// `OFAUTH_ERR_INVALID_ARGUMENT`.
///
/// `now_unix_seconds` is what time(NULL) says. `tolerance_seconds` is how old a signature may be, and how far in the future; 0
/// stands for 300. The service sends an event again until it is answered with 2xx: dedupeKey is the same each time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_webhook_verify(
    secrets: *const *const c_char,
    secret_count: usize,
    header_names: *const *const c_char,
    header_values: *const *const c_char,
    header_count: usize,
    body: *const c_void,
    body_size: usize,
    now_unix_seconds: i64,
    tolerance_seconds: u64,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let verify = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for an array of `secret_count` texts that end with NUL.
        let secrets = unsafe { pointer::texts(secrets, secret_count, "secrets", pointer::text) }?;
        // SAFETY: likewise, of `header_count`.
        let names = unsafe { pointer::texts(header_names, header_count, "header_names", pointer::text) }?;
        // SAFETY: likewise.
        let values =
            unsafe { pointer::texts(header_values, header_count, "header_values", pointer::odd_text) }?;
        // SAFETY: the header asks for bytes.
        let body = unsafe { pointer::array(body.cast::<u8>(), body_size, "body") }?;
        let now = instant(now_unix_seconds, "now_unix_seconds")?;
        let verifier = Verifier::new(secrets)?;
        let verifier = match tolerance_seconds {
            0 => verifier,
            seconds => verifier.tolerance(Duration::from_secs(seconds)),
        };
        let event = verifier.verify(names.into_iter().zip(values), body, now)?;
        let json = serde_json::to_string(&event).map_err(|error| {
            ofauth_error::new(status::OFAUTH_ERR_INTERNAL, &format!("the event cannot be written: {error}"))
        })?;
        hand_out(out, ofauth_response::of_text(&json)?);
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, verify) }
}

/// Signs a body as the service does, to test an endpoint. `*out` has the headers to send with it, by
/// `ofauth_response_header` and the functions beside it, and as a JSON object. Free it with `ofauth_response_free`.
///
/// `scheme` is "ofauth" or "svix", `id` is that of the event in the scheme of svix, and may be NULL for the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_webhook_sign(
    scheme: *const c_char,
    secret: *const c_char,
    id: *const c_char,
    body: *const c_void,
    body_size: usize,
    at_unix_seconds: i64,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let sign = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let scheme = scheme_of(unsafe { pointer::text(scheme, "scheme") }?)?;
        // SAFETY: likewise.
        let secret = unsafe { pointer::text(secret, "secret") }?;
        // SAFETY: likewise, or NULL.
        let id = unsafe { pointer::optional_text(id, "id") }?;
        let id = match (scheme, id) {
            (Scheme::Svix, None | Some("")) => return Err(invalid("id is missing: svix signs it")),
            (_, id) => id.unwrap_or_default(),
        };
        // SAFETY: the header asks for bytes.
        let body = unsafe { pointer::array(body.cast::<u8>(), body_size, "body") }?;
        let headers = sign(scheme, secret, body, instant(at_unix_seconds, "at_unix_seconds")?, id)?;
        hand_out(out, ofauth_response::of_headers(headers)?);
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, sign) }
}

fn scheme_of(name: &str) -> Result<Scheme> {
    let found = Scheme::ALL.iter().copied().find(|scheme| scheme.as_str() == name);
    found.ok_or_else(|| invalid("scheme is neither \"ofauth\" nor \"svix\""))
}

/// An instant before 1970 is that of a clock that was never set.
fn instant(seconds: i64, name: &str) -> Result<SystemTime> {
    let since = u64::try_from(seconds).ok().map(Duration::from_secs);
    let instant = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    instant.ok_or_else(|| {
        invalid(&format!("{name} is {seconds}: give the seconds since 1970, as time(NULL) does"))
    })
}

fn invalid(text: &str) -> Box<ofauth_error> {
    ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text)
}

impl From<webhooks::Error> for Box<ofauth_error> {
    fn from(error: webhooks::Error) -> Self {
        ofauth_error::new(status::of_webhook(error.kind()), &error.to_string())
    }
}
