//! Posts, chat messages and mass messages.
//!
//! They are checked against the documented limits, their media are resolved (which uses up upload references), and
//! they are kept for tests to look at. A created post or mass message can be read, changed and deleted; an id that
//! was not created here gets the document's example, like every operation without state.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::example;
use crate::lock;
use crate::media_items;
use crate::reply::{Payload, Reply};

/// The first id of a post or message. Real ones can have 13 digits, so these do.
const FIRST_ID: u64 = 1_700_000_000_001;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// Everything that was written, by id.
#[derive(Debug, Default)]
pub(crate) struct Posts {
    count: u64,
    entries: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    connection: String,
    /// The request's fields, with what the sandbox added.
    record: Value,
    /// What is answered for it.
    answer: Value,
}

impl Posts {
    /// The records of posts, or of both kinds of messages, in order of creation.
    pub(crate) fn records(&self, posts: bool) -> Vec<Value> {
        let wanted = self.entries.values().filter(|entry| (entry.kind == Kind::Post) == posts);
        wanted.map(|entry| entry.record.clone()).collect()
    }

    fn insert(&mut self, id: u64, entry: Entry) {
        self.entries.insert(id, entry);
    }

    fn next_id(&mut self) -> u64 {
        self.count += 1;
        FIRST_ID + self.count - 1
    }

    fn get(&self, kind: Kind, connection: &str, id: &str) -> Option<(u64, &Entry)> {
        let id = id.parse().ok()?;
        let entry = self.entries.get(&id)?;
        (entry.kind == kind && entry.connection == connection).then_some((id, entry))
    }
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
    let id = posts.next_id();
    let answer = write(&mut posts, call, operation, kind, id, &body, &media, user);
    Ok(Reply::new(example::status(operation), Payload::Json(answer)))
}

/// Replaces what was created before under `id`.
pub(crate) async fn update(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    id: &str,
) -> Result<Reply, Failure> {
    let body = read_body(call, operation).await?;
    let media = media_items::resolve(call, &body)?;
    let mut posts = lock(&call.app.posts);
    let id = id.parse().unwrap_or_else(|_| posts.next_id());
    let answer = write(&mut posts, call, operation, kind, id, &body, &media, None);
    Ok(Reply::new(example::status(operation), Payload::Json(answer)))
}

/// Answers what was created under `id`.
pub(crate) fn read(call: &Call, operation: &Operation, kind: Kind, id: &str) -> Reply {
    match lock(&call.app.posts).get(kind, &call.connection, id) {
        Some((_, entry)) => Reply::json(entry.answer.clone()),
        None => example::reply(operation),
    }
}

/// Deletes what was created under `id`.
pub(crate) fn delete(call: &Call, operation: &Operation, kind: Kind, id: &str) -> Reply {
    let mut posts = lock(&call.app.posts);
    if let Some((known, _)) = posts.get(kind, &call.connection, id) {
        posts.entries.remove(&known);
    }
    example::reply(operation)
}

/// The body, within the limits of the document.
async fn read_body(call: &mut Call, operation: &Operation) -> Result<Map<String, Value>, Failure> {
    let body = call.json().await?;
    if let Some(schema) = &operation.request {
        example::check_body(schema, &body)?;
    }
    match body {
        Value::Object(fields) => Ok(fields),
        _ => Err(ApiError::bad_request("the request's body must be a JSON object").into()),
    }
}

/// Keeps a post or message and makes its answer: the document's example with what is known put in.
#[expect(clippy::too_many_arguments, reason = "the parts of one record, used in two places")]
fn write(
    posts: &mut Posts,
    call: &Call,
    operation: &Operation,
    kind: Kind,
    id: u64,
    body: &Map<String, Value>,
    media: &[Value],
    user: Option<&str>,
) -> Value {
    let text = body.get("text").cloned().unwrap_or_else(|| json!(""));
    let mut record = body.clone();
    record.insert("id".to_owned(), json!(id));
    record.insert("kind".to_owned(), json!(kind.name()));
    record.insert("connectionId".to_owned(), json!(call.connection));
    let ids: Vec<&Value> = media.iter().filter_map(|item| item.get("id")).collect();
    record.insert("mediaIds".to_owned(), json!(ids));
    if let Some(user) = user {
        record.insert("userId".to_owned(), json!(user));
    }

    let mut fields = operation.response.as_object().cloned().unwrap_or_default();
    let known = [("text", text), ("mediaCount", json!(media.len())), ("media", json!(media))];
    for (name, value) in known {
        if let Some(field) = fields.get_mut(name) {
            *field = value;
        }
    }
    fields.insert("id".to_owned(), json!(id));
    let answer = Value::Object(fields);
    let connection = call.connection.clone();
    posts.insert(id, Entry { kind, connection, record: Value::Object(record), answer: answer.clone() });
    answer
}
