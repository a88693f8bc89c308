//! Opens connections: TCP, through a proxy where one is set, with TLS where the URL asks.
//!
//! Racing IPv6 against IPv4 is hyper-util's. Pooling is [`super::pool`]'s.

use std::error::Error as StdError;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower_service::Service;
use url::Url;

use super::socket::{ByteCounter, Socket};
use super::tunnel;
use super::unreachable::{Route, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::Failure;
use crate::proxy::Proxy;
use crate::settings::Settings;
use crate::threads::Threads;

/// Room for the bytes under way on one connection: 10 MB/s at a round trip of 50 ms. The kernel may grant less.
pub(crate) const SEND_BUFFER: usize = 512 * 1024;
/// How long the kernel waits for acknowledgements before it gives a connection up.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(60);

/// An open connection, below HTTP: plain, or with TLS.
pub(super) type Stream = Either<Socket, Box<TlsStream<Socket>>>;

/// Opens a connection for requests to `url`, within the connect timeout all steps together.
pub(crate) async fn connect(settings: &Settings, url: &Url) -> Result<(Stream, ByteCounter), Failure> {
    let limit = settings.connect_timeout;
    let way = Way { settings, route: Route::of(settings, url), stage: watch::Sender::default() };
    let opened = timeout(limit, way.open()).await;
    let opened = opened.unwrap_or_else(|_| Err(way.route.late(*way.stage.borrow(), limit)));
    opened.map_err(|failure| failure.map_error(|error| way.route.about(error)))
}

/// A connection that is being opened.
struct Way<'a> {
    settings: &'a Settings,
    route: Route<'a>,
    /// How far it has come.
    stage: watch::Sender<Stage>,
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
            return Ok((Stream::Left(socket), counter));
        }
        self.stage.send_replace(Stage::Tls);
        let permanent = |error| Failure::not_sent(error).permanent();
        let config = self.settings.tls.config().map_err(permanent)?;
        let name = server_name(self.route.url).map_err(permanent)?;
        let secured = TlsConnector::from(config).connect(name, socket).await;
        let mut stream = secured.map_err(|error| self.route.no_tls(error, self.settings.has_answered()))?;
        stream.get_mut().0.carry_requests();
        Ok((Stream::Right(Box::new(stream)), counter))
    }

    async fn tcp(&self) -> Result<TcpStream, Failure> {
        let limit = self.settings.connect_timeout;
        let resolver = Resolver { threads: self.settings.threads.clone(), stage: self.stage.clone() };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_send_buffer_size(Some(SEND_BUFFER));
        connector.set_connect_timeout(Some(limit));
        #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
        connector.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));
        self.stage.send_replace(Stage::Tcp);
        let connected = connector.call(uri(self.route.first())?).await;
        Ok(connected.map_err(|error| self.route.refused(limit, &error))?.into_inner())
    }

    /// A tunnel through the proxy. One that forbids it is asked once more, for it may be one of several.
    async fn tunnel(&self, proxy: &Proxy) -> Result<TcpStream, Failure> {
        let mut again = true;
        loop {
            let tcp = self.tcp().await?;
            self.stage.send_replace(Stage::Tunnel);
            match tunnel::open(tcp, self.route, proxy, &self.settings.key).await {
                Ok(tcp) => return Ok(tcp),
                Err(refused) if refused.error.status() == Some(403) && again => again = false,
                Err(refused) => return Err(refused),
            }
        }
    }
}

/// Looks up the addresses of names by the system's resolver, on threads that may wait for it.
#[derive(Clone)]
struct Resolver {
    threads: Threads,
    stage: watch::Sender<Stage>,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    /// The system gave no thread, or found no addresses.
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { threads, stage } = self.clone();
        stage.send_replace(Stage::Name);
        Box::pin(async move {
            // The port is set by those who connect.
            let found = threads.run(move || (name.as_str(), 0).to_socket_addrs()).await;
            stage.send_replace(Stage::Tcp);
            Ok(found??)
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
        Error::new(ErrorKind::Config, format!("{host:?} is not a name that TLS can verify"))
            .with_source(error)
    })
}
