//! Compares alternatives: `anyOf` and `oneOf`, which the clients treat alike.

use serde_json::Value;

use super::api::Api;
use super::change::{Level, Section};
use super::members::{self, Core, Use};
use super::rust;
use super::shape::{DEPTH, Shape, without_words};
use super::spot::{Both, Out, Rule, Spot, component};
use super::words::{short, shown};

/// One alternative.
struct Variant<'a> {
    schema: &'a Value,
    /// What it is called: its component, the word that tells it from others, or its types.
    name: String,
    shape: Shape,
}

/// Compares alternatives. False if there is nothing more to compare.
pub(super) fn compare(both: Both<'_>, old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) -> bool {
    let before = read(both.old, old);
    let after = read(both.new, new);
    discriminator(old, new, spot, out);
    match (before.is_empty(), after.is_empty()) {
        (false, false) => several(both, &before, &after, spot, out),
        // One schema became several, or several one: the single one stands for an alternative.
        (true, _) => wrapped(both, old, &after, true, spot, out),
        (_, true) => wrapped(both, new, &before, false, spot, out),
    }
    !before.is_empty() && !after.is_empty()
}

fn read<'a>(api: &'a Api, shape: &'a Shape) -> Vec<Variant<'a>> {
    let tag = shape.discriminator.as_ref().and_then(|it| it.get("propertyName")).and_then(Value::as_str);
    let variants = shape.variants.iter().map(|schema| {
        let shape = Shape::read(api, schema);
        let name = match Use::read(api, schema).core {
            Core::Component(reference) => component(reference).to_owned(),
            Core::Inline(_) => word(api, &shape, tag).unwrap_or_else(|| kinds(&shape)),
        };
        Variant { schema, name, shape }
    });
    variants.collect()
}

/// The one word of the field that tells an alternative from others.
fn word(api: &Api, shape: &Shape, tag: Option<&str>) -> Option<String> {
    let of = |schema: &Value| match Shape::read(api, schema).values.as_deref() {
        Some([Value::String(word)]) => Some(word.clone()),
        _ => None,
    };
    match tag {
        Some(tag) => of(shape.properties.get(tag)?),
        None => ["type", "kind"].iter().find_map(|tag| of(shape.properties.get(*tag)?)),
    }
}

fn kinds(shape: &Shape) -> String {
    let types = shape.types.iter().flatten().cloned().collect::<Vec<_>>();
    if types.is_empty() { "anything".to_owned() } else { types.join(" or ") }
}

fn several(both: Both<'_>, before: &[Variant<'_>], after: &[Variant<'_>], spot: &Spot, out: &mut Out) {
    let mut gone: Vec<&Variant<'_>> = before.iter().collect();
    let mut new: Vec<&Variant<'_>> = after.iter().collect();
    let mut pairs = Vec::new();
    let exact = |a: &Variant<'_>, b: &Variant<'_>| without_words(a.schema) == without_words(b.schema);
    let named = |a: &Variant<'_>, b: &Variant<'_>| a.name == b.name;
    let fields = |a: &Variant<'_>, b: &Variant<'_>| {
        a.shape.types == b.shape.types && a.shape.properties.keys().eq(b.shape.properties.keys())
    };
    for alike in [&exact as &dyn Fn(&Variant<'_>, &Variant<'_>) -> bool, &named, &fields] {
        gone.retain(|a| match new.iter().position(|b| alike(a, b)) {
            Some(position) => {
                pairs.push((*a, new.remove(position)));
                false
            }
            None => true,
        });
    }
    // One that is left on each side is the same one, changed, if it is of the same type.
    if let ([a], [b]) = (gone.as_slice(), new.as_slice())
        && a.shape.types == b.shape.types
    {
        pairs.push((*a, *b));
        gone.clear();
        new.clear();
    }
    for (index, (a, b)) in pairs.into_iter().enumerate() {
        members::compare(both, a.schema, b.schema, &spot.variant(index), out);
    }
    gone.iter().for_each(|variant| removed(variant, spot, out));
    new.iter().for_each(|variant| added(variant, before, spot, out));
}

fn removed(variant: &Variant<'_>, spot: &Spot, out: &mut Out) {
    let name = short(&variant.name);
    let remedy = match spot.is_request() {
        true => format!("Send one of the other alternatives for `{name}`"),
        false => format!("Do not wait for `{name}`"),
    };
    let rule = Rule::of(spot, true).rust(Level::Breaking);
    out.push(spot, rule.say(Section::Removed, format!("has lost the alternative `{name}`"), remedy));
}

