//! Clients

use std::mem::ManuallyDrop;
use std::process;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::boundary::{fallible, infallible};
use crate::config::ofauth_config;
use crate::error::ofauth_error;
use crate::log::{Log, LogTarget};
use crate::pointer::{self, Result, hand_out};
use crate::pump::refuse_in_callback;
use crate::runtime;
use crate::status::{OFAUTH_ERR_FORKED, OFAUTH_ERR_INTERNAL, ofauth_status};

/// A client of the API, with its own threads and connections. Any number of threads may use one at the same time.
pub struct ofauth_client(Arc<Inner>);

/// What a client and the calls on it share. The last of them ends the threads.
pub(crate) struct Inner {
    client: ManuallyDrop<ofauth::Client>,
    runtime: ManuallyDrop<Runtime>,
    log: Option<(Log, LogTarget)>,
    /// The process whose threads these are.
    process: u32,
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

    /// Hands over the lines of the log that wait.
    pub(crate) fn deliver_log(&self) {
        if let Some((log, target)) = &self.log {
            log.deliver(target);
        }
    }

    /// Starts a task on the client's threads.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    fn is_of_this_process(&self) -> bool {
        self.process == process::id()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A forked child has this memory and none of the threads. Ending them would wait for ever, and closing the
        // connections would reach into the parent's event queue, which the two share. So all of it is left as it is.
        if !self.is_of_this_process() {
            return;
        }
        // SAFETY: neither is used again.
        let runtime = unsafe { ManuallyDrop::take(&mut self.runtime) };
        runtime::stop(runtime);
        // SAFETY: as above.
        unsafe { ManuallyDrop::drop(&mut self.client) };
    }
}

/// The client behind a pointer of C, for one call.
///
/// # Safety
///
/// NULL, or a client that was not freed yet.
pub(crate) unsafe fn enter(client: *mut ofauth_client) -> Result<Arc<Inner>> {
    // SAFETY: as promised by the caller.
    let client = unsafe { pointer::shared(client, "client") }?;
    if !client.0.is_of_this_process() {
        let text = "the client was made by the parent process, and its threads stayed there: make one in this process";
        return Err(ofauth_error::new(OFAUTH_ERR_FORKED, text));
    }
    refuse_in_callback()?;
    // The call keeps what it needs even if another thread frees the client meanwhile.
    Ok(Arc::clone(&client.0))
}

/// Makes a client and starts its threads. `config` is copied and may be freed. Nothing is sent and no certificate is
/// looked for yet.
///
/// Free it with `ofauth_client_free`. `OFAUTH_ERR_CONFIG`: a setting is wrong, and the message names it.
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
        let runtime =
            runtime::start(config.worker_threads(), log.as_ref().map(|(log, _)| log)).map_err(|error| {
                let text = format!("the client's threads could not be started: {error}");
                ofauth_error::new(OFAUTH_ERR_INTERNAL, &text)
            })?;
        let inner = Inner {
            client: ManuallyDrop::new(client),
            runtime: ManuallyDrop::new(runtime),
            log,
            process: process::id(),
        };
        hand_out(out, ofauth_client(Arc::new(inner)));
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a client. Calls on other threads that are under way keep what they need and go on to their end; the last one
/// ends the client's threads and closes its connections, which normally takes less than a millisecond. Uploads are not
/// cancelled: use an `ofauth_cancel` for that.
///
/// Inside a callback, and in a forked child, this is allowed. The child's copy of the client's memory and descriptors
/// stays with the child. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_client_free(client: *mut ofauth_client) {
    // SAFETY: the header asks for NULL or a client that was not freed yet.
    infallible(|| unsafe { pointer::free(client) });
}
