//! The same client for programs without an async runtime.
//!
//! A thin face: a [`Client`] owns a small runtime and waits for what the async client does.

use std::future::{Future, IntoFuture};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::client::{self, ClientBuilder};
use crate::error::{Error, ErrorKind, Result};
use crate::http::response::Answer;
use crate::posts::Content;
use crate::threads::{NAME, STACK, no_thread};
use crate::upload::{Inspected, Source, Uploaded};
use crate::vault::{Check, VaultPlusBatch};

/// Threads of a client's runtime: one would do, two let encryption of several connections run in parallel.
const WORKERS: usize = 2;

/// A client whose calls block. Cheap to clone; clones share runtime and connections. Usable from any thread, but not
/// from a thread of an async runtime, where calls fail with [`ErrorKind::InvalidArgument`].
#[derive(Debug, Clone)]
pub struct Client {
    inner: client::Client,
    runtime: Arc<OwnRuntime>,
}

/// A runtime that may be dropped anywhere, a thread of another runtime included.
#[derive(Debug)]
struct OwnRuntime(Option<Runtime>);

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

impl Client {
    /// Builds the client and its runtime.
    pub fn new(builder: ClientBuilder) -> Result<Self> {
        let inner = builder.build()?;
        let runtime = start_runtime(Builder::new_multi_thread(), WORKERS)?;
        Ok(Self { inner, runtime: Arc::new(OwnRuntime(Some(runtime))) })
    }

    /// Waits for anything that the async crate offers, such as an adjusted [`Upload`](crate::Upload), a
    /// [`Call`](crate::Call)'s `send` or a method of [`Client::api`](crate::Client::api).
    ///
    /// ```no_run
    /// # fn main() -> ofauth::Result<()> {
    /// let client = ofauth::blocking::Client::new(ofauth::Client::builder().api_key("sk_live_0123456789").connection_id("conn_abc123"))?;
    /// let upload = client.inner().upload_path("clip.mp4").concurrency(8);
    /// let uploaded = client.wait(upload)??;
    /// println!("{}", uploaded.media_upload_id());
    /// # Ok(()) }
    /// ```
    pub fn wait<F: IntoFuture>(&self, work: F) -> Result<F::Output> {
        if Handle::try_current().is_ok() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a blocking call inside an async runtime would stop it: use the async client there",
            ));
        }
        let runtime = self.runtime.0.as_ref();
        let runtime =
            runtime.ok_or_else(|| Error::new(ErrorKind::Internal, "the client's runtime is gone"))?;
        Ok(runtime.block_on(async { work.into_future().await }))
    }

    /// The async client, to make what [`wait`](Self::wait) waits for.
    pub fn inner(&self) -> &client::Client {
        &self.inner
    }

    /// Uploads the file at `path`.
    pub fn upload_path(&self, path: impl Into<PathBuf>) -> Result<Uploaded> {
        self.both(self.inner.upload_path(path).send())
    }

    /// Uploads `source`.
    pub fn upload(&self, source: impl Into<Source>) -> Result<Uploaded> {
        self.both(self.inner.upload(source).send())
    }

    /// What an upload of `source` would send.
    pub fn inspect(&self, source: impl Into<Source>) -> Result<Inspected> {
        let upload = self.inner.upload(source);
        self.both(upload.inspect())
    }

    /// See [`Client::check`](crate::Client::check).
    pub fn check(&self, etag: &str, size: u64) -> Result<Check> {
        self.both(self.inner.check(etag, size))
    }

    /// See [`Client::vault_plus_batch`](crate::Client::vault_plus_batch).
    pub fn vault_plus_batch<I>(&self, ids: I) -> Result<VaultPlusBatch>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.both(self.inner.vault_plus_batch(ids))
    }

    /// See [`Client::create_post`](crate::Client::create_post).
    pub fn create_post(&self, content: &Content) -> Result<Value> {
        self.both(self.inner.create_post(content))
    }

    /// See [`Client::send_message`](crate::Client::send_message).
    pub fn send_message(&self, user_id: &str, content: &Content) -> Result<Value> {
        self.both(self.inner.send_message(user_id, content))
    }

    /// See [`Client::create_mass_message`](crate::Client::create_mass_message).
    pub fn create_mass_message(&self, content: &Content) -> Result<Value> {
        self.both(self.inner.create_mass_message(content))
    }

    /// See [`Client::whoami`](crate::Client::whoami).
    pub fn whoami(&self) -> Result<Value> {
        self.both(self.inner.whoami())
    }

    /// Calls any operation with parameters from a JSON object and an optional JSON body.
    pub fn call(&self, operation_id: &str, params: Value, body: Option<Value>) -> Result<Answer> {
        let call = self.inner.call(operation_id).params(params);
        let call = match body {
            Some(body) => call.body(body),
            None => call,
        };
        self.both(call.send())
    }

    fn both<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.wait(work)?
    }
}
