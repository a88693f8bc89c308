//! Upload references as the processes that share a directory know them: which were used, and which are being sent now.
//!
//! What was used stands in a file for each day. A client reads of them what it has not read yet, keeps so many hashes and no
//! more, and leaves the rest to the service. A reference that is being sent has a lock, which ends with its process. All of
//! this blocks on the disk; what to do about it is [`super::used_references`]' business.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::line_file;
use crate::private_fs::{self, OpenError, create_directory};
use crate::state_format::USED_REFERENCES;

/// The directory of the files below that of the journals.
const DIRECTORY: &str = "references";

const DAY: u64 = 24 * 60 * 60;

/// A file that nobody has written to for so long is removed. How long a reference can be used is not documented; sessions
/// last for hours.
const LASTS: Duration = Duration::from_secs(30 * DAY);

/// The most hashes that a client keeps, some 16 MiB. The days that do not fit are the service's to refuse.
const MOST: usize = 500_000;

/// So many of the newest files are always opened, because a network file system may tell their length late.
const ALWAYS_OPENED: usize = 2;

/// How long the lock of a reference is waited for: as long as one that was given up may need to be free.
const PATIENCE: Duration = Duration::from_millis(300);

/// The directory, and what was read of it.
#[derive(Debug)]
pub(super) struct SharedReferences {
    directory: PathBuf,
    seen: Mutex<Seen>,
}

/// What is known of a reference that is to be sent.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nobody else sends them while these exist.
    Free(Vec<BeingSent>),
    /// The one at this index was used.
    Used(usize),
    /// The one at this index is being sent.
    Busy(usize),
}

/// A reference that is being sent.
#[derive(Debug)]
pub(super) struct BeingSent {
    path: PathBuf,
    _lock: File,
}

impl Drop for BeingSent {
    fn drop(&mut self) {
        // Before it is unlocked: whoever locks it next looks whether it still has its name.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl SharedReferences {
    /// `journal` is the directory that processes share.
    pub(super) fn new(journal: &Path) -> Self {
        Self { directory: journal.join(DIRECTORY), seen: Mutex::default() }
    }

    /// Takes references by their hashes, unless one was used or is being sent. What cannot be locked or read is a warning.
    pub(super) fn take(&self, hashes: &[u128]) -> Taken {
        let mut taken = Vec::with_capacity(hashes.len());
        if let Err(error) = create_directory(&self.directory) {
            let error = line_file::naming(&self.directory, &error);
            tracing::warn!(%error, "used upload references cannot be written down");
            return Taken::Free(taken);
        }
        for (index, hash) in hashes.iter().enumerate() {
            match self.lock(*hash) {
                Ok(lock) => taken.push(lock),
                Err(OpenError::Busy) => return Taken::Busy(index),
                Err(error) => {
                    tracing::warn!(?error, "whether others send an upload reference now cannot be told");
                }
            }
        }
        // Only now: whoever had a lock before has written by then.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.read(&self.directory, MOST);
        match hashes.iter().position(|hash| seen.has(*hash)) {
            Some(index) => Taken::Used(index),
            None => Taken::Free(taken),
        }
    }

    fn lock(&self, hash: u128) -> Result<BeingSent, OpenError> {
        let path = self.directory.join(format!("{hash:032x}.lock"));
        let mut options = private_fs::options();
        let lock = private_fs::open_locked(&path, options.append(true).create(true), PATIENCE)?;
        Ok(BeingSent { path, _lock: lock })
    }

    /// Writes down what is used, for good, and forgets what is too old.
    pub(super) fn write(&self, hashes: &[u128], now: SystemTime) -> io::Result<()> {
        let directory = &self.directory;
        create_directory(directory).map_err(|error| line_file::naming(directory, &error))?;
        let path = path(directory, now);
        let file = line_file::open(&path)?;
        line_file::lock(&file, &path)?;
        if file.metadata().is_ok_and(|about| about.len() == 0) {
            // Once a day is enough.
            line_file::remove_older(directory, LASTS);
        }
        line_file::check_format(&file, &path, USED_REFERENCES)?;
        let is_torn = line_file::is_torn(&file).map_err(|error| line_file::naming(&path, &error))?;
        let mut lines = String::from(if is_torn { "\n" } else { "" });
        hashes.iter().for_each(|hash| lines.push_str(&format!("{hash:032x}\n")));
        let written = line_file::append(&file, lines.as_bytes(), USED_REFERENCES);
        written.and_then(|_| file.sync_data()).map_err(|error| line_file::naming(&path, &error))
    }
}

/// The file for what is used now.
fn path(directory: &Path, now: SystemTime) -> PathBuf {
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    directory.join(format!("{}.used", since_1970.as_secs() / DAY))
}

/// The day of a file, by its name.
fn day_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".used")?.parse().ok()
}

