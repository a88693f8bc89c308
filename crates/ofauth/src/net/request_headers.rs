//! The headers that every request has: the API key, the host, and what a proxy on the way wants.

use http::header::{ACCEPT, ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use http::{Method, request};
use url::{Position, Url};

use super::unreachable::Route;
use crate::error::{Error, ErrorKind};
use crate::http::header_names::API_KEY;
use crate::origin::host_port;
use crate::settings::Settings;

/// The head of a request to `url` with these headers, and what every request has besides.
pub(crate) fn head(
    settings: &Settings,
    method: Method,
    url: &Url,
    headers: HeaderMap,
) -> http::Result<request::Builder> {
    let mut builder = head_without_key(settings, method, url, headers)?;
    if let (Some(all), Some(key)) = (builder.headers_mut(), settings.key.header()) {
        all.insert(API_KEY, key);
    }
    Ok(builder)
}

/// The same without the key, for a server that may not see it.
pub(crate) fn head_without_key(
    settings: &Settings,
    method: Method,
    url: &Url,
    headers: HeaderMap,
) -> http::Result<request::Builder> {
    let proxy = plain_proxy(Route::of(settings, url));
    // A proxy that passes plain requests on wants the whole URL, a server only path and query.
    let target = match proxy {
        Some(_) => &url[..Position::AfterQuery],
        None => &url[Position::BeforePath..Position::AfterQuery],
    };
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])?;
    let mut builder = http::Request::builder().method(method).uri(target);
    if let Some(all) = builder.headers_mut() {
        *all = headers;
        all.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        // Without it any coding would do (RFC 9110, section 12.5.3).
        all.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        all.insert(HOST, host);
        all.insert(USER_AGENT, settings.user_agent.clone());
        if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.clone()) {
            all.insert(PROXY_AUTHORIZATION, authorization);
        }
    }
    Ok(builder)
}

/// The error of a connection that was open, told with the proxy that the request itself went to.
pub(crate) fn through(route: Route<'_>, error: Error) -> Error {
    match plain_proxy(route) {
        Some(proxy) if error.kind() != ErrorKind::Resources => {
            let kind = error.kind();
            route.about(error.into_kind(kind, format!("through the proxy {}", host_port(&proxy.url))))
        }
        _ => error,
    }
}

/// The proxy that passes the request itself on, because it is not encrypted.
pub(crate) fn plain_proxy<'a>(route: Route<'a>) -> Option<&'a crate::proxy::Proxy> {
    route.proxy.filter(|_| !route.is_tunnel())
}
