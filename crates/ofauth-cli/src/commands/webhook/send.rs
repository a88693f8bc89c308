//! One POST to an endpoint, over a connection of its own. What its answer means is decided by who sends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ofauth::ErrorKind;
use ofauth::system::words;
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

const CERTIFICATES: Wanted = Wanted { what: "CA file", kind: ErrorKind::Config, longest: 1024 * 1024 };

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

    /// Posts a body. Gives the status of the answer, or why there is none.
    pub(super) async fn post(
        &self,
        headers: HeaderMap,
        body: Bytes,
    ) -> std::result::Result<StatusCode, String> {
        match tokio::time::timeout(PATIENCE, self.try_post(headers, body)).await {
            Ok(end) => end,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn try_post(&self, headers: HeaderMap, body: Bytes) -> std::result::Result<StatusCode, String> {
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
    ) -> std::result::Result<StatusCode, String> {
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
        // The body of the answer is of no use, so the connection ends with its head, or is over when that is handed out.
        let answer = tokio::select! {
            biased;
            answer = &mut sent => answer,
            _ = &mut connection => sent.await,
        };
        answer.map(|answer| answer.status()).map_err(said)
    }
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
