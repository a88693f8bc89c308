//! `POST /v2/vault-plus/media/batch`: the cached copies of media.
//!
//! In this sandbox the media of finished uploads are cached, and the ids that the builder was given. Their URLs lead
//! nowhere.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::error::{ApiError, Failure};
use crate::http::reply::Reply;
use crate::lock::lock;

/// The documented limit of ids in one request.
const MAX_IDS: usize = 100;

/// The times of all variants, in milliseconds since 1970; those of the published example.
const CREATED_AT: u64 = 1_715_800_000_000;
const STORED_AT: u64 = 1_715_800_100_000;
const ACCESSED_AT: u64 = 1_715_800_500_000;
const EXPIRES_AT: u64 = 1_715_886_400_000;

/// Variants besides the full one have this size.
const SMALL: u64 = 32_000;

/// Answers the items that are cached, in reverse order: the API does not promise any.
pub(crate) async fn batch(call: &mut Call) -> Result<Reply, Failure> {
    let body = call.json_object().await?;
    let ids = read_ids(&body)?;
    let mut items: Vec<Value> = Vec::new();
    for (position, id) in ids.iter().enumerate() {
        if !ids.iter().take(position).any(|earlier| earlier == id) {
            items.extend(item(call, id));
        }
    }
    items.reverse();
    Ok(Reply::json(json!({ "items": items })))
}

fn read_ids(body: &Map<String, Value>) -> Result<Vec<&str>, ApiError> {
    let Some(ids) = body.get("mediaIds") else {
        return Err(ApiError::bad_request("mediaIds: is required"));
    };
    let texts = ids.as_array().and_then(|ids| ids.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let Some(texts) = texts else {
        return Err(ApiError::bad_request("mediaIds: must be an array of strings"));
    };
    if texts.len() > MAX_IDS {
        let message = format!("mediaIds: has {} ids, at most {MAX_IDS} are allowed", texts.len());
        return Err(ApiError::bad_request(message));
    }
    Ok(texts)
}

fn item(call: &Call, id: &str) -> Option<Value> {
    let uploads = lock(&call.state.uploads);
    let uploaded = id.parse().ok().and_then(|number| uploads.media(&call.connection, number));
    let (content_type, size) = match uploaded {
        Some(media) => (media.content_type.to_owned(), media.size),
        None if call.state.settings.vault_plus_media.iter().any(|known| known == id) => {
            ("image/jpeg".to_owned(), 1_024_000)
        }
        None => return None,
    };
    drop(uploads);
    let (kind, full, small, small_type) = match content_type.split('/').next() {
        Some("image") => ("image", "full", "thumb", "image/jpeg"),
        Some("audio") => ("audio", "source", "preview", "audio/mpeg"),
        _ => ("video", "source", "preview", "video/mp4"),
    };
    let duration = if kind == "image" { Value::Null } else { json!(12.5) };
    Some(json!({
        "id": id,
        "type": kind,
        "duration": duration,
        "media": {
            full: variant(id, full, size, &content_type),
            small: variant(id, small, SMALL, small_type),
        },
    }))
}

fn variant(id: &str, label: &str, size: u64, content_type: &str) -> Value {
    json!({
        "status": "stored",
        "quality": label,
        "sizeBytes": size,
        "contentType": content_type,
        "accessCount": 1,
        "createdAt": CREATED_AT,
        "expiresAt": EXPIRES_AT,
        "storedAt": STORED_AT,
        "lastAccessedAt": ACCESSED_AT,
        "url": format!("https://media.sandbox.invalid/v2/{id}/{label}?signature=sandbox"),
    })
}
