//! A medium of Vault+ and its variants, read leniently from what the service says.

use std::time::SystemTime;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::object::{Raw, count_of, id_of, text_of, time_of};
use crate::open_enum::open_enum;
use crate::secret_text::Secret;
use crate::vault::Media;

/// A medium of Vault+: a persistent copy of a medium of OnlyFans, in one or more variants.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultPlusMedia {
    /// The id of the medium at OnlyFans.
    pub id: String,
    /// What it is, if the service says it.
    pub media_type: Option<VaultPlusType>,
    /// How long it plays, in seconds.
    pub duration: Option<f64>,
    /// Its variants, sorted by label.
    pub variants: Vec<Variant>,
    raw: Raw,
}

/// A variant of a medium: `thumb`, `preview` or `full` of a picture, `preview`, `720p`, `1080p` or `source` of a video.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Variant {
    /// What tells it from the others of the medium.
    pub label: String,
    /// Whether Vault+ has its bytes.
    pub status: VariantStatus,
    /// Its size in bytes, if it is known.
    pub size: Option<u64>,
    /// Its content type.
    pub content_type: Option<String>,
    /// The signed address of its bytes. Whoever has it can fetch them, for as long as it is valid.
    pub url: Option<Secret>,
    /// When the copy was asked for.
    pub created_at: Option<SystemTime>,
    /// When Vault+ had its bytes.
    pub stored_at: Option<SystemTime>,
    /// When the copy goes, if nobody looks at it before.
    pub expires_at: Option<SystemTime>,
    /// When somebody looked at it last.
    pub last_accessed_at: Option<SystemTime>,
    /// How often somebody did.
    pub access_count: Option<u64>,
}

/// What a medium of Vault+ is. The vault itself says `photo` and `gif` where Vault+ says `image`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VaultPlusType {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A sound.
    Audio,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(VaultPlusType { Image = "image", Video = "video", Audio = "audio" });

/// Whether Vault+ has the bytes of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VariantStatus {
    /// Only a cache has them, which forgets them at any time.
    EdgeOnly,
    /// They were asked for.
    Pending,
    /// They are on their way.
    Storing,
    /// It has them.
    Stored,
    /// It had them.
    Removed,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(VariantStatus {
    EdgeOnly = "edge_only",
    Pending = "pending",
    Storing = "storing",
    Stored = "stored",
    Removed = "removed",
});

impl VaultPlusMedia {
    /// What an object of the service says; nothing if it has no id.
    pub(crate) fn read(raw: Value) -> Option<Self> {
        let id = id_of(&raw)?;
        let media_type = text_of(&raw, "type").map(|text| VaultPlusType::from(text.as_str()));
        let duration = raw.get("duration").and_then(Value::as_f64);
        let mut variants: Vec<Variant> = match raw.get("media") {
            Some(Value::Object(all)) => {
                all.iter().filter_map(|(label, of)| Variant::read(label, of)).collect()
            }
            _ => Vec::new(),
        };
        variants.sort_by(|one, other| one.label.cmp(&other.label));
        Some(Self { id, media_type, duration, variants, raw: Raw(raw) })
    }

    /// The variant with this label, if the medium has one.
    pub fn variant(&self, label: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.label == label)
    }

    /// All that the service said. Its URLs are signed: whoever has one can fetch the medium.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// What a batch of media says of one of them, read as a medium of Vault+. A medium without an id has an empty one.
impl From<Media> for VaultPlusMedia {
    fn from(media: Media) -> Self {
        let raw = media.raw().clone();
        Self::read(raw.clone()).unwrap_or_else(|| Self {
            id: String::new(),
            media_type: None,
            duration: None,
            variants: Vec::new(),
            raw: Raw(raw),
        })
    }
}

/// An object of the service.
impl<'de> Deserialize<'de> for VaultPlusMedia {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("it has no id"))
    }
}

impl Variant {
    fn read(label: &str, of: &Value) -> Option<Self> {
        let status = VariantStatus::from(text_of(of, "status").unwrap_or_default().as_str());
        of.is_object().then(|| Self {
            label: label.to_owned(),
            status,
            size: count_of(of, "sizeBytes"),
            content_type: text_of(of, "contentType"),
            url: text_of(of, "url").map(Secret::new),
            created_at: time_of(of, "createdAt"),
            stored_at: time_of(of, "storedAt"),
            expires_at: time_of(of, "expiresAt"),
            last_accessed_at: time_of(of, "lastAccessedAt"),
            access_count: count_of(of, "accessCount"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_odd_is_read_as_far_as_it_goes() {
        let media: VaultPlusMedia = serde_json::from_value(json!({
            "id": 12345, "type": "hologram", "duration": 3, "media": {
                "source": {"status": "stored", "sizeBytes": 1024.0, "contentType": "video/mp4", "url": "https://canary",
                           "createdAt": 1_777_457_928_831_u64, "storedAt": null, "expiresAt": "2026-04-29T10:18:48Z"},
                "720p": {"status": "melting", "sizeBytes": -5},
                "none": null,
            },
        }))
        .unwrap();
        assert_eq!((media.id.as_str(), media.duration), ("12345", Some(3.0)));
        assert_eq!(media.media_type.as_ref().unwrap(), &VaultPlusType::Other("hologram".into()));
        let labels: Vec<_> = media.variants.iter().map(|variant| variant.label.as_str()).collect();
        assert_eq!(labels, ["720p", "source"]);
        let source = media.variant("source").unwrap();
        assert_eq!(
            (&source.status, source.size, source.stored_at),
            (&VariantStatus::Stored, Some(1024), None)
        );
        let created = SystemTime::UNIX_EPOCH + Duration::from_millis(1_777_457_928_831);
        assert_eq!(source.created_at, Some(created));
        assert_eq!(source.expires_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_457_928)));
        let odd = media.variant("720p").unwrap();
        assert_eq!((odd.status.as_str(), odd.size, &odd.url), ("melting", None, &None));
        assert!(!format!("{media:?}").contains("canary"), "a signed address is in Debug");
        assert!(serde_json::from_value::<VaultPlusMedia>(json!({"type": "image"})).is_err());
    }
}
