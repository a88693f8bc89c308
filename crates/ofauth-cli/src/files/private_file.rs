//! How files of the state directory are opened: for their owner alone, and so that nothing that lies there under their
//! names leads the command elsewhere or holds it up.
//!
//! The library opens; here errors get the name of the file, a lock is not waited for for long, and nothing beyond all
//! measure is read. What is in the files is the business of others.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use ofauth::system::words;
use ofauth::unversioned::private_fs::{self, OpenError, options, sync_directory};
use ofauth::unversioned::state_format::{Beginning, MAGIC_LENGTH, StateFormat};

/// The largest file that is read: a million uploads of a few parts. Reading one takes a second or two.
const LARGEST: u64 = 256 << 20;

/// How long a lock is waited for. Who has it needs milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// Opens a file to read it and to write at its end, and makes it if it is missing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    regular(path, options().append(true).create(true))
}

/// The same with its lock, unless another process has that. A file that was missing does not vanish with the power.
pub(crate) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    let is_new = !path.exists();
    let opened = private_fs::open_locked(path, options().append(true).create(true), Duration::ZERO);
    let file = match opened {
        Err(OpenError::Busy) => return Ok(None),
        opened => checked(path, opened)?,
    };
    if is_new {
        // Its directory may be new, too.
        for directory in path.ancestors().skip(1).take(2) {
            sync_directory(directory).map_err(|error| naming(directory, &error))?;
        }
    }
    Ok(Some(file))
}

/// Opens a file that is there, to read it.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    regular(path, &options())
}

/// Refuses a file of lines that has another version of its format or is none of ours, and empties one that was cut in its
/// [first line](first_line), which goes out with the first record. Only for whoever has the lock.
pub(crate) fn check_format(mut file: &File, path: &Path, format: StateFormat) -> io::Result<()> {
    let mut judge = || {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(MAGIC_LENGTH as u64).read_to_end(&mut head)?;
        let beginning = format.judge(&head);
        if beginning == Beginning::Unfinished && !head.is_empty() {
            file.set_len(0)?;
        }
        Ok(beginning)
    };
    match judge().map_err(|error| naming(path, &error))? {
        Beginning::Known | Beginning::Unfinished => Ok(()),
        Beginning::Other(version) => Err(said(path, &format!("{version}: use the one that wrote it"))),
        Beginning::Foreign => Err(said(path, "damaged, or not a file of ofauth")),
    }
}

/// The line that a file of lines begins with.
pub(crate) fn first_line(format: StateFormat) -> Vec<u8> {
    [&format.magic()[..], b"\n"].concat()
}

/// Makes a file anew, in place of what has its name.
pub(crate) fn create_anew(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(naming(path, &error)),
        _ => {}
    }
    regular(path, options().write(true).create_new(true))
}

/// Waits for a lock, but not for long.
pub(crate) fn lock(file: &File, path: &Path) -> io::Result<()> {
    private_fs::lock_within(file, LOCK_PATIENCE).map_err(|error| named(path, OpenError::from(error)))
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
        NamedError { text, by_system: error.raw_os_error().map(io::Error::from_raw_os_error) },
    )
}

/// An error with the name of its file. What the system said stays its cause, which tells a shortage.
#[derive(Debug)]
struct NamedError {
    text: String,
    by_system: Option<io::Error>,
}

impl std::fmt::Display for NamedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for NamedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.by_system.as_ref().map(|error| error as _)
    }
}

fn said(path: &Path, text: &str) -> io::Error {
    io::Error::other(format!("{}: {text}", path.display()))
}

fn regular(path: &Path, options: &OpenOptions) -> io::Result<File> {
    checked(path, private_fs::open(path, options))
}

fn checked(path: &Path, opened: Result<File, OpenError>) -> io::Result<File> {
    let file = opened.map_err(|error| named(path, error))?;
    if file.metadata().map_err(|error| naming(path, &error))?.len() > LARGEST {
        return Err(said(path, &format!("larger than {} MiB", LARGEST >> 20)));
    }
    Ok(file)
}

fn named(path: &Path, error: OpenError) -> io::Error {
    match error {
        OpenError::Busy => said(path, "another process holds its lock"),
        OpenError::NotRegular => said(path, "not a regular file"),
        OpenError::Io(error) => naming(path, &error),
    }
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
