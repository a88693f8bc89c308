//! A connection whose end is under control.
//!
//! [`Socket`] carries the bytes of one connection, plain or TLS, and obeys a [`Control`]: the code that answers a
//! request says when the connection ends and how, to the byte. Nothing here knows HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The socket is closed, without a TLS closure alert. The system sends FIN, or RST if bytes of the client are unread.
    #[default]
    Close,
    /// The socket is closed with RST.
    Reset,
}

/// The switch of one connection, shared by its socket, its task and the request in hand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Control(Arc<Switch>);

#[derive(Debug)]
struct Switch {
    /// Set once the connection is to end.
    cut: AtomicBool,
    /// The connection ends when what is written so far has reached the kernel.
    when_flushed: AtomicBool,
    /// The [`Cut`]: 0 is close, 1 is reset.
    how: AtomicU8,
    /// How many more bytes may be written before the connection ends.
    write_budget: AtomicU64,
    changed: Notify,
}

impl Default for Switch {
    fn default() -> Self {
        Self {
            cut: AtomicBool::new(false),
            when_flushed: AtomicBool::new(false),
            how: AtomicU8::new(0),
            write_budget: AtomicU64::new(u64::MAX),
            changed: Notify::new(),
        }
    }
}

impl Control {
    /// Ends the connection now. The first call decides how.
    pub(crate) fn cut(&self, how: Cut) {
        if self.is_cut() {
            return;
        }
        self.remember(how);
        self.0.cut.store(true, Ordering::Release);
        self.0.changed.notify_one();
    }

    /// Ends the connection as soon as everything written before the next flush has been handed to the kernel.
    pub(crate) fn cut_when_flushed(&self, how: Cut) {
        self.remember(how);
        self.0.when_flushed.store(true, Ordering::Release);
    }

    /// Ends the connection after `bytes` more bytes have been written.
    pub(crate) fn cut_after_written(&self, bytes: u64, how: Cut) {
        self.remember(how);
        self.0.write_budget.store(bytes, Ordering::Release);
    }

    /// Waits until the connection is to end.
    pub(crate) async fn ended(&self) {
        while !self.is_cut() {
            self.0.changed.notified().await;
        }
    }

    fn remember(&self, how: Cut) {
        self.0.how.store(u8::from(how == Cut::Reset), Ordering::Release);
    }

    fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::Acquire)
    }

    fn resets(&self) -> bool {
        self.is_cut() && self.0.how.load(Ordering::Acquire) == 1
    }

    fn flushed(&self) {
        if self.0.when_flushed.load(Ordering::Acquire) {
            self.0.cut.store(true, Ordering::Release);
            self.0.changed.notify_one();
        }
    }
}

/// What carries the bytes.
#[derive(Debug)]
pub(crate) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }

    fn reader(&mut self) -> Pin<&mut (dyn AsyncRead + Send + Unpin)> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp),
            Self::Tls(tls) => Pin::new(tls),
        }
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Send + Unpin)> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp),
            Self::Tls(tls) => Pin::new(tls),
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Socket {
    transport: Transport,
    control: Control,
}

impl Socket {
    pub(crate) fn new(transport: Transport, control: Control) -> Self {
        Self { transport, control }
    }

    /// How many of `wanted` bytes may be written: an error once the connection is cut or its budget is used up.
    fn allowance(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        if self.control.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let budget = self.control.0.write_budget.load(Ordering::Acquire);
        if budget == 0 {
            // TLS holds the last record back until it is flushed.
            ready!(self.transport.writer().poll_flush(cx))?;
            self.control.0.cut.store(true, Ordering::Release);
            self.control.0.changed.notify_one();
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(wanted.min(usize::try_from(budget).unwrap_or(usize::MAX))))
    }

    fn spend(&self, written: usize) {
        let budget = &self.control.0.write_budget;
        let left = budget.load(Ordering::Acquire);
        if left != u64::MAX {
            budget.store(left.saturating_sub(written as u64), Ordering::Release);
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.transport.reader().poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let allowed = ready!(self.allowance(cx, buf.len()))?;
        let buf = buf.get(..allowed).unwrap_or(buf);
        let written = ready!(self.transport.writer().poll_write(cx, buf))?;
        self.spend(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.transport.writer().poll_flush(cx))?;
        self.control.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport.writer().poll_shutdown(cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.control.resets() {
            // Nothing can be done about a failure, and the connection ends either way.
            let _ = self.transport.tcp().set_zero_linger();
        }
    }
}
