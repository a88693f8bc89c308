//! Link
//!
//! A creator signs in, and there is a connection to act on: start a session, send the creator to its address, wait. Another
//! process may wait than the one that started. The client needs no connection for this.

use std::ffi::c_char;

use ofauth::{LinkMode, LinkOptions, LinkReturn, LinkSession, LinkState, LinkStatus, LinkWait, Linked};
use serde_json::{Map, Value, json};

use crate::boundary::fallible;
use crate::call::typed;
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::media_wait::WaitCallbacks;
use crate::notice::{OFAUTH_NOTICE_LINK_CONFIRM, OFAUTH_NOTICE_LINK_STATE};
use crate::pointer::{self, Result, hand_out};
use crate::request;
use crate::response::ofauth_response;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};
use crate::waiting::Limits;

/// Opens a session in which a creator signs in. `options_json` is one JSON object, or NULL for none: "clientAppId" (the
/// application, app_..., which also decides whose page the creator sees), "redirectUrl", "clientReferenceId" (what you call the
/// creator; made up if it is not given), "connectionId" (one that is linked again), "geolocation": {"country", "state", "city"},
/// and "mode": "hosted" or "whitelabel". The service has deprecated "mode" and decides by the application; the sandbox opens a
/// whitelabel session only if it is asked for one.
///
/// The response is the session, one JSON object. In "mode" hosted, send the creator to its "url". In whitelabel, your own page
/// takes the "clientSecret". "expiresAt" and "clientReferenceId" are there in both. Whoever has the session can sign in in the
/// creator's place: keep it as you keep a password. Give all of it to `ofauth_link_wait`. Free `*out` with
/// `ofauth_response_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_link_start(
    client: *const ofauth_client,
    options_json: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &ofauth::Client| {
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        let given = unsafe { request::params(options_json, "options_json") }?;
        Ok(client.link_start(&options(&given)?))
    };
    let json = |session: LinkSession| ofauth_response::of_text(&session.to_json());
    // SAFETY: what the header asks for.
    unsafe { typed(client, out, err, call, json) }
}

/// Waits until the creator has signed in, in any process that has the session: what `ofauth_link_start` answered. It looks every 2
/// to 10 seconds, and ends when the session does, unless the client's wait has a shorter timeout. `ofauth_wait_set_notice` tells
/// how far the sign-in is. Of a hosted session (one with a "url") the service tells nothing but the connection that comes of it: a wrong
/// password or a refusal shows on the redirect URL alone.
///
/// The response is one JSON object: "connectionId", "clientReferenceId", "userId", "username", "name" (null if they are not
/// known), and in "data" all that the service said. Free `*out` with `ofauth_response_free`. `OFAUTH_ERR_REJECTED`: the sign-in
/// failed, and the message says what to do. `OFAUTH_ERR_TIMEOUT`: nobody signed in in time.
///
/// ```c
/// ofauth_response *session = NULL;
/// ofauth_response *linked = NULL;
/// ofauth_status status = ofauth_link_start(client, "{\"clientReferenceId\": \"creator-17\"}", &session, &error);
/// // send the creator to the "url" of ofauth_response_json(session), then
/// if (status == OFAUTH_OK) status = ofauth_link_wait(client, ofauth_response_json(session), &linked, &error);
/// ofauth_response_free(session);
/// ofauth_response_free(linked);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_link_wait(
    client: *const ofauth_client,
    session_json: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for a text that ends with NUL.
        let session = unsafe { pointer::text(session_json, "session_json") }?;
        let session = LinkSession::from_json(session).map_err(|_| {
            let text = "session_json is no link session: give the JSON of what ofauth_link_start answered";
            ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text)
        })?;
        let callbacks = WaitCallbacks(limits.notice.clone());
        let waiting = CallLoop::new([limits]);
        let tell = waiting.mailbox().on_wait();
        let wait = client.client().link_wait(&session).cancel(waiting.cancel());
        let wait = waiting.timeout().into_iter().fold(wait, LinkWait::timeout);
        let wait = wait.on_progress(move |status| tell(kind(status), &status.to_string()));
        linked(&waiting.run(client, &callbacks, wait.send())?)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Reads the address that a creator came back to after a sign-in, whole or from its path on. Nothing is sent.
