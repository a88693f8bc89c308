//! Asks a proxy for a tunnel (CONNECT), and says what it means if there is none.
//!
//! Words of the proxy go into the error on one line and of bounded length. What a proxy is told as user name and
//! password never does.

use bytes::Bytes;
use futures_util::future::join;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Collected, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::unreachable::{Route, innermost, permanent, temporary};
use crate::error::ErrorKind;
use crate::http::api_error::ApiError;
use crate::http::outcome::Failure;
use crate::origin::host_port;
use crate::proxy::Proxy;
use crate::secret::ApiKey;

/// The most that is read of what a proxy says, in bytes.
const LONGEST_PAGE: usize = 16 * 1024;

/// Asks the proxy at the other end of `tcp` for a tunnel to the server, and gives the connection back as one. What the
/// proxy answers instead is an error with its status.
pub(super) async fn open(
    tcp: TcpStream,
    route: Route<'_>,
    proxy: &Proxy,
    key: &ApiKey,
) -> Result<TcpStream, Failure> {
    let broken = |error: hyper::Error| broken(route, proxy, &error);
    let target = host_port(route.url);
    let mut request = Request::connect(&target).header(HOST, &target);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| {
        permanent(ErrorKind::InvalidPlan, format!("{target} cannot be asked for ({error})"))
    })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await.map_err(broken)?;
    // The connection ends when it has become a tunnel, or when the sender is dropped.
    let ask = async move {
        let response = sender.send_request(request).await?;
        Ok::<_, hyper::Error>(if response.status().is_success() { None } else { Some(read(response).await) })
    };
    let (answered, connection) = join(ask, connection.without_shutdown()).await;
    if let Some(refusal) = answered.map_err(broken)? {
        return Err(refused(route, proxy, &refusal, key));
    }
    let parts = connection.map_err(broken)?;
    if !parts.read_buf.is_empty() {
        return Err(rubbish(proxy));
    }
    Ok(parts.io.into_inner())
}

async fn read(response: Response<Incoming>) -> Response<Bytes> {
    let (head, body) = response.into_parts();
    // Without its words the refusal is still one.
    let body = Limited::new(body, LONGEST_PAGE).collect().await;
    Response::from_parts(head, body.map(Collected::to_bytes).unwrap_or_default())
}

fn broken(route: Route<'_>, proxy: &Proxy, error: &hyper::Error) -> Failure {
    if error.is_parse() {
        return rubbish(proxy);
    }
    let cause = match innermost(error) {
        _ if error.is_incomplete_message() || error.is_canceled() => "it closed the connection".to_owned(),
        cause => cause,
    };
    let (name, target) = (host_port(&proxy.url), host_port(route.url));
    temporary(
        ErrorKind::Network,
        format!(
            "the proxy {name} opened no tunnel to {target} ({cause}): check that this is an HTTP proxy, and look at its log"
        ),
    )
}

fn rubbish(proxy: &Proxy) -> Failure {
    let name = host_port(&proxy.url);
    permanent(
        ErrorKind::Config,
        format!(
            "the proxy {name} does not answer as an HTTP proxy does: check its address and port; SOCKS and https:// \
             proxies are not supported"
        ),
    )
}

/// What it means that a proxy answered with something else than a tunnel.
fn refused(route: Route<'_>, proxy: &Proxy, refusal: &Response<Bytes>, key: &ApiKey) -> Failure {
    let (status, headers) = (refusal.status(), refusal.headers());
    let (name, target) = (host_port(&proxy.url), host_port(route.url));
    let words = ApiError::read(headers, refusal.body(), key).message;
    let words = words.map(|words| proxy.cut_from(&words)).filter(|words| !words.is_empty());
    let reason = status.canonical_reason().unwrap_or("no reason given");
    let words = words.unwrap_or_else(|| reason.to_owned());
    let failure = match status.as_u16() {
        407 => permanent(ErrorKind::Proxy, format!("the proxy {name} {} ({words})", proxy.login(headers))),
        408 | 429 | 500..=599 => temporary(
            ErrorKind::Network,
            format!(
                "the proxy {name} opened no tunnel to {target} ({words}): check whether the proxy reaches that server"
            ),
        ),
        _ => permanent(
            ErrorKind::Proxy,
            format!("the proxy {name} refused a tunnel to {target} ({words}): have it allow that server"),
        ),
    };
    failure.map_error(|error| error.with_answer(status.as_u16(), None, None, None))
}
