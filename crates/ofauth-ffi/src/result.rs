//! Results of uploads

use std::ffi::{CString, c_char};
use std::ptr;

use ofauth::Uploaded;
use serde::Serialize;
use serde_json::Value;

use crate::boundary::infallible;
use crate::{pointer, text};

/// A finished upload. Immutable: any thread may read it, and the texts it returns live as long as it does.
pub struct ofauth_result {
    upload_id: CString,
    media_id: Option<CString>,
    bytes: u64,
    etags: Vec<Option<CString>>,
    json: CString,
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
}

impl ofauth_result {
    pub(crate) fn new(uploaded: Uploaded) -> Self {
        let json = Json {
            media_upload_id: uploaded.media_upload_id(),
            media: uploaded.media(),
            bytes: uploaded.bytes(),
            parts: uploaded.parts().len(),
            etags: uploaded.etags().collect(),
            retries: uploaded.retries(),
            sent_again: uploaded.sent_again(),
        };
        Self {
            upload_id: text::owned(uploaded.media_upload_id()),
            media_id: uploaded.media_id().as_deref().map(text::owned),
            bytes: uploaded.bytes(),
            etags: uploaded.etags().map(|etag| etag.map(text::owned)).collect(),
            // Values of JSON and plain fields can always be written.
            json: text::owned(&serde_json::to_string(&json).unwrap_or_default()),
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

/// The bytes that were uploaded; 0 for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_bytes(result: *const ofauth_result) -> u64 {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, 0, |result| result.bytes) }
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
/// `etags` (one for each part, or null), `retries`, `sentAgain` (bytes). NULL for a NULL result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_json(result: *const ofauth_result) -> *const c_char {
    // SAFETY: the header asks for NULL or a living result.
    unsafe { read(result, ptr::null(), |result| result.json.as_ptr()) }
}

/// Frees a result and the texts that it returned. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_result_free(result: *mut ofauth_result) {
    // SAFETY: the header asks for NULL or a result that was not freed yet.
    infallible(|| unsafe { pointer::free(result) });
}
