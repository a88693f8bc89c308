//! The Vault+ operations that are about more than one copy: batch, purge, status and stats.

use serde_json::{Map, Value, json};

use super::example;
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::Reply;
use crate::lock::lock;
use crate::world::collection::Collection;
use crate::world::copy_totals::Totals;
use crate::world::store::Key;

/// The documented limit of ids in one request.
const MAX_IDS: usize = 100;

/// Answers the items that are cached, in reverse order: the API does not promise any.
pub(crate) async fn batch(call: &mut Call, operation: &Operation) -> Result<Reply, Failure> {
    let body = call.json_object().await?;
    let ids = read_ids(&body)?;
    let example = operation.response.pointer("/items/0").cloned().unwrap_or_default();
    let key = copies(call);
    let mut world = lock(&call.state.world);
    let mut items: Vec<Value> = Vec::new();
    for (position, id) in ids.iter().enumerate() {
        let repeated = ids.iter().take(position).any(|earlier| earlier == id);
        if let (false, Ok(id)) = (repeated, world.find(&key, id)) {
            items.push(world.shown(&key, id, &example, &call.base));
            world.look(&key, id);
        }
    }
    items.reverse();
    Ok(Reply::json(json!({ "items": items })))
}

/// Answers how many copies a connection has.
pub(crate) fn status(call: &Call, operation: &Operation) -> Reply {
    let totals = Totals::of(&lock(&call.state.world), &copies(call));
    example::filled(
        call,
        operation,
        &json!({
            "connectionId": call.connection,
            "storedCount": totals.stored,
            "pendingCount": totals.pending,
            "totalSizeBytes": totals.bytes,
        }),
    )
}

/// Answers how many copies all connections have. One that did nothing yet is not known.
pub(crate) fn stats(call: &Call, operation: &Operation) -> Reply {
    let world = lock(&call.state.world);
    let all: Vec<Totals> = world
        .connections()
        .into_iter()
        .map(|connection| Totals::of(&world, &Key::new(connection, Collection::VaultPlus, 0)))
        .collect();
    let sum = |count: fn(&Totals) -> u64| all.iter().map(count).sum::<u64>();
    example::filled(
        call,
        operation,
        &json!({
            "totalConnections": world.view(&Key::new("", Collection::Connections, 0)).len(),
            "connectionsWithVaultPlus": all.len(),
            "totalStorageBytes": sum(|totals| totals.bytes),
            "totalMediaCount": sum(|totals| totals.media),
        }),
    )
}

/// Deletes all copies of a connection.
pub(crate) fn purge(call: &Call, operation: &Operation) -> Reply {
    let key = copies(call);
    let mut world = lock(&call.state.world);
    let totals = Totals::of(&world, &key);
    world.delete_all(key);
    example::filled(
        call,
        operation,
        &json!({ "success": true, "purgedCount": totals.variants(), "freedBytes": totals.bytes }),
    )
}

/// The Vault+ of the request's connection.
pub(super) fn copies(call: &Call) -> Key {
    Key::new(&call.connection, Collection::VaultPlus, 0)
}

fn read_ids(body: &Map<String, Value>) -> Result<Vec<&str>, ApiError> {
    let Some(ids) = body.get("mediaIds") else {
        return Err(ApiError::bad_request("mediaIds: is required"));
    };
    let texts = ids.as_array().and_then(|ids| ids.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let Some(texts) = texts else {
        return Err(ApiError::bad_request("mediaIds: must be an array of strings"));
    };
    if texts.len() > MAX_IDS {
        let message = format!("mediaIds: has {} ids, at most {MAX_IDS} are allowed", texts.len());
        return Err(ApiError::bad_request(message));
    }
    Ok(texts)
}
