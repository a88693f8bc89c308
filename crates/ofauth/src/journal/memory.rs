//! A journal's file in memory, for tests: it fails when told to, and a power cut takes from it what was not made
//! durable, whole or in part. It never waits.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::directory::OpenJournal;
use super::frame::{self, FLAG_AT};
use super::log::Log;
use super::record::About;
use super::replay;
use crate::error::Result;

/// A file that outlives the process. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct MemoryFile(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    /// What a process sees; `None` if there is no such file.
    seen: Option<Vec<u8>>,
    /// What a power cut leaves at least.
    durable: Option<Vec<u8>>,
    /// What was done since the last sync.
    pending: Vec<Change>,
    syncs: u64,
    /// How many operations still succeed.
    succeed: Option<u64>,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Change {
    fn apply(&self, file: &mut Option<Vec<u8>>) {
        let file = file.get_or_insert_default();
        match self {
            Self::Truncate(length) => file.resize(*length, 0),
            Self::Write { at, bytes } => {
                // What lies between is a hole.
                file.resize(file.len().max(at + bytes.len()), 0);
                file[*at..*at + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

impl MemoryFile {
    /// What the file holds, or nothing if it is not there.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.disk().seen.clone().unwrap_or_default()
    }

    /// How often it was made durable.
    pub(crate) fn syncs(&self) -> u64 {
        self.disk().syncs
    }

    /// Every operation fails after the next `count`, as on a full disk.
    pub(crate) fn fail_after(&self, count: u64) {
        self.disk().succeed = Some(count);
    }

    /// Opens the journal in it, as [`Journal::open`](super::directory::Journal::open) does with a file.
    pub(crate) fn open(&self, about: &About) -> Result<OpenJournal> {
        self.open_over(about, self.log())
    }

    /// The same with a log that stands before this file's.
    pub(crate) fn open_over(&self, about: &About, log: impl Log) -> Result<OpenJournal> {
        let contents = replay::replay(&self.bytes());
        OpenJournal::over(log, contents, PathBuf::from("memory.journal"), about)
    }

    /// A log at its end.
    pub(crate) fn log(&self) -> MemoryLog {
        MemoryLog { end: self.bytes().len(), disk: self.clone() }
    }

    /// The power fails: of each change since the last sync, `keep` says how many of its bytes reach the disk (more
    /// than there are means all). Changes that are no writes are kept if that is not 0.
    pub(crate) fn power_cut(&self, mut keep: impl FnMut() -> usize) {
        let mut disk = self.disk();
        let mut left = disk.durable.clone();
        for mut change in disk.pending.split_off(0) {
            let kept = keep();
            match &mut change {
                Change::Write { bytes, .. } => bytes.truncate(kept),
                Change::Truncate(_) if kept == 0 => continue,
                Change::Truncate(_) => {}
            }
            change.apply(&mut left);
        }
        disk.durable.clone_from(&left);
        disk.seen = left;
        disk.succeed = None;
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }
}

/// The log on a [`MemoryFile`].
pub(crate) struct MemoryLog {
    disk: MemoryFile,
    end: usize,
}

impl MemoryLog {
    fn change(&mut self, change: Change) -> io::Result<()> {
        let mut disk = self.operate()?;
        change.apply(&mut disk.seen);
        disk.pending.push(change);
        Ok(())
    }

    fn operate(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let mut disk = self.disk.disk();
        if let Some(left) = &mut disk.succeed {
            *left = left.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        }
        Ok(disk)
    }
}

impl Log for MemoryLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.change(Change::Write { at: self.end, bytes: bytes.to_owned() })?;
        self.end += bytes.len();
        Ok(())
    }

    fn set_finishing(&mut self, on: bool) -> io::Result<()> {
        self.change(Change::Write { at: FLAG_AT, bytes: frame::flag(on).to_vec() })
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.end = usize::try_from(length).unwrap();
        self.change(Change::Truncate(self.end))
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.operate()?;
        disk.syncs += 1;
        disk.pending.clear();
        disk.durable = disk.seen.clone();
        Ok(())
    }

    fn remove(&mut self) -> io::Result<()> {
        let mut disk = self.operate()?;
        disk.pending.clear();
        (disk.seen, disk.durable) = (None, None);
        Ok(())
    }

    fn blocks(&self) -> bool {
        false
    }
}
