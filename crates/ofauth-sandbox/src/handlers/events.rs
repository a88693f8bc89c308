//! Which webhooks are told of what happens: the events with what the world knows of their subject.

use serde_json::{Value, json};

use super::connections;
use crate::document;
use crate::lock::lock;
use crate::state::State;
use crate::webhooks::event::{DELETED, Event, PUBLISHED, REALTIME, RECEIVED, RULES, Subject};
use crate::world::collection::Collection;
use crate::world::store::{Key, World};

/// The connection of an event that somebody asked for without naming one.
const SOMEBODY: &str = "12345";

/// Tells an event about a connection.
pub(crate) fn tell(state: &State, world: &World, name: &str, connection: &str) {
    if state.webhooks.are_wanted() {
        let event = Event {
            name: name.to_owned(),
            connection: Some(subject(state, world, connection)),
            body: Value::Null,
        };
        state.webhooks.tell(&event);
    }
}

/// Tells what was created in a collection, or deleted from it, if that is an event of the API. What is scheduled is none yet.
pub(super) fn tell_change(state: &State, world: &World, key: &Key, id: u64, is_deleted: bool, item: &Value) {
    let name = match (key.collection(), is_deleted) {
        (Collection::Posts, false) if !world.is_still_to_come(key, id) => PUBLISHED,
        (Collection::Messages, false) => RECEIVED,
        (Collection::Messages, true) => DELETED,
        _ => return,
    };
    if !state.webhooks.are_wanted() {
        return;
    }
    let body = match name {
        DELETED => json!({ "id": id, "withUserId": key.parent() }),
        _ => item.clone(),
    };
    let connection = Some(subject(state, world, key.connection()));
    state.webhooks.tell(&Event { name: name.to_owned(), connection, body });
}

/// Tells an event that somebody asked for, with data of theirs instead of its own. Returns the ids of its deliveries.
pub(crate) fn trigger(
    state: &State,
    name: &str,
    data: Option<Value>,
    connection: Option<&str>,
) -> Vec<String> {
    let event = if data.is_some() && !name.starts_with(REALTIME) {
        Event { name: name.to_owned(), connection: None, body: data.unwrap_or_default() }
    } else if name == RULES {
        let rules = document::by_id("get_dynamic_rules").and_then(|rules| rules.response.get("rules"));
        let rules = rules.cloned().unwrap_or_default();
        let revision = rules.get("revision").cloned();
        Event {
            name: name.to_owned(),
            connection: None,
            body: json!({ "rules": rules, "revision": revision }),
        }
    } else {
        let subject = subject(state, &lock(&state.world), connection.unwrap_or(SOMEBODY));
        let body =
            if name.starts_with(REALTIME) { data.unwrap_or_else(|| example(name)) } else { Value::Null };
        Event { name: name.to_owned(), connection: Some(subject), body }
    };
    state.webhooks.tell(&event)
}

/// What a realtime event may be like: the answer that shows the same.
fn example(name: &str) -> Value {
    let operation = match name {
        PUBLISHED => "get_post",
        RECEIVED => "send_chat_message",
        _ => return json!({ "id": 12345 }),
    };
    document::by_id(operation).map(|operation| operation.response.clone()).unwrap_or_default()
}

fn subject(state: &State, world: &World, id: &str) -> Subject {
    let facts = connections::facts(world, id, &state.base);
    let fact = |name: &str| facts.get(name).cloned().unwrap_or_default();
    Subject {
        id: id.to_owned(),
        client_reference_id: fact("clientReferenceId"),
        status: fact("status"),
        permissions: fact("permissions"),
        user: connections::user(world, id, &state.base),
    }
}
