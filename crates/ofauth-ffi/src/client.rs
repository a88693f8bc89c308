//! Clients

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::birthplace::Birthplace;
use crate::boundary::{fallible, infallible};
use crate::config::ofauth_config;
use crate::error::ofauth_error;
use crate::log::{Log, LogTarget};
use crate::pointer::{self, Result, hand_out};
use crate::pump::refuse_in_callback;
use crate::runtime::{self, Workers};
use crate::status::{OFAUTH_ERR_FORKED, OFAUTH_ERR_INTERNAL, ofauth_status};

/// A client of the API, with its own threads and connections. Any number of threads may use one at the same time.
pub struct ofauth_client(Arc<Inner>);

/// What a client and the calls on it share. The last of them ends the threads.
pub(crate) struct Inner {
    client: ManuallyDrop<ofauth::Client>,
    runtime: ManuallyDrop<Runtime>,
    workers: Workers,
    log: Option<(Log, LogTarget)>,
    /// The process whose threads these are.
    birthplace: Birthplace,
}

// SAFETY: the one thing that is not `Send` and `Sync` by itself is the user data of the log callback, which is only
// passed on; the header says on which threads.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Inner {
    pub(crate) fn client(&self) -> &ofauth::Client {
        &self.client
    }

    pub(crate) fn log(&self) -> Option<&(Log, LogTarget)> {
        self.log.as_ref()
    }

    /// Hands over the next line of the log, and says whether there was one.
    pub(crate) fn deliver_line(&self) -> bool {
        let Some((log, target)) = &self.log else { return false };
        // None after a callback that came back in a forked child, whose copy of the queue may be locked for ever.
        self.is_here() && log.deliver_one(target)
    }

    /// The threads that work for it.
    pub(crate) fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Starts a task on the client's threads. Fails if they cannot be told, which the runtime answers by a panic.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let spawned = catch_unwind(AssertUnwindSafe(|| drop(self.runtime.spawn(task))));
        spawned.map_err(|_| broken())
    }

    /// Whether the client's threads are in this process.
    pub(crate) fn is_here(&self) -> bool {
        self.birthplace.is_here()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A forked child has this memory and none of the threads. Ending them would wait for ever, and closing the
        // connections would reach into the parent's event queue, which the two share. So all of it is left as it is.
        if !self.is_here() {
            return;
        }
        // SAFETY: neither is used again.
        let runtime = unsafe { ManuallyDrop::take(&mut self.runtime) };
        runtime::stop(runtime);
        // SAFETY: as above.
        unsafe { ManuallyDrop::drop(&mut self.client) };
    }
}

/// The error of a client whose threads have ended before their time.
pub(crate) fn broken() -> Box<ofauth_error> {
    let text = "the client's threads have ended, because the program has closed descriptors that are not its own: make \
                another client, and close only what the program has opened";
    ofauth_error::new(OFAUTH_ERR_INTERNAL, text)
}

/// The error of a child that uses its parent's client.
pub(crate) fn forked() -> Box<ofauth_error> {
    let text =
        "the client was made by the parent process, and its threads stayed there: make one in this process";
    ofauth_error::new(OFAUTH_ERR_FORKED, text)
}

/// The client behind a pointer of C, for one call.
///
/// # Safety
///
/// NULL, or a client that was not freed yet.
unsafe fn enter(client: *mut ofauth_client) -> Result<Arc<Inner>> {
    // SAFETY: as promised by the caller.
    let client = unsafe { pointer::shared(client, "client") }?;
    if !client.0.is_here() {
        return Err(forked());
    }
    refuse_in_callback()?;
    if client.0.workers.are_broken() {
        return Err(broken());
    }
    // The call keeps what it needs even if another thread frees the client meanwhile.
    Ok(Arc::clone(&client.0))
}

/// Carries out a function that waits: everything but its own arguments, which `call` reads.
///
/// # Safety
///
/// What the header asks for: `client` is NULL or alive, `out` and `err` are NULL or valid places.
pub(crate) unsafe fn waiting<T>(
    client: *mut ofauth_client,
    out: *mut *mut T,
    err: *mut *mut ofauth_error,
    call: impl FnOnce(&Inner) -> Result<T>,
) -> ofauth_status {
    let body = || {
        // SAFETY: as promised by the caller.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: as promised by the caller.
        let client = unsafe { enter(client) }?;
        hand_out(out, call(&client)?);
        Ok(())
    };
    // SAFETY: as promised by the caller.
    unsafe { fallible(err, body) }
}

/// Carries out a function that waits and has no result but its status.
///
/// # Safety
///
/// What the header asks for: `client` is NULL or alive, `err` is NULL or a valid place.
pub(crate) unsafe fn waiting_for_end(
    client: *mut ofauth_client,
    err: *mut *mut ofauth_error,
    call: impl FnOnce(&Inner) -> Result<()>,
) -> ofauth_status {
    // SAFETY: as promised by the caller.
    let body = || call(&*unsafe { enter(client) }?);
    // SAFETY: as promised by the caller.
    unsafe { fallible(err, body) }
}

/// Makes a client and starts its threads. `config` is copied and may be freed. Nothing is sent and no certificate is
/// looked for yet. May be called while a thread ends, in the destructor of a `pthread_key_t` too.
///
/// Free it with `ofauth_client_free`. `OFAUTH_ERR_CONFIG`: a setting is wrong, and the message names it.
/// `OFAUTH_ERR_RESOURCES`: the system gives no more threads or descriptors.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_new(
    config: *const ofauth_config,
    out: *mut *mut ofauth_client,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a living configuration that nobody changes meanwhile.
        let config = unsafe { pointer::shared(config, "config") }?;
        let client = config.client()?;
        let log = config.log().map(|target| (Log::new(target.level), target));
        let (runtime, workers) = runtime::start(config.worker_threads(), log.as_ref().map(|(log, _)| log))?;
        let inner = Inner {
            client: ManuallyDrop::new(client),
            runtime: ManuallyDrop::new(runtime),
            workers,
            log,
            birthplace: Birthplace::here(),
        };
        hand_out(out, ofauth_client(Arc::new(inner)));
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a client. Calls on other threads that are under way keep what they need and go on to their end; the last one
/// ends the client's threads and closes its connections. That normally takes less than a millisecond and never more than
/// 100: a thread that waits for a name server or a disk is left to itself, touches nothing of the caller's, and ends when
/// the system lets it. Uploads are not cancelled: use an `ofauth_cancel` for that.
///
/// Inside a callback, and in a forked child, this is allowed. The child's copy of the client's memory and descriptors
/// stays with the child. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_free(client: *mut ofauth_client) {
    // SAFETY: the header asks for NULL or a client that was not freed yet.
    infallible(|| unsafe { pointer::free(client) });
}
