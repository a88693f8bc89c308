//! One attempt to tell something: an HTTP request of its own connection. What comes back is its status.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Where webhooks go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) url: String,
    uri: Uri,
    host: String,
    port: u16,
    tls: bool,
}

impl Target {
    /// Reads an address, which is http or https.
    pub(crate) fn read(url: &str) -> Result<Self, String> {
        let wrong = || {
            format!("\"{url}\" is no address for webhooks: give one such as http://127.0.0.1:9000/webhook")
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self { url: url.to_owned(), uri, host, port, tls })
    }
}

/// Sends a body, and returns the status of the answer, or what went wrong. It waits as long as it takes.
pub(super) async fn send(
    target: &Target,
    headers: &[(&'static str, String)],
    body: Bytes,
) -> Result<u16, String> {
    let tcp = TcpStream::connect((target.host.as_str(), target.port)).await;
    let tcp = tcp.map_err(|error| error.to_string())?;
    // Without it only performance suffers.
    let _ = tcp.set_nodelay(true);
    let request = request(target, headers, body)?;
    if !target.tls {
        return exchange(tcp, request).await;
    }
    let name = ServerName::try_from(target.host.clone()).map_err(|error| error.to_string())?;
    let config = CONFIG.clone().map_err(|error| error.clone())?;
    let stream = TlsConnector::from(config).connect(name, tcp).await.map_err(|error| error.to_string())?;
    exchange(stream, request).await
}

fn request(
    target: &Target,
    headers: &[(&'static str, String)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, String> {
    let path = target.uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = target.uri.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, authority)
        .header(USER_AGENT, concat!("ofauth-sandbox/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(body)).map_err(|error| error.to_string())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<u16, String> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // The connection works as long as this waits, and ends with it: the body of the answer is nobody's business. A receiver
    // that closes it may have answered before.
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    };
    answer.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
}

/// What https trusts: the certificates of the system.
static CONFIG: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (url, host, port) in [
            ("http://127.0.0.1:9000/x?y=1", "127.0.0.1", 9000),
            ("http://localhost", "localhost", 80),
            ("https://app.example/webhook", "app.example", 443),
            ("http://[::1]:81/", "::1", 81),
        ] {
            let target = Target::read(url).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{url}");
        }
        for url in ["", "localhost:9000", "/x", "ftp://a/", "http://user:word@a/", "http://"] {
            assert!(Target::read(url).unwrap_err().contains("webhook"), "{url}");
        }
    }
}
