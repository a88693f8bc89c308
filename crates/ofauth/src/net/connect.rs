//! Opens connections for the bytes of files: TCP, through a proxy where one is set, with TLS where the URL asks.
//!
//! Racing IPv6 against IPv4 is hyper-util's. Pooling is [`super::pool`]'s.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;
use url::Url;

use super::names::{self, Names};
use super::refused_certificate;
use super::socket::{Meter, Socket};
use crate::error::{Error, ErrorKind, Result};
use crate::http::transport::innermost;
use crate::settings::Settings;

/// Room for the bytes under way on one connection: 10 MB/s at a round trip of 50 ms. The kernel may grant less.
pub(crate) const SEND_BUFFER: usize = 512 * 1024;
/// How long the kernel waits for acknowledgements before it gives a connection up.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(60);

/// An open connection, below HTTP.
pub(crate) enum Stream {
    Plain(Socket),
    Secure(Box<TlsStream<Socket>>),
}

/// Why a connection could not be opened.
pub(crate) struct ConnectError {
    pub(crate) error: Error,
    /// Whether another try may end differently.
    pub(crate) hopeless: bool,
}

/// Opens a connection for requests to `url`, within the connect timeout all steps together.
pub(crate) async fn connect(settings: &Settings, url: &Url) -> Result<(Stream, Meter), ConnectError> {
    let limit = settings.connect_timeout;
    match timeout(limit, open(settings, url)).await {
        Ok(result) => result,
        Err(_) => Err(unreachable(
            url,
            &format!("no connection within {} s", limit.as_secs_f32()),
            ErrorKind::Timeout,
            None,
        )),
    }
}

async fn open(settings: &Settings, url: &Url) -> Result<(Stream, Meter), ConnectError> {
    let mut connector = HttpConnector::new_with_resolver(Names(settings.threads.clone()));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_send_buffer_size(Some(SEND_BUFFER));
    connector.set_connect_timeout(Some(settings.connect_timeout));
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    connector.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));

    let secure = url.scheme() == "https";
    let tcp = match settings.proxy_for(url) {
        None => connector.call(uri(url)?).await.map_err(|error| unreachable_by(url, error))?,
        // Plain requests are handed to the proxy whole; see `put`.
        Some(proxy) if !secure => {
            connector.call(uri(&proxy.url)?).await.map_err(|error| unreachable_by(&proxy.url, error))?
        }
        Some(proxy) => {
            let mut tunnel = Tunnel::new(uri(&proxy.url)?, connector);
            if let Some(authorization) = &proxy.authorization {
                tunnel = tunnel.with_auth(authorization.clone());
            }
            tunnel.call(uri(url)?).await.map_err(|error| unreachable_by(&proxy.url, error))?
        }
    };
    let meter = Meter::default();
    let socket = Socket::new(into_tcp(tcp), meter.clone());
    if !secure {
        return Ok((Stream::Plain(socket), meter));
    }
    let hopeless = |error| ConnectError { error, hopeless: true };
    let config = settings.tls.config().map_err(hopeless)?;
    let name = server_name(url).map_err(hopeless)?;
    match TlsConnector::from(Arc::clone(&config)).connect(name, socket).await {
        Ok(stream) => Ok((Stream::Secure(Box::new(stream)), meter)),
        Err(error) => Err(match refused_certificate(&error) {
            Some(error) => hopeless(error),
            None => unreachable(url, &format!("TLS: {error}"), ErrorKind::Network, Some(error.into())),
        }),
    }
}

fn into_tcp(io: TokioIo<TcpStream>) -> TcpStream {
    io.into_inner()
}

fn uri(url: &Url) -> Result<Uri, ConnectError> {
    url.as_str().parse().map_err(|error: http::uri::InvalidUri| ConnectError {
        error: Error::new(ErrorKind::InvalidPlan, "a URL cannot be used in a request").with_source(error),
        hopeless: true,
    })
}

fn server_name(url: &Url) -> Result<ServerName<'static>> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{host:?} is no name that TLS can check")).with_source(error)
    })
}

fn unreachable_by(url: &Url, error: impl std::error::Error + Send + Sync + 'static) -> ConnectError {
    if let Some(error) = names::refusal(&error) {
        return ConnectError { error, hopeless: true };
    }
    let cause = innermost(&error);
    unreachable(url, &cause, ErrorKind::Network, Some(Box::new(error)))
}

fn unreachable(
    url: &Url,
    cause: &str,
    kind: ErrorKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
) -> ConnectError {
    let origin = url.origin().ascii_serialization();
    let mut error =
        Error::new(kind, format!("{origin} cannot be reached ({cause}): check the network and the base URL"));
    if let Some(source) = source {
        error = error.with_source(source);
    }
    ConnectError { error, hopeless: false }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Self::Secure(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Self::Secure(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Self::Secure(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(io) => io.is_write_vectored(),
            Self::Secure(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_flush(cx),
            Self::Secure(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Self::Secure(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
