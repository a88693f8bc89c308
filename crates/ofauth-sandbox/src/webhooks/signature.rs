//! The two forms in which a webhook is signed. Pure; time is passed in.
//!
//! The key of `OFAuth-Signature` is the secret as it is written; the key of svix is what its base64 says, behind `whsec_`, or
//! the text there if it is none. It is written apart from `ofauth_webhooks`, so that each is a check on the other.

use base64::Engine;
use base64::alphabet::{STANDARD as LETTERS, URL_SAFE};
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac::{HMAC_SHA256, Key, sign};
use uuid::Uuid;

/// How secrets begin.
const PREFIX: &str = "whsec_";

/// How long a new secret is, in bytes.
const LENGTH: usize = 24;

/// In which form webhooks are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WebhookScheme {
    /// The header `OFAuth-Signature`, and bodies with `type`, `timestamp` and `data`.
    #[default]
    OFAuth,
    /// The headers `svix-id`, `svix-timestamp` and `svix-signature`, and bodies with `eventType`, `live` and `data`.
    Svix,
}

/// What webhooks are signed with.
#[derive(Clone)]
pub(crate) struct Secret {
    text: String,
    scheme: WebhookScheme,
    key: Key,
}

// The secret stays out of logs.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Secret {
    /// Reads a secret; line ends and blanks around it are not part of it.
    pub(crate) fn read(text: &str, scheme: WebhookScheme) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}').trim_ascii();
        let bare = text.strip_prefix(PREFIX).unwrap_or(text);
        if bare.trim_ascii().is_empty() {
            return Err("the webhook secret is empty".to_owned());
        }
        let key = match scheme {
            WebhookScheme::OFAuth => text.as_bytes().to_vec(),
            WebhookScheme::Svix => from_base64(bare).unwrap_or_else(|| bare.as_bytes().to_vec()),
        };
        Ok(Self { text: text.to_owned(), scheme, key: Key::new(HMAC_SHA256, &key) })
    }

    /// A new one.
    pub(crate) fn new(scheme: WebhookScheme) -> Result<Self, String> {
        let (one, other) = (Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes());
        let chance: Vec<u8> = one.into_iter().chain(other).take(LENGTH).collect();
        Self::read(&format!("{PREFIX}{}", STANDARD.encode(chance)), scheme)
    }

    /// The secret as receivers need it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn scheme(&self) -> WebhookScheme {
        self.scheme
    }

    /// The headers that sign a body at the time `at`, in seconds since 1970.
    pub(crate) fn headers(&self, id: &str, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let tag = |text: String| sign(&self.key, &[text.as_bytes(), body].concat());
        match self.scheme {
            WebhookScheme::OFAuth => {
                let tag = tag(format!("{at}."));
                let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                vec![("ofauth-signature", format!("t={at},v1={hex}"))]
            }
            WebhookScheme::Svix => {
                let tag = STANDARD.encode(tag(format!("{id}.{at}.")));
                vec![
                    ("svix-id", id.to_owned()),
                    ("svix-timestamp", at.to_string()),
                    ("svix-signature", format!("v1,{tag}")),
                ]
            }
        }
    }
}

/// What base64 says in either alphabet, padded or not; nothing if it is none.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { LETTERS };
    GeneralPurpose::new(&alphabet, config).decode(text).ok().filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_as_their_documentation_shows() {
        // The example of the documentation of svix.
        let secret = Secret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", WebhookScheme::Svix).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let headers = secret.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(
            headers[2],
            ("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned())
        );
        // HMAC-SHA256 of "5.{}" with the key "secret", computed by OpenSSL.
        let secret = Secret::read("secret", WebhookScheme::OFAuth).unwrap();
        let [(name, value)] = secret.headers("", 5, b"{}").try_into().unwrap();
        assert_eq!((name, value.as_str()), ("ofauth-signature", OFAUTH));
    }

    const OFAUTH: &str = "t=5,v1=f18d2fcd9a24151471e3e2d71bc7ce901fb7b89b341918a08f95e9ffc497ea26";

    #[test]
    fn secrets_are_read_and_made() {
        for scheme in [WebhookScheme::OFAuth, WebhookScheme::Svix] {
            let new = Secret::new(scheme).unwrap();
            assert!(new.text().starts_with("whsec_") && new.text().len() == 6 + 32, "{}", new.text());
            assert_eq!(Secret::read(new.text(), scheme).unwrap().text(), new.text());
            assert!(!format!("{new:?}").contains(new.text()));
            assert!(["\n", "whsec_", " whsec_ \n"].iter().all(|text| Secret::read(text, scheme).is_err()));
            assert_eq!(Secret::read("\u{feff} any text! \r\n", scheme).unwrap().text(), "any text!");
        }
        for (text, key) in
            [("whsec_-_8", &[0xfb, 0xff][..]), ("+/8=", &[0xfb, 0xff]), ("whsec_no base64!", b"no base64!")]
        {
            let tag = |secret: &Secret| secret.headers("a", 1, b"").remove(2);
            let with_key =
                Secret { text: String::new(), scheme: WebhookScheme::Svix, key: Key::new(HMAC_SHA256, key) };
            assert_eq!(tag(&Secret::read(text, WebhookScheme::Svix).unwrap()), tag(&with_key), "{text}");
        }
    }
}
