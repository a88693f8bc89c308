//! Watches directories, and does something at a certain change of what lies in them.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// Directories that are watched by a thread of their own, which is at the place sooner than a task would be.
pub(crate) struct Watch {
    inotify: Arc<OwnedFd>,
    watches: Vec<i32>,
    seen: Arc<AtomicU32>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Calls `strike` when the `number`th change was seen, counted from 1: a file made, written to or removed.
    pub(crate) fn new(directories: &[PathBuf], number: u32, strike: impl Fn() + Send + 'static) -> Self {
        let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC).unwrap());
        let changes = WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::DELETE | WatchFlags::MOVED_TO;
        let watch = |directory: &PathBuf| inotify::add_watch(&inotify, directory, changes).unwrap();
        let watches = directories.iter().map(watch).collect();
        let seen = Arc::new(AtomicU32::new(0));
        let thread = std::thread::spawn({
            let (inotify, seen) = (Arc::clone(&inotify), Arc::clone(&seen));
            move || {
                let mut buffer = [const { MaybeUninit::uninit() }; 4096];
                let mut changes = Reader::new(&*inotify, &mut buffer);
                // The end of a watch is a change too.
                while !changes.next().unwrap().events().contains(ReadFlags::IGNORED) {
                    if seen.fetch_add(1, Ordering::SeqCst) + 1 == number {
                        strike();
                    }
                }
            }
        });
        Self { inotify, watches, seen, thread }
    }

    /// Ends the watch and returns how many changes it saw.
    pub(crate) fn end(self) -> u32 {
        for watch in self.watches {
            inotify::remove_watch(&*self.inotify, watch).unwrap();
        }
        self.thread.join().unwrap();
        self.seen.load(Ordering::SeqCst)
    }
}