///
/// The response is one JSON object: "status" ("success", "cancelled", "error"), "connectionId", "clientReferenceId", "step" and
/// "errorCode", null if they are not there; and "message", null for a success, else one line that says why there is no
/// connection and what to do. Anybody can open that address: before you act on it, look whether the connection is yours. Free
/// `*out` with `ofauth_response_free`. `OFAUTH_ERR_INVALID_ARGUMENT`: it is no such address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_link_return_parse(
    url: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let back = LinkReturn::parse(unsafe { pointer::text(url, "url") }?)?;
        let json = json!({
            "status": back.status.as_str(),
            "connectionId": back.connection_id,
            "clientReferenceId": back.client_reference_id,
            "step": back.step.as_ref().map(|step| step.as_str()),
            "errorCode": back.error_code.as_ref().map(|code| code.as_str()),
            "message": back.into_connection_id().err().map(|error| error.to_string()),
        });
        hand_out(out, ofauth_response::of_json(&json)?);
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// The options in JSON.
fn options(given: &Map<String, Value>) -> Result<LinkOptions> {
    let mut options = LinkOptions::new();
    for (name, value) in given {
        options = match (name.as_str(), value) {
            (_, Value::Null) => options,
            ("clientAppId", Value::String(id)) => options.client_app_id(id),
            ("redirectUrl", Value::String(url)) => options.redirect_url(url),
            ("clientReferenceId", Value::String(id)) => options.client_reference_id(id),
            ("connectionId", Value::String(id)) => options.connection_id(id),
            ("mode", Value::String(mode)) => match LinkMode::from(mode.as_str()) {
                LinkMode::Other(_) => {
                    let text =
                        format!("options_json: the mode {mode:?} is unknown: give hosted or whitelabel");
                    return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text));
                }
                known => options.mode(known),
            },
            ("geolocation", Value::Object(place)) => {
                let of = |name| place.get(name).and_then(Value::as_str);
                options.geolocation(of("country").unwrap_or_default(), of("state"), of("city"))
            }
            _ => {
                let text = format!(
                    "options_json: {name:?} is no option of a link, or of another type: give clientAppId, redirectUrl, \
                     clientReferenceId, connectionId or mode as text, geolocation as an object"
                );
                return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text));
            }
        };
    }
    Ok(options)
}

/// The number of the notice of a state.
fn kind(status: &LinkStatus) -> i32 {
    match status.state {
        LinkState::Awaiting2fa => OFAUTH_NOTICE_LINK_CONFIRM,
        _ => OFAUTH_NOTICE_LINK_STATE,
    }
}

fn linked(linked: &Linked) -> Result<ofauth_response> {
    ofauth_response::of_json(&json!({
        "connectionId": linked.connection_id,
        "clientReferenceId": linked.client_reference_id,
        "userId": linked.user_id,
        "username": linked.username,
        "name": linked.name,
        "data": linked.raw(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_refused_by_name() {
        let read = |text: &str| options(serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
        let all = r#"{"clientAppId": "app_1", "redirectUrl": "https://a/b", "clientReferenceId": "r",
            "connectionId": "conn_1", "mode": "whitelabel", "geolocation": {"country": "US", "city": "Reno"}}"#;
        let wanted = LinkOptions::new()
            .client_app_id("app_1")
            .redirect_url("https://a/b")
            .client_reference_id("r")
            .connection_id("conn_1")
            .mode(LinkMode::Whitelabel)
            .geolocation("US", None, Some("Reno"));
        assert_eq!(read(all).ok().unwrap(), wanted);
        assert_eq!(read(r#"{"clientAppId": null}"#).ok().unwrap(), LinkOptions::new());
        let hosted = LinkOptions::new().mode(LinkMode::Hosted);
        assert_eq!(read(r#"{"mode": "hosted"}"#).ok().unwrap(), hosted);
        for wrong in [
            r#"{"app": "app_1"}"#,
            r#"{"clientAppId": 5}"#,
            r#"{"geolocation": "US"}"#,
            r#"{"mode": "own"}"#,
            r#"{"mode": 1}"#,
        ] {
            let error = read(wrong).err().unwrap();
            assert_eq!(error.status(), OFAUTH_ERR_INVALID_ARGUMENT, "{wrong}");
        }
    }
}
