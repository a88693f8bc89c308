//! Compares what was sent with what the source holds now, by the hashes of its parts.
//!
//! Needed when metadata alone cannot tell whether a file is the same: when an upload is resumed, and when something about
//! the file changed while it was being uploaded. When to compare is not decided here.

use std::io;

use tokio_util::sync::CancellationToken;

use super::opened::{Opened, changed};
use super::revision::Revision;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::PartHash;
use crate::upload::plan::upload_plan::number_of;

/// Bytes read at a time.
const PIECE: usize = 256 * 1024;

/// What was sent as one part of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentPart {
    /// Counted from 0.
    pub(crate) index: usize,
    pub(crate) start: u64,
    pub(crate) length: u64,
    /// The hash of what was sent; `None`, which is like nothing, if it was not hashed.
    pub(crate) hash: Option<u128>,
}

/// The index of the first part that is not what was sent. Blocks on the source.
pub(crate) fn first_difference(
    source: &Opened,
    parts: impl IntoIterator<Item = SentPart>,
    cancel: &CancellationToken,
) -> io::Result<Option<usize>> {
    let mut buffer = vec![0; PIECE];
    for part in parts {
        let now = hash(source, &part, &mut buffer, cancel)?;
        if now.is_none() || now != part.hash {
            return Ok(Some(part.index));
        }
    }
    Ok(None)
}

/// Whether an open source holds what was sent: the revision in which it does and the indices of the parts, or nothing if
/// it went on to another one meanwhile. It is an error if it does not. Dropping the future ends the reading.
pub(crate) async fn compare(source: Opened, parts: Vec<SentPart>) -> Result<Option<(Revision, Vec<usize>)>> {
    let indices = parts.iter().map(|part| part.index).collect();
    let before = source.revision().await?;
    let cancel = CancellationToken::new();
    let _cancelled_when_dropped = cancel.clone().drop_guard();
    let read = {
        let source = source.clone();
        move || first_difference(&source, parts, &cancel)
    };
    let difference = source.threads.run(read).await?.map_err(|error| {
        let text = format!("the file cannot be read again to compare it with what was sent ({error})");
        Error::new(ErrorKind::Source, text).with_source(error)
    })?;
    if let Some(index) = difference {
        return Err(changed("its content is not what was sent").with_part(number_of(index)));
    }
    let after = source.revision().await?;
    Ok((before == after).then_some((after, indices)))
}

/// The hash of what the source holds in the place of a part; `None` if it ends before.
fn hash(
    source: &Opened,
    part: &SentPart,
    buffer: &mut [u8],
    cancel: &CancellationToken,
) -> io::Result<Option<u128>> {
    let mut hash = PartHash::new();
    let (mut at, mut left) = (part.start, part.length);
    while left > 0 {
        if cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(piece) = buffer.get_mut(..want) else { return Ok(None) };
        let read = source.content.read(piece, at)?;
        let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else { return Ok(None) };
        hash.update(piece);
        at = at.saturating_add(read as u64);
        left = left.saturating_sub(read as u64);
    }
    Ok(Some(hash.digest128()))
}
