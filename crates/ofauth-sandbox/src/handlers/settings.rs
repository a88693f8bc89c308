//! The settings of the account and of its connections.
//!
//! What is set for the account is for the connections that begin from then on, and for the others if it is applied to them.
//! Copies in Vault+ that new settings do not allow are purged, and the answer says how many.

use serde_json::{Map, Value, json};

use super::{connections, example, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::Failure;
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::world::caching::{IMAGE_QUALITIES, VIDEO_QUALITIES};
use crate::world::collection::Collection;
use crate::world::copy_totals::{Purged, Totals};
use crate::world::list::{Order, Start};
use crate::world::store::{Key, World};

/// The field of what is kept that an answer shows under another name.
const SETTINGS: &str = "settings";
const OVERRIDES: &str = "settingsOverrides";

/// What is set for connections, in the settings of the account.
const DEFAULTS: &str = "defaultSettings";

/// To how many connections settings are applied.
const MOST: usize = 1000;

/// The settings of the account.
pub(crate) fn of_account(call: &Call, operation: &Operation) -> Reply {
    let world = lock(&call.state.world);
    let settings = account(&world, &operation.response);
    Reply::new(example::status(operation), Payload::Json(settings))
}

/// Changes the settings of the account.
pub(crate) fn update_account(call: &mut Call, operation: &Operation) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let mut world = lock(&call.state.world);
    world.patch_settings("", &body);
    let example = operation.response.get(SETTINGS).cloned().unwrap_or_default();
    let mut answer = Map::from_iter([(SETTINGS.to_owned(), account(&world, &example))]);
    if body.pointer("/vaultPlus/applyToExistingConnections") == Some(&Value::Bool(true)) {
        // Without new ones, those of before are applied.
        let kept = world.settings("");
        let set =
            [&body, &kept].into_iter().find_map(|of| of.pointer("/vaultPlus/defaultSettings")?.as_object());
        answer.insert("broadcastResult".to_owned(), apply(&mut world, set));
    }
    Ok(Reply::new(example::status(operation), Payload::Json(Value::Object(answer))))
}

/// Sets for all connections what was set for the account. If that is nothing, they stay as they are.
fn apply(world: &mut World, set: Option<&Map<String, Value>>) -> Value {
    let all = connections::all();
    let numbers: Vec<u64> = world.view(&all).ids(Order::NewestFirst, Start::Index(0)).take(MOST).collect();
    let name = |number: u64| {
        let name = world.fields(&all, number).get("id").and_then(Value::as_str).map(str::to_owned);
        name.unwrap_or_else(|| number.to_string())
    };
    let names: Vec<String> = numbers.into_iter().map(name).collect();
    let mut purged = Vec::new();
    for name in names {
        let Some(set) = set else { break };
        let result = patch(world, &name, &json!({ "vaultPlus": { OVERRIDES: set } }));
        if result != Purged::default() {
            purged.push(json!({
                "connectionId": name, "purgedCount": result.count, "freedBytes": result.bytes,
            }));
        }
    }
    json!({ "affectedConnections": world.view(&all).len(), "purgeResults": purged })
}

/// Changes settings of a connection, and purges what they do not allow any more.
fn patch(world: &mut World, connection: &str, patch: &Value) -> Purged {
    let before = world.caching(connection);
    world.patch_settings(connection, patch);
    world.purge_by_settings(connection, &before)
}

/// Gives a connection that begins what is set for the account.
pub(crate) fn begin(world: &mut World, connection: &str) {
    let account = world.settings("");
    let Some(set) = account.get("vaultPlus") else { return };
    let enabled = set.get("autoEnableForNewConnections").and_then(Value::as_bool).unwrap_or(true);
    let patch = json!({ "vaultPlus": { "enabled": enabled, OVERRIDES: set.get(DEFAULTS) } });
    world.patch_settings(connection, &patch);
}

/// The settings of a connection.
pub(crate) fn of_connection(call: &Call, operation: &Operation, id: &str) -> Result<Reply, Failure> {
    let world = lock(&call.state.world);
    world.find(&connections::all(), id)?;
    let settings = connection(&world, &operation.response, id);
    Ok(Reply::new(example::status(operation), Payload::Json(settings)))
}

/// Changes the settings of a connection.
pub(crate) fn update_connection(call: &mut Call, operation: &Operation, id: &str) -> Result<Reply, Failure> {
    let mut body = validate::body(call).unwrap_or_default();
    let mut world = lock(&call.state.world);
    world.find(&connections::all(), id)?;
    if let Some(fields) = body.get_mut("vaultPlus").and_then(Value::as_object_mut)
        && let Some(settings) = fields.remove(SETTINGS)
    {
        fields.insert(OVERRIDES.to_owned(), settings);
    }
    let purged = patch(&mut world, id, &body);
    let example = operation.response.get(SETTINGS).cloned().unwrap_or_default();
    let mut answer = Map::from_iter([(SETTINGS.to_owned(), connection(&world, &example, id))]);
    if purged != Purged::default() {
        let result = json!({ "purgedCount": purged.count, "freedBytes": purged.bytes });
        answer.insert("purgeResult".to_owned(), result);
    }
    Ok(Reply::new(example::status(operation), Payload::Json(Value::Object(answer))))
}

fn account(world: &World, example: &Value) -> Value {
    let usual = json!({ "vaultPlus": { DEFAULTS: usual() } });
    patched(&patched(example, &usual), &world.settings(""))
}

/// The settings of a connection, with what its Vault+ has.
fn connection(world: &World, example: &Value, id: &str) -> Value {
    let usual = json!({ "connectionId": id, "vaultPlus": { OVERRIDES: usual() } });
    let settings = patched(&patched(example, &usual), &world.settings(id));
    let totals = Totals::of(world, &Key::new(id, Collection::VaultPlus, 0));
    let number = |pointer: &str| settings.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let limit = number("/vaultPlus/settingsOverrides/storageLimitBytes");
    let percent = if limit == 0 { 0.0 } else { totals.bytes as f64 * 100.0 / limit as f64 };
    let stats = json!({ "vaultPlus": { "stats": {
        "mediaCount": totals.media,
        "storedCount": totals.stored,
        "totalStorageBytes": totals.bytes,
        "storageLimitBytes": limit,
        "storageUsagePercent": (percent * 100.0).round() / 100.0,
        "vaultPlusEnabled": world.caching(id).enabled,
    } } });
    patched(&settings, &stats)
}

/// What is kept as long as nothing else is set, where the example of the document says otherwise.
fn usual() -> Value {
    json!({ "imageQualities": IMAGE_QUALITIES, "videoQualities": VIDEO_QUALITIES })
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
