//! A journal's file: created and opened safely, locked against other processes, and the [`Log`] on it.
//!
//! Of the names in the directory only `<id>.journal` is ever touched.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::frame::{self, FLAG_AT, HEADER};
use super::log::Log;
use crate::private::{self, options};

/// The most bytes that are read of a journal. A plan of 100 000 parts with all of them done takes a fifth.
const LONGEST: u64 = 256 << 20;

/// How often a lock is asked for, and the pause in between: someone who only looks at the journal holds it for a
/// moment, and so does an upload that just ended until its last write is over.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How often a journal may vanish between being opened and being locked.
const OPEN_TRIES: u32 = 16;

/// Why a journal is not to be had.
#[derive(Debug)]
pub(super) enum Refused {
    /// Someone else has it.
    Busy,
    /// What is there is not a file that could be a journal.
    NotRegular,
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Creates the directory for its owner alone, if it is missing, and those above it. Durable when this returns.
pub(super) fn create_directory(dir: &Path) -> io::Result<()> {
    let missing: Vec<_> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    private::create_directory(dir)?;
    missing.iter().filter_map(|dir| dir.parent()).try_for_each(sync_directory)
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(dir: &Path) -> io::Result<()> {
    // The parent of a relative path may be the empty one.
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Opens a journal to look at it.
pub(super) fn open_to_read(path: &Path) -> Result<File, Refused> {
    regular(path, options().open(path))
}

/// Opens a journal and locks it, if it is there.
pub(super) fn open_locked(path: &Path) -> Result<File, Refused> {
    open_and_lock(path, options().write(true))
}

/// Opens a journal, creates it if it is missing, and locks it.
pub(super) fn create_locked(path: &Path) -> Result<File, Refused> {
    let file = open_and_lock(path, options().write(true).create(true))?;
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

fn open_and_lock(path: &Path, options: &OpenOptions) -> Result<File, Refused> {
    for _ in 0..OPEN_TRIES {
        let file = regular(path, options.open(path))?;
        lock(&file)?;
        // Whoever had the lock before may have removed the file; then this is a lock on nothing.
        if is_at(&file.metadata()?, path)? {
            return Ok(file);
        }
    }
    Err(Refused::Busy)
}

fn regular(path: &Path, opened: io::Result<File>) -> Result<File, Refused> {
    let file = match opened {
        Ok(file) => file,
        // A link, a directory and the like are refused with a code of their own each.
        Err(error) => {
            let odd = path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file());
            return Err(if odd { Refused::NotRegular } else { Refused::Io(error) });
        }
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(Refused::NotRegular) }
}

fn lock(file: &File) -> Result<(), Refused> {
    for _ in 1..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            decided => return decided.map_err(refused),
        }
    }
    file.try_lock().map_err(refused)
}

fn refused(error: TryLockError) -> Refused {
    match error {
        TryLockError::WouldBlock => Refused::Busy,
        TryLockError::Error(error) => Refused::Io(error),
    }
}

/// Whether someone has the lock.
pub(super) fn is_locked(file: &File) -> bool {
    // Shared, so that those who look do not see each other. The lock ends with `file`.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Whether `path` still names the file.
fn is_at(file: &Metadata, path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(found) => Ok(is_same(file, &found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, other: &Metadata) -> bool {
    other.is_file()
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
