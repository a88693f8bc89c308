//! Uploads: what is sent, and how
//!
//! An upload needs a source and, unless that is a file, a file name. Setters copy texts. The upload may be run any number
//! of times. Each run is a new upload, unless the client has a journal directory: then a run continues what an earlier run of
//! the same upload, in this process or another, has left. The same upload is one with the same file (or, for bytes and
//! readers, content), file name, content type, connection, server and options of vault workflows.

use std::ffi::{c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::Arc;

use ofauth::{MAX_CONCURRENCY, UploadOptions, VaultUpload};

use crate::boundary::{change, fallible, infallible};
use crate::callback::{NoticeCallback, ProgressCallback, ReaderCallback};
use crate::cancel::ofauth_cancel;
use crate::error::ofauth_error;
use crate::notice::ofauth_notice_callback;
use crate::pointer::{self, Result, hand_out};
use crate::progress::ofauth_progress_callback;
use crate::range;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, OFAUTH_ERR_NULL, ofauth_status};
use crate::user_data::{UserData, ofauth_destroy};
use crate::waiting::Limits;

/// Reads up to `len` bytes at `offset` from the start of the source into `buf`, and returns how many it read.
///
/// Fewer than `len` are fine. 0 before the declared size, -1, and more than `len` end the upload with
/// `OFAUTH_ERR_SOURCE` or `OFAUTH_ERR_SOURCE_CHANGED`. Offsets come in any order. When a part is sent again, its range is
/// read again and must give the same bytes. Runs on the thread that called `ofauth_upload_run`, one at a time; until it
/// returns, the upload stands still and cannot be cancelled.
pub type ofauth_reader =
    Option<unsafe extern "C" fn(user_data: *mut c_void, offset: u64, buf: *mut u8, len: usize) -> i64>;

/// An upload to be run. One thread at a time; but several may run one at the same time while none changes it.
#[derive(Clone, Default)]
pub struct ofauth_upload {
    pub(crate) source: Option<Source>,
    pub(crate) options: UploadOptions,
    pub(crate) progress: Option<ProgressCallback>,
    pub(crate) notice: Option<NoticeCallback>,
    /// What gives a run up. The timeout among the options is not used: this one counts for other calls, too.
    pub(crate) limits: Limits,
}

impl ofauth_upload {
    /// The options, if there is nothing else.
    pub(crate) fn options_alone(&self) -> Result<UploadOptions> {
        let other = match self {
            Self { source: Some(_), .. } => "a source: add it to the batch",
            Self { progress: Some(_), .. } | Self { notice: Some(_), .. } => {
                "a callback: set one of the batch"
            }
            Self { limits: Limits { cancel: Some(_), .. }, .. } => "a cancel: set that of the batch",
            _ => {
                let mut options = self.options.clone();
                options.timeout = self.limits.timeout;
                return Ok(options);
            }
        };
        let text = format!("the upload has {other}; the options of a batch are an upload without one");
        Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text))
    }
}

/// Where the bytes come from.
#[derive(Clone)]
pub(crate) enum Source {
    File(PathBuf),
    Bytes { start: *const u8, size: usize },
    Reader { reader: ReaderCallback, size: u64 },
}

/// Makes an upload without a source. Free it with `ofauth_upload_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_new(
    out: *mut *mut ofauth_upload,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        hand_out(out, ofauth_upload::default());
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees an upload. A run that is under way has copied what it needs, so a callback may do this. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_free(upload: *mut ofauth_upload) {
    // SAFETY: the header asks for NULL or an upload that was not freed yet.
    infallible(|| unsafe { pointer::free(upload) });
}

