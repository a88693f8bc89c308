//! `/media/…`: where the addresses of pictures and media lead that answers have.
//!
//! What was uploaded answers its bytes, as long as they are kept; everything else is a small picture. Copies in Vault+ have
//! signed addresses that end, and exactly as many bytes as the copy is said to have. A part of a file can be asked for. As on
//! the media host of the service, no key is needed: who has an address may look.

mod made_up;
mod range;

use bytes::Bytes;
use http::header::{IF_RANGE, RANGE};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;

use self::range::Portion;
use crate::call::Call;
use crate::error::{ApiError, Failure};
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::query;
use crate::signed_url::Flaw;
use crate::state::State;
use crate::uploads::table::Content;
use crate::world::caching::is_whole;
use crate::world::collection::Collection;
use crate::world::moments::chance;
use crate::world::store::Key;
use crate::world::vault_plus::COPIES;

const PREFIX: &str = "/media/";

/// Media of the vault, below the prefix.
const VAULT: &str = "vault/";

/// The bytes of a media.
struct File {
    content_type: String,
    size: u64,
    /// What is never the same for other bytes.
    tag: String,
    source: Source,
}

enum Source {
    Uploaded(Content),
    /// Made up for the media that this stands for.
    MadeUp(u64),
}

/// Whether a request is for a picture or a media. A `POST` asks for a copy to be stored for good.
pub(crate) fn is_media(method: &str, path: &str) -> bool {
    let looks = method == Method::GET || method == Method::HEAD;
    (path.starts_with(PREFIX) && looks) || (path.starts_with(COPIES) && method == Method::POST)
}

/// Answers a request for what is at the path of a call.
pub(crate) fn answer(call: &Call) -> Result<Reply, Failure> {
    if call.path.starts_with(COPIES) {
        return copy(call).map_err(Failure::from);
    }
    let rest = call.path.strip_prefix(PREFIX).unwrap_or_default();
    let named = rest.strip_prefix(VAULT).and_then(|rest| rest.split_once('/'));
    let whole = named.filter(|(_, label)| is_whole(label));
    let uploaded = whole.and_then(|(id, _)| uploaded(&call.state, id.parse().ok()?));
    let file = uploaded.unwrap_or_else(|| File {
        content_type: "image/png".to_owned(),
        size: made_up::PICTURE.len() as u64,
        tag: "picture".to_owned(),
        source: Source::MadeUp(0),
    });
    Ok(serve(call, file))
}

/// The bytes of an uploaded media, if they are kept.
pub(crate) fn whole_upload(state: &State, media_id: u64) -> Option<Reply> {
    let file = uploaded(state, media_id)?;
    Some(reply(StatusCode::OK, &file, 0, file.size))
}

fn uploaded(state: &State, media_id: u64) -> Option<File> {
    let content = lock(&state.uploads).content(media_id)?;
    Some(File {
        content_type: content.content_type.clone(),
        size: content.size,
        tag: format!("upload-{media_id}"),
        source: Source::Uploaded(content),
    })
}

/// Answers a copy in Vault+, or has it stored for good.
fn copy(call: &Call) -> Result<Reply, ApiError> {
    let given = |name: &str| query::value(&call.query, name).unwrap_or_default();
    let now = jiff::Timestamp::now().as_millisecond();
    let signer = &call.state.settings.copies.signer;
    signer.check(&call.path, &given("expires"), &given("signature"), now).map_err(|flaw| {
        ApiError::forbidden(match flaw {
            Flaw::Signature => "the address is not signed: use the url of the copy as it is",
            Flaw::Expired => "the address has expired: ask for the media again, and use its new url",
        })
    })?;
    let missing = || ApiError::not_found("there is no such copy in Vault+");
    let names: Vec<String> = call.path.trim_start_matches(COPIES).split('/').map(decoded).collect();
    let [connection, name, label] = names.as_slice() else { return Err(missing()) };
    let copies = Key::new(connection, Collection::VaultPlus, 0);
    let mut world = lock(&call.state.world);
    let id = world.find(&copies, name).map_err(|_| missing())?;
    if call.method == Method::POST.as_str() {
        world.store_copy(&copies, id);
        return Ok(Reply::json(json!({ "queued": true })));
    }
    let facts = world.facts(&copies, id, "");
    drop(world);
    let variant = facts.get("media").and_then(|media| media.get(label)).ok_or_else(missing)?;
    let field = |name: &str| variant.get(name).cloned().unwrap_or_default();
    if field("status") == "removed" {
        return Err(missing());
    }
    let is_upload = facts.contains_key("filename");
    if is_upload && is_whole(label) {
        let file = uploaded(&call.state, id);
        let lost =
            || ApiError::from_status(StatusCode::GONE, "the bytes of this upload are not kept any more");
        return Ok(serve(call, file.ok_or_else(lost)?));
    }
    let salt = label.bytes().fold(1, |salt: u64, byte| chance(u64::from(byte), salt));
    let file = File {
        content_type: field("contentType").as_str().unwrap_or_default().to_owned(),
        size: field("sizeBytes").as_u64().unwrap_or(0),
        tag: format!("copy-{id}-{label}"),
        source: Source::MadeUp(chance(id, salt)),
    };
    Ok(serve(call, file))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Answers a file, or the part of it that was asked for if the client has the beginning of the same one.
fn serve(call: &Call, file: File) -> Reply {
    let etag = etag(&file);
    let same = call.header(IF_RANGE.as_str()).is_none_or(|known| known == etag);
    let wanted = call.header(RANGE.as_str()).filter(|_| same && !call.faults.ignores_range());
    match wanted.map_or(Portion::Whole, |range| range::portion(range, file.size)) {
        Portion::Whole => {
            let length = call.faults.shortened(file.size);
            reply(StatusCode::OK, &file, 0, length)
        }
        Portion::Part { start, length } => {
            let length = call.faults.shortened(length);
            let mut reply = reply(StatusCode::PARTIAL_CONTENT, &file, start, length);
            let end = start.saturating_add(length).saturating_sub(1);
            reply.header("content-range", format!("bytes {start}-{end}/{}", file.size));
            reply
        }
        Portion::Unsatisfiable => {
            let body = json!({ "error": "nothing of the range is there", "type": "BAD_REQUEST" });
            let mut reply = Reply::new(StatusCode::RANGE_NOT_SATISFIABLE, Payload::Json(body));
            reply.header("content-range", format!("bytes */{}", file.size));
            reply
        }
    }
}

fn etag(file: &File) -> String {
    format!("\"{}-{:x}\"", file.tag, file.size)
}

fn reply(status: StatusCode, file: &File, start: u64, length: u64) -> Reply {
    let chunks: Box<dyn Iterator<Item = Bytes> + Send> = match &file.source {
        Source::Uploaded(content) => Box::new(content.bytes(start, length)),
        Source::MadeUp(seed) => Box::new(made_up::bytes(*seed, start, length)),
    };
    let payload = Payload::Bytes { content_type: file.content_type.clone(), length, chunks };
    let mut reply = Reply::new(status, payload);
    reply.header("etag", etag(file));
    reply.header("accept-ranges", "bytes");
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_media_are_known() {
        for (method, path, is) in [
            ("GET", "/media/x.png", true),
            ("HEAD", "/media/vault/1/full", true),
            ("POST", "/media/copies/c/1/full", true),
            ("POST", "/media/vault/1/full", false),
            ("DELETE", "/media/copies/c/1/full", false),
            ("GET", "/v2/media/x", false),
        ] {
            assert_eq!(is_media(method, path), is, "{method} {path}");
        }
    }
}
