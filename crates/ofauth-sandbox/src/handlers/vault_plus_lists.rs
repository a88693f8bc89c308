//! The lists of the vault that Vault+ keeps copies of.
//!
//! What `add` and the list of lists answer is not public: the fields here have the names of their neighbours.

use serde_json::{Value, json};

use super::example;
use super::vault_plus::copies;
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::Reply;
use crate::lock::lock;
use crate::timestamp::precise;
use crate::world::collection::Collection;
use crate::world::store::{Key, World};

/// Answers the lists that were synced or added.
pub(crate) fn lists(call: &Call) -> Reply {
    let world = lock(&call.state.world);
    let lists = Key::new(&call.connection, Collection::VaultLists, 0);
    let items = world.cached_lists(&call.connection).into_iter().map(|(id, list)| {
        let facts = world.facts(&lists, id, &call.base);
        let synced_at = list.synced_at.map(precise);
        json!({
            "listId": id.to_string(), "name": facts.get("name"), "mediaCount": list.len(), "lastSyncedAt": synced_at,
        })
    });
    let items: Vec<Value> = items.collect();
    Reply::json(json!({ "items": items }))
}

/// Answers what is remembered of a list, with the copies of it.
pub(crate) fn media(call: &Call, operation: &Operation, list: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let (members, copies) = (members(call, &world, list)?, copies(call));
    let remembered = world.cached_list(&members).unwrap_or_default();
    let synced_at = world.synced_at(&members).map(precise);
    let example = operation.response.pointer("/items/0").cloned().unwrap_or_default();
    let mut items: Vec<Value> = Vec::new();
    for (id, member) in remembered {
        if !world.view(&copies).has(id) {
            continue;
        }
        let mut item = world.shown(&copies, id, &example, &call.base);
        if let Some(fields) = item.as_object_mut() {
            for (name, moment) in [
                ("firstAddedAt", Some(precise(member.first_added))),
                ("lastAddedAt", Some(precise(member.last_added))),
                ("lastSeenAt", Some(precise(member.last_seen))),
                ("lastSyncedAt", synced_at.clone()),
            ] {
                fields.insert(name.to_owned(), json!(moment));
            }
        }
        items.push(item);
        world.look(&copies, id);
    }
    Ok(Reply::json(json!({ "items": items })))
}

/// Has copies of what is in a list, and none of what left it.
pub(crate) fn sync(call: &Call, operation: &Operation, list: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let members = members(call, &world, list)?;
    let synced = world.sync_list(&members, true);
    Ok(example::filled(
        call,
        operation,
        &json!({
            "synced": true,
            "listId": list,
            "seen": synced.seen,
            "addedItems": synced.added,
            "unchangedItems": synced.unchanged,
            "updatedItems": 0,
            "removedItems": synced.removed,
            "adoptedItems": synced.adopted,
        }),
    ))
}

/// Has copies of what is in a list, and leaves those of what left it.
pub(crate) fn add(call: &Call, list: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let members = members(call, &world, list)?;
    let added = world.sync_list(&members, false);
    Ok(Reply::json(json!({
        "added": true,
        "listId": list,
        "seen": added.seen,
        "addedItems": added.added,
        "unchangedItems": added.unchanged,
        "adoptedItems": added.adopted,
    })))
}

/// What is in the list with this id, which has to be in the vault, or to be remembered.
fn members(call: &Call, world: &World, list: &str) -> Result<Key, ApiError> {
    let lists = Key::new(&call.connection, Collection::VaultLists, 0);
    let of = |id: u64| lists.beside(Collection::VaultListMedia, id);
    let found = world.find(&lists, list);
    match list.parse() {
        Ok(id) if found.is_err() && world.cached_list(&of(id)).is_some() => Ok(of(id)),
        _ => found.map(of),
    }
}
