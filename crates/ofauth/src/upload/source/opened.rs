//! An open source of known size, as the upload uses it.
//!
//! A source is opened once, and its size is fixed then. Every part, and every repetition of a part, reads its range
//! anew, so nothing is held in memory for a retry. A file that changes meanwhile is noticed by its metadata.

use std::io;
use std::sync::Arc;

use super::content::Content;
use super::revision::Revision;
use crate::error::{Error, ErrorKind, Result};
use crate::system;
use crate::threads::Threads;

/// An open source of known size.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) content: Arc<dyn Content>,
    /// Bytes, at least 1.
    pub(crate) size: u64,
    /// The name without directory, if the source has one that is text.
    pub(crate) filename: Option<String>,
    /// What tells it from other sources in a journal: the absolute path of a file, or how else it is named.
    pub(crate) place: String,
    /// What reads it where that may wait for a disk.
    pub(crate) threads: Threads,
}

impl Opened {
    /// A source that is read on threads of its own until it is given others.
    pub(crate) fn new(content: Arc<dyn Content>, filename: Option<String>, place: String) -> Self {
        let size = content.identity().size;
        Self { content, size, filename, place, threads: Threads::default() }
    }

    /// In which revision the source is: another one than before if anything but its size and modification time has
    /// changed. Fails if those did, or if another file has taken its name.
    ///
    /// One `fstat`, on a thread that may wait unless the file system answers at once.
    pub(crate) async fn revision(&self) -> Result<Revision> {
        if self.content.looks_at_once() {
            return self.look();
        }
        let source = self.clone();
        self.threads.run(move || source.look()).await?
    }

    /// As [`Opened::revision`]. Blocks on the file system.
    pub(crate) fn look(&self) -> Result<Revision> {
        let looked = self.content.look().map_err(|error: io::Error| {
            system::failed(ErrorKind::Source, "the file can no longer be examined", "", error)
        })?;
        looked.map_err(|how| changed(&how))
    }
}

/// The error of a source that is not what it was when it was opened.
pub(crate) fn changed(what: &str) -> Error {
    Error::new(
        ErrorKind::SourceChanged,
        format!(
            "the file changed while it was being uploaded ({what}): upload it again when it no longer changes"
        ),
    )
}
