//! Compares a schema where it is used: what the place says of it (null, default, marks), then what it is.

use std::borrow::Cow;

use serde_json::Value;

use super::api::{Api, is};
use super::change::{Level, Section};
use super::shape::{DEPTH, Shape, WORDS, is_null, same, says_null};
use super::spot::{Both, Out, Rule, Spot, component};
use super::values;
use super::words::shown;
use super::{fields, limits, rust, variants};
use crate::adopt::{HERE, at};

/// A schema at one place, with what aliases and single alternatives around it say taken in.
pub(super) struct Use<'a> {
    pub(super) nullable: bool,
    pub(super) default: Option<&'a Value>,
    pub(super) deprecated: bool,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
    /// Whether the overlay keeps the field required in Rust.
    pub(super) kept: bool,
    pub(super) secret: bool,
    pub(super) core: Core<'a>,
}

/// What a schema is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Core<'a> {
    /// A component, and nothing beside it that matters.
    Component(&'a str),
    /// A schema in place.
    Inline(&'a Value),
}

impl<'a> Use<'a> {
    pub(super) fn read(api: &'a Api, schema: &'a Value) -> Self {
        let mut found = Self {
            nullable: false,
            default: None,
            deprecated: false,
            read_only: false,
            write_only: false,
            kept: false,
            secret: false,
            core: Core::Inline(schema),
        };
        let (mut value, mut settled) = (schema, false);
        // A longer chain is a circle.
        for _ in 0..32 {
            found.take(value);
            if !settled {
                found.core = Core::Inline(value);
            }
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                if !settled && is_alone(value, "$ref") {
                    found.core = Core::Component(reference);
                }
                settled = true;
                match api.target(reference) {
                    Some(target) => value = target,
                    None => break,
                }
            } else if let Some(single) = single(value) {
                value = single;
            } else {
                break;
            }
        }
        found
    }

    fn take(&mut self, value: &'a Value) {
        self.nullable |= says_null(value);
        self.default = self.default.or_else(|| value.get("default"));
        self.deprecated |= is(value, "deprecated");
        self.read_only |= is(value, "readOnly");
        self.write_only |= is(value, "writeOnly");
        self.kept |= is(value, "x-ofauth-kept");
        self.secret |= is(value, "x-ofauth-secret");
    }

    /// Whether a schema in this direction never carries the field.
    pub(super) fn is_hidden(&self, spot: &Spot) -> bool {
        if spot.is_request() { self.read_only } else { self.write_only }
    }
}

/// Whether nothing that matters stands beside the member.
fn is_alone(value: &Value, member: &str) -> bool {
    let facts = ["nullable", "default", "deprecated", "readOnly", "writeOnly", "discriminator"];
    value.as_object().is_some_and(|object| {
        object.keys().all(|key| {
            key == member
                || facts.contains(&key.as_str())
                || WORDS.contains(&key.as_str())
                || key.starts_with("x-")
        })
    })
}

/// The only member of an `allOf`, or the only alternative beside null.
fn single(value: &Value) -> Option<&Value> {
    let key = ["allOf", "anyOf", "oneOf"].into_iter().find(|key| value.get(*key).is_some())?;
    let members = value.get(key)?.as_array()?;
    let mut members = members.iter().filter(|member| key == "allOf" || !is_null(member));
    let only = members.next().filter(|_| members.next().is_none())?;
    is_alone(value, key).then_some(only)
}

/// Compares two schemas at one place.
pub(super) fn compare(both: Both<'_>, old: &Value, new: &Value, spot: &Spot, out: &mut Out) {
    if !out.step() {
        return;
    }
    if spot.depth > DEPTH {
        if old != new {
            out.give_up();
        }
        return;
    }
    let (before, after) = (old, new);
    let (old, new) = (Use::read(both.old, old), Use::read(both.new, new));
    facts(&old, &new, spot, out);
    // One of several places of a type, which says less or more than the type has.
    if before.get(HERE).is_some() || after.get(HERE).is_some() {
        let [before, after] =
            [(both.old, before), (both.new, after)].map(|(api, schema)| Shape::read(api, &here(api, schema)));
        return shapes(both, &before, &after, spot, out);
    }
    cores(both, old.core, new.core, spot, out);
}

