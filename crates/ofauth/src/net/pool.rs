//! Connections that are open and idle, kept for the next request to the same server, and which one a request takes.
//!
//! An idle connection is polled by nobody, so it costs no wake-up; whether the server closed it meanwhile shows when
//! it is taken out. One that nobody takes is closed after [`POOL_IDLE`], by a task that lives as long as there are any.
//! Connections are not counted here: a client has as many as its uploads use.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::connect::{Stream, connect};
use super::request_headers::{plain_proxy, through};
use super::socket::ByteCounter;
use super::unreachable::{Route, innermost};
use crate::error::{Error, ErrorKind};
use crate::http::outcome::Failure;
use crate::http::response::{MISDIRECTED, Response};
use crate::settings::Settings;

/// Idle connections are dropped before the 5 s after which common servers drop theirs, so that a request does not
/// meet a connection that is just being closed.
const POOL_IDLE: Duration = Duration::from_secs(4);
/// The most that hyper may gather before it writes: two pieces of a body and a head.
const HYPER_BUFFER: usize = 256 * 1024;

/// A body that connections carry.
pub(crate) trait Sent:
    Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static
{
}

impl<B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static> Sent for B {}

/// The future that moves the bytes of a connection.
type Driver<B> = Pin<Box<http1::Connection<TokioIo<Stream>, B>>>;

/// An HTTP/1.1 connection together with the future that moves its bytes.
pub(crate) struct Link<B: Sent> {
    pub(crate) sender: http1::SendRequest<B>,
    /// Gone once it has ended: a request that it had not taken up yet hears of that when it is dropped, and never else.
    driver: Option<Driver<B>>,
    pub(crate) counter: ByteCounter,
}

impl<B: Sent> Link<B> {
    /// A new connection for requests to `url`.
    pub(crate) async fn open(settings: &Settings, url: &Url) -> Result<Self, Failure> {
        let (stream, counter) = connect(settings, url).await?;
        Self::over(stream, counter).await
    }

    async fn over(stream: Stream, counter: ByteCounter) -> Result<Self, Failure> {
        let opened = http1::Builder::new().max_buf_size(HYPER_BUFFER).handshake(TokioIo::new(stream)).await;
        let (sender, driver) = opened.map_err(|error| Failure::not_sent(broken(&error)))?;
        Ok(Self { sender, driver: Some(Box::pin(driver)), counter })
    }

    /// Moves the bytes of the connection. Whatever ends it, the future of the request tells of it.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        if self.driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
            self.driver = None;
        }
    }

    /// Awaits `future`, which this connection has to bring about.
    pub(crate) async fn until<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.drive(cx);
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Whether the connection can carry another request, as far as this side can know.
    fn is_usable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }
}

/// The error of a connection that ended before an answer was read.
pub(crate) fn broken(error: &hyper::Error) -> Error {
    let cause = innermost(error);
    Error::new(ErrorKind::Network, format!("the connection broke before an answer came ({cause})"))
}

/// The idle connections of a client for one kind of body.
pub(crate) struct Pool<B: Sent>(Arc<Mutex<Shelf<B>>>);

struct Shelf<B: Sent> {
    /// The one that was put back last stands last.
    idle: VecDeque<Idle<B>>,
    /// Whether a task is there that closes what nobody takes.
    watched: bool,
}

struct Idle<B: Sent> {
    origin: String,
    until: Instant,
    link: Link<B>,
}

impl<B: Sent> Default for Pool<B> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Shelf { idle: VecDeque::new(), watched: false })))
    }
}

impl<B: Sent> Pool<B> {
    fn shelf(&self) -> MutexGuard<'_, Shelf<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to send a request to `url`.
    pub(crate) fn sending<'a>(&'a self, settings: &'a Settings, url: &'a Url) -> Sending<'a, B> {
        let (route, origin) = (Route::of(settings, url), url.origin().ascii_serialization());
        let idle = self.take(&origin);
        Sending { pool: self, settings, route, origin, reused: idle.is_some(), idle, misdirected: false }
    }

    /// Takes out the connection to `origin` that was used last, if one is still good.
    fn take(&self, origin: &str) -> Option<Link<B>> {
        let mut shelf = self.shelf();
        shelf.close_old(Instant::now());
        while let Some(at) = shelf.idle.iter().rposition(|idle| idle.origin == origin) {
            let mut link = shelf.idle.remove(at)?.link;
            if link.is_usable() {
                return Some(link);
            }
        }
        None
    }

    /// Puts a connection back for [`POOL_IDLE`].
    fn give_back(&self, origin: String, mut link: Link<B>) {
        let now = Instant::now();
        if !link.is_usable() {
            return;
        }
        let mut shelf = self.shelf();
        shelf.idle.push_back(Idle { origin, until: now.checked_add(POOL_IDLE).unwrap_or(now), link });
        if !std::mem::replace(&mut shelf.watched, true) {
            tokio::spawn(Watch(Arc::downgrade(&self.0)).run());
        }
    }

    /// Drops every idle connection.
    pub(crate) fn clear(&self) {
        self.shelf().idle.clear();
    }

    /// Drops every idle connection to `origin`: one of them turned out to be dead.
    fn drain(&self, origin: &str) {
        self.shelf().idle.retain(|idle| idle.origin != origin);
    }
}

