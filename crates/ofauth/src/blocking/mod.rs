//! The same client for programs without an async runtime.
//!
//! A thin face: a [`Client`] owns a small runtime and waits for what the async client does.

mod call;
mod flows;
mod pages;
mod posts;
mod runtime;
mod typed_call;
mod waits;

use std::future::{IntoFuture, ready};
use std::path::PathBuf;
use std::sync::Arc;

pub use self::call::Call;
pub use self::pages::{Items, Pages};
use self::runtime::OwnRuntime;
#[doc(hidden)]
pub use self::runtime::start_runtime;
pub use self::typed_call::TypedCall;
pub use self::waits::{Download, LinkWait, WaitMedia};
use crate::account::Whoami;
use crate::batch::{self, BatchFile, Batched};
use crate::cancel::Cancel;
use crate::client::{self, ClientBuilder};
use crate::error::{Error, Result};
use crate::rate_limiter::Budget;
use crate::upload::{self, Notice, Progress, Source, UploadOptions, Uploaded, VaultUpload, option_setters};
use crate::vault::{Check, VaultPlusBatch};

/// A client whose calls block. Cheap to clone; clones share runtime and connections. Usable from any thread, but not
/// from a thread of an async runtime, where calls fail with [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
#[derive(Debug, Clone)]
pub struct Client {
    inner: client::Client,
    runtime: Arc<OwnRuntime>,
}

impl Client {
    /// Builds the client and its runtime.
    ///
    /// ```no_run
    /// # fn main() -> ofauth::Result<()> {
    /// use ofauth::{Content, blocking};
    ///
    /// let builder = ofauth::Client::builder().api_key("sk_live_0123456789").connection_id("conn_abc123");
    /// let client = blocking::Client::new(builder)?;
    /// let uploaded = client.upload_path("clip.mp4").concurrency(8).send()?;
    /// client.create_post(&Content::new("New video").media(&uploaded)).send()?;
    /// # Ok(()) }
    /// ```
    pub fn new(builder: ClientBuilder) -> Result<Self> {
        let inner = builder.build()?;
        Ok(Self { inner, runtime: Arc::new(OwnRuntime::start()?) })
    }

    /// Waits for what the async parts of this crate do, such as [`Uploaded::settle`] or a method of the generated client.
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// client.wait(uploaded.settle())?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the work, and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) on a thread of an async runtime.
    pub fn wait<T, E: From<Error>>(&self, work: impl IntoFuture<Output = Result<T, E>>) -> Result<T, E> {
        self.runtime.wait(work)
    }

