//! Which files were uploaded before, and under which etags: what `upload --skip-existing` asks the service about.
//!
//! One append-only file for each server and connection, one JSON object a line. Writers take turns by a lock file
//! beside it, and each record is one write, so a line that is torn by a crash is the last one; it is ignored. Records
//! that a later one of the same path replaced are dropped once they are the larger half. Nothing here talks to the
//! service, and to lose all of it only means to upload again.

pub(crate) mod index;

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::private_file::{self, is_torn, naming};
use crate::state::create_private;
use index::Index;

/// Whether a file is worth compacting is looked at whenever its size passes a power of two above this.
const SMALL: u64 = 64 * 1024;

/// A state of a file: another size or time is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    path: String,
    pub(crate) size: u64,
    /// The time of the last change, in nanoseconds since 1970.
    mtime: i64,
    /// Device, number, and the time at which anything about it changed, as far as the system tells. Other ones say that the
    /// file may be another, or its modification time put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inode: Option<(u64, u64, i64, i64)>,
}

#[cfg(unix)]
fn inode(about: &Metadata) -> Option<(u64, u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    Some((about.dev(), about.ino(), about.ctime(), about.ctime_nsec()))
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<(u64, u64, i64, i64)> {
    None
}

impl Identity {
    /// Where the file is, without links, or what stands for that.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The present state of the file at `path`; nothing if it cannot be told.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let about = path.metadata().ok()?;
        // Times that are too far away for this are all alike.
        let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let mtime = match about.modified().ok()?.duration_since(UNIX_EPOCH) {
            Ok(after) => nanos(after),
            Err(before) => nanos(before.duration()).saturating_neg(),
        };
        // No absolute path begins like one that is no text.
        let bytes = path.as_os_str().as_encoded_bytes();
        let path = path.to_str().map_or_else(|| format!("base64:{}", STANDARD.encode(bytes)), str::to_owned);
        Some(Self { path, size: about.len(), mtime, inode: inode(&about) })
    }

    /// Whether this is the same state, as far as path, size and time tell.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        (&self.path, self.size, self.mtime) == (&other.path, other.size, other.mtime)
    }

    /// Bytes that come from no file, of which this is the SHA-256.
    pub(crate) fn of_bytes(sha256: &str, size: u64) -> Self {
        Self { path: format!("sha256:{sha256}"), size, mtime: 0, inode: None }
    }
}

/// One upload that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    file: Identity,
    etags: Vec<String>,
    /// When, in seconds since 1970.
    at: u64,
}

/// The uploads of one server and connection.
#[derive(Debug)]
pub(crate) struct Remembered {
    data: PathBuf,
    lock: PathBuf,
}

/// The remembered uploads at the moment when they were opened, for looking up.
#[derive(Debug)]
pub(crate) struct Known {
    file: File,
    index: Index,
}

impl Remembered {
    /// What is remembered in `directory`, which is made if need be.
    pub(crate) fn open(directory: &Path, base_url: &str, connection: &str) -> io::Result<Self> {
        create_private(directory)?;
        let name = Sha256::digest(format!("{}\n{connection}", base_url.trim_end_matches('/')));
        let name: String = name.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            data: directory.join(format!("{name}.jsonl")),
            lock: directory.join(format!("{name}.lock")),
        })
    }

    /// Writes down that `file` was uploaded with these etags, of which the first and the last are kept.
    pub(crate) fn add<'a>(
        &self,
        file: Identity,
        etags: impl Iterator<Item = Option<&'a str>>,
    ) -> io::Result<()> {
        let etags = first_and_last(etags.flatten());
        if etags.is_empty() {
            return Ok(());
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut line = serde_json::to_vec(&Record { file, etags, at })?;
        line.push(b'\n');
        let _turn = self.take_turn()?;
        let mut data = private_file::open(&self.data)?;
        if is_torn(&data)? {
            line.insert(0, b'\n');
        }
        let before = data.seek(SeekFrom::End(0))?;
        data.write_all(&line).map_err(|error| naming(&self.data, &error))?;
        let after = before.saturating_add(line.len() as u64);
        if after > SMALL && after.checked_ilog2() != before.checked_ilog2() {
            self.compact()?;
        }
        Ok(())
    }

    /// Opens the records for looking up.
    pub(crate) fn known(&self) -> io::Result<Known> {
        let _turn = self.take_turn()?;
        self.compact()?;
        let file = private_file::open(&self.data)?;
        let index = Index::of(&file)?;
        Ok(Known { file, index })
    }

    /// Waits until no other process writes, but not for long. The turn ends when the file is dropped.
    fn take_turn(&self) -> io::Result<File> {
        let lock = private_file::open(&self.lock)?;
        private_file::lock(&lock, &self.lock)?;
        Ok(lock)
    }

    /// Drops outdated records if they are the larger half. Only for whose turn it is.
    fn compact(&self) -> io::Result<()> {
        let data = private_file::open(&self.data)?;
        let index = Index::of(&data)?;
        if !index.is_mostly_outdated() {
            return Ok(());
        }
        let fresh = self.data.with_extension("new");
        let mut new = io::BufWriter::new(private_file::create_anew(&fresh)?);
        for offset in index.in_order() {
            new.write_all(&index::line(&data, offset)?)?;
        }
        new.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(fresh, &self.data)
    }
}

