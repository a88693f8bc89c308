//! Undoes the coding of an answer's body.
//!
//! Requests ask for bodies as they are (`Accept-Encoding: identity`). A gateway may compress all the same, and what gzip
//! or deflate made is read; what another coding made is not. Pure, and bounded: what unpacks to more than the bound is
//! given up.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::response::Trouble;

/// Codings on top of one another that are undone. One is usual, and two are a mistake of somebody.
const MOST_CODINGS: usize = 4;

/// The body without its codings, at most `most` bytes. With trouble, it is what could be had.
pub(super) fn undo(headers: &HeaderMap, mut body: Bytes, most: usize) -> (Bytes, Option<Trouble>) {
    let codings = codings(headers);
    if codings.len() > MOST_CODINGS {
        return (Bytes::new(), Some(Trouble::Coding(codings.join(", "))));
    }
    // The one that was applied last is named last.
    for coding in codings.into_iter().rev() {
        if body.is_empty() {
            break;
        }
        let (unpacked, trouble) = match coding.as_str() {
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(&body[..]), &coding, most),
            // By the standard it is zlib's form; some servers send what is inside of it.
            "deflate" if is_zlib(&body) => read(ZlibDecoder::new(&body[..]), &coding, most),
            "deflate" => read(DeflateDecoder::new(&body[..]), &coding, most),
            _ => (Bytes::new(), Some(Trouble::Coding(coding))),
        };
        if trouble.is_some() {
            return (unpacked, trouble);
        }
        body = unpacked;
    }
    (body, None)
}

/// Whether the headers name a coding.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    !codings(headers).is_empty()
}

/// The codings in the order in which they were applied, in lower case.
fn codings(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let names = names.map(|name| String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase());
    names.filter(|name| !name.is_empty() && name != "identity").collect()
}

/// Whether the body begins as zlib's form does (RFC 1950).
fn is_zlib(body: &[u8]) -> bool {
    match body {
        [first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31),
        _ => false,
    }
}

fn read(decoder: impl Read, coding: &str, most: usize) -> (Bytes, Option<Trouble>) {
    let mut unpacked = Vec::new();
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let end = decoder.take(bound).read_to_end(&mut unpacked);
    let trouble = if unpacked.len() > most {
        unpacked.truncate(most);
        Some(Trouble::TooLong(most))
    } else {
        end.is_err().then(|| Trouble::Damaged(coding.to_owned()))
    };
    (unpacked.into(), trouble)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"{\"id\": 5, \"text\": \"a text that is long enough to be worth it, it is, it is\"}";

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(body: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn undone(codings: &[&str], body: Vec<u8>, most: usize) -> (Bytes, Option<Trouble>) {
        let lines = codings.iter().map(|line| (CONTENT_ENCODING, line.parse().unwrap()));
        undo(&lines.collect(), body.into(), most)
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for (codings, body) in [
            (&[][..], TEXT.to_vec()),
            (&["identity"], TEXT.to_vec()),
            (&["gzip"], gzip(TEXT)),
            (&["GZip"], gzip(TEXT)),
            (&[" x-gzip ,"], gzip(TEXT)),
            (&["gzip"], [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat()),
            (&["deflate"], zlib(TEXT)),
            (&["deflate"], deflate(TEXT)),
            (&["deflate, Gzip"], gzip(&zlib(TEXT))),
            (&["deflate", "identity, gzip"], gzip(&zlib(TEXT))),
        ] {
            assert_eq!(undone(codings, body, 1000), (Bytes::from_static(TEXT), None), "{codings:?}");
        }
        for coding in ["gzip", "deflate", "br"] {
            assert_eq!(undone(&[coding], Vec::new(), 1000), (Bytes::new(), None), "nothing is nothing");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_says_why() {
        let cut = |mut body: Vec<u8>| {
            body.truncate(body.len() - 9);
            body
        };
        for (coding, body, most, trouble) in [
            ("br", TEXT.to_vec(), 1000, Trouble::Coding("br".into())),
            ("gzip, zstd", gzip(TEXT), 1000, Trouble::Coding("zstd".into())),
            ("gzip", TEXT.to_vec(), 1000, Trouble::Damaged("gzip".into())),
            ("gzip", cut(gzip(TEXT)), 1000, Trouble::Damaged("gzip".into())),
            ("deflate", cut(zlib(TEXT)), 1000, Trouble::Damaged("deflate".into())),
            ("gzip", gzip(&[b' '; 1 << 20]), 1000, Trouble::TooLong(1000)),
            ("gzip, gzip", gzip(&gzip(&[b' '; 1 << 20])), 1000, Trouble::TooLong(1000)),
        ] {
            assert_eq!(undone(&[coding], body, most).1, Some(trouble), "{coding}");
        }
        assert_eq!(undone(&["gzip"], gzip(TEXT), TEXT.len()), (Bytes::from_static(TEXT), None));
        let many = ["gzip"; MOST_CODINGS + 1];
        assert!(matches!(undone(&many, gzip(TEXT), 1000).1, Some(Trouble::Coding(_))));
    }
}
