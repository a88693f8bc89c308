//! Compares operations as wholes: whether they are there, where, under which id, and what their marks say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::{Api, Operation};
use super::change::{Audience, Change, Level, Section, Verdict};
use super::matching::{Pair, name};
use super::walk::Walk;
use super::words::{short, shown};
use super::{components, contents, parameters};
use crate::lower::pascal;

const CALLERS: [Audience; 3] = [Audience::RustTypes, Audience::Parameters, Audience::Wire];
const BY_ID: [Audience; 2] = [Audience::RustTypes, Audience::Parameters];

/// Compares all operations.
pub(super) fn compare(old: &Api, new: &Api, pairs: &[Pair<'_>], verdict: &mut Verdict) {
    let mut walk = Walk::new(old, new);
    for pair in pairs {
        match pair {
            (Some(before), Some(after)) => both(&mut walk, before, after, verdict),
            (Some(gone), None) => removed(old, gone, verdict),
            (None, Some(fresh)) => added(fresh, verdict),
            (None, None) => {}
        }
    }
    walk.end(verdict);
}

/// Where an operation is: `GET /v2/access/posts`.
fn place(operation: &Operation) -> String {
    format!("{} {}", operation.method.to_uppercase(), operation.path)
}

fn removed(api: &Api, gone: &Operation, verdict: &mut Verdict) {
    let sees = "The method in Rust is gone, and C, Go and the command do not know the id";
    let was = if gone.deprecated() { "is gone, after it was deprecated" } else { "is gone" };
    let mut change = Change::new(&gone.name, &place(gone), Section::Removed, was)
        .at(Level::Breaking, &CALLERS)
        .tell(sees, format!("Do not call `{}`; use another operation", gone.name));
    change.types = components::reachable(api, &gone.raw).into_iter().collect();
    change.types.push(pascal(&gone.name));
    verdict.add(change);
}

fn added(fresh: &Operation, verdict: &mut Verdict) {
    let change = Change::new(&fresh.name, &place(fresh), Section::Added, "is new")
        .at(Level::Feature, &CALLERS)
        .tell("There is one more operation", format!("Nothing; you may call `{}`", fresh.name));
    verdict.add(change);
}

fn both(walk: &mut Walk<'_>, old: &Operation, new: &Operation, verdict: &mut Verdict) {
    let name = name(old, new);
    if let (Some(before), Some(after)) = (&old.id, &new.id)
        && before != after
    {
        let change =
            Change::new(before, "operation id", Section::Changed, format!("is called `{after}` now"))
                .at(Level::Breaking, &BY_ID)
                .tell(
                    "The method in Rust and the id in C, Go and the command are gone; the wire is the same",
                    format!("Call `{after}` for `{before}`"),
                );
        verdict.add(change);
    }
    if old.method != new.method || old.bare_path() != new.bare_path() {
        let change = Change::new(&name, &place(old), Section::Changed, format!("is at {} now", place(new)))
            .at(Level::Breaking, &[Audience::Wire])
            .tell(
                "Older versions of the clients, and who writes the address by hand, call what is gone",
                "Nothing in the source of who calls by our id: build with the new version; else call the new address",
            );
        verdict.add(change);
    }
    marks(old, new, &name, verdict);
    access(old, new, &name, verdict);
    parameters::compare(walk, old, new, &name, verdict);
    contents::bodies(walk, old, new, &name, verdict);
    contents::answers(walk, old, new, &name, verdict);
}

/// What an operation needs: permission, scope, credentials, address.
fn access(old: &Operation, new: &Operation, name: &str, verdict: &mut Verdict) {
    for (mark, who, remedy) in [
        ("x-permission", "the connection", "Have the connection linked with this permission"),
        ("x-api-key-scope", "the key", "Use a key that has this scope"),
    ] {
        let (before, after) = (old.mark(mark), new.mark(mark));
        if before == after {
            continue;
        }
        let show = |value: Option<&Value>| value.map_or("none".to_owned(), shown);
        let what = format!("is {}, was {}", show(after), show(before));
        let change = Change::new(name, mark, Section::Changed, what);
        verdict.add(match after {
            Some(_) => change
                .at(Level::Breaking, &[Audience::Wire])
                .tell(&format!("The call is refused where {who} does not have it"), remedy),
            None => change
                .at(Level::Feature, &[Audience::Wire])
                .tell("The call needs no permission of its own any more", "Nothing"),
        });
    }
    if let (Some(before), Some(after)) = (&old.security, &new.security) {
        let enough =
            |given: &BTreeSet<String>, asked: &[BTreeSet<String>]| asked.iter().any(|it| it.is_subset(given));
        let refused = before.iter().any(|given| !enough(given, after));
        let fresh = after.iter().any(|given| !enough(given, before));
        let what = format!("asks for {}, asked for {}", schemes(after), schemes(before));
        let change = Change::new(name, "security", Section::Changed, what);
        if refused {
            let change = change.at(Level::Breaking, &[Audience::Wire]).tell(
                "A call with the credentials that were enough is refused",
                "Send the credentials that are asked for",
            );
            verdict.add(change);
        } else if fresh {
            let change = change
                .at(Level::Feature, &[Audience::Wire])
                .tell("Other credentials are enough, too", "Nothing; our clients send the key");
            verdict.add(change);
        }
    }
    // A document that names no server says nothing about them.
    if old.servers.is_empty() || new.servers.is_empty() {
        return;
    }
    for gone in old.servers.iter().filter(|server| !new.servers.contains(server)) {
        let what = format!("`{gone}` is gone; there is {}", new.servers.join(", "));
        let change = Change::new(name, "servers", Section::Removed, what)
            .at(Level::Breaking, &[Audience::Wire])
            .tell("The address that the clients call may stop to work", "Set the new base URL");
        verdict.add(change);
    }
    for fresh in new.servers.iter().filter(|server| !old.servers.contains(server)) {
        let change = Change::new(name, "servers", Section::Added, format!("`{fresh}` is new"))
            .at(Level::Feature, &[Audience::Wire])
            .tell("There is one more address", "Nothing; you may set it as the base URL");
        verdict.add(change);
    }
}

fn schemes(alternatives: &[BTreeSet<String>]) -> String {
    let one = |all: &BTreeSet<String>| match all.is_empty() {
        true => "nothing".to_owned(),
        false => all.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and "),
    };
    alternatives.iter().map(one).collect::<Vec<_>>().join(" or ")
}

/// What the marks of the overlay say, and what is to go.
fn marks(old: &Operation, new: &Operation, name: &str, verdict: &mut Verdict) {
    if old.deprecated() != new.deprecated() {
        let rule = super::members::deprecation(new.deprecated());
        let change = Change::new(name, "operation", rule.section, &rule.what)
            .at(rule.wire, &CALLERS)
            .tell(&rule.sees, rule.remedy);
        verdict.add(change);
    }
    // A document without our ids has none of our marks either, and says nothing about what they say.
    if old.id.is_some() != new.id.is_some() {
        return;
    }
    if repeatable(old) != repeatable(new) {
        let (what, sees, remedy) = if repeatable(new) {
            (
                "may be sent again, might not",
                "The clients send it again by themselves after an unclear failure",
                "Set `retry(false)` where it must not happen twice",
            )
        } else {
            (
                "may not be sent again, might",
                "An unclear failure is an error of its own, and the clients do not send it again",
                "Look whether it happened before you call again",
            )
        };
        let change = Change::new(name, "x-ofauth-retry", Section::Changed, what)
            .at(Level::Breaking, &[Audience::Parameters])
            .tell(sees, remedy);
        verdict.add(change);
    }
    if old.mark("x-ofauth-success") != new.mark("x-ofauth-success") {
        let (what, sees, remedy) = match new.mark("x-ofauth-success") {
            Some(_) => {
                ("may come without a body", "A success can be empty", "Expect a success without a body")
            }
            None => (
                "has a body always",
                "A success without a body is an error",
                "Expect an error where it is empty",
            ),
        };
        let change = Change::new(name, "x-ofauth-success", Section::Changed, format!("a success {what}"))
            .at(Level::Breaking, &BY_ID)
            .tell(sees, remedy);
        verdict.add(change);
    }
    pages(old, new, name, verdict);
    let unconfirmed =
        |operation: &Operation| operation.mark("x-ofauth-unconfirmed") == Some(&Value::Bool(true));
    if unconfirmed(old) != unconfirmed(new) {
        let what = if unconfirmed(new) { "is not confirmed by any source" } else { "is confirmed" };
        let change = Change::new(name, "x-ofauth-unconfirmed", Section::Changed, what)
            .tell("Nothing but the word in help and documentation", "Nothing");
        verdict.add(change);
    }
}

/// Whether an operation may be sent again: by its mark, else by its method.
fn repeatable(operation: &Operation) -> bool {
    match operation.mark("x-ofauth-retry").and_then(Value::as_str) {
        Some(mark) => mark == "repeatable",
        None => ["get", "put", "delete"].contains(&operation.method.as_str()),
    }
}

/// How a list goes on.
fn pages(old: &Operation, new: &Operation, name: &str, verdict: &mut Verdict) {
    let mark = |operation: &Operation| {
        operation.mark("x-ofauth-page").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let (mut before, mut after) = (mark(old), mark(new));
    let (least, most) = (before.remove("max"), after.remove("max"));
    let change = |what: String| Change::new(name, "x-ofauth-page", Section::Changed, what);
    if before.is_empty() && !after.is_empty() {
        let change = change(format!("is a list that can be walked: {}", mark_text(&after)))
            .at(Level::Feature, &[Audience::Parameters])
            .tell("The clients walk all its pages", "Nothing; you may walk it");
        return verdict.add(change);
    }
    if before != after {
        let (before, after) = (mark_text(&before), mark_text(&after));
        let change = change(format!("pages are {after}, were {before}"))
            .at(Level::Breaking, &[Audience::Parameters])
            .tell(
                "Who walks the list by hand stops too early or gets an error",
                "Walk it with the client, or by the new fields",
            );
        return verdict.add(change);
    }
    if least != most {
        let number = |max: &Option<Value>| max.as_ref().and_then(Value::as_f64).unwrap_or(f64::INFINITY);
        let level = if number(&most) < number(&least) { Level::Breaking } else { Level::Feature };
        let show = |max: &Option<Value>| max.as_ref().map_or("not limited".to_owned(), shown);
        let change = change(format!("the most items of a page are {}, were {}", show(&most), show(&least)))
            .at(level, &[Audience::Parameters])
            .tell("A page has another size", "Ask for no more items than that");
        verdict.add(change);
    }
}

/// A mark in words: `items list, style offset`.
fn mark_text(mark: &crate::document::Object) -> String {
    let members = mark.iter().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name} {text}"),
        None => format!("{name} {value}"),
    });
    let members: Vec<String> = members.collect();
    if members.is_empty() { "not marked".to_owned() } else { format!("`{}`", short(&members.join(", "))) }
}

