//! Posts and messages that take uploaded media.
//!
//! A thin layer over the raw call for the most common next step after an upload. Creating is never repeated after a
//! failure that may have come after the service acted, for a repetition could post twice.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, Result, invalid};
use crate::upload::Uploaded;

/// A medium of a post or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaItem(String);

impl MediaItem {
    /// An upload reference, which this use consumes.
    pub fn reference(media_upload_id: impl Into<String>) -> Self {
        Self(media_upload_id.into())
    }

    /// A media id of the vault, usable any number of times.
    pub fn id(media_id: impl std::fmt::Display) -> Self {
        Self(media_id.to_string())
    }

    /// A picture or video on another server, `http` or `https`.
    pub fn url(url: impl Into<String>) -> Self {
        Self(url.into())
    }
}

impl From<&Uploaded> for MediaItem {
    fn from(uploaded: &Uploaded) -> Self {
        Self::reference(uploaded.media_upload_id())
    }
}

/// Text and media of a post or message.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "content does nothing until it is posted or sent"]
pub struct Content(Map<String, Value>);

impl Content {
    /// Content with a text of at most 10 000 characters, which may be empty.
    pub fn new(text: impl Into<String>) -> Self {
        let mut fields = Map::new();
        fields.insert("text".into(), Value::String(text.into()));
        Self(fields)
    }

    /// Adds a medium.
    pub fn media(mut self, item: impl Into<MediaItem>) -> Self {
        let item = Value::String(item.into().0);
        match self.0.get_mut("mediaItems") {
            Some(Value::Array(items)) => items.push(item),
            _ => {
                self.0.insert("mediaItems".into(), json!([item]));
            }
        }
        self
    }

    /// The price in dollars, 0 to 200; 0 is free.
    pub fn price(self, dollars: f64) -> Self {
        self.field("price", dollars)
    }

    /// Whether the text, too, is locked behind the price.
    pub fn locked_text(self, locked: bool) -> Self {
        self.field("isLockedText", locked)
    }

    /// How many media, from the first, are shown free of charge.
    pub fn preview_media_count(self, count: u32) -> Self {
        self.field("previewMediaCount", count)
    }

    /// Any other field by its name in the API's document, such as `scheduledDate`, or `userLists` of a mass message.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }
}

impl Client {
    /// Creates a post and returns it as the service describes it.
    pub async fn create_post(&self, content: &Content) -> Result<Value> {
        created(self.call("create_post"), content).await
    }

    /// Sends a message to a user and returns it as the service describes it.
    pub async fn send_message(&self, user_id: &str, content: &Content) -> Result<Value> {
        if user_id.trim().is_empty() {
            return Err(invalid("the user id is empty: give the recipient of the message"));
        }
        created(self.call("send_chat_message").param("userId", user_id), content).await
    }

    /// Creates a mass message; its recipients are fields such as `userIds` and `userLists`.
    pub async fn create_mass_message(&self, content: &Content) -> Result<Value> {
        created(self.call("create_mass_message"), content).await
    }
}

/// Sends a call that creates something. Its success was read already, so it has the id of what was created.
async fn created(call: Call, content: &Content) -> Result<Value> {
    call.body(Value::Object(content.0.clone())).send().await?.json().map_err(Error::in_doubt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_the_documented_json() {
        let content = Content::new("New video")
            .media(MediaItem::reference("upload:1"))
            .media(MediaItem::id(12345))
            .price(5.5)
            .locked_text(true)
            .preview_media_count(1)
            .field("userIds", vec![7]);
        assert_eq!(
            Value::Object(content.0),
            json!({"text": "New video", "mediaItems": ["upload:1", "12345"], "price": 5.5, "isLockedText": true,
                "previewMediaCount": 1, "userIds": [7]})
        );
        assert_eq!(Value::Object(Content::new("").0), json!({"text": ""}));
    }
}
