//! The copies that Vault+ keeps of a media: their labels, their sizes, and how they come into being.
//!
//! A copy of what was uploaded is pending when it is first asked for, and stored when it is asked for again.

use serde_json::{Map, Value, json};

use super::facts::MEDIA_SIZE;
use super::shape::ABSENT;
use super::store::{Key, World};

/// How often a copy was asked for, among the fields that are kept of it.
pub(crate) const READS: &str = "reads";

/// Variants besides the full one have this size.
const SMALL: u64 = 32_000;

/// How long a copy is kept, in milliseconds.
const A_DAY: i64 = 24 * 60 * 60 * 1000;

/// How many copies there are of a media.
const VARIANTS: u64 = 2;

/// Copies counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) media: u64,
    pub(crate) stored: u64,
    pub(crate) pending: u64,
    pub(crate) bytes: u64,
}

impl Totals {
    /// Counts the copies of a Vault+. What is seeded is multiplied.
    pub(crate) fn of(world: &World, key: &Key) -> Self {
        let view = world.view(key);
        let mut totals = Self { media: view.len(), ..Self::default() };
        let mut seeded = view.len();
        for id in view.created() {
            seeded = seeded.saturating_sub(1);
            let count =
                if is_stored(&world.fields(key, id)) { &mut totals.stored } else { &mut totals.pending };
            *count += VARIANTS;
            let size = world.facts(key, id, "").get(FREED).and_then(Value::as_u64);
            totals.bytes += size.unwrap_or(0);
        }
        totals.stored += seeded * VARIANTS;
        totals.bytes += seeded * (MEDIA_SIZE + SMALL);
        totals
    }
}

/// The fact of how many bytes the copies of a media take.
const FREED: &str = "freedBytes";

fn full_size(facts: &Map<String, Value>) -> u64 {
    let size = facts.get("files").and_then(|files| files.pointer("/full/size"));
    size.and_then(Value::as_u64).unwrap_or(MEDIA_SIZE)
}

/// Whether all copies of the media with these fields are stored.
pub(crate) fn is_stored(stored: &Map<String, Value>) -> bool {
    stored.get(READS).and_then(Value::as_u64).is_none_or(|reads| reads > 1)
}

/// What is known of the copies of the media with these facts, which were asked for at `at`, in microseconds since 1970.
pub(super) fn copies(
    id: u64,
    facts: &Map<String, Value>,
    stored: &Map<String, Value>,
    at: i64,
    base: &str,
) -> Map<String, Value> {
    let id = stored.get("id").and_then(Value::as_str).map_or_else(|| id.to_string(), str::to_owned);
    let kind = facts.get("type").and_then(Value::as_str).unwrap_or("photo");
    let content_type = facts.get("contentType").and_then(Value::as_str);
    let (kind, full, small, usual, small_type) = match kind {
        "audio" => ("audio", "source", "preview", "audio/mpeg", "audio/mpeg"),
        "video" => ("video", "source", "preview", "video/mp4", "video/mp4"),
        _ => ("image", "full", "thumb", "image/jpeg", "image/jpeg"),
    };
    let is_stored = is_stored(stored);
    let at = at / 1000;
    let variant = |label: &str, size: u64, content_type: &str| {
        json!({
            "status": if is_stored { "stored" } else { "pending" },
            "quality": label,
            "sizeBytes": size,
            "contentType": content_type,
            "accessCount": stored.get(READS).cloned().unwrap_or(json!(1)),
            "createdAt": at,
            "expiresAt": at + A_DAY,
            "storedAt": if is_stored { json!(at + 100_000) } else { Value::Null },
            "lastAccessedAt": at + 500_000,
            "url": format!("{base}/media/vault/{id}/{label}"),
        })
    };
    let media = json!({
        full: variant(full, full_size(facts), content_type.unwrap_or(usual)),
        small: variant(small, SMALL, small_type),
    });
    Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("mediaId".to_owned(), json!(id)),
        ("ofMediaId".to_owned(), json!(id)),
        ("type".to_owned(), json!(kind)),
        ("status".to_owned(), json!(if is_stored { "stored" } else { "pending" })),
        ("duration".to_owned(), if kind == "image" { Value::Null } else { json!(12.5) }),
        ("media".to_owned(), media),
        ("success".to_owned(), json!(true)),
        (FREED.to_owned(), json!(full_size(facts) + SMALL)),
        (ABSENT.to_owned(), json!([])),
    ])
}