/// What a place says: its type, without what it lacks of it.
fn here<'a>(api: &'a Api, schema: &'a Value) -> Cow<'a, Value> {
    let whole = schema.get("$ref").and_then(Value::as_str).and_then(|reference| api.target(reference));
    match (whole, schema.get(HERE)) {
        (Some(whole), Some(lacks)) => Cow::Owned(at(whole, lacks)),
        _ => Cow::Borrowed(schema),
    }
}

/// Compares two components: their names, and what they are. What is said where they are used is compared there.
pub(super) fn components(both: Both<'_>, old: &str, new: &str, spot: &Spot, out: &mut Out) {
    let (Some(before), Some(after)) = (both.old.target(old), both.new.target(new)) else {
        if both.old.target(old).is_some() != both.new.target(new).is_some() {
            out.push(
                spot,
                Rule::of(spot, spot.is_request()).say(
                    Section::Changed,
                    "leads to nothing in one of the documents",
                    "Correct the `$ref`",
                ),
            );
        }
        return;
    };
    if old != new {
        let (before, after) = (component(old), component(new));
        let what = format!("has the Rust type `{after}`, was `{before}`");
        let remedy = format!("Write `{after}` for `{before}`");
        out.push(spot, Rule::rust_alone().say(Section::Changed, what, remedy));
    }
    let (before, after) = (Use::read(both.old, before), Use::read(both.new, after));
    cores(both, before.core, after.core, spot, out);
}

fn cores(both: Both<'_>, old: Core<'_>, new: Core<'_>, spot: &Spot, out: &mut Out) {
    match (old, new) {
        (Core::Component(old), Core::Component(new)) => out.edge(spot, old, new),
        (Core::Inline(old), Core::Inline(new)) => {
            shapes(both, &Shape::read(both.old, old), &Shape::read(both.new, new), spot, out);
        }
        (Core::Component(name), Core::Inline(inline)) => {
            let Some(target) = both.old.target(name) else { return gone(spot, out) };
            let (before, after) = (Shape::read(both.old, target), Shape::read(both.new, inline));
            moved(&before, component(name), &spot.rust, spot, out);
            shapes(both, &before, &after, spot, out);
        }
        (Core::Inline(inline), Core::Component(name)) => {
            let Some(target) = both.new.target(name) else { return gone(spot, out) };
            let (before, after) = (Shape::read(both.old, inline), Shape::read(both.new, target));
            moved(&before, &spot.rust, component(name), spot, out);
            shapes(both, &before, &after, spot, out);
        }
    }
}

fn gone(spot: &Spot, out: &mut Out) {
    let rule = Rule::of(spot, spot.is_request());
    out.push(
        spot,
        rule.say(Section::Changed, "leads to nothing in one of the documents", "Correct the `$ref`"),
    );
}

/// A schema that moved from its place into a component, or back: nothing but the name of a type.
fn moved(shape: &Shape, before: &str, after: &str, spot: &Spot, out: &mut Out) {
    if before != after && rust::has_name(&rust::kind(shape, spot)) {
        let what = format!("has the Rust type `{after}`, was `{before}`");
        let remedy = format!("Write `{after}` for `{before}`");
        out.push(spot, Rule::rust_alone().say(Section::Changed, what, remedy));
    }
}

/// Compares what two schemas allow.
pub(super) fn shapes(both: Both<'_>, old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    let alternatives = !old.variants.is_empty() || !new.variants.is_empty();
    if alternatives && !variants::compare(both, old, new, spot, out) {
        return;
    }
    if !alternatives && !values::types(old, new, spot, out) {
        return;
    }
    values::words(old, new, spot, out);
    values::format(old, new, spot, out);
    let whole = old.is("integer") && new.is("integer");
    limits::compare(&old.limits, &new.limits, whole, spot, out);
    fields::compare(both, old, new, spot, out);
    fields::rest(both, old, new, spot, out);
    fields::items(both, old, new, spot, out);
    others(old, new, spot, out);
}

