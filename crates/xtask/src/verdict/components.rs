//! What concerns components as such: the names of the Rust types of requests, and how callers prove who they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::api::{Api, text};
use super::change::{Audience, Change, Level, Section, Verdict};
use super::rust;
use super::shape::{Shape, without_words};
use super::spot::{Root, Spot, component};

/// Compares what no operation shows.
pub(super) fn compare(old: &Api, new: &Api, verdict: &mut Verdict) {
    input_names(old, new, verdict);
    schemes(old, new, verdict);
}

/// The components that `value` refers to, directly or through others, by their names.
pub(super) fn reachable(api: &Api, value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = Vec::new();
    references(value, &mut open);
    while let Some(reference) = open.pop() {
        if !seen.insert(reference.clone()) {
            continue;
        }
        if reference.starts_with("#/components/schemas/") {
            found.insert(component(&reference).to_owned());
        }
        if let Some(target) = api.target(&reference) {
            references(target, &mut open);
        }
    }
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(reference) if key == "$ref" => found.push(reference.clone()),
                    other => references(other, found),
                }
            }
        }
        Value::Array(members) => members.iter().for_each(|member| references(member, found)),
        _ => {}
    }
}

/// The Rust types of requests by component: one that answers use, too, is two types, and that of requests is `…Input`.
fn names(api: &Api) -> BTreeMap<String, (String, Vec<String>)> {
    let (mut sent, mut received) = (BTreeMap::<String, Vec<String>>::new(), BTreeSet::new());
    for operation in &api.operations {
        let body = operation.body.iter().flat_map(|body| body.content.values());
        let schemas = operation.parameters.iter().map(|parameter| &parameter.schema).chain(body);
        for name in schemas.flat_map(|schema| reachable(api, schema)) {
            sent.entry(name).or_default().push(operation.name.clone());
        }
        let answers = operation.answers.values().flat_map(|answer| answer.content.values());
        received.extend(answers.flat_map(|schema| reachable(api, schema)));
    }
    let named = sent.into_iter().map(|(name, operations)| {
        let rust = if received.contains(&name) { format!("{name}Input") } else { name.clone() };
        (name, (rust, operations))
    });
    named.collect()
}

fn input_names(old: &Api, new: &Api, verdict: &mut Verdict) {
    let (before, after) = (names(old), names(new));
    for (name, (was, operations)) in &before {
        let Some((is, _)) = after.get(name).filter(|(is, _)| is != was) else { continue };
        let spot = Spot::root(Root::Body, name, "", name.clone());
        let schema = old.member("/components/schemas").and_then(|all| all.get(name.as_str()));
        if schema.is_some_and(|schema| rust::kind(&Shape::read(old, schema), &spot) == "an id") {
            continue;
        }
        let what = format!("has the Rust type `{is}` in requests, was `{was}`");
        let place = format!("request type {name}");
        let mut change =
            Change::new("", &place, Section::Changed, what).at(Level::Breaking, &[Audience::RustTypes]).tell(
                "What travels both ways is two types in Rust; the JSON is the same",
                format!("Write `{is}` for `{was}`"),
            );
        change.operations.clone_from(operations);
        change.types = vec![was.clone(), is.clone()];
        verdict.add(change);
    }
}

/// How callers prove who they are.
fn schemes(old: &Api, new: &Api, verdict: &mut Verdict) {
    let all = |api: &Api| {
        api.member("/components/securitySchemes").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let after = all(new);
    for (name, before) in &all(old) {
        // What nothing asks for any more is told where it was asked for.
        let Some(after) = after.get(name) else { continue };
        if without_words(before) != without_words(after) {
            let show = |scheme: &Value| {
                let facts = ["type", "in", "name", "scheme"].map(|key| text(scheme, key));
                facts.into_iter().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" ")
            };
            let what = format!("is `{}`, was `{}`", show(after), show(before));
            let change = Change::new("", &format!("security scheme {name}"), Section::Changed, what)
                .at(Level::Breaking, &[Audience::Wire])
                .tell("Credentials in the old form are refused", "Send the credentials in the new form");
            verdict.add(change);
        }
    }
}
