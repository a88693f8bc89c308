//! Limits of numbers, texts, lists and objects: which of two is the tighter one, and how to say so.

use serde_json::{Value, json};

use super::change::{Level, Section};
use super::spot::{Out, Rule, Spot};
use super::words::shown;
use crate::document::Object;

/// Limits from below, and what they count.
const LEAST: [(&str, &str); 4] =
    [("minimum", ""), ("minLength", " characters"), ("minItems", " items"), ("minProperties", " fields")];

/// Limits from above, and what they count.
const MOST: [(&str, &str); 4] =
    [("maximum", ""), ("maxLength", " characters"), ("maxItems", " items"), ("maxProperties", " fields")];

/// Limits of other kinds, and the exclusive ones.
const OTHERS: [&str; 5] = ["exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "uniqueItems"];

pub(super) fn is_limit(key: &str) -> bool {
    LEAST.iter().chain(&MOST).any(|(name, _)| *name == key) || OTHERS.contains(&key)
}

/// Adds a limit to others that hold, too.
pub(super) fn tighten(limits: &mut Object, key: &str, value: Value) {
    let Some(known) = limits.get(key) else {
        limits.insert(key.to_owned(), value);
        return;
    };
    let number = |value: &Value| value.as_f64();
    let tighter = match (number(known), number(&value)) {
        (Some(known), Some(value)) if key.to_lowercase().contains("min") => value > known,
        (Some(known), Some(value)) => value < known,
        _ => false,
    };
    let both = key == "pattern" && *known != value;
    if tighter {
        limits.insert(key.to_owned(), value);
    } else if both {
        let both = json!(format!("{} and {}", shown(known), shown(&value)));
        limits.insert(key.to_owned(), both);
    }
}

/// Takes out what limits nothing, and writes the exclusive limits of OpenAPI 3.0 as those of 3.1.
pub(super) fn settle(limits: &mut Object) {
    for (exclusive, plain) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match limits.get(exclusive) {
            Some(Value::Bool(true)) => {
                limits.remove(exclusive);
                if let Some(limit) = limits.remove(plain) {
                    limits.insert(exclusive.to_owned(), limit);
                }
            }
            Some(Value::Bool(false)) => {
                limits.remove(exclusive);
            }
            _ => {}
        }
    }
    for key in ["minLength", "minItems", "minProperties"] {
        if limits.get(key).and_then(Value::as_f64) == Some(0.0) {
            limits.remove(key);
        }
    }
    let everything = ["", ".*", "^.*$"];
    if limits.get("pattern").and_then(Value::as_str).is_some_and(|pattern| everything.contains(&pattern)) {
        limits.remove("pattern");
    }
    if limits.get("uniqueItems") == Some(&json!(false)) {
        limits.remove("uniqueItems");
    }
}

/// Compares all limits of two schemas. `whole` says that numbers are whole ones.
pub(super) fn compare(old: &Object, new: &Object, whole: bool, spot: &Spot, out: &mut Out) {
    for (key, unit) in LEAST {
        let bound = |limits: &Object| bound(limits, key, "exclusiveMinimum", whole, 1.0);
        side(key, "at least", unit, bound(old), bound(new), |old, new| new > old, spot, out);
    }
    for (key, unit) in MOST {
        let bound = |limits: &Object| bound(limits, key, "exclusiveMaximum", whole, -1.0);
        side(key, "at most", unit, bound(old), bound(new), |old, new| new < old, spot, out);
    }
    for key in ["multipleOf", "pattern", "uniqueItems"] {
        other(key, old.get(key), new.get(key), spot, out);
    }
}

/// A limit from one side: its value, and whether the value itself is outside.
type Bound = Option<(f64, bool)>;

