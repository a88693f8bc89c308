//! Compares the fields of objects, what may come beside them, and the items of lists.

use serde_json::{Value, json};

use super::change::{Level, Section};
use super::members::{Use, compare as schema};
use super::shape::{Shape, without_words};
use super::spot::{Both, Out, Rule, Spot};
use super::words::short;

/// Compares the fields with names.
pub(super) fn compare(both: Both<'_>, old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    for (name, before) in &old.properties {
        let spot = spot.property(name);
        let is_gone = |name: &String| !old.properties.contains_key(name);
        match new.properties.get(name) {
            Some(after) => field(both, (before, old), (after, new), name, &spot, out),
            None => {
                // The same under another name, if there is one such.
                let like = |(other, schema): &(&String, &Value)| {
                    is_gone(other)
                        && without_words(schema) == without_words(before)
                        && new.required.contains(*other) == old.required.contains(name)
                };
                let mut alike = new.properties.iter().filter(like);
                let renamed = alike.next().filter(|_| alike.next().is_none()).map(|(name, _)| name.as_str());
                let hidden = Use::read(both.old, before).is_hidden(&spot);
                removed(renamed, hidden, &spot, out);
            }
        }
    }
    for (name, after) in new.properties.iter().filter(|(name, _)| !old.properties.contains_key(*name)) {
        let spot = spot.property(name);
        let used = Use::read(both.new, after);
        added(new.required.contains(name), used.is_hidden(&spot), &spot, out);
    }
}

/// Compares one field that both have.
fn field(
    both: Both<'_>,
    (before, old): (&Value, &Shape),
    (after, new): (&Value, &Shape),
    name: &str,
    spot: &Spot,
    out: &mut Out,
) {
    let (old_use, new_use) = (Use::read(both.old, before), Use::read(both.new, after));
    let (was, is) = (old.required.contains(name), new.required.contains(name));
    match (old_use.is_hidden(spot), new_use.is_hidden(spot)) {
        (true, true) => return,
        (true, false) => return shown_now(is, spot, out),
        (false, true) => return hidden_now(spot, out),
        (false, false) => {}
    }
    // An object's own id and what the overlay keeps are no `Option` in answers.
    let fixed = |required: bool, used: &Use<'_>| required && (name == "id" || used.kept);
    let (was_fixed, is_fixed) = (fixed(was, &old_use), fixed(is, &new_use));
    if was != is {
        let rust = match spot.is_request() {
            true => Level::Breaking,
            false if was_fixed == is_fixed => Level::None,
            false => Level::Breaking,
        };
        requirement(is, rust, spot, out);
    } else if was_fixed != is_fixed && !spot.is_request() {
        let (after, before) = if is_fixed { ("the value", "`Option`") } else { ("`Option`", "the value") };
        let what = format!("is {after} in Rust, was {before}");
        out.push(spot, Rule::rust_alone().say(Section::Changed, what, format!("Use it as {after}")));
    }
    let spot = Spot { fixed: was_fixed && is_fixed, ..spot.clone() };
    schema(both, before, after, &spot, out);
}

/// A field that must be there now, or need not.
fn requirement(now: bool, rust: Level, spot: &Spot, out: &mut Out) {
    let rule = Rule::of(spot, now);
    let (what, sees, remedy) = match (spot.is_request(), now) {
        (true, true) => (
            "is required, was optional",
            "A request without it is refused; in Rust it is no `Option` any more",
            "Send it in every request",
        ),
        (true, false) => (
            "is optional, was required",
            "It may be left out; builders in Rust take it as before, the field itself is an `Option`",
            "Nothing; you may leave it out",
        ),
        (false, true) => ("is required, was optional", "It comes always", "Nothing; you can rely on it"),
        (false, false) => (
            "is optional, was required",
            "It can be missing where it was promised; in Rust most fields are `Option` anyway",
            "Expect that it is missing",
        ),
    };
    // Requests are built with builders, which take a value for both: nothing has to be rewritten.
    let rust = if spot.is_request() && !now { Level::Feature } else { rust };
    out.push(spot, rule.rust(rust).sees(sees).say(Section::Changed, what, remedy));
}

fn removed(renamed: Option<&str>, hidden: bool, spot: &Spot, out: &mut Out) {
    let wire = if hidden { Level::None } else { Level::Breaking };
    let sees = if spot.is_request() {
        "The service takes no notice of it or refuses it; in Rust the setter is gone"
    } else {
        "It does not come any more; in Rust the field is gone"
    };
    let (what, remedy) = match (renamed, spot.is_request()) {
        (Some(name), _) => {
            let name = short(name);
            (format!("is gone; it is probably called `{name}` now"), format!("Use `{name}`"))
        }
        (None, true) => ("is gone".to_owned(), "Do not send it".to_owned()),
        (None, false) => ("is gone".to_owned(), "Do not read it".to_owned()),
    };
    let rule = Rule::new(wire, Level::Breaking, sees);
    out.push(spot, rule.say(Section::Removed, what, remedy));
}

