//! What an open source is made of, whatever it is: bytes at positions, and whether they are still the same.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::revision::Revision;
use crate::file_identity::FileIdentity;
use crate::read_at::read_at;

/// Reads at a position without moving a cursor, from any thread.
///
/// The library calls it from threads that may block, at most one call per connection at a time.
///
/// ```
/// /// The first megabytes of a larger file.
/// struct Head(std::fs::File, u64);
///
/// impl ofauth::ReadAt for Head {
///     fn size(&self) -> std::io::Result<u64> {
///         Ok(self.1)
///     }
///
///     fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
///         ofauth::ReadAt::read_at(&self.0, buf, offset)
///     }
/// }
/// ```
pub trait ReadAt: Send + Sync + 'static {
    /// The size in bytes. It is asked for once, before anything is sent.
    fn size(&self) -> io::Result<u64>;

    /// Reads up to `buf.len()` bytes that stand at `offset` from the start, and returns how many were read.
    ///
    /// Fewer bytes than asked for are fine; `Ok(0)` before the declared size is an error of the source. Reading
    /// the same range again, which a retry does, must give the same bytes.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        read_at(self, buf, offset)
    }
}

/// The content of an open source.
pub(crate) trait Content: Send + Sync + 'static {
    /// Reads at a position. Blocks on whatever the source is.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Reads what is at hand, at least a byte, without waiting for a device. `None`: that is not possible.
    fn read_at_once(&self, _: &mut [u8], _: u64) -> Option<usize> {
        None
    }

    /// Bytes that need not be read because they are in memory.
    fn in_memory(&self, _: Range<u64>) -> Option<Bytes> {
        None
    }

    /// What the source was when it was opened, to be compared with what it is when an upload is resumed.
    fn identity(&self) -> FileIdentity;

    /// Whether the bytes may change under way, so that what was sent has to be known again.
    fn may_change(&self) -> bool {
        false
    }

    /// In which revision the source is, or how it has changed. May block, unless it
    /// [looks at once](Self::looks_at_once).
    fn look(&self) -> io::Result<Result<Revision, String>> {
        Ok(Ok(Revision::default()))
    }

    /// Whether looking waits for no device.
    fn looks_at_once(&self) -> bool {
        true
    }
}

impl dyn Content {
    /// Reads at a position, again if a signal interrupted the read. Blocks on whatever the source is.
    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.read_at(buf, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// Bytes in memory.
pub(super) struct InMemory(pub(super) Bytes);

impl Content for InMemory {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.0.get(start..)).unwrap_or_default();
        io::Read::read(&mut &*rest, buf)
    }

    fn in_memory(&self, range: Range<u64>) -> Option<Bytes> {
        let (start, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
        self.0.get(start..end).map(|slice| self.0.slice_ref(slice))
    }

    fn identity(&self) -> FileIdentity {
        FileIdentity::of_size(self.0.len() as u64)
    }
}

/// What the caller's reader gives.
pub(super) struct ByReader {
    pub(super) reader: Arc<dyn ReadAt>,
    pub(super) size: u64,
}

impl Content for ByReader {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reader.read_at(buf, offset)
    }

    fn identity(&self) -> FileIdentity {
        FileIdentity::of_size(self.size)
    }
}
