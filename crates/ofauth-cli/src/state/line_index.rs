//! Where in a [file of lines](line_file) each path has its latest record: 16 bytes a path, whatever its length.
//!
//! Paths are told apart by a hash alone; whoever reads the record compares the path itself. This module writes nothing.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use ofauth::unversioned::line_file;
use serde::Deserialize;

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
        let mut places = Vec::new();
        let lines = line_file::for_each_line(file, |offset, line| {
            if let Ok(record) = serde_json::from_slice::<Keyed>(line) {
                places.push((hash(&record.path), offset));
            }
        })?;
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
        line_file::line(file, self.offset(path)?).ok()
    }

    /// Where the latest record of `path` begins, if it has one.
    fn offset(&self, path: &str) -> Option<u64> {
        let wanted = hash(path);
        let place = self.places.binary_search_by_key(&wanted, |(hash, _)| *hash).ok()?;
        self.places.get(place).map(|(_, offset)| *offset)
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

fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_16_bytes() {
        assert_eq!(size_of::<(u64, u64)>(), 16);
    }

    #[test]
    fn the_latest_record_of_a_path_is_found_and_others_are_counted() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(
            home.path().join("f"),
            "OFAUTHH1\n{\"path\":\"/a\"}\nno record\n{\"path\":\"/a\",\"n\":2}\n",
        )
        .unwrap();
        let file = File::open(home.path().join("f")).unwrap();
        let index = Index::of(&file).unwrap();
        assert_eq!((index.places.len(), index.lines), (1, 3));
        assert_eq!(index.latest(&file, "/a").unwrap(), b"{\"path\":\"/a\",\"n\":2}\n");
        assert_eq!(index.latest(&file, "/b"), None);
        assert!(index.is_mostly_outdated());
    }
}
