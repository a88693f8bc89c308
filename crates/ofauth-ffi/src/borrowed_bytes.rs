//! The caller's memory, borrowed by the client's threads for one run, and how that run learns that nobody has it any more.
//!
//! The bytes are not copied, so a run must not return before the last thread has let go of them.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use bytes::Bytes;

use crate::guest::Guest;

/// The caller's memory, borrowed until this is dropped.
pub(crate) struct BorrowedBytes {
    start: *const u8,
    size: usize,
    /// Its end says that nobody has the memory any more.
    _until: SyncSender<()>,
}

// SAFETY: the caller of the C function leaves the bytes as they are until the run has ended.
unsafe impl Send for BorrowedBytes {}

impl AsRef<[u8]> for BorrowedBytes {
    fn as_ref(&self) -> &[u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: not NULL and no larger than memory, as checked when it was set, and alive until `BorrowEnd` was waited
        // for.
        unsafe { std::slice::from_raw_parts(self.start, self.size) }
    }
}

/// How often it is checked whether any thread is left that could let go of the memory.
const CHECK: Duration = Duration::from_millis(250);

/// The end of a borrow, to be waited for.
pub(crate) struct BorrowEnd(Receiver<()>);

impl BorrowedBytes {
    #[allow(clippy::new_ret_no_self, reason = "what is made is bytes, and the end of the borrow")]
    pub(crate) fn new(start: *const u8, size: usize) -> (Bytes, BorrowEnd) {
        let (until, end) = sync_channel(0);
        (Bytes::from_owner(Self { start, size, _until: until }), BorrowEnd(end))
    }
}

impl BorrowEnd {
    /// Waits until no thread has the memory. Parts that a cancel has cut off let go of it a moment after the run ended.
    fn wait(self, client: &Guest) {
        // Nothing is ever sent: the channel closes with the last clone of the bytes.
        while self.0.recv_timeout(CHECK) == Err(RecvTimeoutError::Timeout) {
            if client.workers().are_gone() {
                // Nobody is left who could look at it, nor to say so.
                return;
            }
            if client.workers().are_broken() {
                // Those that are left end when they find out what the first one did.
                _ = client.spawn(async {});
            }
        }
    }
}

/// Ends a run that may have borrowed memory: nobody has it any more when this returns.
pub(crate) fn give_back(borrow: Option<BorrowEnd>, client: &Guest) {
    match borrow {
        Some(end) if client.in_same_process() => end.wait(client),
        // In a forked child nobody is there to return it.
        borrow => std::mem::forget(borrow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_borrow_is_the_end_of_its_last_slice() {
        let memory = [7_u8; 4];
        let (bytes, end) = BorrowedBytes::new(memory.as_ptr(), memory.len());
        let part = bytes.slice(1..3);
        drop(bytes);
        assert!(end.0.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty));
        let holder = std::thread::spawn(move || part.len());
        assert!(end.0.recv().is_err());
        assert_eq!(holder.join().unwrap(), 2);
    }
}
