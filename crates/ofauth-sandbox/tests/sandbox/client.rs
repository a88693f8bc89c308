//! A client that shows what is on the wire: no pool, no retry, no interpretation.

use std::io;
use std::sync::Arc;

use ofauth_sandbox::Sandbox;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How the bytes of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As its framing says.
    Complete,
    /// By the end of the connection.
    Closed,
    /// By a reset.
    Reset,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
    /// How many reads brought the answer.
    pub(crate) reads: usize,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.end, End::Complete, "{}", self.head);
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks status, `type`, a piece of the text, and the documented form of the error.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, kind: &str, text: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let body = self.json();
        assert_eq!(body["type"], kind, "{body}");
        assert!(body["error"].as_str().unwrap().contains(text), "{body}");
        assert_eq!(body["requestId"].as_str(), self.header("x-request-id"), "{body}");
        assert!(body["requestId"].as_str().unwrap().starts_with("req_"));
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }
}

/// One connection.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    host: String,
}

impl Client {
    pub(crate) async fn connect(sandbox: &Sandbox) -> Self {
        let tcp = TcpStream::connect(sandbox.address()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let stream: Box<dyn Stream> = match sandbox.ca_pem() {
            None => Box::new(tcp),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
                let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                    .with_safe_default_protocol_versions()
                    .unwrap()
                    .with_root_certificates(roots)
                    .with_no_client_auth();
                let name = ServerName::IpAddress(sandbox.address().ip().into());
                Box::new(TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap())
            }
        };
        let host = sandbox.base_url().split("//").nth(1).unwrap().to_owned();
        Self { stream, buffer: Vec::new(), host }
    }

    /// Without TLS, whatever the sandbox speaks.
    pub(crate) async fn plain(sandbox: &Sandbox) -> Self {
        let stream = Box::new(TcpStream::connect(sandbox.address()).await.unwrap());
        Self { stream, buffer: Vec::new(), host: sandbox.address().to_string() }
    }

