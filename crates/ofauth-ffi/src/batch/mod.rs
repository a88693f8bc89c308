//! Batches: many uploads
//!
//! Many files, some of them at once, in memory that does not grow with their number: made, given files, and asked for the
//! next one that has ended, until there is none. Any number of threads may use a batch at the same time, but only one may
//! wait for it. What is set is set before the first `ofauth_batch_next` or `ofauth_batch_settle`; files may be added until
//! the batch is over.
//!
//! One file's failure is its result, and the others go on. What would meet all of them (the key, a proxy that refuses, a full
//! disk for journals, a cancel) stops the batch: the rest are results that were not tried. A service that did not serve
//! three files in a row is waited for, 5 minutes at most, with one file that is tried again.
//!
//! With a journal directory, each upload is written into a record before its result is given out. The same files in a later
//! batch, in this process or another, then give the same references at once, and only the rest is uploaded. The record is
//! forgotten when `ofauth_batch_next` has returned the end and all results were successes (should that fail, only the log
//! says so), or by `ofauth_batch_settle`, which says if it fails; what is left of a batch that did not come so far is kept for
//! a week. With a journal directory, a file that is added twice is uploaded once, and both give the same reference, which only
//! one post can use.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use ofauth::{MAX_FILES, Source};

mod batched;
mod shared;

pub use batched::*;

use self::shared::{Batch, Lent, Settings};
use crate::borrowed_bytes::BorrowedBytes;
use crate::boundary::{fallible, infallible};
use crate::callback::ReaderCallback;
use crate::cancel::ofauth_cancel;
use crate::client::{ofauth_client, waiting_for_end, waiting_for_next};
use crate::error::ofauth_error;
use crate::event::EventReader;
use crate::guest::Guest;
use crate::pointer::{self, Result, hand_out};
use crate::progress::ofauth_progress;
use crate::range;
use crate::status::{OFAUTH_ERR_NULL, ofauth_status};
use crate::upload::{ofauth_reader, ofauth_upload};
use crate::user_data::{UserData, ofauth_destroy};
use crate::waiting::Limits;

/// Many uploads, some of them at once. Any number of threads at the same time, of which one may wait for it.
pub struct ofauth_batch(Arc<Batch>);

/// Called with the progress of each file of a batch, as `ofauth_progress_callback` is with that of an upload. `index` is the
/// place of the file among those that were added, from 0. Return 0 to go on, anything else to cancel the batch.
///
/// Runs on the thread that waits for the batch, by `ofauth_batch_next` or `ofauth_batch_settle`; between two calls, progress
/// is not reported, nor while nothing has moved since a call began. A program that looks at a flag there needs a tick, too:
/// see `ofauth_wait_set_tick`.
pub type ofauth_batch_progress_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, index: u64, progress: *const ofauth_progress) -> c_int,
>;

/// Called for each notice of a file of a batch, as `ofauth_notice_callback` is for those of an upload. `index` is the place of
/// the file among those that were added, from 0. Return 0 to go on, anything else to cancel the batch.
///
/// Runs on the thread that waits for the batch, by `ofauth_batch_next` or `ofauth_batch_settle`; notices that come between two
/// calls wait for the next one.
pub type ofauth_batch_notice_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, index: u64, kind: i32, text: *const c_char) -> c_int>;

/// The batch behind a pointer of C, which lives as long as it is used, even if a callback frees it.
///
/// # Safety
///
/// NULL, or a batch that was not freed yet.
unsafe fn living(batch: *const ofauth_batch) -> Result<Arc<Batch>> {
    // SAFETY: as promised by the caller.
    let batch = Arc::clone(&unsafe { pointer::shared(batch, "batch") }?.0);
    batch.refuse_child()?;
    Ok(batch)
}

/// Changes a setting.
///
/// # Safety
///
/// What the header asks for: `batch` is NULL or alive, `err` is NULL or a valid place.
unsafe fn set<Before>(
    batch: *const ofauth_batch,
    err: *mut *mut ofauth_error,
    with: impl FnOnce(&mut Settings) -> Result<Before>,
) -> ofauth_status {
    // SAFETY: as promised by the caller.
    let body = || unsafe { living(batch) }?.set(with).map(drop);
    // SAFETY: as promised by the caller.
    unsafe { fallible(err, body) }
}

