//! The result of an upload.

use serde_json::Value;

/// A finished upload.
#[derive(Clone, PartialEq)]
pub struct Uploaded {
    pub(super) media_upload_id: String,
    pub(super) media: Option<Value>,
    pub(super) bytes: u64,
    pub(super) multipart: bool,
    pub(super) retries: u32,
    pub(super) sent_again: u64,
    pub(super) parts: Vec<UploadedPart>,
}

/// One part of a finished upload; a single upload has one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedPart {
    /// Counted from 1.
    pub number: u32,
    /// The first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// What the service called the part's content, with the quotes that belong to it; `None` if it said nothing.
    /// For a single upload this is the `ETag` header of its answer.
    pub etag: Option<String>,
    /// How often the part was sent.
    pub attempts: u32,
}

impl Uploaded {
    /// The upload reference. It goes into the media of **one** post or message, which uses it up.
    pub fn media_upload_id(&self) -> &str {
        &self.media_upload_id
    }

    /// The media object, if the service's last answer had one. The API documents no way from a reference to its media.
    pub fn media(&self) -> Option<&Value> {
        self.media.as_ref()
    }

    /// The id of the media in the vault, which may be used any number of times, if the service's last answer had it.
    pub fn media_id(&self) -> Option<String> {
        match self.media.as_ref()?.get("id")? {
            Value::String(id) if !id.is_empty() => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the file went in parts.
    pub fn is_multipart(&self) -> bool {
        self.multipart
    }

    /// The parts in order.
    pub fn parts(&self) -> &[UploadedPart] {
        &self.parts
    }

    /// The etags of the parts in order, for [`Client::check`](crate::Client::check).
    pub fn etags(&self) -> impl Iterator<Item = Option<&str>> {
        self.parts.iter().map(|part| part.etag.as_deref())
    }

    /// Tries that failed and were repeated.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Bytes that were sent once more because a session expired.
    pub fn sent_again(&self) -> u64 {
        self.sent_again
    }
}

// A media object holds signed URLs, which work without a key: they stay out of logs.
impl std::fmt::Debug for Uploaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploaded")
            .field("media_upload_id", &self.media_upload_id)
            .field("media_id", &self.media_id())
            .field("bytes", &self.bytes)
            .field("parts", &self.parts.len())
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