    pub(crate) async fn send_head(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> io::Result<()> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.send(head.as_bytes()).await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads once more into the buffer; the end of the connection if it is over.
    async fn more(&mut self) -> Result<(), End> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(End::Closed),
            Ok(_) => Ok(()),
            // A connection that is cut has no TLS closure alert.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(End::Closed),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(End::Reset),
            Err(error) => panic!("{error}"),
        }
    }

    /// Reads one answer, or says how the connection ended before there was a whole head.
    pub(crate) async fn answer(&mut self) -> Result<Answer, End> {
        let mut reads = 0;
        let split = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
            reads += 1;
        };
        let head = String::from_utf8(self.buffer.drain(..split + 4).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mut answer =
            Answer { status, head: head.clone(), headers, body: Vec::new(), end: End::Complete, reads };
        if status == 100 {
            return Ok(answer);
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            self.chunked(&mut answer).await;
        } else if let Some(length) =
            answer.header("content-length").map(|text| text.parse::<usize>().unwrap())
        {
            while self.buffer.len() < length && answer.end == End::Complete {
                answer.end = self.more().await.err().unwrap_or(End::Complete);
                answer.reads += 1;
            }
            answer.body = self.buffer.drain(..length.min(self.buffer.len())).collect();
        }
        Ok(answer)
    }

    async fn chunked(&mut self, answer: &mut Answer) {
        loop {
            if let Some(at) = find(&self.buffer, b"\r\n") {
                let size =
                    usize::from_str_radix(std::str::from_utf8(&self.buffer[..at]).unwrap(), 16).unwrap();
                if self.buffer.len() >= at + 2 + size + 2 {
                    answer.body.extend_from_slice(&self.buffer[at + 2..at + 2 + size]);
                    self.buffer.drain(..at + 2 + size + 2);
                    if size == 0 {
                        return;
                    }
                    continue;
                }
            }
            if let Err(end) = self.more().await {
                answer.end = end;
                return;
            }
            answer.reads += 1;
        }
    }

    /// What arrived and was not understood.
    pub(crate) fn buffered(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    /// Waits for the end of a connection on which nothing more is expected.
    pub(crate) async fn end(&mut self) -> End {
        match self.more().await {
            Err(end) => end,
            Ok(()) => panic!("more bytes: {:?}", String::from_utf8_lossy(&self.buffer)),
        }
    }

    /// Sends a request with its length and reads the answer.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, End> {
        let length = body.len().to_string();
        let mut headers = headers.to_vec();
        headers.push(("content-length", &length));
        // The connection may end while the body is sent; the answer counts.
        if self.send_head(method, path, &headers).await.is_ok() {
            let _ = self.send(body).await;
        }
        self.answer().await
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

pub(crate) const KEY: (&str, &str) = ("apiKey", "sk_test");
pub(crate) const CONNECTION: (&str, &str) = ("x-connection-id", "conn_test");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const MP4: (&str, &str) = ("content-type", "video/mp4");

/// Sends a JSON request on a connection of its own.
pub(crate) async fn call(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Answer {
    try_call(sandbox, method, path, body).await.unwrap()
}

pub(crate) async fn try_call(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Answer, End> {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let mut client = Client::connect(sandbox).await;
    client.request(method, path, &[KEY, CONNECTION, JSON], text.as_bytes()).await
}

pub(crate) async fn post(sandbox: &Sandbox, path: &str, body: Value) -> Answer {
    call(sandbox, "POST", path, &body).await
}

pub(crate) async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    call(sandbox, "GET", path, &Value::Null).await
}

/// Sends bytes to an `uploadUrl`.
pub(crate) async fn put(sandbox: &Sandbox, url: &str, bytes: &[u8]) -> Answer {
    try_put(sandbox, url, bytes).await.unwrap()
}

pub(crate) async fn try_put(sandbox: &Sandbox, url: &str, bytes: &[u8]) -> Result<Answer, End> {
    let path = url.strip_prefix(sandbox.base_url()).expect("the plan's origin is the one asked");
    Client::connect(sandbox).await.request("PUT", path, &[KEY, CONNECTION, MP4], bytes).await
}

pub(crate) async fn init(sandbox: &Sandbox, size: usize) -> Value {
    post(sandbox, INIT, init_body(size)).await.ok()
}

pub(crate) fn init_body(size: usize) -> Value {
    json!({ "filename": "clip.mp4", "size": size, "contentType": "video/mp4" })
}

pub(crate) async fn complete(sandbox: &Sandbox, id: &Value) -> Answer {
    post(sandbox, COMPLETE, json!({ "mediaUploadId": id })).await
}

pub(crate) const INIT: &str = "/v2/access/uploads/init";
pub(crate) const COMPLETE: &str = "/v2/access/uploads/complete";
pub(crate) const CHECK: &str = "/v2/access/uploads/check";
pub(crate) const POSTS: &str = "/v2/access/posts";

/// The `uploadUrl` of the part at `index`.
#[track_caller]
pub(crate) fn url(plan: &Value, index: usize) -> &str {
    plan["parts"][index]["uploadUrl"].as_str().unwrap()
}

/// The bytes of the part at `index`.
pub(crate) fn slice<'a>(plan: &Value, index: usize, file: &'a [u8]) -> &'a [u8] {
    let range = &plan["parts"][index]["byteRange"];
    let bound = |name: &str| usize::try_from(range[name].as_u64().unwrap()).unwrap();
    &file[bound("start")..=bound("end")]
}

/// Bytes that differ from place to place.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ::ring::digest::digest(&::ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Uploads a file with all parts in order and returns its reference.
pub(crate) async fn upload(sandbox: &Sandbox, file: &[u8]) -> Value {
    let plan = init(sandbox, file.len()).await;
    for index in 0..plan["parts"].as_array().unwrap().len() {
        put(sandbox, url(&plan, index), slice(&plan, index, file)).await.ok();
    }
    if plan["uploadType"] == "multipart" {
        complete(sandbox, &plan["mediaUploadId"]).await.ok();
    }
    plan["mediaUploadId"].clone()
}
