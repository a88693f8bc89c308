//! Logs
//!
//! What a client tells about its work. Lines are made on the client's threads, but callbacks run on the program's threads: so
//! a line waits until a call that is under way, or else the next call, delivers it. A call whose work has ended leaves the
//! lines to other calls, if there are any. At most 1024 lines wait; later ones are counted and dropped.

use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_void};
use std::fmt::Write as _;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event as LogEvent, Level, Metadata, Subscriber, span};

use crate::event::Event;
use crate::user_data::UserData;
use crate::{callback, text};

/// Called with each line of the log.
///
/// `level` is one of `OFAUTH_LOG_...`; `message` is one line and borrowed until the function returns. It runs on a
/// thread that is inside a call of this client; if several threads are, it may run on several of them at the same time.
pub type ofauth_log_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// Failures that end a call.
pub const OFAUTH_LOG_ERROR: i32 = 1;
/// What is worth a look although the call goes on, such as a session that expired.
pub const OFAUTH_LOG_WARN: i32 = 2;
/// Steps of an upload, and what is tried again.
pub const OFAUTH_LOG_INFO: i32 = 3;
/// Every answer.
pub const OFAUTH_LOG_DEBUG: i32 = 4;
/// Everything there is.
pub const OFAUTH_LOG_TRACE: i32 = 5;

/// The most lines that wait. When nobody calls, nobody can be told, and memory is not for that.
const MOST_LINES: usize = 1024;

/// Where the lines of a client go.
#[derive(Clone)]
pub(crate) struct LogTarget {
    pub(crate) callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
    pub(crate) user_data: Arc<UserData>,
    pub(crate) level: Level,
}

/// A level of the header.
pub(crate) fn level(number: i32) -> Option<Level> {
    Some(match number {
        OFAUTH_LOG_ERROR => Level::ERROR,
        OFAUTH_LOG_WARN => Level::WARN,
        OFAUTH_LOG_INFO => Level::INFO,
        OFAUTH_LOG_DEBUG => Level::DEBUG,
        OFAUTH_LOG_TRACE => Level::TRACE,
        _ => return None,
    })
}

/// The log of one client. Clones are one.
#[derive(Clone)]
pub(crate) struct Log {
    queue: Arc<Mutex<Queue>>,
    dispatch: Dispatch,
    /// While a process has one subscriber, tracing asks the first thread that comes by whether anybody wants an event.
    /// If that is a thread of a client without a log, nobody ever gets it. With two, it asks the subscribers.
    _second: Dispatch,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<(i32, CString)>,
    /// Lines that found no room.
    lost: u64,
    /// The calls that are under way.
    calls: Vec<(u64, Sender<Event>)>,
    next_call: u64,
}

/// A call that can hand over lines.
pub(crate) struct Listening<'a> {
    log: &'a Log,
    call: u64,
}

impl Log {
    pub(crate) fn new(level: Level) -> Self {
        let queue = Arc::<Mutex<Queue>>::default();
        let second = Dispatch::new(NoSubscriber::default());
        let dispatch = Dispatch::new(Collector { level, queue: Arc::clone(&queue) });
        Self { queue, dispatch, _second: second }
    }

    /// Makes this thread's events lines of this log, until the thread ends.
    pub(crate) fn listen_on_this_thread(&self) {
        // The guard would switch it off again.
        std::mem::forget(tracing::dispatcher::set_default(&self.dispatch));
    }

    /// Has `events` told of lines, until the result is dropped.
    pub(crate) fn listen(&self, events: Sender<Event>) -> Listening<'_> {
        let mut queue = lock(&self.queue);
        let call = queue.next_call;
        queue.next_call = queue.next_call.wrapping_add(1);
        queue.calls.push((call, events));
        Listening { log: self, call }
    }

    /// Hands the next line over, on this thread, and says whether there was one.
    pub(crate) fn deliver_one(&self, target: &LogTarget) -> bool {
        // The lock is released before the callback, which may take its time, or a lock of its own.
        let next = lock(&self.queue).pop();
        let Some((level, line)) = next else { return false };
        // SAFETY: the caller of the C function vouches for its callback, and `line` lives until it returns.
        callback::run(|| unsafe { (target.callback)(target.user_data.pointer(), level, line.as_ptr()) });
        true
    }
}

