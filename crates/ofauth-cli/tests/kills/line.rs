//! The line between the command and the server: hands bytes on as they are, counts them, and does something when a
//! certain one has passed.
//!
//! It reads nothing of what it carries, so it is the same below TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What is read at once.
const PIECE: usize = 16 * 1024;

/// Small, so that what was counted is not far behind what was sent.
const RECEIVE_BUFFER: u32 = 64 * 1024;

/// A direction of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// From the command to the server.
    Sent,
    /// From the server to the command.
    Answered,
}

/// What the line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It carries everything.
    Open,
    /// It carries nothing until it is open again.
    Held,
    /// Its connections have ended, and what was in them is lost.
    Cut,
}

/// A byte, and what the line does once it has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) side: Side,
    /// Counted from 1 over all connections.
    pub(crate) byte: u64,
    pub(crate) then: Gate,
}

/// What passes during one run of the command.
pub(crate) struct Traffic {
    mark: Option<Mark>,
    /// Called when the marked byte has passed.
    strike: Box<dyn Fn() + Send + Sync>,
    sent: Mutex<u64>,
    answered: Mutex<u64>,
    gate: watch::Sender<Gate>,
}

impl Traffic {
    pub(crate) fn new(mark: Option<Mark>, strike: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            mark,
            strike: Box::new(strike),
            sent: Mutex::default(),
            answered: Mutex::default(),
            gate: watch::Sender::new(Gate::Open),
        })
    }

    /// The bytes that passed so far.
    pub(crate) fn passed(&self, side: Side) -> u64 {
        *self.count(side).lock().unwrap()
    }

    /// Resolves when the line is held.
    pub(crate) async fn held(&self) {
        self.wait_for(Gate::Held).await;
    }

    /// Opens a line that is held.
    pub(crate) fn release(&self) {
        self.gate.send_replace(Gate::Open);
    }

    async fn wait_for(&self, gate: Gate) {
        // The sender lives as long as this.
        let _ = self.gate.subscribe().wait_for(|now| *now == gate).await;
    }

    fn count(&self, side: Side) -> &Mutex<u64> {
        match side {
            Side::Sent => &self.sent,
            Side::Answered => &self.answered,
        }
    }

    /// Counts bytes that are about to pass. If the marked one is among them, returns how many come up to it, and what
    /// the line does then.
    fn pass(&self, side: Side, bytes: usize) -> Option<(usize, Gate)> {
        let mut count = self.count(side).lock().unwrap();
        let before = *count;
        *count += bytes as u64;
        let mark = self.mark.filter(|mark| mark.side == side)?;
        let is_here = before < mark.byte && mark.byte <= *count;
        is_here.then(|| (usize::try_from(mark.byte - before).unwrap(), mark.then))
    }

    async fn pump(
        &self,
        side: Side,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            self.wait_for(Gate::Open).await;
            let read = from.read(&mut piece).await?;
            if read == 0 {
                return to.shutdown().await;
            }
            let mut rest = &piece[..read];
            if let Some((first, then)) = self.pass(side, read) {
                to.write_all(&rest[..first]).await?;
                (self.strike)();
                self.gate.send_replace(then);
                self.wait_for(Gate::Open).await;
                rest = &rest[first..];
            }
            to.write_all(rest).await?;
        }
    }

    async fn carry(&self, mut client: TcpStream, server: SocketAddr) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut server = TcpStream::connect(server).await?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            () = self.wait_for(Gate::Cut) => Ok(()),
            both = async {
                tokio::try_join!(
                    self.pump(Side::Sent, from_client, to_server),
                    self.pump(Side::Answered, from_server, to_client),
                )
            } => both.map(|_| ()),
        }
    }
}

/// A line to one server. It ends, and its connections with it, when it is dropped.
pub(crate) struct Line {
    address: SocketAddr,
    /// What new connections are counted in.
    now: Arc<Mutex<Arc<Traffic>>>,
    task: JoinHandle<()>,
}

impl Line {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let now = Arc::new(Mutex::new(Traffic::new(None, || {})));
        Self { address, task: tokio::spawn(accept(listener, server, Arc::clone(&now))), now }
    }

    /// Where to connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Counts connections in this from now on. Those that are there already stay where they are.
    pub(crate) fn count_in(&self, traffic: &Arc<Traffic>) {
        *self.now.lock().unwrap() = Arc::clone(traffic);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, now: Arc<Mutex<Arc<Traffic>>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let traffic = Arc::clone(&now.lock().unwrap());
        // A connection that breaks on one side is dropped on the other.
        connections.spawn(async move {
            let _broken = traffic.carry(client, server).await;
        });
    }
}
