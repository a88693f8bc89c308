//! Posts, chat messages and mass messages.
//!
//! They are checked against the documented limits, their media are resolved (which uses up upload references), and
//! they are kept. What was created can be read, changed, listed and deleted, and once deleted it is 404. Every place
//! begins with one thing in it, the example of the document, so that a new sandbox has something to show. An id that
//! was never there is read and deleted like every operation without state, by example, but not changed. The lists are
//! in [`crate::lists`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::example;
use crate::lock;
use crate::media_items;
use crate::number;
use crate::reply::{Payload, Reply};

/// The first id of a post or message. Real ones can have 13 digits, so these do.
const FIRST_ID: u64 = 1_700_000_000_001;

/// The id of everything in the document's examples.
pub(crate) const EXAMPLE_ID: u64 = 12345;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Post,
    ChatMessage,
    MassMessage,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::ChatMessage => "chatMessage",
            Self::MassMessage => "massMessage",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::ChatMessage => "message in this chat",
            Self::MassMessage => "mass message",
        }
    }
}

/// Where things are listed together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    kind: Kind,
    connection: String,
    /// The other side of a chat.
    user: Option<String>,
}

impl Place {
    pub(crate) fn of(call: &Call, kind: Kind, user: Option<&str>) -> Self {
        Self { kind, connection: call.connection.clone(), user: user.map(str::to_owned) }
    }

    fn has_no(&self, id: &str) -> ApiError {
        ApiError::not_found(format!("there is no {} \"{id}\"", self.kind.in_words()))
    }
}

/// Everything that was written.
#[derive(Debug, Default)]
pub(crate) struct Posts {
    count: u64,
    /// The latest moment, in microseconds since 1970; no two things have the same.
    latest: i64,
    shelves: HashMap<Place, Shelf>,
}

/// What lies at one place.
#[derive(Debug, Default)]
struct Shelf {
    entries: BTreeMap<u64, Entry>,
    /// The ids of what was deleted.
    gone: BTreeSet<u64>,
}

/// One thing at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    Own(&'a Entry),
    Example,
}

/// What was created or changed here.
#[derive(Debug)]
pub(crate) struct Entry {
    id: u64,
    /// When it was created, in microseconds since 1970.
    at: i64,
    text: String,
    price: f64,
    media: Vec<Value>,
    /// The request's fields, with what the sandbox added.
    record: Value,
}

impl Posts {
    /// The records of posts, or of both kinds of messages, in order of creation.
    pub(crate) fn records(&self, posts: bool) -> Vec<Value> {
        let shelves = self.shelves.iter().filter(|(place, _)| (place.kind == Kind::Post) == posts);
        let mut entries: Vec<&Entry> = shelves.flat_map(|(_, shelf)| shelf.entries.values()).collect();
        entries.sort_by_key(|entry| entry.at);
        entries.into_iter().map(|entry| entry.record.clone()).collect()
    }

    /// What lies at a place, the newest first.
    pub(crate) fn at(&self, place: &Place) -> Vec<Found<'_>> {
        let Some(shelf) = self.shelves.get(place) else { return vec![Found::Example] };
        let own = shelf.entries.values().rev().map(Found::Own);
        own.chain(shelf.has_example().then_some(Found::Example)).collect()
    }

    /// What has this id at a place. None if it never was there; an error if it is not there any more.
    fn find(&self, place: &Place, id: &str) -> Result<Option<(u64, Found<'_>)>, ApiError> {
        let Some(number) = number::whole_text(id).and_then(|id| u64::try_from(id).ok()) else {
            return Ok(None);
        };
        let shelf = self.shelves.get(place);
        if shelf.is_some_and(|shelf| shelf.gone.contains(&number)) {
            return Err(place.has_no(id));
        }
        let own = shelf.and_then(|shelf| shelf.entries.get(&number)).map(Found::Own);
        let found = own.or((number == EXAMPLE_ID).then_some(Found::Example));
        Ok(found.map(|found| (number, found)))
    }

    fn next_id(&mut self) -> u64 {
        self.count += 1;
        FIRST_ID + self.count - 1
    }

    fn now(&mut self) -> i64 {
        self.latest = Timestamp::now().as_microsecond().max(self.latest + 1);
        self.latest
    }
}

