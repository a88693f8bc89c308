//! A journal's file: created and opened safely, locked against other processes, and the [`Log`] on it.
//!
//! Of the names in the directory only `<id>.journal` is ever touched.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::frame::{self, FLAG_AT, HEADER};
use super::log::Log;
use crate::private_fs::{self, OpenError, options, sync_directory};

/// The most bytes that are read of a journal. A plan of 100 000 parts with all of them done takes a fifth.
const LONGEST: u64 = 256 << 20;

/// How long a lock is waited for: someone who only looks at the journal holds it for a moment, and so does an upload that
/// just ended until its last write is over.
const LOCK_PATIENCE: Duration = Duration::from_millis(200);

/// Creates the directory for its owner alone, if it is missing, and those above it. Durable when this returns.
pub(super) fn create_directory(dir: &Path) -> io::Result<()> {
    let missing: Vec<_> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    private_fs::create_directory(dir)?;
    missing.iter().filter_map(|dir| dir.parent()).try_for_each(sync_directory)
}

/// Opens a journal and locks it, if it is there.
pub(super) fn open_locked(path: &Path) -> Result<File, OpenError> {
    private_fs::open_locked(path, options().write(true), LOCK_PATIENCE)
}

/// Opens a journal, creates it if it is missing, and locks it.
pub(super) fn create_locked(path: &Path) -> Result<File, OpenError> {
    let file = private_fs::open_locked(path, options().write(true).create(true), LOCK_PATIENCE)?;
    // It holds addresses that let anyone send parts. This also fails if the file is somebody else's.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o777 != 0o600 {
            permissions.set_mode(0o600);
            file.set_permissions(permissions)?;
        }
    }
    Ok(file)
}

/// All bytes of a journal.
pub(super) fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes a name, durably.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// A journal's file, open and locked.
pub(super) struct FileLog {
    file: File,
    path: PathBuf,
    /// Where the next record goes.
    end: u64,
    /// Whether its name may not be durable yet.
    is_new: bool,
    /// Whether there is something in it that must outlive this.
    is_of_use: bool,
}

impl FileLog {
    /// `is_of_use` says whether there is something in it already.
    pub(super) fn new(file: File, path: &Path, end: u64, is_of_use: bool) -> Self {
        Self { file, path: path.to_owned(), end, is_new: !is_of_use, is_of_use }
    }

    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }
}

impl Log for FileLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_at(bytes, self.end)?;
        self.end = self.end.saturating_add(bytes.len() as u64);
        self.is_of_use |= self.end > HEADER as u64;
        Ok(())
    }

    fn set_finishing(&mut self, on: bool) -> io::Result<()> {
        self.is_of_use = true;
        self.write_at(&frame::flag(on), FLAG_AT as u64)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.end = length;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if !self.is_new {
            return self.file.sync_data();
        }
        self.file.sync_all()?;
        self.path.parent().map_or(Ok(()), sync_directory)?;
        self.is_new = false;
        Ok(())
    }

    fn remove(&mut self) -> io::Result<()> {
        remove(&self.path)?;
        // The name may be another journal's from now on.
        self.is_of_use = true;
        Ok(())
    }

    fn blocks(&self) -> bool {
        true
    }
}

impl Drop for FileLog {
    /// An upload that ended before it had a session leaves no file behind. The lock is given up by name, because a
    /// forked child that lives on has the open file, too, and closing it here would not end the lock.
    fn drop(&mut self) {
        if !self.is_of_use {
            // Still locked, so the name is still this file's.
            _ = std::fs::remove_file(&self.path);
        }
        _ = self.file.unlock();
    }
}
