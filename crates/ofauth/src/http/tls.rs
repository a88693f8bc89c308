//! The one TLS configuration, used for JSON calls and for the bytes of files.
//!
//! Roots come from the caller or, at the first https call, from the platform's certificate store, whose loader
//! (`rustls-native-certs`) honours `SSL_CERT_FILE` and `SSL_CERT_DIR`. Only HTTP/1.1 is offered.

use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::error::{Error, ErrorKind, Result};

/// Builds the configuration when it is first needed and keeps it.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    ca_pem: Option<Vec<u8>>,
    built: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// `ca_pem`: certificates to trust instead of the platform's.
    pub(crate) fn new(ca_pem: Option<Vec<u8>>) -> Result<Self> {
        let tls = Self { ca_pem, built: OnceLock::new() };
        if tls.ca_pem.is_some() {
            // The caller's certificates are at hand, so a mistake in them shows at once.
            tls.config()?;
        }
        Ok(tls)
    }

    /// The configuration. Reads the platform's store at the first call unless the caller gave certificates.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>> {
        if let Some(config) = self.built.get() {
            return Ok(Arc::clone(config));
        }
        let roots = match &self.ca_pem {
            Some(pem) => given_roots(pem)?,
            None => platform_roots()?,
        };
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(ErrorKind::Internal, "no usable TLS version").with_source(error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.built.get_or_init(|| Arc::new(config))))
    }
}

fn given_roots(pem: &[u8]) -> Result<RootCertStore> {
    let bad = |why: String| {
        Error::new(ErrorKind::Config, format!("the given CA certificates cannot be used: {why}"))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| bad(format!("not PEM ({error})")))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(bad("there is no certificate in them".into()));
    }
    Ok(roots)
}

fn platform_roots() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A store may hold a few that are malformed by today's rules: the rest still serves.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Config,
            format!(
                "this machine has no CA certificates{why}: install them (package ca-certificates), set SSL_CERT_FILE, \
                 or give certificates to the client (ca_pem)"
            ),
        ));
    }
    Ok(roots)
}
