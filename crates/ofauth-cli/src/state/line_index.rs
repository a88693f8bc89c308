//! Where in a file of uploads, a line for the version of its format and then one JSON object a line, each path has its
//! latest record: 16 bytes a path, whatever its length.
//!
//! Paths are told apart by a hash alone; whoever reads the record compares the path itself. This module reads lines
//! and writes nothing.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};

use ofauth::unversioned::state_format::MAGIC_LENGTH;
use serde::Deserialize;

/// No record is longer, not even one with the etags of the most parts that a plan may have.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Where the first record begins: behind the line with the version.
const FIRST: u64 = MAGIC_LENGTH as u64 + 1;

/// What every record has.
#[derive(Deserialize)]
struct Keyed {
    path: String,
}

/// The latest record of each path.
#[derive(Debug)]
pub(crate) struct Index {
    /// The hash of a path and the offset of its record, sorted.
    places: Vec<(u64, u64)>,
    /// All lines behind the first, those that are no record among them.
    lines: usize,
}

impl Index {
    /// Reads all of the file once.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        Self::and_others(file, |_| {})
    }

    /// The same, and shows every whole line that is no record.
    pub(crate) fn and_others(file: &File, mut other: impl FnMut(&[u8])) -> io::Result<Self> {
        let mut places = Vec::new();
        let mut lines = 0;
        let mut reader = at(file, FIRST);
        let mut offset = FIRST;
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut length = read_line(&mut reader, &mut line)?;
            if length == 0 {
                break;
            }
            lines += 1;
            if line.last() != Some(&b'\n') {
                length = length.saturating_add(reader.skip_until(b'\n')? as u64);
            } else if let Ok(record) = serde_json::from_slice::<Keyed>(&line) {
                places.push((hash(&record.path), offset));
            } else {
                other(&line);
            }
            offset = offset.saturating_add(length);
        }
        places.sort_unstable();
        // The last of each hash is the latest one.
        places.reverse();
        places.dedup_by_key(|(hash, _)| *hash);
        places.reverse();
        places.shrink_to_fit();
        Ok(Self { places, lines })
    }

    /// The latest record of `path` in the file, if it has one.
    pub(crate) fn latest(&self, file: &File, path: &str) -> Option<Vec<u8>> {
        line(file, self.offset(path)?).ok()
    }

    /// Where the latest record of `path` begins, if it has one.
    fn offset(&self, path: &str) -> Option<u64> {
        let wanted = hash(path);
        let place = self.places.binary_search_by_key(&wanted, |(hash, _)| *hash).ok()?;
        self.places.get(place).map(|(_, offset)| *offset)
    }

    /// Whether there is no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether more than half of the lines are of no use.
    pub(crate) fn is_mostly_outdated(&self) -> bool {
        self.places.len().saturating_mul(2) < self.lines
    }

    /// Where the latest records begin, as they stand in the file.
    pub(crate) fn in_order(&self) -> Vec<u64> {
        let mut offsets: Vec<u64> = self.places.iter().map(|(_, offset)| *offset).collect();
        offsets.sort_unstable();
        offsets
    }
}

/// The line that begins at `offset`, with its end.
pub(crate) fn line(file: &File, offset: u64) -> io::Result<Vec<u8>> {
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
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(self.file, buf, self.offset)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(self.file, buf, self.offset)?;
        self.offset = self.offset.saturating_add(read as u64);
        Ok(read)
    }
}

/// Reads a line, or as much of it as a record may have.
fn read_line(reader: &mut BufReader<Positioned<'_>>, line: &mut Vec<u8>) -> io::Result<u64> {
    reader.by_ref().take(LONGEST_LINE).read_until(b'\n', line).map(|count| count as u64)
}

fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_threads_find_their_own_lines() {
        use std::io::Write as _;
        let mut file = tempfile::tempfile().unwrap();
        writeln!(file, "OFAUTHH1").unwrap();
        let path = |number: usize| format!("/media/{number}.mp4");
        for number in 0..200 {
            writeln!(file, r#"{{"path": "{}", "fill": "{}"}}"#, path(number), "x".repeat(number * 50))
                .unwrap();
        }
        let index = Index::of(&file).unwrap();
        std::thread::scope(|scope| {
            for first in 0..4 {
                let (index, file) = (&index, &file);
                scope.spawn(move || {
                    for number in (first..200).chain(0..first) {
                        let line = index.latest(file, &path(number)).unwrap();
                        let record: Keyed = serde_json::from_slice(&line).unwrap();
                        assert_eq!(record.path, path(number));
                    }
                });
            }
        });
    }

    #[test]
    fn an_entry_has_16_bytes() {
        assert_eq!(size_of::<(u64, u64)>(), 16);
    }

    #[test]
    fn a_line_beyond_all_measure_is_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let record = r#"{"path":"/a","size":1,"mtime":2,"etags":["e"],"at":3}"#;
        let text = format!("OFAUTHH1\n{record}\n{}\n{record}\n", "x".repeat(LONGEST_LINE as usize + 5));
        std::fs::write(home.path().join("f"), &text).unwrap();
        let file = File::open(home.path().join("f")).unwrap();
        let index = Index::of(&file).unwrap();
        assert_eq!((index.places.len(), index.lines), (1, 3));
        let offset = index.offset("/a").unwrap();
        assert_eq!(offset as usize, 9 + record.len() + 1 + LONGEST_LINE as usize + 6);
        assert_eq!(line(&file, offset).unwrap(), format!("{record}\n").as_bytes());
        assert_eq!(index.offset("/b"), None);
    }
}
