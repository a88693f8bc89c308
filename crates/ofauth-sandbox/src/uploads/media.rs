//! A vault media: what a finished upload became.

use serde_json::{Map, Value, json};

use crate::content_type::essence;

/// A vault media, for the answers that show one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Media<'a> {
    pub(crate) id: u64,
    pub(crate) content_type: &'a str,
    pub(crate) size: u64,
    pub(crate) filename: &'a str,
}

impl Media<'_> {
    /// As upload answers show it.
    pub(crate) fn to_json(self) -> Value {
        json!({ "id": self.id, "type": self.kind(), "files": {} })
    }

    /// What the vault keeps of it.
    pub(crate) fn fields(self) -> Map<String, Value> {
        Map::from_iter([
            ("id".to_owned(), json!(self.id)),
            ("type".to_owned(), json!(self.kind())),
            ("size".to_owned(), json!(self.size)),
            ("contentType".to_owned(), json!(self.content_type)),
            ("filename".to_owned(), json!(self.filename)),
        ])
    }

    fn kind(self) -> &'static str {
        match essence(self.content_type).as_str() {
            "image/gif" => "gif",
            other if other.starts_with("image/") => "photo",
            other if other.starts_with("audio/") => "audio",
            _ => "video",
        }
    }
}
