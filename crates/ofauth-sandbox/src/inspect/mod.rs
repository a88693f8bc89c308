//! `/_sandbox/…`: what tests in any language can ask and tell a running sandbox; `/`, which says what this is; and
//! `/openapi.json`, the document.
//!
//! No key is needed, so only clients on the same machine are answered below `/_sandbox/`.

mod link;
mod webhooks;

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::fault::FaultScript;
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::media;
use crate::state::State;
use crate::transcript::Query;
use crate::world::collection::Collection;
use crate::{document, openapi, query};

const PREFIX: &str = "/_sandbox/";

const FRONT: &str = "/";

const DOCUMENT: &str = "/openapi.json";

/// Where Link sessions are, below the prefix.
const LINK: &str = "link/";

/// Where a delivery is, below the prefix, and what is done with it.
const WEBHOOKS: &str = "webhooks/";
const RESEND: &str = "/resend";

const HEALTH: &str = "/_sandbox/health";

/// What people read who open the address in a browser.
const FRONT_PAGE: &str = "\
This is ofauth-sandbox, a local OFAuth to develop and test against.

It takes any API key and connection. Send requests as to the real API, to paths that begin with /v2, with the headers
apiKey and x-connection-id:

  curl -H 'apiKey: any' -H 'x-connection-id: any' {base}/v2/access/vault/media

The API as an OpenAPI document, with the address of this server:

  {base}/openapi.json

What it saw, and what it does wrong on demand:

  {base}/_sandbox/uploads
  {base}/_sandbox/posts
  {base}/_sandbox/messages
  {base}/_sandbox/transcript
  {base}/_sandbox/faults
  {base}/_sandbox/link
  {base}/_sandbox/webhooks
";

/// A fault script, or what else is told, has to be smaller than this.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Whether a request is to the sandbox itself and not to the API.
pub(crate) fn is_inspection(method: &Method, path: &str) -> bool {
    let looks = method == Method::GET || method == Method::HEAD;
    path.starts_with(PREFIX) || ([FRONT, DOCUMENT].contains(&path) && looks)
}

/// Answers a request for a path below `/_sandbox/`. People read these answers too, so they end with a line end.
pub(crate) async fn answer(state: &State, peer: SocketAddr, base: &str, request: Request<Incoming>) -> Reply {
    let mut reply = reply(state, peer, base, request).await;
    reply.payload = reply.payload.written();
    if let Payload::Text { text, .. } = &mut reply.payload
        && !text.ends_with('\n')
    {
        text.push('\n');
    }
    reply
}

/// The page at `/`; `base` is the address that the client used.
fn front(base: &str) -> Reply {
    let text = FRONT_PAGE.replace("{base}", base);
    Reply::new(StatusCode::OK, Payload::Text { content_type: "text/plain; charset=utf-8".to_owned(), text })
}

async fn reply(state: &State, peer: SocketAddr, base: &str, request: Request<Incoming>) -> Reply {
    if request.uri().path() == FRONT {
        return front(base);
    }
    if request.uri().path() == DOCUMENT {
        return Reply::json(openapi::of(base, state.settings.lenient));
    }
    // For whoever starts this in a container and waits for it.
    if request.uri().path() == HEALTH && request.method() == Method::GET {
        return health(state);
    }
    if !peer.ip().to_canonical().is_loopback() {
        return problem(StatusCode::FORBIDDEN, "/_sandbox answers clients on the same machine only");
    }
    let method = request.method().clone();
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
    match (&method, path.as_str()) {
        (&Method::GET, "uploads") => list(&lock(&state.uploads).records()),
        (&Method::GET, "posts") => list(&lock(&state.world).records(&[Collection::Posts])),
        (&Method::GET, "messages") => {
            list(&lock(&state.world).records(&[Collection::Messages, Collection::MassMessages]))
        }
        (&Method::GET, "transcript") => transcript(state, request.uri().query().unwrap_or_default()).await,
        (&Method::DELETE, "transcript") => {
            state.transcript.clear();
            Reply::json(json!({ "requests": 0 }))
        }
        (&Method::POST, "reset") => {
            state.reset();
            health(state)
        }
        (&Method::GET, "faults") => list(&lock(&state.faults).played()),
        (&Method::DELETE, "faults") => {
            lock(&state.faults).clear();
            Reply::json(json!({ "rules": 0 }))
        }
        (&Method::POST, "faults") => add_faults(state, request).await,
        (&Method::GET, "webhooks") => {
            webhooks::deliveries(state, request.uri().query().unwrap_or_default()).await
        }
        (&Method::POST, "webhooks") => match body(request).await {
            Ok(body) => webhooks::trigger(state, &body),
            Err(refusal) => refusal,
        },
        (&Method::POST, other) if other.starts_with(WEBHOOKS) && other.ends_with(RESEND) => {
            webhooks::resend(state, other.trim_start_matches(WEBHOOKS).trim_end_matches(RESEND))
        }
        (&Method::GET, "link") => link::records(state, base),
        (&Method::POST, other) if other.starts_with(LINK) => match body(request).await {
            Ok(body) => link::act(state, base, other.trim_start_matches(LINK), &body),
            Err(refusal) => refusal,
        },
        (&Method::GET, other) if other.starts_with(LINK) => {
            link::record(state, base, other.trim_start_matches(LINK))
        }
        (&Method::GET, other) => match other.strip_prefix("uploads/") {
            Some(name) if name.ends_with(CONTENT) => content(state, name),
            Some(id) => one_upload(state, id),
            None => problem(StatusCode::NOT_FOUND, "the sandbox does not have this path"),
        },
        _ => problem(StatusCode::NOT_FOUND, "the sandbox does not have this path and method"),
    }
}