/// Uploads the regular file at `path`, which is opened when the upload runs. On Unix the path may be any bytes, elsewhere
/// it is UTF-8. Its last component is the file name that the service sees, unless one is set; one that is not UTF-8
/// needs one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_file(
    upload: *mut ofauth_upload,
    path: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        // SAFETY: the header asks for a text that ends with NUL.
        let path = unsafe { pointer::path(path, "path") }?;
        Ok(upload.source.replace(Source::File(path)))
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Uploads `size` bytes of memory, under a file name that `ofauth_upload_set_filename` sets.
///
/// The bytes are not copied: they must stay, unchanged, while a run is under way. When `ofauth_upload_run` has
/// returned, whatever its status, nothing of the library looks at them any more. A mapped file that becomes shorter
/// meanwhile is `OFAUTH_ERR_SOURCE` over plain http, and over https ends the process by SIGBUS, as it does to whoever reads
/// it: use `ofauth_upload_set_file` for files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_bytes(
    upload: *mut ofauth_upload,
    data: *const c_void,
    size: usize,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        let start = pointer::bytes(data, size, "data")?;
        Ok(upload.source.replace(Source::Bytes { start, size }))
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Uploads `size` bytes that `reader` reads, under a file name that `ofauth_upload_set_filename` sets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_reader(
    upload: *mut ofauth_upload,
    reader: ofauth_reader,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    size: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |upload: &mut ofauth_upload| {
        let function = reader.ok_or_else(|| ofauth_error::new(OFAUTH_ERR_NULL, "reader is NULL"))?;
        let reader = ReaderCallback { function, user_data: Arc::clone(&user_data) };
        Ok(upload.source.replace(Source::Reader { reader, size }))
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets the file name that the service sees, with extension. Default: that of the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_filename(
    upload: *mut ofauth_upload,
    filename: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        // SAFETY: the header asks for a text that ends with NUL.
        upload.options.filename = Some(unsafe { pointer::owned_text(filename, "filename") }?);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets the content type, such as "video/mp4". Default: by the file name, else by the first bytes,
/// else "application/octet-stream".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_content_type(
    upload: *mut ofauth_upload,
    content_type: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        // SAFETY: the header asks for a text that ends with NUL.
        upload.options.content_type = Some(unsafe { pointer::owned_text(content_type, "content_type") }?);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets the connection whose vault receives the upload. Default: the client's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_connection_id(
    upload: *mut ofauth_upload,
    connection_id: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        // SAFETY: the header asks for a text that ends with NUL.
        upload.options.connection_id = Some(unsafe { pointer::owned_text(connection_id, "connection_id") }?);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets how many parts are sent in parallel, 1 to 64. Default: the client's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_concurrency(
    upload: *mut ofauth_upload,
    parts: u32,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        upload.options.concurrency = Some(range::checked("parts", parts, MAX_CONCURRENCY)?);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets how long a whole run may take, in milliseconds; after that it ends with `OFAUTH_ERR_TIMEOUT`. 0, the default, is no
/// limit as long as bytes move.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_timeout(
    upload: *mut ofauth_upload,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        upload.limits.set_timeout(milliseconds);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets options for automatic vault workflows: `mode`, of which only "message" is known, and the id of the user that the
/// upload is meant for. Either may be NULL, for not sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_vault_upload(
    upload: *mut ofauth_upload,
    mode: *const c_char,
    user_id: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        let mode = unsafe { pointer::optional_text(mode, "mode") }?;
        // SAFETY: as above.
        let user_id = unsafe { pointer::optional_text(user_id, "user_id") }?;
        let mut options = VaultUpload::default();
        options.mode = mode.map(|mode| pointer::copy_text(mode, "mode")).transpose()?;
        options.user_id = user_id.map(|id| pointer::copy_text(id, "user_id")).transpose()?;
        upload.options.vault_upload = (options != VaultUpload::default()).then_some(options);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets whether this upload uses the client's journal directory, if that has one. 0 is no; default: 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_journal(
    upload: *mut ofauth_upload,
    on: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        upload.options.without_journal = on == 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets whether the journal keeps the result until `ofauth_result_settle`. 0, the default, is no. Without a journal this
/// changes nothing.
///
/// A process may be killed after the service has confirmed an upload and before the program has stored its reference. A
/// held result is not lost then: until it is settled, the same upload, held too, gives it again and sends nothing; not
/// held, it gives the result once more and removes the journal. Until the result is freed, running the same upload again
/// ends with `OFAUTH_ERR_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_hold_result(
    upload: *mut ofauth_upload,
    on: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        upload.options.hold_result = on != 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets the notice callback. It is called when the upload is resumed or starts over, tries a step again, waits, or is
/// unlikely to end before its session does. NULL, the default, disables it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_notice(
    upload: *mut ofauth_upload,
    callback: ofauth_notice_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |upload: &mut ofauth_upload| {
        let notice = callback.map(|function| NoticeCallback { function, user_data: Arc::clone(&user_data) });
        Ok(std::mem::replace(&mut upload.notice, notice))
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets the progress callback. NULL, the default, disables it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_progress(
    upload: *mut ofauth_upload,
    callback: ofauth_progress_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |upload: &mut ofauth_upload| {
        let progress =
            callback.map(|function| ProgressCallback { function, user_data: Arc::clone(&user_data) });
        Ok(std::mem::replace(&mut upload.progress, progress))
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}

/// Sets the cancel that gives the upload up. NULL, the default, is none. The cancel may be freed afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_set_cancel(
    upload: *mut ofauth_upload,
    cancel: *const ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |upload: &mut ofauth_upload| {
        // SAFETY: the header asks for NULL or a living cancel.
        unsafe { upload.limits.set_cancel(cancel) };
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { change(upload, "upload", err, with) }
}
