//! What earlier runs uploaded: `--skip-existing` asks the service about it, and every upload is added to it.
//!
//! A lookup needs the file as it was then and an etag that the service still knows. What cannot be written down costs
//! a later run an upload and this one nothing, so it is a remark and no failure. It is written on a thread of its own,
//! behind the uploads, which wait for nothing that may stand in its way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use ofauth::ErrorKind;
use ofauth::system::words;
use serde_json::Value;
use tokio::sync::oneshot;

use super::delivered::Finished;
use super::job::Job;
use crate::failure::{Failure, Result};
use crate::file_state::FileState;
use crate::output::Output;
use crate::private_file::naming;
use crate::remembered::{Known, Remembered};
use crate::threads;

/// The uploads of earlier runs, and of this one.
pub(super) struct Memory {
    /// Nothing without a state directory.
    writer: Option<Writer>,
    /// What was there when the command began, if it is to be skipped.
    known: Option<Arc<Known>>,
}

/// The thread that writes uploads down.
struct Writer {
    queue: Sender<(FileState, Finished)>,
    end: oneshot::Receiver<()>,
}

/// A file that the vault has.
pub(super) struct Existing {
    pub(super) etag: String,
    pub(super) media: Option<Value>,
}

impl Memory {
    /// Opens what is remembered of the command's server and connection.
    pub(super) async fn open(job: &Job<'_>) -> Result<Self> {
        let nothing = Self { writer: None, known: None };
        let (session, skip) = (job.session, job.args.skip_existing);
        let Some(state) = &session.state else {
            if skip {
                job.app.out.say("ofauth: --skip-existing skips nothing: there is no state directory");
            }
            return Ok(nothing);
        };
        let directory = state.uploaded();
        let (base_url, connection) =
            (session.base_url.clone(), session.connection.clone().unwrap_or_default());
        let opened = threads::run({
            let directory = directory.clone();
            move || {
                let opened = Remembered::open(&directory, &base_url, &connection);
                let remembered = opened.map_err(|error| naming(&directory, &error))?;
                let known = if skip { Some(Arc::new(remembered.known()?)) } else { None };
                Ok((remembered, known))
            }
        });
        match opened.await? {
            Ok((remembered, known)) => Ok(Self { writer: Writer::start(remembered, &job.app.out), known }),
            Err(error) if skip => {
                Err(Failure::io(ErrorKind::Journal, "what was uploaded before cannot be read", &error)
                    .with_hint("remove that file, or give another --state-dir, or not --skip-existing"))
            }
            Err(error) => {
                cannot(&job.app.out, &error);
                Ok(nothing)
            }
        }
    }

    /// The present state of a file, as it is remembered.
    pub(super) async fn identify(&self, path: PathBuf) -> Option<FileState> {
        threads::run(move || FileState::of(&path)).await.ok().flatten()
    }

    /// Whether an earlier run uploaded this file and the vault still has it.
    ///
    /// Which etag the service wants for a file of several parts is not documented, so the first is asked for, then the
    /// last. A refusal means that the service cannot find it.
    pub(super) async fn existing(
        &self,
        job: &Job<'_>,
        file: &FileState,
        path: Option<&Path>,
    ) -> Result<Option<Existing>> {
        let Some(known) = self.known.clone() else { return Ok(None) };
        let path = path.unwrap_or(Path::new("-")).to_owned();
        let (interrupt, state) = (&job.app.interrupt, file.clone());
        let etags = interrupt.or_stop(threads::run(move || known.etags(&state, &path))).await?;
        for etag in etags.into_iter().flatten() {
            match interrupt.or_stop(job.session.client.check(&etag, file.size())).await {
                Ok(check) if check.exists => return Ok(Some(Existing { etag, media: check.media })),
                Ok(_) => {}
                Err(failure) if failure.kind() == ErrorKind::Rejected => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// Remembers an upload of the file as it was before, in a while.
    pub(super) fn add(&self, file: FileState, upload: &Finished) {
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

impl Writer {
    /// Writes until there is nothing left or something cannot be written, which is said once.
    fn start(remembered: Remembered, out: &Output) -> Option<Self> {
        let (queue, uploads) = mpsc::channel::<(FileState, Finished)>();
        let told = out.clone();
        let end = threads::start(move || {
            for (file, Finished { etags, sum, .. }) in uploads {
                if let Err(error) = remembered.add(file, etags.iter().map(Option::as_deref), sum) {
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

/// Says that uploads are not remembered, which makes none of them a failure.
fn cannot(out: &Output, error: &io::Error) {
    out.note(&format!(
        "ofauth: uploads are not remembered for --skip-existing: {}\n\
         ofauth: next: nothing now; before the next time, remove that file or name another directory with --state-dir",
        words(error)
    ));
}
