//! Answers of the simulated service, and what may happen to a request on its way.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::env::Env;
use super::schedule::Rates;
use crate::error::{Error, ErrorKind};
use crate::http::response::{LONGEST_STEP, Response};
use crate::secret::ApiKey;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn ok(body: &Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn refusal(status: u16) -> Self {
        Self::typed(status, None)
    }

    fn typed(status: u16, api_type: Option<&str>) -> Self {
        let body = match api_type {
            Some(api_type) => json!({"error": "refused", "type": api_type, "requestId": "req_1"}).to_string(),
            None if status == 502 => "<html><h1>Bad Gateway</h1></html>".into(),
            None => json!({"error": "refused"}).to_string(),
        };
        Self { status, headers: Vec::new(), body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn into_answer(self, key: &ApiKey) -> Response {
        let headers: HeaderMap = self
            .headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        Response::new(self.status, headers, Bytes::from(self.body), LONGEST_STEP, key)
    }
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    Honest,
    NotSent,
    /// The connection breaks before the whole body left. Of a request without a body: before it left.
    HalfSent,
    /// An answer comes before the whole body left.
    Early(Reply),
    /// It left and never arrives. `silent`: the connection stands, so only time tells.
    LostBefore {
        silent: bool,
    },
    /// It arrives, and its answer does not.
    LostAfter {
        silent: bool,
    },
    /// It is refused unread.
    Refused(Reply),
    /// What it asks for is done, and the answer is an error.
    RefusedAfter(Reply),
    /// What it asks for is done, and the answer cannot be read.
    Unreadable,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Init,
    Part,
    /// It finishes the upload: a complete, or the PUT of a single upload.
    Finish,
}

impl Fate {
    pub(crate) fn draw(env: &Env, rates: &Rates, purpose: Purpose) -> Self {
        let mut at = env.draw(fastrand::Rng::f64);
        let mut is = |rate: f64| {
            at -= rate;
            at < 0.0
        };
        // Half of them if all of them are at their highest: a request has to get through at times.
        let silent = env.happens(rates.silent);
        let scale = 0.5;
        if is(rates.not_sent * scale) {
            Self::NotSent
        } else if is(rates.half_sent * scale) {
            Self::HalfSent
        } else if is(rates.early * scale) {
            Self::Early(if env.happens(0.2) { Reply::ok(&json!({})) } else { refusal(env, rates) })
        } else if is(rates.lost_before * scale) {
            Self::LostBefore { silent }
        } else if is(rates.lost_after * scale) {
            Self::LostAfter { silent }
        } else if is(rates.refused * scale) {
            Self::Refused(if env.happens(0.1) { success_with_error() } else { refusal(env, rates) })
        } else if is(rates.refused_after * scale) {
            // An honest service does not deny what it has done, but for the words "something went wrong".
            let finishes = purpose == Purpose::Finish;
            Self::RefusedAfter(if finishes { failure(env) } else { refusal(env, rates) })
        } else if is(rates.unreadable * scale) {
            Self::Unreadable
        } else {
            Self::Honest
        }
    }
}

fn success_with_error() -> Reply {
    Reply::ok(&json!({"error": "something else"}))
}

/// A failure of the service, which may come after the work.
fn failure(env: &Env) -> Reply {
    let reply = Reply::refusal([500, 502, 503, 504][env.draw(|rng| rng.usize(0..4))]);
    patience(env, reply)
}

/// Some services say when to come back.
fn patience(env: &Env, reply: Reply) -> Reply {
    if !env.happens(0.3) {
        return reply;
    }
    let seconds = env.draw(|rng| [0, 1, 7, 60, 400, 4000][rng.usize(0..6)]);
    reply.with("retry-after", seconds)
}

/// A refusal, of any kind.
fn refusal(env: &Env, rates: &Rates) -> Reply {
    if env.happens(rates.hard) {
        let hard: [(u16, Option<&str>); 9] = [
            (400, None),
            (400, Some("BAD_REQUEST")),
            (401, Some("SESSION_EXPIRED")),
            (403, None),
            (404, None),
            (409, None),
            (410, None),
            (413, None),
            (423, None),
        ];
        let (status, api_type) = hard[env.draw(|rng| rng.usize(0..hard.len()))];
        return Reply::typed(status, api_type);
    }
    match env.draw(|rng| rng.u8(0..4)) {
        0 => patience(env, Reply::typed(429, Some("RATE_LIMIT_EXCEEDED"))),
        1 => Reply::typed(401, Some("RULES_OUTDATED")),
        2 => Reply::refusal(408),
        _ => failure(env),
    }
}

/// The error of a connection.
pub(crate) fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Network, what)
}

/// The error of an answer that did not come in time.
pub(crate) fn late() -> Error {
    Error::new(ErrorKind::Timeout, "no answer came in time")
}
