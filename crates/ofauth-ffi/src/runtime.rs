//! The runtime of a client: its threads, which alone do its network and file work.
//!
//! They belong to someone else's process. So they take no signal that the process could handle: its handlers run on
//! its own threads, and a SIGPIPE that a write raises dies with the thread it was meant for.

use std::io;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::log::Log;

/// How long freeing a client waits for its threads. Only a read from a disk or network file system that hangs takes
/// longer; that thread then ends by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts `workers` threads, whose log goes to `log`.
pub(crate) fn start(workers: usize, log: Option<&Log>) -> io::Result<Runtime> {
    // Threads inherit the mask of the one that starts them, so no moment is left without it.
    let _masked = signals::Masked::new()?;
    probe(workers)?;
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).thread_name("ofauth").enable_all();
    let log = log.cloned();
    builder.on_thread_start(move || {
        // A failure leaves the mask that was inherited, which is the same.
        let _ = signals::mask();
        if let Some(log) = &log {
            log.listen_on_this_thread();
        }
    });
    builder.build()
}

/// Fails if the system does not give so many threads at once. The runtime would panic half built, and then wait for
/// threads that never began.
fn probe(workers: usize) -> io::Result<()> {
    let (release, held) = channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let start = |_| {
        let held = Arc::clone(&held);
        let wait = move || {
            // Ends when `release` is dropped, for all of them one after another.
            let _ = held.lock().unwrap_or_else(PoisonError::into_inner).recv();
        };
        thread::Builder::new().name("ofauth".into()).spawn(wait)
    };
    // One more, for the first file that is opened.
    let started: io::Result<Vec<_>> = (0..=workers).map(start).collect();
    drop(release);
    for thread in started? {
        // It cannot have panicked.
        let _ = thread.join();
    }
    Ok(())
}

/// Ends the threads, and with them whatever they were doing.
pub(crate) fn stop(runtime: Runtime) {
    runtime.shutdown_timeout(PATIENCE);
}

#[cfg(unix)]
mod signals {
    use std::io;
    use std::mem::MaybeUninit;
    use std::ptr;

    use libc::{
        SIG_SETMASK, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP, c_int, pthread_sigmask,
        sigdelset, sigfillset, sigset_t,
    };

    /// What a thread raises itself by a fault. Blocked, these would kill the process without its handler.
    const FAULTS: [c_int; 7] = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT];

    /// Blocks all signals but faults on this thread, and returns the mask that was there.
    pub(super) fn mask() -> io::Result<sigset_t> {
        let mut wanted = MaybeUninit::<sigset_t>::uninit();
        // SAFETY: the set is valid for writes.
        unsafe { sigfillset(wanted.as_mut_ptr()) };
        for fault in FAULTS {
            // SAFETY: the set was filled above.
            unsafe { sigdelset(wanted.as_mut_ptr(), fault) };
        }
        let mut before = MaybeUninit::<sigset_t>::uninit();
        // SAFETY: one set was filled above, the other is valid for writes.
        match unsafe { pthread_sigmask(SIG_SETMASK, wanted.as_ptr(), before.as_mut_ptr()) } {
            // SAFETY: a success has filled it.
            0 => Ok(unsafe { before.assume_init() }),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// This thread with its signals blocked, until it is dropped.
    pub(super) struct Masked(sigset_t);

    impl Masked {
        pub(super) fn new() -> io::Result<Self> {
            mask().map(Self)
        }
    }

    impl Drop for Masked {
        fn drop(&mut self) {
            // SAFETY: the set came from the system. Setting it again cannot fail.
            unsafe { pthread_sigmask(SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
        }
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;

    pub(super) fn mask() -> io::Result<()> {
        Ok(())
    }

    /// There are no signals to block here.
    pub(super) struct Masked;

    impl Masked {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }
    }
}
