//! Certificates that the caller gave to trust: how they are read, and how a server is checked against them.
//!
//! A certificate that was given may be an authority, or the server's own that nobody else signed. Makers of such
//! certificates often mark them as authorities, which the checker of certificates then does not take from a server. As
//! that very certificate was given, it is taken here, if it is valid now and for the server's name.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result, Setting};

/// Checks servers against certificates that were given.
#[derive(Debug)]
pub(crate) struct Given {
    certificates: Vec<CertificateDer<'static>>,
    webpki: Arc<WebPkiServerVerifier>,
}

impl Given {
    pub(crate) fn new(
        certificates: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for (at, certificate) in certificates.iter().enumerate() {
            let number = at.saturating_add(1);
            roots
                .add(certificate.clone())
                .map_err(|error| bad(&format!("certificate {number} is malformed ({error})")))?;
        }
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let webpki = webpki.build().map_err(|error| bad(&error.to_string()))?;
        Ok(Self { certificates, webpki })
    }
}

impl ServerCertVerifier for Given {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // Its time was checked before this was found.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
                if matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
                    && self.certificates.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// The certificates in a PEM text.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    let found = found.map_err(|error| bad(&malformed(&error)))?;
    if !found.is_empty() {
        return Ok(found);
    }
    let has = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    Err(bad(match text {
        [] => "they are empty",
        // An ASN.1 sequence with a length of two bytes.
        [0x30, 0x82, ..] => {
            "they are in the binary form (DER): convert them, openssl x509 -inform der -in FILE -out FILE.pem"
        }
        _ if has(b"PRIVATE KEY-----") => {
            "they contain a private key and no certificate: give the certificate"
        }
        _ if has(b"-----BEGIN") => "there is no certificate in them (BEGIN CERTIFICATE), but something else",
        _ => "there is no certificate in them (BEGIN CERTIFICATE): give PEM text",
    }))
}

fn malformed(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            "they end in the middle of a certificate: the file was cut".into()
        }
        pem::Error::IllegalSectionStart { .. } => "a line that begins with -----BEGIN is not whole".into(),
        pem::Error::Base64Decode(_) => {
            "a certificate contains text that is not base64: the file was cut or changed".into()
        }
        pem::Error::SectionTooLarge => "a certificate is far too long".into(),
        other => other.to_string(),
    }
}

fn bad(why: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the given CA certificates cannot be used: {why}"))
        .with_setting(Setting::CaCertificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told_in_words() {
        for (text, why) in [
            (&b""[..], "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"no pem", "give PEM text"),
            (b"\x30\x82\x03\x01", "DER"),
            (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "contain a private key"),
            (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "something else"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "was cut"),
            (b"-----BEGIN CERTIFICATE---\nAAAA\n-----END CERTIFICATE-----\n", "not whole"),
            (b"-----BEGIN CERTIFICATE-----\nA!?A\n-----END CERTIFICATE-----\n", "not base64"),
        ] {
            let error = certificates(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(why), "{why}: {error}");
            assert!(!error.to_string().contains('['), "{error}");
        }
        let malformed = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let error = Given::new(certificates(malformed).unwrap(), provider).unwrap_err();
        assert!(error.to_string().contains("certificate 1 is malformed"), "{error}");
    }
}
