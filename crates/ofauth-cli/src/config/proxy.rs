//! Which proxy the environment names for the API's address, and which variable it was.
//!
//! The library never reads these variables; the command does, by curl's rules, and passes the result on. Nothing here
//! connects.

use std::ffi::OsString;

use ofauth::unversioned::is_loopback;
use url::Url;

use super::no_proxy;
use crate::failure::{Failure, Result};

/// The URL of the proxy for requests to `base`, and the variable that names it, if one does. This machine itself is never
/// reached through one.
///
/// As with curl the lower case goes first, and an empty variable is none.
pub(crate) fn from_environment(
    base: &Url,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<(String, &'static str)>> {
    if is_loopback(base) {
        return Ok(None);
    }
    let first = |names: &[&'static str]| -> Result<Option<(String, &'static str)>> {
        for name in names {
            let Some(value) = variable(name) else { continue };
            let value = value.into_string().map_err(|_| {
                Failure::config(format!("the variable {name} is not UTF-8"))
                    .with_hint(format!("set {name} again"))
            })?;
            if !value.trim().is_empty() {
                return Ok(Some((value, name)));
            }
        }
        Ok(None)
    };
    // A web server hands a client's `Proxy` header to CGI programs as HTTP_PROXY: there it is not to be believed.
    let is_cgi = variable("REQUEST_METHOD").is_some();
    let own: &[&str] = match base.scheme() {
        "https" => &["https_proxy", "HTTPS_PROXY"],
        _ if is_cgi => &["http_proxy"],
        _ => &["http_proxy", "HTTP_PROXY"],
    };
    let found = match first(own)? {
        None => first(&["all_proxy", "ALL_PROXY"])?,
        found => found,
    };
    let Some((proxy, variable)) = found else { return Ok(None) };
    if let Some((exceptions, _)) = first(&["no_proxy", "NO_PROXY"])?
        && no_proxy::names(&exceptions, base)
    {
        return Ok(None);
    }
    let proxy = proxy.trim();
    let url = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    Ok(Some((url, variable)))
}

#[cfg(test)]
mod tests {
    use ofauth::ErrorKind;

    use super::*;

    fn proxy(base: &str, variables: &[(&str, &str)]) -> Option<(String, &'static str)> {
        let named = from_environment(&base.parse().unwrap(), |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        });
        named.unwrap()
    }

    #[test]
    fn the_variable_of_the_scheme_wins_over_the_one_for_all_and_lower_case_over_upper() {
        let both = [("ALL_PROXY", "http://all:1"), ("https_proxy", "http://user:pw@secure:2")];
        for (base, variables, wanted) in [
            ("https://api.test", &both[..], Some(("http://user:pw@secure:2", "https_proxy"))),
            ("http://api.test", &both, Some(("http://all:1", "ALL_PROXY"))),
            ("https://api.test", &[("HTTP_PROXY", "http://plain:3")], None),
            ("https://api.test", &[("HTTPS_PROXY", "secure:4")], Some(("http://secure:4", "HTTPS_PROXY"))),
            ("https://api.test", &[("HTTPS_PROXY", " ")], None),
            (
                "https://api.test",
                &[("https_proxy", "a:1"), ("HTTPS_PROXY", "b:2")],
                Some(("http://a:1", "https_proxy")),
            ),
            (
                "https://api.test",
                &[("https_proxy", ""), ("HTTPS_PROXY", "b:2")],
                Some(("http://b:2", "HTTPS_PROXY")),
            ),
            (
                "https://api.test",
                &[("all_proxy", "a:1"), ("ALL_PROXY", "b:2")],
                Some(("http://a:1", "all_proxy")),
            ),
            (
                "http://api.test",
                &[("http_proxy", "a:1"), ("HTTP_PROXY", "b:2")],
                Some(("http://a:1", "http_proxy")),
            ),
            ("https://api.test", &[("all_proxy", "a:1"), ("no_proxy", "api.test"), ("NO_PROXY", "")], None),
            ("http://127.0.0.1:8080", &[("all_proxy", "a:1")], None),
            ("http://[::1]:8080", &[("all_proxy", "a:1")], None),
            ("https://localhost", &[("all_proxy", "a:1")], None),
        ] {
            let wanted = wanted.map(|(url, name)| (url.to_owned(), name));
            assert_eq!(proxy(base, variables), wanted, "{base} {variables:?}");
        }
    }

    #[test]
    fn a_cgi_program_does_not_believe_http_proxy() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(proxy("http://api.test", &cgi), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_told() {
        use std::os::unix::ffi::OsStringExt as _;
        for (set, others) in [("HTTPS_PROXY", ""), ("all_proxy", ""), ("NO_PROXY", "http://p:1")] {
            let failure = from_environment(&"https://api.test".parse().unwrap(), |name| match name {
                name if name == set => Some(OsString::from_vec(vec![0xff])),
                "https_proxy" => Some(others.into()),
                _ => None,
            });
            let failure = failure.unwrap_err();
            assert_eq!(failure.kind(), ErrorKind::Config);
            assert!(failure.text().contains(set), "{}", failure.text());
        }
    }
}
