//! Uploads: sending them
//!
//! These functions wait. An upload ends when the service has confirmed it, or with an error that says whether anything
//! may have been finished.

use std::ffi::c_char;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use bytes::Bytes;
use ofauth::Cancel;

use crate::cancel::OwnCancel;
use crate::client::{Inner, ofauth_client, waiting};
use crate::error::ofauth_error;
use crate::pointer::{self, Result};
use crate::pump::{Callbacks, Pump};
use crate::result::ofauth_result;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status};
use crate::upload::{Source, ofauth_upload};

/// Uploads, and waits for the end. `upload` is copied at the begin and may be run again. With a journal, what an earlier
/// run of the same upload has sent is not sent again.
///
/// `*out` is the result, to be freed with `ofauth_result_free`. Any thread, side by side with other calls on the same
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
    client: *mut ofauth_client,
    upload: *const ofauth_upload,
    out: *mut *mut ofauth_result,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Inner| {
        // SAFETY: the header asks for a living upload that nobody changes meanwhile.
        let upload = unsafe { pointer::shared(upload, "upload") }?.clone();
        run(client, upload)
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

/// Uploads the file at `path` with the client's settings, and waits for the end. Otherwise as `ofauth_upload_run`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_upload_file(
    client: *mut ofauth_client,
    path: *const c_char,
    out: *mut *mut ofauth_result,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let call = |client: &Inner| {
        // SAFETY: the header asks for a text that ends with NUL.
        let path = unsafe { pointer::path(path, "path") }?;
        run(client, ofauth_upload { source: Some(Source::File(path)), ..ofauth_upload::default() })
    };
    // SAFETY: what the header asks for.
    unsafe { waiting(client, out, err, call) }
}

fn run(client: &Inner, upload: ofauth_upload) -> Result<ofauth_result> {
    // A cancel of its own, because a progress callback cancels this run and not all that share the caller's.
    let pump = Pump::new(upload.cancel.as_ref().map_or_else(Cancel::new, OwnCancel::child));
    let mut callbacks =
        Callbacks { progress: upload.progress, notice: upload.notice, ..Callbacks::default() };
    let mut lent = None;

    let named = |filename: Option<String>| {
        let text = "there is no file name: set one with ofauth_upload_set_filename";
        filename.ok_or_else(|| ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text))
    };
    let source = match upload.source {
        Some(Source::File(path)) => ofauth::Source::path(path),
        Some(Source::Bytes { start, size }) => {
            let (bytes, returned) = Lent::new(start, size);
            lent = Some(returned);
            ofauth::Source::bytes(bytes, named(upload.filename.clone())?)
        }
        Some(Source::Reader { reader, size }) => {
            callbacks.reader = Some(reader);
            ofauth::Source::reader(pump.reader(), size, named(upload.filename.clone())?)
        }
        None => {
            let text = "the upload has no source: set a file, bytes or a reader";
            return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text));
        }
    };

    let mut work = client.client().upload(source).cancel(pump.cancel());
    if let Some(filename) = upload.filename {
        work = work.filename(filename);
    }
    if let Some(content_type) = upload.content_type {
        work = work.content_type(content_type);
    }
    if let Some(id) = upload.connection_id {
        work = work.connection_id(id);
    }
    if let Some(parts) = upload.concurrency {
        work = work.concurrency(parts);
    }
    if let Some(limit) = upload.deadline {
        work = work.deadline(limit);
    }
    if let Some(options) = upload.vault_upload {
        work = work.vault_upload(options);
    }
    if upload.without_journal {
        work = work.without_journal();
    }
    if upload.hold_result {
        work = work.hold_result();
    }
    if callbacks.progress.is_some() {
        work = work.on_progress(pump.on_progress());
    }
    if callbacks.notice.is_some() {
        work = work.on_notice(pump.on_notice());
    }
    let outcome = pump.run(client, &callbacks, work.send());
    match lent {
        Some(returned) if client.is_here() => returned.wait(client),
        // In a forked child nobody is there to return it.
        lent => std::mem::forget(lent),
    }
    Ok(ofauth_result::new(outcome?, upload.hold_result))
}

/// The caller's memory, lent to the client's threads for one run.
struct Lent {
    start: *const u8,
    size: usize,
    /// Its end says that nobody has the memory any more.
    _until: SyncSender<()>,
}

// SAFETY: the caller of the C function leaves the bytes as they are until the run has ended.
unsafe impl Send for Lent {}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: not NULL and no larger than memory, as checked when it was set, and alive until `Returned` was waited
        // for.
        unsafe { std::slice::from_raw_parts(self.start, self.size) }
    }
}

/// How often it is looked whether anybody is there who could return lent memory.
const LOOK: Duration = Duration::from_millis(250);

/// Learns when lent memory was returned.
struct Returned(Receiver<()>);

impl Lent {
    #[allow(clippy::new_ret_no_self, reason = "what is made is bytes, and the other end of the loan")]
    fn new(start: *const u8, size: usize) -> (Bytes, Returned) {
        let (until, returned) = sync_channel(0);
        (Bytes::from_owner(Self { start, size, _until: until }), Returned(returned))
    }
}

impl Returned {
    /// Waits until no thread has the memory. Parts that a cancel has cut off let go of it a moment after the run ended.
    fn wait(self, client: &Inner) {
        // Nothing is ever sent: the end of the channel is the answer.
        while self.0.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if client.workers().are_gone() {
                // Nobody is left who could look at it, nor to say so.
                return;
            }
            if client.workers().are_broken() {
                // Those that are left end when they find out what the first one did.
                _ = client.spawn(async {});
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lent_memory_is_waited_for() {
        let memory = [7_u8; 4];
        let (bytes, returned) = Lent::new(memory.as_ptr(), memory.len());
        let part = bytes.slice(1..3);
        drop(bytes);
        assert!(returned.0.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty));
        let holder = std::thread::spawn(move || part.len());
        assert!(returned.0.recv().is_err());
        assert_eq!(holder.join().unwrap(), 2);
    }
}
