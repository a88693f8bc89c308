//! One request and its answer, as the server saw them.
//!
//! Bodies are kept if they are JSON, up to a bound. The value of the `apiKey` header is never kept, nor that of a header
//! that is mistaken for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::lock::lock;

/// Headers in which clients of other APIs send a key.
pub(crate) const MISPLACED_KEYS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-apikey"];

/// Headers that hold other secrets.
const SECRETS: [&str; 3] = ["cookie", "set-cookie", "proxy-authorization"];

/// Operations whose body is a session of somebody, which is not kept.
const SESSIONS: [&str; 2] = ["import_connection", "update_imported_connection"];

/// What makes an address good, in its query.
const SIGNATURE: &str = "signature";

/// What is kept of such a header, and of a key in a query.
const NOT_SHOWN: &str = "(not shown)";

/// How much of a body is kept.
const KEPT_OF_BODY: usize = 4 * 1024;

/// What a map of headers takes besides their texts: a node of the tree, and the allocations.
const OF_HEADERS: usize = 640;

/// What a text takes besides its bytes.
const OF_TEXT: usize = 32;

/// One request and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Exchange {
    /// The number of the request, from 1, in the order of arrival.
    pub number: u64,
    /// The number of the network connection it came on, from 1. The linked account is in the header `x-connection-id`.
    pub connection: u64,
    /// The time of the request's head, from the start of the sandbox (`atMs` in JSON).
    #[serde(rename = "atMs", serialize_with = "milliseconds")]
    pub at: Duration,
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// The id of the operation, if the path is one of the API's.
    pub operation: Option<String>,
    /// The upload session that the path names.
    pub media_upload_id: Option<String>,
    /// The part that the path names.
    pub part: Option<u32>,
    /// Whether it is over: answered, or cut off.
    pub over: bool,
    /// The status sent, or none if the connection ended without an answer.
    pub status: Option<u16>,
    /// Bytes of the request's body that were read.
    pub received: u64,
    /// Whether the request carried an API key.
    pub api_key: bool,
    /// The other request headers, names in lower case; values that are not text are left out, and keys are not shown.
    pub headers: BTreeMap<String, String>,
    /// The body of the request, if it was JSON and one of the latest 1 000.
    pub request: Option<Recorded>,
    /// The body of the answer, likewise.
    pub answer: Option<Recorded>,
    /// The kinds of the faults played on this request.
    pub faults: Vec<&'static str>,
    /// The parameters of the request that the API is to give up.
    pub deprecated: Vec<String>,
    /// Why the sandbox refused it, if it did by itself and not by a fault.
    pub refusal: Option<String>,
}

impl Exchange {
    /// The exchange of a request of which the head was read.
    pub(super) fn begin(number: u64, connection: u64, at: Duration, head: Head<'_>) -> Self {
        Self {
            number,
            connection,
            at,
            method: head.method.to_owned(),
            path: without_keys(head.path),
            operation: None,
            media_upload_id: None,
            part: None,
            over: false,
            status: None,
            received: 0,
            api_key: head.headers.contains_key("apikey"),
            headers: readable(head.headers),
            request: None,
            answer: None,
            faults: Vec::new(),
            deprecated: Vec::new(),
            refusal: None,
        }
    }

    /// About how much memory this takes, but for its bodies.
    pub(super) fn weight(&self) -> usize {
        let optional = [&self.operation, &self.media_upload_id, &self.refusal].into_iter().flatten();
        let headers = self.headers.iter().flat_map(|(name, value)| [name, value]);
        let texts =
            [&self.method, &self.path].into_iter().chain(optional).chain(&self.deprecated).chain(headers);
        let texts: usize = texts.map(|text| text.len() + OF_TEXT).sum();
        size_of::<Self>() + OF_HEADERS + texts
    }

    /// Keeps the body of the request, unless it is somebody's session.
    pub(crate) fn keep_request(&mut self, body: Option<Recorded>) {
        let is_session = self.operation.as_deref().is_some_and(|id| SESSIONS.contains(&id));
        self.request = body.filter(|_| !is_session);
    }

