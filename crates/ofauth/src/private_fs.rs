//! Files and directories that are this user's alone: journals, what is known of rate limits, and the records of the command.
//!
//! A link is not followed, a FIFO is not waited for, and what is made is for its owner alone. What to write into the files
//! is the business of whoever opens them. All of this blocks on the file system.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::file_identity::is_another;

/// The pause between two tries to get a lock. Who has it needs milliseconds.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How often a file may vanish between being opened and being locked.
const OPEN_TRIES: u32 = 16;

/// Why a file cannot be opened, or not locked.
#[derive(Debug)]
pub enum OpenError {
    /// Somebody else has its lock.
    Busy,
    /// What has the name is a link, a directory, a FIFO or the like.
    NotRegular,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<TryLockError> for OpenError {
    fn from(error: TryLockError) -> Self {
        match error {
            TryLockError::WouldBlock => Self::Busy,
            TryLockError::Error(error) => Self::Io(error),
        }
    }
}

/// Options for reading under which nothing but a file that is there under its own name is opened, and nothing waits. A
/// file that is created is for its owner alone.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        if let Ok(flags) = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits()) {
            options.custom_flags(flags);
        }
        options.mode(0o600);
    }
    options
}

/// Opens a regular file with these [`options`].
///
/// # Errors
///
/// It is no regular file, or the system refuses.
pub fn open(path: &Path, options: &OpenOptions) -> Result<File, OpenError> {
    let file = options.open(path).map_err(|error| {
        // A link, a directory and the like are refused with a code of their own each.
        let odd = path.symlink_metadata().is_ok_and(|about| !about.is_file());
        if odd { OpenError::NotRegular } else { OpenError::Io(error) }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(OpenError::NotRegular) }
}

/// Opens a regular file and locks it, for which it waits no longer than `patience`. The file that is locked is the one that
/// has the name.
///
/// # Errors
///
/// Somebody else has the lock all the time, it is no regular file, or the system refuses.
pub fn open_locked(path: &Path, options: &OpenOptions, patience: Duration) -> Result<File, OpenError> {
    for _ in 0..OPEN_TRIES {
        let file = open(path, options)?;
        lock_within(&file, patience)?;
        // Whoever had the lock before may have removed the file; then this is a lock on nothing.
        if is_at(&file, path)? {
            return Ok(file);
        }
    }
    Err(OpenError::Busy)
}

/// Creates a directory for its owner alone, if it is missing, and those above it.
///
/// # Errors
///
/// The system refuses.
pub fn create_directory(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Makes the names in a directory durable.
///
/// # Errors
///
/// The system refuses.
pub fn sync_directory(dir: &Path) -> io::Result<()> {
    // The parent of a relative path may be the empty one.
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Waits for an exclusive lock, but no longer than this.
///
/// # Errors
///
/// Somebody else has it all the time, or the system refuses.
pub fn lock_within(file: &File, patience: Duration) -> Result<(), TryLockError> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(LOCK_PAUSE),
            decided => return decided,
        }
    }
}

/// Whether `path` still names the file. Where the system has no numbers for files, an open one keeps its name.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(found) => Ok(found.is_file() && !is_another(&file.metadata()?, &found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
