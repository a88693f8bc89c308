//! Files of lines that outlive a process: a line for the version of the format, then one JSON object a line.
//!
//! They are for their owner alone, and nothing that lies there under their names leads elsewhere or holds anybody up. Errors
//! have the name of the file, a lock is not waited for for long, and nothing beyond all measure is read. What the lines say
//! is the business of others. All of this blocks on the file system.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::private_fs::{self, OpenError, options, sync_directory};
use crate::read_at::read_at;
use crate::state_format::{Beginning, MAGIC_LENGTH, StateFormat};
use crate::system::words;

/// No line is longer, not even one with the etags of the most parts that a plan may have.
pub const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Where the first line begins: behind the one with the version.
const FIRST: u64 = MAGIC_LENGTH as u64 + 1;

/// The largest file that is read: a million uploads of a few parts. Reading one takes a second or two.
const LARGEST: u64 = 256 << 20;

/// How long a lock is waited for. Who has it needs milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// Opens a file to read it and to write at its end, and makes it if it is missing.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn open(path: &Path) -> io::Result<File> {
    regular(path, options().append(true).create(true))
}

/// The same with its lock, unless another process has that. A file that was missing does not vanish with the power.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn open_locked(path: &Path) -> io::Result<Option<File>> {
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

/// Opens a file that is there, to read it and to write at its end.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn open_existing(path: &Path) -> io::Result<File> {
    regular(path, options().append(true))
}

/// Removes the files of a directory that nobody has written to for so long, and that nobody has locked. What cannot be removed
/// stays, and does no harm.
pub fn remove_older(directory: &Path, than: Duration) {
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        let is_old = |file: &File| {
            let changed = file.metadata().and_then(|about| about.modified());
            changed.ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > than)
        };
        if let Ok(file) = open_existing(&path)
            && is_old(&file)
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Refuses a file of lines that has another version of its format or is none of ours, and empties one that was cut in its
/// [first line](first_line), which goes out with the first record. Only for whoever has the lock.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn check_format(file: &File, path: &Path, format: StateFormat) -> io::Result<()> {
    let is_begun = is_begun(file, path, format)?;
    if !is_begun && file.metadata().is_ok_and(|about| about.len() > 0) {
        file.set_len(0).map_err(|error| naming(path, &error))?;
    }
    Ok(())
}

/// Whether the file has its first line whole. One that has not holds nothing. Refuses what [`check_format`] refuses, and
/// changes nothing.
///
/// # Errors
///
/// It has another version, is none of ours, or the system refuses.
pub fn is_begun(file: &File, path: &Path, format: StateFormat) -> io::Result<bool> {
    let mut head = Vec::new();
    let read = Positioned { file, offset: 0 }.take(MAGIC_LENGTH as u64).read_to_end(&mut head);
    read.map_err(|error| naming(path, &error))?;
    match format.judge(&head) {
        Beginning::Known => Ok(true),
        Beginning::Unfinished => Ok(false),
        Beginning::Other(version) => Err(said(path, &format!("{version}: use the one that wrote it"))),
        Beginning::Foreign => Err(said(path, "damaged, or not a file of ofauth")),
    }
}

/// The line that a file of lines begins with.
pub fn first_line(format: StateFormat) -> Vec<u8> {
    [&format.magic()[..], b"\n"].concat()
}

/// Shows every line behind the first, whole and with its end, and where it begins. Half a line at the end is shown to nobody,
/// and neither is one beyond all measure. Returns how many lines there are of every kind.
///
/// # Errors
///
/// The system refuses.
pub fn for_each_line(file: &File, show: impl FnMut(u64, &[u8])) -> io::Result<usize> {
    for_each_line_from(file, FIRST, show).map(|(lines, _)| lines)
}

/// The same from where a line begins on, or from the first one that counts. Returns, too, where the first line begins that
/// has no end yet: who goes on there later reads only what is new.
///
/// # Errors
///
/// The system refuses.
pub fn for_each_line_from(
    file: &File,
    from: u64,
    mut show: impl FnMut(u64, &[u8]),
) -> io::Result<(usize, u64)> {
    let (mut lines, mut offset, mut line): (usize, _, _) = (0, from.max(FIRST), Vec::new());
    let mut reader = at(file, offset);
    loop {
        line.clear();
        let mut length = read_line(&mut reader, &mut line)?;
        if length == 0 {
            return Ok((lines, offset));
        }
        lines = lines.saturating_add(1);
        if line.last() == Some(&b'\n') {
            show(offset, &line);
        } else {
            let rest = reader.skip_until(b'\n')?;
            if rest == 0 && length < LONGEST_LINE {
                return Ok((lines, offset));
            }
            length = length.saturating_add(rest as u64);
        }
        offset = offset.saturating_add(length);
    }
}

