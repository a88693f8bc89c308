//! Which servers may be talked to, and so may see the API key.
//!
//! Pure decisions on URLs: the base URL of a client, the origins that its caller allowed besides, and the URLs that
//! an upload plan names. Nothing here connects.

use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result, Setting};

/// The base URL of a client and the further origins that its caller allowed.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    base: Url,
    allowed: Vec<url::Origin>,
    plain_http: bool,
}

impl Origins {
    /// Reads the base URL and the allowed origins, each `scheme://host[:port]`.
    pub(crate) fn new(base: &str, allowed: &[String], plain_http: bool) -> Result<Self> {
        let about_it = |error: Error| error.with_setting(Setting::BaseUrl);
        let base = server_url(base, "base URL", plain_http).map_err(about_it)?;
        let allowed = allowed
            .iter()
            .map(|text| {
                let url = server_url(text, "allowed origin", plain_http)?;
                if url.path() != "/" {
                    return Err(config(format!(
                        "the allowed origin {text:?} has a path: give scheme, host and port only"
                    )));
                }
                Ok(url.origin())
            })
            .collect::<Result<_>>()?;
        Ok(Self { base, allowed, plain_http })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of an API path, which begins with `/v2`. `path` is already percent-encoded.
    pub(crate) fn api_url(&self, path: &str) -> Result<Url> {
        let text = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        Url::parse(&text).map_err(|error| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("the path {path:?} does not make a valid URL: {error}"),
            )
        })
    }

    /// Reads a URL that the service named, and refuses it unless its origin may see the key.
    pub(crate) fn trusted(&self, text: &str, what: &str) -> Result<Url> {
        let url = self.base.join(text).map_err(|error| {
            Error::new(ErrorKind::InvalidPlan, format!("the {what} of the upload plan is not a URL: {error}"))
        })?;
        self.check(&url, what)?;
        Ok(url)
    }

    /// Refuses a URL that nothing may be read from, not even without the key: what comes from there could be changed on the
    /// way, or is this machine's own business.
    pub(crate) fn check_readable(&self, url: &Url, what: &str) -> Result<()> {
        let plain = self.plain_http || (is_loopback(url) && self.base.scheme() == "http");
        let why = match url.scheme() {
            _ if !url.username().is_empty() || url.password().is_some() => "with a user name in it",
            "https" => return Ok(()),
            "http" if plain => return Ok(()),
            _ => "without encryption",
        };
        let origin = url.origin().ascii_serialization();
        let text = format!("the {what} points to {origin}, {why}: nothing was read from there");
        Err(Error::new(ErrorKind::UntrustedOrigin, text))
    }

    /// Refuses `url` unless its origin may see the key.
    pub(crate) fn check(&self, url: &Url, what: &str) -> Result<()> {
        let refuse = |why: &str| {
            let origin = url.origin().ascii_serialization();
            Error::new(
                ErrorKind::UntrustedOrigin,
                format!(
                    "the {what} points to {origin}, {why}: nothing was sent there. Allow that origin if you trust it"
                ),
            )
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("with a user name in it"));
        }
        let origin = url.origin();
        if origin != self.base.origin() && !self.allowed.contains(&origin) {
            return Err(refuse("which is not the configured server"));
        }
        if url.scheme() != "https" && !self.plain_http && !is_loopback(url) {
            return Err(refuse("without encryption"));
        }
        Ok(())
    }
}

