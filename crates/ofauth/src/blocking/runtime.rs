//! The runtime of a blocking client, and what waits for its work.

use std::future::IntoFuture;
use std::io;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, ErrorKind, Result};
use crate::threads::{NAME, STACK, no_thread};

/// Threads of a client's runtime: one would do, two let encryption of several connections run in parallel.
const WORKERS: usize = 2;

/// A runtime that may be dropped anywhere, a thread of another runtime included.
#[derive(Debug)]
pub(super) struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    pub(super) fn start() -> Result<Self> {
        start_runtime(Builder::new_multi_thread(), WORKERS).map(|runtime| Self(Some(runtime)))
    }

    /// What `work` comes to, on a thread that may block.
    pub(super) fn wait<T, E: From<Error>>(
        &self,
        work: impl IntoFuture<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if Handle::try_current().is_ok() {
            let text = "a blocking call inside an async runtime would block it: use the async client there";
            return Err(Error::new(ErrorKind::InvalidArgument, text).into());
        }
        let runtime =
            self.0.as_ref().ok_or_else(|| Error::new(ErrorKind::Internal, "the client's runtime is gone"))?;
        runtime.block_on(async { work.into_future().await })
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Every call has returned by now, so nothing that matters is cut off.
            runtime.shutdown_background();
        }
    }
}

/// A runtime of `workers` threads; for the C library, which has more to set.
///
/// # Errors
///
/// [`Resources`](ErrorKind::Resources) if the system refuses a thread or a descriptor.
#[doc(hidden)]
pub fn start_runtime(mut builder: Builder, workers: usize) -> Result<Runtime> {
    builder.worker_threads(workers).thread_name(NAME).thread_stack_size(STACK).enable_all();
    probe(workers).map_err(no_thread)?;
    // On a thread of its own: one that is ending may have none of what the runtime keeps for each thread.
    let built = start_thread(move || builder.build()).map_err(no_thread)?.join();
    // It panics if another process has taken the threads meanwhile.
    let built = built.map_err(|_| no_thread(io::Error::other("not as many as were asked for")))?;
    built.map_err(|error| {
        let text = format!("the system refused what a client needs ({error}): raise the limit of open files");
        Error::new(ErrorKind::Resources, text).with_source(error)
    })
}

fn start_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(NAME.into()).stack_size(STACK).spawn(work)
}

/// Fails if the system does not give so many threads at once. The runtime would panic half built, and then wait for
/// threads that never began.
fn probe(workers: usize) -> io::Result<()> {
    let (release, held) = channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let start = |_| {
        let held = Arc::clone(&held);
        // Ends when `release` is dropped, for all of them one after another.
        start_thread(move || held.lock().unwrap_or_else(PoisonError::into_inner).recv().is_ok())
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
