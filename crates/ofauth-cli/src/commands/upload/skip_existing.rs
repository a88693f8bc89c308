//! What earlier runs uploaded: `--skip-existing` asks the service about it, and every upload is added to it.
//!
//! A lookup needs the file as it was then and an etag that the service still knows. What cannot be written down costs
//! a later run an upload and this one nothing, so it is a remark and no failure. It is written on a thread of its own,
//! behind the uploads, which wait for nothing that may stand in its way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use ofauth::system::words;
use ofauth::unversioned::line_file::naming;
use ofauth::{Client, ErrorKind, Media, Uploaded};
use tokio::sync::oneshot;

use super::context::UploadContext;
use crate::failure::{Failure, Result};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::state::file_state::FileState;
use crate::state::upload_history::{History, Snapshot};
use crate::threads;

/// The uploads of earlier runs, and of this one.
pub(super) struct Earlier {
    /// Nothing without a state directory.
    writer: Option<Writer>,
    /// What was there when the command began, if it is to be skipped.
    snapshot: Option<Arc<Snapshot>>,
}

/// The thread that writes uploads down.
struct Writer {
    queue: Sender<(FileState, Uploaded)>,
    end: oneshot::Receiver<()>,
}

/// A file that the vault has.
pub(super) struct Existing {
    pub(super) etag: String,
    pub(super) media: Option<Media>,
}

impl Earlier {
    /// Opens the history of the command's server and connection.
    pub(super) async fn open(upload: &UploadContext<'_>) -> Result<Self> {
        let nothing = Self { writer: None, snapshot: None };
        let (context, out, skip) = (upload.context, &upload.app.out, upload.args.skip_existing);
        let Some(state) = &context.state else {
            if skip {
                out.say("ofauth: --skip-existing skips nothing: there is no state directory");
            }
            return Ok(nothing);
        };
        let directory = state.uploaded();
        let (base_url, connection) =
            (context.base_url.clone(), context.connection.clone().unwrap_or_default());
        let opened = threads::run(move || {
            let opened = History::open(&directory, &base_url, &connection);
            let history = opened.map_err(|error| naming(&directory, &error))?;
            let snapshot = if skip { Some(Arc::new(history.snapshot()?)) } else { None };
            Ok((history, snapshot))
        });
        match opened.await? {
            Ok((history, snapshot)) => Ok(Self { writer: Writer::start(history, out), snapshot }),
            Err(error) if skip => {
                Err(Failure::io(ErrorKind::Journal, "what was uploaded before cannot be read", &error)
                    .with_hint("remove that file, or give another --state-dir, or not --skip-existing"))
            }
            Err(error) => {
                cannot(out, &error);
                Ok(nothing)
            }
        }
    }

    /// What was there when the command began, if it is to be skipped.
    pub(super) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// Whether uploads are written down.
    pub(super) fn is_kept(&self) -> bool {
        self.writer.is_some()
    }

    /// Writes down an upload of the file as it was before, in a while.
    pub(super) fn add(&self, file: FileState, upload: &Uploaded) {
        if let Some(writer) = &self.writer {
            // A writer that has given up has said so.
            let _ = writer.queue.send((file, upload.clone()));
        }
    }

    /// Waits until everything is written down.
    pub(super) async fn finish(&mut self) {
        if let Some(Writer { queue, end }) = self.writer.take() {
            drop(queue);
            let _ = end.await;
        }
    }
}

/// Whether an earlier run uploaded this file and the vault still has it.
///
/// Which etag the service wants for a file of several parts is not documented, so the first is asked for, then the
/// last. A refusal means that the service cannot find it.
pub(super) async fn find(
    snapshot: &Arc<Snapshot>,
    client: &Client,
    interrupt: &Interrupt,
    file: &FileState,
    path: &Path,
) -> Result<Option<Existing>> {
    let (snapshot, state, path) = (Arc::clone(snapshot), file.clone(), path.to_owned());
    let etags = interrupt.or_stop(threads::run(move || snapshot.etags(&state, &path))).await?;
    for etag in etags.into_iter().flatten() {
        match interrupt.or_stop(client.check(&etag, file.size()).send()).await {
            Ok(check) if check.exists => return Ok(Some(Existing { etag, media: check.media })),
            Ok(_) => {}
            Err(failure) if failure.kind() == ErrorKind::Rejected => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

/// The present state of a file.
pub(super) async fn state_of(path: PathBuf) -> Option<FileState> {
    threads::run(move || FileState::of(&path)).await.ok().flatten()
}

impl Writer {
    /// Writes until there is nothing left or something cannot be written, which is said once.
    fn start(history: History, out: &Output) -> Option<Self> {
        let (queue, uploads) = mpsc::channel::<(FileState, Uploaded)>();
        let told = out.clone();
        let end = threads::start(move || {
            for (file, upload) in uploads {
                if let Err(error) = history.add(file, upload.etags(), upload.sum().cloned()) {
                    return cannot(&told, &error);
                }
            }
        });
        match end {
            Ok(end) => Some(Self { queue, end }),
            Err(error) => {
                cannot(out, &error);
                None
            }
        }
    }
}

/// Says that uploads are not written down, which makes none of them a failure.
fn cannot(out: &Output, error: &io::Error) {
    out.note(&format!(
        "ofauth: uploads are not remembered for --skip-existing: {}\n\
         ofauth: next: nothing now; before the next time, remove that file or name another directory with --state-dir",
        words(error)
    ));
}
