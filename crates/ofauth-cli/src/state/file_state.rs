//! The state of a file when it was uploaded, by which a later run knows that it is still the same.
//!
//! Size and times are compared by the library's rule. Where these leave it open, the content decides, of which a record
//! has the sum.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ofauth::Sum;
use ofauth::unversioned::{FileIdentity, Sameness};
use serde::{Deserialize, Serialize};

/// What begins in place of a path for bytes that come from no file. No absolute path begins so.
const OF_BYTES: &str = "sha256:";

/// Where a file is, and what it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FileState {
    path: String,
    #[serde(flatten)]
    identity: FileIdentity,
}

impl FileState {
    /// The present state of the file at `path`; nothing if it cannot be told. Blocks on the disk.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let identity = FileIdentity::of(&path.metadata().ok()?);
        // No absolute path begins like one that is no text.
        let bytes = path.as_os_str().as_encoded_bytes();
        let path = path.to_str().map_or_else(|| format!("base64:{}", STANDARD.encode(bytes)), str::to_owned);
        Some(Self { path, identity })
    }

    /// Bytes that come from no file, of which this is the SHA-256.
    pub(crate) fn of_bytes(sha256: &str, size: u64) -> Self {
        Self { path: format!("{OF_BYTES}{sha256}"), identity: FileIdentity::of_size(size) }
    }

    /// Where the file is, without links, or what stands for that.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.identity.size
    }

    /// Whether the file at `path`, whose state is `now`, holds what it held in this state; `sum` is that of its content
    /// then. Reads the file if its metadata leave that open, which blocks on the disk.
    pub(crate) fn is_still(&self, now: &Self, path: &Path, sum: Option<&Sum>) -> bool {
        let is_read_the_same = || sum.is_some_and(|sum| sum.is_of(path).unwrap_or(false));
        self.path == now.path
            && match self.identity.compare(&now.identity) {
                Sameness::Same => true,
                Sameness::Likely => self.path.starts_with(OF_BYTES) || is_read_the_same(),
                Sameness::Different(_) => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_known_by_their_hash_and_files_without_more_to_go_by_are_not() {
        let bytes = |hash, size| FileState::of_bytes(hash, size);
        let is_still = |then: &FileState, now: &FileState| then.is_still(now, Path::new("-"), None);
        assert!(is_still(&bytes("a", 1), &bytes("a", 1)));
        assert!(!is_still(&bytes("a", 1), &bytes("b", 1)) && !is_still(&bytes("a", 1), &bytes("a", 2)));
        let file = tempfile::NamedTempFile::new().unwrap();
        let state = FileState::of(file.path()).unwrap();
        let mut elsewhere = serde_json::to_value(&state).unwrap();
        elsewhere["inode"] = serde_json::Value::Null;
        let elsewhere: FileState = serde_json::from_value(elsewhere).unwrap();
        assert_eq!(cfg!(unix), is_still(&state, &state));
        assert!(!is_still(&elsewhere, &state), "a file that was copied has to be read, and no sum is known");
    }
}
