//! Which files were uploaded before, and under which etags: what `upload --skip-existing` asks the service about.
//!
//! One append-only file for each server and connection: a line for the version of its format, then one JSON object a line. Writers take turns by a lock file
//! beside it, and each record is one write, so a line that is torn by a crash is the last one; it is ignored. Records
//! that a later one of the same path replaced are dropped once they are the larger half. Nothing here talks to the
//! service, and to lose all of it only means to upload again.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ofauth::Sum;
use ofauth::unversioned::line_file::{self, append, first_line, is_torn, naming};
use ofauth::unversioned::private_fs::create_directory;
use ofauth::unversioned::state_format::UPLOAD_HISTORY;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::file_state::FileState;
use super::line_index::Index;

/// Whether a file is worth compacting is looked at whenever its size passes a power of two above this.
const SMALL: u64 = 64 * 1024;

/// One upload that succeeded.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    file: FileState,
    etags: Vec<String>,
    /// What the content of the file is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sum: Option<Sum>,
    /// When, in seconds since 1970.
    at: u64,
}

/// The uploads of one server and connection.
#[derive(Debug)]
pub(crate) struct History {
    data: PathBuf,
    lock: PathBuf,
}

/// The history at the moment when it was opened, for looking up.
#[derive(Debug)]
pub(crate) struct Snapshot {
    file: File,
    index: Index,
}

impl History {
    /// The history in `directory`, which is made if need be.
    pub(crate) fn open(directory: &Path, base_url: &str, connection: &str) -> io::Result<Self> {
        create_directory(directory)?;
        let key = format!("{}\n{connection}", base_url.trim_end_matches('/'));
        let name: String = digest(&SHA256, key.as_bytes())
            .as_ref()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            data: directory.join(format!("{name}.jsonl")),
            lock: directory.join(format!("{name}.lock")),
        })
    }

    /// Writes down that `file` was uploaded with these etags, of which the first and the last are kept.
    pub(crate) fn add<'a>(
        &self,
        file: FileState,
        etags: impl Iterator<Item = Option<&'a str>>,
        sum: Option<Sum>,
    ) -> io::Result<()> {
        let etags = first_and_last(etags.flatten());
        if etags.is_empty() {
            return Ok(());
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut line = serde_json::to_vec(&Record { file, etags, sum, at })?;
        line.push(b'\n');
        let _turn = self.take_turn()?;
        let data = self.open_data()?;
        let naming = |error| naming(&self.data, &error);
        if is_torn(&data).map_err(naming)? {
            line.insert(0, b'\n');
        }
        let before = append(&data, &line, UPLOAD_HISTORY).map_err(naming)?;
        let after = before.saturating_add(line.len() as u64);
        if after > SMALL && after.checked_ilog2() != before.checked_ilog2() {
            self.compact()?;
        }
        Ok(())
    }

    /// Opens the records for looking up.
    pub(crate) fn snapshot(&self) -> io::Result<Snapshot> {
        let _turn = self.take_turn()?;
        self.compact()?;
        let file = self.open_data()?;
        let index = Index::of(&file).map_err(|error| naming(&self.data, &error))?;
        Ok(Snapshot { file, index })
    }

    /// Waits until no other process writes, but not for long. The turn ends when the file is dropped.
    fn take_turn(&self) -> io::Result<File> {
        let lock = line_file::open(&self.lock)?;
        line_file::lock(&lock, &self.lock)?;
        Ok(lock)
    }

    /// Opens the file, if its format is known. Only for whose turn it is.
    fn open_data(&self) -> io::Result<File> {
        let data = line_file::open(&self.data)?;
        line_file::check_format(&data, &self.data, UPLOAD_HISTORY)?;
        Ok(data)
    }

    /// Drops outdated records if they are the larger half. Only for whose turn it is.
    fn compact(&self) -> io::Result<()> {
        let data = self.open_data()?;
        self.rewrite(&data).map_err(|error| naming(&self.data, &error))
    }

    fn rewrite(&self, data: &File) -> io::Result<()> {
        let index = Index::of(data)?;
        if !index.is_mostly_outdated() {
            return Ok(());
        }
        let fresh = self.data.with_extension("new");
        let mut new = io::BufWriter::new(line_file::create_anew(&fresh)?);
        new.write_all(&first_line(UPLOAD_HISTORY))?;
        for offset in index.in_order() {
            new.write_all(&line_file::line(data, offset)?)?;
        }
        new.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(fresh, &self.data)
    }
}

