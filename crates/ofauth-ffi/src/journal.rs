//! Journals
//!
//! What is in a directory that `ofauth_config_set_journal_dir` named: uploads that were interrupted, whose outcome is
//! unknown, or whose result is held. These functions read and change files and nothing else. They need no client, send
//! nothing, and may be called on any thread, inside callbacks too, and while uploads use the directory.

use std::ffi::{CString, c_char, c_int};
use std::ptr;
use std::time::SystemTime;

use ofauth::{Journal, JournalState, JournaledUpload};

use crate::boundary::{fallible, infallible};
use crate::error::ofauth_error;
use crate::pointer::{self, Result, hand_out};
use crate::status::ofauth_status;
use crate::text;

/// Something that this header has no number for yet.
pub const OFAUTH_SESSION_OTHER: i32 = 0;
/// The upload was interrupted; the same upload continues it.
pub const OFAUTH_SESSION_INTERRUPTED: i32 = 1;
/// The service may have the upload. Look into the vault, then forget the journal.
pub const OFAUTH_SESSION_OUTCOME_UNKNOWN: i32 = 2;
/// The upload is finished and its result is held; the same upload gives it again.
pub const OFAUTH_SESSION_FINISHED: i32 = 3;
/// The journal cannot be read; the same upload starts over or says why not.
pub const OFAUTH_SESSION_DAMAGED: i32 = 4;
/// Another version of the library wrote it, in a format that this one does not know. The same upload says so.
pub const OFAUTH_SESSION_OTHER_VERSION: i32 = 5;

/// A time of a journal that is not known.
pub const OFAUTH_UNKNOWN_TIME: i64 = i64::MIN;

/// The journals of a directory as they were when they were listed. Immutable: any thread may read it, and the texts it
/// returns live as long as it does.
pub struct ofauth_sessions(Vec<Session>);

struct Session {
    id: CString,
    file: Option<CString>,
    connection_id: Option<CString>,
    base_url: Option<CString>,
    upload_id: Option<CString>,
    size: u64,
    bytes_done: u64,
    parts_done: u32,
    parts_total: u32,
    opened: Option<SystemTime>,
    expires: Option<SystemTime>,
    state: i32,
    in_use: bool,
}

impl From<JournaledUpload> for Session {
    fn from(upload: JournaledUpload) -> Self {
        let owned = |text: Option<String>| text.map(|text| text::owned(&text));
        Self {
            id: text::owned(&upload.id),
            file: owned(upload.file),
            connection_id: owned(upload.connection),
            base_url: owned(upload.base_url),
            upload_id: owned(upload.upload_id),
            size: upload.size,
            bytes_done: upload.bytes_done,
            parts_done: upload.parts_done,
            parts_total: upload.parts_total,
            opened: upload.opened,
            expires: upload.expires,
            state: match upload.state {
                JournalState::Interrupted => OFAUTH_SESSION_INTERRUPTED,
                JournalState::OutcomeUnknown => OFAUTH_SESSION_OUTCOME_UNKNOWN,
                JournalState::Finished => OFAUTH_SESSION_FINISHED,
                JournalState::Damaged => OFAUTH_SESSION_DAMAGED,
                JournalState::OtherVersion => OFAUTH_SESSION_OTHER_VERSION,
                _ => OFAUTH_SESSION_OTHER,
            },
            in_use: upload.in_use,
        }
    }
}

/// Milliseconds since 1970. Unknown for a time that no such number stands for.
fn unix_ms(time: Option<SystemTime>) -> i64 {
    let known = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).ok(),
        Err(before) => i64::try_from(before.duration().as_millis()).ok().and_then(i64::checked_neg),
    };
    time.and_then(known).unwrap_or(OFAUTH_UNKNOWN_TIME)
}

/// Reads a field of the journal with this number.
///
/// # Safety
///
/// `sessions` is NULL or alive.
unsafe fn read<T>(
    sessions: *const ofauth_sessions,
    index: usize,
    none: T,
    field: impl FnOnce(&Session) -> T,
) -> T {
    // SAFETY: as promised by the caller.
    unsafe { sessions.as_ref() }.and_then(|sessions| sessions.0.get(index)).map_or(none, field)
}