impl Shelf {
    fn has_example(&self) -> bool {
        !self.gone.contains(&EXAMPLE_ID) && !self.entries.contains_key(&EXAMPLE_ID)
    }
}

impl Found<'_> {
    /// As an answer shows it, in the form of that answer's example.
    pub(crate) fn shown(self, example: &Value) -> Value {
        match self {
            Self::Own(entry) => entry.shown(example),
            Self::Example => example.clone(),
        }
    }

    pub(crate) fn id(self) -> u64 {
        match self {
            Self::Own(entry) => entry.id,
            Self::Example => EXAMPLE_ID,
        }
    }

    /// When it was created, in microseconds since 1970. The example is older than everything.
    pub(crate) fn at(self) -> i64 {
        match self {
            Self::Own(entry) => entry.at,
            Self::Example => 0,
        }
    }

    /// Whether its text has `words` in it, whatever their case.
    pub(crate) fn says(self, words: &str, example: &Value) -> bool {
        let text = match self {
            Self::Own(entry) => &entry.text,
            Self::Example => example.get("text").and_then(Value::as_str).unwrap_or_default(),
        };
        text.to_lowercase().contains(&words.to_lowercase())
    }
}

impl Entry {
    /// The example with what is known put in: fields that it has, and of what shows media also the text.
    fn shown(&self, example: &Value) -> Value {
        let mut fields = example.as_object().cloned().unwrap_or_default();
        let time = moment(self.at);
        let shows_content = fields.contains_key("media");
        for (name, value) in [
            ("id", json!(self.id)),
            ("text", json!(self.text)),
            ("rawText", json!(self.text)),
            ("media", json!(self.media)),
            ("mediaCount", json!(self.media.len())),
            ("price", json!(self.price)),
            ("isFree", json!(self.price == 0.0)),
            ("postedAt", json!(time)),
            ("postedAtPrecise", json!(marker(self.at))),
            ("createdAt", json!(time)),
            ("changedAt", json!(time)),
            ("date", json!(time)),
        ] {
            if fields.contains_key(name) || (name == "text" && shows_content) {
                fields.insert(name.to_owned(), value);
            }
        }
        Value::Object(fields)
    }
}

/// A moment as answers write it.
pub(crate) fn moment(microseconds: i64) -> String {
    let time = Timestamp::from_microsecond(microseconds).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A moment as the markers of pages write it: seconds with six digits after the point.
pub(crate) fn marker(microseconds: i64) -> String {
    format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000)
}

/// Creates a post or message; `user` is the one that a chat message goes to.
pub(crate) async fn create(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    user: Option<&str>,
) -> Result<Reply, Failure> {
    let body = read_body(call, operation).await?;
    let media = media_items::resolve(call, &body)?;
    let mut posts = lock(&call.app.posts);
    let (id, at) = (posts.next_id(), posts.now());
    let place = Place::of(call, kind, user);
    Ok(write(&mut posts, operation, place, Entry::new(id, at, media), &body))
}

/// Replaces what was created before under `id`.
pub(crate) async fn update(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    id: &str,
) -> Result<Reply, Failure> {
    let place = Place::of(call, kind, None);
    // Before the media are resolved: a request that is refused uses up no reference.
    if lock(&call.app.posts).find(&place, id)?.is_none() {
        return Err(place.has_no(id).into());
    }
    let body = read_body(call, operation).await?;
    let media = media_items::resolve(call, &body)?;
    let mut posts = lock(&call.app.posts);
    let found = posts.find(&place, id)?.map(|(number, found)| (number, found.at()));
    let (number, at) = found.ok_or_else(|| place.has_no(id))?;
    Ok(write(&mut posts, operation, place, Entry::new(number, at, media), &body))
}

