//! What a journal says: the records, and the state that they add up to.
//!
//! The records are JSON, one each. How they lie in the file is [`super::frame`]'s matter, how they are read back
//! [`super::replay`]'s. Addresses of a plan stand here in full, so no `Debug` shows them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::{Deserialize, Serialize};

use super::hash::{PartHash, hex};
use crate::file_identity::FileIdentity;

/// The options for vault workflows that an upload was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultOptions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
}

/// Which upload a journal is about: all that must be equal for a later run to go on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) base_url: String,
    pub(crate) connection: String,
    /// The absolute path of a file, or `path:` and its bytes if they are not text, or `bytes:NAME`, `reader:NAME`.
    pub(crate) source: String,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vault_upload: Option<VaultOptions>,
}

impl About {
    /// The name of its journal: 16 hexadecimal digits.
    pub(crate) fn id(&self) -> String {
        let vault = self.vault_upload.as_ref();
        let fields = [
            Some(self.base_url.as_str()),
            Some(&self.connection),
            Some(&self.source),
            Some(&self.filename),
            Some(&self.content_type),
            // Empty options are sent, none are not.
            vault.map(|_| "vault"),
            vault.and_then(|vault| vault.mode.as_deref()),
            vault.and_then(|vault| vault.user_id.as_deref()),
        ];
        let mut hash = PartHash::new();
        for field in fields {
            // The length says where a field ends, so that no two lists of fields are the same bytes.
            let length = field.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(&length.to_le_bytes());
            hash.update(field.unwrap_or_default().as_bytes());
        }
        let id = hash.digest128() & u128::from(u64::MAX);
        format!("{id:016x}")
    }

    /// The source as people know it: a path, or a name.
    pub(crate) fn shown_source(&self) -> Cow<'_, str> {
        if let Some(path) = self.source.strip_prefix(NOT_TEXT) {
            return percent_decode_str(path).decode_utf8_lossy();
        }
        let name = ["bytes:", "reader:"].iter().find_map(|kind| self.source.strip_prefix(kind));
        Cow::Borrowed(name.unwrap_or(&self.source))
    }

    /// The bytes of a path that is not text.
    pub(crate) fn path_not_text(&self) -> Option<Vec<u8>> {
        self.source.strip_prefix(NOT_TEXT).map(|path| percent_decode_str(path).collect())
    }
}

/// What stands before a path that is not text. No other path begins with it, for all are absolute.
const NOT_TEXT: &str = "path:";

/// A path that is not text, as text from which [`About::path_not_text`] has its bytes.
pub(crate) fn path_not_text(path: &Path) -> String {
    const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
    format!("{NOT_TEXT}{}", percent_encode(path.as_os_str().as_encoded_bytes(), ESCAPED))
}

/// A session was opened, and this is its plan. Whatever the journal said before is over.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    // First, where it is found again should the rest be damaged.
    pub(crate) upload_id: String,
    pub(crate) about: About,
    /// What the source was when the session was opened.
    pub(crate) identity: FileIdentity,
    /// When the session was opened, by this machine's clock, in milliseconds since 1970.
    pub(crate) opened_unix_ms: i64,
    /// How far the service's clock was ahead of this machine's.
    pub(crate) clock_ahead_ms: i64,
    /// When the session ends, by the service's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_unix_ms: Option<i64>,
    /// `None` if the one part finishes the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) complete_url: Option<String>,
    /// Bytes: the sum of the parts' lengths.
    pub(crate) size: u64,
    /// In the order of their bytes.
    pub(crate) parts: Vec<PartRecord>,
}

impl SessionRecord {
    fn part(&self, index: u32) -> Option<&PartRecord> {
        self.parts.get(usize::try_from(index).ok()?)
    }

    /// Whether the parts add up to the size, with none empty.
    pub(super) fn adds_up(&self) -> bool {
        let lengths = self.parts.iter().map(|part| part.length);
        let sum = lengths.clone().try_fold(0_u64, u64::checked_add);
        !self.parts.is_empty() && lengths.min() > Some(0) && sum == Some(self.size)
    }
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord")
            .field("upload_id", &self.upload_id)
            .field("about", &self.about)
            .field("size", &self.size)
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

/// One part of a plan. Where it starts follows from the lengths before it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) length: u64,
    pub(crate) url: String,
}

impl fmt::Debug for PartRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartRecord({})", self.length)
    }
}

/// The service has a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartDone {
    /// Counted from 0.
    pub(crate) index: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// [`PartHash`] of the bytes that were sent.
    #[serde(with = "hex")]
    pub(crate) hash: u128,
    /// How often it was sent.
    pub(crate) tries: u32,
}

/// The upload is finished, and this is what the service said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DoneRecord {
    pub(crate) media_upload_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<serde_json::Value>,
    /// Of a file that went in one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    pub(crate) retries: u32,
}

/// One thing that happened to an upload.
#[expect(clippy::large_enum_variant, reason = "there is never more than one at a time")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Session(SessionRecord),
    Part(PartDone),
    /// The request that finishes the upload is about to be sent.
    Finishing,
    /// Every such request is known not to have finished it.
    NotFinished,
    Done(DoneRecord),
}

/// What the records of a journal add up to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) session: SessionRecord,
    /// The parts that the service has, by their index.
    pub(crate) parts: BTreeMap<u32, PartDone>,
    /// How often the request that finishes the upload may have been sent since it was last known not to have done so.
    pub(crate) finishing: u32,
    pub(crate) done: Option<DoneRecord>,
    /// Whether the file went on behind the last record that is whole.
    pub(crate) torn: bool,
}

impl State {
    /// Takes the record that comes next. `false`, and nothing changes, if it cannot come next: then it is damage.
    pub(super) fn take(state: &mut Option<Self>, record: Record) -> bool {
        match (state, record) {
            (state, Record::Session(session)) => {
                let adds_up = session.adds_up();
                if adds_up {
                    let parts = BTreeMap::new();
                    *state = Some(Self { session, parts, finishing: 0, done: None, torn: false });
                }
                return adds_up;
            }
            (None, _) => return false,
            (Some(state), Record::Part(part)) => {
                if state.session.part(part.index).is_none() {
                    return false;
                }
                // The PUT of a single upload is its end. The record of that, with what else the service said, may be lost.
                if state.session.complete_url.is_none() {
                    state.done.get_or_insert_with(|| DoneRecord {
                        media_upload_id: state.session.upload_id.clone(),
                        media: None,
                        etag: part.etag.clone(),
                        retries: part.tries.saturating_sub(1),
                    });
                }
                // It may be there already: a part is sent again if the source no longer holds what was sent.
                state.parts.insert(part.index, part);
            }
            (Some(state), Record::Finishing) => state.finishing = state.finishing.saturating_add(1),
            (Some(state), Record::NotFinished) => state.finishing = 0,
            (Some(state), Record::Done(done)) => state.done = Some(done),
        }
        true
    }

    /// Bytes of the parts that the service has.
    pub(crate) fn bytes_done(&self) -> u64 {
        self.parts.keys().filter_map(|index| self.session.part(*index)).map(|part| part.length).sum()
    }

    /// The parts of the plan in order: index, first byte, length, and what is known of those that the service has.
    pub(crate) fn planned(&self) -> impl Iterator<Item = (usize, u64, u64, Option<&PartDone>)> {
        let mut next: u64 = 0;
        self.session.parts.iter().enumerate().map(move |(index, part)| {
            let start = next;
            next = next.saturating_add(part.length);
            let done = u32::try_from(index).ok().and_then(|index| self.parts.get(&index));
            (index, start, part.length, done)
        })
    }
}
