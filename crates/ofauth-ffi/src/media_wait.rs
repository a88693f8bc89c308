//! Waiting for media
//!
//! After an upload, the vault processes a medium, and Vault+ copies it. These functions wait for that: they look again and again,
//! after pauses that grow from 1 to 30 seconds and are longer while little of the request budget is left. They end after 30
//! minutes unless the client's wait has another timeout. `ofauth_wait_set_notice` tells how many media are ready.

use std::ffi::{CStr, c_char};

use ofauth::{Media, VaultPlusMedia, WaitMedia};
use serde_json::{Value, json};

use crate::callback::{Callbacks, NoticeCallback};
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event::FileIndex;
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::notice::OFAUTH_NOTICE_MEDIA_READY;
use crate::pointer::{self, Result};
use crate::response::ofauth_response;
use crate::status::ofauth_status;
use crate::waiting::Limits;

/// Waits until the vault has processed these media, so that posts and messages show them. Ids are those of the vault
/// (`ofauth_result_media_id`).
///
/// The response is {"items": [...]}, the media as the service describes them in the order of `ids`. `ids` may be NULL if `count`
/// is 0. Free `*out` with `ofauth_response_free`. `OFAUTH_ERR_REJECTED`: a medium cannot be had, because the service could not
/// process it, has removed it or does not know it. `OFAUTH_ERR_TIMEOUT` names the media that are not ready.
///
/// ```c
/// const char *ids[] = {ofauth_result_media_id(result)};
/// ofauth_response *media = NULL;
/// if (ofauth_wait_ready(client, ids, 1, &media, &error) == OFAUTH_OK) puts(ofauth_response_json(media));
/// ofauth_response_free(media);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_ready(
    client: *const ofauth_client,
    ids: *const *const c_char,
    count: usize,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let start = |client: &ofauth::Client, ids| Ok(client.wait_ready::<Vec<String>>(ids));
    // SAFETY: what the header asks for.
    unsafe { wait(client, ids, count, out, err, start, Media::raw) }
}

/// Waits until Vault+ has the bytes of these media, so that a download finds them: those of the variants with these labels, such
/// as "source", or of all variants if `label_count` is 0; `labels` may be NULL then. Otherwise as `ofauth_wait_ready`.
///
/// ```c
/// const char *ids[] = {ofauth_result_media_id(result)};
/// const char *labels[] = {"source"};
/// ofauth_response *media = NULL;
/// if (ofauth_wait_stored(client, ids, 1, labels, 1, &media, &error) == OFAUTH_OK) puts(ofauth_response_json(media));
/// ofauth_response_free(media);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_wait_stored(
    client: *const ofauth_client,
    ids: *const *const c_char,
    count: usize,
    labels: *const *const c_char,
    label_count: usize,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let start = |client: &ofauth::Client, ids| {
        // SAFETY: the header asks for an array of `label_count` texts that end with NUL.
        let labels = unsafe { pointer::texts(labels, label_count, "labels", pointer::owned_text) }?;
        Ok(client.wait_stored::<Vec<String>>(ids).labels(labels))
    };
    // SAFETY: what the header asks for.
    unsafe { wait(client, ids, count, out, err, start, VaultPlusMedia::raw) }
}

/// The function of the caller that is told how far a wait is.
pub(crate) struct WaitCallbacks(pub(crate) Option<NoticeCallback>);

impl Callbacks for WaitCallbacks {
    fn notice(&self, _: FileIndex, kind: i32, text: &CStr) -> bool {
        self.0.as_ref().is_some_and(|callback| callback.cancels(kind, text))
    }
}

/// A wait for media that `start` makes, whose items are shown by `raw`.
///
/// # Safety
///
/// What the header asks for.
unsafe fn wait<T: Send + 'static>(
    client: *const ofauth_client,
    ids: *const *const c_char,
    count: usize,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
    start: impl FnOnce(&ofauth::Client, Vec<String>) -> Result<WaitMedia<T>>,
    raw: fn(&T) -> &Value,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for an array of `count` texts that end with NUL.
        let ids = unsafe { pointer::texts(ids, count, "ids", pointer::owned_text) }?;
        let callbacks = WaitCallbacks(limits.notice.clone());
        let waiting = CallLoop::new([limits]);
        let tell = waiting.mailbox().on_wait();
        let wait = start(client.client(), ids)?.cancel(waiting.cancel());
        let wait = waiting.timeout().into_iter().fold(wait, WaitMedia::timeout);
        let wait = wait.on_progress(move |ready, total| {
            let are = if total == 1 { "medium is" } else { "media are" };
            tell(OFAUTH_NOTICE_MEDIA_READY, &format!("{ready} of {total} {are} ready"));
        });
        let media = waiting.run(client, &callbacks, wait.send())?;
        let items: Vec<_> = media.iter().map(raw).collect();
        ofauth_response::of_json(&json!({ "items": items }))
    };
    // SAFETY: as promised by the caller.
    unsafe { waiting(client, out, err, call) }
}
