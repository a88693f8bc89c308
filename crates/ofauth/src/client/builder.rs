//! Sets up a client: its settings, each checked once, and what the calls of the client share.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::{Client, DEFAULT_BASE_URL};
use crate::call::transport::Transport;
use crate::call::used_references::UsedReferences;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::Journal;
use crate::limits::{self, DEFAULT_CONCURRENCY};
use crate::net::exchange::Connections;
use crate::origin::Origins;
use crate::proxy::Proxy;
use crate::rate_limiter::{RateLimit, RateLimiters};
use crate::secret::{self, ApiKey};
use crate::settings::{Settings, connection_header};
use crate::threads::Threads;
use crate::tls::Tls;
use crate::upload::Context;
use crate::upload::transfer::throttle::Throttle;

/// Sets up a [`Client`]. Only the API key is required.
///
/// The library reads no environment variable and no configuration file (but see
/// [`ca_pem`](Self::ca_pem) for the platform's certificate store).
///
/// ```
/// # fn main() -> ofauth::Result<()> {
/// use std::time::Duration;
///
/// let client = ofauth::Client::builder()
///     .api_key("sk_live_0123456789")
///     .connection_id("conn_abc123")
///     .user_agent("studio/1.2")
///     .concurrency(8)
///     .answer_timeout(Duration::from_secs(30))
///     .journal_dir("uploads")
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    api_key: Option<String>,
    connection_id: Option<String>,
    base_url: String,
    user_agent: Option<String>,
    concurrency: usize,
    connect_timeout: Duration,
    stall_timeout: Duration,
    answer_timeout: Duration,
    ca_pem: Option<Vec<u8>>,
    proxy: Option<String>,
    allowed_origins: Vec<String>,
    plain_http: bool,
    bandwidth_limit: Option<NonZeroU64>,
    request_limit: Option<RateLimit>,
    rate_state_dir: Option<PathBuf>,
    journal_dir: Option<PathBuf>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            api_key: None,
            connection_id: None,
            base_url: DEFAULT_BASE_URL.into(),
            user_agent: None,
            concurrency: DEFAULT_CONCURRENCY,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(120),
            ca_pem: None,
            proxy: None,
            allowed_origins: Vec::new(),
            plain_http: false,
            bandwidth_limit: None,
            request_limit: None,
            rate_state_dir: None,
            journal_dir: None,
        }
    }
}

impl ClientBuilder {
    /// The API key of the organization. It is sent to the base URL's server and nowhere else.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The connection, which is a linked account. Calls act on it unless they name another. It looks like `conn_…`.
    pub fn connection_id(mut self, id: impl Into<String>) -> Self {
        self.connection_id = Some(id.into());
        self
    }

