//! Journals
//!
//! What is in a directory that `ofauth_config_set_journal_dir` named: uploads that were interrupted, whose outcome is
//! unknown, or whose result is held. These functions read and change files and nothing else. They need no client, send
//! nothing, and may be called on any thread, inside callbacks too, and while uploads use the directory.

use std::ffi::c_char;
use std::time::SystemTime;

use ofauth::{Journal, JournaledUpload};
use serde::Serialize;

use crate::boundary::fallible;
use crate::error::ofauth_error;
use crate::pointer::{self, Result, hand_out};
use crate::response::ofauth_response;
use crate::status::ofauth_status;

/// The journals of a directory as JSON.
#[derive(Serialize)]
struct Sessions {
    sessions: Vec<Session>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: String,
    file: Option<String>,
    connection: Option<String>,
    base_url: Option<String>,
    size: u64,
    parts_done: u32,
    parts_total: u32,
    bytes_done: u64,
    upload_id: Option<String>,
    opened: Option<i64>,
    expires: Option<i64>,
    state: &'static str,
    in_use: bool,
}

impl From<JournaledUpload> for Session {
    fn from(upload: JournaledUpload) -> Self {
        Self {
            id: upload.id,
            file: upload.file,
            connection: upload.connection,
            base_url: upload.base_url,
            size: upload.size,
            parts_done: upload.parts_done,
            parts_total: upload.parts_total,
            bytes_done: upload.bytes_done,
            upload_id: upload.upload_id,
            opened: upload.opened.and_then(unix_ms),
            expires: upload.expires.and_then(unix_ms),
            state: upload.state.as_str(),
            in_use: upload.in_use,
        }
    }
}

/// Milliseconds since 1970. None for a time that no such number stands for.
fn unix_ms(time: SystemTime) -> Option<i64> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).ok(),
        Err(before) => i64::try_from(before.duration().as_millis()).ok().and_then(i64::checked_neg),
    }
}

/// Lists the journals in the directory `dir`; one that is not there holds none. `dir` is as for
/// `ofauth_config_set_journal_dir`.
///
/// The response has the HTTP status 0 and is {"sessions": [...]}, the one that was opened first at the beginning. Each is
/// an object with `id` (16 digits, for `ofauth_journal_forget`), `file` (its path, or the name of what is no file),
/// `connection`, `baseUrl`, `size` (bytes), `partsDone`, `partsTotal`, `bytesDone`, `uploadId` (the reference), `opened`
/// and `expires` (milliseconds since 1970), `state` and `inUse` (whether an upload has it at this moment). What is not
/// known is null, and a number of a journal that cannot be read is 0.
///
/// `state` is "interrupted": the same upload goes on. "outcome_unknown": the service may have it; look, then forget it.
/// "finished": its result is held, and the same upload gives it again. "damaged": it cannot be read, and the same upload
/// starts over or says why not. "other_version": another version of the library wrote it, and the same upload says so.
/// Later versions may add states. `OFAUTH_ERR_JOURNAL`: the directory cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_journal_sessions(
    dir: *const c_char,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let journal = unsafe { journal(dir) }?;
        let sessions = journal.sessions()?.into_iter().map(Session::from).collect();
        // Plain fields can always be written.
        let text = serde_json::to_string(&Sessions { sessions }).unwrap_or_default();
        hand_out(out, ofauth_response::of_no_request(&text)?);
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Removes the journal with this id, or with the only id that begins so (four digits or more), from the directory `dir`.
///
/// The same upload then starts over. If its state was "outcome_unknown" or "finished", the file may then be there twice:
/// look into the vault first. `OFAUTH_ERR_INVALID_ARGUMENT`: no journal has this id, or several begin so.
/// `OFAUTH_ERR_BUSY`: an upload has it at this moment, or a held result that was not freed. `OFAUTH_ERR_JOURNAL`: it cannot
/// be removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_journal_forget(
    dir: *const c_char,
    id: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for texts that end with NUL.
        let journal = unsafe { journal(dir) }?;
        // SAFETY: as above.
        let id = unsafe { pointer::text(id, "id") }?;
        Ok(journal.forget(id)?)
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// The journals of a directory.
///
/// # Safety
///
/// NULL, or a text that ends with NUL.
unsafe fn journal(dir: *const c_char) -> Result<Journal> {
    // SAFETY: as promised by the caller.
    unsafe { pointer::directory(dir, "dir") }.map(Journal::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_milliseconds_since_1970() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(unix_ms(epoch + Duration::from_micros(1_700_000_000_123_456)), Some(1_700_000_000_123));
        assert_eq!(unix_ms(epoch - Duration::from_secs(1)), Some(-1000));
    }
}
