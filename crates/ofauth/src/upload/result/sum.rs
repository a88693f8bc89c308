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

impl Sum {
    /// The sum of parts of these lengths and hashes; nothing if one was not hashed, or they are not of one size.
    pub(crate) fn of_parts(parts: &[(u64, Option<u128>)]) -> Option<Self> {
        let ((part_size, _), (last, before)) = (parts.first()?, parts.split_last()?);
        if last.0 > *part_size || before.iter().any(|(length, _)| length != part_size) {
            return None;
        }
        let mut sum = PartHash::new();
        for (length, hash) in parts {
            add(&mut sum, *length, (*hash)?);
        }
        Some(Self { part_size: *part_size, hash: format!("{:032x}", sum.digest128()) })
    }

    /// Whether the file holds what was sent. Reads all of it.
    pub fn is_of(&self, path: &Path) -> io::Result<bool> {
        let mut file = File::open(path)?;
        let mut sum = PartHash::new();
        let mut buffer = vec![0; PIECE];
        loop {
            let (mut hash, mut part) = (PartHash::new(), (&mut file).take(self.part_size));
            loop {
                match part.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(read) => hash.update(buffer.get(..read).unwrap_or_default()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            match self.part_size.saturating_sub(part.limit()) {
                0 => return Ok(format!("{:032x}", sum.digest128()) == self.hash),
                length => add(&mut sum, length, hash.digest128()),
            }
        }
    }
}

fn add(sum: &mut PartHash, length: u64, hash: u128) {
    sum.update(&length.to_le_bytes());
    sum.update(&hash.to_le_bytes());
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
