//! An HTTP proxy: its address, what it is told as user name and password, and how that is kept out of what it says.

use http::header::{HeaderMap, PROXY_AUTHENTICATE};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result, Setting};
use crate::origin::host_port;

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
        // Of the parsed address, in which an `@` of the password is encoded: here it would be taken for its end.
        let matched = Matcher::builder().all(url.as_str()).build().intercept(&Uri::from_static("http://any"));
        let authorization = matched.as_ref().and_then(Intercept::basic_auth).cloned();
        let has_login = !url.username().is_empty() || url.password().is_some();
        if has_login != authorization.is_some() {
            return Err(bad("has a user name or password that cannot be sent"));
        }
        let mut secrets = Vec::new();
        if let Some(value) = &authorization {
            let written = url.password().unwrap_or_default();
            // What is no UTF-8 would go out as something else.
            let decode = |text| percent_decode_str(text).decode_utf8();
            let (Ok(_), Ok(password)) = (decode(url.username()), decode(written)) else {
                return Err(bad("has a user name or password that is not UTF-8"));
            };
            let login = value.to_str().unwrap_or_default().trim_start_matches("Basic ");
            secrets = [login, &password, written].map(|secret| Zeroizing::new(secret.to_owned())).into();
            secrets.retain(|secret| secret.len() >= SHORTEST_CUT);
        }
        // Cannot fail for a URL with a host; were it to, the credentials must not stay.
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| bad("cannot be used"))?;
        Ok(Self { url, authorization, secrets })
    }

    /// What it wants if it answers 407, and what helps.
    pub(crate) fn login(&self, headers: &HeaderMap) -> String {
        let offered = headers.get_all(PROXY_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let offered: Vec<&str> = offered.filter_map(|value| value.split_whitespace().next()).collect();
        if !offered.is_empty() && !offered.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic")) {
            return format!("asks for a login by {}, and only Basic is supported", offered.join(", "));
        }
        let refused = if self.authorization.is_some() { ", or refused these" } else { "" };
        let name = host_port(&self.url);
        format!(
            "asks for a user name and password{refused}: set them in its address, http://USER:PASSWORD@{name}"
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_credentials_become_a_hidden_header() {
        let proxy = Proxy::new("http://us%40er:pa%3Ass@proxy.test:3128").unwrap();
        assert_eq!(proxy.url.as_str(), "http://proxy.test:3128/");
        assert_eq!(proxy.authorization.as_ref().unwrap(), "Basic dXNAZXI6cGE6c3M=");
        assert!(!format!("{proxy:?}").contains("pa"), "{proxy:?}");
        for (login, encoded) in
            [("us:p@ss", "dXM6cEBzcw=="), ("us", "dXM6"), (":pw", "OnB3"), ("us:%C3%A4", "dXM6w6Q=")]
        {
            let proxy = Proxy::new(&format!("http://{login}@proxy.test:3128/path")).unwrap();
            let value = proxy.authorization.as_ref().unwrap();
            assert_eq!((value.to_str().unwrap(), value.is_sensitive()), (&*format!("Basic {encoded}"), true));
            assert_eq!((proxy.url.host_str(), proxy.url.port()), (Some("proxy.test"), Some(3128)));
        }
        assert!(Proxy::new("http://proxy.test:3128").unwrap().authorization.is_none());
        assert_eq!(proxy.cut_from("pa:ss, pa%3Ass, dXNAZXI6cGE6c3M="), "[password], [password], [password]");
        for bad in
            ["", "proxy:3128", "socks5://proxy:1080", "https://proxy", "http://", "http://us:%E4@proxy.test"]
        {
            assert_eq!(Proxy::new(bad).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
    }
}
