//! Which proxy the environment names for the API's address.
//!
//! The library never reads these variables; the command does, by curl's rules, and passes the result on. `NO_PROXY`
//! is matched by hyper-util. Nothing here connects.

use hyper_util::client::proxy::matcher::Matcher;
use url::{Host, Url};

/// The proxy for requests to `base`, if the environment names one. This machine itself is never reached through one.
pub(crate) fn from_environment(base: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if is_loopback(base) {
        return None;
    }
    let first = |names: &[&str]| {
        names.iter().find_map(|name| variable(name)).filter(|value| !value.trim().is_empty())
    };
    // A web server hands a client's `Proxy` header to CGI programs as HTTP_PROXY: there it is not to be believed.
    let is_cgi = variable("REQUEST_METHOD").is_some();
    let own = match base.scheme() {
        "https" => first(&["HTTPS_PROXY", "https_proxy"]),
        _ if is_cgi => first(&["http_proxy"]),
        _ => first(&["HTTP_PROXY", "http_proxy"]),
    };
    let proxy = own.or_else(|| first(&["ALL_PROXY", "all_proxy"]))?;
    let exceptions = first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    // The matcher only decides on the exceptions; the proxy's own text goes to the library as it is.
    let matcher = Matcher::builder().all("http://proxy.invalid").no(exceptions).build();
    matcher.intercept(&base.as_str().parse().ok()?)?;
    let proxy = proxy.trim();
    Some(if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(base: &str, variables: &[(&str, &str)]) -> Option<String> {
        from_environment(&base.parse().unwrap(), |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variable_of_the_scheme_wins_over_the_one_for_all() {
        let both = [("ALL_PROXY", "http://all:1"), ("https_proxy", "http://user:pw@secure:2")];
        assert_eq!(proxy("https://api.test", &both).as_deref(), Some("http://user:pw@secure:2"));
        assert_eq!(proxy("http://api.test", &both).as_deref(), Some("http://all:1"));
        assert_eq!(proxy("https://api.test", &[("HTTP_PROXY", "http://plain:3")]), None);
        assert_eq!(
            proxy("https://api.test", &[("HTTPS_PROXY", "secure:4")]).as_deref(),
            Some("http://secure:4")
        );
        assert_eq!(proxy("https://api.test", &[("HTTPS_PROXY", " ")]), None);
    }

    #[test]
    fn exceptions_and_this_machine_go_direct() {
        for (base, exceptions) in [
            ("https://api.test", "api.test"),
            ("https://v2.api.test", "other,.api.test"),
            ("https://10.1.2.3", "10.0.0.0/8"),
            ("https://api.test", "*"),
            ("http://127.0.0.1:8080", ""),
            ("http://[::1]:8080", ""),
            ("https://localhost", ""),
        ] {
            assert_eq!(proxy(base, &[("ALL_PROXY", "http://p:1"), ("NO_PROXY", exceptions)]), None, "{base}");
        }
        assert!(
            proxy("https://notapi.test", &[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "api.test")]).is_some()
        );
    }

    #[test]
    fn a_cgi_program_does_not_believe_http_proxy() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(proxy("http://api.test", &cgi), None);
    }
}
