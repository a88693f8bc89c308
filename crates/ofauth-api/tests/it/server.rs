//! A server on the loopback that answers every request alike and keeps what it received.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ofauth_api::Client;
use ofauth_api::transport::Direct;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Method, path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) struct Server {
    base_url: String,
    received: Arc<Mutex<Vec<Received>>>,
    _accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Answers every request with `status` and `body`.
    pub(crate) async fn answering(status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                let service = service_fn(move |request| answer(request, status, body, Arc::clone(&log)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { base_url, received, _accepting: accepting }
    }

    pub(crate) fn client(&self) -> Client {
        client(self.base_url.clone())
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// A client of the server at `base_url`, with a key and a connection.
pub(crate) fn client(base_url: String) -> Client {
    let direct = Direct::new(http_client(), "sk_canary").unwrap().with_connection("conn_own").unwrap();
    Client::new(&format!("{base_url}/"), Arc::new(direct))
}

/// The address of a server that answers one request with these bytes and closes.
pub(crate) async fn raw(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request must have an end");
        }
        // The client may give up before all is written.
        let _ = stream.write_all(&answer).await;
    });
    base_url
}

/// A client without proxies and redirects.
pub(crate) fn http_client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn answer(
    request: Request<Incoming>,
    status: u16,
    body: &'static str,
    log: Arc<Mutex<Vec<Received>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, incoming) = request.into_parts();
    let received = incoming.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let target = format!("{} {}", head.method, head.uri);
    log.lock().unwrap().push(Received { target, headers: head.headers, body: received });
    let answer = Response::builder()
        .status(status)
        .header("retry-after", "7")
        .header("location", "http://127.0.0.1:9/");
    Ok(answer.body(Full::from(body)).unwrap())
}
