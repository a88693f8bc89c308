//! Connections that are open and idle, kept for the next request to the same server.
//!
//! An idle connection is polled by nobody, so it costs no wake-up; whether the server closed it meanwhile shows when
//! it is taken out. One that nobody takes is closed after [`POOL_IDLE`], by a task that lives as long as there are any.
//! Connections are not counted here: a client has as many as its uploads use.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{FutureExt as _, poll_fn};
use http_body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until};

use super::connect::Stream;
use super::socket::ByteCounter;

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

/// An HTTP/1.1 connection together with the future that moves its bytes.
pub(crate) struct Link<B: Sent> {
    pub(crate) sender: http1::SendRequest<B>,
    driver: Pin<Box<http1::Connection<TokioIo<Stream>, B>>>,
    pub(crate) counter: ByteCounter,
    /// Set once the driver has ended; it must not be polled again.
    ended: bool,
}

impl<B: Sent> Link<B> {
    pub(crate) async fn new(stream: Stream, counter: ByteCounter) -> hyper::Result<Self> {
        let (sender, driver) =
            http1::Builder::new().max_buf_size(HYPER_BUFFER).handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Box::pin(driver), counter, ended: false })
    }

    /// Moves the bytes of the connection. Whatever ends it, the future of the request tells of it.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.ended && self.driver.as_mut().poll(cx).is_ready() {
            self.ended = true;
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
        if !self.ended && self.driver.as_mut().now_or_never().is_some() {
            self.ended = true;
        }
        !self.ended && self.sender.is_ready()
    }
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

    /// Takes out the connection to `origin` that was used last, if one is still good.
    pub(crate) fn take(&self, origin: &str) -> Option<Link<B>> {
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
    pub(crate) fn give_back(&self, origin: String, mut link: Link<B>) {
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
    pub(crate) fn drain(&self, origin: &str) {
        self.shelf().idle.retain(|idle| idle.origin != origin);
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