/// What is compared by its text alone: a demand that is new or another one may refuse what was right.
fn others(old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    let mut keys: Vec<&String> = old.others.keys().chain(new.others.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (what, narrower) = match (old.others.get(key), new.others.get(key)) {
            (None, Some(new)) => (format!("has `{key}` now: {}", shown(new)), true),
            (Some(old), None) => (format!("has no `{key}` any more, which was {}", shown(old)), false),
            (Some(old), Some(new)) if old != new => {
                (format!("has another `{key}`: {}, was {}", shown(new), shown(old)), spot.is_request())
            }
            _ => continue,
        };
        let remedy = match (spot.is_request(), narrower) {
            (true, true) => format!("Send what the new `{key}` takes"),
            (false, false) => format!("Do not rely on `{key}` any more"),
            _ => "Nothing".to_owned(),
        };
        out.push(spot, Rule::of(spot, narrower).say(Section::Changed, what, remedy));
    }
}

/// What a place says of its schema.
fn facts(old: &Use<'_>, new: &Use<'_>, spot: &Spot, out: &mut Out) {
    if old.nullable != new.nullable {
        null(new.nullable, spot, out);
    }
    let differs = match (old.default, new.default) {
        (Some(old), Some(new)) => !same(old, new),
        (old, new) => old.is_some() != new.is_some(),
    };
    // Nothing reads the default of an answer.
    if differs && spot.is_request() {
        default(old.default, new.default, spot, out);
    }
    if old.deprecated != new.deprecated {
        out.push(spot, deprecation(new.deprecated));
    }
    if old.secret != new.secret {
        let (after, before) = if new.secret { ("`Secret`", "text") } else { ("text", "`Secret`") };
        let what = format!("is {after} in Rust, was {before}");
        out.push(spot, Rule::rust_alone().say(Section::Changed, what, format!("Use it as {after}")));
    }
}

/// What is to go, or is to stay after all.
pub(super) fn deprecation(now: bool) -> Rule {
    let rule = Rule::feature().rust(Level::Feature);
    if now {
        let rule = rule.sees("It works as before; help, completion and Rust say that it is to go");
        rule.say(Section::Deprecated, "is deprecated", "Move away from it before it is removed")
    } else {
        rule.say(Section::Changed, "is not deprecated any more", "Nothing; it stays")
    }
}

fn null(now: bool, spot: &Spot, out: &mut Out) {
    let rule = Rule::of(spot, !now);
    let broken = rule.wire == Level::Breaking;
    let rust = match (spot.is_request(), now) {
        (true, false) => Level::Breaking,
        // Other fields of answers are `Option` in Rust already.
        (false, _) if spot.fixed => Level::Breaking,
        (true, true) => Level::Feature,
        (false, _) => Level::None,
    };
    let what = if now { "may be null now" } else { "may not be null any more" };
    let remedy = match (spot.is_request(), now) {
        (true, true) => "Nothing; you may send null",
        (true, false) => "Send a value, or leave it out where it is optional",
        (false, true) => "Expect null; in Rust it is `None`",
        (false, false) => "Nothing; it is never null",
    };
    let rule = if broken && !spot.is_request() {
        rule.sees("Null can come where a value was promised; in Rust most fields are `Option` anyway")
    } else {
        rule
    };
    out.push(spot, rule.rust(rust).say(Section::Changed, what, remedy));
}

fn default(old: Option<&Value>, new: Option<&Value>, spot: &Spot, out: &mut Out) {
    let show = |value: Option<&Value>| value.map_or("none".to_owned(), shown);
    let what = format!("has the default {}, was {}", show(new), show(old));
    let remedy = match old {
        Some(old) => format!("Send {} where you left it out and meant that", shown(old)),
        None => "Send the value that you mean where you left it out".to_owned(),
    };
    let rule = Rule::new(Level::Breaking, Level::None, "A request that leaves it out means something else");
    out.push(spot, rule.say(Section::Changed, what, remedy));
}
