//! The one TLS configuration, used for JSON calls and for the bytes of files.
//!
//! Roots come from the caller or, at the first https call, from the platform's certificate store. Where that is can be
//! said by `SSL_CERT_FILE` and `SSL_CERT_DIR`, which are read once a process: a program that changes its environment
//! meanwhile must not meet a reader of it later. Only HTTP/1.1 is offered.

mod custom_ca;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{CertificateResult, load_certs_from_paths};

use crate::error::{Error, ErrorKind, Result, Setting};
use crate::system::shortage;
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
            Named::once();
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
        let mut config = match &self.ca_pem {
            Some(pem) => {
                let given = Arc::new(Given::new(certificates(pem)?, provider)?);
                builder.dangerous().with_custom_certificate_verifier(given)
            }
            None => builder.with_root_certificates(platform_roots()?),
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.built.get_or_init(|| Arc::new(config))))
    }
}

/// Where the environment says that certificates are.
struct Named {
    file: Option<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Named {
    /// Read at the first call.
    fn once() -> &'static Self {
        static NAMED: OnceLock<Named> = OnceLock::new();
        NAMED.get_or_init(|| {
            let directories = std::env::var_os("SSL_CERT_DIR").unwrap_or_default();
            Self {
                file: std::env::var_os("SSL_CERT_FILE").map(PathBuf::from),
                directories: std::env::split_paths(&directories)
                    .filter(|path| !path.as_os_str().is_empty())
                    .collect(),
            }
        })
    }

    fn load(&self) -> CertificateResult {
        let mut found = load_certs_from_paths(self.file.as_deref(), None);
        for directory in &self.directories {
            let more = load_certs_from_paths(None, Some(directory));
            found.certs.extend(more.certs);
            found.errors.extend(more.errors);
        }
        // Directories name each certificate several times.
        found.certs.sort_unstable_by(|one, other| one.cmp(other));
        found.certs.dedup();
        found
    }
}

/// The platform's own store.
#[cfg(any(windows, target_vendor = "apple"))]
fn store() -> CertificateResult {
    rustls_native_certs::load_native_certs()
}

/// The platform's own store: the first of these files that is there, and what is in these directories. Looked for here,
/// because the loader for it reads the environment every time.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn store() -> CertificateResult {
    /// Debian and Alpine, Fedora and RHEL, openSUSE, and the BSDs.
    const FILES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    const DIRECTORIES: [&str; 3] = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs"];
    let there = |path: &PathBuf| path.exists();
    let file = FILES.map(PathBuf::from).into_iter().find(there);
    let directories = DIRECTORIES.map(PathBuf::from).into_iter().filter(there).collect();
    Named { file, directories }.load()
}

fn platform_roots() -> Result<RootCertStore> {
    let named = Named::once();
    let is_named = named.file.is_some() || !named.directories.is_empty();
    let found = if is_named { named.load() } else { store() };
    let mut roots = RootCertStore::empty();
    // A store may hold a few that are malformed by today's rules: the rest still serves.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let short = found.errors.iter().find_map(|error| match &error.kind {
            rustls_native_certs::ErrorKind::Io { inner, .. } => shortage(inner),
            _ => None,
        });
        if let Some(short) = short {
            let text = format!("the CA certificates of this machine cannot be read: {short}");
            return Err(Error::new(ErrorKind::Resources, text));
        }
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Config,
            format!(
                "this machine has no CA certificates{why}: install them (package ca-certificates), set SSL_CERT_FILE, \
                 or give certificates to the client (ca_pem)"
            ),
        )
        .with_setting(Setting::CaCertificates));
    }
    Ok(roots)
}