impl Listening<'_> {
    /// Ends it, and says how many lines are left to this call: none if others are under way, for a slow callback must
    /// not hold up a call that has nothing to do with the lines, and otherwise those that are there now.
    pub(crate) fn end(self) -> usize {
        let mut queue = lock(&self.log.queue);
        queue.forget(self.call);
        if queue.wake_a_call() { 0 } else { queue.waiting() }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        lock(&self.log.queue).forget(self.call);
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    fn push(&mut self, level: i32, line: CString) {
        if self.lines.len() >= MOST_LINES {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        self.lines.push_back((level, line));
        // A call that was told and has not come yet will find this line too.
        if self.lines.len() == 1 {
            self.wake_a_call();
        }
    }

    /// Tells a call that there are lines, if one is under way. If it is just ending, it tells the next.
    fn wake_a_call(&self) -> bool {
        self.calls.first().is_some_and(|(_, events)| self.waiting() == 0 || events.send(Event::Log).is_ok())
    }

    fn forget(&mut self, call: u64) {
        self.calls.retain(|(known, _)| *known != call);
    }

    /// How many lines wait, with the one that tells of those that were lost.
    fn waiting(&self) -> usize {
        self.lines.len().saturating_add(usize::from(self.lost > 0))
    }

    fn pop(&mut self) -> Option<(i32, CString)> {
        if let Some(line) = self.lines.pop_front() {
            return Some(line);
        }
        let lost = std::mem::take(&mut self.lost);
        (lost > 0).then(|| {
            (OFAUTH_LOG_WARN, text::owned(&format!("{lost} lines of the log were lost: nobody took them")))
        })
    }
}

/// Makes lines of events.
struct Collector {
    level: Level,
    queue: Arc<Mutex<Queue>>,
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level && metadata.target().starts_with("ofauth")
    }

    fn event(&self, event: &LogEvent<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = match *event.metadata().level() {
            Level::ERROR => OFAUTH_LOG_ERROR,
            Level::WARN => OFAUTH_LOG_WARN,
            Level::INFO => OFAUTH_LOG_INFO,
            Level::DEBUG => OFAUTH_LOG_DEBUG,
            Level::TRACE => OFAUTH_LOG_TRACE,
        };
        let text = text::owned(&(line.message + &line.fields));
        lock(&self.queue).push(level, text);
    }

    // The library opens no spans.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The parts of a line: the message, then ` name=value` for each field.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn lines(log: &Log) -> Vec<(i32, String)> {
        let next = || lock(&log.queue).pop();
        std::iter::from_fn(next).map(|(level, line)| (level, line.into_string().unwrap())).collect()
    }

    #[test]
    fn events_become_lines_and_the_first_one_wakes_a_call() {
        let log = Log::new(Level::INFO);
        let (events, woken) = channel();
        let call = log.listen(events);
        tracing::dispatcher::with_default(&log.dispatch, || {
            tracing::info!(target: "ofauth::test", part = 3, text = "a b", "a try failed");
            tracing::warn!(target: "ofauth", "again");
            tracing::debug!(target: "ofauth", "too small");
            tracing::error!(target: "hyper", "not ours");
        });
        assert_eq!(woken.try_iter().count(), 1);
        let wanted = [
            (OFAUTH_LOG_INFO, "a try failed part=3 text=\"a b\"".to_owned()),
            (OFAUTH_LOG_WARN, "again".to_owned()),
        ];
        assert_eq!(lines(&log), wanted);
        drop(call);
        tracing::dispatcher::with_default(&log.dispatch, || tracing::info!(target: "ofauth", "later"));
        assert!(woken.recv().is_err(), "the call is still known");
        assert_eq!(lines(&log).len(), 1);
    }

    #[test]
    fn a_thread_without_a_log_does_not_silence_the_others() {
        let log = Log::new(Level::INFO);
        let event = || tracing::info!(target: "ofauth", "from here");
        // The first to come by, on a thread without a log.
        std::thread::spawn(event).join().unwrap();
        tracing::dispatcher::with_default(&log.dispatch, event);
        assert_eq!(lines(&log).len(), 1);
    }

    #[test]
    fn lines_that_nobody_takes_are_bounded_and_counted() {
        let log = Log::new(Level::INFO);
        for _ in 0..MOST_LINES + 5 {
            lock(&log.queue).push(OFAUTH_LOG_INFO, CString::default());
        }
        let lines = lines(&log);
        assert_eq!(lines.len(), MOST_LINES + 1);
        assert!(lines.last().unwrap().1.starts_with("5 lines"), "{lines:?}");
    }
}
