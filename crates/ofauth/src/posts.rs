//! Posts and messages that take uploaded media.
//!
//! A thin layer over the raw call for the most common next step after an upload. A post is never retried if the service
//! may have made it, because that could post twice.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Number, Value, json};

use crate::call::{Call, TypedCall};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::{Error, Result, invalid};
use crate::object::{Raw, with_id};
use crate::upload::Uploaded;

/// A medium of a post or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaItem(String);

impl MediaItem {
    /// An upload reference. It can be used once.
    pub fn reference(media_upload_id: impl Into<String>) -> Self {
        Self(media_upload_id.into())
    }

    /// A media id of the vault. It can be used any number of times.
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

/// A price in US dollars, to the cent.
///
/// ```
/// use ofauth::Price;
///
/// assert_eq!("4.99".parse::<Price>()?, Price::from_cents(499));
/// assert_eq!(Price::from_cents(500).to_string(), "5.00");
/// # Ok::<(), ofauth::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(u32);

impl Price {
    /// A price in cents. The service accepts 0 (free) to 20 000.
    pub const fn from_cents(cents: u32) -> Self {
        Self(cents)
    }

    /// The price in cents.
    pub const fn cents(self) -> u32 {
        self.0
    }

    /// The number that the API takes: dollars.
    fn to_json(self) -> Value {
        match self.0.is_multiple_of(100) {
            true => Value::from(self.0 / 100),
            // Two decimals come out as they went in: JSON gets the shortest text that stands for the number.
            false => Number::from_f64(f64::from(self.0) / 100.0).map_or(Value::Null, Value::Number),
        }
    }
}

/// Dollars with up to two decimals, such as `5` or `4.99`.
impl FromStr for Price {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            invalid(format!("{text:?} is not a price: write dollars without a currency, such as 5 or 4.99"))
        };
        let (dollars, cents) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(dollars) || !digits(cents) || cents.len() > 2 {
            return Err(wrong());
        }
        let tens = if cents.len() == 1 { 10 } else { 1 };
        let (dollars, cents): (u32, u32) =
            (dollars.parse().map_err(|_| wrong())?, cents.parse().map_err(|_| wrong())?);
        let cents = dollars.checked_mul(100).and_then(|whole| whole.checked_add(cents.checked_mul(tens)?));
        cents.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A post as the service describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Post {
    /// The id of the post.
    pub id: String,
    raw: Raw,
}

impl Post {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// A message or mass message as the service describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The id of the message.
    pub id: String,
    raw: Raw,
}

impl Message {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

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

    /// Any other field by its name in the API's document, such as `scheduledDate`, or `userLists` of a mass message.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }
}

/// Which fields are set, and not what they say to fans.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Client {
    /// Creates a post.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("Good morning").media(&uploaded);
    /// println!("{}", client.create_post(&content).await?.id);
    /// # Ok(()) }
    /// ```
    pub fn create_post(&self, content: &Content) -> TypedCall<Post> {
        let call = self.call("create_post").json(&content.0);
        TypedCall::new("create_post", |limits| async move {
            let (id, raw) = created(call, limits).await?;
            Ok(Post { id, raw })
        })
    }

    /// Sends a message to a user.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("For you").media(&uploaded).price(ofauth::Price::from_cents(999));
    /// client.send_message("4492994399", &content).await?;
    /// # Ok(()) }
    /// ```
    pub fn send_message(&self, user_id: &str, content: &Content) -> TypedCall<Message> {
        let call = self.call("send_chat_message").param("userId", user_id).json(&content.0);
        let has_recipient = !user_id.trim().is_empty();
        TypedCall::new("send_chat_message", move |limits| async move {
            if !has_recipient {
                return Err(invalid("the user id is empty: give the recipient of the message"));
            }
            let (id, raw) = created(call, limits).await?;
            Ok(Message { id, raw })
        })
    }

    /// Creates a mass message; its recipients are fields such as `userIds` and `userLists`.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("New tonight").field("userLists", vec!["fans"]);
    /// client.create_mass_message(&content).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_mass_message(&self, content: &Content) -> TypedCall<Message> {
        let call = self.call("create_mass_message").json(&content.0);
        TypedCall::new("create_mass_message", |limits| async move {
            let (id, raw) = created(call, limits).await?;
            Ok(Message { id, raw })
        })
    }
}

/// Sends a call that creates something. Its success was read already, so it has the id of what was created.
async fn created(call: Call, limits: Limits) -> Result<(String, Raw)> {
    with_id(&call.send_within(limits).await?, "create").map_err(Error::in_doubt)
}

#[cfg(test)]
mod tests {
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
            Value::Object(content.0),
            json!({"text": "New video", "mediaItems": ["upload:1", "12345"], "price": 5.5, "isLockedText": true,
                "previewMediaCount": 1, "userIds": [7]})
        );
        assert_eq!(Value::Object(Content::new("").0), json!({"text": ""}));
    }

    #[test]
    fn prices_are_exact_in_every_form() {
        for (text, cents, shown) in [
            ("5", 500, "5.00"),
            ("0", 0, "0.00"),
            ("4.99", 499, "4.99"),
            ("0.1", 10, "0.10"),
            ("200.07", 20_007, "200.07"),
        ] {
            let price: Price = text.parse().unwrap();
            assert_eq!((price.cents(), price.to_string().as_str()), (cents, shown));
        }
        for wrong in ["", ".5", "5.", "-1", "1e2", "4.999", "5 $", "NaN", "42949672.96", "99999999999"] {
            assert!(wrong.parse::<Price>().is_err(), "{wrong}");
        }
        for cents in 0..=20_000 {
            let (json, price) = (Price(cents).to_json().to_string(), Price(cents));
            assert_eq!(json.parse::<Price>().unwrap(), price, "{json}");
        }
    }
}