    /// An upload of `source`, to be adjusted and then sent.
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client, jpeg: Vec<u8>) -> ofauth::Result<()> {
    /// let source = ofauth::Source::bytes(jpeg).filename("photo.jpg");
    /// let uploaded = client.upload(source).send()?;
    /// # Ok(()) }
    /// ```
    pub fn upload(&self, source: impl Into<Source>) -> Upload {
        Upload { upload: self.inner.upload(source), client: self.clone() }
    }

    /// An upload of the file at `path`, to be adjusted and then sent.
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// // Two files at once: a thread for each, and one client for both.
    /// let other = client.clone();
    /// let trailer = std::thread::spawn(move || other.upload_path("trailer.mp4").send());
    /// let film = client.upload_path("film.mp4").send()?;
    /// let trailer = trailer.join().unwrap()?;
    /// # Ok(()) }
    /// ```
    pub fn upload_path(&self, path: impl Into<PathBuf>) -> Upload {
        self.upload(Source::path(path))
    }

    /// Uploads of all `sources`, to be adjusted and then read: an iterator of how each ended. See
    /// [`Client::upload_all`](crate::Client::upload_all).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client, paths: Vec<std::path::PathBuf>) -> ofauth::Result<()> {
    /// for file in client.upload_all(paths).files(8) {
    ///     println!("{}: {}", file.name, file.result?.media_upload_id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn upload_all<I>(&self, sources: I) -> UploadAll
    where
        I: IntoIterator<Item: Into<Source>>,
        I::IntoIter: Send + 'static,
    {
        UploadAll { batch: self.inner.upload_all(sources), client: self.clone(), is_over: false }
    }

    /// A call of any operation, chosen by its id. See [`Client::call`](crate::Client::call).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// let page: serde_json::Value = client.call("list_vault_media").param("limit", 10).send()?.json()?;
    /// # Ok(()) }
    /// ```
    pub fn call(&self, operation_id: &str) -> Call {
        Call::new(self.inner.call(operation_id), &self.runtime)
    }

    /// A call of OnlyFans' own API through the service. See [`Client::proxy_call`](crate::Client::proxy_call).
    pub fn proxy_call(&self, method: &str, path: &str) -> Call {
        Call::new(self.inner.proxy_call(method, path), &self.runtime)
    }

    /// See [`Client::set_api_key`](crate::Client::set_api_key).
    pub fn set_api_key(&self, key: impl Into<String>) -> Result<()> {
        self.inner.set_api_key(key)
    }

    /// See [`Client::for_connection`](crate::Client::for_connection).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// client.for_connection("conn_def456")?.upload_path("clip.mp4").send()?;
    /// # Ok(()) }
    /// ```
    pub fn for_connection(&self, id: &str) -> Result<Self> {
        Ok(Self { inner: self.inner.for_connection(id)?, runtime: Arc::clone(&self.runtime) })
    }

    /// See [`Client::budget`](crate::Client::budget).
    pub fn budget<'a>(&self, connection_id: impl Into<Option<&'a str>>) -> Result<Option<Budget>> {
        self.inner.budget(connection_id)
    }

    /// See [`Client::check`](crate::Client::check).
    pub fn check(&self, etag: &str, size: u64) -> TypedCall<Check> {
        TypedCall::new(self.inner.check(etag, size), &self.runtime)
    }

    /// See [`Client::vault_plus_batch`](crate::Client::vault_plus_batch).
    pub fn vault_plus_batch<I>(&self, ids: I) -> TypedCall<VaultPlusBatch>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        TypedCall::new(self.inner.vault_plus_batch(ids), &self.runtime)
    }

    /// See [`Client::whoami`](crate::Client::whoami).
    pub fn whoami(&self) -> TypedCall<Whoami> {
        TypedCall::new(self.inner.whoami(), &self.runtime)
    }

    /// A list that a builder of [`api`](Self::api) asks for, page by page. See [`Client::pages`](crate::Client::pages).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// for page in client.pages(client.api().list_posts()) {
    ///     println!("{} posts", page?.items().len());
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "typed")]
    pub fn pages<L: ofauth_api::list::List>(&self, list: L) -> Pages<L::Item> {
        Pages::new(self.inner.pages(list), &self.runtime)
    }

    /// The same list item by item. See [`Client::items`](crate::Client::items).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// for media in client.items(client.api().list_vault_media()) {
    ///     println!("{}", media?.id);
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "typed")]
    pub fn items<L: ofauth_api::list::List>(&self, list: L) -> Items<L::Item> {
        self.pages(list).items()
    }

    /// The generated client, whose calls [`wait`](Self::wait) carries out.
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// let page = client.wait(client.api().list_vault_media().limit(10).send())?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "typed")]
    pub fn api(&self) -> ofauth_api::Client {
        self.inner.api()
    }
}

/// An upload that was not started yet: an [`ofauth::Upload`](crate::Upload) whose [`send`](Self::send) blocks.
#[derive(Debug)]
#[must_use = "an upload does nothing until `send` is called"]
pub struct Upload {
    upload: upload::Upload,
    client: Client,
}

impl Upload {
    /// Sets all options at once, in place of those that were set before.
    pub fn options(self, options: &UploadOptions) -> Self {
        self.with(|upload| upload.options(options))
    }

    option_setters!();

    /// See [`Upload::on_progress`](crate::Upload::on_progress). It runs on a thread of the client.
    pub fn on_progress(self, callback: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.with(|upload| upload.on_progress(callback))
    }

    /// See [`Upload::on_notice`](crate::Upload::on_notice). It runs on a thread of the client.
    pub fn on_notice(self, callback: impl FnMut(&Notice) + Send + 'static) -> Self {
        self.with(|upload| upload.on_notice(callback))
    }

    /// A way to end the upload from another thread or a callback.
    pub fn cancel(self, cancel: &Cancel) -> Self {
        self.with(|upload| upload.cancel(cancel))
    }

    /// See [`Upload::open`](crate::Upload::open).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// let upload = client.upload_path("clip.mp4").open()?;
    /// println!("{}: {} bytes", upload.filename(), upload.size());
    /// let uploaded = upload.send()?;
    /// # Ok(()) }
    /// ```
    pub fn open(self) -> Result<OpenUpload> {
        let Self { upload, client } = self;
        let upload = client.wait(upload.open())?;
        Ok(OpenUpload { upload, client })
    }

    /// See [`Upload::send`](crate::Upload::send).
    pub fn send(self) -> Result<Uploaded> {
        self.client.wait(self.upload.send())
    }

    fn with(mut self, change: impl FnOnce(upload::Upload) -> upload::Upload) -> Self {
        self.upload = change(self.upload);
        self
    }

    fn with_options(self, change: impl FnOnce(UploadOptions) -> UploadOptions) -> Self {
        self.with(|upload| upload.with_options(change))
    }
}

/// An upload whose source is open: an [`ofauth::OpenUpload`](crate::OpenUpload) whose [`send`](Self::send) blocks.
#[derive(Debug)]
#[must_use = "an upload does nothing until `send` is called"]
pub struct OpenUpload {
    upload: upload::OpenUpload,
    client: Client,
}

