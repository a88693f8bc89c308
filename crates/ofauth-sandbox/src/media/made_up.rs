//! The bytes of media that nobody uploaded: a small picture, and behind it as many bytes as the media is said to have, which
//! differ from place to place and from media to media. Pure.

use bytes::Bytes;

use crate::world::moments::chance;

/// Eight by eight pixels of blue.
pub(super) const PICTURE: &[u8] = b"\
    \x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x08\x00\x00\x00\x08\x08\
    \x02\x00\x00\x00\x4b\x6d\x29\xdc\x00\x00\x00\x11\x49\x44\x41\x54\x78\xda\x63\x88\xee\xbd\x89\x15\x31\
    \x0c\x2d\x09\x00\xbc\xcd\x70\x41\x04\xcc\xc0\x02\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// How many bytes are made at a time.
const PIECE: u64 = 64 * 1024;

/// `length` bytes from `start` on, of the media that `seed` stands for.
pub(super) fn bytes(seed: u64, start: u64, length: u64) -> impl Iterator<Item = Bytes> + Send + 'static {
    let end = start.saturating_add(length);
    let mut at = start;
    std::iter::from_fn(move || {
        let piece: Vec<u8> = (at..end.min(at.saturating_add(PIECE))).map(|at| byte(seed, at)).collect();
        at = at.saturating_add(piece.len() as u64);
        (!piece.is_empty()).then(|| Bytes::from(piece))
    })
}

fn byte(seed: u64, at: u64) -> u8 {
    let picture = usize::try_from(at).ok().and_then(|at| PICTURE.get(at)).copied();
    let [byte, ..] = chance(at, seed).to_le_bytes();
    picture.unwrap_or(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(seed: u64, start: u64, length: u64) -> Vec<u8> {
        bytes(seed, start, length).flatten().collect()
    }

    #[test]
    fn a_part_is_a_part_of_the_whole() {
        let whole = all(7, 0, 200_000);
        assert_eq!(whole.len(), 200_000);
        assert!(whole.starts_with(PICTURE));
        assert!(all(7, 65_000, 70_000) == whole[65_000..135_000]);
        assert!(all(8, 0, 200_000) != whole);
        assert_eq!((all(7, 0, 5).len(), all(7, 9, 0).len()), (5, 0));
    }
}
