//! Threads that may wait for the system: for a disk, a network file system, or a name server that does not answer.
//!
//! Each client has its own. They start when work comes, and end when none came for a while or the client is gone. Nobody
//! waits for one that hangs: all that it touches belongs to its work. The async runtime has threads of this kind, too, but
//! panics when the system gives it none, and does not end before they do.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};

/// The stack of every thread that the library starts, as large as std's default. It is always given, because std looks
/// into the environment for one that is not.
pub const STACK: usize = 2 << 20;

/// The name of every thread of the library.
pub(crate) const NAME: &str = "ofauth";

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

/// The most threads of one client. Further work waits for one of them.
const MOST: usize = 512;

/// Work that is done to its end, whatever becomes of the client.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Who does work that may wait for the system. A simulation has its own.
pub(crate) trait Workers: Send + Sync {
    /// Has `job` done. If nobody can do it, it comes back.
    fn submit(&self, job: Job) -> Result<(), Refused>;
}

/// The threads of one client. Clones are one; the last that goes lets them end.
#[derive(Clone)]
pub struct Threads(Arc<dyn Workers>);

#[derive(Default)]
struct Owner(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// Work that no thread could be had for, and why.
pub(crate) struct Refused {
    pub(crate) error: io::Error,
    pub(crate) job: Job,
}

impl Default for Threads {
    fn default() -> Self {
        Self(Arc::new(Owner::default()))
    }
}

impl Threads {
    /// Work that these do.
    #[cfg(test)]
    pub(crate) fn of(workers: impl Workers + 'static) -> Self {
        Self(Arc::new(workers))
    }

    /// What `work` comes to, on one of the threads.
    ///
    /// # Errors
    ///
    /// [`Resources`](ErrorKind::Resources) if the system gives no thread; [`Internal`](ErrorKind::Internal) if `work`
    /// panics.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let panicked = |_| Error::new(ErrorKind::Internal, "a thread that waits for the system panicked");
        self.start(work)?.await.map_err(panicked)
    }

    /// Starts `work`. Its result comes by the receiver, which is closed if `work` panics. Work whose receiver is dropped
    /// before it began is not done.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>> {
        let (sender, receiver) = oneshot::channel();
        let job = move || {
            if !sender.is_closed() {
                // Whoever wanted it may be gone meanwhile.
                _ = sender.send(work());
            }
        };
        self.submit(Box::new(job)).map_err(|refused| no_thread(refused.error))?;
        Ok(receiver)
    }

    /// Has one of the threads do `job`, to its end, whatever becomes of the client. If there is none and the system gives
    /// none, the job comes back.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Refused> {
        self.0.submit(job)
    }
}

impl Workers for Owner {
    fn submit(&self, job: Job) -> Result<(), Refused> {
        let shared = &self.0;
        // What the work says goes where the caller's words go.
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let mut state = shared.lock();
        state.jobs.push_back(Box::new(move || tracing::dispatcher::with_default(&dispatch, job)));
        if state.jobs.len() <= state.idle {
            shared.changed.notify_one();
            return Ok(());
        }
        if state.threads >= MOST {
            return Ok(());
        }
        let builder = thread::Builder::new().name(NAME.into()).stack_size(STACK);
        let owned = Arc::clone(shared);
        match builder.spawn(move || owned.work()) {
            Ok(_) => state.threads = state.threads.saturating_add(1),
            // One that is at work takes it next.
            Err(_) if state.threads > 0 => {}
            Err(error) => {
                if let Some(job) = state.jobs.pop_back() {
                    return Err(Refused { error, job });
                }
            }
        }
        Ok(())
    }
}

/// The error of work that the system gives no thread for.
pub(crate) fn no_thread(error: io::Error) -> Error {
    let text = format!(
        "the system refused a thread ({error}): raise the limit of threads (ulimit -u, or the pids of the container) or of \
         memory"
    );
    Error::new(ErrorKind::Resources, text).with_source(error)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // Whoever waits for it sees that nothing comes.
                _ = catch_unwind(AssertUnwindSafe(job));
                state = self.lock();
                continue;
            }
            if state.closed {
                break;
            }
            state.idle = state.idle.saturating_add(1);
            let waited = self.changed.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            state.idle = state.idle.saturating_sub(1);
            if waited.1.timed_out() && state.jobs.is_empty() {
                break;
            }
        }
        state.threads = state.threads.saturating_sub(1);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    fn threads() -> (Threads, Arc<Shared>) {
        let owner = Owner::default();
        let shared = Arc::clone(&owner.0);
        (Threads::of(owner), shared)
    }

    /// Waits until `state` is as wanted, for at most ten seconds.
    fn until(shared: &Shared, wanted: impl Fn(&State) -> bool) {
        for _ in 0..1000 {
            if wanted(&shared.lock()) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn rested(shared: &Shared) {
        until(shared, |state| state.idle == state.threads);
    }

    /// How many threads there are, once there are no more than `wanted`.
    fn settled(shared: &Shared, wanted: usize) -> usize {
        until(shared, |state| state.threads <= wanted);
        shared.lock().threads
    }

    #[tokio::test]
    async fn work_is_done_apart_and_a_panic_is_an_error() {
        let threads = Threads::default();
        let here = thread::current().id();
        assert_ne!(threads.run(move || thread::current().id()).await.unwrap(), here);
        #[allow(clippy::panic)]
        let error = threads.run::<()>(|| panic!("in the work")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(threads.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn threads_are_used_again_and_end_with_their_owner() {
        let (threads, shared) = threads();
        for _ in 0..20 {
            threads.run(|| ()).await.unwrap();
            // A result comes a moment before its thread is free.
            rested(&shared);
        }
        assert_eq!(shared.lock().threads, 1);
        let (hold, held): (Sender<()>, _) = channel();
        let hanging = threads.start(move || held.recv()).unwrap();
        let clone = threads.clone();
        drop(threads);
        assert_eq!(clone.run(|| 1).await.unwrap(), 1, "others go on while one hangs");
        drop(clone);
        // The one that hangs belongs to nobody any more, and ends when its work does.
        assert_eq!(settled(&shared, 1), 1);
        drop(hold);
        assert!(hanging.await.unwrap().is_err());
        assert_eq!(settled(&shared, 0), 0);
    }

    #[test]
    fn work_that_nobody_waits_for_is_dropped_and_a_job_is_not() {
        let (threads, shared) = threads();
        shared.lock().threads = MOST;
        let (told, tell) = channel();
        let of_job = told.clone();
        drop(threads.start(move || told.send("work")).unwrap());
        assert!(threads.submit(Box::new(move || of_job.send("job").unwrap())).is_ok());
        drop(threads);
        shared.work();
        assert_eq!(tell.iter().collect::<Vec<_>>(), ["job"]);
    }
}
