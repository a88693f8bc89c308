//! Opens connections: TCP, through a proxy where one is set, with TLS where the URL asks.
//!
//! Racing IPv6 against IPv4 is hyper-util's. Pooling is [`super::pool`]'s.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;
use url::Url;

use super::names::Names;
use super::socket::{ByteCounter, Socket};
use super::tunnel;
use super::unreachable::{Route, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::Failure;
use crate::proxy::Proxy;
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

/// Opens a connection for requests to `url`, within the connect timeout all steps together.
pub(crate) async fn connect(settings: &Settings, url: &Url) -> Result<(Stream, ByteCounter), Failure> {
    let limit = settings.connect_timeout;
    let way = Way { settings, route: Route::of(settings, url), stage: Arc::default() };
    let opened = match timeout(limit, way.open()).await {
        Ok(result) => result,
        Err(_) => Err(way.route.late(way.stage.get(), limit)),
    };
    opened.map_err(|failure| failure.map_error(|error| way.route.about(error)))
}

/// A connection that is being opened.
struct Way<'a> {
    settings: &'a Settings,
    route: Route<'a>,
    stage: Arc<Staged>,
}

impl Way<'_> {
    async fn open(&self) -> Result<(Stream, ByteCounter), Failure> {
        let tcp = match self.route.proxy {
            Some(proxy) if self.route.is_tunnel() => self.tunnel(proxy).await?,
            // Plain requests are handed to the proxy whole; see `head`.
            _ => self.tcp().await?,
        };
        let counter = ByteCounter::default();
        let mut socket = Socket::new(tcp, counter.clone());
        if self.route.url.scheme() != "https" {
            socket.carry_requests();
            return Ok((Stream::Plain(socket), counter));
        }
        self.stage.set(Stage::Tls);
        let permanent = |error| Failure::not_sent(error).permanent();
        let config = self.settings.tls.config().map_err(permanent)?;
        let name = server_name(self.route.url).map_err(permanent)?;
        match TlsConnector::from(Arc::clone(&config)).connect(name, socket).await {
            Ok(mut stream) => {
                stream.get_mut().0.carry_requests();
                Ok((Stream::Secure(Box::new(stream)), counter))
            }
            Err(error) => Err(self.route.no_tls(error, self.settings.has_answered())),
        }
    }

    async fn tcp(&self) -> Result<TcpStream, Failure> {
        let first = self.route.first();
        let resolver =
            Watched { resolver: Names(self.settings.threads.clone()), stage: Arc::clone(&self.stage) };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_send_buffer_size(Some(SEND_BUFFER));
        connector.set_connect_timeout(Some(self.settings.connect_timeout));
        #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
        connector.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));
        self.stage.set(Stage::Tcp);
        let connected = connector.call(uri(first)?).await;
        let limit = self.settings.connect_timeout;
        Ok(connected.map_err(|error| self.route.refused(limit, &error))?.into_inner())
    }

    /// A tunnel through the proxy. One that forbids it is asked once more, for it may be one of several.
    async fn tunnel(&self, proxy: &Proxy) -> Result<TcpStream, Failure> {
        let mut again = true;
        loop {
            let tcp = self.tcp().await?;
            self.stage.set(Stage::Tunnel);
            match tunnel::open(tcp, self.route, proxy, &self.settings.key).await {
                Ok(tcp) => return Ok(tcp),
                Err(refused) if refused.status == Some(403) && again => again = false,
                Err(refused) => return Err(refused.why),
            }
        }
    }
}

/// How far a connection has come, for whoever gives up waiting for it.
#[derive(Default)]
struct Staged(Mutex<Stage>);

impl Staged {
    fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    fn get(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A resolver that tells when it begins and ends.
#[derive(Clone)]
struct Watched<R> {
    resolver: R,
    stage: Arc<Staged>,
}

impl<R: Service<Name, Future: Send + 'static>> Service<Name> for Watched<R> {
    type Response = R::Response;
    type Error = R::Error;
    type Future = Pin<Box<dyn Future<Output = Result<R::Response, R::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        self.resolver.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.stage.set(Stage::Name);
        let (stage, found) = (Arc::clone(&self.stage), self.resolver.call(name));
        Box::pin(async move {
            let found = found.await;
            stage.set(Stage::Tcp);
            found
        })
    }
}

fn uri(url: &Url) -> Result<Uri, Failure> {
    url.as_str().parse().map_err(|error: http::uri::InvalidUri| {
        let error =
            Error::new(ErrorKind::InvalidPlan, "a URL cannot be used in a request").with_source(error);
        Failure::not_sent(error).permanent()
    })
}

fn server_name(url: &Url) -> Result<ServerName<'static>> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{host:?} is no name that TLS can check")).with_source(error)
    })
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
