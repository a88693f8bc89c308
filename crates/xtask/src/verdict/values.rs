//! Types, lists of words and formats: what a plain value may be.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{Level, Section};
use super::rust;
use super::shape::{Shape, contains};
use super::spot::{Out, Rule, Spot};
use super::words::list;

type Types = Option<BTreeSet<String>>;

/// Compares the types. False if nothing of the old ones is left, so that there is nothing more to compare.
pub(super) fn types(old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) -> bool {
    let (narrower, wider) = (!covers(&new.types, &old.types), !covers(&old.types, &new.types));
    let (before, after) = (rust::kind(old, spot), rust::kind(new, spot));
    let rust = if before == after { Level::None } else { Level::Breaking };
    if narrower || wider {
        let what = format!("is {}, was {}", named(&new.types), named(&old.types));
        let broken = if spot.is_request() { narrower } else { wider };
        let (sees, remedy) = match (spot.is_request(), broken, rust) {
            (true, true, Level::Breaking) => (
                "The old type is refused; in Rust it does not compile",
                format!("Send {}", named(&new.types)),
            ),
            (true, true, _) => ("The old type is refused", format!("Send {}", named(&new.types))),
            (false, true, _) => ("Code that reads the old type fails", format!("Read {}", named(&new.types))),
            (_, false, Level::Breaking) => (
                "In Rust the type is another one; in JSON nothing that worked stops working",
                format!("In Rust use it as {after}; else nothing"),
            ),
            (true, false, _) => {
                ("More is allowed than before", format!("Nothing; you may send {}", named(&new.types)))
            }
            (false, false, _) => ("The answers promise more", "Nothing".to_owned()),
        };
        let rule = Rule::of(spot, spot.is_request() == broken).rust(rust).sees(sees);
        out.push(spot, rule.say(Section::Changed, what, remedy));
        return common(&old.types, &new.types);
    }
    let words = old.values.is_some() != new.values.is_some();
    if rust == Level::Breaking && !words {
        let what = format!("is {after} in Rust, was {before}");
        out.push(spot, Rule::rust_alone().say(Section::Changed, what, format!("Use it as {after}")));
    }
    true
}

/// Whether everything that `new` allows is in `old`, so that `old` covers it.
fn covers(old: &Types, new: &Types) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(old), Some(new)) => {
            new.iter().all(|kind| old.contains(kind) || (kind == "integer" && old.contains("number")))
        }
    }
}

fn common(old: &Types, new: &Types) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => {
            let number = |types: &BTreeSet<String>| types.contains("integer") || types.contains("number");
            old.intersection(new).next().is_some() || (number(old) && number(new))
        }
        _ => true,
    }
}

/// The types in words: `integer or string`.
fn named(types: &Types) -> String {
    match types {
        None => "any JSON".to_owned(),
        Some(types) if types.is_empty() => "nothing but null".to_owned(),
        Some(types) => types.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
    }
}

/// Compares lists of words, of numbers or of anything else.
pub(super) fn words(old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    let texts = |values: &[Value]| values.iter().any(Value::is_string);
    let rust = |values: &[Value]| if texts(values) { Level::Breaking } else { Level::None };
    match (&old.values, &new.values) {
        (None, None) => {}
        (None, Some(values)) => {
            let rule = Rule::of(spot, true).rust(rust(values));
            let what = format!("takes one of a list alone now: {}", list(values));
            let remedy = match spot.is_request() {
                true => format!("Send one of {}", list(values)),
                false => "In Rust match on the enum; its `Other` holds what is not listed".to_owned(),
            };
            out.push(spot, rule.say(Section::Changed, what, remedy));
        }
        (Some(values), None) => {
            // Enums of answers are open, so that a word that is not listed was possible before.
            let rule = Rule::feature().rust(rust(values));
            let what = format!("is not limited to a list any more, which was {}", list(values));
            let remedy = if texts(values) {
                "In Rust use it as text, no enum; else nothing"
            } else {
                "Nothing; other values may come"
            };
            out.push(spot, rule.say(Section::Changed, what, remedy));
        }
        (Some(before), Some(after)) => both_lists(before, after, spot, out),
    }
}

fn both_lists(before: &[Value], after: &[Value], spot: &Spot, out: &mut Out) {
    let only = |values: &[Value], others: &[Value]| -> Vec<Value> {
        values.iter().filter(|value| !contains(others, value)).cloned().collect()
    };
    let (gone, new) = (only(before, after), only(after, before));
    let texts = gone.iter().any(Value::is_string);
    if !gone.is_empty() {
        let rust = if texts { Level::Breaking } else { Level::None };
        let nothing_left = gone.len() == before.len() && !after.is_empty();
        let (wire, remedy) = match (spot.is_request(), nothing_left) {
            (true, _) => (Level::Breaking, format!("Send one of {}", list(after))),
            (false, true) => (Level::Breaking, format!("Expect {}", list(after))),
            (false, false) => (Level::Feature, format!("Do not wait for {}", list(&gone))),
        };
        let sees = match (spot.is_request(), wire) {
            (true, _) => "A request with it is refused; in Rust the variant is gone",
            (false, Level::Breaking) => "Answers have another word; in Rust the variant is gone",
            (false, _) => "It does not come any more; in Rust the variant is gone",
        };
        let what = format!("has lost {}", list(&gone));
        out.push(spot, Rule::new(wire, rust, sees).say(Section::Removed, what, remedy));
    }
    if !new.is_empty() {
        let what = format!("has the new {}", list(&new));
        let (sees, remedy) = match spot.is_request() {
            true => ("There is one more to send", format!("Nothing; you may send {}", list(&new))),
            false => (
                "It came as `Other` before; enums of answers are open",
                format!("Nothing; you may expect {}", list(&new)),
            ),
        };
        let rust = if new.iter().any(Value::is_string) { Level::Feature } else { Level::None };
        out.push(spot, Rule::new(Level::Feature, rust, sees).say(Section::Added, what, remedy));
    }
}

/// Compares the formats. One that is wider than another of the same numbers is a wider type.
pub(super) fn format(old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    let (before, after) = (old.format.as_deref(), new.format.as_deref());
    if before == after {
        return;
    }
    let inside = |narrow: Option<&str>, wide: Option<&str>| match (narrow, wide) {
        (Some(_), None) => true,
        (Some("int32"), Some(_)) => new.is("integer") && old.is("integer"),
        _ => false,
    };
    let narrower = inside(after, before) || !inside(before, after);
    let wider = !inside(after, before);
    let show = |format: Option<&str>| format.map_or("none".to_owned(), |format| format!("`{format}`"));
    let what = format!("has the `format` {}, was {}", show(after), show(before));
    let rust = if rust::kind(old, spot) == rust::kind(new, spot) { Level::None } else { Level::Breaking };
    let broken = if spot.is_request() { narrower } else { wider };
    let remedy = match (spot.is_request(), broken) {
        (true, true) => format!("Send it in the format {}", show(after)),
        (true, false) => "Nothing; more is allowed".to_owned(),
        (false, true) => format!("Do not rely on the format {} any more", show(before)),
        (false, false) => format!("Nothing; you can rely on the format {}", show(after)),
    };
    let rule = Rule::of(spot, spot.is_request() == broken).rust(rust);
    out.push(spot, rule.say(Section::Changed, what, remedy));
}
