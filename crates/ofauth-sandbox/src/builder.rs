//! How a sandbox is set up and started.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::document;
use crate::fault::script::FaultScript;
use crate::handlers::table::{self, Act};
use crate::net::tls;
use crate::rate_limit::RateLimit;
use crate::sandbox::{self, Sandbox};
use crate::server::{self, Server};
use crate::settings::{Settings, Watcher};
use crate::state::State;
use crate::transcript::Exchange;
use crate::webhooks::sender::{SecretText, Webhooks};
use crate::webhooks::signature::WebhookScheme;

/// Sets up a [`Sandbox`]; made by [`Sandbox::builder`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use ofauth_sandbox::{RateLimit, Sandbox};
///
/// let sandbox = Sandbox::builder()
///     .part_size(64 * 1024)
///     .api_key("sk_test")
///     .session_ttl(Duration::from_secs(60))
///     .rate_limit(RateLimit { per_minute: 600, burst: 10 })
///     .start()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a sandbox runs once start is called"]
pub struct SandboxBuilder {
    address: SocketAddr,
    tls: bool,
    receive_buffer: Option<u32>,
    settings: Settings,
    /// A seed that was refused.
    unusable_seed: Option<String>,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on {address}: {source}; choose another address or port 0")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The part size is zero.
    #[error("the sandbox's part size is 0; give it at least 1 byte")]
    PartSize,
    /// A rule of the fault script cannot be played.
    #[error("a fault rule cannot be played: {0}")]
    Faults(String),
    /// A permission or scope does not exist.
    #[error("the sandbox cannot grant that: {0}")]
    Access(String),
    /// A collection to begin with is unknown, or would be too large.
    #[error("the sandbox cannot be seeded: {0}")]
    Seed(String),
    /// An address or the secret of webhooks cannot be used.
    #[error("the sandbox cannot send webhooks: {0}")]
    Webhooks(String),
    /// The certificates of the TLS mode could not be made.
    #[error("the sandbox cannot make its certificates: {0}")]
    Tls(String),
    /// The operations of the API, which are part of this crate, cannot be read: the crate was built wrongly.
    #[error("the sandbox's document.json cannot be read: {0}; generate it again")]
    Document(String),
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: false,
            receive_buffer: None,
            settings: Settings::default(),
            unusable_seed: None,
        }
    }
}

