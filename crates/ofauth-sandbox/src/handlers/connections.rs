//! Connections: which may be used, how they begin and end, and their settings and those of the account.
//!
//! A connection that is used comes into being by that; one that was ended stays ended. Some ids stand for connections
//! that do not work, as test cards do.

use serde_json::{Map, Value, json};

use super::{example, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::world::collection::Collection;
use crate::world::store::{Key, World};
use crate::world::vault_plus::Totals;

/// A connection whose session is over.
const EXPIRED: &str = "conn_expired";

/// One that has granted nothing.
const FORBIDDEN: &str = "conn_forbidden";

/// One that is not known.
const UNKNOWN: &str = "conn_unknown";

/// How many connections come into being by being used.
const MOST: u64 = 1000;

/// The field of what is kept that an answer shows under another name.
const SETTINGS: &str = "settings";
const OVERRIDES: &str = "settingsOverrides";

/// Whether the connection of a request may be used.
pub(crate) fn admit(call: &Call) -> Result<(), ApiError> {
    let id = call.connection.as_str();
    match id {
        EXPIRED => return Err(ApiError::session_expired("the session of this connection has expired")),
        FORBIDDEN => {
            return Err(ApiError::forbidden("the connection has not granted the permission for this"));
        }
        UNKNOWN => return Err(ApiError::session_not_provided("the connection is unknown")),
        _ => {}
    }
    let mut world = lock(&call.state.world);
    let all = Key::new("", Collection::Connections, 0);
    if world.is_disconnected(id) {
        return Err(ApiError::session_not_provided("the connection was disconnected"));
    }
    match world.find(&all, id) {
        Ok(known) if world.facts(&all, known, "").get("status").is_some_and(|status| status == "expired") => {
            Err(ApiError::session_expired("the session of this connection was invalidated"))
        }
        Ok(_) => Ok(()),
        Err(_) => {
            if world.view(&all).created().count() < usize::try_from(MOST).unwrap_or(usize::MAX) {
                world.create(all, connection(id, Map::new()));
            }
            Ok(())
        }
    }
}

/// What is kept of a new connection.
fn connection(id: &str, mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.insert("id".to_owned(), json!(id));
    fields.insert("status".to_owned(), json!("active"));
    fields
}

/// Makes a connection of a session. What the session consists of is not kept.
pub(crate) fn import(call: &mut Call, operation: &Operation) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let mut fields = Map::new();
    if let Some(reference) = body.get("clientReferenceId").filter(|reference| reference.is_string()) {
        fields.insert("clientReferenceId".to_owned(), reference.clone());
    }
    fields.insert("imported".to_owned(), json!(true));
    let mut world = lock(&call.state.world);
    let all = Key::new("", Collection::Connections, 0);
    let id = format!("conn_imported_{}", world.created() + 1);
    let id = world.create(all.clone(), connection(&id, fields));
    let shown = world.shown(&all, id, &operation.response, &call.base);
    Ok(Reply::new(example::status(operation), Payload::Json(shown)))
}

/// Renews the session of a connection.
pub(crate) fn renew(call: &mut Call, operation: &Operation, id: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let all = Key::new("", Collection::Connections, 0);
    let id = world.find(&all, id)?;
    world.merge(all.clone(), id, Map::from_iter([("status".to_owned(), json!("active"))]));
    let shown = world.shown(&all, id, &operation.response, &call.base);
    Ok(Reply::new(example::status(operation), Payload::Json(shown)))
}

/// Ends a connection for good.
pub(crate) fn disconnect(call: &Call, operation: &Operation, name: &str) -> Result<Reply, Failure> {
    let mut world = lock(&call.state.world);
    let all = Key::new("", Collection::Connections, 0);
    let id = world.find(&all, name)?;
    world.delete(all, id);
    world.disconnect(name);
    Ok(Reply::new(example::status(operation), Payload::Empty))
}

/// The settings of the account.
pub(crate) fn account_settings(call: &Call, operation: &Operation) -> Reply {
    let world = lock(&call.state.world);
    let settings = patched(&operation.response, &world.settings(""));
    Reply::new(example::status(operation), Payload::Json(settings))
}

/// Changes the settings of the account.
pub(crate) fn update_account_settings(call: &mut Call, operation: &Operation) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let mut world = lock(&call.state.world);
    world.patch_settings("", &body);
    let mut answer = operation.response.as_object().cloned().unwrap_or_default();
    let settings = answer.get(SETTINGS).map(|settings| patched(settings, &world.settings("")));
    answer.insert(SETTINGS.to_owned(), settings.unwrap_or_default());
    // Nothing is purged by a setting here.
    answer.remove("broadcastResult");
    if body.pointer("/vaultPlus/applyToExistingConnections") == Some(&Value::Bool(true)) {
        let count = world.view(&Key::new("", Collection::Connections, 0)).len();
        let result = json!({ "affectedConnections": count, "purgeResults": [] });
        answer.insert("broadcastResult".to_owned(), result);
    }
    Ok(Reply::new(example::status(operation), Payload::Json(Value::Object(answer))))
}

/// The settings of a connection.
pub(crate) fn settings(call: &Call, operation: &Operation, id: &str) -> Result<Reply, Failure> {
    let world = lock(&call.state.world);
    world.find(&Key::new("", Collection::Connections, 0), id)?;
    let settings = settings_of(&world, &operation.response, id);
    Ok(Reply::new(example::status(operation), Payload::Json(settings)))
}

/// Changes the settings of a connection.
pub(crate) fn update_settings(call: &mut Call, operation: &Operation, id: &str) -> Result<Reply, Failure> {
    let mut body = validate::body(call).unwrap_or_default();
    let mut world = lock(&call.state.world);
    world.find(&Key::new("", Collection::Connections, 0), id)?;
    if let Some(fields) = body.get_mut("vaultPlus").and_then(Value::as_object_mut)
        && let Some(settings) = fields.remove(SETTINGS)
    {
        fields.insert(OVERRIDES.to_owned(), settings);
    }
    world.patch_settings(id, &body);
    let example = operation.response.get(SETTINGS).cloned().unwrap_or_default();
    let answer = json!({ SETTINGS: settings_of(&world, &example, id) });
    Ok(Reply::new(example::status(operation), Payload::Json(answer)))
}

/// The settings of a connection, with what its Vault+ has.
fn settings_of(world: &World, example: &Value, id: &str) -> Value {
    let mut settings = patched(example, &world.settings(id));
    let totals = Totals::of(world, &Key::new(id, Collection::VaultPlus, 0));
    if let Some(name) = settings.get_mut("connectionId") {
        *name = json!(id);
    }
    let enabled = settings.pointer("/vaultPlus/enabled").cloned().unwrap_or(Value::Bool(true));
    if let Some(stats) = settings.pointer_mut("/vaultPlus/stats").and_then(Value::as_object_mut) {
        stats.insert("mediaCount".to_owned(), json!(totals.media));
        stats.insert("storedCount".to_owned(), json!(totals.stored));
        stats.insert("totalStorageBytes".to_owned(), json!(totals.bytes));
        stats.insert("vaultPlusEnabled".to_owned(), enabled);
    }
    settings
}

/// A value with what is said of it instead; null takes nothing away.
fn patched(value: &Value, patch: &Value) -> Value {
    match (value, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            let changed = |(name, value): (&String, &Value)| {
                (
                    name.clone(),
                    changes.get(name).map_or_else(|| value.clone(), |change| patched(value, change)),
                )
            };
            Value::Object(fields.iter().map(changed).collect())
        }
        (value, Value::Null) => value.clone(),
        (_, change) => change.clone(),
    }
}
