//! A client as a guest in the caller's process: the library's client, the threads that work for it, its log, and the
//! process that all of it belongs to.
//!
//! It starts and ends the threads, and leaves them alone in a forked child. What C sees of it is `ofauth_client`.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::error::ofauth_error;
use crate::fork_guard::ForkGuard;
use crate::log::{Log, LogTarget};
use crate::pointer::Result;
use crate::runtime::{self, Workers};
use crate::status::{OFAUTH_ERR_FORKED, OFAUTH_ERR_INTERNAL};

/// What a client and the calls on it share. The last of them ends the threads, together with those for other connections.
pub(crate) struct Guest {
    client: ManuallyDrop<ofauth::Client>,
    host: Arc<Host>,
}

/// What the clients for all connections share.
struct Host {
    /// Goes after the threads, whatever else holds it.
    client: ManuallyDrop<ofauth::Client>,
    runtime: ManuallyDrop<Runtime>,
    workers: Workers,
    log: Option<(Log, LogTarget)>,
    /// The process whose threads these are.
    fork_guard: ForkGuard,
}

impl Guest {
    /// Starts `worker_threads` threads for `client`.
    pub(crate) fn new(client: ofauth::Client, worker_threads: usize, log: Option<LogTarget>) -> Result<Self> {
        let log = log.map(|target| (Log::new(target.level), target));
        let (runtime, workers) = runtime::start(worker_threads, log.as_ref().map(|(log, _)| log))?;
        let host = Host {
            client: ManuallyDrop::new(client.clone()),
            runtime: ManuallyDrop::new(runtime),
            workers,
            log,
            fork_guard: ForkGuard::new(),
        };
        Ok(Self { client: ManuallyDrop::new(client), host: Arc::new(host) })
    }

    /// The same threads and connections for another connection of OFAuth.
    pub(crate) fn for_connection(&self, id: &str) -> Result<Self> {
        let client = ManuallyDrop::new(self.client.for_connection(id)?);
        Ok(Self { client, host: Arc::clone(&self.host) })
    }

    pub(crate) fn client(&self) -> &ofauth::Client {
        &self.client
    }

    pub(crate) fn log(&self) -> Option<&(Log, LogTarget)> {
        self.host.log.as_ref()
    }

    /// Hands over the next line of the log, and says whether there was one.
    pub(crate) fn deliver_line(&self) -> bool {
        let Some((log, target)) = &self.host.log else { return false };
        // None after a callback that came back in a forked child, whose copy of the queue may be locked for ever.
        self.in_same_process() && log.deliver_one(target)
    }

    /// The threads that work for it.
    pub(crate) fn workers(&self) -> &Workers {
        &self.host.workers
    }

    /// Starts a task on the client's threads. Fails if they cannot be told, which the runtime answers by a panic.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let spawned = catch_unwind(AssertUnwindSafe(|| drop(self.host.runtime.spawn(task))));
        spawned.map_err(|_| broken())
    }

    /// Whether the client's threads are in this process.
    pub(crate) fn in_same_process(&self) -> bool {
        self.host.fork_guard.in_same_process()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // As for the host.
        if self.in_same_process() {
            // SAFETY: it is not used again.
            unsafe { ManuallyDrop::drop(&mut self.client) };
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A forked child has this memory and none of the threads. Ending them would wait for ever, and closing the
        // connections would reach into the parent's event queue, which the two share. So all of it is left as it is.
        if !self.fork_guard.in_same_process() {
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
