//! The scriptable server: real sockets, a handler that decides, and a record of all that came.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::exchange::{Exchange, Head, Io, Next, serve};
use crate::tls::Identity;

/// What a handler gives back.
pub type Handling<'a> = Pin<Box<dyn Future<Output = io::Result<Next>> + Send + 'a>>;

/// Decides how requests are answered.
pub trait Handler: Send + Sync + 'static {
    /// Handles one request. An error ends the connection.
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a>;
}

impl<F> Handler for F
where
    F: for<'a> Fn(&'a mut Exchange) -> Handling<'a> + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        self(exchange)
    }
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Which connection it came over, counted from 0.
    pub connection: usize,
    /// When its head was read.
    pub at: Instant,
    /// Method, target, headers; `None` if it was no HTTP/1.1.
    pub head: Option<Head>,
    /// Bytes of the body that were read.
    pub received: u64,
    /// The digest of the body, once it was read whole.
    pub sha256: Option<Vec<u8>>,
    /// The first bytes of the body.
    pub body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn new(connection: usize, head: Option<Head>) -> Self {
        Self { connection, at: Instant::now(), head, received: 0, sha256: None, body: Vec::new() }
    }

    /// Method and path, such as `PUT /v2/x`.
    pub fn line(&self) -> String {
        self.head.as_ref().map_or("not HTTP".into(), |head| format!("{} {}", head.method, head.path()))
    }

    /// The only value of a header, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.as_ref()?.header(name)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What the connections of a server share.
pub(crate) struct Shared {
    pub(crate) handler: Box<dyn Handler>,
    pub(crate) origin: Arc<str>,
    records: Mutex<Vec<Arc<Mutex<Recorded>>>>,
    accepted: AtomicUsize,
    open: watch::Sender<usize>,
}

impl Shared {
    pub(crate) fn record(&self, record: Recorded) -> Arc<Mutex<Recorded>> {
        let record = Arc::new(Mutex::new(record));
        self.records.lock().unwrap().push(Arc::clone(&record));
        record
    }
}

/// How a server listens.
#[derive(Default)]
pub struct Listen {
    tls: Option<Identity>,
    receive_buffer: Option<usize>,
}

impl Listen {
    /// With TLS, for a certificate of these names.
    pub fn tls(self, names: &[&str]) -> Self {
        self.tls_as(&Identity::new(names))
    }

    /// With TLS, as somebody who may be more than one server.
    pub fn tls_as(mut self, identity: &Identity) -> Self {
        self.tls = Some(identity.clone());
        self
    }

    /// With a receive buffer of about so many bytes, so that a server that does not read stalls its clients soon.
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Starts on a free port of the loopback address.
    pub async fn start(self, handler: impl Handler) -> Server {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(u32::try_from(bytes).unwrap()).unwrap();
        }
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, ca_pem) = self.tls.map(|tls| (tls.acceptor, tls.authority)).unzip();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            origin: format!("{scheme}://{address}").into(),
            records: Mutex::default(),
            accepted: AtomicUsize::new(0),
            open: watch::Sender::new(0),
        });
        let task = tokio::spawn(accept(listener, acceptor, Arc::clone(&shared)));
        Server { address, shared, ca_pem, task }
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok((tcp, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        tcp.set_nodelay(true).unwrap();
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
        shared.open.send_modify(|open| *open += 1);
        let guard = Open(Arc::clone(&shared));
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            let _guard = &guard;
            let io = match acceptor {
                None => Io::Plain(tcp),
                Some(acceptor) => match acceptor.accept(tcp).await {
                    Ok(tls) => Io::Tls(Box::new(tls)),
                    Err(_) => return,
                },
            };
            // A connection that breaks is the client's doing, and the tests look at the client.
            let _broken = serve(Arc::clone(&guard.0), io, number).await;
        });
    }
}

struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

/// A running server. It ends, and its connections with it, when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    ca_pem: Option<String>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a plain server.
    pub async fn start(handler: impl Handler) -> Self {
        Listen::default().start(handler).await
    }

    /// `scheme://host:port`.
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority that signed its certificate, if it speaks TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Resolves once no connection is open.
    pub async fn deserted(&self) {
        let mut open = self.shared.open.subscribe();
        let _closed = open.wait_for(|open| *open == 0).await.unwrap();
    }

    /// Every request so far, in the order in which their heads came.
    pub fn requests(&self) -> Vec<Recorded> {
        let records = self.shared.records.lock().unwrap();
        records.iter().map(|record| record.lock().unwrap().clone()).collect()
    }

    /// The requests whose method and path contain `text`.
    pub fn requests_to(&self, text: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.line().contains(text)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
