//! The verifier of the platform: the system's own where it has one (macOS and its kin, Windows), elsewhere the
//! certificates in its store.
//!
//! Where a store is read is said by `SSL_CERT_FILE` and `SSL_CERT_DIR`, if they are set, on every platform. They are read
//! once a process: a program that changes its environment meanwhile must not meet a reader of it later. For that reason
//! the store of Linux and the BSDs is read here and not by `rustls-platform-verifier`, which asks the environment for each
//! verifier, and does not tell where it looked.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_native_certs::{CertificateResult, load_certs_from_paths};

use super::trust::of_roots;
use crate::error::{Error, ErrorKind, Setting};
use crate::system::shortage;

/// Why the platform verifies nothing.
#[derive(Debug)]
pub(super) enum NoVerifier {
    /// It has no certificates.
    NoStore(Error),
    /// What the environment names has none, or the system failed.
    Failed(Error),
}

/// Reads the environment, if it was not read yet.
pub(super) fn prepare() {
    Store::named();
}

pub(super) fn verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, NoVerifier> {
    match Store::named() {
        Some(store) => of_roots(store.roots(true)?, provider).map_err(NoVerifier::Failed),
        None => own(provider),
    }
}

/// The system's own verifier, which asks the system about each certificate.
#[cfg(any(windows, target_vendor = "apple"))]
fn own(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, NoVerifier> {
    let made = rustls_platform_verifier::Verifier::new(provider).map_err(|error| {
        let text = format!("the system's certificate verifier is not available ({error})");
        NoVerifier::Failed(Error::new(ErrorKind::Config, text).with_source(error))
    });
    Ok(Arc::new(made?))
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn own(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, NoVerifier> {
    of_roots(Store::usual().roots(false)?, provider).map_err(NoVerifier::Failed)
}

/// Where certificates may be: the first of the files that is there, and what is in the directories.
#[derive(Debug)]
struct Store {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Store {
    /// What the environment names, read at the first call.
    fn named() -> Option<&'static Self> {
        static NAMED: OnceLock<Option<Store>> = OnceLock::new();
        let named = NAMED.get_or_init(|| {
            let directories = std::env::var_os("SSL_CERT_DIR").unwrap_or_default();
            let store = Self {
                files: std::env::var_os("SSL_CERT_FILE")
                    .filter(|path| !path.is_empty())
                    .map(PathBuf::from)
                    .into_iter()
                    .collect(),
                directories: std::env::split_paths(&directories)
                    .filter(|path| !path.as_os_str().is_empty())
                    .collect(),
            };
            (!store.files.is_empty() || !store.directories.is_empty()).then_some(store)
        });
        named.as_ref()
    }

    /// Where systems keep them.
    #[cfg(not(any(windows, target_vendor = "apple")))]
    fn usual() -> Self {
        /// Debian and Alpine, Fedora and RHEL, openSUSE, and the BSDs.
        const FILES: [&str; 5] = [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem",
            "/etc/ssl/cert.pem",
        ];
        const DIRECTORIES: [&str; 3] = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs"];
        Self { files: FILES.map(PathBuf::from).into(), directories: DIRECTORIES.map(PathBuf::from).into() }
    }

    /// The certificates in it. What was named by somebody has to be there; of the usual places most are not.
    fn roots(&self, is_named: bool) -> Result<RootCertStore, NoVerifier> {
        let is_tried = |path: &&PathBuf| is_named || path.exists();
        let mut found = load_certs_from_paths(self.files.iter().find(is_tried).map(PathBuf::as_path), None);
        for directory in self.directories.iter().filter(is_tried) {
            let more = load_certs_from_paths(None, Some(directory));
            found.certs.extend(more.certs);
            found.errors.extend(more.errors);
        }
        // Directories name each certificate several times.
        found.certs.sort_unstable_by(|one, other| one.cmp(other));
        found.certs.dedup();
        let mut roots = RootCertStore::empty();
        // A store may hold a few that are malformed by today's rules: the rest still serves.
        roots.add_parsable_certificates(std::mem::take(&mut found.certs));
        if roots.is_empty() { Err(self.nothing(is_named, &found)) } else { Ok(roots) }
    }

    /// The error for a store without certificates.
    fn nothing(&self, is_named: bool, found: &CertificateResult) -> NoVerifier {
        let short = found.errors.iter().find_map(|error| match &error.kind {
            rustls_native_certs::ErrorKind::Io { inner, .. } => shortage(inner),
            _ => None,
        });
        if let Some(short) = short {
            let text = format!("the CA certificates of this machine cannot be read: {short}");
            return NoVerifier::Failed(Error::new(ErrorKind::Resources, text));
        }
        let (what, remedy) = if is_named {
            (
                "there are no CA certificates where SSL_CERT_FILE and SSL_CERT_DIR say",
                "correct these variables",
            )
        } else {
            (
                "this machine has no CA certificates",
                "install them (package ca-certificates), set SSL_CERT_FILE",
            )
        };
        let paths = self.files.iter().chain(&self.directories).map(|path| path.display().to_string());
        let paths = paths.collect::<Vec<_>>().join(", ");
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        let text =
            format!("{what}; looked at {paths}{why}: {remedy}, or give certificates to the client (ca_pem)");
        let error = Error::new(ErrorKind::Config, text).with_setting(Setting::CaCertificates);
        if is_named { NoVerifier::Failed(error) } else { NoVerifier::NoStore(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A self-signed certificate, as a store holds them.
    const ROOT: &str = include_str!("test_root.pem");

    fn store(files: &[PathBuf], directories: &[PathBuf]) -> Store {
        Store { files: files.into(), directories: directories.into() }
    }

    #[test]
    fn a_store_is_the_first_file_that_is_there_and_all_that_is_in_the_directories() {
        let place = tempfile::tempdir().unwrap();
        let (missing, file) = (place.path().join("missing.pem"), place.path().join("roots.pem"));
        std::fs::write(&file, ROOT).unwrap();
        let directory = place.path().to_owned();
        for found in [
            store(&[missing.clone(), file.clone()], &[]).roots(false),
            store(&[], &[missing.clone(), directory.clone()]).roots(false),
            store(std::slice::from_ref(&file), std::slice::from_ref(&directory)).roots(true),
        ] {
            assert_eq!(found.unwrap().len(), 1);
        }
    }

    #[test]
    fn a_missing_or_empty_store_is_an_error_that_names_where_it_was_looked_for() {
        let place = tempfile::tempdir().unwrap();
        let (missing, empty) = (place.path().join("missing.pem"), place.path().join("empty.pem"));
        std::fs::write(&empty, "").unwrap();
        let both = store(&[missing.clone(), empty.clone()], &[]);
        let Err(NoVerifier::NoStore(usual)) = both.roots(false) else { panic!("there is no store") };
        let Err(NoVerifier::Failed(named)) = both.roots(true) else { panic!("what is named is not there") };
        for (error, remedy) in [(usual, "ca-certificates"), (named, "SSL_CERT_FILE")] {
            assert_eq!((error.kind(), error.setting()), (ErrorKind::Config, Some(Setting::CaCertificates)));
            let text = error.to_string();
            for word in ["missing.pem", "empty.pem", remedy, "ca_pem"] {
                assert!(text.contains(word), "{word}: {text}");
            }
        }
    }
}
