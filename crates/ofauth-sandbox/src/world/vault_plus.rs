//! The copies that Vault+ keeps of a media: their labels, their sizes, and how they come into being.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::caching::{Caching, Kind, MEDIA_SIZE, is_whole};
use super::pace::{self, CopyState, Pace};
use super::shape::ABSENT;
use crate::signed_url::Signer;

/// How long a copy is kept, in milliseconds.
const A_DAY: i64 = 24 * 60 * 60 * 1000;

/// How long addresses are good, unless something else was set, in seconds.
const URL_TTL: u64 = 3600;

/// Where the addresses of copies lead.
pub(crate) const COPIES: &str = "/media/copies/";

/// The fact of how many bytes the copies of a media take.
const FREED: &str = "freedBytes";

/// What the copies of all connections have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct CopySettings {
    pub(crate) pace: Pace,
    pub(crate) signer: Signer,
    /// How long addresses are good, whatever a connection has set.
    pub(crate) url_ttl: Option<Duration>,
}

/// A media that there are copies of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied<'a> {
    pub(super) connection: &'a str,
    pub(super) id: u64,
    /// What is known of the media.
    pub(super) facts: &'a Map<String, Value>,
    /// What is kept of its copies.
    pub(super) stored: &'a Map<String, Value>,
    /// When they came into being, in microseconds since 1970.
    pub(super) at: i64,
}

impl Copied<'_> {
    pub(super) fn kind(&self) -> Kind {
        Kind::of(self.facts.get("type").and_then(Value::as_str).unwrap_or("photo"))
    }

    /// The size of the media itself.
    pub(super) fn size(&self) -> u64 {
        let size = self.facts.get("files").and_then(|files| files.pointer("/full/size"));
        size.and_then(Value::as_u64).unwrap_or(MEDIA_SIZE)
    }

    /// The id, as it was given.
    fn name(&self) -> String {
        self.stored.get("id").and_then(Value::as_str).map_or_else(|| self.id.to_string(), str::to_owned)
    }
}

impl CopySettings {
    /// What is known of the copies of a media. Addresses begin with `base`; without one there are none.
    pub(super) fn facts(
        &self,
        copied: Copied<'_>,
        caching: &Caching,
        base: &str,
        now: i64,
    ) -> Map<String, Value> {
        let (kind, name) = (copied.kind(), copied.name());
        let told = copied.facts.get("contentType").and_then(Value::as_str);
        let content_type = told.unwrap_or(kind.usual_content_type());
        let state = self.pace.copy(copied.stored, copied.facts);
        let at = copied.at / 1000;
        // What was there from the start was stored a while after.
        let looks = pace::looks(copied.stored);
        let (stored_at, accessed_at) = if looks.is_some() { (at, at) } else { (at + 100_000, at + 500_000) };
        let stored_at = if state == CopyState::Stored { json!(stored_at) } else { Value::Null };
        let ttl = self.url_ttl.map_or_else(
            || i64::try_from(caching.url_ttl.unwrap_or(URL_TTL)).unwrap_or(i64::MAX).saturating_mul(1000),
            |ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
        );
        let mut freed = 0;
        let mut media = Map::new();
        for (label, size) in caching.variants(kind, copied.size()) {
            freed += size;
            let content_type = if is_whole(label) { content_type } else { kind.usual_content_type() };
            let path = path(copied.connection, &name, label);
            let url = match base {
                "" => String::new(),
                base => format!("{base}{path}?{}", self.signer.query(&path, now.saturating_add(ttl))),
            };
            media.insert(
                label.to_owned(),
                json!({
                    "status": state.name(),
                    "quality": label,
                    "sizeBytes": size,
                    "contentType": content_type,
                    "accessCount": looks.unwrap_or(0) + 1,
                    "createdAt": at,
                    "expiresAt": at + A_DAY,
                    "storedAt": stored_at,
                    "lastAccessedAt": accessed_at,
                    "url": url,
                }),
            );
        }
        let duration = match kind {
            Kind::Image => Value::Null,
            _ => copied.facts.get("duration").cloned().unwrap_or(json!(12.5)),
        };
        Map::from_iter([
            ("id".to_owned(), json!(name)),
            ("mediaId".to_owned(), json!(name)),
            ("ofMediaId".to_owned(), json!(name)),
            ("type".to_owned(), json!(kind.name())),
            ("contentType".to_owned(), json!(content_type)),
            ("status".to_owned(), json!(state.name())),
            ("duration".to_owned(), duration),
            ("createdAt".to_owned(), json!(at)),
            ("cachedAt".to_owned(), stored_at),
            ("success".to_owned(), json!(!media.is_empty())),
            ("media".to_owned(), Value::Object(media)),
            (FREED.to_owned(), json!(freed)),
            (ABSENT.to_owned(), json!([])),
        ])
    }
}

/// What stays as it is in a path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where a copy is.
fn path(connection: &str, name: &str, label: &str) -> String {
    let connection = utf8_percent_encode(connection, ESCAPED);
    format!("{COPIES}{connection}/{}/{label}", utf8_percent_encode(name, ESCAPED))
}
