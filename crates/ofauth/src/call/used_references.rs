//! Upload references that a post or message has used: none is sent a second time.
//!
//! The service takes a reference once and refuses it afterwards. This says so before anything is sent, and which answer has
//! the media id to use instead. It knows what this client has sent and, with a journal directory, what other processes have
//! sent that share it ([`super::shared_references`]): of two that send one at the same moment, one is refused. It helps and
//! never hinders: what cannot be locked, read or written is a warning, and the service decides. So it does after a kill between
//! its answer and the moment when that is written down.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::shared_references::{BeingSent, SharedReferences, Taken};
use crate::error::{Result, invalid};
use crate::http::request::Request;
use crate::media_form::MediaForm;
use crate::threads::Threads;

/// The field of posts and messages that holds references.
const FIELD: &str = "mediaItems";

/// How the content type of a body begins that can hold references.
const JSON: &[u8] = b"application/json";

/// The most that are kept in memory by a client without a directory. What is older, the service refuses itself.
const MOST: usize = 100_000;

/// What is known of the references of a client, and of those of other processes if there is a directory.
#[derive(Debug, Default)]
pub(crate) struct UsedReferences {
    shared: Option<Arc<SharedReferences>>,
    threads: Threads,
    known: Mutex<Known>,
}

/// References by their hash.
#[derive(Debug, Default)]
struct Known {
    in_use: HashSet<u128>,
    used: HashSet<u128>,
}

impl UsedReferences {
    /// `journal` is the directory that processes share.
    pub(crate) fn new(journal: Option<&Path>, threads: Threads) -> Self {
        let shared = journal.map(|journal| Arc::new(SharedReferences::new(journal)));
        Self { shared, threads, known: Mutex::default() }
    }

    /// Takes the references of a request, so that no other request sends them meanwhile. Fails if one was used, is being used
    /// or is named twice, or if something among them is no medium.
    pub(crate) async fn claim(self: &Arc<Self>, request: &Request) -> Result<Claim> {
        // Bytes of a file have none, and may be more than anybody wants to look through.
        let is_json = request.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(JSON));
        let references = if is_json { references(&request.body)? } else { Vec::new() };
        let hashes: Vec<u128> = references.iter().map(|reference| hash(reference)).collect();
        let mut claim = Claim { owner: Arc::clone(self), hashes: Vec::new(), being_sent: Vec::new() };
        {
            let mut known = self.known();
            for (reference, hash) in references.iter().zip(&hashes) {
                if known.used.contains(hash) {
                    return Err(was_used(reference));
                }
                if !known.in_use.insert(*hash) {
                    return Err(is_under_way(reference));
                }
                claim.hashes.push(*hash);
            }
        }
        if let Some(shared) = self.shared.clone().filter(|_| !hashes.is_empty()) {
            let nth = |index: usize| references.get(index).map_or("", String::as_str);
            match self.threads.run(move || shared.take(&hashes)).await {
                Ok(Taken::Free(being_sent)) => claim.being_sent = being_sent,
                Ok(Taken::Used(index)) => return Err(was_used(nth(index))),
                Ok(Taken::Busy(index)) => return Err(is_under_way(nth(index))),
                Err(error) => tracing::warn!(%error, "used upload references cannot be looked up"),
            }
        }
        Ok(claim)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// References that a request under way has taken. Dropped without a word, they can be used again.
#[must_use]
#[derive(Debug)]
pub(crate) struct Claim {
    owner: Arc<UsedReferences>,
    hashes: Vec<u128>,
    /// What keeps other processes from sending them.
    being_sent: Vec<BeingSent>,
}

impl Claim {
    /// The request succeeded, so that they are used up. Waits until other processes can know.
    pub(crate) async fn used(mut self) {
        if self.hashes.is_empty() {
            return;
        }
        let being_sent = std::mem::take(&mut self.being_sent);
        let owner = &self.owner;
        if let Some(shared) = owner.shared.clone() {
            let hashes = self.hashes.clone();
            let written = move || {
                let written = shared.write(&hashes, SystemTime::now());
                // Others may look now.
                drop(being_sent);
                written
            };
            match owner.threads.run(written).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::warn!(%error, "used upload references cannot be written down"),
                Err(error) => tracing::warn!(%error, "used upload references cannot be written down"),
            }
        }
        let mut known = owner.known();
        if known.used.len() >= MOST {
            known.used.clear();
        }
        known.used.extend(&self.hashes);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.hashes.is_empty() {
            let mut known = self.owner.known();
            self.hashes.iter().for_each(|hash| _ = known.in_use.remove(hash));
        }
        let being_sent = std::mem::take(&mut self.being_sent);
        if !being_sent.is_empty() {
            // It waits for the disk. Who gets no thread comes back and is dropped here.
            _ = self.owner.threads.submit(Box::new(move || drop(being_sent)));
        }
    }
}

/// What an error says of a reference.
const WORKS_ONCE: &str = "an upload reference works in one post or message; after that, use the media id, which the answer \
                          to that post or message has";

fn was_used(reference: &str) -> crate::error::Error {
    invalid(format!("{reference} was used already: {WORKS_ONCE}"))
}

fn is_under_way(reference: &str) -> crate::error::Error {
    invalid(format!("{reference} is in a request that is under way: {WORKS_ONCE}"))
}

fn hash(reference: &str) -> u128 {
    xxh3_128(reference.as_bytes())
}

/// The upload references in the body of a request, each of which may be there once. Refuses what surely is no medium.
fn references(body: &[u8]) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Content {
        #[serde(default)]
        media_items: Value,
    }
    // Most requests have none, and looking costs less than reading.
    if !body.windows(FIELD.len()).any(|part| part == FIELD.as_bytes()) {
        return Ok(Vec::new());
    }
    let Ok(Content { media_items: Value::Array(items) }) = serde_json::from_slice(body) else {
        return Ok(Vec::new());
    };
    let mut references = Vec::new();
    for item in items {
        let Value::String(text) = item else { continue };
        if MediaForm::check(&text)? != MediaForm::Reference {
            continue;
        }
        if references.contains(&text) {
            return Err(invalid(format!("{text} is in {FIELD} twice: {WORKS_ONCE}")));
        }
        references.push(text);
    }
    Ok(references)
}

#[cfg(test)]
#[path = "used_references_tests.rs"]
mod tests;