/// Whether the URL's host is this machine, by its name or address alone.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        // An IPv4 address written as IPv6 is not looked through: whoever else judges it, such as the choice of a proxy,
        // may not do so either.
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn server_url(text: &str, what: &str, plain_http: bool) -> Result<Url> {
    if !text.contains("://") {
        return Err(config(format!(
            "the {what} {text:?} has no scheme: begin it with https://, or with http:// for a server on this machine"
        )));
    }
    let url = Url::parse(text.trim()).map_err(|error| {
        config(format!(
            "the {what} {text:?} is not a URL ({error}): give something like https://api.ofauth.com"
        ))
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config(format!(
            "the {what} holds a user name or password: remove it, the API key is sent in a header"
        )));
    }
    match url.scheme() {
        "https" => {}
        "http" if plain_http || is_loopback(&url) => {}
        "http" => {
            let error = config(format!(
                "the {what} {text:?} is not encrypted, so others could read the API key on the way"
            ));
            return Err(error
                .with_setting(Setting::PlainHttp)
                .with_next_step("use https, or allow plain http"));
        }
        other => return Err(config(format!("the {what} {text:?} has the scheme {other}: use https"))),
    }
    if url.host_str().is_none_or(str::is_empty) || url.cannot_be_a_base() {
        return Err(config(format!("the {what} {text:?} names no host")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(config(format!("the {what} {text:?} has a query or fragment: remove it")));
    }
    Ok(url)
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Host and port of a URL, the port in every case.
pub(crate) fn host_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        for good in [
            "https://api.ofauth.com",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
            "https://h/gateway/",
        ] {
            Origins::new(good, &[], false).unwrap();
        }
        for bad in [
            "",
            "api.ofauth.com",
            "http://api.ofauth.com",
            "ftp://h",
            "https://",
            "https://u:p@h",
            "https://h?x=1",
            "https://h#f",
            "unix:/x",
            "http://10.0.0.1",
        ] {
            assert_eq!(Origins::new(bad, &[], false).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
        Origins::new("http://10.0.0.1", &[], true).unwrap();
    }

    #[test]
    fn what_is_read_without_the_key_is_encrypted_or_here() {
        let of = |base: &str, plain: bool, url: &str| {
            let origins = Origins::new(base, &[], plain).unwrap();
            origins.check_readable(&Url::parse(url).unwrap(), "address").is_ok()
        };
        assert!(of("https://api.ofauth.com", false, "https://media.ofauth.com/x"));
        assert!(!of("https://api.ofauth.com", false, "http://media.ofauth.com/x"));
        assert!(!of("https://api.ofauth.com", false, "http://127.0.0.1/x"));
        assert!(!of("https://api.ofauth.com", false, "https://user@media.ofauth.com/x"));
        assert!(!of("https://api.ofauth.com", true, "ftp://media.ofauth.com/x"));
        assert!(of("http://10.0.0.1", true, "http://media.ofauth.com/x"));
        assert!(of("http://127.0.0.1:1", false, "http://127.0.0.1:2/x"));
        assert!(!of("http://127.0.0.1:1", false, "http://10.0.0.1/x"));
    }

    #[test]
    fn api_paths_hang_under_the_base() {
        let under =
            |base: &str| Origins::new(base, &[], false).unwrap().api_url("/v2/a%3Ab").unwrap().to_string();
        assert_eq!(under("https://h"), "https://h/v2/a%3Ab");
        assert_eq!(under("https://h/gateway/"), "https://h/gateway/v2/a%3Ab");
    }

    #[test]
    fn only_the_base_and_allowed_origins_are_trusted() {
        let origins =
            Origins::new("https://api.ofauth.com", &["https://up.ofauth.com:8443".into()], false).unwrap();
        for good in [
            "https://api.ofauth.com/v2/x%3Ay?a=1",
            "https://api.ofauth.com:443/",
            "https://up.ofauth.com:8443/p",
            "/v2/relative",
        ] {
            origins.trusted(good, "part URL").unwrap();
        }
        for bad in [
            "http://api.ofauth.com/v2",
            "https://api.ofauth.com:444/",
            "https://api.ofauth.com.evil.test/",
            "https://evil.test/https://api.ofauth.com",
            "https://api.ofauth.com@evil.test/",
            "https://user@api.ofauth.com/",
            "//evil.test/x",
            "https:\\\\evil.test/x",
            "data:text/plain,x",
            "file:///etc/passwd",
        ] {
            assert_eq!(
                origins.trusted(bad, "part URL").unwrap_err().kind(),
                ErrorKind::UntrustedOrigin,
                "{bad}"
            );
        }
        assert_eq!(origins.trusted("https://[", "part URL").unwrap_err().kind(), ErrorKind::InvalidPlan);
    }
}
