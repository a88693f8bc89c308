//! The file of uploads that a batch writes. The batch has its lock for as long as it lives. Blocks on the disk.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::index::{self, Index};
use super::line::UploadLine;
use crate::line_file::{self, naming};
use crate::state_format::BATCH_RECORD;

/// A file of uploads that is written.
#[derive(Debug)]
pub(super) struct Log {
    file: Arc<File>,
    pub(super) path: PathBuf,
    index: Index,
}

impl Log {
    /// Opens the file at `path`, and makes it if it is missing; nothing if another batch has it.
    pub(super) fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let Some(file) = line_file::open_locked(&path)? else { return Ok(None) };
        line_file::check_format(&file, &path, BATCH_RECORD)?;
        // A line that a crash has torn must not spoil the next one.
        if line_file::is_torn(&file).map_err(|error| naming(&path, &error))? {
            (&file).write_all(b"\n").map_err(|error| naming(&path, &error))?;
        }
        let index = Index::read(&file).map_err(|error| naming(&path, &error))?;
        Ok(Some(Self { file: file.into(), path, index }))
    }

    /// What it holds.
    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The upload whose line begins there.
    pub(super) fn line(&self, offset: u64) -> io::Result<Option<UploadLine>> {
        index::upload(&self.file, offset).map_err(|error| naming(&self.path, &error))
    }

    /// Writes down an upload. It is durable once the file that is returned is synced.
    pub(super) fn add(&mut self, key: u64, line: &UploadLine) -> io::Result<Arc<File>> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let offset = line_file::append(&self.file, &bytes, BATCH_RECORD)?;
        self.index.add(key, offset);
        Ok(Arc::clone(&self.file))
    }

    /// Writes these lines, for good.
    pub(super) fn write(&self, lines: &[u8]) -> io::Result<()> {
        let written = line_file::append(&self.file, lines, BATCH_RECORD).and_then(|_| self.file.sync_data());
        written.map_err(|error| naming(&self.path, &error))
    }

    /// Forgets everything at once, for good.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.sync_all());
        cleared.map_err(|error| naming(&self.path, &error))?;
        self.index.clear();
        Ok(())
    }

    /// Lets others have the file, which goes if there is nothing in it. Nothing is written after this.
    pub(super) fn close(&mut self) {
        if self.file.metadata().is_ok_and(|about| about.len() == 0) {
            let _ = std::fs::remove_file(&self.path);
        }
        // By name, for what is written in this moment has the file open, too.
        let _ = self.file.unlock();
    }
}
