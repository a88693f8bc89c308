//! The files of uploads that earlier batches without a name left.
//!
//! Each is read once, when a batch begins, and is open after that only while a line of it is read or forgotten: there may be
//! hundreds, and descriptors are few. Nobody adds uploads to such a file any more, so that a place in it stays what it was.
//! Another batch may forget lines meanwhile, or remove a file of which all is forgotten; what was in it is then not found any
//! more, and forgotten already. Blocks on the disk.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::index::{self, Index};
use super::line::{Taken, UploadLine, forgotten};
use crate::line_file::{self, naming};
use crate::state_format::BATCH_RECORD;

/// A file that an earlier batch left.
#[derive(Debug)]
pub(super) struct Earlier {
    path: PathBuf,
    index: Index,
    /// Where the lines begin that this batch has taken.
    taken: BTreeSet<u64>,
}

/// What earlier batches left in these files and are not writing any more. Ends what a batch was killed in when it was done.
pub(super) fn read(paths: impl Iterator<Item = PathBuf>) -> io::Result<Vec<Earlier>> {
    let (mut left, mut over) = (Vec::new(), Vec::new());
    for path in paths {
        if let Some(earlier) = Earlier::read(path)? {
            if earlier.index.is_settled { over.push(earlier) } else { left.push(earlier) }
        }
    }
    for settled in over {
        for Taken { file, lines } in &settled.index.taken {
            if let Some(other) = left.iter_mut().find(|other| other.name() == *file) {
                other.forget(lines)?;
            }
        }
        settled.remove();
    }
    let (empty, left): (Vec<_>, Vec<_>) = left.into_iter().partition(|earlier| earlier.index.is_empty());
    empty.into_iter().for_each(Earlier::remove);
    Ok(left)
}

impl Earlier {
    /// Reads the file at `path`; nothing if a batch is writing it, or it is gone.
    fn read(path: PathBuf) -> io::Result<Option<Self>> {
        let Some(file) = open(&path)? else { return Ok(None) };
        let index = match line_file::is_begun(&file, &path, BATCH_RECORD)? {
            true => Index::read(&file).map_err(|error| naming(&path, &error))?,
            false => Index::default(),
        };
        Ok(Some(Self { path, index, taken: BTreeSet::new() }))
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What it holds.
    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The upload whose line begins there; nothing if the file is gone.
    pub(super) fn line(&self, offset: u64) -> io::Result<Option<UploadLine>> {
        let Some(file) = open(&self.path)? else { return Ok(None) };
        index::upload(&file, offset).map_err(|error| naming(&self.path, &error))
    }

    /// Takes the upload whose line begins there. It stays until it is [forgotten](Self::forget_taken).
    pub(super) fn take(&mut self, offset: u64) {
        self.taken.insert(offset);
    }

    /// What this batch has taken of it; nothing if it has taken nothing.
    pub(super) fn taken(&self) -> Option<Taken> {
        let lines = || Taken { file: self.name(), lines: self.taken.iter().copied().collect() };
        (!self.taken.is_empty()).then(lines)
    }

    /// Forgets what this batch has taken.
    pub(super) fn forget_taken(&mut self) -> io::Result<()> {
        let taken: Vec<u64> = self.taken.iter().copied().collect();
        if !taken.is_empty() {
            self.forget(&taken)?;
        }
        // After a failure they are still to be forgotten.
        self.taken.clear();
        Ok(())
    }

    /// Forgets uploads that a batch has taken and is done with, for good. To do so again changes nothing.
    fn forget(&mut self, lines: &[u64]) -> io::Result<()> {
        if let Some(file) = open(&self.path)? {
            // Whoever took them drops what says so next, and no power cut may bring them back.
            let written =
                line_file::append(&file, &forgotten(lines), BATCH_RECORD).and_then(|_| file.sync_data());
            written.map_err(|error| naming(&self.path, &error))?;
        }
        self.index.forget(lines);
        Ok(())
    }

    /// Removes a file that is of no use any more, unless somebody looks into it. One that stays does no harm.
    pub(super) fn remove(self) {
        if let Ok(file) = line_file::open_existing(&self.path)
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Opens the file at `path`, with a lock that those who look share; nothing if a batch is writing it, or it is gone. The lock
/// ends with the file.
fn open(path: &Path) -> io::Result<Option<File>> {
    match line_file::open_existing(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(|file| file.try_lock_shared().is_ok().then_some(file)),
    }
}