fn added(required: bool, hidden: bool, spot: &Spot, out: &mut Out) {
    if hidden {
        let rule =
            Rule::new(Level::None, Level::Feature, "Rust has the field, this direction does not carry it");
        return out.push(spot, rule.say(Section::Added, "is new and not carried here", "Nothing"));
    }
    let rule =
        match (spot.is_request(), required) {
            (true, true) => Rule::new(Level::Breaking, Level::Breaking, "A request without it is refused")
                .say(Section::Added, "is new and required", "Send it in every request"),
            (true, false) => {
                Rule::feature().rust(Level::Feature).say(Section::Added, "is new", "Nothing; you may send it")
            }
            (false, _) => {
                Rule::feature().rust(Level::Feature).say(Section::Added, "is new", "Nothing; you may read it")
            }
        };
    out.push(spot, rule);
}

/// A field that its mark hid in this direction: on the wire it is new. Rust had it all the time.
fn shown_now(required: bool, spot: &Spot, out: &mut Out) {
    let (mark, verb) = if spot.is_request() { ("readOnly", "sent") } else { ("writeOnly", "received") };
    let what = format!("is not `{mark}` any more, so that it is {verb}");
    let rule = match spot.is_request() && required {
        true => Rule::of(spot, true).say(Section::Changed, what, "Send it in every request"),
        false => Rule::feature().say(Section::Changed, what, "Nothing; you may use it"),
    };
    out.push(spot, rule);
}

fn hidden_now(spot: &Spot, out: &mut Out) {
    let (mark, remedy) =
        if spot.is_request() { ("readOnly", "Do not send it") } else { ("writeOnly", "Do not read it") };
    let rule =
        Rule::new(Level::Breaking, Level::None, "The field is there in Rust, but not carried any more");
    out.push(spot, rule.say(Section::Removed, format!("is `{mark}` now"), remedy));
}

/// Compares what an object takes beside the fields with names.
pub(super) fn rest(both: Both<'_>, old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    if !old.takes("object") || !new.takes("object") {
        return;
    }
    let closed = |rest: &Option<Value>| *rest == Some(json!(false));
    let (before, after) = (&old.rest, &new.rest);
    match (before, after) {
        (None, None) => return,
        (Some(before), Some(after)) if !closed(&old.rest) && !closed(&new.rest) => {
            return schema(both, before, after, &spot.map_value(), out);
        }
        (before, after) if before == after => return,
        _ => {}
    }
    let size = |rest: &Option<Value>| match rest {
        None => 2,
        Some(Value::Bool(false)) => 0,
        Some(_) => 1,
    };
    let narrower = size(after) < size(before);
    let show = |rest: &Option<Value>| match size(rest) {
        2 => "any",
        1 => "some",
        _ => "none",
    };
    let what = format!("takes {} fields without a name, took {}", show(after), show(before));
    let remedy = match (spot.is_request(), narrower) {
        (true, true) => "Send the fields alone that the document names",
        (false, false) => "Ignore fields that you do not know",
        _ => "Nothing",
    };
    // Whether an answer names all its fields matters to nobody: new ones are no break anyway.
    let open = size(before) != 1 && size(after) != 1;
    let rule = if !spot.is_request() && open {
        Rule::new(Level::None, Level::None, "Nothing: fields that are not known are ignored")
    } else {
        Rule::of(spot, narrower)
    };
    out.push(spot, rule.say(Section::Changed, what, remedy));
}

/// Compares the items of lists.
pub(super) fn items(both: Both<'_>, old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    let narrower = match (&old.items, &new.items) {
        (Some(before), Some(after)) => return schema(both, before, after, &spot.item(), out),
        (None, None) => return,
        (None, Some(_)) => true,
        (Some(_), None) => false,
    };
    let what = if narrower { "has items of one type now" } else { "has items of any type now" };
    let remedy = match (spot.is_request(), narrower) {
        (true, true) => "Send items of that type",
        (false, false) => "Read items as any JSON",
        _ => "In Rust use the new type of the items",
    };
    out.push(
        &spot.item(),
        Rule::of(spot, narrower).rust(Level::Breaking).say(Section::Changed, what, remedy),
    );
}