/// What was read of the files, by day.
#[derive(Debug, Default)]
struct Seen(BTreeMap<u64, Day>);

/// What was read of a file.
#[derive(Debug, Default)]
struct Day {
    /// Where the first line begins that was not read; 0 before all.
    end: u64,
    hashes: HashSet<u128>,
}

impl Seen {
    fn has(&self, hash: u128) -> bool {
        self.0.values().any(|day| day.hashes.contains(&hash))
    }

    fn count(&self) -> usize {
        self.0.values().map(|day| day.hashes.len()).sum()
    }

    /// Reads what is new, the newest day first, and keeps so many hashes at most. What cannot be read is a warning.
    fn read(&mut self, directory: &Path, most: usize) {
        let entries = directory.read_dir().into_iter().flatten().flatten();
        let of_entry = |entry: std::fs::DirEntry| {
            let length = entry.metadata().map_or(0, |about| about.len());
            Some((day_of(&entry.path())?, (entry.path(), length)))
        };
        let files: BTreeMap<u64, (PathBuf, u64)> = entries.filter_map(of_entry).collect();
        self.0.retain(|number, _| files.contains_key(number));
        for (index, (number, (path, length))) in files.iter().rev().enumerate() {
            let left = most.saturating_sub(self.count());
            let day = self.0.entry(*number).or_default();
            if index >= ALWAYS_OPENED && (day.end == *length || left == 0) {
                continue;
            }
            if let Err(error) = day.read(path, most) {
                tracing::warn!(%error, "which upload references others have used cannot be read");
            }
            self.forget(most);
        }
    }

    /// Forgets the oldest days until no more are known than that.
    fn forget(&mut self, most: usize) {
        let mut over = self.count().saturating_sub(most);
        for day in self.0.values_mut() {
            if over == 0 {
                return;
            }
            over = over.saturating_sub(day.hashes.len());
            day.hashes = HashSet::new();
        }
    }
}

impl Day {
    /// Reads what is new in the file. One that became shorter is another one.
    fn read(&mut self, path: &Path, most: usize) -> io::Result<()> {
        let file = line_file::open_existing(path)?;
        let length = file.metadata().map_err(|error| line_file::naming(path, &error))?.len();
        if length < self.end {
            *self = Self::default();
        }
        if length == self.end || (self.end == 0 && !line_file::is_begun(&file, path, USED_REFERENCES)?) {
            return Ok(());
        }
        let hashes = &mut self.hashes;
        let read = line_file::for_each_line_from(&file, self.end, |_, line| {
            if hashes.len() >= most {
                hashes.clear();
            }
            hashes.extend(line_hash(line));
        });
        let (_, end) = read.map_err(|error| line_file::naming(path, &error))?;
        self.end = end;
        Ok(())
    }
}

