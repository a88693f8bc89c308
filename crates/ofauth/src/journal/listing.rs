//! Shows the journals of a directory to people. Reads without a lock: a journal that is being written is seen as it
//! was a moment ago.

use std::fs::TryLockError;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::directory::Journal;
use super::file;
use super::record::State;
use super::replay::{Contents, Found, replay};
use crate::error::{Error, ErrorKind, Result};
use crate::private_fs::{self, OpenError};
use crate::system;

/// The fewest digits of an id that stand for it.
const SHORTEST_PREFIX: usize = 4;

/// The digits of an id.
const ID: usize = 16;

/// What the journal of one upload says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournaledUpload {
    /// 16 hexadecimal digits: the name of the journal.
    pub id: String,
    /// The journal itself.
    pub path: PathBuf,
    /// The path of the file that is uploaded, or its name if it is none of a file system. `None` if it cannot be read.
    /// U+FFFD stands for what is not text.
    pub file: Option<String>,
    /// The bytes of that path, if they are not text; on Windows, in the encoding of the standard library's strings.
    pub file_bytes: Option<Vec<u8>>,
    /// The connection whose vault receives it. `None` if it cannot be read.
    pub connection: Option<String>,
    /// The service. `None` if it cannot be read.
    pub base_url: Option<String>,
    /// Bytes of the file; 0 if it cannot be read.
    pub size: u64,
    /// Parts that the service has.
    pub parts_done: u32,
    /// Parts of the plan; 0 if it cannot be read.
    pub parts_total: u32,
    /// Bytes of the parts that the service has.
    pub bytes_done: u64,
    /// The reference of the upload. If it is damaged, what seems to be the reference.
    pub upload_id: Option<String>,
    /// When the session was opened. `None` if it cannot be read.
    pub opened: Option<SystemTime>,
    /// When the session ends, by this machine's clock, if the service said so.
    pub expires: Option<SystemTime>,
    /// The state of the upload, if it is not running at the moment.
    pub state: JournalState,
    /// Whether an upload has the journal locked, in this process or another.
    pub in_use: bool,
}

/// Where a journaled upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JournalState {
    /// Uploading the same file again sends what is missing.
    Interrupted,
    /// The service may have finished the upload. Nothing is uploaded again until the journal is forgotten.
    OutcomeUnknown,
    /// The upload is finished, but its result was not delivered. Uploading the same file again delivers it.
    Finished,
    /// The journal cannot be read.
    Damaged,
    /// The journal was written by a version of this software whose format is not known to this one.
    OtherVersion,
}

impl JournalState {
    /// The state in snake case, as in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Finished => "finished",
            Self::Damaged => "damaged",
            Self::OtherVersion => "other_version",
        }
    }
}

impl std::fmt::Display for JournalState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

pub(super) fn sessions(journal: &Journal) -> Result<Vec<JournaledUpload>> {
    let mut sessions: Vec<_> = ids(journal)?.iter().filter_map(|id| look(journal, id)).collect();
    sessions.sort_by(|a, b| (a.opened, &a.id).cmp(&(b.opened, &b.id)));
    Ok(sessions)
}

pub(super) fn session(journal: &Journal, prefix: &str) -> Result<JournaledUpload> {
    look(journal, &resolve(journal, prefix)?).ok_or_else(|| none(journal, prefix))
}

fn none(journal: &Journal, prefix: &str) -> Error {
    let text = format!("there is no session {prefix} in {}", journal.dir().display());
    Error::new(ErrorKind::InvalidArgument, text)
}

/// The one journal whose id begins with `prefix`.
pub(super) fn resolve(journal: &Journal, prefix: &str) -> Result<String> {
    let bad = |text: String| Error::new(ErrorKind::InvalidArgument, text);
    if prefix.len() < SHORTEST_PREFIX {
        return Err(bad(format!(
            "{prefix:?} is too short for a session: give {SHORTEST_PREFIX} digits or more"
        )));
    }
    let ids = ids(journal)?;
    let mut matching = ids.into_iter().filter(|id| id.starts_with(prefix));
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(none(journal, prefix)),
        (Some(one), Some(other)) => Err(bad(format!(
            "more than one session begins with {prefix}, such as {one} and {other}: give more digits"
        ))),
    }
}

/// The ids of the journals in the directory, sorted.
fn ids(journal: &Journal) -> Result<Vec<String>> {
    let cannot = |error: io::Error| {
        let what = format!("the directory {} cannot be read", journal.dir().display());
        system::failed(ErrorKind::Journal, what, "", error)
    };
    let entries = match std::fs::read_dir(journal.dir()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(cannot)?,
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(cannot)?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".journal"));
        ids.extend(id.filter(|id| is_id(id)).map(str::to_owned));
    }
    ids.sort();
    Ok(ids)
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What one journal says. `None` if it says nothing yet, or is gone.
pub(super) fn look(journal: &Journal, id: &str) -> Option<JournaledUpload> {
    let path = journal.path_of(id);
    let upload = JournaledUpload {
        id: id.to_owned(),
        path: path.clone(),
        file: None,
        file_bytes: None,
        connection: None,
        base_url: None,
        size: 0,
        parts_done: 0,
        parts_total: 0,
        bytes_done: 0,
        upload_id: None,
        opened: None,
        expires: None,
        state: JournalState::Damaged,
        in_use: false,
    };
    let file = match private_fs::open(&path, &private_fs::options()) {
        Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => return Some(upload),
        Ok(file) => file,
    };
    // Shared, so that those who look do not see each other. The lock ends with `file`.
    let in_use = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let upload = JournaledUpload { in_use, ..upload };
    let Ok(bytes) = file::read(&file) else { return Some(upload) };
    match replay(&bytes) {
        Contents::New => None,
        Contents::OtherVersion(_) => Some(JournaledUpload { state: JournalState::OtherVersion, ..upload }),
        Contents::Foreign => Some(upload),
        Contents::Journal(replay) => match replay.found {
            Found::Nothing => None,
            Found::State(state) => Some(describe(upload, *state)),
            Found::Damaged { finishing, upload_id } => {
                let state = if finishing { JournalState::OutcomeUnknown } else { JournalState::Damaged };
                Some(JournaledUpload { upload_id, state, ..upload })
            }
        },
    }
}

fn describe(upload: JournaledUpload, state: State) -> JournaledUpload {
    let bytes_done = state.bytes_done();
    let State { session, parts, finishing, done, .. } = state;
    let about = session.about;
    let count = |parts: usize| u32::try_from(parts).unwrap_or(u32::MAX);
    let here = |server_ms: i64| instant(server_ms.saturating_sub(session.clock_ahead_ms));
    JournaledUpload {
        file: Some(about.shown_source().into_owned()),
        file_bytes: about.path_not_text(),
        connection: Some(about.connection),
        base_url: Some(about.base_url),
        size: session.size,
        parts_done: count(parts.len()),
        parts_total: count(session.parts.len()),
        bytes_done,
        upload_id: Some(session.upload_id),
        opened: instant(session.opened_unix_ms),
        expires: session.expires_unix_ms.and_then(here),
        state: match (done, finishing) {
            (Some(_), _) => JournalState::Finished,
            (None, 0) => JournalState::Interrupted,
            (None, _) => JournalState::OutcomeUnknown,
        },
        ..upload
    }
}

/// Milliseconds since 1970. `None` if this system's clock cannot say so.
fn instant(unix_ms: i64) -> Option<SystemTime> {
    let distance = Duration::from_millis(unix_ms.unsigned_abs());
    if unix_ms < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}
