//! Compares the events that a document describes in its section `webhooks`.
//!
//! Each webhook is one event, or an operation that takes one of many: then each alternative is an event, named by the one
//! word that its `type` may be. The typed events of `ofauth-webhooks` are written by hand, so that a document which
//! describes for the first time what is known already brings nothing new.

use std::collections::{BTreeMap, BTreeSet};

use ofauth_webhooks::examples::EVENTS;
use serde_json::Value;

use super::api::{Api, chosen, resolve};
use super::change::{Audience, Change, Level, Section, Verdict};
use super::members::{Core, Use};
use super::shape::Shape;
use super::spot::{Root, Spot};
use super::walk::Walk;

/// The fields that name an event, in both envelopes.
const NAMES: [&str; 2] = ["type", "eventType"];

/// Compares the events.
pub(super) fn compare(old: &Api, new: &Api, verdict: &mut Verdict) {
    let (before, after) = (events(old), events(new));
    let change = |event: &str, section, what: &str| Change::new(event, "webhook", section, what);
    let (Some(before), Some(after)) = (&before, &after) else {
        for (event, _) in before.into_iter().flatten() {
            verdict.add(removed(&event));
        }
        let fresh = after.into_iter().flatten().map(|(event, _)| event);
        let (known, unknown): (Vec<_>, Vec<_>) = fresh.partition(|event| EVENTS.contains(&event.as_str()));
        unknown.iter().for_each(|event| verdict.add(added(event)));
        if !known.is_empty() {
            let mut change =
                change("", Section::Added, "is described for the first time; it is typed already")
                    .tell("Nothing but documentation", "Nothing");
            change.operations = known;
            verdict.add(change);
        }
        return;
    };
    let mut walk = Walk::new(old, new);
    for (event, payload) in before {
        match after.get(event) {
            Some(other) => {
                let spot = Spot::root(Root::Event, "payload", "", String::new());
                walk.schema((payload, other), &spot, (Root::Event, event), verdict);
            }
            None => verdict.add(removed(event)),
        }
    }
    after.keys().filter(|event| !before.contains_key(*event)).for_each(|event| verdict.add(added(event)));
    walk.end(verdict);
}

fn removed(event: &str) -> Change {
    Change::new(event, "webhook", Section::Removed, "is gone")
        .at(Level::Breaking, &[Audience::Webhooks])
        .tell("The event does not come any more", format!("Do not wait for `{event}`"))
}

fn added(event: &str) -> Change {
    Change::new(event, "webhook", Section::Added, "is new").at(Level::Feature, &[Audience::Webhooks]).tell(
        "The event comes as `Other`, with its name and data",
        format!("Nothing; you may handle `{event}`"),
    )
}

/// The payloads by the names of their events, if the document has the section.
fn events(api: &Api) -> Option<BTreeMap<String, Value>> {
    let section = api.member("/webhooks")?.as_object()?;
    let mut found = BTreeMap::new();
    for (key, item) in section {
        let item = resolve(&api.root, item);
        let operation = ["post", "put", "get"].iter().find_map(|method| item.get(*method));
        let body = operation.and_then(|operation| operation.get("requestBody"));
        let payload = body.map(|body| resolve(&api.root, body)).and_then(|body| body.get("content"));
        let content = payload.and_then(Value::as_object).into_iter().flatten();
        let content = content
            .map(|(name, media)| (name.clone(), media.get("schema").cloned().unwrap_or_default()))
            .collect();
        let Some((_, payload)) = chosen(&content) else {
            found.insert(key.clone(), Value::Bool(true));
            continue;
        };
        let alternatives = alternatives(api, payload);
        let all = if alternatives.is_empty() { vec![payload] } else { alternatives };
        for payload in all {
            let names = names(api, payload);
            let names = if names.is_empty() { [key.clone()].into() } else { names };
            for name in names {
                found.entry(name).or_insert_with(|| payload.clone());
            }
        }
    }
    Some(found)
}

/// The alternatives of a payload.
fn alternatives<'a>(api: &'a Api, payload: &'a Value) -> Vec<&'a Value> {
    let schema = match Use::read(api, payload).core {
        Core::Component(reference) => api.target(reference),
        Core::Inline(schema) => Some(schema),
    };
    let list = |key: &str| schema.and_then(|schema| schema.get(key)).and_then(Value::as_array);
    ["oneOf", "anyOf"].iter().find_map(|key| list(key)).into_iter().flatten().collect()
}

/// The words that the field which names the event may be.
fn names(api: &Api, payload: &Value) -> BTreeSet<String> {
    let shape = Shape::read(api, payload);
    let values = NAMES.iter().find_map(|field| {
        let schema = shape.properties.get(*field)?;
        Shape::read(api, schema).values.filter(|values| !values.is_empty())
    });
    values.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
