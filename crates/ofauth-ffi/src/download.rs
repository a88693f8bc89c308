//! Downloads
//!
//! A variant of a medium, from Vault+ to a file. The bytes come into a file beside the target whose name ends with
//! ".ofauth-part", and the target appears when they are all there and safe on the disk. Who is interrupted, by a kill or by a
//! cancel, does the same again: it goes on where it was. Setters copy what they are given.

use std::ffi::{c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::Arc;

use ofauth::Download;
use serde_json::json;

use crate::boundary::{change, fallible, infallible};
use crate::callback::{Callbacks, ProgressCallback};
use crate::cancel::ofauth_cancel;
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event::FileIndex;
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::pointer::{self, hand_out};
use crate::progress::{ofauth_progress, ofauth_progress_callback};
use crate::response::ofauth_response;
use crate::status::ofauth_status;
use crate::user_data::{UserData, ofauth_destroy};
use crate::waiting::Limits;

/// A download to be run. One thread changes it at a time; several may run it at the same time while none changes it, and all but
/// one of them end with `OFAUTH_ERR_BUSY`.
pub struct ofauth_download {
    media_id: String,
    label: String,
    path: PathBuf,
    overwrite: bool,
    wait: bool,
    progress: Option<ProgressCallback>,
    limits: Limits,
}

impl Callbacks for Option<ProgressCallback> {
    fn progress(&self, _: FileIndex, progress: &ofauth_progress) -> bool {
        self.as_ref().is_some_and(|callback| callback.cancels(progress))
    }
}

/// Makes a download of a medium, by its OnlyFans id, to the file `path`. `label` is the variant, one of those that
/// "get_vault_plus_media" shows, such as "source", "full" or "720p". Free it with `ofauth_download_free`.
///
/// ```c
/// ofauth_download *download = NULL;
/// ofauth_response *file = NULL;
/// ofauth_status status = ofauth_download_new("4492994399", "source", "film.mp4", &download, &error);
/// if (status == OFAUTH_OK) status = ofauth_download_set_wait(download, 1, &error);
/// if (status == OFAUTH_OK) status = ofauth_download_run(client, download, &file, &error);
/// ofauth_response_free(file);
/// ofauth_download_free(download);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_new(
    media_id: *const c_char,
    label: *const c_char,
    path: *const c_char,
    out: *mut *mut ofauth_download,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let media_id = unsafe { pointer::owned_text(media_id, "media_id") }?;
        // SAFETY: likewise.
        let label = unsafe { pointer::owned_text(label, "label") }?;
        // SAFETY: likewise.
        let path = unsafe { pointer::path(path, "path") }?;
        let (progress, limits) = (None, Limits::default());
        hand_out(
            out,
            ofauth_download { media_id, label, path, overwrite: false, wait: false, progress, limits },
        );
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a download. A run that is under way has copied what it needs, so a callback may do this. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_free(download: *mut ofauth_download) {
    // SAFETY: the header asks for NULL or a download that was not freed yet.
    infallible(|| unsafe { pointer::free(download) });
}

/// Sets whether the file takes the place of one that is there. 0, the default, is no: that is an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_set_overwrite(
    download: *mut ofauth_download,
    on: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |download: &mut ofauth_download| {
        download.overwrite = on != 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(download, "download", err, with) }
}

/// Sets whether a run waits until Vault+ has the bytes, as `ofauth_wait_stored` does. 0, the default, is no: a variant that is not
/// stored is an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_set_wait(
    download: *mut ofauth_download,
    on: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |download: &mut ofauth_download| {
        download.wait = on != 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(download, "download", err, with) }
}

/// Sets the progress callback. NULL, the default, disables it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_set_progress(
    download: *mut ofauth_download,
    callback: ofauth_progress_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |download: &mut ofauth_download| {
        let progress =
            callback.map(|function| ProgressCallback { function, user_data: Arc::clone(&user_data) });
        Ok(std::mem::replace(&mut download.progress, progress))
    };
    // SAFETY: what the header asks for.
    unsafe { change(download, "download", err, with) }
}

/// Sets the cancel that gives the download up. NULL, the default, is none. The cancel may be freed afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_set_cancel(
    download: *mut ofauth_download,
    cancel: *const ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |download: &mut ofauth_download| {
        // SAFETY: the header asks for NULL or a living cancel.
        unsafe { download.limits.set_cancel(cancel) };
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(download, "download", err, with) }
}

/// Sets how long a run may take, in milliseconds, all tries and waits together. 0, the default, is no limit as long as bytes move.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_set_timeout(
    download: *mut ofauth_download,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |download: &mut ofauth_download| {
        download.limits.set_timeout(milliseconds);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(download, "download", err, with) }
}

/// Downloads, and waits for the end. `download` is copied at the start and may be run again.
///
/// The response is {"bytes": 1, "resumed": 0, "contentType": "video/mp4"}: the size of the file, how much of it an earlier run
/// had, and its type, null if nobody says it. Free `*out` with `ofauth_response_free`.
///
/// After `OFAUTH_ERR_NETWORK`, `OFAUTH_ERR_SERVER`, `OFAUTH_ERR_TIMEOUT` and `OFAUTH_ERR_CANCELLED`, and after the end of the process, the
/// same download goes on. `OFAUTH_ERR_INVALID_ARGUMENT`: the target is there and may not be overwritten, or is a directory.
/// `OFAUTH_ERR_SOURCE`: it cannot be written. `OFAUTH_ERR_BUSY`: another download writes it. `OFAUTH_ERR_REJECTED`: Vault+ does
/// not have the variant, or not yet. `OFAUTH_ERR_INVALID_ANSWER`: the media host sent something else than the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_download_run(
    client: *const ofauth_client,
    download: *const ofauth_download,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, of_client: Limits| {
        // SAFETY: the header asks for a living download that nobody changes meanwhile.
        let given = unsafe { pointer::shared(download, "download") }?;
        let (progress, waiting) = (given.progress.clone(), CallLoop::new([given.limits.clone(), of_client]));
        let work = client.client().download(given.media_id.as_str(), given.label.as_str(), &given.path);
        let work = work.overwrite(given.overwrite).wait(given.wait).cancel(waiting.cancel());
        let mut work = waiting.timeout().into_iter().fold(work, Download::timeout);
        if progress.is_some() {
            // So that a program can cancel from its callback before the first byte.
            waiting.mailbox().on_progress()(0, &ofauth_progress::of_download());
            let mut tell = waiting.mailbox().on_progress();
            work = work.on_progress(move |progress| tell(0, progress));
        }
        let file = waiting.run(client, &progress, work.send())?;
        let json = json!({ "bytes": file.bytes, "resumed": file.resumed, "contentType": file.content_type });
        ofauth_response::of_json(&json)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}
