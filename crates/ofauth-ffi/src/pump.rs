//! Waits for work on a client's threads while running its callbacks on the thread that called.
//!
//! The work sends events; this thread takes them one by one. So a callback never meets itself, needs no lock, and its
//! user data may belong to the calling thread. Events are std's own channel: nothing here has to be proven.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_void};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use ofauth::{Cancel, Notice, Progress, ReadAt};

use crate::boundary::panicked;
use crate::client::{Inner, broken, forked};
use crate::error::ofauth_error;
use crate::log::Listening;
use crate::notice;
use crate::pointer::Result;
use crate::progress::ofauth_progress;
use crate::status::{OFAUTH_ERR_INTERNAL, OFAUTH_ERR_REENTRANT};
use crate::text;

/// How long a progress callback hears nothing. It is where programs look at the flag that a signal handler has set, so
/// this is how long Ctrl-C takes at most.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// Tells of the end of a task, however it comes.
struct End {
    events: Sender<Event>,
    came: Arc<AtomicBool>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.came.store(true, Ordering::Release);
        let _ = self.events.send(Event::Done);
    }
}

/// What the thread that called has to do.
pub(crate) enum Event {
    /// There is a newer progress.
    Progress,
    /// There is a notice: its kind, and what it says.
    Notice(i32, CString),
    /// A reader is wanted.
    Read(ReadRequest),
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

/// The functions of the caller that a piece of work needs.
#[derive(Default)]
pub(crate) struct Callbacks {
    pub(crate) progress: Option<ProgressCallback>,
    pub(crate) notice: Option<NoticeCallback>,
    pub(crate) reader: Option<Reader>,
}

/// A progress callback of the caller.
#[derive(Clone, Copy)]
pub(crate) struct ProgressCallback {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, *const ofauth_progress) -> std::ffi::c_int,
    pub(crate) user_data: *mut c_void,
}

/// A notice callback of the caller.
#[derive(Clone, Copy)]
pub(crate) struct NoticeCallback {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
    pub(crate) user_data: *mut c_void,
}

/// A reader of the caller.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    pub(crate) function: unsafe extern "C" fn(*mut c_void, u64, *mut u8, usize) -> i64,
    pub(crate) user_data: *mut c_void,
}

thread_local! {
    /// Whether this thread is inside a callback.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function of the caller.
pub(crate) fn callback<T>(function: impl FnOnce() -> T) -> T {
    // Callbacks do not nest: no function that runs any is allowed inside one.
    IN_CALLBACK.set(true);
    let result = function();
    IN_CALLBACK.set(false);
    result
}

/// Refuses to wait inside a callback, where what is waited for would wait for the callback's end.
pub(crate) fn refuse_in_callback() -> Result<()> {
    if IN_CALLBACK.get() {
        let text = "a function that waits was called inside a callback: return first, then call it";
        return Err(ofauth_error::new(OFAUTH_ERR_REENTRANT, text));
    }
    Ok(())
}

/// The events of one call, and the newest progress, which replaces one that was not taken yet.
pub(crate) struct Pump {
    sender: Sender<Event>,
    events: Receiver<Event>,
    newest: Arc<Mutex<Option<ofauth_progress>>>,
    cancel: Cancel,
}

impl Pump {
    /// `cancel` is what a progress callback cancels.
    pub(crate) fn new(cancel: Cancel) -> Self {
        let (sender, events) = channel();
        Self { sender, events, newest: Arc::default(), cancel }
    }

    /// What a progress callback cancels.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// A progress function for the engine.
    pub(crate) fn on_progress(&self) -> impl FnMut(&Progress) + Send + 'static {
        let (newest, sender) = (Arc::clone(&self.newest), self.sender.clone());
        move |progress| {
            let untold = newest.lock().unwrap_or_else(PoisonError::into_inner).replace(progress.into());
            if untold.is_none() {
                // Nobody listens once the call has returned.
                let _ = sender.send(Event::Progress);
            }
        }
    }

    /// A notice function for the engine. Each notice is an event of its own: none replaces another.
    pub(crate) fn on_notice(&self) -> impl FnMut(&Notice) + Send + 'static {
        let sender = self.sender.clone();
        move |notice| {
            // Nobody listens once the call has returned.
            let _ = sender.send(Event::Notice(notice::kind(notice), text::owned(&notice.to_string())));
        }
    }

    /// A reader for the engine.
    pub(crate) fn reader(&self) -> impl ReadAt + use<> {
        PumpedReader(self.sender.clone())
    }

    /// Carries `work` out on the client's threads, and runs callbacks here until it has ended.
    pub(crate) fn run<T: Send + 'static>(
        self,
        client: &Inner,
        callbacks: &Callbacks,
        work: impl Future<Output = ofauth::Result<T>> + Send + 'static,
    ) -> Result<T> {
        let Self { sender, events, newest, cancel } = self;
        let listening = client.log().map(|(log, _)| log.listen(sender.clone()));
        let (result_sender, result) = sync_channel(1);
        let ended = Arc::new(AtomicBool::new(false));
        let end = End { events: sender, came: Arc::clone(&ended) };
        client.spawn(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            // The thread that called takes it once it has seen the end.
            let _ = result_sender.send(outcome);
            drop(end);
        })?;
        let mut last = None;
        loop {
            match next(&events) {
                Some(Event::Progress) => {
                    last = newest.lock().unwrap_or_else(PoisonError::into_inner).take().or(last);
                    callbacks.tell(last.as_ref(), client, &cancel);
                }
                None if client.workers().are_broken() => return Err(broken()),
                None => callbacks.tell(last.as_ref(), client, &cancel),
                Some(Event::Notice(kind, text)) => callbacks.notify(kind, &text),
                Some(Event::Read(request)) => {
                    let read = request.read(callbacks.reader);
                    // In a forked child the thread that waits is the parent's.
                    if client.is_here() { request.answer(read) } else { std::mem::forget(request) }
                }
                // Line by line: when its own work has ended, this call leaves the rest to others.
                Some(Event::Log) => while !ended.load(Ordering::Acquire) && client.deliver_line() {},
                Some(Event::Done) => break,
            }
            if !client.is_here() {
                // A callback has forked, and this is the child: nobody is left to wait for, and what the parent's threads
                // had locked in that moment stays locked.
                std::mem::forget((events, newest, cancel, listening, result));
                return Err(forked());
            }
        }
        let lines = listening.map_or(0, Listening::end);
        let _ = (0..lines).all(|_| client.deliver_line());
        match result.recv() {
            Ok(Ok(outcome)) => outcome.map_err(Into::into),
            Ok(Err(panic)) => Err(panicked(&*panic)),
            Err(_) => Err(ofauth_error::new(OFAUTH_ERR_INTERNAL, "the client's threads ended under way")),
        }
    }
}

