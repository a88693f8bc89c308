//! A TCP socket that still hears the answer when the server has stopped listening.
//!
//! A server that refuses a request before it read the body answers, closes, and resets the connection when more of
//! the body arrives. The answer lies in the receive buffer by then, but a client that takes the failed write for
//! the end never reads it. Here a failed write only ends the writing: reads go on until the answer or the end.
//! The socket also counts the bytes that the kernel took, and notices whether what comes is TLS. It sits below TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is seen of one connection from below.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByteCounter(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    accepted: AtomicU64,
    heard: AtomicBool,
    tls: AtomicBool,
}

impl ByteCounter {
    /// Bytes accepted since the connection was opened, TLS framing included.
    pub(crate) fn accepted(&self) -> u64 {
        self.0.accepted.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.accepted.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Whether the other side never said anything.
    pub(crate) fn is_silent(&self) -> bool {
        !self.0.heard.load(Ordering::Relaxed)
    }

    /// Whether the other side began with a record of TLS.
    pub(crate) fn hears_tls(&self) -> bool {
        self.0.tls.load(Ordering::Relaxed)
    }

    /// Looks at the first bytes that came: an alert or a handshake, of any version since SSL 3.
    fn hear(&self, first: &[u8]) {
        self.0.heard.store(true, Ordering::Relaxed);
        self.0.tls.store(matches!(first, [0x15 | 0x16, 3, ..]), Ordering::Relaxed);
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Socket {
    tcp: TcpStream,
    counter: ByteCounter,
    /// Set once the server no longer takes bytes. Writes then wait for ever: whoever writes also reads, and is
    /// woken by the answer or by the end of the connection.
    write_closed: bool,
    /// Whether anything came.
    heard: bool,
    /// Whether requests go over it. Before that, in a handshake, a failed write is the end.
    carries_requests: bool,
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream, counter: ByteCounter) -> Self {
        Self { tcp, counter, write_closed: false, heard: false, carries_requests: false }
    }

    /// From now on an answer may be there although a write failed.
    pub(crate) fn carry_requests(&mut self) {
        self.carries_requests = true;
    }

    fn written(&mut self, result: io::Result<usize>) -> Poll<io::Result<usize>> {
        match result {
            Ok(bytes) => {
                self.counter.add(bytes);
                Poll::Ready(Ok(bytes))
            }
            Err(error) if self.carries_requests && is_hang_up(&error) => {
                self.write_closed = true;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.tcp).poll_read(cx, buf);
        if let (false, Some(new @ [_, ..])) = (self.heard, buf.filled().get(before..)) {
            self.heard = true;
            self.counter.hear(new);
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.write_closed {
            return Poll::Pending;
        }
        let result = ready!(Pin::new(&mut self.tcp).poll_write(cx, buf));
        self.written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.write_closed {
            return Poll::Pending;
        }
        let result = ready!(Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs));
        self.written(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The kernel sends what it took without being asked.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write_closed {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
