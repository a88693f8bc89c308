//! Reads a file at a position, on any system.

use std::fs::File;
use std::io;

/// Reads up to `buf.len()` bytes that stand at `offset`, without the cursor of the file: on Windows that moves all the same, so
/// nobody relies on it.
pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buf, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buf, offset);
}
