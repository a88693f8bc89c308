//! How records lie in a journal's file: a header, then frames that are chained by their checksums. Pure.
//!
//! ```text
//! header   "OFAUTHJ2"   finishing flag, 8 bytes
//! frame    length of the payload, u32 LE   checksum, u64 LE   payload, JSON of one record
//! ```
//!
//! A checksum is the XXH3-64 of the checksum before it, the length and the payload. A frame that is dropped, repeated or
//! moved therefore breaks the chain like one that is changed. The flag stands apart and is overwritten in its place:
//! whatever happens to the frames, it tells whether the request that finishes the upload may have been sent.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::record::Record;
use crate::error::{Error, ErrorKind, Result};
use crate::state_format::JOURNAL;

/// Bytes before the first frame.
pub(super) const HEADER: usize = 16;

/// Where in the header the flag stands.
pub(super) const FLAG_AT: usize = 8;

/// Bytes of a frame before its payload.
const FRAME_HEAD: usize = 12;

/// The longest payload that is written or believed. A plan of 100 000 parts takes less than half.
const LONGEST: usize = 64 << 20;

/// The header of a new journal.
pub(super) fn header() -> Vec<u8> {
    [JOURNAL.magic(), flag(false)].concat()
}

/// The flag as it stands in the header.
pub(super) fn flag(finishing: bool) -> [u8; HEADER - FLAG_AT] {
    [if finishing { 0xFF } else { 0 }; HEADER - FLAG_AT]
}

/// The checksum of the last frame so far, which goes into that of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain(u64);

impl Chain {
    /// Before the first frame.
    pub(super) fn start() -> Self {
        Self(xxh3_64(&JOURNAL.magic()))
    }

    fn next(self, length: [u8; 4], payload: &[u8]) -> Self {
        let mut hash = Xxh3::new();
        hash.update(&self.0.to_le_bytes());
        hash.update(&length);
        hash.update(payload);
        Self(hash.digest())
    }
}

/// A record, ready to be chained.
pub(super) struct Frame(Vec<u8>);

impl Frame {
    pub(super) fn new(record: &Record) -> Result<Self> {
        let mut bytes = vec![0; FRAME_HEAD];
        serde_json::to_writer(&mut bytes, record).map_err(|error| {
            Error::new(ErrorKind::Internal, "a record of the journal cannot be written as JSON")
                .with_source(error)
        })?;
        if bytes.len() - FRAME_HEAD > LONGEST {
            let text = "the plan of this upload is too long for a journal: upload it without one";
            return Err(Error::new(ErrorKind::Journal, text));
        }
        Ok(Self(bytes))
    }

    /// A frame of any payload.
    #[cfg(test)]
    pub(super) fn raw(payload: &[u8]) -> Self {
        Self([&[0; FRAME_HEAD], payload].concat())
    }

    /// The bytes of the frame, as the next of `chain`.
    pub(super) fn seal(&mut self, chain: &mut Chain) -> &[u8] {
        if let Some((head, payload)) = self.0.split_first_chunk_mut::<FRAME_HEAD>() {
            // It is at most `LONGEST`.
            let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
            *chain = chain.next(length, payload);
            for (byte, of) in head.iter_mut().zip(length.into_iter().chain(chain.0.to_le_bytes())) {
                *byte = of;
            }
        }
        &self.0
    }
}

/// The payload of the frame that `bytes` begin with, and what follows it. `None` if there is no whole frame that goes
/// on with `chain`, which is moved on otherwise.
pub(super) fn read<'a>(bytes: &'a [u8], chain: &mut Chain) -> Option<(&'a [u8], &'a [u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<8>()?;
    let payload_length =
        usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= LONGEST)?;
    let (payload, rest) = rest.split_at_checked(payload_length)?;
    let next = chain.next(*length, payload);
    if next.0 != u64::from_le_bytes(*checksum) {
        return None;
    }
    *chain = next;
    Some((payload, rest))
}
