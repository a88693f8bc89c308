//! Addresses that are good for a time: a path, the moment at which it ends, and an HMAC over both.

use ring::hmac;
use uuid::Uuid;

/// Signs addresses, and knows its own again.
#[derive(Clone)]
pub(crate) struct Signer(hmac::Key);

// The key stays out of logs.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Default for Signer {
    /// One with a key of its own.
    fn default() -> Self {
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        Self(hmac::Key::new(hmac::HMAC_SHA256, &[one.into_bytes(), other.into_bytes()].concat()))
    }
}

/// Why an address is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It was not signed here, or was changed.
    Signature,
    Expired,
}

impl Signer {
    /// The query that makes `path` good until `expires`, in milliseconds since 1970.
    pub(crate) fn query(&self, path: &str, expires: i64) -> String {
        format!("expires={expires}&signature={}", self.signature(path, expires))
    }

    /// Whether a path may be looked at, at the time `now`.
    pub(crate) fn check(&self, path: &str, expires: &str, signature: &str, now: i64) -> Result<(), Flaw> {
        let expires: i64 = expires.parse().map_err(|_| Flaw::Signature)?;
        // A local sandbox: the time that the comparison takes tells nobody anything.
        if self.signature(path, expires) != signature {
            return Err(Flaw::Signature);
        }
        if now >= expires { Err(Flaw::Expired) } else { Ok(()) }
    }

    fn signature(&self, path: &str, expires: i64) -> String {
        let tag = hmac::sign(&self.0, format!("{path}\n{expires}").as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    #[test]
    fn an_address_is_good_as_signed_and_for_its_time() {
        let signer = Signer::default();
        let query = signer.query("/media/a", 1000);
        let field = |name: &str| query::value(&query, name).unwrap();
        let (expires, signature) = (field("expires"), field("signature"));
        assert_eq!(signer.check("/media/a", &expires, &signature, 999), Ok(()));
        for (path, expires, signature, now, flaw) in [
            ("/media/a", expires.as_str(), signature.as_str(), 1000, Flaw::Expired),
            ("/media/b", &expires, &signature, 0, Flaw::Signature),
            ("/media/a", "1001", &signature, 0, Flaw::Signature),
            ("/media/a", "", &signature, 0, Flaw::Signature),
            ("/media/a", &expires, "", 0, Flaw::Signature),
        ] {
            assert_eq!(signer.check(path, expires, signature, now), Err(flaw), "{path} {expires}");
        }
        let other = Signer::default();
        assert_eq!(other.check("/media/a", &expires, &signature, 0), Err(Flaw::Signature));
    }
}
