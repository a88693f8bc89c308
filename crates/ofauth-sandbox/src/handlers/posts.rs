//! Posts, chat messages and mass messages: creating, changing, reading and deleting one of them.
//!
//! They are checked against the documented limits, and their media are resolved, which uses up upload references. What
//! was deleted is 404. An id that was never there is read and deleted like every operation without state, by example,
//! but not changed. The lists are in [`super::lists`].

use serde_json::{Map, Value};

use super::{example, media_items, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::posts::{Item, Kind, ListKey};

/// Creates a post or message; `user` is the one that a chat message goes to.
pub(crate) async fn create(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    user: Option<&str>,
) -> Result<Reply, Failure> {
    let body = read_body(call, operation).await?;
    let media = media_items::resolve(call, &body)?;
    let key = ListKey::new(&call.connection, kind, user);
    Ok(reply(operation, lock(&call.state.posts).create(key, &body, media)))
}

/// Replaces what was created before under `id`.
pub(crate) async fn update(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    id: &str,
) -> Result<Reply, Failure> {
    let key = ListKey::new(&call.connection, kind, None);
    // Before the media are resolved: a request that is refused uses up no reference.
    if lock(&call.state.posts).find(&key, id)?.is_none() {
        return Err(key.not_found(id).into());
    }
    let body = read_body(call, operation).await?;
    let media = media_items::resolve(call, &body)?;
    let mut posts = lock(&call.state.posts);
    let replaced = posts.find(&key, id)?.map(|item| (item.id(), item.at()));
    let (id, at) = replaced.ok_or_else(|| key.not_found(id))?;
    Ok(reply(operation, posts.put(key, id, at, &body, media)))
}

/// Answers what is there under `id`.
pub(crate) fn read(call: &Call, operation: &Operation, kind: Kind, id: &str) -> Result<Reply, Failure> {
    let key = ListKey::new(&call.connection, kind, None);
    let posts = lock(&call.state.posts);
    Ok(reply(operation, posts.find(&key, id)?.unwrap_or(Item::Example)))
}

/// Deletes what is there under `id`.
pub(crate) async fn delete(
    call: &mut Call,
    operation: &Operation,
    kind: Kind,
    user: Option<&str>,
    id: &str,
) -> Result<Reply, Failure> {
    validate::body(call, operation).await?;
    let key = ListKey::new(&call.connection, kind, user);
    let mut posts = lock(&call.state.posts);
    let mut reply = example::reply(operation);
    let Some(item) = posts.find(&key, id)? else { return Ok(reply) };
    // Mass and chat messages come back as they were.
    if let Payload::Json(Value::Object(fields)) = &mut reply.payload
        && let Some(queue) = fields.get_mut("queue")
    {
        *queue = item.shown(queue);
    }
    let id = item.id();
    posts.delete(key, id);
    Ok(reply)
}

/// The body, within the limits of the document.
async fn read_body(call: &mut Call, operation: &Operation) -> Result<Map<String, Value>, Failure> {
    match validate::body(call, operation).await? {
        Some(Value::Object(fields)) => Ok(fields),
        _ => Err(ApiError::bad_request("the request's body must be a JSON object").into()),
    }
}

/// The answer that shows an item.
fn reply(operation: &Operation, item: Item<'_>) -> Reply {
    Reply::new(example::status(operation), Payload::Json(item.shown(&operation.response)))
}
