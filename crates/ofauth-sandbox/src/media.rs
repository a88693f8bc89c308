//! `/media/…`: where the addresses of pictures and media lead that answers have.
//!
//! What was uploaded answers its bytes, as long as they are kept; everything else is a small picture. As on the media host
//! of the service, no key is asked for: who has an address may look.

use http::{Method, StatusCode};

use crate::http::reply::{Chunks, Payload, Reply};
use crate::lock::lock;
use crate::state::State;

const PREFIX: &str = "/media/";

/// Media of the vault, below the prefix.
const VAULT: &str = "vault/";

/// The forms of media that are the file itself.
const WHOLE: &[&str] = &["full", "source"];

/// Eight by eight pixels of blue.
const PICTURE: &[u8] = b"\
    \x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x08\x00\x00\x00\x08\x08\
    \x02\x00\x00\x00\x4b\x6d\x29\xdc\x00\x00\x00\x11\x49\x44\x41\x54\x78\xda\x63\x88\xee\xbd\x89\x15\x31\
    \x0c\x2d\x09\x00\xbc\xcd\x70\x41\x04\xcc\xc0\x02\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Whether a request is for a picture or a media.
pub(crate) fn is_media(method: &Method, path: &str) -> bool {
    path.starts_with(PREFIX) && (method == Method::GET || method == Method::HEAD)
}

/// Answers a request for what is at `path`.
pub(crate) fn answer(state: &State, path: &str) -> Reply {
    let named = path.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(VAULT)?.split_once('/'));
    let whole = named.filter(|(_, label)| WHOLE.contains(label));
    let uploaded = whole.and_then(|(id, _)| uploaded(state, id.parse().ok()?));
    uploaded.unwrap_or_else(|| {
        bytes("image/png", PICTURE.len() as u64, Box::new(std::iter::once(PICTURE.into())))
    })
}

/// The bytes of an uploaded media, if they are kept.
pub(crate) fn uploaded(state: &State, media_id: u64) -> Option<Reply> {
    let content = lock(&state.uploads).content(media_id)?;
    Some(bytes(&content.content_type, content.size, Box::new(content.bytes)))
}

fn bytes(content_type: &str, length: u64, chunks: Chunks) -> Reply {
    let content_type = content_type.to_owned();
    Reply::new(StatusCode::OK, Payload::Bytes { content_type, length, chunks })
}
