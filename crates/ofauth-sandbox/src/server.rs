//! The accept loop and the life of a connection.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::net::protocol::{self, Protocol};
use crate::net::socket::{Control, Socket, Transport};
use crate::service::{Connection, serve};
use crate::state::State;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How much of a request hyper reads at a time; more would only cost memory.
const BUFFER: usize = 128 * 1024;

/// Binds the address; `receive_buffer` is inherited by every connection.
pub(crate) fn bind(address: SocketAddr, receive_buffer: Option<u32>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if !cfg!(windows) {
        socket.set_reuseaddr(true)?;
    }
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The task that serves, and the channel whose end stops it.
#[derive(Debug)]
pub(crate) struct Server {
    stop: oneshot::Sender<Infallible>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts to accept connections.
    pub(crate) fn start(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(accept(listener, tls, state, stopped)) }
    }

    /// Ends the server and its connections, and waits for that.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // The task fails only if the runtime ends, and with it the server.
        let _ = self.task.await;
    }
}

/// Accepts connections until `stop` says something or is gone; then ends them all.
async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    mut stop: oneshot::Receiver<Infallible>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    connections.spawn(connection(tcp, peer, tls.clone(), Arc::clone(&state)));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // No descriptors are left: there will be one when a connection ends.
                Err(_) => drop(connections.join_next().await),
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(tcp: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let Ok(local) = tcp.local_addr() else { return };
    // Without it only performance suffers.
    let _ = tcp.set_nodelay(true);
    match protocol::detect(&tcp, tls.is_some()).await {
        Ok(Protocol::Expected) => {}
        Ok(other) => return protocol::explain(tcp, other).await,
        Err(_) => return,
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let transport = match tls {
        None => Transport::Plain(tcp),
        Some(tls) => match tls.accept(tcp).await {
            Ok(stream) => Transport::Tls(Box::new(stream)),
            Err(_) => return,
        },
    };
    let control = Control::default();
    let info = Connection { number: state.next_connection(), scheme, local, peer, control: control.clone() };
    let service =
        service_fn(move |request: Request<Incoming>| serve(Arc::clone(&state), info.clone(), request));
    let io = TokioIo::new(Socket::new(transport, control.clone()));
    let served = http1::Builder::new().half_close(true).max_buf_size(BUFFER).serve_connection(io, service);
    // A cut drops the connection where it stands; the order matters when both are ready.
    tokio::select! {
        biased;
        () = control.ended() => {}
        _ = served => {}
    }
}
