//! The runtime of a client: its threads, which alone do its network and file work.
//!
//! They belong to someone else's process. So they take no signal that the process could handle: its handlers run on
//! its own threads, and a SIGPIPE that a write raises dies with the thread it was meant for.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ofauth::blocking::start_runtime;
use tokio::runtime::{Builder, Runtime};

use crate::error::ofauth_error;
use crate::log::Log;
use crate::pointer::Result;
use crate::status::OFAUTH_ERR_INTERNAL;
use crate::{panics, standard};

/// How long freeing a client waits for its threads. They wait for nothing but each other, so that only a machine that has
/// no moment for them needs longer, or a disk that hangs. They then end by themselves.
const PATIENCE: Duration = Duration::from_millis(80);

/// The threads that carry the work of a client on.
#[derive(Clone)]
pub(crate) struct Workers {
    started: usize,
    alive: Arc<AtomicUsize>,
}

impl Workers {
    /// Whether one has ended before its time: it took with it what it was to wake the others for.
    pub(crate) fn are_broken(&self) -> bool {
        self.alive.load(Ordering::Relaxed) < self.started
    }

    /// Whether none is left.
    pub(crate) fn are_gone(&self) -> bool {
        self.alive.load(Ordering::Relaxed) == 0
    }
}

/// One of them, until it ends.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

thread_local! {
    static THIS: RefCell<Option<Alive>> = const { RefCell::new(None) };
}

/// Starts `workers` threads, whose log goes to `log`.
pub(crate) fn start(workers: usize, log: Option<&Log>) -> Result<(Runtime, Workers)> {
    panics::go_to_the_log();
    standard::occupy();
    // Threads inherit the mask of the one that starts them, so no moment is left without it.
    let _masked = signals::Masked::new().map_err(|error| {
        ofauth_error::new(OFAUTH_ERR_INTERNAL, &format!("the signals of a thread cannot be blocked: {error}"))
    })?;
    let started = Workers { started: workers, alive: Arc::new(AtomicUsize::new(workers)) };
    let (log, alive) = (log.cloned(), Arc::clone(&started.alive));
    let mut builder = Builder::new_multi_thread();
    builder.on_thread_start(move || {
        // A failure leaves the mask that was inherited, which is the same.
        let _ = signals::mask();
        THIS.set(Some(Alive(Arc::clone(&alive))));
        if let Some(log) = &log {
            log.listen_on_this_thread();
        }
    });
    // A worker that panicked, because the program closed what it waits on, ends instead of waiting for other work.
    builder.thread_keep_alive(Duration::ZERO);
    Ok((start_runtime(builder, workers)?, started))
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