fn health(state: &State) -> Reply {
    let (age, requests) = state.transcript.age();
    Reply::json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeMs": u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
        "requests": requests,
    }))
}

/// The exchanges that a query asks for, once there are as many as it waits for.
async fn transcript(state: &State, query: &str) -> Reply {
    let query = match Query::read(query::pairs(query), document::knows) {
        Ok(query) => query,
        Err(problem) => return self::problem(StatusCode::BAD_REQUEST, &problem),
    };
    let Some((count, patience)) = query.wait else { return list(&state.transcript.select(&query.wanted)) };
    match tokio::time::timeout(patience, state.transcript.wait_for(&query.wanted, count)).await {
        Ok(found) => list(&found),
        Err(_) => {
            let over = state.transcript.count_over(&query.wanted);
            let problem = format!("{over} of {count} requests were over after {} s", patience.as_secs());
            self::problem(StatusCode::GATEWAY_TIMEOUT, &problem)
        }
    }
}

fn list<T: serde::Serialize>(items: &[T]) -> Reply {
    match serde_json::to_value(items) {
        Ok(value) => Reply::json(value),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// What follows the id of an upload in the path of its bytes.
const CONTENT: &str = "/content";

/// The bytes of an upload.
fn content(state: &State, name: &str) -> Reply {
    let id = percent_decode_str(name.trim_end_matches(CONTENT)).decode_utf8_lossy();
    let media_id = lock(&state.uploads).record(&id).and_then(|record| record.media_id);
    let missing = || problem(StatusCode::NOT_FOUND, &format!("the bytes of an upload \"{id}\" are not kept"));
    media_id.and_then(|media_id| media::whole_upload(state, media_id)).unwrap_or_else(missing)
}

fn one_upload(state: &State, id: &str) -> Reply {
    let id = percent_decode_str(id).decode_utf8_lossy();
    match lock(&state.uploads).record(&id).map(serde_json::to_value) {
        Some(Ok(record)) => Reply::json(record),
        Some(Err(error)) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        None => problem(StatusCode::NOT_FOUND, &format!("there is no upload \"{id}\"")),
    }
}

async fn add_faults(state: &State, request: Request<Incoming>) -> Reply {
    let body = match body(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let script = match FaultScript::from_json(&String::from_utf8_lossy(&body)) {
        Ok(script) => script,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let mut faults = lock(&state.faults);
    for rule in script.rules {
        faults.add(rule);
    }
    Reply::json(json!({ "rules": faults.len() }))
}

/// The body of a request, or why it is not taken.
async fn body(request: Request<Incoming>) -> Result<Bytes, Reply> {
    let body = Limited::new(request.into_body(), BODY_LIMIT).collect().await;
    body.map(Collected::to_bytes).map_err(|error| problem(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn problem(status: StatusCode, message: &str) -> Reply {
    Reply::new(status, Payload::Json(Value::from_iter([("error", message)])))
}
