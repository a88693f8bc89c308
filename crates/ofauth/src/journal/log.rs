//! Where a journal's bytes go: the seam between the recorder and a file. What is here decides nothing.

use std::io;

/// A sequence of bytes on something durable. After an error it is not used again.
///
/// Nothing but [`sync`](Self::sync) and [`remove`](Self::remove) makes anything durable, and until then any of it may
/// be lost, in any order.
pub(crate) trait Log: Send + 'static {
    /// Writes `bytes` at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Overwrites the flag of the header.
    fn set_finishing(&mut self, on: bool) -> io::Result<()>;

    /// Forgets everything from `length` on.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Makes everything so far durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Removes it, durably. Nothing is called after this.
    fn remove(&mut self) -> io::Result<()>;

    /// Whether the other methods may wait for a device.
    fn blocks(&self) -> bool;
}
