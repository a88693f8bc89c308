//! Connections that are open and idle, kept for the next PUT to the same server.
//!
//! An idle connection is polled by nobody, so it costs no wake-up; whether the server closed it meanwhile shows when
//! it is taken out. Connections are not counted here: a client has as many as its uploads use.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_util::future::FutureExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::connect::Stream;
use super::socket::Meter;
use crate::http::transport::POOL_IDLE;
use crate::upload::body::RangeBody;

/// The most that hyper may gather before it writes: two pieces of a body and a head.
const HYPER_BUFFER: usize = 256 * 1024;

type Driver = http1::Connection<TokioIo<Stream>, RangeBody>;

/// An HTTP/1.1 connection together with the future that moves its bytes.
pub(crate) struct Link {
    pub(crate) sender: http1::SendRequest<RangeBody>,
    pub(crate) driver: Pin<Box<Driver>>,
    pub(crate) meter: Meter,
    /// Set once the driver has ended; it must not be polled again.
    pub(crate) ended: bool,
}

impl Link {
    pub(crate) async fn new(stream: Stream, meter: Meter) -> hyper::Result<Self> {
        let (sender, driver) =
            http1::Builder::new().max_buf_size(HYPER_BUFFER).handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Box::pin(driver), meter, ended: false })
    }

    /// Whether the connection can carry another request, as far as this side can know.
    fn is_usable(&mut self) -> bool {
        if !self.ended && self.driver.as_mut().now_or_never().is_some() {
            self.ended = true;
        }
        !self.ended && self.sender.is_ready()
    }
}

/// The idle connections of a client.
#[derive(Default)]
pub(crate) struct Pool(Mutex<VecDeque<Idle>>);

struct Idle {
    origin: String,
    since: Instant,
    link: Link,
}

impl Pool {
    /// Takes out the connection to `origin` that was used last, if one is still good.
    pub(crate) fn take(&self, origin: &str) -> Option<Link> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < POOL_IDLE);
        while let Some(at) = idle.iter().rposition(|idle| idle.origin == origin) {
            let mut link = idle.remove(at)?.link;
            if link.is_usable() {
                return Some(link);
            }
        }
        None
    }

    /// Puts a connection back for [`POOL_IDLE`].
    pub(crate) fn give_back(&self, origin: String, mut link: Link) {
        if link.is_usable() {
            let idle = Idle { origin, since: Instant::now(), link };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(idle);
        }
    }

    /// Drops every idle connection to `origin`: one of them turned out to be dead.
    pub(crate) fn drain(&self, origin: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|idle| idle.origin != origin);
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
