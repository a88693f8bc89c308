//! Creating, reading, changing and deleting one item of a collection, by the rows of the table.
//!
//! Bodies are checked against the documented limits, and their media are resolved, which uses up upload references. An
//! id that is not there is 404, whatever is asked of it.

use serde_json::{Map, Value, json};

use super::table::{Act, Row};
use super::{events, example, list, media_items, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::number;
use crate::webhooks::event;
use crate::world::collection::Collection;
use crate::world::people::SELF_ID;
use crate::world::store::{Key, World};

/// The operation that ends the session of a connection.
const INVALIDATE: &str = "invalidate_connection";

/// The connected account, where a path names a user.
const ME: &str = "me";

/// Carries out an operation of the table.
pub(crate) fn answer(
    call: &mut Call,
    operation: &Operation,
    values: &[String],
    row: &Row,
) -> Result<Reply, Failure> {
    let path = Path { operation, values, row };
    let key = path.key(&call.connection, &lock(&call.state.world))?;
    if row.act == Act::List {
        return Ok(list::answer(call, operation, &key)?);
    }
    let body = validate::body(call);
    // Before the media are resolved: a request that is refused uses up no reference.
    path.item(&key, &lock(&call.state.world))?;
    let mut fields = fields(call, &key, body)?;
    fields.extend(row.sets.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let mut world = lock(&call.state.world);
    let id = match path.item(&key, &world)? {
        Some(id) => id,
        None => world.create(key.clone(), fields.clone()),
    };
    match row.act {
        Act::List | Act::Create | Act::Read => {}
        Act::Change => world.merge(key.clone(), id, fields),
        Act::Replace => world.replace(key.clone(), id, fields),
        Act::Add => world.insert(key.clone(), id, fields),
        Act::Delete => {
            let reply = reply(operation, &world, &key, id, &call.base);
            events::tell_change(&call.state, &world, &key, id, true, &Value::Null);
            world.delete(key, id);
            return Ok(reply);
        }
    }
    if key.collection() == Collection::Messages {
        greet(&mut world, &key);
    }
    let reply = reply(operation, &world, &key, id, &call.base);
    if let (Act::Create, Payload::Json(item)) = (row.act, &reply.payload) {
        events::tell_change(&call.state, &world, &key, id, false, item);
    }
    if operation.id == INVALIDATE {
        events::tell(&call.state, &world, event::EXPIRED, path.value(row.id));
    }
    if row.act == Act::Read {
        look(&mut world, &key, id);
    }
    Ok(reply)
}

/// Notes that an item was seen: media get ready by that, also those that a post shows, and copies are stored.
pub(super) fn look(world: &mut World, key: &Key, id: u64) {
    match key.collection() {
        Collection::VaultPlus => world.look(key, id),
        Collection::VaultMedia | Collection::VaultListMedia => {
            world.look(&key.beside(Collection::VaultMedia, 0), id);
        }
        Collection::Posts | Collection::Messages | Collection::MassMessages => {
            let fields = world.fields(key, id);
            let media = fields.get("mediaIds").and_then(Value::as_array).into_iter().flatten();
            let media: Vec<u64> = media.filter_map(Value::as_u64).collect();
            media.into_iter().for_each(|id| world.look(&key.beside(Collection::VaultMedia, 0), id));
        }
        _ => {}
    }
}

/// What the path of a request names.
struct Path<'a> {
    operation: &'a Operation,
    values: &'a [String],
    row: &'a Row,
}

impl Path<'_> {
    fn value(&self, name: &str) -> &str {
        let at = self.operation.path_position(name);
        at.and_then(|at| self.values.get(at)).map_or("", String::as_str)
    }

    /// The collection, which may belong to something that has to be there.
    fn key(&self, connection: &str, world: &World) -> Result<Key, ApiError> {
        let collection = self.row.collection;
        let alone = Key::new(connection, collection, 0);
        let Some(parent) = self.row.parent.map(|name| self.value(name)) else { return Ok(alone) };
        let parent = match collection {
            // A chat begins with its first message, to whomever.
            Collection::Messages => {
                let user = number::whole_text(parent).and_then(|id| u64::try_from(id).ok());
                user.filter(|id| *id > 0)
                    .ok_or_else(|| alone.beside(Collection::Users, 0).not_found(parent))?
            }
            Collection::Posts | Collection::Stories if parent == ME => 0,
            _ => {
                let owner = collection.belongs_to().unwrap_or(Collection::Users);
                world.find(&alone.beside(owner, 0), parent)?
            }
        };
        // What the account itself has written is the list of nobody else; a chat is with somebody.
        let is_own = parent == SELF_ID && matches!(collection, Collection::Posts | Collection::Stories);
        Ok(alone.beside(collection, if is_own { 0 } else { parent }))
    }

    /// The item, unless the operation is to create one.
    fn item(&self, key: &Key, world: &World) -> Result<Option<u64>, ApiError> {
        let text = self.value(self.row.id);
        match self.row.act {
            Act::Read | Act::Change if self.row.id.is_empty() => Ok(Some(SELF_ID)),
            Act::List | Act::Create => Ok(None),
            Act::Read if key.collection() == Collection::Users && text == ME => Ok(Some(SELF_ID)),
            Act::Add => {
                let source = key.collection().drawn_from().unwrap_or(key.collection());
                world.find(&key.beside(source, 0), text).map(Some)
            }
            Act::Read | Act::Change | Act::Replace | Act::Delete => world.find(key, text).map(Some),
        }
    }
}

/// The fields of a body, with the ids of the media that they name.
fn fields(call: &Call, key: &Key, body: Option<Value>) -> Result<Map<String, Value>, ApiError> {
    let mut fields = match body {
        Some(Value::Object(fields)) => fields,
        None => Map::new(),
        Some(_) => return Err(ApiError::bad_request("the request's body must be a JSON object")),
    };
    if matches!(key.collection(), Collection::Posts | Collection::Messages | Collection::MassMessages) {
        let ids = media_items::resolve(call, &fields)?;
        fields.insert("mediaIds".to_owned(), json!(ids));
    }
    Ok(fields)
}

/// Has a chat that was written to among the chats, and its user among the users.
fn greet(world: &mut World, messages: &Key) {
    for collection in [Collection::Users, Collection::Chats] {
        world.insert(messages.beside(collection, 0), messages.parent(), Map::new());
    }
}

/// The answer that shows an item.
pub(super) fn reply(operation: &Operation, world: &World, key: &Key, id: u64, base: &str) -> Reply {
    let shown = |example: &Value| world.shown(key, id, example, base);
    let payload = match &operation.response {
        Value::Null => Payload::Empty,
        Value::Object(fields) if fields.is_empty() => Payload::Json(json!({})),
        // What was deleted comes back as it was.
        Value::Object(fields) if fields.contains_key(QUEUE) => {
            let mut fields = fields.clone();
            if let Some(queue) = fields.get_mut(QUEUE) {
                *queue = shown(queue);
            }
            Payload::Json(Value::Object(fields))
        }
        example => Payload::Json(shown(example)),
    };
    Reply::new(example::status(operation), payload)
}

/// The field of an answer that has a deleted message.
const QUEUE: &str = "queue";