    /// The server. Default: [`DEFAULT_BASE_URL`]. A path is kept as a prefix. Plain http is accepted for this machine.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Text in front of the library's own `User-Agent`, such as `my-app/1.2`.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = Some(text.into());
        self
    }

    /// Parts of one upload that are sent in parallel, 1 to [`MAX_CONCURRENCY`](crate::MAX_CONCURRENCY). Default: [`DEFAULT_CONCURRENCY`].
    pub fn concurrency(mut self, parts: usize) -> Self {
        self.concurrency = parts;
        self
    }

    /// The longest time to open a connection, TLS included. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The longest time in which an upload may send no byte on any of its connections. Default: 60 s.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.stall_timeout = limit;
        self
    }

    /// The longest time to wait for an answer after the request was sent. Default: 120 s.
    pub fn answer_timeout(mut self, limit: Duration) -> Self {
        self.answer_timeout = limit;
        self
    }

    /// PEM certificates of the authorities to trust, instead of the platform's.
    ///
    /// Without them, the platform decides at the first https call, or the certificates that `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name. These two variables are read once per process: when the first client of an https server is built.
    /// A platform without certificates is an error, unless the feature `webpki-roots` compiled some in; without that
    /// feature and `platform-verifier`, https needs certificates here.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// An HTTP proxy, `http://[user:password@]host:port`, for all servers except those on this machine.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Another origin, `scheme://host[:port]`, that uploads may send data to. It will see the API key.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Allows plain http to other machines. The API key is then sent unencrypted.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.plain_http = allow;
        self
    }

    /// Limits the bytes per second of all uploads and downloads of the client together. Default: no limit.
    ///
    /// The limit applies to what is given to the kernel, whose buffers (up to 512 KiB per connection) fill at once.
    pub fn bandwidth_limit(mut self, bytes_per_second: NonZeroU64) -> Self {
        self.bandwidth_limit = Some(bytes_per_second);
        self
    }

    /// Keeps a journal of each upload in this directory, so that an upload that was killed can be resumed. Default: no journal.
    ///
    /// Each upload has a file there, which only its owner can read and which is removed when the upload ends. The directory
    /// is created when it is first needed; several clients and processes may share it. It holds the addresses of upload
    /// plans, which are useful to somebody who has the API key, but never the key. See [`Journal`].
    pub fn journal_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.journal_dir = Some(dir.into());
        self
    }

    /// Limits the requests of each connection, if the limit is known beforehand. Default: the limit is learned.
    ///
    /// Requests of the Access API (`/v2/access/…`) wait in turn until the limit allows them, parts of uploads
    /// included. Without this, a client learns the limit from the `X-RateLimit-*` headers and the refusals (429) of
    /// the service, and nothing waits before the service shows one.
    pub fn request_limit(mut self, limit: RateLimit) -> Self {
        self.request_limit = Some(limit);
        self
    }

    /// A directory in which the processes of a machine share what they know of rate limits. Default: none.
    ///
    /// Clients with the same directory, base URL and connection share one limit, and a later process knows what an earlier
    /// one has used. The directory is created when it is needed; only this user can read it. Its files hold numbers, but
    /// neither key nor connection id, and may be deleted at any time.
    pub fn rate_state_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.rate_state_dir = Some(directory.into());
        self
    }

    /// Checks the settings. Nothing is sent and no certificate store is read yet.
    ///
    /// ```
    /// use ofauth::{Client, ErrorKind};
    ///
    /// let error = Client::builder().connection_id("conn_abc123").build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.to_string().contains("no API key is set"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config): a setting is missing or cannot be used; the message names it.
    pub fn build(self) -> Result<Client> {
        let config = |message: String| Error::new(ErrorKind::Config, message);
        let key = self.api_key.ok_or_else(|| config(format!("no API key is set: {}", secret::WHERE_FROM)))?;
        if let Some(id) = &self.connection_id {
            connection_header(id)?;
        }
        let concurrency = limits::concurrency(self.concurrency, ErrorKind::Config)?;
        for (name, limit) in [
            ("connect timeout", self.connect_timeout),
            ("stall timeout", self.stall_timeout),
            ("answer timeout", self.answer_timeout),
        ] {
            if limit.is_zero() {
                return Err(config(format!("the {name} is zero: nothing could ever succeed")));
            }
        }
        let own = concat!("ofauth/", env!("CARGO_PKG_VERSION"));
        let user_agent = self.user_agent.map_or_else(|| own.to_owned(), |text| format!("{text} {own}"));
        let origins = Origins::new(&self.base_url, &self.allowed_origins, self.plain_http)?;
        let tls = Tls::new(self.ca_pem, origins.base().scheme() == "https")?;
        let settings = Arc::new(Settings {
            key: ApiKey::new(key)?,
            connection_id: self.connection_id,
            origins,
            user_agent: HeaderValue::from_str(&user_agent).map_err(|_| {
                config(format!(
                    "the user agent {user_agent:?} contains a character that is not allowed in a header"
                ))
            })?,
            concurrency,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            answer_timeout: self.answer_timeout,
            proxy: self.proxy.as_deref().map(Proxy::new).transpose()?,
            tls: Arc::new(tls),
            threads: Threads::default(),
            answered: Arc::default(),
        });
        let base_url = settings.origins.base().as_str();
        let threads = settings.threads.clone();
        let limiters =
            Arc::new(RateLimiters::new(self.request_limit, self.rate_state_dir, base_url, threads));
        let journal = self.journal_dir.map(Journal::new);
        let references = UsedReferences::new(journal.as_ref().map(Journal::dir), settings.threads.clone());
        let connections = Connections::new(Arc::clone(&settings));
        let transport = Transport::new(settings, connections, limiters, Arc::new(references));
        let throttle = self.bandwidth_limit.map(Throttle::new);
        Ok(Client(Arc::new(Context::new(transport, throttle, journal))))
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .field("connection_id", &self.connection_id)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_by_name() {
        let good = || Client::builder().api_key("sk_canary");
        good().build().unwrap();
        for (builder, names) in [
            (Client::builder(), "API key is set: pass one of your OFAuth organization, from its dashboard"),
            (
                Client::builder().api_key(""),
                "API key is empty; pass one of your OFAuth organization, from its dashboard",
            ),
            (good().connection_id(" "), "connection id"),
            (good().base_url("nonsense"), "base URL"),
            (good().concurrency(0), "concurrency"),
            (good().concurrency(65), "concurrency"),
            (good().stall_timeout(Duration::ZERO), "stall timeout"),
            (good().user_agent("a\nb"), "user agent"),
            (good().ca_pem("no pem"), "CA certificates"),
            (good().proxy("nonsense"), "proxy"),
            (good().allow_origin("https://h/path"), "allowed origin"),
        ] {
            let error = builder.build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{names}");
            assert!(error.to_string().contains(names), "{error}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let builder = Client::builder().api_key("sk_canary");
        assert!(!format!("{builder:?}").contains("sk_canary"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("sk_canary"));
    }
}
