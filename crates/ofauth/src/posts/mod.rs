//! Posts, messages and mass messages: what they say and show, and their way from the first request to the last.
//!
//! A thin layer over the raw call. A post is never retried if the service may have made it, because that could post twice.

mod content;
mod media_item;
mod price;

use serde_json::{Value, json};

pub use self::content::Content;
pub use self::media_item::MediaItem;
pub use self::price::Price;
use crate::call::{Call, TypedCall};
use crate::client::Client;
use crate::error::{Error, invalid};
use crate::object::{Raw, id_of, with_id};

/// A post as the service describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Post {
    /// The id of the post.
    pub id: String,
    raw: Raw,
}

impl Post {
    fn new(id: String, raw: Raw) -> Self {
        Self { id, raw }
    }

    /// The media ids of what it shows, which work any number of times. Of an uploaded file, this is how its id is known if
    /// the answer to the upload had none.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// let post = client.create_post(&ofauth::Content::new("New").media(&uploaded)).await?;
    /// client.wait_ready(post.media_ids()).await?;
    /// # Ok(()) }
    /// ```
    pub fn media_ids(&self) -> Vec<String> {
        media_ids(&self.raw)
    }

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
    fn new(id: String, raw: Raw) -> Self {
        Self { id, raw }
    }

    /// The media ids of what it shows, as [`Post::media_ids`]. The answer to a mass message has none: read it with
    /// [`get_mass_message`](Client::get_mass_message).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("For you").media(&uploaded);
    /// println!("{:?}", client.send_message("4492994399", &content).await?.media_ids());
    /// # Ok(()) }
    /// ```
    pub fn media_ids(&self) -> Vec<String> {
        media_ids(&self.raw)
    }

    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// The ids of `media`, in order.
fn media_ids(raw: &Raw) -> Vec<String> {
    let media = raw.0.get("media").and_then(Value::as_array);
    media.into_iter().flatten().filter_map(id_of).collect()
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
        with_content("create_post", self.call("create_post"), content, Post::new)
    }

    /// Reads a post.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{}", client.get_post("1234567890").await?.raw()["text"]);
    /// # Ok(()) }
    /// ```
    pub fn get_post(&self, post_id: &str) -> TypedCall<Post> {
        read("get_post", self.call("get_post").param("postId", post_id), Post::new)
    }

    /// Edits a post: it is as `content` says from then on, without the text, media, price and date that it leaves out. For what
    /// stays, take [`Post::media_ids`], and not the upload references, which are used up.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, media_id: u64) -> ofauth::Result<()> {
    /// use ofauth::{Content, MediaItem};
    ///
    /// let content = Content::new("Good evening").media(MediaItem::id(media_id));
    /// client.update_post("1234567890", &content).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_post(&self, post_id: &str, content: &Content) -> TypedCall<Post> {
        with_content("update_post", self.call("update_post").param("postId", post_id), content, Post::new)
    }

    /// Deletes a post, or a scheduled one before it is published.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.delete_post("1234567890").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_post(&self, post_id: &str) -> TypedCall<()> {
        done("delete_post", self.call("delete_post").param("postId", post_id))
    }

    /// Sends a message to a user. With [`Content::reply_to`] it is a reply.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("For you").media(&uploaded).price(ofauth::Price::from_cents(999));
    /// client.send_message("4492994399", &content).await?;
    /// # Ok(()) }
    /// ```
    pub fn send_message(&self, user_id: &str, content: &Content) -> TypedCall<Message> {
        if user_id.trim().is_empty() {
            return TypedCall::new("send_chat_message", |_| async {
                Err(invalid("the user id is empty: give the recipient of the message"))
            });
        }
        let call = self.call("send_chat_message").param("userId", user_id);
        with_content("send_chat_message", call, content, Message::new)
    }

    /// Takes back a message to a user.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let message = client.send_message("4492994399", &ofauth::Content::new("Oops")).await?;
    /// client.unsend_message("4492994399", &message.id).await?;
    /// # Ok(()) }
    /// ```
    pub fn unsend_message(&self, user_id: &str, message_id: &str) -> TypedCall<()> {
        let call = self.call("unsend_chat_message").param("userId", user_id).param("messageId", message_id);
        done("unsend_chat_message", call.json(&json!({ "withUserId": user_id })))
    }

    /// Creates a mass message for users and lists.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("New tonight").to_lists(["fans"]).except_lists(["1234567"]);
    /// client.create_mass_message(&content).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_mass_message(&self, content: &Content) -> TypedCall<Message> {
        with_content("create_mass_message", self.call("create_mass_message"), content, Message::new)
    }

    /// Reads a mass message: how far it is, and until when it can be taken back.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{}", client.get_mass_message("1234567890").await?.raw()["isDone"]);
    /// # Ok(()) }
    /// ```
    pub fn get_mass_message(&self, mass_message_id: &str) -> TypedCall<Message> {
        let call = self.call("get_mass_message").param("massMessageId", mass_message_id);
        read("get_mass_message", call, Message::new)
    }

    /// Changes a mass message that was not sent yet. As for [`update_post`](Self::update_post), what `content` leaves out is
    /// gone, the recipients included.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let content = ofauth::Content::new("New tomorrow").to_lists(["fans"]);
    /// client.update_mass_message("1234567890", &content).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_mass_message(&self, mass_message_id: &str, content: &Content) -> TypedCall<Message> {
        let call = self.call("update_mass_message").param("massMessageId", mass_message_id);
        with_content("update_mass_message", call, content, Message::new)
    }

    /// Cancels a mass message, or takes it back if it was sent.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.delete_mass_message("1234567890").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_mass_message(&self, mass_message_id: &str) -> TypedCall<()> {
        done("delete_mass_message", self.call("delete_mass_message").param("massMessageId", mass_message_id))
    }
}

/// A call that makes or changes something with this content.
fn with_content<T: Send + 'static>(
    operation_id: &'static str,
    call: Call,
    content: &Content,
    made: fn(String, Raw) -> T,
) -> TypedCall<T> {
    let call = content.fields().map(|fields| call.json(fields));
    TypedCall::new(operation_id, move |limits| async move {
        let answer = call?.send_within(limits).await?;
        let (id, raw) = with_id(&answer, operation_id).map_err(Error::in_doubt)?;
        Ok(made(id, raw))
    })
}

/// A call that reads something.
fn read<T: Send + 'static>(
    operation_id: &'static str,
    call: Call,
    made: fn(String, Raw) -> T,
) -> TypedCall<T> {
    TypedCall::new(operation_id, move |limits| async move {
        let (id, raw) = with_id(&call.send_within(limits).await?, operation_id)?;
        Ok(made(id, raw))
    })
}

/// A call whose answer says nothing more than that it is done.
fn done(operation_id: &'static str, call: Call) -> TypedCall<()> {
    TypedCall::new(operation_id, |limits| async move { call.send_within(limits).await.map(|_| ()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_known_by_their_ids_as_number_and_as_text() {
        for (raw, wanted) in [
            (
                json!({"media": [{"id": 7}, {"id": "8"}, {"type": "photo"}, {"id": 4_492_994_399_u64}]}),
                &["7", "8", "4492994399"][..],
            ),
            (json!({"media": []}), &[]),
            (json!({"media": null}), &[]),
            (json!({}), &[]),
        ] {
            assert_eq!(Post::new("1".into(), Raw(raw.clone())).media_ids(), wanted);
            assert_eq!(Message::new("1".into(), Raw(raw)).media_ids(), wanted);
        }
    }
}