/// Lists the journals in the directory `dir`, the oldest first. A directory that does not exist holds none. `dir` is as for
/// `ofauth_config_set_journal_dir`.
///
/// Free `*out` with `ofauth_sessions_free`. What is read of a journal with a number that is too large, or of a NULL list, is
/// NULL or 0. `OFAUTH_ERR_JOURNAL`: the directory cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_journal_sessions(
    dir: *const c_char,
    out: *mut *mut ofauth_sessions,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let journal = unsafe { journal(dir) }?;
        hand_out(out, ofauth_sessions(journal.sessions()?.into_iter().map(Session::from).collect()));
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// How many journals the list has; they are numbered from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_count(sessions: *const ofauth_sessions) -> usize {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { sessions.as_ref() }.map_or(0, |sessions| sessions.0.len())
}

/// The id of a journal, 16 digits, for `ofauth_journal_forget`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_id(sessions: *const ofauth_sessions, index: usize) -> *const c_char {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, ptr::null(), |session| session.id.as_ptr()) }
}

/// Where the upload of a journal stands: one of `OFAUTH_SESSION_...`. Later versions may add numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_state(sessions: *const ofauth_sessions, index: usize) -> i32 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, 0, |session| session.state) }
}

/// 1 if an upload has the journal open at this moment, in this process or another, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_in_use(sessions: *const ofauth_sessions, index: usize) -> c_int {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, 0, |session| c_int::from(session.in_use)) }
}

/// The path of the file that is uploaded, or the name of what is not a file. NULL if the journal is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_file(
    sessions: *const ofauth_sessions,
    index: usize,
) -> *const c_char {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, ptr::null(), |session| text::pointer(session.file.as_deref())) }
}

/// The connection whose vault receives it. NULL if the journal is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_connection_id(
    sessions: *const ofauth_sessions,
    index: usize,
) -> *const c_char {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, ptr::null(), |session| text::pointer(session.connection_id.as_deref())) }
}

/// The server. NULL if the journal is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_base_url(
    sessions: *const ofauth_sessions,
    index: usize,
) -> *const c_char {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, ptr::null(), |session| text::pointer(session.base_url.as_deref())) }
}

/// The upload reference. NULL if the journal is damaged and does not show it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_upload_id(
    sessions: *const ofauth_sessions,
    index: usize,
) -> *const c_char {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, ptr::null(), |session| text::pointer(session.upload_id.as_deref())) }
}

/// The bytes of the file; 0 if the journal is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_size(sessions: *const ofauth_sessions, index: usize) -> u64 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, 0, |session| session.size) }
}

/// The bytes of the parts that the service has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_bytes_done(sessions: *const ofauth_sessions, index: usize) -> u64 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, 0, |session| session.bytes_done) }
}

/// The parts that the service has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_parts_done(sessions: *const ofauth_sessions, index: usize) -> u32 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, 0, |session| session.parts_done) }
}

/// The parts of the plan; 0 if the journal is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_parts_total(sessions: *const ofauth_sessions, index: usize) -> u32 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, 0, |session| session.parts_total) }
}

/// When the upload session was opened, in milliseconds since 1970; `OFAUTH_UNKNOWN_TIME` if that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_opened_ms(sessions: *const ofauth_sessions, index: usize) -> i64 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, OFAUTH_UNKNOWN_TIME, |session| unix_ms(session.opened)) }
}

/// When the upload session ends, in milliseconds since 1970 by this machine's clock; `OFAUTH_UNKNOWN_TIME` if that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_expires_ms(sessions: *const ofauth_sessions, index: usize) -> i64 {
    // SAFETY: the header asks for NULL or a living list.
    unsafe { read(sessions, index, OFAUTH_UNKNOWN_TIME, |session| unix_ms(session.expires)) }
}

/// Frees a list of journals and the texts that it returned. The journals stay. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_sessions_free(sessions: *mut ofauth_sessions) {
    // SAFETY: the header asks for NULL or a list that was not freed yet.
    infallible(|| unsafe { pointer::free(sessions) });
}

/// Removes the journal with this id, or with the only id that begins so (four digits or more), from the directory `dir`.
///
/// The same upload then starts over. If its state was `OFAUTH_SESSION_OUTCOME_UNKNOWN` or `OFAUTH_SESSION_FINISHED`, the file
/// may then be there twice: look into the vault first. `OFAUTH_ERR_INVALID_ARGUMENT`: no journal has this id, or several begin so.
/// `OFAUTH_ERR_BUSY`: an upload uses it at this moment, or a held result that was not freed. `OFAUTH_ERR_JOURNAL`: it cannot
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
        assert_eq!(unix_ms(Some(epoch + Duration::from_micros(1_700_000_000_123_456))), 1_700_000_000_123);
        assert_eq!(unix_ms(Some(epoch - Duration::from_secs(1))), -1000);
        assert_eq!(unix_ms(None), OFAUTH_UNKNOWN_TIME);
    }
}