/// The line that begins at `offset`, with its end.
///
/// # Errors
///
/// The system refuses.
pub fn line(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    read_line(&mut at(file, offset), &mut line)?;
    Ok(line)
}

fn at(file: &File, offset: u64) -> BufReader<Positioned<'_>> {
    BufReader::new(Positioned { file, offset })
}

/// Reads from a position of its own: files that go in parallel are looked up on several threads, and the cursor of a file is one.
struct Positioned<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for Positioned<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = read_at(self.file, buf, self.offset)?;
        self.offset = self.offset.saturating_add(read as u64);
        Ok(read)
    }
}

/// Reads a line, or as much of it as one may have.
fn read_line(reader: &mut BufReader<Positioned<'_>>, line: &mut Vec<u8>) -> io::Result<u64> {
    reader.by_ref().take(LONGEST_LINE).read_until(b'\n', line).map(|count| count as u64)
}

/// Makes a file anew, in place of what has its name.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn create_anew(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(naming(path, &error)),
        _ => {}
    }
    regular(path, options().write(true).create_new(true))
}

/// Waits for a lock, but not for long.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn lock(file: &File, path: &Path) -> io::Result<()> {
    private_fs::lock_within(file, LOCK_PATIENCE).map_err(|error| named(path, OpenError::from(error)))
}

/// Whether the last line of a file has no end.
///
/// # Errors
///
/// Of the system, or of a file that is none of these; each with the name of the file.
pub fn is_torn(mut file: &File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Writes whole lines at the end, and before them, in a file that is empty, the first line. If that fails, nothing is left of
/// them: half a line would spoil the next one. Only for whoever has the lock; durable once the file is synced.
///
/// # Errors
///
/// The system refuses. The error does not name the file.
pub fn append(mut file: &File, lines: &[u8], format: StateFormat) -> io::Result<u64> {
    let before = file.metadata()?.len();
    let first = if before == 0 { first_line(format) } else { Vec::new() };
    file.write_all(&[&first, lines].concat()).inspect_err(|_| {
        let _ = file.set_len(before);
    })?;
    Ok(before.saturating_add(first.len() as u64))
}

/// The same error, with the name of the file.
pub fn naming(path: &Path, error: &io::Error) -> io::Error {
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
    fn many_threads_find_their_own_lines() {
        use std::io::Write as _;
        let mut file = tempfile::tempfile().unwrap();
        writeln!(file, "OFAUTHH1").unwrap();
        for number in 0..200 {
            writeln!(file, "{number} {}", "x".repeat(number * 50)).unwrap();
        }
        let mut offsets = Vec::new();
        assert_eq!(for_each_line(&file, |offset, _| offsets.push(offset)).unwrap(), 200);
        std::thread::scope(|scope| {
            for first in 0..4 {
                let (offsets, file) = (&offsets, &file);
                scope.spawn(move || {
                    for number in (first..200).chain(0..first) {
                        let line = line(file, offsets[number]).unwrap();
                        assert!(line.starts_with(format!("{number} ").as_bytes()));
                        assert_eq!(line.last(), Some(&b'\n'));
                    }
                });
            }
        });
    }

    #[test]
    fn a_line_beyond_all_measure_and_a_torn_one_are_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("f");
        std::fs::write(&path, format!("OFAUTHH1\na\n{}\nb\ntorn", "x".repeat(LONGEST_LINE as usize + 5)))
            .unwrap();
        let mut shown = Vec::new();
        let file = File::open(&path).unwrap();
        assert_eq!(for_each_line(&file, |offset, line| shown.push((offset, line.to_vec()))).unwrap(), 4);
        assert_eq!(shown, [(9, b"a\n".to_vec()), (11 + LONGEST_LINE + 6, b"b\n".to_vec())]);
    }

    #[test]
    fn only_old_ones_that_nobody_uses_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        let make = |name: &str, age: Duration| {
            let file = open(&home.path().join(name)).unwrap();
            file.set_modified(std::time::SystemTime::now() - age).unwrap();
            file
        };
        make("old", day * 2);
        make("new", day / 2);
        let used = make("used", day * 2);
        used.try_lock().unwrap();
        remove_older(home.path(), day);
        let exists = |name| home.path().join(name).exists();
        assert_eq!([exists("old"), exists("new"), exists("used")], [false, true, true]);
    }

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
            for opened in [open(&at(name)), open_existing(&at(name))] {
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