/// The next event; none if nothing was heard for too long.
fn next(events: &Receiver<Event>) -> Option<Event> {
    // A channel that is closed has nothing more to tell.
    match events.recv_timeout(HEARTBEAT) {
        Ok(event) => Some(event),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Event::Done),
    }
}

impl Callbacks {
    fn tell(&self, progress: Option<&ofauth_progress>, client: &Inner, cancel: &Cancel) {
        if let (Some(progress), Some(told)) = (progress, self.progress) {
            // SAFETY: the caller of the C function vouches for its callback.
            let stop = callback(|| unsafe { (told.function)(told.user_data, progress) });
            if stop != 0 && client.is_here() {
                cancel.trigger();
            }
        }
    }

    fn notify(&self, kind: i32, text: &CString) {
        if let Some(NoticeCallback { function, user_data }) = self.notice {
            // SAFETY: the caller of the C function vouches for its callback, and `text` lives until it returns.
            callback(|| unsafe { function(user_data, kind, text.as_ptr()) });
        }
    }
}

impl ReadRequest {
    /// Has the caller's reader fill the buffer.
    fn read(&self, reader: Option<Reader>) -> i64 {
        let Some(Reader { function, user_data }) = reader else { return -1 };
        // SAFETY: the caller of the C function vouches for its reader, and the buffer is lent until the answer.
        callback(|| unsafe { function(user_data, self.offset, self.buffer.start, self.buffer.length) })
    }

    fn answer(self, read: i64) {
        // A thread that no longer waits belongs to an upload that has ended.
        let _ = self.reply.send(read);
    }
}

/// Has the thread that called read.
struct PumpedReader(Sender<Event>);

impl ReadAt for PumpedReader {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let (reply, answer) = sync_channel(1);
        let buffer = Buffer { start: buf.as_mut_ptr(), length: buf.len() };
        let over = || io::Error::other("the upload has ended");
        self.0.send(Event::Read(ReadRequest { offset, buffer, reply })).map_err(|_| over())?;
        // The request is answered, or dropped when the call returns: both end this wait, and nothing else may.
        let read = answer.recv().map_err(|_| over())?;
        usize::try_from(read).map_err(|_| io::Error::other(format!("the reader returned {read}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn request(events: &Receiver<Event>) -> ReadRequest {
        match events.recv().unwrap() {
            Event::Read(request) => request,
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
        let pump = Pump::new(Cancel::new());
        let reader = pump.reader();
        let (first, second) = (4_u64, 0_u64);
        let reading = thread::spawn(move || {
            let mut buf = [0; 8];
            let read = [reader.read_at(&mut buf, first), reader.read_at(&mut buf, second)];
            let dropped = reader.read_at(&mut buf, 1);
            let closed = reader.read_at(&mut buf, 1);
            (buf, read, dropped, closed)
        });
        let sevens = Some(Reader { function: sevens, user_data: std::ptr::null_mut() });
        for _ in 0..2 {
            let request = request(&pump.events);
            let read = request.read(sevens);
            request.answer(read);
        }
        drop(request(&pump.events));
        drop(pump);
        let (buf, read, dropped, closed) = reading.join().unwrap();
        assert_eq!(buf, [7; 8]);
        assert_eq!(*read[0].as_ref().unwrap(), 3);
        assert!(read[1].as_ref().unwrap_err().to_string().contains("-1"));
        assert!(dropped.is_err() && closed.is_err());
    }

    #[test]
    fn a_listener_hears_of_an_upload_that_stands_still() {
        let (sender, events) = channel();
        assert!(next(&events).is_none(), "nothing moved");
        sender.send(Event::Log).unwrap();
        assert!(matches!(next(&events), Some(Event::Log)));
        drop(sender);
        assert!(matches!(next(&events), Some(Event::Done)));
    }

    #[test]
    fn callbacks_cannot_wait() {
        assert!(refuse_in_callback().is_ok());
        let refused = callback(refuse_in_callback);
        assert_eq!(refused.unwrap_err().status(), OFAUTH_ERR_REENTRANT);
        assert!(refuse_in_callback().is_ok());
    }
}
