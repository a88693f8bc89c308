//! The record of every request, as the server saw it.
//!
//! Each request has an [`Exchange`] from the moment its head is read; the code that serves it fills in the rest.
//! The value of the `apiKey` header is never kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::HeaderMap;
use serde::{Serialize, Serializer};

use crate::lock::lock;

/// A long-running sandbox keeps this many exchanges and forgets the oldest.
const KEPT: usize = 100_000;

/// One request and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Exchange {
    /// The number of the request, from 1, in the order of arrival.
    pub number: u64,
    /// The number of the connection it came on, from 1.
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
    /// The status sent, or none if the connection ended without an answer.
    pub status: Option<u16>,
    /// Bytes of the request's body that were read.
    pub received: u64,
    /// Whether the request carried an API key.
    pub api_key: bool,
    /// The other request headers, names in lower case; values that are not text are left out.
    pub headers: BTreeMap<String, String>,
    /// The kinds of the faults played on this request.
    pub faults: Vec<&'static str>,
    /// The parameters of the request that the API is to give up.
    pub deprecated: Vec<String>,
    /// Why the sandbox refused it, if it did by itself and not by a fault.
    pub refusal: Option<String>,
}

/// Writes a duration as a number of milliseconds.
fn milliseconds<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.as_secs_f64() * 1e3)
}

/// The exchange of a request that is being served.
#[derive(Debug, Clone)]
pub(crate) struct Entry(Arc<Mutex<Exchange>>);

impl Entry {
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Exchange)) {
        change(&mut lock(&self.0));
    }

    /// The exchange as it is now.
    pub(crate) fn exchange(&self) -> Exchange {
        lock(&self.0).clone()
    }
}

/// All exchanges that are kept.
#[derive(Debug)]
pub(crate) struct Transcript {
    start: Instant,
    entries: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    latest: VecDeque<Entry>,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), entries: Mutex::default() }
    }

    /// Opens the exchange of a request whose head was just read.
    pub(crate) fn begin(&self, connection: u64, method: &str, path: &str, headers: &HeaderMap) -> Entry {
        let at = self.start.elapsed();
        let mut kept = lock(&self.entries);
        kept.count += 1;
        let entry = Entry(Arc::new(Mutex::new(Exchange {
            number: kept.count,
            connection,
            at,
            method: method.to_owned(),
            path: path.to_owned(),
            operation: None,
            media_upload_id: None,
            part: None,
            status: None,
            received: 0,
            api_key: headers.contains_key("apikey"),
            headers: readable(headers),
            faults: Vec::new(),
            deprecated: Vec::new(),
            refusal: None,
        })));
        if kept.latest.len() == KEPT {
            kept.latest.pop_front();
        }
        kept.latest.push_back(entry.clone());
        entry
    }

    pub(crate) fn snapshot(&self) -> Vec<Exchange> {
        let entries: Vec<Entry> = lock(&self.entries).latest.iter().cloned().collect();
        entries.iter().map(Entry::exchange).collect()
    }
}

fn readable(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| *name != "apikey")
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}
