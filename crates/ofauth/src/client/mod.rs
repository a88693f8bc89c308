//! The client and its builder.

mod builder;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt as _};

pub use self::builder::ClientBuilder;
use crate::batch::UploadAll;
use crate::call::Call;
use crate::error::Result;
use crate::rate_limiter::Budget;
use crate::upload::{Context, Source, Upload};

/// The production server of OFAuth.
pub const DEFAULT_BASE_URL: &str = "https://api.ofauth.com";

/// A client of the OFAuth API. Cheap to clone; clones share their connections. Needs a running tokio runtime.
#[derive(Debug, Clone)]
pub struct Client(pub(crate) Arc<Context>);

impl Client {
    /// Starts to set up a client.
    ///
    /// ```
    /// # fn main() -> ofauth::Result<()> {
    /// let client = ofauth::Client::builder().api_key("sk_live_0123456789").connection_id("conn_abc123").build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// An upload of `source`, to be adjusted and then awaited.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, jpeg: Vec<u8>) -> ofauth::Result<()> {
    /// let source = ofauth::Source::bytes(jpeg).filename("photo.jpg");
    /// let uploaded = client.upload(source).await?;
    /// # Ok(()) }
    /// ```
    pub fn upload(&self, source: impl Into<Source>) -> Upload {
        Upload::new(Arc::clone(&self.0), source.into())
    }

    /// An upload of the file at `path`, to be adjusted and then awaited.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let uploaded = client.upload_path("clip.mp4").concurrency(8).await?;
    /// println!("{}", uploaded.media_upload_id());
    /// # Ok(()) }
    /// ```
    pub fn upload_path(&self, path: impl Into<PathBuf>) -> Upload {
        self.upload(Source::path(path))
    }

    /// Uploads of all `sources`, to be adjusted and then read: a stream of how each ended.
    ///
    /// Sources are taken as they are needed, on the thread that reads the stream: an iterator should not wait for anything.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// use ofauth::{Source, UploadOptions};
    ///
    /// let options = UploadOptions::default().concurrency(2);
    /// let sources = (1..=200).map(|number| Source::path(format!("clips/{number}.mp4")));
    /// let mut batch = client.upload_all(sources).options(&options).files(8);
    /// while let Some(file) = batch.next().await {
    ///     println!("{}: {}", file.name, file.result?.media_upload_id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn upload_all<I>(&self, sources: I) -> UploadAll
    where
        I: IntoIterator<Item: Into<Source>>,
        I::IntoIter: Send + 'static,
    {
        self.upload_all_from(stream::iter(sources))
    }

    /// The same for sources that come as a stream, such as those of a directory that is still being walked.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, paths: tokio::sync::mpsc::Receiver<std::path::PathBuf>) -> ofauth::Result<()> {
    /// use futures_util::stream;
    ///
    /// // The receiving end of a channel, into which a thread that walks a directory puts paths.
    /// let sources = stream::unfold(paths, |mut paths| async move { Some((paths.recv().await?, paths)) });
    /// let mut batch = client.upload_all_from(sources).files(4);
    /// while let Some(file) = batch.next().await {
    ///     println!("{}: {}", file.name, file.result?.media_upload_id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn upload_all_from(&self, sources: impl Stream<Item: Into<Source>> + Send + 'static) -> UploadAll {
        UploadAll::new(Arc::clone(&self.0), sources.map(Into::into))
    }

    /// A call of any operation, chosen by its id. See [`operations()`](crate::operations()) for the ids.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.call("delete_post").param("postId", "1234567890").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn call(&self, operation_id: &str) -> Call {
        Call::new(Arc::clone(&self.0.transport), operation_id)
    }

    /// A call of OnlyFans' own API through the service: any method on `path`, which is the address behind `/api2/v2`.
    ///
    /// `GET` is repeated after failures, other methods only when they cannot have been acted upon.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let me: serde_json::Value = client.proxy_call("GET", "users/me").send().await?.json()?;
    /// # Ok(()) }
    /// ```
    pub fn proxy_call(&self, method: &str, path: &str) -> Call {
        self.call(crate::call::raw::PROXY_REQUEST).param("method", method).param("path", path)
    }

    /// Replaces the API key, for a service that rotates keys. Requests that are sent from now on carry the new one, also those
    /// of uploads under way; connections, journal and what is known of rate limits are kept.
    ///
    /// Former keys are cut out of what a server writes for as long as they are among the last four.
    ///
    /// ```no_run
    /// # fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// // Uploads that are under way in other tasks go on with the new key.
    /// client.set_api_key(std::fs::read_to_string("/run/secrets/ofauth").unwrap_or_default().trim())?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) if no key looks like that. The old one stays then.
    pub fn set_api_key(&self, key: impl Into<String>) -> Result<()> {
        self.0.transport.settings.key.replace(key.into())
    }

    /// The same client for another connection, for a program that works for many accounts. It costs next to nothing: key,
    /// connections to the server, journal and all limits are shared, and each connection has one request budget, whoever
    /// spends it.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, ids: Vec<String>) -> ofauth::Result<()> {
    /// for id in &ids {
    ///     client.for_connection(id)?.upload_path("clip.mp4").await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) if no connection id looks like that.
    pub fn for_connection(&self, id: &str) -> Result<Self> {
        Ok(Self(Arc::new(self.0.for_connection(id)?)))
    }

    /// How many requests the service still allows for a connection, and when the next one may go, as far as is known; by
    /// `None`, for the client's own. Nothing is sent. Nothing is known before the service has shown a limit, unless
    /// [`request_limit`](ClientBuilder::request_limit) states one.
    ///
    /// With [`rate_state_dir`](ClientBuilder::rate_state_dir), what other processes know is read from a small file.
    ///
    /// ```no_run
    /// # fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// if let Some(budget) = client.budget("conn_abc123")? {
    ///     println!("{} of {} left, the next one in {:?}", budget.left, budget.limit, budget.next);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) if no connection id looks like that, or if none is named and none is set.
    pub fn budget<'a>(&self, connection_id: impl Into<Option<&'a str>>) -> Result<Option<Budget>> {
        let connection = self.0.transport.settings.connection(connection_id.into())?;
        Ok(self.0.transport.limiters.of(&connection).budget())
    }

    /// The generated client: every operation as a typed method, through the same transport as everything else, with
    /// its retries and its care for the key. Making it costs next to nothing.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let page = client.api().list_vault_media().limit(10).send().await?;
    /// for media in &page.list {
    ///     println!("{} {:?}", media.id, media.type_);
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "typed")]
    pub fn api(&self) -> ofauth_api::Client {
        let base = self.0.transport.settings.origins.base().as_str();
        ofauth_api::Client::new(base, Arc::clone(&self.0.transport) as _)
    }
}
