//! One sum over all that an upload sent, by which a file is known to hold it still. For whoever keeps results, as a
//! batch does; an upload under way compares part by part.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::journal::PartHash;
use crate::read_at::read_at;

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
        let file = File::open(path)?;
        self.is_of_what(|buffer, at| read_at(&file, buffer, at))
    }

    /// Whether what `read` gives at each position is what was sent. Reads to the end.
    pub(crate) fn is_of_what(
        &self,
        mut read: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
    ) -> io::Result<bool> {
        let (mut sum, mut at, mut buffer) = (PartHash::new(), 0_u64, vec![0; PIECE]);
        loop {
            let (mut hash, mut left) = (PartHash::new(), self.part_size);
            while left > 0 {
                let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                match read(buffer.get_mut(..want).unwrap_or_default(), at) {
                    Ok(0) => break,
                    Ok(count) => {
                        hash.update(buffer.get(..count).unwrap_or_default());
                        at = at.saturating_add(count as u64);
                        left = left.saturating_sub(count as u64);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            match self.part_size.saturating_sub(left) {
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
