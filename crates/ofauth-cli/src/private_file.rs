//! How files of the state directory are opened: for their owner alone, and so that nothing that lies there under their
//! names leads the command elsewhere or holds it up.
//!
//! A link is not followed, a FIFO not waited for, a lock not for long, and nothing beyond all measure is read. Errors
//! name the file. What is in the files is the business of others.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use ofauth::system::words;

/// The largest file that is read: a million uploads of a few parts. Reading one takes a second or two.
const LARGEST: u64 = 256 << 20;

/// How often a lock is asked for, and the pause in between: three seconds in all. Who has it needs milliseconds.
const LOCK_TRIES: u32 = 150;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Opens a file to read it and to write at its end, and makes it if it is missing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    regular(path, options().append(true).create(true).mode_of_owner())
}

/// The same, and a file that was missing does not vanish with the power.
pub(crate) fn open_durably(path: &Path) -> io::Result<File> {
    let is_new = !path.exists();
    let file = open(path)?;
    if is_new {
        // Its directory may be new, too.
        for directory in path.ancestors().skip(1).take(2) {
            sync_directory(directory).map_err(|error| naming(directory, &error))?;
        }
    }
    Ok(file)
}

/// Opens a file that is there, to read it.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    regular(path, &options())
}

/// Makes a file anew, in place of what has its name.
pub(crate) fn create_anew(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(naming(path, &error)),
        _ => {}
    }
    regular(path, options().write(true).create_new(true).mode_of_owner())
}

/// Waits for a lock, but not for long.
pub(crate) fn lock(file: &File, path: &Path) -> io::Result<()> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(naming(path, &error)),
        }
    }
    Err(said(path, "another process holds its lock"))
}

/// Whether this is the file that has the name.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (ours, named) = (file.metadata(), path.symlink_metadata());
    let id = |about: &std::fs::Metadata| (about.dev(), about.ino());
    matches!((ours, named), (Ok(ours), Ok(named)) if id(&ours) == id(&named))
}

/// Whether this is the file that has the name: elsewhere an open file keeps its own.
#[cfg(not(unix))]
pub(crate) fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Whether the last line of a file has no end.
pub(crate) fn is_torn(mut file: &File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// The same error, with the name of the file.
pub(crate) fn naming(path: &Path, error: &io::Error) -> io::Error {
    let text = format!("{}: {}", path.display(), words(error));
    io::Error::new(
        error.kind(),
        Named { text, by_system: error.raw_os_error().map(io::Error::from_raw_os_error) },
    )
}

/// An error with the name of its file. What the system said stays its cause, which tells a shortage.
#[derive(Debug)]
struct Named {
    text: String,
    by_system: Option<io::Error>,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Named {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.by_system.as_ref().map(|error| error as _)
    }
}

/// Makes the names in a directory durable.
fn sync_directory(directory: &Path) -> io::Result<()> {
    // Above a relative path of one name is the empty one.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

fn said(path: &Path, text: &str) -> io::Error {
    io::Error::other(format!("{}: {text}", path.display()))
}

/// Options under which nothing but a file under its own name is opened, and nothing waits.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        if let Ok(flags) = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits()) {
            options.custom_flags(flags);
        }
    }
    options
}

trait OfOwner {
    /// What is made is for its owner alone.
    fn mode_of_owner(&mut self) -> &mut Self;
}

impl OfOwner for OpenOptions {
    fn mode_of_owner(&mut self) -> &mut Self {
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(self, 0o600);
        self
    }
}

fn regular(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let file = match options.open(path) {
        Ok(file) => file,
        // A link, a FIFO and the like are refused with a code of their own each.
        Err(_) if path.symlink_metadata().is_ok_and(|about| !about.is_file()) => {
            return Err(said(path, "not a regular file"));
        }
        Err(error) => return Err(naming(path, &error)),
    };
    let about = file.metadata().map_err(|error| naming(path, &error))?;
    if !about.is_file() {
        return Err(said(path, "not a regular file"));
    }
    if about.len() > LARGEST {
        return Err(said(path, &format!("larger than {} MiB", LARGEST >> 20)));
    }
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        for file in [open(&home.path().join("a")).unwrap(), create_anew(&home.path().join("b")).unwrap()] {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn only_regular_files_of_some_measure_are_opened_and_none_is_followed() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        std::fs::write(at("victim"), "kept").unwrap();
        std::os::unix::fs::symlink(at("victim"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        std::fs::create_dir(at("directory")).unwrap();
        File::create(at("sparse")).unwrap().set_len(8 << 30).unwrap();
        for name in ["link", "dangling", "fifo", "directory", "sparse"] {
            for opened in [open(&at(name)), open_to_read(&at(name))] {
                let text = opened.unwrap_err().to_string();
                assert!(text.starts_with(&at(name).display().to_string()), "{text}");
                assert!(
                    text.ends_with("not a regular file") || text.ends_with("larger than 256 MiB"),
                    "{text}"
                );
            }
        }
        create_anew(&at("link")).unwrap().set_len(0).unwrap();
        assert_eq!(std::fs::read(at("victim")).unwrap(), b"kept");
        assert!(!at("nowhere").exists() && at("link").symlink_metadata().unwrap().is_file());
    }

    #[test]
    fn a_lock_is_not_waited_for_for_ever() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let (holder, other) = (open(&path).unwrap(), open(&path).unwrap());
        lock(&holder, &path).unwrap();
        assert!(lock(&other, &path).unwrap_err().to_string().contains("holds its lock"));
        drop(holder);
        lock(&other, &path).unwrap();
    }
}