fn added(variant: &Variant<'_>, before: &[Variant<'_>], spot: &Spot, out: &mut Out) {
    let name = short(&variant.name);
    // Alternatives that are objects are one type with all fields, or an enum that is open.
    let objects = variant.shape.is("object") && before.iter().all(|variant| variant.shape.is("object"));
    let rust = if spot.is_request() || objects { Level::Feature } else { Level::Breaking };
    let remedy = match spot.is_request() {
        true => format!("Nothing; you may send `{name}`"),
        false => format!("Expect `{name}` beside the others"),
    };
    let rule = Rule::of(spot, false).rust(rust);
    out.push(spot, rule.say(Section::Added, format!("has the new alternative `{name}`"), remedy));
}

/// `single` became one of `variants` (`forward`), or is what is left of them.
fn wrapped(
    both: Both<'_>,
    single: &Shape,
    variants: &[Variant<'_>],
    forward: bool,
    spot: &Spot,
    out: &mut Out,
) {
    if spot.depth > DEPTH || !out.step() {
        return out.give_up();
    }
    let fits = |variant: &&Variant<'_>| {
        let mut trial = out.trial();
        let (old, new) = if forward { (single, &variant.shape) } else { (&variant.shape, single) };
        members::shapes(both, old, new, &spot.trial(), &mut trial);
        trial.is_silent()
    };
    let names = variants.iter().map(|variant| format!("`{}`", short(&variant.name)));
    let names = names.collect::<Vec<_>>().join(", ");
    let kind = rust::kind(single, spot);
    let found = single.types.is_none() || variants.iter().find(fits).is_some();
    let (what, wider) = if forward {
        (format!("is one of several alternatives now: {names}; it was {kind}"), true)
    } else {
        (format!("is {kind}, was one of several alternatives: {names}"), false)
    };
    // Any JSON is wider than all alternatives.
    let wider = if single.types.is_none() { !wider } else { wider };
    let broken = !found || spot.is_request() != wider;
    let remedy = match (spot.is_request(), broken) {
        (true, true) => "Send what is allowed now",
        (true, false) => "Nothing; more is allowed. In Rust use the new type",
        (false, true) => "Expect each of the alternatives",
        (false, false) => "In Rust use the new type",
    };
    let rule = Rule::of(spot, spot.is_request() == broken).rust(Level::Breaking);
    out.push(spot, rule.say(Section::Changed, what, remedy));
}

/// The field by which a client tells alternatives apart: its name, and its words.
fn discriminator(old: &Shape, new: &Shape, spot: &Spot, out: &mut Out) {
    if old.discriminator == new.discriminator || spot.is_request() {
        // The words of a request stand in its alternatives, too.
        return;
    }
    let name = |shape: &Shape| shape.discriminator.as_ref().and_then(|it| it.get("propertyName")).cloned();
    let show = |name: Option<Value>| name.map_or("none".to_owned(), |name| shown(&name));
    let (before, after) = (name(old), name(new));
    if before != after {
        let what = format!("is told apart by the field {}, was {}", show(after), show(before));
        let rule = Rule::rust_alone().sees("In Rust the type is another one; the JSON is the same");
        return out.push(spot, rule.say(Section::Changed, what, "Match on the new type"));
    }
    let words = |shape: &Shape| -> Vec<String> {
        let mapping =
            shape.discriminator.as_ref().and_then(|it| it.get("mapping")).and_then(Value::as_object);
        mapping.into_iter().flatten().map(|(word, target)| format!("{word}={target}")).collect()
    };
    let (before, after) = (words(old), words(new));
    let lost: Vec<&String> = before.iter().filter(|word| !after.contains(word)).collect();
    let rust = if lost.is_empty() { Level::Feature } else { Level::Breaking };
    let what = match lost.as_slice() {
        [] => "has new words in the mapping of its discriminator".to_owned(),
        lost => {
            let lost = lost.iter().map(|word| short(word)).collect::<Vec<_>>().join(", ");
            format!("has lost words of the mapping of its discriminator: {lost}")
        }
    };
    let rule = Rule::new(Level::None, rust, "In Rust the variants of the type are others");
    out.push(spot, rule.say(Section::Changed, what, "Match on the variants that there are"));
}
