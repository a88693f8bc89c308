//! Whom to trust if the caller gave no certificates: what the platform trusts (feature `platform-verifier`), or else the
//! roots of Mozilla's list that were compiled in (feature `webpki-roots`).
//!
//! With both features, the compiled-in roots serve a machine that has no store, such as a container image without
//! `ca-certificates`. They never stand in for a store that the environment names: who names one wants no other.
//!
//! The verifier is made at the first https call and shared by all clients of the process. It goes with the last of them,
//! for a program that has no client any more keeps nothing of the library, and the next one sees a store that changed.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;

#[cfg(feature = "platform-verifier")]
use super::platform::NoVerifier;
use crate::error::{Error, ErrorKind, Result};

/// Reads what must be read once a process, before the program may change its environment.
pub(super) fn prepare() {
    #[cfg(feature = "platform-verifier")]
    super::platform::prepare();
}

/// The verifier of the process.
pub(super) fn shared(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    static SHARED: Shared<dyn ServerCertVerifier> = Shared::new();
    SHARED.get(|| verifier(provider))
}

/// The platform's verifier.
#[cfg(feature = "platform-verifier")]
fn verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    super::platform::verifier(Arc::clone(&provider)).or_else(|why| instead(why, provider))
}

/// What there is in place of the platform's verifier.
#[cfg(feature = "platform-verifier")]
fn instead(why: NoVerifier, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    match why {
        NoVerifier::NoStore(error) => without_store(error, provider),
        NoVerifier::Failed(error) => Err(error),
    }
}

#[cfg(all(feature = "platform-verifier", feature = "webpki-roots"))]
fn without_store(_: Error, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    compiled_in(provider)
}

#[cfg(all(feature = "platform-verifier", not(feature = "webpki-roots")))]
fn without_store(error: Error, _: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    Err(error)
}

/// The verifier of the compiled-in roots.
#[cfg(all(feature = "webpki-roots", not(feature = "platform-verifier")))]
fn verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    compiled_in(provider)
}

#[cfg(not(any(feature = "webpki-roots", feature = "platform-verifier")))]
fn verifier(_: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let text = "this program was built without certificate authorities to trust: give certificates to the client (ca_pem), \
                or build ofauth with the feature platform-verifier or webpki-roots";
    Err(Error::new(ErrorKind::Config, text).with_setting(crate::error::Setting::CaCertificates))
}

#[cfg(feature = "webpki-roots")]
fn compiled_in(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    of_roots(rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }, provider)
}

/// A verifier that trusts these roots.
#[cfg(any(feature = "webpki-roots", feature = "platform-verifier"))]
pub(super) fn of_roots(
    roots: rustls::RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let built =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let built = built.map_err(|error| {
        let text = format!("no certificate can be checked ({error})");
        Error::new(ErrorKind::Internal, text).with_source(error)
    });
    Ok(built?)
}

/// Something that is made when it is first needed, and is there as long as anybody has it.
struct Shared<T: ?Sized>(Mutex<Option<Weak<T>>>);

impl<T: ?Sized> Shared<T> {
    const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// What there is, or else what `make` makes. Who comes meanwhile waits for it, so that it is made once.
    fn get(&self, make: impl FnOnce() -> Result<Arc<T>>) -> Result<Arc<T>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = kept.as_ref().and_then(Weak::upgrade) {
            return Ok(there);
        }
        let made = make()?;
        *kept = Some(Arc::downgrade(&made));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::invalid;

    #[test]
    fn what_is_shared_is_made_once_and_goes_with_the_last_who_has_it() {
        let shared = Shared::<str>::new();
        shared.get(|| Err(invalid("not this time"))).unwrap_err();
        let first = shared.get(|| Ok("one".into())).unwrap();
        let second = shared.get(|| Err(invalid("it is there"))).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        drop((first, second));
        assert_eq!(&*shared.get(|| Ok("two".into())).unwrap(), "two");
    }

    #[cfg(not(any(feature = "webpki-roots", feature = "platform-verifier")))]
    #[test]
    fn without_anybody_to_trust_https_is_an_error_that_names_the_remedies() {
        let error = crate::tls::Tls::new(None, true).unwrap().config().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(
            ["ca_pem", "platform-verifier", "webpki-roots"].iter().all(|remedy| text.contains(remedy)),
            "{text}"
        );
    }

    #[cfg(feature = "webpki-roots")]
    #[test]
    fn compiled_in_roots_need_no_store() {
        compiled_in(provider()).unwrap();
        crate::tls::Tls::new(None, true).unwrap().config().unwrap();
    }

    #[cfg(feature = "platform-verifier")]
    #[test]
    fn compiled_in_roots_stand_in_for_a_store_that_is_missing_and_for_none_that_is_named() {
        let error = || Error::new(ErrorKind::Config, "no certificates");
        assert!(instead(NoVerifier::Failed(error()), provider()).is_err());
        let without = instead(NoVerifier::NoStore(error()), provider());
        assert_eq!(without.is_ok(), cfg!(feature = "webpki-roots"));
    }

    #[cfg(any(feature = "webpki-roots", feature = "platform-verifier"))]
    fn provider() -> Arc<CryptoProvider> {
        Arc::new(rustls::crypto::ring::default_provider())
    }
}
