//! Signs as the service does, so that programs can test their endpoints.

use std::time::SystemTime;

use crate::encoding::{to_base64, to_hex};
use crate::error::Error;
use crate::headers::{OFAUTH, SVIX, check_id};
use crate::scheme::{Scheme, Signed};
use crate::secret;

/// The headers that the service would send with this body, for tests of an endpoint. `id` is for [`Scheme::Svix`] alone.
///
/// The key is what each scheme is known to use: for svix the bytes that the secret is base64 of, or its text if it is not;
/// for the documented one its text. Blanks around it are not part of it.
///
/// # Errors
///
/// [`ErrorKind::NoSecret`](crate::ErrorKind::NoSecret) if the secret is empty,
/// [`ErrorKind::Malformed`](crate::ErrorKind::Malformed) if the id has a dot.
///
/// ```
/// use std::time::SystemTime;
/// use ofauth_webhooks::{Scheme, sign};
///
/// let headers = sign(Scheme::Svix, "whsec_c2VjcmV0", b"{}", SystemTime::now(), "msg_1")?;
/// assert_eq!(headers[0], ("svix-id", "msg_1".to_owned()));
/// # Ok::<(), ofauth_webhooks::Error>(())
/// ```
pub fn sign(
    scheme: Scheme,
    secret: impl AsRef<[u8]>,
    body: &[u8],
    at: SystemTime,
    id: &str,
) -> Result<Vec<(&'static str, String)>, Error> {
    let secret = secret.as_ref();
    let timestamp = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
    match scheme {
        Scheme::OFAuth => {
            let key = secret::text_key(secret).ok_or_else(secret::none)?;
            let tag = Signed { id: None, timestamp: &timestamp }.tag(&key, body);
            Ok(vec![(OFAUTH, format!("t={timestamp},v1={}", to_hex(tag.as_ref())))])
        }
        Scheme::Svix => {
            let key = secret::svix_key(secret).ok_or_else(secret::none)?;
            check_id(id)?;
            let tag = Signed { id: Some(id), timestamp: &timestamp }.tag(&key, body);
            let signature = format!("v1,{}", to_base64(tag.as_ref()));
            Ok(SVIX.into_iter().zip([id.to_owned(), timestamp, signature]).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The example in the documents of svix, and the documented scheme with what `openssl dgst -sha256 -hmac` says.
    #[test]
    fn signatures_are_those_that_others_make() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let headers = sign(
            Scheme::Svix,
            secret,
            br#"{"test": 2432232314}"#,
            at(1_614_265_330),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
        );
        assert_eq!(headers.unwrap()[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let headers = sign(Scheme::OFAuth, "key", b"fox", at(7), "").unwrap();
        assert_eq!(
            headers.as_slice(),
            [(OFAUTH, "t=7,v1=5cd6e1de4ec405dfe6813a4ea30f97f8d2afd7b30940b9f9ab89582b9339a6dc".to_owned())]
        );
        assert_eq!(headers, sign(Scheme::OFAuth, " key \n", b"fox", at(7), "").unwrap());
        assert!(sign(Scheme::OFAuth, "\n", b"", at(7), "").is_err());
        assert!(sign(Scheme::Svix, secret, b"", at(7), "msg.1").is_err());
    }
}
