//! Reads a journal back: the state of the longest beginning that is whole. Pure.
//!
//! What follows the first frame that is cut, changed, out of place, or senseless is not believed. It may have said that
//! more parts are done, which costs sending them again, or that the upload was being finished, which is why the header
//! says that too.

use super::frame::{self, Chain, FLAG_AT, HEADER};
use super::record::{Record, State};
use crate::state_format::{Beginning, JOURNAL, OtherVersion};

/// What a file says.
#[derive(Debug)]
pub(crate) enum Contents {
    /// Nothing yet.
    New,
    /// A journal.
    Journal(Replay),
    /// A journal in another version of the format.
    OtherVersion(OtherVersion),
    /// No journal.
    Foreign,
}

impl Contents {
    /// Whether anything would be lost with the file.
    pub(super) fn is_of_use(&self) -> bool {
        match self {
            Self::New => false,
            Self::Journal(replay) => replay.found != Found::Nothing,
            Self::OtherVersion(_) | Self::Foreign => true,
        }
    }
}

/// What a journal says.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(super) found: Found,
    /// The flag of the header.
    pub(super) finishing: bool,
    /// Bytes, from the start of the file, that are believed.
    pub(super) valid_len: u64,
    /// The chain at that place.
    pub(super) chain: Chain,
    /// Whether more bytes follow.
    pub(super) torn: bool,
}

/// What an earlier run left.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// No session was opened.
    Nothing,
    /// A session, whole or torn behind its last records.
    State(Box<State>),
    /// Not even a session can be read, although there was one.
    Damaged {
        /// Whether the request that finishes the upload may have been sent.
        finishing: bool,
        /// What seems to be the reference of the upload. It may be damaged as well.
        upload_id: Option<String>,
    },
}

/// Reads the bytes of a whole file.
pub(super) fn replay(bytes: &[u8]) -> Contents {
    let beginning = JOURNAL.judge(bytes);
    if let Beginning::Other(version) = beginning {
        return Contents::OtherVersion(version);
    }
    let Some((header, behind)) = bytes.split_at_checked(HEADER) else {
        // Too short to have been a journal: the header is safe on disk before anything else happens.
        return Contents::New;
    };
    if beginning != Beginning::Known {
        // A file system may bring back the length of a file without its bytes.
        let is_blank = behind.is_empty() && header.iter().all(|byte| *byte == 0);
        return if is_blank { Contents::New } else { Contents::Foreign };
    }
    let finishing = header.iter().skip(FLAG_AT).any(|byte| *byte != 0);
    let (mut state, mut rest, mut chain) = (None, behind, Chain::start());
    loop {
        let mut next_chain = chain;
        let Some((payload, next)) = frame::read(rest, &mut next_chain) else { break };
        let Ok(record) = serde_json::from_slice::<Record>(payload) else { break };
        if !State::take(&mut state, record) {
            break;
        }
        (rest, chain) = (next, next_chain);
    }
    let torn = !rest.is_empty();
    let found = match state {
        Some(mut state) => {
            state.torn = torn;
            state.finishing = state.finishing.max(u32::from(finishing));
            Found::State(Box::new(state))
        }
        None if !torn && !finishing => Found::Nothing,
        None => Found::Damaged { finishing, upload_id: salvage_upload_id(behind) },
    };
    let valid_len = (bytes.len() - rest.len()) as u64;
    Contents::Journal(Replay { found, finishing, valid_len, chain, torn })
}

/// What a damaged record of a session still seems to say about its reference, for people to look it up by.
fn salvage_upload_id(bytes: &[u8]) -> Option<String> {
    // It is the first field of the record, and longer references are refused.
    const WITHIN: usize = 2048;
    const KEY: &str = "\"upload_id\":\"";
    let text = String::from_utf8_lossy(bytes.get(..WITHIN).unwrap_or(bytes));
    let (_, rest) = text.split_once(KEY)?;
    let (id, _) = rest.split_once('"')?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')).then(|| id.to_owned())
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
