//! The keys that a signing secret may stand for. How a secret becomes a key is documented for one scheme only, so each
//! secret is taken in every way that it can be meant; all of its keys are as hard to guess as the secret itself.

use ring::hmac;

use crate::encoding::from_base64;
use crate::error::{Error, ErrorKind};

/// What stands in front of secrets in the scheme of svix.
const PREFIX: &[u8] = b"whsec_";

/// The text of a secret, without a mark of its encoding and the line end with which an editor ends a file.
fn text(secret: &[u8]) -> &[u8] {
    let text = secret.strip_prefix(b"\xef\xbb\xbf").unwrap_or(secret);
    let end =
        text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last.saturating_add(1));
    text.get(..end).unwrap_or_default()
}

/// The keys of one secret, as bytes: base64 first, then the text, and last the text with the blanks around it, which most often
/// came with copying. None if the secret is empty.
fn candidates(secret: &[u8]) -> Vec<Vec<u8>> {
    let whole = text(secret);
    let text = whole.trim_ascii();
    let bare = text.strip_prefix(PREFIX).unwrap_or(text);
    // An empty key would be known to everybody.
    if bare.trim_ascii().is_empty() {
        return Vec::new();
    }
    let mut keys: Vec<Vec<u8>> = from_base64(bare).filter(|key| !key.is_empty()).into_iter().collect();
    keys.push(bare.to_vec());
    if bare.len() < text.len() {
        keys.push(text.to_vec());
    }
    if text.len() < whole.len() {
        keys.push(whole.to_vec());
    }
    keys
}

/// The keys of one secret.
pub(crate) fn keys(secret: &[u8]) -> Vec<hmac::Key> {
    candidates(secret).iter().map(|key| key_of(key)).collect()
}

/// The key to sign with in the scheme of svix: what is behind the prefix as base64, or the text where it is not.
pub(crate) fn svix_key(secret: &[u8]) -> Option<hmac::Key> {
    candidates(secret).first().map(|key| key_of(key))
}

/// The key to sign with in the documented scheme: the whole text, without blanks around it.
pub(crate) fn text_key(secret: &[u8]) -> Option<hmac::Key> {
    let is_usable = !candidates(secret).is_empty();
    is_usable.then(|| key_of(text(secret).trim_ascii()))
}

/// No secret can be used.
pub(crate) fn none() -> Error {
    let text = "there is no signing secret, or all are empty: take that of the endpoint from the dashboard";
    Error::new(ErrorKind::NoSecret, text)
}

fn key_of(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(secret: &str) -> Vec<String> {
        let keys = candidates(secret.as_bytes());
        keys.into_iter().map(|key| key.iter().map(|byte| char::from(*byte)).collect()).collect()
    }

    #[test]
    fn a_secret_is_taken_in_every_way_that_it_can_be_meant() {
        for (secret, keys) in [
            ("whsec_aGk=", &["hi", "aGk=", "whsec_aGk="][..]),
            ("whsec_aGk\r\n", &["hi", "aGk", "whsec_aGk"]),
            ("aGk=\n", &["hi", "aGk="]),
            ("\u{feff}aGk", &["hi", "aGk"]),
            ("a-_b", &["k\u{ef}\u{db}", "a-_b"]),
            ("no base64", &["no base64"]),
            ("whsec_no base64", &["no base64", "whsec_no base64"]),
            (" x", &["x", " x"]),
            (" whsec_aGk= \t\r\n", &["hi", "aGk=", "whsec_aGk=", " whsec_aGk= \t"]),
            ("WHSEC_!", &["WHSEC_!"]),
        ] {
            assert_eq!(texts(secret), keys, "{secret:?}");
        }
    }

    #[test]
    fn no_secret_gives_an_empty_key() {
        for secret in ["", "\n", "\r\n\r\n", " \t", "whsec_", "whsec_\n", "whsec_ ", "\u{feff}"] {
            assert_eq!(texts(secret), [""; 0], "{secret:?}");
        }
        for secret in ["=", "whsec_==", "A"] {
            assert!(texts(secret).iter().all(|key| !key.is_empty()), "{secret:?}");
        }
    }
}
