//! A vault media: what a finished upload became, as answers show it.

use serde_json::{Value, json};

use crate::content_type::essence;
use crate::timestamp::moment;

/// A vault media, for the answers that show one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Media<'a> {
    pub(crate) id: u64,
    pub(crate) content_type: &'a str,
    pub(crate) size: u64,
    pub(crate) filename: &'a str,
    /// When the upload was finished, in microseconds since 1970.
    pub(crate) at: i64,
}

impl Media<'_> {
    /// As upload answers show it.
    pub(crate) fn to_json(self) -> Value {
        json!({ "id": self.id, "type": self.kind(), "files": {} })
    }

    /// As the vault shows it, in the form of that answer's example.
    pub(crate) fn shown(self, example: &Value) -> Value {
        let mut fields = example.as_object().cloned().unwrap_or_default();
        for (name, value) in [
            ("id", json!(self.id)),
            ("type", json!(self.kind())),
            ("createdAt", json!(moment(self.at))),
            ("lists", json!([])),
            ("hasPosts", json!(false)),
        ] {
            fields.insert(name.to_owned(), value);
        }
        let mut shown = Value::Object(fields);
        if let Some(size) = shown.pointer_mut("/files/full/size") {
            *size = json!(self.size);
        }
        shown
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