/// The tighter one of a limit and its exclusive form; of whole numbers, "above 0" is "at least 1".
fn bound(limits: &Object, key: &str, exclusive: &str, whole: bool, step: f64) -> Bound {
    let plain = limits.get(key).and_then(Value::as_f64).map(|value| (value, false));
    if key != "minimum" && key != "maximum" {
        return plain;
    }
    let strict = limits.get(exclusive).and_then(Value::as_f64).map(|value| match whole {
        true if value.fract() == 0.0 => (value + step, false),
        _ => (value, true),
    });
    match (plain, strict) {
        (Some(plain), Some(strict)) => {
            let tighter = (strict.0 - plain.0) * step > 0.0 || (strict.0 == plain.0 && strict.1);
            Some(if tighter { strict } else { plain })
        }
        (plain, strict) => plain.or(strict),
    }
}

#[allow(clippy::too_many_arguments)]
fn side(
    key: &str,
    words: &str,
    unit: &str,
    old: Bound,
    new: Bound,
    tighter: impl Fn(f64, f64) -> bool,
    spot: &Spot,
    out: &mut Out,
) {
    let text = |bound: (f64, bool)| {
        let strict = if bound.1 { " (and not this value itself)" } else { "" };
        format!("{}{strict}", bound.0)
    };
    let (narrower, what) = match (old, new) {
        (None, None) => return,
        (Some(old), Some(new)) if old == new => return,
        (None, Some(new)) => (true, format!("has a `{key}` now: {}", text(new))),
        (Some(old), None) => (false, format!("has no `{key}` any more, it was {}", text(old))),
        (Some(old), Some(new)) => {
            let tight = if old.0 == new.0 { new.1 } else { tighter(old.0, new.0) };
            (tight, format!("`{key}` is {}, was {}", text(new), text(old)))
        }
    };
    let range = |bound: Bound| bound.map(|bound| format!("{words} {}{unit}", text(bound)));
    let (now, before) = (range(new), range(old));
    let remedy = match (spot.is_request(), narrower) {
        (true, true) => format!("Send {}", now.unwrap_or_default()),
        (true, false) => match now {
            Some(now) => format!("Nothing; you may send {now}"),
            None => "Nothing; you may send what was out of range".to_owned(),
        },
        (false, true) => format!("Nothing; you can rely on {}", now.unwrap_or_default()),
        (false, false) => format!("Do not rely on {} any more", before.unwrap_or_default()),
    };
    let rule = Rule::of(spot, narrower);
    // In Rust a text of a request that has a length is a type of its own, which a plain text converts to.
    let rust = match (spot.is_request() && !spot.parameter && unit == " characters", old, new) {
        (true, None, Some(_)) => Level::Breaking,
        (true, Some(_), None) => Level::Feature,
        _ => Level::None,
    };
    out.push(spot, rule.rust(rust).say(Section::Changed, what, remedy));
}

fn other(key: &str, old: Option<&Value>, new: Option<&Value>, spot: &Spot, out: &mut Out) {
    let show = |value: &Value| match value {
        Value::Bool(_) => "no item twice".to_owned(),
        value if key == "multipleOf" => format!("multiples of {value} alone"),
        value => format!("only what matches {}", shown(value)),
    };
    let (narrower, what) = match (old, new) {
        (None, Some(new)) => (true, format!("has a `{key}` now: {}", show(new))),
        (Some(old), None) => (false, format!("has no `{key}` any more, it was: {}", show(old))),
        (Some(old), Some(new)) if old != new => {
            let step = |value: &Value| value.as_f64().filter(|step| *step != 0.0);
            let wider = key == "multipleOf"
                && step(old).zip(step(new)).is_some_and(|(old, new)| (old / new).fract() == 0.0);
            (!wider, format!("has another `{key}`: {}, it was: {}", show(new), show(old)))
        }
        _ => return,
    };
    let remedy = match (spot.is_request(), new) {
        (true, Some(new)) if narrower => format!("Send {}", show(new)),
        (true, _) => "Nothing; more is allowed".to_owned(),
        (false, _) if narrower => "Nothing; the answers promise more".to_owned(),
        (false, _) => format!("Do not rely on {} any more", old.map(show).unwrap_or_default()),
    };
    let mut rule = Rule::of(spot, narrower);
    // As oasdiff has it: nobody reads an answer by its pattern, and another one is neither tighter nor looser.
    if !spot.is_request() && key == "pattern" {
        rule = Rule::feature();
    }
    out.push(spot, rule.say(Section::Changed, what, remedy));
}