impl Known {
    /// The etags of `file`, if it was uploaded as it is now.
    pub(crate) fn etags(&self, file: &Identity) -> Option<Vec<String>> {
        let line = index::line(&self.file, self.index.offset(&file.path)?).ok()?;
        let record: Record = serde_json::from_slice(&line).ok()?;
        record.file.looks_like(file).then_some(record.etags)
    }
}

/// The first of them, and the last if it is another.
fn first_and_last<'a>(mut etags: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some(first) = etags.next() else { return Vec::new() };
    let last = etags.last().filter(|last| *last != first);
    [Some(first), last].into_iter().flatten().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(home: &Path) -> Remembered {
        Remembered::open(home, "https://api.test/", "conn_1").unwrap()
    }

    fn file(path: &str, size: u64) -> Identity {
        Identity { path: path.into(), size, mtime: 7, inode: None }
    }

    fn add(remembered: &Remembered, file: Identity, etags: &[&str]) {
        remembered.add(file, etags.iter().copied().map(Some)).unwrap();
    }

    #[test]
    fn only_the_same_state_of_a_file_is_known() {
        let home = tempfile::tempdir().unwrap();
        let remembered = open(home.path());
        add(&remembered, file("/a", 1), &["\"1\"", "\"2\"", "\"3\""]);
        add(&remembered, file("/b", 1), &["\"4\"", "\"4\""]);
        remembered.add(file("/c", 1), [None].into_iter()).unwrap();
        let known = remembered.known().unwrap();
        assert_eq!(known.etags(&file("/a", 1)).unwrap(), ["\"1\"", "\"3\""]);
        assert_eq!(known.etags(&file("/b", 1)).unwrap(), ["\"4\""]);
        for other in [file("/a", 2), file("/c", 1), Identity { mtime: 8, ..file("/a", 1) }] {
            assert_eq!(known.etags(&other), None);
        }
        let elsewhere = Remembered::open(home.path(), "https://api.test", "conn_2").unwrap();
        assert_eq!(elsewhere.known().unwrap().etags(&file("/a", 1)), None);
        let same = Remembered::open(home.path(), "https://api.test", "conn_1").unwrap();
        assert!(same.known().unwrap().etags(&file("/a", 1)).is_some());
    }

    #[test]
    fn torn_and_foreign_lines_are_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let remembered = open(home.path());
        add(&remembered, file("/a", 1), &["1"]);
        let mut raw = std::fs::read(&remembered.data).unwrap();
        raw.extend_from_slice(b"not json\n{\"path\":\"/torn");
        std::fs::write(&remembered.data, raw).unwrap();
        add(&remembered, file("/b", 1), &["2"]);
        let known = remembered.known().unwrap();
        assert_eq!(known.etags(&file("/a", 1)).unwrap(), ["1"]);
        assert_eq!(known.etags(&file("/b", 1)).unwrap(), ["2"]);
        assert_eq!(known.etags(&file("/torn", 1)), None);
    }

    #[test]
    fn what_is_mostly_outdated_is_compacted_and_the_latest_stays() {
        let home = tempfile::tempdir().unwrap();
        let remembered = open(home.path());
        for round in 0..1000 {
            add(&remembered, file("/often", round), &[&round.to_string()]);
            if round == 0 {
                add(&remembered, file("/once", 1), &["once"]);
            }
        }
        let lines =
            |remembered: &Remembered| std::fs::read_to_string(&remembered.data).unwrap().lines().count();
        let written = lines(&remembered);
        assert!(written < 1000, "compacted on the way: {written}");
        let known = remembered.known().unwrap();
        assert_eq!(lines(&remembered), 2);
        assert_eq!(known.etags(&file("/often", 999)).unwrap(), ["999"]);
        assert_eq!(known.etags(&file("/once", 1)).unwrap(), ["once"]);
    }

    #[test]
    fn writers_take_turns() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let home = home.path();
                scope.spawn(move || {
                    for round in 0..100 {
                        add(&open(home), file(&format!("/{writer}"), round), &["e"]);
                    }
                });
            }
        });
        let known = open(home.path()).known().unwrap();
        for writer in 0..4 {
            assert!(known.etags(&file(&format!("/{writer}"), 99)).is_some());
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let remembered = open(&home.path().join("uploaded"));
        add(&remembered, file("/a", 1), &["1"]);
        assert_eq!(remembered.data.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