/// Makes a batch without files. Free it with `ofauth_batch_free`.
///
/// ```c
/// ofauth_batch *batch = NULL;
/// ofauth_batched *file = NULL;
/// ofauth_status status = ofauth_batch_new(&batch, &error);
/// if (status == OFAUTH_OK) status = ofauth_batch_set_files(batch, 8, &error);
/// if (status == OFAUTH_OK) status = ofauth_batch_add_file(batch, "one.mp4", &error);
/// if (status == OFAUTH_OK) status = ofauth_batch_add_file(batch, "two.mp4", &error);
/// while (status == OFAUTH_OK && (status = ofauth_batch_next(client, batch, &file, &error)) == OFAUTH_OK && file != NULL) {
///     if (ofauth_batched_result(file) != NULL) puts(ofauth_result_upload_id(ofauth_batched_result(file)));
///     else fprintf(stderr, "%s: %s\n", ofauth_batched_name(file), ofauth_error_message(ofauth_batched_error(file)));
///     ofauth_batched_free(file);
/// }
/// ofauth_batch_free(batch);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_new(
    out: *mut *mut ofauth_batch,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        hand_out(out, ofauth_batch(Arc::new(Batch::new())));
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a batch. Uploads under way end at once; with a journal directory, the same batch goes on where they were. While
/// another thread waits for the batch, or inside one of its callbacks, that ends when `ofauth_batch_next` has returned. Passing
/// NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_free(batch: *mut ofauth_batch) {
    // SAFETY: the header asks for NULL or a batch that was not freed yet.
    infallible(|| unsafe { pointer::free(batch) });
}

/// Sets how each file is uploaded: by the options of `upload`, which is copied.
///
/// Its timeout is that of each file. A file name among the options is that of every file, so it is usually not set. With
/// `ofauth_upload_set_hold_result`, the record is forgotten by `ofauth_batch_settle` alone. `upload` must have options only:
/// `OFAUTH_ERR_INVALID_ARGUMENT` if it has a source, a callback or a cancel, which belong to the batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_set_options(
    batch: *mut ofauth_batch,
    upload: *const ofauth_upload,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        // SAFETY: the header asks for a living upload that nobody changes meanwhile.
        settings.options = unsafe { pointer::shared(upload, "upload") }?.options_alone()?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(batch, err, with) }
}

/// Sets how many files are uploaded at once, 1 to 64. Default: 1. Each sends so many parts in parallel as its options say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_set_files(
    batch: *mut ofauth_batch,
    files: u32,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        settings.files = range::checked("files", files, MAX_FILES)?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(batch, err, with) }
}

/// Sets the name of the record in the client's journal directory. It then has what batches of this name uploaded and nothing
/// else, and all of it is forgotten when the batch is done. Only one batch at a time has a name. NULL, the default, is none:
/// then batches with the same files may run at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_set_record(
    batch: *mut ofauth_batch,
    record: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        let record = unsafe { pointer::optional_text(record, "record") }?;
        settings.record = record.map(|record| pointer::copy_text(record, "record")).transpose()?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(batch, err, with) }
}

/// Sets the cancel that ends the batch: files under way are cancelled, the others are not tried, and all of them are still
/// given out. NULL, the default, is none. The cancel may be freed afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_set_cancel(
    batch: *mut ofauth_batch,
    cancel: *const ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        // SAFETY: the header asks for NULL or a living cancel.
        settings.cancel = unsafe { cancel.as_ref() }.map(|cancel| cancel.0.clone());
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(batch, err, with) }
}

/// Sets the progress callback. NULL, the default, disables it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_set_progress(
    batch: *mut ofauth_batch,
    callback: ofauth_batch_progress_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |settings: &mut Settings| Ok(settings.set_progress(callback, &user_data));
    // SAFETY: what the header asks for.
    unsafe { set(batch, err, with) }
}

/// Sets the notice callback. It is called as that of an upload is, and for what the batch waits for. NULL, the default,
/// disables it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_set_notice(
    batch: *mut ofauth_batch,
    callback: ofauth_batch_notice_callback,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let with = |settings: &mut Settings| Ok(settings.set_notice(callback, &user_data));
    // SAFETY: what the header asks for.
    unsafe { set(batch, err, with) }
}

