//! One request on one connection of the scriptable server, in the hands of a handler.
//!
//! The handler reads as much of the body as it likes, writes any bytes at any time, and says what becomes of the
//! connection. Everything that arrives is recorded. This file knows HTTP/1.1 and nothing of the API.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ring::digest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::response::Answer;
use crate::server::{Recorded, Shared};

/// The longest head that is read.
const LONGEST_HEAD: usize = 64 * 1024;
/// Bytes of a body that a record keeps; of a longer one it keeps length and digest.
const KEPT: usize = 256 * 1024;

/// What becomes of the connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It stays open for the next request.
    Keep,
    /// It is ended in order: everything that was written arrives.
    Close,
    /// The socket is closed as it is. If part of the request was not read, the kernel resets the connection.
    Drop,
    /// It is reset, and what was written last may be lost.
    Reset,
    /// It stays open, everything that comes is thrown away, and nothing more is said until the client hangs up.
    Silence,
    /// It stays open, and neither read nor written until the server ends.
    Deaf,
}

/// Method, target and headers of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The method.
    pub method: String,
    /// The target as it was sent.
    pub target: String,
    /// Names as they were sent, and values.
    pub headers: Vec<(String, String)>,
}

impl Head {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        if first.next()? != "HTTP/1.1" || first.next().is_some() {
            return None;
        }
        let headers = lines
            .filter(|line| !line.is_empty())
            .map(|line| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned())))
            .collect::<Option<_>>()?;
        Some(Self { method, target, headers })
    }

    /// The only value of a header; none if it is absent or there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// The bytes below HTTP.
pub(crate) enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Io {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }

    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buf).await,
            Self::Tls(tls) => tls.read(buf).await,
        }
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all(bytes).await,
            Self::Tls(tls) => {
                tls.write_all(bytes).await?;
                tls.flush().await
            }
        }
    }

    async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.shutdown().await,
            Self::Tls(tls) => tls.shutdown().await,
        }
    }
}

/// A request that is being handled.
pub struct Exchange {
    io: Io,
    /// Read from the connection and not yet used.
    ahead: Vec<u8>,
    /// The request's head.
    pub head: Head,
    /// `scheme://host:port` of the server.
    pub origin: Arc<str>,
    left: u64,
    digest: digest::Context,
    record: Arc<Mutex<Recorded>>,
}

impl Exchange {
    /// Bytes of the body that were announced and not read yet.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Reads and records up to `most` bytes of the body; the number read is smaller only at its end.
    pub async fn read(&mut self, most: u64) -> io::Result<u64> {
        let mut buf = vec![0; 256 * 1024];
        let mut read = 0;
        while self.left > 0 && read < most {
            let want = self.left.min(most - read).min(buf.len() as u64) as usize;
            let got = if self.ahead.is_empty() {
                self.io.read(&mut buf[..want]).await?
            } else {
                let got = want.min(self.ahead.len());
                buf[..got].copy_from_slice(&self.ahead[..got]);
                self.ahead.drain(..got);
                got
            };
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            (self.left, read) = (self.left - got as u64, read + got as u64);
            self.note(&buf[..got]);
        }
        Ok(read)
    }

    fn note(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        let mut record = self.record.lock().unwrap();
        record.received += bytes.len() as u64;
        let room = KEPT - record.body.len();
        record.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.left == 0 {
            record.sha256 = Some(self.digest.clone().finish().as_ref().to_vec());
        }
    }

    /// Reads the rest of the body and returns what was received of it in all.
    pub async fn read_body(&mut self) -> io::Result<Recorded> {
        self.read(u64::MAX).await?;
        if self.left == 0 {
            self.note(&[]);
        }
        Ok(self.record.lock().unwrap().clone())
    }

    /// Writes bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.io.write_all(bytes).await
    }

    /// Sends an answer; says whether the connection can go on.
    pub async fn answer(&mut self, answer: &Answer) -> io::Result<Next> {
        let bytes = answer.to_bytes();
        match answer.drip {
            None => self.write(&bytes).await?,
            Some((piece, pause)) => {
                for piece in bytes.chunks(piece) {
                    self.write(piece).await?;
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        }
        Ok(if answer.closes() { Next::Close } else { Next::Keep })
    }

    /// Ends this side of the connection in order and leaves the other open.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.io.shutdown().await
    }

    /// Joins the connection to another one until either ends, as a proxy does.
    pub async fn tunnel(&mut self, mut other: TcpStream) -> io::Result<()> {
        other.write_all(&std::mem::take(&mut self.ahead)).await?;
        match &mut self.io {
            Io::Plain(tcp) => tokio::io::copy_bidirectional(tcp, &mut other).await?,
            Io::Tls(tls) => tokio::io::copy_bidirectional(&mut **tls, &mut other).await?,
        };
        Ok(())
    }
}

/// Serves one connection to its end.
pub(crate) async fn serve(shared: Arc<Shared>, io: Io, connection: usize) -> io::Result<()> {
    let (mut io, mut ahead) = (io, Vec::new());
    loop {
        let Some(text) = read_head(&mut io, &mut ahead).await? else { return Ok(()) };
        let record = Recorded::new(connection, Head::parse(&text));
        let Some(head) = record.head.clone() else {
            shared.record(record);
            return Err(io::ErrorKind::InvalidData.into());
        };
        let left = head.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut exchange = Exchange {
            io,
            ahead,
            origin: Arc::clone(&shared.origin),
            left,
            head,
            digest: digest::Context::new(&digest::SHA256),
            record: shared.record(record),
        };
        match shared.handler.handle(&mut exchange).await? {
            Next::Keep if exchange.left == 0 => {
                io = exchange.io;
                ahead = exchange.ahead;
            }
            Next::Keep | Next::Drop => return Ok(()),
            Next::Close => {
                exchange.io.shutdown().await?;
                // Closing with unread bytes would reset the connection and could lose the answer.
                return drain(&mut exchange.io).await;
            }
            Next::Reset => {
                socket2::SockRef::from(exchange.io.tcp()).set_linger(Some(Duration::ZERO))?;
                return Ok(());
            }
            Next::Silence => return drain(&mut exchange.io).await,
            Next::Deaf => return std::future::pending().await,
        }
    }
}

async fn drain(io: &mut Io) -> io::Result<()> {
    let mut buf = vec![0; 64 * 1024];
    while io.read(&mut buf).await? > 0 {}
    Ok(())
}

/// Reads up to the empty line; `None` at the end of the connection. What follows stays in `ahead`.
async fn read_head(io: &mut Io, ahead: &mut Vec<u8>) -> io::Result<Option<String>> {
    let mut buf = vec![0; 16 * 1024];
    loop {
        if let Some(end) = ahead.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = ahead.drain(..end + 4).collect();
            return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
        }
        if ahead.len() > LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let got = io.read(&mut buf).await?;
        if got == 0 {
            return Ok(None);
        }
        ahead.extend_from_slice(&buf[..got]);
    }
}
