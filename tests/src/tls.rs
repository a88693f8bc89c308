//! A certificate authority and a certificate for the scriptable server: made anew for every server, unless a test shares
//! one among many.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// What makes a server the one that it says it is.
#[derive(Clone)]
pub struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority that clients have to trust, as PEM.
    pub(crate) authority: String,
}

impl Identity {
    /// An identity of these names, by an authority of its own.
    pub fn new(names: &[&str]) -> Self {
        let (acceptor, authority) = identity(names);
        Self { acceptor, authority }
    }

    /// An identity of these names that nobody else signed. Whoever trusts it trusts this one certificate.
    pub fn self_signed(names: &[&str], marked_as_authority: bool) -> Self {
        Self::of_its_own(names, marked_as_authority, |_| ())
    }

    /// The same, and its time is over.
    pub fn expired(names: &[&str], marked_as_authority: bool) -> Self {
        Self::of_its_own(names, marked_as_authority, |certificate| {
            certificate.not_before = date_time_ymd(2001, 1, 1);
            certificate.not_after = date_time_ymd(2002, 1, 1);
        })
    }

    /// What clients have to trust, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    fn of_its_own(
        names: &[&str],
        marked_as_authority: bool,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut certificate = CertificateParams::new(names).unwrap();
        if marked_as_authority {
            certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        change(&mut certificate);
        let key = KeyPair::generate().unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        Self { acceptor: acceptor(certificate.der().clone(), &key), authority: certificate.pem() }
    }
}

fn identity(names: &[&str]) -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();

    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();

    (acceptor(certificate.der().clone(), &key), authority.pem())
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
