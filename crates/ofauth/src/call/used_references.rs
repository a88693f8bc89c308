//! Upload references that a post or message has used: none is sent a second time.
//!
//! The service takes a reference once and refuses it afterwards. This says so before anything is sent, and which answer has
//! the media id to use instead. It knows what this client has sent and, with a journal directory, what other processes have
//! sent that share it. It helps and never hinders: what cannot be read or written is a warning, and the service decides.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use crate::error::{Result, invalid};
use crate::http::request::Request;
use crate::line_file;
use crate::private_fs::create_directory;
use crate::state_format::USED_REFERENCES;
use crate::threads::Threads;

/// The field of posts and messages that holds references.
const FIELD: &str = "mediaItems";

/// How references begin, today and in older documents of the API.
const BEGINNINGS: [&str; 2] = ["upload:", "ofauth_upload_"];

/// Whether a text looks like an upload reference.
pub(crate) fn is_reference(text: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| {
        text.strip_prefix(beginning).is_some_and(|id| !id.is_empty() && !id.contains(char::is_whitespace))
    })
}

/// Whether a medium of a post can be used again: a media id or a URL. What is neither is taken for a reference, in whatever
/// form the service gives them one day.
fn lasts(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    text.bytes().all(|byte| byte.is_ascii_digit()) || begins("http://") || begins("https://")
}

/// How the content type of a body begins that can hold references.
const JSON: &[u8] = b"application/json";

/// The directory of the files below that of the journals.
const DIRECTORY: &str = "references";

/// Each file is for so many days. How long a reference can be used is not documented; sessions last for hours.
const DAYS: u64 = 30;

/// A file that nobody has written to for so long is removed.
const LASTS: Duration = Duration::from_secs(2 * DAYS * 24 * 60 * 60);

/// The most that are kept in memory by a client without a directory. What is older, the service refuses itself.
const MOST: usize = 100_000;

/// What is known of the references of a client, and of those of other processes if there is a directory.
#[derive(Debug, Default)]
pub(crate) struct UsedReferences {
    directory: Option<PathBuf>,
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
        Self { directory: journal.map(|journal| journal.join(DIRECTORY)), threads, known: Mutex::default() }
    }

    /// Takes the references of a request, so that no other request sends them meanwhile. Fails if one was used, is being used
    /// or is named twice.
    pub(crate) async fn claim(self: &Arc<Self>, request: &Request) -> Result<Claim> {
        // Bytes of a file have none, and may be more than anybody wants to look through.
        let is_json = request.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(JSON));
        let references = if is_json { references(&request.body)? } else { Vec::new() };
        let hashes: Vec<u128> = references.iter().map(|reference| hash(reference)).collect();
        let mut claim = Claim { owner: Arc::clone(self), hashes: Vec::new() };
        {
            let mut known = self.known();
            for (reference, hash) in references.iter().zip(&hashes) {
                if known.used.contains(hash) {
                    return Err(was_used(reference));
                }
                if !known.in_use.insert(*hash) {
                    let text = format!("{reference} is in a request that is under way: {WORKS_ONCE}");
                    return Err(invalid(text));
                }
                claim.hashes.push(*hash);
            }
        }
        if let Some(directory) = self.directory.clone().filter(|_| !hashes.is_empty()) {
            let of_others = move || read(&directory);
            let of_others = self.threads.run(of_others).await.unwrap_or_default();
            if let Some((reference, _)) =
                references.iter().zip(&hashes).find(|(_, hash)| of_others.contains(hash))
            {
                return Err(was_used(reference));
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
}

impl Claim {
    /// The request succeeded, so that they are used up. Waits until other processes can know.
    pub(crate) async fn used(self) {
        if self.hashes.is_empty() {
            return;
        }
        let owner = &self.owner;
        if let Some(directory) = owner.directory.clone() {
            let hashes = self.hashes.clone();
            let written = move || write(&directory, &hashes, SystemTime::now());
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
    }
}

/// What an error says of a reference.
const WORKS_ONCE: &str = "an upload reference works in one post or message; after that, use the media id, which the answer \
                          to that post or message has";

fn was_used(reference: &str) -> crate::error::Error {
    invalid(format!("{reference} was used already: {WORKS_ONCE}"))
}

fn hash(reference: &str) -> u128 {
    xxh3_128(reference.as_bytes())
}

/// The upload references in the body of a request, each of which may be there once.
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
        if lasts(&text) {
            continue;
        }
        if references.contains(&text) {
            return Err(invalid(format!("{text} is in {FIELD} twice: {WORKS_ONCE}")));
        }
        references.push(text);
    }
    Ok(references)
}

/// The file for what is used now.
fn path(directory: &Path, now: SystemTime) -> PathBuf {
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let number = since_1970.as_secs() / (DAYS * 24 * 60 * 60);
    directory.join(format!("{number}.used"))
}

/// What all processes have used, by hash. What cannot be read is left out. Blocks on the disk.
fn read(directory: &Path) -> HashSet<u128> {
    let mut used = HashSet::new();
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        let read = line_file::open_existing(&path).and_then(|file| {
            if line_file::is_begun(&file, &path, USED_REFERENCES)? {
                line_file::for_each_line(&file, |_, line| used.extend(line_hash(line)))?;
            }
            Ok(())
        });
        if let Err(error) = read {
            tracing::warn!(%error, "which upload references others have used cannot be read");
        }
    }
    used
}

fn line_hash(line: &[u8]) -> Option<u128> {
    u128::from_str_radix(std::str::from_utf8(line).ok()?.trim_end(), 16).ok()
}

/// Writes down what is used, for good, and forgets what is too old. Blocks on the disk.
fn write(directory: &Path, hashes: &[u128], now: SystemTime) -> io::Result<()> {
    create_directory(directory).map_err(|error| line_file::naming(directory, &error))?;
    line_file::remove_older(directory, LASTS);
    let path = path(directory, now);
    let file = line_file::open(&path)?;
    line_file::lock(&file, &path)?;
    line_file::check_format(&file, &path, USED_REFERENCES)?;
    let is_torn = line_file::is_torn(&file).map_err(|error| line_file::naming(&path, &error))?;
    let mut lines = String::from(if is_torn { "\n" } else { "" });
    hashes.iter().for_each(|hash| lines.push_str(&format!("{hash:032x}\n")));
    let written = line_file::append(&file, lines.as_bytes(), USED_REFERENCES).and_then(|_| file.sync_data());
    written.map_err(|error| line_file::naming(&path, &error))
}

#[cfg(test)]
#[path = "used_references_tests.rs"]
mod tests;
