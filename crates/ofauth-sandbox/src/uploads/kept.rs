//! The bytes of finished uploads that are kept, so that their media can be looked at.
//!
//! Only the latest, of a bounded number and size: they lie in temporary files that stay open.

use std::collections::VecDeque;
use std::sync::Arc;

use super::assembly::Assembly;

/// How many files are kept at most, and how many bytes in all.
const FILES: usize = 64;
const BYTES: u64 = 256 * 1024 * 1024;

/// The bytes that are kept, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Kept(VecDeque<File>);

#[derive(Debug)]
struct File {
    media_id: u64,
    size: u64,
    bytes: Arc<Assembly>,
}

impl Kept {
    /// Keeps the bytes of a media; returns what is not kept any more.
    pub(crate) fn keep(&mut self, media_id: u64, size: u64, bytes: Arc<Assembly>) -> Vec<Arc<Assembly>> {
        self.0.push_back(File { media_id, size, bytes });
        let mut dropped = Vec::new();
        while self.0.len() > FILES || self.0.iter().map(|file| file.size).sum::<u64>() > BYTES {
            dropped.extend(self.0.pop_front().map(|file| file.bytes));
        }
        dropped
    }

    pub(crate) fn get(&self, media_id: u64) -> Option<&Arc<Assembly>> {
        self.0.iter().find(|file| file.media_id == media_id).map(|file| &file.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let bytes = || Arc::new(Assembly::new(directory.path(), 1).unwrap());
        let mut kept = Kept::default();
        for media_id in 0..FILES as u64 {
            assert!(kept.keep(media_id, 1, bytes()).is_empty());
        }
        assert_eq!(kept.keep(1000, BYTES - 9, bytes()).len(), FILES - 9);
        assert!(kept.get(0).is_none() && kept.get(FILES as u64 - 1).is_some() && kept.get(1000).is_some());
        // One that is too large by itself takes the place of nothing for long.
        assert_eq!(kept.keep(1001, BYTES + 1, bytes()).len(), 11);
        assert!(kept.get(1001).is_none());
    }
}
