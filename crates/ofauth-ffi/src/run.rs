//! Uploads: sending them
//!
//! These functions wait. An upload ends when the service has confirmed it, or with an error that says whether anything
//! may have been finished.

use std::ffi::{CStr, c_char};

use crate::borrowed_bytes::{self, BorrowedBytes};
use crate::callback::{Callbacks, NoticeCallback, ProgressCallback, ReaderCallback};
use crate::client::{ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::event::{EventReader, FileIndex};
use crate::event_loop::CallLoop;
use crate::guest::Guest;
use crate::pointer::{self, Result};
use crate::progress::ofauth_progress;
use crate::result::ofauth_result;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};
use crate::upload::{Source, ofauth_upload};
use crate::waiting::Limits;

/// Uploads, and waits for the end. `upload` is copied at the start and may be run again. With a journal, what an earlier
/// run of the same upload has sent is not sent again.
///
/// `*out` is the result, to be freed with `ofauth_result_free`. Any thread, at the same time as other calls on the same
/// client; not inside a callback (`OFAUTH_ERR_REENTRANT`) and not in a forked child (`OFAUTH_ERR_FORKED`).
///
/// `OFAUTH_ERR_OUTCOME_UNKNOWN` means that the service may have the upload although its answer was lost; sending again
/// could duplicate it. With a journal, later runs ask again where that is safe, and otherwise end with the same error until
/// `ofauth_journal_forget`.
/// `OFAUTH_ERR_SOURCE_CHANGED` of a file that went in one request may leave a finished upload of mixed content, and says
/// so. Every other error means that nothing was finished.
///
/// With a journal, the same upload goes on where this one ended after `OFAUTH_ERR_CANCELLED`, `OFAUTH_ERR_NETWORK`,
/// `OFAUTH_ERR_TIMEOUT`, `OFAUTH_ERR_RATE_LIMITED`, `OFAUTH_ERR_SERVER` and `OFAUTH_ERR_UNAUTHORIZED`, and after the end of
/// the process. `OFAUTH_ERR_BUSY`: another thread or process is carrying out the same upload. `OFAUTH_ERR_JOURNAL`: its
/// journal cannot be read or written, and nothing more is sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_run(
    client: *const ofauth_client,
    upload: *const ofauth_upload,
    out: *mut *mut ofauth_result,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for a living upload that nobody changes meanwhile.
        let upload = unsafe { pointer::shared(upload, "upload") }?.clone();
        run(client, upload, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Uploads the file at `path` with the client's settings, and waits for the end. Otherwise as `ofauth_upload_run`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_file(
    client: *const ofauth_client,
    path: *const c_char,
    out: *mut *mut ofauth_result,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Guest, limits: Limits| {
        // SAFETY: the header asks for a text that ends with NUL.
        let path = unsafe { pointer::path(path, "path") }?;
        run(client, ofauth_upload { source: Some(Source::File(path)), ..ofauth_upload::default() }, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// The functions of the caller that an upload runs.
#[derive(Default)]
struct UploadCallbacks {
    progress: Option<ProgressCallback>,
    notice: Option<NoticeCallback>,
    reader: Option<ReaderCallback>,
}

impl Callbacks for UploadCallbacks {
    fn progress(&self, _: FileIndex, progress: &ofauth_progress) -> bool {
        self.progress.as_ref().is_some_and(|callback| callback.cancels(progress))
    }

    fn notice(&self, _: FileIndex, kind: i32, text: &CStr) -> bool {
        self.notice.as_ref().is_some_and(|callback| callback.cancels(kind, text))
    }

    fn reader(&self, _: FileIndex) -> Option<ReaderCallback> {
        self.reader.clone()
    }
}

/// Carries an upload out. `of_client` are the limits of the client's own wait.
fn run(client: &Guest, upload: ofauth_upload, of_client: Limits) -> Result<ofauth_result> {
    let call = CallLoop::new([upload.limits, of_client]);
    let mut callbacks =
        UploadCallbacks { progress: upload.progress, notice: upload.notice, ..UploadCallbacks::default() };
    let mut borrow = None;

    let is_file = matches!(upload.source, Some(Source::File(_)));
    let source = match upload.source {
        Some(Source::File(path)) => ofauth::Source::path(path),
        Some(Source::Bytes { start, size }) => {
            let (bytes, end) = BorrowedBytes::new(start, size);
            borrow = Some(end);
            ofauth::Source::bytes(bytes)
        }
        Some(Source::Reader { reader, size }) => {
            callbacks.reader = Some(reader);
            ofauth::Source::reader(EventReader { file: 0, events: call.mailbox().sender(), size })
        }
        None => {
            let text = "the upload has no source: set a file, bytes or a reader";
            return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text));
        }
    };

    if upload.options.filename.is_none() && !is_file {
        let text = "there is no file name: set one with ofauth_upload_set_filename";
        return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text));
    }
    let mut work = client.client().upload(source).options(&upload.options).cancel(call.cancel());
    if let Some(limit) = call.timeout() {
        work = work.timeout(limit);
    }
    if callbacks.progress.is_some() {
        let mut tell = call.mailbox().on_progress();
        work = work.on_progress(move |progress| tell(0, progress));
    }
    if callbacks.notice.is_some() {
        let mut tell = call.mailbox().on_notice();
        work = work.on_notice(move |notice| tell(0, notice));
    }
    let outcome = call.run(client, &callbacks, work.send());
    borrowed_bytes::give_back(borrow, client);
    Ok(ofauth_result::new(outcome?, upload.options.hold_result))
}