/// Adds the regular file at `path`, as for `ofauth_upload_set_file`. The first one has the index 0, the next one 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_add_file(
    batch: *mut ofauth_batch,
    path: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a batch that was not freed yet.
        let batch = unsafe { living(batch) }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let path = unsafe { pointer::path(path, "path") }?;
        batch.add(|_, _| (Source::path(path), None))
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Adds `size` bytes of memory under this file name. They are not copied: they must stay, unchanged, until the result of this
/// file was given out or `ofauth_batch_free` has returned; as for `ofauth_upload_set_bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_add_bytes(
    batch: *mut ofauth_batch,
    data: *const c_void,
    size: usize,
    filename: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a batch that was not freed yet.
        let batch = unsafe { living(batch) }?;
        let start = pointer::bytes(data, size, "data")?;
        // SAFETY: the header asks for a text that ends with NUL.
        let filename = unsafe { pointer::owned_text(filename, "filename") }?;
        batch.add(|_, _| {
            let (bytes, end) = BorrowedBytes::new(start, size);
            (Source::bytes(bytes).filename(filename), Some(Lent::Bytes(end)))
        })
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Adds `size` bytes that `reader` reads, under this file name. It runs on the thread that waits for the batch, by
/// `ofauth_batch_next` or `ofauth_batch_settle`. Between two calls the upload of this file stands still, and its reads occupy
/// threads of the client that other work of the client may wait for: so make the next call soon.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_add_reader(
    batch: *mut ofauth_batch,
    reader: ofauth_reader,
    user_data: *mut c_void,
    destroy: ofauth_destroy,
    size: u64,
    filename: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let user_data = UserData::new(user_data, destroy);
    let body = || {
        // SAFETY: the header asks for a batch that was not freed yet.
        let batch = unsafe { living(batch) }?;
        let function = reader.ok_or_else(|| ofauth_error::new(OFAUTH_ERR_NULL, "reader is NULL"))?;
        // SAFETY: the header asks for a text that ends with NUL.
        let filename = unsafe { pointer::owned_text(filename, "filename") }?;
        batch.add(|file, events| {
            let source = Source::reader(EventReader { file, events: events.clone(), size });
            let reader = ReaderCallback { function, user_data: Arc::clone(&user_data) };
            (source.filename(filename), Some(Lent::Reader(reader)))
        })
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Waits until the next file has ended, whichever it is, and tells how. `*out` is to be freed with `ofauth_batched_free`. With
/// `OFAUTH_OK` and NULL in `*out`, the batch is over. It is over when this is called and every file that was added has been given
/// out: no more can be added then.
///
/// The first call begins the batch, with this client; later ones take the same client, or another handle of it. Files that
/// have begun go on between two calls; new ones begin only during a call. The limits of the client's wait give up waiting
/// and not the batch: after `OFAUTH_ERR_CANCELLED` or `OFAUTH_ERR_TIMEOUT`, ask again.
///
/// `OFAUTH_ERR_BUSY`: another thread waits for this batch, or another batch has a record of this name.
/// `OFAUTH_ERR_JOURNAL`: the record cannot be read or written. If the batch cannot begin, further calls give out its files,
/// not tried. Not inside a callback (`OFAUTH_ERR_REENTRANT`) and not in a forked child (`OFAUTH_ERR_FORKED`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_next(
    client: *const ofauth_client,
    batch: *mut ofauth_batch,
    out: *mut *mut ofauth_batched,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Arc<Guest>, limits: Limits| {
        // SAFETY: the header asks for a batch that was not freed yet.
        let batch = unsafe { living(batch) }?;
        batch.next(client, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting_for_next(client, out, err, call) }
}

/// Says that the results have arrived where they belong, so that the record need not keep them any longer, and waits until
/// that is on the disk: the same files are then uploaded again. Settling again, and settling a batch without a record, changes
/// nothing. Before the first `ofauth_batch_next`, it forgets what an earlier batch left under the same name.
///
/// Its errors are those of `ofauth_batch_next`. After `OFAUTH_ERR_CANCELLED` or `OFAUTH_ERR_TIMEOUT` the batch may be settled or
/// not: settle again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_batch_settle(
    client: *const ofauth_client,
    batch: *mut ofauth_batch,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Arc<Guest>, limits: Limits| {
        // SAFETY: the header asks for a batch that was not freed yet.
        let batch = unsafe { living(batch) }?;
        batch.settle(client, limits)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting_for_end(client, err, call) }
}
