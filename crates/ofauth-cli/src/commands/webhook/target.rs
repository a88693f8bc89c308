//! Where webhooks are sent to: a URL, taken apart once, before anything is sent.

use url::Url;

use crate::failure::{Failure, Result};

/// An endpoint.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// As it was written, without what may be a password in it.
    pub(super) shown: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
    /// The value of the header `host`.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// The endpoint at a URL, which `flag` gave.
    pub(super) fn parse(flag: &str, text: &str) -> Result<Self> {
        let wrong =
            |why: &str| Failure::argument(format!("{flag}: {why}, such as http://127.0.0.1:3000/webhooks"));
        let url = text.parse::<Url>().map_err(|_| wrong("not a URL: write one"))?;
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("not an address of http:// or https://: write one")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds a name and password, which are not sent: write one without"));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(wrong("it has no host: write one"));
        };
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let shown = format!("{}://{authority}{}", url.scheme(), url.path());
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { shown, host, port, is_tls, authority, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("--to", "http://[::1]:3000/hooks?a=b").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.is_tls), ("::1", 3000, false));
        assert_eq!((target.authority.as_str(), target.path.as_str()), ("[::1]:3000", "/hooks?a=b"));
        assert_eq!(target.shown, "http://[::1]:3000/hooks");
        let target = Target::parse("--to", "https://example.com").unwrap();
        assert_eq!((target.port, target.is_tls, target.path.as_str()), (443, true, "/"));
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in ["", "127.0.0.1:3000", "ftp://example.com", "http://", "http://a:secret@b/"] {
            let failure = Target::parse("--to", text).unwrap_err().text();
            assert!(failure.starts_with("--to: ") && !failure.contains("secret"), "{text}: {failure}");
        }
    }
}
