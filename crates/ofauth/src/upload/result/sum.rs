//! One sum over all that an upload sent, by which a file is known to hold it still. For whoever keeps results, as the
//! command does; an upload under way compares part by part.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::journal::PartHash;

/// Bytes read at a time.
const PIECE: usize = 256 * 1024;

/// The sum of the parts of an upload, which were all of one size but the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sum {
    part_size: u64,
    hash: String,
}

/// Adds parts up.
struct Adding(PartHash);

impl Adding {
    fn add(&mut self, length: u64, hash: u128) {
        self.0.update(&length.to_le_bytes());
        self.0.update(&hash.to_le_bytes());
    }

    fn of(self, part_size: u64) -> Sum {
        Sum { part_size, hash: format!("{:032x}", self.0.digest128()) }
    }
}

impl Sum {
    /// The sum of parts of these lengths and hashes; nothing if one was not hashed, or they are not of one size.
    pub(crate) fn of_parts(parts: &[(u64, Option<u128>)]) -> Option<Self> {
        let ((part_size, _), (last, before)) = (parts.first()?, parts.split_last()?);
        if last.0 > *part_size || before.iter().any(|(length, _)| length != part_size) {
            return None;
        }
        let mut adding = Adding(PartHash::new());
        for (length, hash) in parts {
            adding.add(*length, (*hash)?);
        }
        Some(adding.of(*part_size))
    }

    /// Whether the file holds what was sent. Reads all of it.
    pub fn is_of(&self, path: &Path) -> io::Result<bool> {
        let mut file = File::open(path)?;
        let mut adding = Adding(PartHash::new());
        let mut buffer = vec![0; PIECE];
        loop {
            let (mut hash, mut length) = (PartHash::new(), 0_u64);
            while length < self.part_size {
                let left = usize::try_from(self.part_size.saturating_sub(length)).unwrap_or(PIECE);
                let Some(room) = buffer.get_mut(..left.min(PIECE)) else { break };
                let read = match file.read(room) {
                    Ok(0) => break,
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                hash.update(room.get(..read).unwrap_or_default());
                length = length.saturating_add(read as u64);
            }
            if length == 0 {
                return Ok(adding.of(self.part_size) == *self);
            }
            adding.add(length, hash.digest128());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(parts: &[&[u8]]) -> Vec<(u64, Option<u128>)> {
        let hash = |part: &&[u8]| {
            let mut hash = PartHash::new();
            hash.update(part);
            (part.len() as u64, Some(hash.digest128()))
        };
        parts.iter().map(hash).collect()
    }

    #[test]
    fn a_file_is_known_by_what_it_holds() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for parts in [&[&b"abcd"[..], b"efgh", b"i"][..], &[b"abcd", b"efgh"], &[b"a"]] {
            let sum = Sum::of_parts(&hashed(parts)).unwrap();
            std::fs::write(file.path(), parts.concat()).unwrap();
            assert!(sum.is_of(file.path()).unwrap());
            for other in [&b""[..], b"abcdefgx", b"abcdefghij", b"b"] {
                std::fs::write(file.path(), other).unwrap();
                assert!(!sum.is_of(file.path()).unwrap(), "{other:?}");
            }
        }
    }

    #[test]
    fn what_was_not_hashed_or_is_uneven_has_none() {
        assert_eq!(Sum::of_parts(&[]), None);
        assert_eq!(Sum::of_parts(&[(4, Some(1)), (4, None)]), None);
        assert_eq!(Sum::of_parts(&[(4, Some(1)), (5, Some(1))]), None);
        assert_eq!(Sum::of_parts(&[(4, Some(1)), (3, Some(1)), (4, Some(1))]), None);
    }
}