    /// Forgets both bodies.
    pub(super) fn drop_bodies(&mut self) {
        self.request = None;
        self.answer = None;
    }
}

/// The head of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    /// With the query.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// A body, as much of it as is kept: its first 4 KiB. In JSON it is the body itself if it is whole, and a text otherwise.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// What is kept of its text.
    pub text: String,
    /// The length of the whole, in bytes.
    pub length: u64,
}

impl Recorded {
    pub(crate) fn of(body: &[u8]) -> Self {
        let kept = body.get(..KEPT_OF_BODY).unwrap_or(body);
        Self { text: String::from_utf8_lossy(kept).into_owned(), length: body.len() as u64 }
    }

    /// The body as JSON, if all of it was kept and it is JSON.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// for exchange in sandbox.transcript() {
    ///     println!("{} was sent {:?}", exchange.path, exchange.request.and_then(|body| body.json()));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok().filter(|_| self.is_whole())
    }

    fn is_whole(&self) -> bool {
        self.length == self.text.len() as u64
    }
}

// What users wrote stays out of logs.
impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorded").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.json() {
            Some(json) => json.serialize(serializer),
            None if self.is_whole() => serializer.serialize_str(&self.text),
            None => serializer.collect_str(&format_args!("{}…", self.text)),
        }
    }
}

/// Writes a duration as a number of milliseconds.
fn milliseconds<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.as_secs_f64() * 1e3)
}

/// A path whose query may have a key in it, where it does not belong.
fn without_keys(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let is_key = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "apikey" || name == SIGNATURE || MISPLACED_KEYS.contains(&name.as_str())
    };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_key(name) => format!("{name}={NOT_SHOWN}"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", shown.collect::<Vec<_>>().join("&"))
}

fn readable(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| *name != "apikey")
        .filter_map(|(name, value)| {
            let is_secret = MISPLACED_KEYS.iter().chain(&SECRETS).any(|secret| name.as_str() == *secret);
            let value = if is_secret { NOT_SHOWN } else { value.to_str().ok()? };
            Some((name.to_string(), value.to_owned()))
        })
        .collect()
}

/// The exchange of a request that is being served.
#[derive(Debug, Clone)]
pub(crate) struct Entry(Arc<Mutex<Exchange>>);

impl Entry {
    pub(super) fn new(exchange: Exchange) -> Self {
        Self(Arc::new(Mutex::new(exchange)))
    }

    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut Exchange) -> T) -> T {
        change(&mut lock(&self.0))
    }

    /// The exchange as it is now.
    pub(crate) fn exchange(&self) -> Exchange {
        lock(&self.0).clone()
    }

    /// Whether both are the same request's.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_query_is_not_shown() {
        for (path, shown) in [
            ("/v2/x?limit=1", "/v2/x?limit=1"),
            ("/v2/x?apiKey=sk_1&limit=1", "/v2/x?apiKey=(not shown)&limit=1"),
            ("/v2/x?a=b&API-KEY=sk_1", "/v2/x?a=b&API-KEY=(not shown)"),
            ("/v2/x?authorization=sk_1", "/v2/x?authorization=(not shown)"),
            ("/v2/x", "/v2/x"),
        ] {
            assert_eq!(without_keys(path), shown);
        }
    }

    #[test]
    fn a_body_is_shown_as_json_if_it_is_whole() {
        let shown = |body: &[u8]| serde_json::to_string(&Recorded::of(body)).unwrap();
        assert_eq!(shown(br#"{ "a": 1 }"#), r#"{"a":1}"#);
        assert_eq!(shown(b"{"), r#""{""#);
        let long = Recorded::of(&[b'1'; KEPT_OF_BODY + 1]);
        assert_eq!(
            (long.text.len(), long.length, long.json()),
            (KEPT_OF_BODY, KEPT_OF_BODY as u64 + 1, None)
        );
        assert!(serde_json::to_string(&long).unwrap().ends_with("1…\""));
        assert!(!format!("{long:?}").contains("11"));
    }
}
