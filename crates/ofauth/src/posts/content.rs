//! What a post or message says and shows, as the fields of the request.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::media_item::MediaItem;
use super::price::Price;
use crate::error::Result;
use crate::media_form::MediaForm;

/// The field of the media.
const MEDIA_ITEMS: &str = "mediaItems";

/// Text and media of a post or message.
///
/// ```no_run
/// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
/// use ofauth::{Content, MediaItem, Price};
///
/// let content = Content::new("Hello")
///     .media(&uploaded)
///     .media(MediaItem::id(4_503_112_345_u64))
///     .price(Price::from_cents(499))
///     .preview_media_count(1);
/// let message = client.send_message("12345", &content).await?;
/// println!("{}", message.id);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "content does nothing until it is posted or sent"]
pub struct Content {
    fields: Map<String, Value>,
    /// The first medium that is not in the form that it was given as.
    odd: Option<MediaItem>,
}

impl Content {
    /// Content with a text of at most 10 000 characters, which may be empty.
    pub fn new(text: impl Into<String>) -> Self {
        let mut fields = Map::new();
        fields.insert("text".into(), Value::String(text.into()));
        Self { fields, odd: None }
    }

    /// Adds a medium.
    pub fn media(mut self, item: impl Into<MediaItem>) -> Self {
        let item = item.into();
        if self.odd.is_none() && item.check().is_err() {
            self.odd = Some(item.clone());
        }
        self.push(MEDIA_ITEMS, Value::String(item.into_text()));
        self
    }

    /// Publishes it at that moment instead of now: a post or a mass message.
    pub fn schedule(self, at: SystemTime) -> Self {
        // What is beyond the calendar is beyond what the service takes.
        let at = Timestamp::try_from(at).unwrap_or(Timestamp::MAX);
        self.field("scheduledDate", format!("{at:.3}"))
    }

    /// Removes the post again after so many days, 1 to 30.
    pub fn expire_after(self, days: u32) -> Self {
        self.field("expireAfter", days)
    }

    /// Replies to this message, in [`send_message`](crate::Client::send_message).
    pub fn reply_to(self, message_id: impl Into<String>) -> Self {
        self.field("replyToMessageId", message_id.into())
    }

    /// Sends a mass message to these users, besides those that were named before.
    pub fn to_users<I: IntoIterator<Item: fmt::Display>>(self, ids: I) -> Self {
        self.push_ids("userIds", ids)
    }

    /// Sends a mass message to the users of these lists, besides those that were named before.
    pub fn to_lists<I: IntoIterator<Item: fmt::Display>>(self, ids: I) -> Self {
        self.push_ids("userLists", ids)
    }

    /// Leaves the users of these lists out of a mass message.
    pub fn except_lists<I: IntoIterator<Item: fmt::Display>>(self, ids: I) -> Self {
        self.push_ids("excludeUserLists", ids)
    }

    /// The price, $0 to $200; 0 is free.
    pub fn price(self, price: Price) -> Self {
        self.field("price", price.to_json())
    }

    /// Whether the text, too, is locked behind the price.
    pub fn locked_text(self, locked: bool) -> Self {
        self.field("isLockedText", locked)
    }

    /// How many media, from the first, are shown free of charge.
    pub fn preview_media_count(self, count: u32) -> Self {
        self.field("previewMediaCount", count)
    }

    /// Any other field by its name in the API's document, such as `userTags`, or `subscribedAfterDate` of a mass message.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    fn push_ids<I: IntoIterator<Item: fmt::Display>>(mut self, name: &str, ids: I) -> Self {
        for id in ids {
            let id = id.to_string();
            // The service takes both: numbers for users and lists of one's own, words for lists such as `fans`.
            self.push(name, id.parse::<u64>().map_or(Value::String(id), Value::from));
        }
        self
    }

    fn push(&mut self, name: &str, item: Value) {
        match self.fields.get_mut(name) {
            Some(Value::Array(items)) => items.push(item),
            _ => {
                self.fields.insert(name.to_owned(), Value::Array(vec![item]));
            }
        }
    }

    /// The fields as they are sent, unless one of the media is in no form that the API takes.
    pub(super) fn fields(&self) -> Result<&Map<String, Value>> {
        let items = self.fields.get(MEDIA_ITEMS).and_then(Value::as_array).into_iter().flatten();
        self.odd.as_ref().map_or(Ok(()), MediaItem::check)?;
        items.filter_map(Value::as_str).try_for_each(|text| MediaForm::check(text).map(|_| ()))?;
        Ok(&self.fields)
    }
}

/// Which fields are set, and not what they say to fans.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content ")?;
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_is_the_documented_json() {
        let content = Content::new("New video")
            .media(MediaItem::reference("upload:1"))
            .media(MediaItem::id(12345))
            .price(Price::from_cents(550))
            .locked_text(true)
            .preview_media_count(1)
            .field("userIds", vec![7]);
        assert_eq!(
            Value::Object(content.fields),
            json!({"text": "New video", "mediaItems": ["upload:1", "12345"], "price": 5.5, "isLockedText": true,
                "previewMediaCount": 1, "userIds": [7]})
        );
        assert_eq!(Value::Object(Content::new("").fields), json!({"text": ""}));
    }

    #[test]
    fn times_replies_and_recipients_are_the_documented_fields() {
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_798_794_000_500);
        let content = Content::new("")
            .schedule(at)
            .expire_after(7)
            .reply_to("5551234567890")
            .to_users(["7", "u8"])
            .to_users([9])
            .to_lists(["fans"])
            .except_lists(["12"]);
        assert_eq!(
            Value::Object(content.fields),
            json!({"text": "", "scheduledDate": "2027-01-01T09:00:00.500Z", "expireAfter": 7,
                "replyToMessageId": "5551234567890", "userIds": [7, "u8", 9], "userLists": ["fans"],
                "excludeUserLists": [12]})
        );
    }

    #[test]
    fn media_in_no_known_form_are_refused() {
        for content in [
            Content::new("").media(MediaItem::reference("clip.mp4")),
            Content::new("").media(MediaItem::id(1)).field("mediaItems", json!([1, "clip.mp4"])),
        ] {
            assert!(content.fields().unwrap_err().to_string().contains("\"clip.mp4\""));
        }
        Content::new("").field("mediaItems", json!([1, "2", {"later": true}])).fields().unwrap();
    }
}