impl SandboxBuilder {
    /// The address to listen on; by default 127.0.0.1 and a port that the system chooses.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The most bytes of a part; by default 5 MiB.
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.settings.part_size = bytes;
        self
    }

    /// Files up to this many bytes go in one request; by default the part size.
    pub fn single_limit(mut self, bytes: u64) -> Self {
        self.settings.single_limit = Some(bytes);
        self
    }

    /// Files above this many bytes are refused with 413; by default what the guide allows: videos above 5 GiB, images and
    /// audio above 50 MiB.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.settings.max_size = Some(bytes);
        self
    }

    /// The only API key that is accepted; by default any.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.access.api_key = Some(key.into());
        self
    }

    /// The scopes of the API key, without which Account and Vault+ routes are answered 403; by default all. `ACCOUNT` is the
    /// only one that is documented.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let without_account = ofauth_sandbox::Sandbox::builder().scopes([""; 0]).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.settings.access.scopes.get_or_insert_default().extend(scopes.into_iter().map(Into::into));
        self
    }

    /// A connection that is known, and may be called for each; others are answered 401. By default any is known. Uploads
    /// and posts of one connection are unknown to others.
    pub fn connection_id(mut self, id: impl Into<String>) -> Self {
        self.settings.access.connections.insert(id.into());
        self
    }

    /// What a connection grants, such as `posts:read`; operations that need something else are answered 403. A connection
    /// for which this is not called grants everything.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let reads_only = ofauth_sandbox::Sandbox::builder()
    ///     .permissions("conn_abc123", ["posts:read", "vault:read"])
    ///     .start()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn permissions<P: Into<String>>(
        mut self,
        connection_id: impl Into<String>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        let granted = self.settings.access.permissions.entry(connection_id.into()).or_default();
        granted.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// An upload session expires when nothing was sent for this long; by default an hour.
    pub fn session_ttl(mut self, ttl: Duration) -> Self {
        self.settings.session_ttl = ttl;
        self
    }

    /// A rate limit for the Access API, counted for each connection id; by default none.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.settings.rate_limit = Some(limit);
        self
    }

    /// Whether to serve https, with a certificate of an authority made for this sandbox: [`Sandbox::ca_pem`].
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// The faults to play.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ofauth_sandbox::{Fault, Sandbox};
    ///
    /// let script = [Fault::status(502).on("upload_part").part(2), Fault::refusal(413).on("init_upload").nth(2)];
    /// let sandbox = Sandbox::builder().faults(script.into_iter().collect()).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn faults(mut self, script: FaultScript) -> Self {
        self.settings.faults = script;
        self
    }

    /// How many items a collection begins with, by default one: `fans`, `posts`, `messages` (in each chat) and so on, or
    /// what the operation with this id lists. An unknown name is an error at the start that lists the known ones. The items
    /// take no memory, however many.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = ofauth_sandbox::Sandbox::builder().seed("fans", 250).seed("posts", 1000).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn seed(mut self, collection: &str, count: u64) -> Self {
        let listed = table::row(collection).filter(|row| row.act == Act::List);
        let collection = listed.map_or(collection, |row| row.collection.name());
        let refused = self.settings.seeds.set(collection, count).err();
        self.unusable_seed = self.unusable_seed.or(refused);
        self
    }

    /// Whether uploaded bytes are counted but not kept: then there is no SHA-256. For benchmarks.
    pub fn discard_bytes(mut self, discard: bool) -> Self {
        self.settings.discard_bytes = discard;
        self
    }

    /// Where the bytes of unfinished uploads lie; by default the system's directory for temporary files.
    pub fn storage_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.settings.storage_dir = Some(directory.into());
        self
    }

    /// Media ids that Vault+ has cached, besides the media of finished uploads.
    pub fn vault_plus_media<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.settings.vault_plus_media.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Whether a part is refused with 409 while another part of its session is in flight.
    pub fn refuse_parallel_parts(mut self, refuse: bool) -> Self {
        self.settings.refuse_parallel_parts = refuse;
        self
    }

    /// Whether a part is refused with 409 while an earlier one is missing.
    pub fn refuse_out_of_order_parts(mut self, refuse: bool) -> Self {
        self.settings.refuse_out_of_order_parts = refuse;
        self
    }

    /// Whether the PUT of a single upload may be repeated after it succeeded: the same answer instead of 409.
    pub fn accept_repeated_single(mut self, accept: bool) -> Self {
        self.settings.accept_repeated_single = accept;
        self
    }

    /// Whether what clients of older documents send is taken: names that are not documented, the names of before, null for
    /// a field that is not set, JSON for an object in the query, and the routes of Vault+ that were replaced. By default all
    /// of it is refused, with what would be right.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let for_an_old_client = ofauth_sandbox::Sandbox::builder().lenient(true).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.settings.lenient = lenient;
        self
    }

    /// A Link session is completed by itself when somebody asked this often how far it is; by default it waits for a sign-in
    /// on its page or by `POST /_sandbox/link/latest`. Looking at the list of connections asks for all hosted sessions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let nobody_has_to_sign_in = ofauth_sandbox::Sandbox::builder().link_after(3).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn link_after(mut self, looks: u32) -> Self {
        self.settings.link.after = Some(looks);
        self
    }

    /// An uploaded media is seen this often before it is ready, by default once. 0 has it ready at once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let slow = ofauth_sandbox::Sandbox::builder().ready_after(5).stored_after(10).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn ready_after(mut self, looks: u32) -> Self {
        self.settings.copies.pace.ready_after = looks;
        self
    }

    /// A new copy in Vault+ is seen this often before it is stored, by default twice: first pending, then storing.
    pub fn stored_after(mut self, looks: u32) -> Self {
        self.settings.copies.pace.stored_after = looks;
        self
    }

    /// The addresses of copies in Vault+ are good for this time; by default for the `presignedUrlTtlSeconds` of the
    /// connection's settings, an hour.
    pub fn media_url_ttl(mut self, ttl: Duration) -> Self {
        self.settings.copies.url_ttl = Some(ttl);
        self
    }

    /// A Link session that was not completed ends after this time; by default half an hour.
    pub fn link_ttl(mut self, ttl: Duration) -> Self {
        self.settings.link.ttl = ttl;
        self
    }

    /// Tells what happens to this address, http or https; may be called for several. Failed attempts are repeated.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// let sandbox = ofauth_sandbox::Sandbox::builder()
    ///     .webhook("http://127.0.0.1:9000/webhook")
    ///     .webhook_retry_base(Duration::from_millis(50))
    ///     .start()
    ///     .await?;
    /// println!("receivers need {}", sandbox.webhook_secret().unwrap());
    /// # Ok(()) }
    /// ```
    pub fn webhook(mut self, url: impl Into<String>) -> Self {
        self.settings.webhooks.urls.push(url.into());
        self
    }

    /// What webhooks are signed with; by default a secret of its own, [`Sandbox::webhook_secret`].
    pub fn webhook_secret(mut self, secret: impl Into<String>) -> Self {
        self.settings.webhooks.secret = Some(SecretText(secret.into()));
        self
    }

    /// In which form webhooks are sent; by default the current one.
    pub fn webhook_scheme(mut self, scheme: WebhookScheme) -> Self {
        self.settings.webhooks.scheme = scheme;
        self
    }

    /// The pause after the first failed attempt of a webhook; by default five seconds. Each further one is four times as long.
    pub fn webhook_retry_base(mut self, pause: Duration) -> Self {
        self.settings.webhooks.first_pause = pause;
        self
    }

    /// Calls this with every request to the API once it is over: answered, or cut off with no status. It is called on
    /// the threads that serve, so it should not take long.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let watched = ofauth_sandbox::Sandbox::builder()
    ///     .on_exchange(|exchange| println!("{} {} {:?}", exchange.method, exchange.path, exchange.status));
    /// let sandbox = watched.start().await?;
    /// # Ok(()) }
    /// ```
    pub fn on_exchange(mut self, watcher: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.settings.watcher = Some(Watcher(Box::new(watcher)));
        self
    }

    /// The size of the system's receive buffer of each connection. A small one lets a client feel a slow reader soon.
    pub fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Starts the sandbox on the current tokio runtime.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// println!("point the client under test to {}", sandbox.base_url());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on or a setting cannot be used.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        document::operations().map_err(StartError::Document)?;
        if self.settings.part_size == 0 {
            return Err(StartError::PartSize);
        }
        self.settings.access.check_names().map_err(StartError::Access)?;
        if let Some(problem) = self.unusable_seed {
            return Err(StartError::Seed(problem));
        }
        for rule in &self.settings.faults.rules {
            rule.check().map_err(StartError::Faults)?;
        }
        let unusable = |source| StartError::Bind { address: self.address, source };
        let listener = server::bind(self.address, self.receive_buffer).map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let identity = self.tls.then(|| tls::identity(address.ip())).transpose().map_err(StartError::Tls)?;
        let (acceptor, ca_pem) = identity.map(|identity| (identity.acceptor, identity.ca_pem)).unzip();
        let webhooks = Webhooks::new(&self.settings.webhooks).map_err(StartError::Webhooks)?;
        let base_url = sandbox::base_url(address, self.tls);
        let state = Arc::new(State::new(self.settings, webhooks, base_url));
        let server = Server::start(listener, acceptor, Arc::clone(&state));
        Ok(Sandbox::running(state, address, ca_pem, server))
    }
}

// The key that is accepted stays out of logs.
impl std::fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("address", &self.address)
            .field("tls", &self.tls)
            .field("part_size", &self.settings.part_size)
            .finish_non_exhaustive()
    }
}
