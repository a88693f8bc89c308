//! Results of uploads

use std::ffi::{CString, c_char, c_int};
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use ofauth::Uploaded;
use serde::Serialize;
use serde_json::Value;

use crate::boundary::infallible;
use crate::client::{ofauth_client, waiting_for_end};
use crate::error::ofauth_error;
use crate::event_loop::CallLoop;
use crate::fork_guard::ForkGuard;
use crate::guest::Guest;
use crate::status::{OFAUTH_ERR_FORKED, ofauth_status};
use crate::waiting::Limits;
use crate::{pointer, text};

/// A finished upload. Immutable: any thread may read it, and the texts it returns live as long as it does.
pub struct ofauth_result {
    upload_id: CString,
    media_id: Option<CString>,
    media: Option<CString>,
    bytes: u64,
    resumed: u64,
    sent_again: u64,
    retries: u32,
    is_multipart: bool,
    etags: Vec<Option<CString>>,
    json: CString,
    held: Option<Held>,
}

/// What is to be settled. A forked child leaves it alone: its locks may be held there for ever.
struct Held {
    uploaded: ManuallyDrop<Uploaded>,
    fork_guard: ForkGuard,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.fork_guard.in_same_process() {
            // SAFETY: it is not used again.
            unsafe { ManuallyDrop::drop(&mut self.uploaded) };
        }
    }
}

/// The same as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    media_upload_id: &'a str,
    media: Option<&'a Value>,
    bytes: u64,
    parts: usize,
    etags: Vec<Option<&'a str>>,
    retries: u32,
    sent_again: u64,
    resumed: u64,
}

impl ofauth_result {
    /// `holds` says whether the journal may keep it until it is settled.
    pub(crate) fn new(uploaded: Uploaded, holds: bool) -> Self {
        let json = Json {
            media_upload_id: uploaded.media_upload_id(),
            media: uploaded.media(),
            bytes: uploaded.bytes(),
            parts: uploaded.parts().len(),
            etags: uploaded.etags().collect(),
            retries: uploaded.retries(),
            sent_again: uploaded.sent_again(),
            resumed: uploaded.resumed(),
        };
        Self {
            upload_id: text::owned(uploaded.media_upload_id()),
            media_id: uploaded.media_id().as_deref().map(text::owned),
            media: uploaded.media().map(|media| text::owned(&media.to_string())),
            bytes: uploaded.bytes(),
            resumed: uploaded.resumed(),
            sent_again: uploaded.sent_again(),
            retries: uploaded.retries(),
            is_multipart: uploaded.is_multipart(),
            etags: uploaded.etags().map(|etag| etag.map(text::owned)).collect(),
            // Values of JSON and plain fields can always be written.
            json: text::owned(&serde_json::to_string(&json).unwrap_or_default()),
            held: holds.then(|| Held { uploaded: ManuallyDrop::new(uploaded), fork_guard: ForkGuard::new() }),
        }
    }
}

/// Reads a field of a result that may be NULL.
///
/// # Safety
///
/// NULL, or a result that is alive.
unsafe fn read<T>(result: *const ofauth_result, none: T, field: impl FnOnce(&ofauth_result) -> T) -> T {
    // SAFETY: as promised by the caller.
    unsafe { result.as_ref() }.map_or(none, field)
}

/// The upload reference. It goes into the media of one post or message, which uses it up. NULL for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_upload_id(result: *const ofauth_result) -> *const c_char {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, ptr::null(), |result| result.upload_id.as_ptr()) }
}

/// The id of the media in the vault, which may be used any number of times; NULL if the service's last answer did not
/// have it, as is usual for several parts. The API documents no way from a reference to its media.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_media_id(result: *const ofauth_result) -> *const c_char {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, ptr::null(), |result| text::pointer(result.media_id.as_deref())) }
}

/// The media as the service described it in its last answer, one JSON object; NULL if it did not, and for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_media_json(result: *const ofauth_result) -> *const c_char {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, ptr::null(), |result| text::pointer(result.media.as_deref())) }
}

/// The bytes that were uploaded; 0 for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_bytes(result: *const ofauth_result) -> u64 {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| result.bytes) }
}

/// The bytes among them that an earlier run had sent and that were not sent again: all of them if that run had finished the
/// upload, 0 without a journal and for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_resumed(result: *const ofauth_result) -> u64 {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| result.resumed) }
}

/// The bytes that an expired session had acknowledged and that were sent once more; 0 for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_sent_again(result: *const ofauth_result) -> u64 {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| result.sent_again) }
}

/// The tries of all steps that failed and were repeated; 0 for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_retries(result: *const ofauth_result) -> u32 {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| result.retries) }
}

/// 1 if the upload went in parts and was then completed, 0 if it went in one request and for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_is_multipart(result: *const ofauth_result) -> c_int {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| c_int::from(result.is_multipart)) }
}

/// The parts in which the upload went; 1 if it went whole, 0 for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_part_count(result: *const ofauth_result) -> u32 {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| u32::try_from(result.etags.len()).unwrap_or(u32::MAX)) }
}

/// What the service called the content of a part, with the quotes that belong to it: what `ofauth_check` wants. `index`
/// counts from 0. NULL if the service said nothing, or there is no such part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_etag(result: *const ofauth_result, index: u32) -> *const c_char {
    let etag = |result: &ofauth_result| {
        let etag = usize::try_from(index).ok().and_then(|index| result.etags.get(index)?.as_deref());
        text::pointer(etag)
    };
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, ptr::null(), etag) }
}

/// The whole result as one JSON object: `mediaUploadId`, `media` (an object or null), `bytes`, `parts` (their number),
/// `etags` (one for each part, or null), `retries`, `sentAgain` (bytes), `resumed` (bytes). NULL for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_json(result: *const ofauth_result) -> *const c_char {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, ptr::null(), |result| result.json.as_ptr()) }
}

/// Tells the journal that the program has stored a held result, and waits until that is on the disk. The same upload then
/// starts over.
///
/// `client` is any client of this process: its threads do it. Settling again, and settling a result that is not held (see
/// `ofauth_upload_set_hold_result`), changes nothing. Any thread; not inside a callback (`OFAUTH_ERR_REENTRANT`) and not in
/// a forked child (`OFAUTH_ERR_FORKED`). `OFAUTH_ERR_JOURNAL`: the journal cannot be removed. After `OFAUTH_ERR_CANCELLED` or
/// `OFAUTH_ERR_TIMEOUT` it may be settled or not: settle again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_settle(
    client: *const ofauth_client,
    result: *const ofauth_result,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Arc<Guest>, limits: Limits| {
        // SAFETY: the header asks for a living result.
        let result = unsafe { pointer::shared(result, "result") }?;
        let Some(held) = &result.held else { return Ok(()) };
        if !held.fork_guard.in_same_process() {
            let text = "the result was made by the parent process: only that can settle it";
            return Err(ofauth_error::new(OFAUTH_ERR_FORKED, text));
        }
        let uploaded = Uploaded::clone(&held.uploaded);
        let waiting = CallLoop::new([limits]);
        let settle = waiting.or_left(async move { uploaded.settle().await });
        waiting.run(client, &(), settle)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting_for_end(client, err, call) }
}

/// Frees a result and the texts that it returned. One that is held and was not settled stays in its journal. Passing NULL is
/// a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_free(result: *mut ofauth_result) {
    // SAFETY: the header asks for NULL or a result that was not freed yet.
    infallible(|| unsafe { pointer::free(result) });
}
