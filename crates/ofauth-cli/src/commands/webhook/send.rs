//! One POST to an endpoint, over a connection of its own. What its answer means is decided by who sends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ofauth::ErrorKind;
use ofauth::system::words;
use ofauth::unversioned::display_safe::one_line;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::target::Target;
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};

/// As long as the service waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the words about a refusal are waited for, once its status is there.
const PATIENCE_FOR_WHY: Duration = Duration::from_secs(2);

const CERTIFICATES: Wanted = Wanted { what: "CA file", kind: ErrorKind::Config, longest: 1024 * 1024 };

/// So much is read of what an endpoint says about a refusal.
const LONGEST_READ: usize = 4 * 1024;

/// So many characters of it are shown.
const LONGEST_SHOWN: usize = 200;

/// What an endpoint answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The first line of the body, if it did not take what was sent and says why.
    why: Option<String>,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status.as_u16())?;
        match &self.why {
            Some(why) => write!(f, ", {why:?}"),
            None => Ok(()),
        }
    }
}

/// The first line that says something, short and safe to show.
fn first_line(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let line = text.split(['\n', '\r']).map(str::trim).find(|line| !line.is_empty())?;
    let line = one_line(line);
    let mut shown: String = line.chars().take(LONGEST_SHOWN).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    Some(shown)
}

/// The beginning of a body.
async fn beginning(mut body: Incoming) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < LONGEST_READ
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Some(data) = frame.data_ref() {
            let room = LONGEST_READ.saturating_sub(read.len());
            read.extend(data.iter().take(room));
        }
    }
    read
}

/// Sends to one endpoint.
#[derive(Clone)]
pub(super) struct Sender {
    target: Target,
    tls: Option<TlsConnector>,
}

impl Sender {
    /// A sender to this endpoint, which reads the certificates that it trusts if it needs them.
    pub(super) async fn new(app: &App, target: Target) -> Result<Self> {
        if !target.is_tls {
            return Ok(Self { target, tls: None });
        }
        let file = app.flags.ca_file.clone();
        let roots = app.interrupt.reading(move || roots(file.as_deref())).await?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::config(format!("TLS cannot be set up: {error}")))?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { target, tls: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// The endpoint.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Posts a body. Gives the answer, or why there is none.
    pub(super) async fn post(&self, headers: HeaderMap, body: Bytes) -> std::result::Result<Answer, String> {
        match tokio::time::timeout(PATIENCE, self.try_post(headers, body)).await {
            Ok(end) => end,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn try_post(&self, headers: HeaderMap, body: Bytes) -> std::result::Result<Answer, String> {
        let address = (self.target.host.as_str(), self.target.port);
        let tcp = TcpStream::connect(address).await.map_err(|error| words(&error))?;
        // Without it only performance suffers.
        let _ = tcp.set_nodelay(true);
        match &self.tls {
            None => self.exchange(tcp, headers, body).await,
            Some(tls) => {
                let name = ServerName::try_from(self.target.host.clone());
                let name = name.map_err(|_| "the name of its host cannot be verified".to_owned())?;
                let stream = tls.connect(name, tcp).await.map_err(|error| words(&error))?;
                self.exchange(stream, headers, body).await
            }
        }
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        headers: HeaderMap,
        body: Bytes,
    ) -> std::result::Result<Answer, String> {
        let said = |error: hyper::Error| match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() =
            self.target.path.parse().map_err(|_| "the path of the URL cannot be sent".to_owned())?;
        *request.headers_mut() = headers;
        let host = self.target.authority.parse().map_err(|_| "the host cannot be sent".to_owned())?;
        request.headers_mut().insert(header::HOST, host);
        request.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
        let sent = sender.send_request(request);
        tokio::pin!(sent, connection);
        let answer = tokio::select! {
            biased;
            answer = &mut sent => answer,
            // It may be over when the answer is handed out.
            _ = &mut connection => return answered(sent.await.map_err(said)?, std::future::ready(())).await,
        };
        let connection = async {
            let _ = connection.await;
        };
        answered(answer.map_err(said)?, connection).await
    }
}

/// Reads an answer, whose body comes while `connection` is driven. That of one that took the event is of no use, so the
/// connection ends with its head.
async fn answered(
    answer: Response<Incoming>,
    connection: impl Future<Output = ()>,
) -> std::result::Result<Answer, String> {
    let (head, body) = answer.into_parts();
    if head.status.is_success() {
        return Ok(Answer { status: head.status, why: None });
    }
    let reading = async { tokio::time::timeout(PATIENCE_FOR_WHY, beginning(body)).await.unwrap_or_default() };
    tokio::pin!(reading, connection);
    let read = tokio::select! {
        biased;
        read = &mut reading => read,
        () = &mut connection => reading.await,
    };
    Ok(Answer { status: head.status, why: first_line(&read) })
}

/// The certificates of the file, or those of the system.
fn roots(file: Option<&std::path::Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(path) => {
            let (pem, _) = user_file::read(CERTIFICATES, path)?;
            let found = CertificateDer::pem_slice_iter(&pem).flatten();
            roots.add_parsable_certificates(found);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let error = io::Error::other("no certificate was found");
        return Err(Failure::io(ErrorKind::Config, "https:// needs certificates to trust", &error)
            .with_hint("name a PEM file with --ca-file"));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_one_short_and_safe_line() {
        let long = "x".repeat(5_000);
        for (body, wanted) in [
            (&b""[..], "HTTP 400"),
            (b" \r\n\t", "HTTP 400"),
            (b"no signature\nsecond line", "HTTP 400, \"no signature\""),
            (b"\n\n  late  \r\n", "HTTP 400, \"late\""),
            (b"\x1b[31mred\x07", "HTTP 400, \"\u{fffd}[31mred\u{fffd}\""),
            (b"\xff", "HTTP 400, \"\u{fffd}\""),
            (long.as_bytes(), &format!("HTTP 400, \"{}…\"", "x".repeat(LONGEST_SHOWN))),
        ] {
            let answer = Answer { status: StatusCode::BAD_REQUEST, why: first_line(body) };
            assert_eq!(answer.to_string(), wanted);
        }
    }
}
