//! Where the work on a client's threads leaves what the thread that called has to do, in order.
//!
//! Events are std's own channel: nothing here has to be proven. Progress is not queued: the newest one of a file replaces one
//! that was not taken yet.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ofauth::Notice;

use crate::event::{Event, FileIndex};
use crate::notice;
use crate::progress::ofauth_progress;
use crate::text;

type Newest = Arc<Mutex<HashMap<FileIndex, ofauth_progress>>>;

/// The events of a call, or of several that follow each other.
pub(crate) struct Mailbox {
    sender: Sender<Event>,
    events: Receiver<Event>,
    newest: Newest,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        let (sender, events) = channel();
        Self { sender, events, newest: Newest::default() }
    }

    pub(crate) fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// A progress function for the library.
    pub(crate) fn on_progress<P>(&self) -> impl FnMut(FileIndex, &P) + Send + 'static
    where
        ofauth_progress: for<'a> From<&'a P>,
    {
        let (newest, sender) = (Arc::clone(&self.newest), self.sender.clone());
        move |file, progress| {
            let replaced =
                newest.lock().unwrap_or_else(PoisonError::into_inner).insert(file, progress.into());
            if replaced.is_none() {
                // Nobody listens once the call has returned.
                let _ = sender.send(Event::Progress(file));
            }
        }
    }

    /// A notice function for the library. Each notice is an event of its own: none replaces another.
    pub(crate) fn on_notice(&self) -> impl FnMut(FileIndex, &Notice) + Send + 'static {
        let sender = self.sender.clone();
        move |file, notice| {
            // Nobody listens once the call has returned.
            let _ = sender.send(Event::Notice(file, notice::kind(notice), text::owned(&notice.to_string())));
        }
    }

    /// The same for what is waited for: its kind, and the text.
    pub(crate) fn on_wait(&self) -> impl Fn(i32, &str) + Send + 'static {
        let sender = self.sender.clone();
        move |kind, said| {
            // Nobody listens once the call has returned.
            let _ = sender.send(Event::Notice(0, kind, text::owned(said)));
        }
    }

    /// The next event; none if there was none for so long.
    pub(crate) fn next(&self, patience: Duration) -> Option<Event> {
        // It cannot be closed, for one sender is here.
        self.events.recv_timeout(patience).ok()
    }

    /// The newest progress of a file, if it was not taken yet.
    pub(crate) fn take_newest(&self, file: FileIndex) -> Option<ofauth_progress> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).remove(&file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_hears_of_an_upload_that_stands_still() {
        let mailbox = Mailbox::new();
        assert!(mailbox.next(Duration::from_millis(1)).is_none(), "nothing moved");
        mailbox.sender().send(Event::Log).unwrap();
        assert!(matches!(mailbox.next(Duration::from_millis(1)), Some(Event::Log)));
    }
}
