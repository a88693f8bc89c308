//! The API key: where it is kept, how it is sent, and how it is kept out of everything else.
//!
//! This module does not decide which server may see the key; [`crate::origin`] does.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Setting};

/// The shortest key that is cut out of a server's text, in bytes. A shorter one, which only a sandbox takes, would
/// be found in the middle of words.
const SHORTEST_CUT: usize = 8;
/// Where an API key comes from, for errors that ask for one.
pub(crate) const WHERE_FROM: &str =
    "pass one of your OFAuth organization, from its dashboard; a local sandbox takes any";

/// What stands where the key was cut out of a server's text.
const CUT: &str = "[api key]";

/// So many keys are cut out of a server's text: the present one, and those before it that requests under way may carry.
const KEPT: usize = 4;

/// The API key, zeroed when dropped and never shown. Clones are one: what replaces the key of one does for all.
#[derive(Clone)]
pub(crate) struct ApiKey(Arc<RwLock<Vec<Zeroizing<String>>>>);

impl ApiKey {
    /// Takes a key that can be sent as a header value.
    pub(crate) fn new(key: String) -> Result<Self, Error> {
        Ok(Self(Arc::new(RwLock::new(vec![checked(key)?]))))
    }

    /// Takes another key in its place.
    pub(crate) fn replace(&self, key: String) -> Result<(), Error> {
        let key = checked(key)?;
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|known| *known != key);
        keys.insert(0, key);
        keys.truncate(KEPT);
        Ok(())
    }

    fn keys(&self) -> RwLockReadGuard<'_, Vec<Zeroizing<String>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The header value, marked so that HTTP libraries keep it out of their logs.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.keys().first()?).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// `text` without the key, for text that a server wrote: also where words of a broken JSON were put together.
    pub(crate) fn cut_from(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.cut_from_body(Bytes::copy_from_slice(text.as_bytes()))).into_owned()
    }

    /// `headers` without the key in any value.
    pub(crate) fn cut_from_headers(&self, mut headers: HeaderMap) -> HeaderMap {
        for value in headers.values_mut() {
            let cut = self.cut_from_body(Bytes::copy_from_slice(value.as_bytes()));
            if cut != value.as_bytes() {
                // The replacement is plain text, so the value stays one.
                *value = HeaderValue::from_bytes(&cut).unwrap_or(HeaderValue::from_static(CUT));
            }
        }
        headers
    }

    /// `body` without the key, as it stands and as JSON may write it; the same bytes, not copied, if it is not in there.
    pub(crate) fn cut_from_body(&self, body: Bytes) -> Bytes {
        self.keys().iter().fold(body, |body, key| cut(key.as_bytes(), body))
    }
}

/// A key that can be sent as a header value.
fn checked(key: String) -> Result<Zeroizing<String>, Error> {
    let key = Zeroizing::new(key);
    if key.trim().is_empty() {
        return Err(wrong("the API key is empty").with_next_step(WHERE_FROM));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let text =
            "the API key holds a space, a line break or another character that is not allowed in a key";
        return Err(wrong(text).with_next_step("check how it was read"));
    }
    Ok(key)
}

fn wrong(text: &str) -> Error {
    Error::new(ErrorKind::Config, text).with_setting(Setting::ApiKey)
}

/// `body` without this key.
fn cut(key: &[u8], body: Bytes) -> Bytes {
    // A search by first byte keeps the common case, a long body without the key, near the speed of memory.
    let Some(first) = key.first().filter(|_| key.len() >= SHORTEST_CUT) else { return body };
    let mut at = 0;
    let mut cleaned: Option<Vec<u8>> = None;
    let mut copied = 0;
    while let Some(rest) = body.get(at..) {
        let Some(found) = rest.iter().position(|byte| byte == first || *byte == b'\\') else { break };
        let start = at.saturating_add(found);
        at = start.saturating_add(1);
        if let Some(length) = written_length(body.get(start..).unwrap_or_default(), key) {
            let out = cleaned.get_or_insert_default();
            out.extend_from_slice(body.get(copied..start).unwrap_or_default());
            out.extend_from_slice(CUT.as_bytes());
            at = start.saturating_add(length);
            copied = at;
        }
    }
    let Some(mut out) = cleaned else { return body };
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    Bytes::from(out)
}

/// The bytes that `key` takes at the begin of `text`, any of its characters perhaps escaped as in JSON.
fn written_length(text: &[u8], key: &[u8]) -> Option<usize> {
    let mut at: usize = 0;
    for wanted in key {
        let (byte, length) = match text.get(at..)? {
            [b'\\', b'u', digits @ ..] => {
                let digits = str::from_utf8(digits.get(..4)?).ok()?;
                (u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok()?, 6)
            }
            [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] if byte == wanted => (*byte, 2),
            [byte, ..] => (*byte, 1),
            [] => return None,
        };
        if byte != *wanted {
            return None;
        }
        at = at.checked_add(length)?;
    }
    Some(at)
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_cut_wherever_it_stands() {
        let key = ApiKey::new("sk_live_1".into()).unwrap();
        for (text, cut) in [
            ("nothing", "nothing"),
            ("sk_live_1", "[api key]"),
            ("s sk_live_1sk_live_1 sk_live_", "s [api key][api key] sk_live_"),
        ] {
            assert_eq!(key.cut_from(text), cut);
            assert_eq!(key.cut_from_body(Bytes::copy_from_slice(text.as_bytes())), cut.as_bytes());
            let headers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static(text))]);
            assert_eq!(key.cut_from_headers(headers)[http::header::ETAG], cut);
        }
    }

    #[test]
    fn the_key_is_cut_where_json_escapes_it() {
        let key = ApiKey::new("sk_li/e\\1".into()).unwrap();
        for (text, cut) in [
            (r#"{"a": "sk_li\/e\\1"}"#, r#"{"a": "[api key]"}"#),
            (r#"{"a": "x\u0073\u006B_li\u002fe\\1y", "b": 1}"#, r#"{"a": "x[api key]y", "b": 1}"#),
            (r#""\u0073k_li/e\u005C1""#, r#""[api key]""#),
            (r#""\u0073k_li/e\u005C2""#, r#""\u0073k_li/e\u005C2""#),
            (r#""\u00""#, r#""\u00""#),
        ] {
            assert_eq!(key.cut_from_body(Bytes::copy_from_slice(text.as_bytes())), cut.as_bytes(), "{text}");
        }
    }

    #[test]
    fn debug_and_the_header_hide_it() {
        let key = ApiKey::new("sk_live_1".into()).unwrap();
        assert!(!format!("{key:?} {:?}", key.header()).contains("sk_live_1"));
    }

    #[test]
    fn keys_that_no_header_can_carry_are_refused() {
        for bad in ["", "  ", "a\nb", "key\n", " key", "a key", "sk_…"] {
            assert_eq!(ApiKey::new(bad.into()).unwrap_err().kind(), ErrorKind::Config, "{bad:?}");
        }
    }
}
