//! The one TLS configuration, used for JSON calls and for the bytes of files.
//!
//! Servers are checked by certificates that the caller gave ([`custom_ca`]) or, from the first https call on, by what the
//! machine or this build trusts ([`trust`]). Only HTTP/1.1 is offered.

mod custom_ca;
#[cfg(feature = "platform-verifier")]
mod platform;
mod trust;

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;

use crate::error::{Error, ErrorKind, Result};
use custom_ca::{Given, certificates};

/// Builds the configuration when it is first needed and keeps it.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    ca_pem: Option<Vec<u8>>,
    built: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// `ca_pem`: certificates to trust instead of the platform's.
    /// `is_needed`: the client's own server is reached by https.
    pub(crate) fn new(ca_pem: Option<Vec<u8>>, is_needed: bool) -> Result<Self> {
        let tls = Self { ca_pem, built: OnceLock::new() };
        if tls.ca_pem.is_some() {
            // The caller's certificates are at hand, so a mistake in them shows at once.
            tls.config()?;
        } else if is_needed {
            trust::prepare();
        }
        Ok(tls)
    }

    /// The configuration. Reads the platform's store at the first call unless the caller gave certificates.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>> {
        if let Some(config) = self.built.get() {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(ErrorKind::Internal, "no usable TLS version").with_source(error))?;
        let verifier: Arc<dyn ServerCertVerifier> = match &self.ca_pem {
            Some(pem) => Arc::new(Given::new(certificates(pem)?, provider)?),
            None => trust::shared(provider)?,
        };
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.built.get_or_init(|| Arc::new(config))))
    }
}
