//! What is known of a file of uploads once it was read: where each upload has its line, by 16 bytes, and what its batch wrote
//! of its end. What a line says is [`super::line`]'s matter. Blocks on the disk.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use super::line::{Seen, Taken, UploadLine};
use crate::line_file;

/// What a file of uploads holds.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The key of an upload and where its line begins. One key may have several: bytes in memory of the same name.
    places: BTreeSet<(u64, u64)>,
    /// What its batch had taken of others.
    pub(super) taken: Vec<Taken>,
    /// Whether its batch was done with it, and only did not come to remove it.
    pub(super) is_settled: bool,
}

impl Index {
    /// Reads a file.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let (mut index, mut gone) = (Self::default(), Vec::new());
        line_file::for_each_line(file, |offset, line| {
            let seen = Seen::of(line);
            index.places.extend(seen.key().map(|key| (key, offset)));
            gone.extend_from_slice(&seen.forgotten);
            index.taken.extend(seen.taken);
            // Only the last line says so: one that wrote on was not done after all.
            index.is_settled = seen.settled;
        })?;
        index.forget(&gone);
        Ok(index)
    }

    /// Whether it has no upload.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where the uploads with this key are, the latest first.
    pub(super) fn find(&self, key: u64) -> Vec<u64> {
        self.places.range((key, 0)..=(key, u64::MAX)).rev().map(|(_, offset)| *offset).collect()
    }

    pub(super) fn add(&mut self, key: u64, offset: u64) {
        self.places.insert((key, offset));
    }

    /// Forgets the uploads whose lines begin there.
    pub(super) fn forget(&mut self, lines: &[u64]) {
        let lines: BTreeSet<u64> = lines.iter().copied().collect();
        if !lines.is_empty() {
            self.places.retain(|(_, offset)| !lines.contains(offset));
        }
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
    }
}

/// The upload whose line begins there; nothing if that is no such line.
pub(super) fn upload(file: &File, offset: u64) -> io::Result<Option<UploadLine>> {
    line_file::line(file, offset).map(|line| serde_json::from_slice(&line).ok())
}
