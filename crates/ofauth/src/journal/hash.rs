//! The hash by which the bytes of a part are known again.
//!
//! XXH3 with 128 bits. It is to notice that a file is not what it was, which is an accident, not an attack: whoever can
//! write the file chooses what is uploaded anyway. It runs over every byte that is sent, so speed is what counts.

pub(crate) use xxhash_rust::xxh3::Xxh3 as PartHash;

/// A hash in JSON: 32 hexadecimal digits, because readers of JSON do not agree on long numbers.
pub(super) mod hex {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(hash: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{hash:032x}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = digits.then(|| u128::from_str_radix(&text, 16).ok()).flatten();
        hash.ok_or_else(|| D::Error::custom("a hash is 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_matter_and_the_value_is_that_of_xxh3() {
        // The published value for no bytes, seed 0.
        assert_eq!(PartHash::new().digest128(), 0x99aa06d3014798d86001c324468d497f);
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        let whole = xxhash_rust::xxh3::xxh3_128(&bytes);
        for piece in [1, 7, 240, 241, 1024, 65_536] {
            let mut hash = PartHash::new();
            bytes.chunks(piece).for_each(|piece| hash.update(piece));
            assert_eq!(hash.digest128(), whole, "in pieces of {piece}");
        }
        let mut other = bytes;
        other[99_999] ^= 1;
        assert_ne!(xxhash_rust::xxh3::xxh3_128(&other), whole);
    }
}