impl Snapshot {
    /// The etags of the file at `path`, if it was uploaded as it is now. Blocks on the disk.
    pub(crate) fn etags(&self, file: &FileState, path: &Path) -> Option<Vec<String>> {
        let line = self.index.latest(&self.file, file.path())?;
        let record: Record = serde_json::from_slice(&line).ok()?;
        record.file.is_still(file, path, record.sum.as_ref()).then_some(record.etags)
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
    use crate::state::samples;
    use serde_json::json;

    fn open(home: &Path) -> History {
        History::open(home, "https://api.test/", "conn_1").unwrap()
    }

    /// A file that is always the same one.
    fn file(path: &str, size: u64) -> FileState {
        let inode = json!({"device": 1, "number": 2, "changed": [3, 4]});
        serde_json::from_value(json!({"path": path, "size": size, "modified": [7, 0], "inode": inode}))
            .unwrap()
    }

    fn add(history: &History, file: FileState, etags: &[&str]) {
        history.add(file, etags.iter().copied().map(Some), None).unwrap();
    }

    fn etags(snapshot: &Snapshot, file: &FileState) -> Option<Vec<String>> {
        snapshot.etags(file, Path::new("/none"))
    }

    #[test]
    fn only_the_same_state_of_a_file_is_known() {
        let home = tempfile::tempdir().unwrap();
        let history = open(home.path());
        add(&history, file("/a", 1), &["\"1\"", "\"2\"", "\"3\""]);
        add(&history, file("/b", 1), &["\"4\"", "\"4\""]);
        history.add(file("/c", 1), [None].into_iter(), None).unwrap();
        let snapshot = history.snapshot().unwrap();
        assert_eq!(etags(&snapshot, &file("/a", 1)).unwrap(), ["\"1\"", "\"3\""]);
        assert_eq!(etags(&snapshot, &file("/b", 1)).unwrap(), ["\"4\""]);
        for other in [file("/a", 2), file("/c", 1)] {
            assert_eq!(etags(&snapshot, &other), None);
        }
        let elsewhere = History::open(home.path(), "https://api.test", "conn_2").unwrap();
        assert_eq!(etags(&elsewhere.snapshot().unwrap(), &file("/a", 1)), None);
        let same = History::open(home.path(), "https://api.test", "conn_1").unwrap();
        assert!(etags(&same.snapshot().unwrap(), &file("/a", 1)).is_some());
    }

    #[test]
    fn torn_and_foreign_lines_are_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let history = open(home.path());
        add(&history, file("/a", 1), &["1"]);
        let mut raw = std::fs::read(&history.data).unwrap();
        raw.extend_from_slice(b"not json\n{\"path\":\"/torn");
        std::fs::write(&history.data, raw).unwrap();
        add(&history, file("/b", 1), &["2"]);
        let snapshot = history.snapshot().unwrap();
        assert_eq!(etags(&snapshot, &file("/a", 1)).unwrap(), ["1"]);
        assert_eq!(etags(&snapshot, &file("/b", 1)).unwrap(), ["2"]);
        assert_eq!(etags(&snapshot, &file("/torn", 1)), None);
    }

    #[test]
    fn what_is_mostly_outdated_is_compacted_and_the_latest_stays() {
        let home = tempfile::tempdir().unwrap();
        let history = open(home.path());
        for round in 0..1000 {
            add(&history, file("/often", round), &[&round.to_string()]);
            if round == 0 {
                add(&history, file("/once", 1), &["once"]);
            }
        }
        let lines = |history: &History| std::fs::read_to_string(&history.data).unwrap().lines().count();
        let written = lines(&history);
        assert!(written < 1000, "compacted on the way: {written}");
        let snapshot = history.snapshot().unwrap();
        assert_eq!(lines(&history), 3);
        assert_eq!(etags(&snapshot, &file("/often", 999)).unwrap(), ["999"]);
        assert_eq!(etags(&snapshot, &file("/once", 1)).unwrap(), ["once"]);
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
        let snapshot = open(home.path()).snapshot().unwrap();
        for writer in 0..4 {
            assert!(etags(&snapshot, &file(&format!("/{writer}"), 99)).is_some());
        }
    }

    /// What was written once is read by every later version, or refused by name and left as it is.
    #[test]
    fn samples_are_read_or_refused_by_their_version() {
        let whole = samples::sample("upload-history-1");
        let home = tempfile::tempdir().unwrap();
        let history = open(home.path());
        let put = |bytes: &[u8]| std::fs::write(&history.data, bytes).unwrap();
        put(&whole);
        assert_eq!(etags(&history.snapshot().unwrap(), &file("/a", 1)).unwrap(), ["\"1\"", "\"3\""]);
        for cut in samples::cut(&whole) {
            put(&cut);
            add(&history, file("/b", 1), &["4"]);
            assert_eq!(etags(&history.snapshot().unwrap(), &file("/b", 1)).unwrap(), ["4"]);
            assert!(std::fs::read(&history.data).unwrap().starts_with(&whole[..9]));
        }
        for (bytes, why) in samples::refused(&whole) {
            put(&bytes);
            let added = history.add(file("/b", 1), [Some("4")].into_iter(), None).unwrap_err();
            for error in [added, history.snapshot().unwrap_err()] {
                assert_eq!(error.to_string(), format!("{}: {why}", history.data.display()));
            }
            assert_eq!(std::fs::read(&history.data).unwrap(), bytes, "{why}: it is changed");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let history = open(&home.path().join("uploaded"));
        add(&history, file("/a", 1), &["1"]);
        assert_eq!(history.data.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
