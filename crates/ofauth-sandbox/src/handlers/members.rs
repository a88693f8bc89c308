//! What is in lists: fans in user lists, media in vault lists.
//!
//! Being in a list is a state: added twice is once. What is not there cannot be added or removed.

use serde_json::{Map, Value, json};

use super::resource::reply;
use super::{example, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::Reply;
use crate::lock::lock;
use crate::number;
use crate::world::collection::Collection;
use crate::world::list::{Order, Start};
use crate::world::store::{Key, World};

/// How many members an answer shows.
const SHOWN: usize = 10;

/// Puts a user into a list.
pub(crate) fn add_user(call: &Call, operation: &Operation, list: &str, user: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let lists = Key::new(&call.connection, Collection::UserLists, 0);
    let list = world.find(&lists, list)?;
    add(&mut world, &lists.beside(Collection::UserListUsers, list), user)?;
    let facts = world.facts(&lists, list, &call.base);
    let mut state = facts.clone();
    state.extend([("hasUser".to_owned(), json!(true)), ("canAddUser".to_owned(), json!(false))]);
    Ok(example::filled(call, operation, &json!({ "list": facts, "userState": state })))
}

/// Takes a user out of a list; the answer has who is left.
pub(crate) fn remove_user(
    call: &Call,
    operation: &Operation,
    list: &str,
    user: &str,
) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let lists = Key::new(&call.connection, Collection::UserLists, 0);
    let members = lists.beside(Collection::UserListUsers, world.find(&lists, list)?);
    let user = world.find(&members, user)?;
    world.delete(members.clone(), user);
    let view = world.view(&members);
    let left: Vec<Map<String, Value>> = view
        .ids(Order::NewestFirst, Start::Index(0))
        .take(SHOWN)
        .map(|id| world.facts(&members, id, &call.base))
        .collect();
    let more = view.len() > left.len() as u64;
    Ok(example::filled(call, operation, &json!({ "list": left, "hasMore": more })))
}

/// Puts a user into several lists; the answer says of each whether it worked.
pub(crate) fn add_user_to_lists(
    call: &mut Call,
    operation: &Operation,
    user: &str,
) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let mut world = lock(&call.state.world);
    let lists = Key::new(&call.connection, Collection::UserLists, 0);
    world.find(&lists.beside(Collection::Users, 0), user)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for id in ids(&body, "listIds") {
        let added = world
            .find(&lists, &id.to_string())
            .and_then(|list| add(&mut world, &lists.beside(Collection::UserListUsers, list), user));
        match added {
            Ok(()) => done.push(json!({ "listId": id, "success": true })),
            Err(error) => failed.push(json!({ "listId": id, "error": error.message() })),
        }
    }
    Ok(example::filled(call, operation, &json!({ "success": done, "errors": failed })))
}

/// Puts media into a vault list. Media that are not in the vault refuse the whole request.
pub(crate) fn add_media(call: &mut Call, operation: &Operation, list: &str) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let mut world = lock(&call.state.world);
    let lists = Key::new(&call.connection, Collection::VaultLists, 0);
    let list = world.find(&lists, list)?;
    let (vault, members) =
        (lists.beside(Collection::VaultMedia, 0), lists.beside(Collection::VaultListMedia, list));
    let ids = ids(&body, "mediaIds");
    for id in &ids {
        world.find(&vault, &id.to_string())?;
    }
    for id in ids {
        world.insert(members.clone(), id, Map::new());
    }
    Ok(reply(operation, &world, &lists, list, &call.base))
}

/// Renames a vault list, and empties it if that is asked for.
pub(crate) fn update_vault_list(
    call: &mut Call,
    operation: &Operation,
    list: &str,
) -> Result<Reply, Failure> {
    let body = validate::body(call);
    let mut fields = body.and_then(|body| body.as_object().cloned()).unwrap_or_default();
    let mut world = lock(&call.state.world);
    let lists = Key::new(&call.connection, Collection::VaultLists, 0);
    let list = world.find(&lists, list)?;
    if fields.remove("clearMedia") == Some(Value::Bool(true)) {
        world.delete_all(lists.beside(Collection::VaultListMedia, list));
    }
    world.merge(lists.clone(), list, fields);
    Ok(reply(operation, &world, &lists, list, &call.base))
}

fn add(world: &mut World, members: &Key, user: &str) -> Result<(), ApiError> {
    let user = world.find(&members.beside(Collection::Users, 0), user)?;
    world.insert(members.clone(), user, Map::new());
    Ok(())
}

fn ids(body: &Value, name: &str) -> Vec<u64> {
    let ids = body.get(name).and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(|id| u64::try_from(number::whole(id)?).ok()).collect()
}
