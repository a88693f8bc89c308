//! Connections: which may be used, and how they begin and end.
//!
//! A connection that is used comes into being by that; one that was ended stays ended. Some ids stand for connections
//! that do not work, as test cards do.

use serde_json::{Map, Value, json};

use super::{events, example, settings, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::state::State;
use crate::webhooks::event;
use crate::world::collection::Collection;
use crate::world::store::{Key, World};

/// A connection whose session is over.
const EXPIRED: &str = "conn_expired";

/// One that has granted nothing.
const FORBIDDEN: &str = "conn_forbidden";

/// One that is not known.
const UNKNOWN: &str = "conn_unknown";

/// How many connections come into being by being used.
const MOST: u64 = 1000;

/// The field that says whether a connection works, and what it says then.
const STATUS: &str = "status";
const ACTIVE: &str = "active";

/// Whether the connection of a request may be used.
pub(crate) fn admit(call: &Call) -> Result<(), ApiError> {
    let id = call.connection.as_str();
    match id {
        EXPIRED if !is_linked(&lock(&call.state.world), id) => {
            return Err(ApiError::session_expired("the session of this connection has expired"));
        }
        FORBIDDEN => {
            return Err(ApiError::forbidden("the connection has not granted the permission for this"));
        }
        UNKNOWN => return Err(ApiError::session_not_provided("the connection is unknown")),
        _ => {}
    }
    let mut world = lock(&call.state.world);
    if world.is_disconnected(id) {
        return Err(ApiError::session_not_provided("the connection was disconnected"));
    }
    match world.find(&all(), id) {
        Ok(known) if world.facts(&all(), known, "").get(STATUS).is_some_and(|status| status == "expired") => {
            Err(ApiError::session_expired("the session of this connection was invalidated"))
        }
        Ok(_) => Ok(()),
        Err(_) => {
            if world.view(&all()).created().count() < usize::try_from(MOST).unwrap_or(usize::MAX) {
                begin(&mut world, NewConnection { id, reference: None, imported: false });
            }
            Ok(())
        }
    }
}

/// Where the connections of the account are.
pub(crate) fn all() -> Key {
    Key::new("", Collection::Connections, 0)
}

/// A connection that is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewConnection<'a> {
    pub(crate) id: &'a str,
    /// What the application calls it.
    pub(crate) reference: Option<&'a str>,
    pub(crate) imported: bool,
}

/// Has a new connection.
pub(crate) fn begin(world: &mut World, new: NewConnection<'_>) -> u64 {
    let mut fields = Map::from_iter([
        ("id".to_owned(), json!(new.id)),
        (STATUS.to_owned(), json!(ACTIVE)),
        ("imported".to_owned(), json!(new.imported)),
    ]);
    if let Some(reference) = new.reference {
        fields.insert("clientReferenceId".to_owned(), json!(reference));
    }
    settings::begin(world, new.id);
    world.create(all(), fields)
}

/// Whether a connection can be linked again: one that was disconnected is gone for good.
pub(crate) fn check_that_it_can_be_linked(state: &State, id: &str) -> Result<(), ApiError> {
    let world = lock(&state.world);
    let known = state.settings.access.is_known(id) || world.find(&all(), id).is_ok();
    if known && !world.is_disconnected(id) { Ok(()) } else { Err(all().not_found(id)) }
}

/// Has a connection active again.
pub(crate) fn revive(world: &mut World, id: &str) {
    match world.find(&all(), id) {
        Ok(known) => world.merge(all(), known, Map::from_iter([(STATUS.to_owned(), json!(ACTIVE))])),
        Err(_) => drop(begin(world, NewConnection { id, reference: None, imported: false })),
    }
}

/// Whether it is active, too.
fn is_linked(world: &World, id: &str) -> bool {
    let known = world.find(&all(), id).ok();
    known.is_some_and(|known| world.fields(&all(), known).get(STATUS).is_some_and(|status| status == ACTIVE))
}

/// Whether a connection came into being in this sandbox, by being used, linked or imported.
pub(crate) fn is_there(world: &World, id: &str) -> bool {
    world.find(&all(), id).is_ok_and(|known| world.view(&all()).stored(known).is_some())
}

/// What is known of a connection; little if it is not there.
pub(crate) fn facts(world: &World, id: &str, base: &str) -> Map<String, Value> {
    let known = world.find(&all(), id).unwrap_or_default();
    world.facts(&all(), known, base)
}

/// Who is behind a connection.
pub(crate) fn user(world: &World, id: &str, base: &str) -> Value {
    let facts = facts(world, id, base);
    let user = facts.get("userData").and_then(Value::as_object);
    let field = |name: &str| user.and_then(|user| user.get(name)).cloned().unwrap_or_default();
    let id = field("id");
    json!({
        "id": id.as_str().map_or_else(|| id.to_string(), str::to_owned),
        "name": field("name"), "username": field("username"), "avatar": field("avatar"),
    })
}

/// Makes a connection of a session. What the session consists of is not kept.
pub(crate) fn import(call: &mut Call, operation: &Operation) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let reference = body.get("clientReferenceId").and_then(Value::as_str);
    let mut world = lock(&call.state.world);
    let name = format!("conn_imported_{}", world.created() + 1);
    let id = begin(&mut world, NewConnection { id: &name, reference, imported: true });
    events::tell(&call.state, &world, event::CREATED, &name);
    let shown = world.shown(&all(), id, &operation.response, &call.base);
    Ok(Reply::new(example::status(operation), Payload::Json(shown)))
}

/// Renews the session of a connection.
pub(crate) fn renew(call: &mut Call, operation: &Operation, id: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let known = world.find(&all(), id)?;
    revive(&mut world, id);
    events::tell(&call.state, &world, event::UPDATED, id);
    let shown = world.shown(&all(), known, &operation.response, &call.base);
    Ok(Reply::new(example::status(operation), Payload::Json(shown)))
}

/// Ends a connection for good.
pub(crate) fn disconnect(call: &Call, operation: &Operation, name: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let id = world.find(&all(), name)?;
    events::tell(&call.state, &world, event::DISCONNECTED, name);
    world.delete(all(), id);
    world.disconnect(name);
    Ok(Reply::new(example::status(operation), Payload::Empty))
}