impl OpenUpload {
    /// The file name that the service will see.
    pub fn filename(&self) -> &str {
        self.upload.filename()
    }

    /// The size in bytes, at least 1.
    pub fn size(&self) -> u64 {
        self.upload.size()
    }

    /// The content type that will be declared.
    pub fn content_type(&self) -> &str {
        self.upload.content_type()
    }

    /// See [`OpenUpload::detected_content_type`](crate::OpenUpload::detected_content_type).
    pub fn detected_content_type(&self) -> Option<&str> {
        self.upload.detected_content_type()
    }

    /// See [`Upload::on_progress`].
    pub fn on_progress(self, callback: impl FnMut(&Progress) + Send + 'static) -> Self {
        Self { upload: self.upload.on_progress(callback), ..self }
    }

    /// See [`Upload::on_notice`].
    pub fn on_notice(self, callback: impl FnMut(&Notice) + Send + 'static) -> Self {
        Self { upload: self.upload.on_notice(callback), ..self }
    }

    /// See [`Upload::cancel`].
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { upload: self.upload.cancel(cancel), ..self }
    }

    /// See [`OpenUpload::send`](crate::OpenUpload::send).
    pub fn send(self) -> Result<Uploaded> {
        self.client.wait(self.upload.send())
    }
}

/// Many uploads, some of them at once: an [`ofauth::UploadAll`](crate::UploadAll) that is an iterator. Those that have begun go
/// on between two results; dropping it ends them.
#[derive(Debug)]
#[must_use = "a batch does nothing until it is read"]
pub struct UploadAll {
    batch: batch::UploadAll,
    client: Client,
    is_over: bool,
}

impl UploadAll {
    /// See [`UploadAll::options`](crate::UploadAll::options).
    pub fn options(self, options: &UploadOptions) -> Self {
        self.with(|batch| batch.options(options))
    }

    /// See [`UploadAll::files`](crate::UploadAll::files).
    pub fn files(self, files: usize) -> Self {
        self.with(|batch| batch.files(files))
    }

    /// See [`UploadAll::cancel`](crate::UploadAll::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        self.with(|batch| batch.cancel(cancel))
    }

    /// See [`UploadAll::on_progress`](crate::UploadAll::on_progress). It runs on a thread of the client.
    pub fn on_progress(self, callback: impl FnMut(&BatchFile, &Progress) + Send + 'static) -> Self {
        self.with(|batch| batch.on_progress(callback))
    }

    /// See [`UploadAll::on_notice`](crate::UploadAll::on_notice). It runs on a thread of the client.
    pub fn on_notice(self, callback: impl FnMut(&BatchFile, &Notice) + Send + 'static) -> Self {
        self.with(|batch| batch.on_notice(callback))
    }

    /// See [`UploadAll::filter`](crate::UploadAll::filter). It runs on a thread of the client, and should not block for long.
    pub fn filter(self, is_wanted: impl Fn(BatchFile) -> Result<bool> + Send + Sync + 'static) -> Self {
        self.with(|batch| batch.filter(move |file| ready(is_wanted(file))))
    }

    /// See [`UploadAll::record`](crate::UploadAll::record).
    pub fn record(self, name: impl Into<String>) -> Self {
        self.with(|batch| batch.record(name))
    }

    /// See [`UploadAll::open`](crate::UploadAll::open).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client, paths: Vec<std::path::PathBuf>) -> ofauth::Result<()> {
    /// let mut batch = client.upload_all(paths).record("june");
    /// batch.open()?; // fails if another process uploads these
    /// let references: Vec<_> = batch.by_ref().filter_map(|file| file.result.ok()).collect();
    /// # Ok(()) }
    /// ```
    pub fn open(&mut self) -> Result<()> {
        self.client.wait(self.batch.open())
    }

    /// See [`UploadAll::settle`](crate::UploadAll::settle).
    pub fn settle(&mut self) -> Result<()> {
        self.client.wait(self.batch.settle())
    }

    fn with(mut self, change: impl FnOnce(batch::UploadAll) -> batch::UploadAll) -> Self {
        self.batch = change(self.batch);
        self
    }
}

impl Iterator for UploadAll {
    type Item = Batched;

    /// Waits until the next file has ended. Inside of an async runtime, where that cannot be, the only result is an error.
    fn next(&mut self) -> Option<Batched> {
        if self.is_over {
            return None;
        }
        let ended = self.client.wait(async { Ok::<_, Error>(self.batch.next().await) });
        self.is_over = !matches!(ended, Ok(Some(_)));
        ended.unwrap_or_else(|error| Some(Batched::of(0, String::new(), Err(error))))
    }
}