/// Says of which operations and components the words alone changed.
pub(super) fn words(old: &Api, new: &Api, pairs: &[Pair<'_>], verdict: &mut Verdict) {
    let known: BTreeSet<&String> = verdict.changes.iter().flat_map(|change| &change.operations).collect();
    let mut changed = Vec::new();
    for pair in pairs {
        if let (Some(before), Some(after)) = pair
            && before.raw != after.raw
            && !known.contains(&name(before, after))
        {
            changed.push(name(before, after));
        }
    }
    let types: BTreeSet<&String> = verdict.changes.iter().flat_map(|change| &change.types).collect();
    let others = old.schemas().filter(|(name, schema)| {
        let after = new.member("/components/schemas").and_then(|all| all.get(name.as_str()));
        after.is_some_and(|after| after != *schema) && !types.contains(name)
    });
    let components: Vec<String> = others.map(|(name, _)| name.clone()).collect();
    let whole = verdict.changes.is_empty() && old.root != new.root;
    if changed.is_empty() && components.is_empty() && !whole {
        return;
    }
    let place = match components.is_empty() {
        true => "words".to_owned(),
        false => format!("words of {}", components.join(", ")),
    };
    let mut change =
        Change::new("", &place, Section::Changed, "words, examples or the way it is written changed")
            .tell("Nothing but documentation", "Nothing");
    change.operations = changed;
    verdict.add(change);
}
