//! One file of uploads: the one that a batch writes, or one that an earlier batch left. Where each upload has its line is
//! known by 16 bytes. What a line says is [`super::line`]'s matter. Blocks on the disk.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::line::{Seen, Taken, UploadLine, forgotten};
use crate::line_file::{self, naming};
use crate::state_format::BATCH_RECORD;

/// A file of uploads.
#[derive(Debug)]
pub(super) struct Log {
    file: Arc<File>,
    pub(super) path: PathBuf,
    /// The key of an upload and where its line begins. One key may have several: bytes in memory of the same name.
    places: BTreeSet<(u64, u64)>,
    /// What its batch had taken of others.
    pub(super) taken: Vec<Taken>,
    /// Whether its batch was done with it, and only did not come to remove it.
    pub(super) is_settled: bool,
}

impl Log {
    /// Opens the file at `path` to write, and makes it if it is missing; nothing if another batch has it.
    pub(super) fn own(path: PathBuf) -> io::Result<Option<Self>> {
        let Some(file) = line_file::open_locked(&path)? else { return Ok(None) };
        line_file::check_format(&file, &path, BATCH_RECORD)?;
        // A line that a crash has torn must not spoil the next one.
        if line_file::is_torn(&file).map_err(|error| naming(&path, &error))? {
            (&file).write_all(b"\n").map_err(|error| naming(&path, &error))?;
        }
        Self::read(file, path).map(Some)
    }

    /// Opens the file at `path` as one that an earlier batch left; nothing if a batch is writing it, or it is gone.
    pub(super) fn of_earlier(path: PathBuf) -> io::Result<Option<Self>> {
        let file = match line_file::open_existing(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        // Shared, so that those who look do not see each other. The lock ends with the file.
        if file.try_lock_shared().is_err() {
            return Ok(None);
        }
        let is_begun = line_file::is_begun(&file, &path, BATCH_RECORD)?;
        if is_begun { Self::read(file, path).map(Some) } else { Ok(Some(Self::empty(file, path))) }
    }

    fn empty(file: File, path: PathBuf) -> Self {
        Self { file: file.into(), path, places: BTreeSet::new(), taken: Vec::new(), is_settled: false }
    }

    fn read(file: File, path: PathBuf) -> io::Result<Self> {
        let mut log = Self::empty(file, path);
        let mut gone = Vec::new();
        let Self { file, places, taken, is_settled, .. } = &mut log;
        line_file::for_each_line(file, |offset, line| {
            let seen = Seen::of(line);
            places.extend(seen.key().map(|key| (key, offset)));
            gone.extend_from_slice(&seen.forgotten);
            taken.extend(seen.taken);
            // Only the last line says so: one that wrote on was not done after all.
            *is_settled = seen.settled;
        })
        .map_err(|error| naming(&log.path, &error))?;
        log.forget_places(&gone);
        Ok(log)
    }

    /// Whether it has no upload.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where the uploads with this key are, the latest first.
    pub(super) fn find(&self, key: u64) -> Vec<u64> {
        self.places.range((key, 0)..=(key, u64::MAX)).rev().map(|(_, offset)| *offset).collect()
    }

    /// The upload whose line begins there.
    pub(super) fn line(&self, offset: u64) -> Option<UploadLine> {
        serde_json::from_slice(&line_file::line(&self.file, offset).ok()?).ok()
    }

    /// Writes down an upload. It is durable once the file that is returned is synced.
    pub(super) fn add(&mut self, key: u64, line: &UploadLine) -> io::Result<Arc<File>> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let offset = line_file::append(&self.file, &bytes, BATCH_RECORD)?;
        self.places.insert((key, offset));
        Ok(Arc::clone(&self.file))
    }

    /// Writes these lines, for good.
    pub(super) fn write(&self, lines: &[u8]) -> io::Result<()> {
        let written = line_file::append(&self.file, lines, BATCH_RECORD).and_then(|_| self.file.sync_data());
        written.map_err(|error| naming(&self.path, &error))
    }

    /// Forgets uploads that another batch has taken and is done with. To do so again changes nothing.
    pub(super) fn forget(&mut self, lines: &[u64]) -> io::Result<()> {
        let written = line_file::append(&self.file, &forgotten(lines), BATCH_RECORD);
        written.map_err(|error| naming(&self.path, &error))?;
        self.forget_places(lines);
        Ok(())
    }

    fn forget_places(&mut self, lines: &[u64]) {
        let lines: BTreeSet<u64> = lines.iter().copied().collect();
        if !lines.is_empty() {
            self.places.retain(|(_, offset)| !lines.contains(offset));
        }
    }

    /// Forgets everything at once.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.places.clear();
        self.file.set_len(0).map_err(|error| naming(&self.path, &error))
    }

    /// Removes a file that is of no use any more, unless somebody looks into it. One that stays does no harm.
    pub(super) fn remove(self) {
        if self.file.try_lock().is_ok() {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
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
