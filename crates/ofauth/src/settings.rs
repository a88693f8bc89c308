//! The settings of a client, checked once and then shared unchanged by everything it does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use url::Url;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result, Setting};
use crate::http::tls::Tls;
use crate::journal::Journal;
use crate::net::unreachable::Route;
use crate::origin::{self, Origins};
use crate::secret::ApiKey;
use crate::threads::Threads;

/// What every request of a client needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) key: ApiKey,
    pub(crate) connection_id: Option<String>,
    pub(crate) origins: Origins,
    pub(crate) user_agent: HeaderValue,
    pub(crate) concurrency: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Tls,
    pub(crate) journal: Option<Journal>,
    /// For everything that may wait for the system.
    pub(crate) threads: Threads,
    /// Whether the service ever answered: scheme and port are right then, and what speaks otherwise is a fault that passes.
    pub(crate) answered: AtomicBool,
}

impl Settings {
    /// The connection to act on: the call's own, or the client's.
    pub(crate) fn connection<'a>(&'a self, of_call: Option<&'a str>) -> Result<HeaderValue> {
        let id = of_call.or(self.connection_id.as_deref()).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("this call acts on a connection and none is set: {CONNECTION_FROM}"),
            )
        })?;
        connection_header(id)
    }

    /// The service answered.
    pub(crate) fn set_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether it ever did.
    pub(crate) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// The way to `url`: through the proxy, if one is set and the URL is not on this machine.
    pub(crate) fn route<'a>(&'a self, url: &'a Url) -> Route<'a> {
        Route { url, proxy: self.proxy.as_ref().filter(|_| !origin::is_loopback(url)) }
    }
}

/// Where a connection id comes from, for errors that ask for one.
const CONNECTION_FROM: &str = "give the id of a linked account, conn_…; the operation list_connections has all of them, \
                               and a local sandbox takes any";

/// Checks a connection id and makes it a header value.
pub(crate) fn connection_header(id: &str) -> Result<HeaderValue> {
    if id.trim().is_empty() {
        return Err(Error::new(ErrorKind::Config, format!("the connection id is empty: {CONNECTION_FROM}")));
    }
    let graphic = HeaderValue::from_str(id).ok().filter(|_| id.bytes().all(|byte| byte.is_ascii_graphic()));
    graphic.ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            format!("the connection id {id:?} holds a character that no connection id has"),
        )
    })
}

/// An HTTP proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// The address, credentials removed.
    pub(crate) url: Url,
    /// `Proxy-Authorization`, if the address held credentials.
    pub(crate) authorization: Option<HeaderValue>,
    /// What is cut out of the proxy's own words: password and header value.
    secrets: Vec<Zeroizing<String>>,
}

/// A shorter password would be found in the middle of words, in bytes.
const SHORTEST_CUT: usize = 4;

impl Proxy {
    /// Reads `http://[user:password@]host:port`.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(
                ErrorKind::Config,
                format!("the proxy address {why}: give something like http://proxy.example:3128"),
            )
            .with_setting(Setting::Proxy)
        };
        let mut url = Url::parse(text.trim()).map_err(|_| bad("is not a URL"))?;
        match url.scheme() {
            "http" => {}
            scheme @ ("https" | "socks" | "socks4" | "socks4a" | "socks5" | "socks5h") => {
                return Err(bad(&format!(
                    "begins with {scheme}://, and only proxies by http:// are supported"
                )));
            }
            _ => return Err(bad("is not an http:// address")),
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(bad("names no host"));
        }
        let decode = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let mut secrets = Vec::new();
        let authorization = if url.username().is_empty() && url.password().is_none() {
            None
        } else {
            let password = decode(url.password().unwrap_or_default());
            let mut login = decode(url.username());
            login.push(b':');
            login.extend(&password);
            let login = base64(&login);
            let mut value = HeaderValue::from_str(&format!("Basic {login}"))
                .map_err(|_| bad("has credentials that no header can carry"))?;
            value.set_sensitive(true);
            let written = url.password().unwrap_or_default().to_owned();
            secrets =
                [login, String::from_utf8_lossy(&password).into_owned(), written].map(Zeroizing::new).into();
            secrets.retain(|secret| secret.len() >= SHORTEST_CUT);
            Some(value)
        };
        // Cannot fail for a URL with a host; were it to, the credentials must not stay.
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| bad("cannot be used"))?;
        Ok(Self { url, authorization, secrets })
    }

    /// `text` without the password, for words that the proxy wrote.
    pub(crate) fn cut_from(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[password]"))
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_credentials_become_a_hidden_header() {
        let proxy = Proxy::new("http://us%40er:pa%3Ass@proxy.test:3128").unwrap();
        assert_eq!(proxy.url.as_str(), "http://proxy.test:3128/");
        assert_eq!(proxy.authorization.as_ref().unwrap(), "Basic dXNAZXI6cGE6c3M=");
        assert!(!format!("{proxy:?}").contains("pa"), "{proxy:?}");
        assert!(Proxy::new("http://proxy.test:3128").unwrap().authorization.is_none());
        assert_eq!(proxy.cut_from("pa:ss, pa%3Ass, dXNAZXI6cGE6c3M="), "[password], [password], [password]");
        for bad in ["", "proxy:3128", "socks5://proxy:1080", "https://proxy", "http://"] {
            assert_eq!(Proxy::new(bad).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
    }
}
