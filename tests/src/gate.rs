//! A gate in front of a server: a line that fails below HTTP, and below TLS too.
//!
//! It hands bytes on as they are. Nobody may be listening at it, it may break a connection before or in the middle of a
//! handshake, lead it to another server, or be as slow as a home line that all connections share. It reads nothing of
//! what it carries.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// What is read at once, and so the unit in which a shared line goes round.
const PIECE: usize = 16 * 1024;
/// Small, so that a slow line is felt by those who send and not hidden in the kernel.
const RECEIVE_BUFFER: u32 = 64 * 1024;

/// What a gate does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Hands everything on.
    Through,
    /// Hands everything on, to another server.
    To(SocketAddr),
    /// Reads so many bytes, hands on none, and then does this.
    Fail(usize, Failing),
}

/// How a gate ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// It is reset.
    Reset,
    /// It is ended in order.
    Close,
    /// It stays open, and neither read nor written.
    Silence,
    /// These bytes are written, then it is ended in order.
    Say(&'static [u8]),
}

type Script = Box<dyn Fn(usize) -> Pass + Send + Sync>;

/// A gate before it is opened.
pub struct Before {
    server: SocketAddr,
    script: Script,
    line: Option<Line>,
    shut_at: Option<usize>,
}

impl Before {
    /// Decides about each connection, counted from 0.
    pub fn script(mut self, script: impl Fn(usize) -> Pass + Send + Sync + 'static) -> Self {
        self.script = Box::new(script);
        self
    }

    /// Hands on so many bytes a second, all connections to the server together.
    pub fn rate(mut self, bytes_per_second: u64) -> Self {
        self.line = Some(Line { bytes_per_second, free: Mutex::new(Instant::now()) });
        self
    }

    /// Once so many connections came nobody listens any more, until [`Gate::open`].
    pub fn shut_at(mut self, connections: usize) -> Self {
        self.shut_at = Some(connections);
        self
    }

    /// Starts on a free port of the loopback address.
    pub async fn start(self) -> Gate {
        // Never listens, and keeps the port while nobody does.
        let reserved = socket(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = reserved.local_addr().unwrap();
        let open = watch::Sender::new(false);
        let accepted = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(self);
        let first = (shared.shut_at != Some(0)).then(|| listen(address));
        let task = tokio::spawn(keep(shared, address, first, open.subscribe(), Arc::clone(&accepted)));
        Gate { address, open, accepted, task, _reserved: reserved }
    }
}

/// A running gate. It ends, and its connections with it, when it is dropped.
pub struct Gate {
    address: SocketAddr,
    open: watch::Sender<bool>,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
    _reserved: TcpSocket,
}

impl Gate {
    /// A gate in front of `server`.
    pub fn before(server: SocketAddr) -> Before {
        Before { server, script: Box::new(|_| Pass::Through), line: None, shut_at: None }
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has somebody listen again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
    socket.bind(address).unwrap();
    socket
}

fn listen(address: SocketAddr) -> TcpListener {
    socket(address).listen(1024).unwrap()
}

async fn keep(
    gate: Arc<Before>,
    address: SocketAddr,
    mut listener: Option<TcpListener>,
    mut open: watch::Receiver<bool>,
    accepted: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    loop {
        if listener.is_none() && open.wait_for(|open| *open).await.is_err() {
            return;
        }
        let listening = listener.get_or_insert_with(|| listen(address));
        let Ok((client, _)) = listening.accept().await else { return };
        while connections.try_join_next().is_some() {}
        let number = accepted.fetch_add(1, Ordering::SeqCst);
        if gate.shut_at == Some(number + 1) && !*open.borrow() {
            // Before anything goes over the connection: what follows it must not find a listener.
            drop(listener.take());
        }
        let gate = Arc::clone(&gate);
        connections.spawn(async move {
            // A connection that breaks is broken on the other side, too; the tests look at both.
            let _broken = carry(&gate, client, number).await;
        });
    }
}

async fn carry(gate: &Before, mut client: TcpStream, number: usize) -> io::Result<()> {
    client.set_nodelay(true)?;
    let server = match (gate.script)(number) {
        Pass::Through => gate.server,
        Pass::To(server) => server,
        Pass::Fail(bytes, failing) => {
            let mut heard = vec![0; bytes];
            client.read_exact(&mut heard).await?;
            return fail(client, failing).await;
        }
    };
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    let carried = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let up = async {
            let mut piece = vec![0; PIECE];
            loop {
                let read = from_client.read(&mut piece).await?;
                if read == 0 {
                    return to_server.shutdown().await;
                }
                if let Some(line) = &gate.line {
                    line.carry(read).await;
                }
                to_server.write_all(&piece[..read]).await?;
            }
        };
        let down = async {
            tokio::io::copy(&mut from_server, &mut to_client).await?;
            to_client.shutdown().await
        };
        tokio::try_join!(up, down)
    };
    if carried.is_err() {
        // What broke on one side breaks on the other in the same way.
        for stream in [&client, &server] {
            let _gone = reset(stream);
        }
    }
    Ok(())
}

async fn fail(mut client: TcpStream, failing: Failing) -> io::Result<()> {
    match failing {
        Failing::Reset => reset(&client),
        Failing::Silence => std::future::pending().await,
        Failing::Close => end(client).await,
        Failing::Say(bytes) => {
            client.write_all(bytes).await?;
            end(client).await
        }
    }
}

/// Ends this side and reads on: closing with unread bytes would reset the connection.
async fn end(mut client: TcpStream) -> io::Result<()> {
    client.shutdown().await?;
    tokio::io::copy(&mut client, &mut tokio::io::sink()).await.map(drop)
}

fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// A line that carries one piece after another.
struct Line {
    bytes_per_second: u64,
    free: Mutex<Instant>,
}

impl Line {
    /// Resolves once `bytes` have been carried, behind all that came before.
    async fn carry(&self, bytes: usize) {
        let there = {
            let mut free = self.free.lock().unwrap();
            let takes = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
            *free = (*free).max(Instant::now()) + takes;
            *free
        };
        sleep_until(there).await;
    }
}