/// Answers what lies under `id`.
pub(crate) fn read(call: &Call, operation: &Operation, kind: Kind, id: &str) -> Result<Reply, Failure> {
    let place = Place::of(call, kind, None);
    let posts = lock(&call.app.posts);
    let found = posts.find(&place, id)?.map_or(Found::Example, |(_, found)| found);
    Ok(Reply::new(example::status(operation), Payload::Json(found.shown(&operation.response))))
}

/// Deletes what lies under `id`.
pub(crate) async fn delete(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    user: Option<&str>,
    id: &str,
) -> Result<Reply, Failure> {
    example::body(call, operation).await?;
    let place = Place::of(call, kind, user);
    let mut posts = lock(&call.app.posts);
    let mut reply = example::reply(operation);
    let Some((number, found)) = posts.find(&place, id)? else { return Ok(reply) };
    // Mass and chat messages come back as they were.
    if let Payload::Json(Value::Object(fields)) = &mut reply.payload
        && let Some(queue) = fields.get_mut("queue")
    {
        *queue = found.shown(queue);
    }
    let shelf = posts.shelves.entry(place).or_default();
    shelf.entries.remove(&number);
    shelf.gone.insert(number);
    Ok(reply)
}

/// The body, within the limits of the document.
async fn read_body(call: &mut Call, operation: &Operation) -> Result<Map<String, Value>, Failure> {
    match example::body(call, operation).await? {
        Some(Value::Object(fields)) => Ok(fields),
        _ => Err(ApiError::bad_request("the request's body must be a JSON object").into()),
    }
}

impl Entry {
    fn new(id: u64, at: i64, media: Vec<Value>) -> Self {
        Self { id, at, text: String::new(), price: 0.0, media, record: Value::Null }
    }
}

/// Keeps a post or message with the fields of its request, and answers it.
fn write(
    posts: &mut Posts,
    operation: &Operation,
    place: Place,
    mut entry: Entry,
    body: &Map<String, Value>,
) -> Reply {
    let id = entry.id;
    let mut record = body.clone();
    record.insert("id".to_owned(), json!(id));
    record.insert("kind".to_owned(), json!(place.kind.name()));
    record.insert("connectionId".to_owned(), json!(place.connection));
    let ids: Vec<&Value> = entry.media.iter().filter_map(|item| item.get("id")).collect();
    record.insert("mediaIds".to_owned(), json!(ids));
    if let Some(user) = &place.user {
        record.insert("userId".to_owned(), json!(user));
    }
    entry.record = Value::Object(record);
    entry.text = body.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    entry.price = body.get("price").and_then(Value::as_f64).unwrap_or_default();
    let answer = entry.shown(&operation.response);
    posts.shelves.entry(place).or_default().entries.insert(id, entry);
    Reply::new(example::status(operation), Payload::Json(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    #[test]
    fn moments_and_markers_have_the_documented_forms() {
        assert_eq!(moment(1_777_457_928_000_001), "2026-04-29T10:18:48+00:00");
        assert_eq!(marker(1_777_457_928_000_001), "1777457928.000001");
        assert_eq!(marker(0), "0.000000");
    }

    #[test]
    fn the_examples_have_the_id_that_is_expected_of_them() {
        for id in ["get_post", "create_post", "get_mass_message", "send_chat_message"] {
            assert_eq!(document::by_id(id).unwrap().response["id"], EXAMPLE_ID, "{id}");
        }
        for id in
            ["list_posts", "list_user_posts", "list_chat_messages", "list_mass_messages", "list_vault_media"]
        {
            assert_eq!(document::by_id(id).unwrap().response["list"][0]["id"], EXAMPLE_ID, "{id}");
        }
    }
}