/// A request that is being sent: over an idle connection if there is one, else over new ones.
pub(crate) struct Sending<'a, B: Sent> {
    pool: &'a Pool<B>,
    settings: &'a Settings,
    route: Route<'a>,
    origin: String,
    idle: Option<Link<B>>,
    reused: bool,
    misdirected: bool,
}

impl<B: Sent> Sending<'_, B> {
    /// The idle connection, for the first try alone.
    pub(crate) fn idle(&mut self) -> Option<Link<B>> {
        self.idle.take()
    }

    /// What became of the request, or nothing if it is to be sent once more at once, over a new connection.
    ///
    /// An idle connection may have been closed by the server in the same moment. `is_dead` knows such a failure, which says
    /// nothing about the service. A request that came to the wrong server (421) has done nothing and goes out again, once.
    pub(crate) fn ended(
        &mut self,
        link: Link<B>,
        sent: Result<Response, Failure>,
        is_dead: impl FnOnce(&Failure) -> bool,
    ) -> Option<Result<Response, Failure>> {
        let is_plain = self.route.url.scheme() == "http";
        let reused = std::mem::take(&mut self.reused);
        match sent {
            Err(_) if is_plain && link.counter.hears_tls() && !self.settings.has_answered() => {
                return Some(Err(Failure::not_sent(self.route.wants_tls()).permanent()));
            }
            Err(failure) if failure.permanent => return Some(Err(failure)),
            Err(failure) if reused && is_dead(&failure) => {
                tracing::debug!(error = %failure.error, "an idle connection was dead");
            }
            Err(failure) => return Some(Err(failure.map_error(|error| through(self.route, error)))),
            Ok(answer) if answer.status == MISDIRECTED && !self.misdirected => self.misdirected = true,
            Ok(answer) => {
                if !answer.before_body && answer.trouble.is_none() {
                    self.pool.give_back(self.origin.clone(), link);
                }
                return Some(Ok(answer.through(plain_proxy(self.route))));
            }
        }
        self.pool.drain(&self.origin);
        None
    }
}

impl<B: Sent> Shelf<B> {
    /// Closes what nobody took in time. Returns when the next one is due.
    fn close_old(&mut self, now: Instant) -> Option<Instant> {
        while self.idle.front().is_some_and(|idle| idle.until <= now) {
            self.idle.pop_front();
        }
        self.idle.front().map(|idle| idle.until)
    }
}

/// The task that closes old connections of a shelf. Does not keep the shelf alive.
struct Watch<B: Sent>(Weak<Mutex<Shelf<B>>>);

impl<B: Sent> Watch<B> {
    async fn run(self) {
        while let Some(due) = self.close_old() {
            sleep_until(due).await;
        }
    }

    fn close_old(&self) -> Option<Instant> {
        let shelf = self.0.upgrade()?;
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let due = shelf.close_old(Instant::now());
        // In the same breath, so that whoever puts one back next starts another task.
        shelf.watched = due.is_some();
        due
    }
}

impl<B: Sent> Drop for Watch<B> {
    fn drop(&mut self) {
        // A runtime that ends takes its tasks along, and the client may go on in another one.
        if let Some(shelf) = self.0.upgrade() {
            let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            if !shelf.idle.is_empty() {
                shelf.watched = false;
            }
        }
    }
}

impl<B: Sent> std::fmt::Debug for Pool<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;
    use tokio_util::either::Either;

    use super::*;
    use crate::net::socket::Socket;

    /// Between the look whether it can be used and the request that goes out over it.
    #[tokio::test]
    async fn a_request_over_a_connection_that_has_just_ended_fails_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let tcp = tcp.into_std().unwrap();
        // Hears of the end when the connection does.
        let other = TcpStream::from_std(tcp.try_clone().unwrap()).unwrap();
        let tcp = TcpStream::from_std(tcp).unwrap();
        let counter = ByteCounter::default();
        let socket = Socket::new(tcp, counter.clone());
        let mut link = Link::over(Either::Left(socket), counter).await.unwrap();
        let request = || http::Request::put("/").body(Full::new(Bytes::new())).unwrap();
        let served = async {
            assert!(server.read(&mut [0; 1024]).await.unwrap() > 0);
            server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        };
        let response = link.sender.send_request(request());
        let (answer, ()) = tokio::join!(link.until(response), served);
        assert_eq!(answer.unwrap().status(), 200);
        assert!(link.is_usable());
        drop(server);
        assert_eq!(other.peek(&mut [0]).await.unwrap(), 0);
        // The runtime tells the connection of it when it looks at its sockets, which it does every so many turns.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        let response = link.sender.send_request(request());
        let ended = timeout(Duration::from_secs(5), link.until(response)).await;
        ended.expect("nobody told of the end").unwrap_err();
        assert!(!link.is_usable());
    }
}
