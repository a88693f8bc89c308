//! What the client's threads ask of the thread that called: to run a callback, or to see that the work has ended.
//!
//! A read is the one event that somebody waits for, so the library's side of it, a source that asks for each piece by an
//! event, is here too. The loop that takes events is elsewhere.

use std::ffi::CString;
use std::io;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};

use ofauth::ReadAt;

use crate::callback::{self, ReaderCallback};

/// The place of a file among those of its call, from 0. A call with one file, or none, has no other.
pub(crate) type FileIndex = u64;

/// What the thread that called has to do.
pub(crate) enum Event {
    /// There is a newer progress of a file.
    Progress(FileIndex),
    /// There is a notice of a file: its kind, and what it says.
    Notice(FileIndex, i32, CString),
    /// A piece of a source is wanted.
    Read(FileIndex, ReadRequest),
    /// There are lines of the log.
    Log,
    /// The work has ended.
    Done,
}

/// A piece that a thread of the client waits for.
pub(crate) struct ReadRequest {
    offset: u64,
    buffer: Buffer,
    reply: SyncSender<i64>,
}

/// Memory that a waiting thread lends to the one that reads.
struct Buffer {
    start: *mut u8,
    length: usize,
}

// SAFETY: whoever lends it waits, and touches it again only once the request is answered or dropped.
unsafe impl Send for Buffer {}

impl ReadRequest {
    /// Has a reader of the caller fill the buffer.
    pub(crate) fn read(&self, reader: &ReaderCallback) -> i64 {
        let ReaderCallback { function, user_data } = reader;
        let user_data = user_data.pointer();
        // SAFETY: the caller of the C function vouches for its reader, and the buffer is lent until the reply.
        callback::run(|| unsafe { function(user_data, self.offset, self.buffer.start, self.buffer.length) })
    }

    /// Tells the thread that waits what the reader returned.
    pub(crate) fn reply(self, read: i64) {
        // A thread that no longer waits belongs to an upload that has ended.
        let _ = self.reply.send(read);
    }
}

/// A source that has the thread that called read.
pub(crate) struct EventReader {
    pub(crate) file: FileIndex,
    pub(crate) events: Sender<Event>,
    /// Bytes.
    pub(crate) size: u64,
}

impl ReadAt for EventReader {
    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let (reply, replied) = sync_channel(1);
        let buffer = Buffer { start: buf.as_mut_ptr(), length: buf.len() };
        let over = || io::Error::other("the upload has ended");
        let request = ReadRequest { offset, buffer, reply };
        self.events.send(Event::Read(self.file, request)).map_err(|_| over())?;
        // The request is answered, or dropped when the call returns: both end this wait, and nothing else may.
        let read = replied.recv().map_err(|_| over())?;
        usize::try_from(read).map_err(|_| io::Error::other(format!("the reader returned {read}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_data::UserData;
    use std::ffi::c_void;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    fn request(events: &Receiver<Event>) -> ReadRequest {
        match events.recv().unwrap() {
            Event::Read(7, request) => request,
            _ => unreachable!("only reads are sent"),
        }
    }

    #[test]
    fn a_reader_waits_until_it_is_answered_or_dropped() {
        unsafe extern "C" fn sevens(_: *mut c_void, offset: u64, buf: *mut u8, len: usize) -> i64 {
            // SAFETY: the buffer is valid for writes.
            unsafe { buf.write_bytes(7, len) };
            i64::try_from(offset).unwrap() - 1
        }
        let (sender, events) = channel();
        let reader = EventReader { file: 7, events: sender, size: 16 };
        let (first, second) = (4_u64, 0_u64);
        let reading = thread::spawn(move || {
            let mut buf = [0; 8];
            let read = [reader.read_at(&mut buf, first), reader.read_at(&mut buf, second)];
            let dropped = reader.read_at(&mut buf, 1);
            let closed = reader.read_at(&mut buf, 1);
            (buf, read, dropped, closed)
        });
        let user_data = UserData::new(std::ptr::null_mut(), None);
        let sevens = ReaderCallback { function: sevens, user_data };
        for _ in 0..2 {
            let request = request(&events);
            let read = request.read(&sevens);
            request.reply(read);
        }
        drop(request(&events));
        drop(events);
        let (buf, read, dropped, closed) = reading.join().unwrap();
        assert_eq!(buf, [7; 8]);
        assert_eq!(*read[0].as_ref().unwrap(), 3);
        assert!(read[1].as_ref().unwrap_err().to_string().contains("-1"));
        assert!(dropped.is_err() && closed.is_err());
    }
}