/// The hash of a line. A line that a crash has torn has none.
fn line_hash(line: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(line).ok()?.trim_end();
    if text.len() == 32 { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn day(number: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(number * DAY)
    }

    /// How many of these are known.
    fn known(seen: &Seen, hashes: std::ops::Range<u128>) -> usize {
        hashes.filter(|hash| seen.has(*hash)).count()
    }

    #[test]
    fn a_file_is_for_a_day() {
        let name = |seconds| path(Path::new("d"), SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(name(30 * DAY), name(31 * DAY - 1));
        assert_ne!(name(31 * DAY - 1), name(31 * DAY));
        assert_eq!(day_of(&name(30 * DAY)), Some(30));
        for other in ["x.used", "1.lock", "used", "-1.used"] {
            assert_eq!(day_of(Path::new(other)), None);
        }
    }

    #[test]
    fn only_what_is_new_is_read_and_what_was_torn_is_read_once_it_is_whole() {
        let home = tempfile::tempdir().unwrap();
        let shared = SharedReferences::new(home.path());
        shared.write(&[1, 2], day(9)).unwrap();
        let mut seen = Seen::default();
        seen.read(&shared.directory, MOST);
        let file = path(&shared.directory, day(9));
        let read = |seen: &Seen| seen.0.get(&9).unwrap().end;
        assert_eq!((known(&seen, 0..9), read(&seen)), (2, std::fs::metadata(&file).unwrap().len()));
        // What was read is not read again: nobody looks at it any more.
        let mut bytes = std::fs::read(&file).unwrap();
        let end = bytes.len();
        bytes[end - 3..].copy_from_slice(b"zz\n");
        bytes.extend(b"0000000000000000000000000000000");
        std::fs::write(&file, &bytes).unwrap();
        seen.read(&shared.directory, MOST);
        assert_eq!((known(&seen, 0..9), read(&seen)), (2, end as u64), "half a line waits for its end");
        let mut appended = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
        appended.write_all(b"7\n").unwrap();
        seen.read(&shared.directory, MOST);
        assert_eq!((known(&seen, 0..9), read(&seen)), (3, end as u64 + 33));
        // A shorter file is another one.
        std::fs::remove_file(&file).unwrap();
        shared.write(&[5], day(9)).unwrap();
        seen.read(&shared.directory, MOST);
        assert!(seen.has(5) && known(&seen, 0..9) == 1);
        // And one that is gone is forgotten.
        std::fs::remove_file(&file).unwrap();
        seen.read(&shared.directory, MOST);
        assert_eq!(known(&seen, 0..9), 0);
    }

    #[test]
    fn no_more_than_a_number_is_known_and_the_newest_days_are() {
        let home = tempfile::tempdir().unwrap();
        let shared = SharedReferences::new(home.path());
        for number in 0..10_u64 {
            let first = u128::from(number) * 10;
            let hashes: Vec<u128> = (first..first + 10).collect();
            shared.write(&hashes, day(number)).unwrap();
        }
        for (most, wanted) in [(1000, 0..100), (100, 0..100), (35, 70..100), (30, 70..100), (10, 90..100)] {
            let mut seen = Seen::default();
            for _ in 0..2 {
                seen.read(&shared.directory, most);
                let count = seen.count();
                assert!(count <= most && known(&seen, wanted.clone()) == wanted.clone().count(), "{count}");
            }
        }
        // One day that is too much alone is bounded as well.
        let mut seen = Seen::default();
        seen.read(&shared.directory, 7);
        assert!(seen.count() <= 7);
        // What comes is known, and makes room for itself.
        seen.read(&shared.directory, 30);
        shared.write(&[1000], day(9)).unwrap();
        seen.read(&shared.directory, 30);
        assert!(seen.has(1000) && seen.count() <= 30);
    }

    #[test]
    fn a_reference_is_sent_by_one_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (SharedReferences::new(home.path()), SharedReferences::new(home.path()));
        let Taken::Free(taken) = one.take(&[1, 2]) else { panic!() };
        assert!(matches!(other.take(&[3, 2]), Taken::Busy(1)));
        assert!(matches!(other.take(&[3]), Taken::Free(_)), "who was refused holds nothing");
        drop(taken);
        let Taken::Free(taken) = other.take(&[1, 2]) else { panic!() };
        other.write(&[1, 2], SystemTime::now()).unwrap();
        drop(taken);
        assert!(matches!(one.take(&[4, 1]), Taken::Used(1)));
        // What a killed process leaves of one is no lock.
        let name = one.directory.join(format!("{:032x}.lock", 9));
        std::fs::write(&name, "").unwrap();
        let Taken::Free(taken) = one.take(&[9]) else { panic!() };
        assert!(name.exists());
        drop(taken);
        assert!(!name.exists(), "nothing is left behind");
    }

    #[test]
    fn threads_that_take_one_reference_use_it_once() {
        let home = tempfile::tempdir().unwrap();
        let used = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let shared = SharedReferences::new(home.path());
                    for hash in 0..20 {
                        if let Taken::Free(taken) = shared.take(&[hash]) {
                            used.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            shared.write(&[hash], SystemTime::now()).unwrap();
                            drop(taken);
                        }
                    }
                });
            }
        });
        assert_eq!(used.into_inner(), 20);
    }
}
