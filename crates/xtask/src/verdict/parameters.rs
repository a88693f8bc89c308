//! Compares the parameters of an operation.

use std::collections::BTreeMap;

use super::api::{Operation, Parameter};
use super::change::{Audience, Change, Level, Section, Verdict};
use super::shape::without_words;
use super::spot::{Root, Spot};
use super::walk::Walk;
use crate::lower::pascal;

const BOTH: [Audience; 2] = [Audience::Parameters, Audience::Wire];

/// Compares all parameters of an operation that both documents have.
pub(super) fn compare(
    walk: &mut Walk<'_>,
    old: &Operation,
    new: &Operation,
    name: &str,
    verdict: &mut Verdict,
) {
    let mut gone = unique(&old.parameters);
    let mut fresh = unique(&new.parameters);
    let mut pairs = Vec::new();
    // Names in a path are ours to say; on the wire they are a position.
    let (before, after) = (old.path_names(), new.path_names());
    if before.len() == after.len() {
        for (before, after) in before.into_iter().zip(after) {
            let of = |name: &str| ("path".to_owned(), name.to_owned());
            if let (true, true) = (gone.contains_key(&of(&before)), fresh.contains_key(&of(&after))) {
                pairs.extend(gone.remove(&of(&before)).zip(fresh.remove(&of(&after))));
            }
        }
    }
    let keys: Vec<(String, String)> = gone.keys().filter(|key| fresh.contains_key(*key)).cloned().collect();
    pairs.extend(keys.iter().filter_map(|key| gone.remove(key).zip(fresh.remove(key))));
    for (before, after) in pairs {
        both(walk, before, after, name, verdict);
    }
    for before in gone.into_values() {
        let moved = fresh.values().find(|after| after.name.eq_ignore_ascii_case(&before.name));
        let mut alike = fresh.values().filter(|after| {
            after.place == before.place
                && after.required == before.required
                && without_words(&after.schema) == without_words(&before.schema)
        });
        let renamed = alike.next().filter(|_| alike.next().is_none());
        let found = moved.or(renamed).map(|after| (*after).clone());
        if let Some(after) = &found {
            fresh.remove(&after.key());
        }
        removed(before, found.as_ref(), name, verdict);
    }
    fresh.into_values().for_each(|after| added(after, name, verdict));
}

/// The parameters by place and name; the first of those that are there twice.
fn unique(parameters: &[Parameter]) -> BTreeMap<(String, String), &Parameter> {
    let mut all = BTreeMap::new();
    for parameter in parameters {
        all.entry(parameter.key()).or_insert(parameter);
    }
    all
}

fn both(walk: &mut Walk<'_>, old: &Parameter, new: &Parameter, name: &str, verdict: &mut Verdict) {
    let label = old.label();
    let change = |section, what: &str| Change::new(name, &label, section, what);
    if old.place == "path" && old.name != new.name {
        let what = format!("is called `{}` now", new.name);
        let change = change(Section::Changed, &what).at(Level::Breaking, &[Audience::Parameters]).tell(
            "The setter and the name in C, Go and the command are gone; the wire is the same",
            renamed(new),
        );
        verdict.add(change);
    }
    if old.required != new.required {
        let (level, what, sees, remedy) = match new.required {
            true => (
                Level::Breaking,
                "is required, was optional",
                "A call without it is refused",
                format!("Give `{}` in every call", new.name),
            ),
            false => (
                Level::Feature,
                "is optional, was required",
                "A call works without it",
                "Nothing; you may leave it out".to_owned(),
            ),
        };
        verdict.add(change(Section::Changed, what).at(level, &BOTH).tell(sees, remedy));
    }
    if old.form != new.form {
        let what = format!("is written as `{}`, was `{}`", new.form, old.form);
        let change = change(Section::Changed, &what).at(Level::Breaking, &[Audience::Wire]).tell(
            "Lists and objects are sent in another form",
            "Nothing if you call by our id; who writes the address by hand writes the new form",
        );
        verdict.add(change);
    }
    if old.deprecated != new.deprecated {
        let rule = super::members::deprecation(new.deprecated);
        let change = change(rule.section, &rule.what).at(rule.wire, &BOTH).tell(&rule.sees, rule.remedy);
        verdict.add(change);
    }
    let rust = format!("{}{}", pascal(name), pascal(&old.name));
    let spot = Spot::root(Root::Parameter, &label, &old.name, rust);
    walk.schema((&old.schema, &new.schema), &spot, (Root::Parameter, name), verdict);
}

fn renamed(new: &Parameter) -> String {
    format!("Call it `{}`", new.name)
}

fn removed(old: &Parameter, other: Option<&Parameter>, name: &str, verdict: &mut Verdict) {
    let (what, remedy) = match other {
        Some(new) if new.place != old.place => {
            (format!("is sent in the {} now", new.place), format!("Give it as `{}` {}", new.name, new.place))
        }
        Some(new) => (format!("is gone; it is probably called `{}` now", new.name), renamed(new)),
        None => ("is gone".to_owned(), format!("Do not give `{}`", old.name)),
    };
    let sees = "The setter in Rust is gone, and C, Go and the command refuse the name";
    let change = Change::new(name, &old.label(), Section::Removed, what).at(Level::Breaking, &BOTH);
    verdict.add(change.tell(sees, remedy));
}

fn added(new: &Parameter, name: &str, verdict: &mut Verdict) {
    let change = |what: &str| Change::new(name, &new.label(), Section::Added, what);
    verdict.add(match new.required {
        true => change("is new and required")
            .at(Level::Breaking, &BOTH)
            .tell("A call without it is refused", format!("Give `{}` in every call", new.name)),
        false => change("is new")
            .at(Level::Feature, &BOTH)
            .tell("There is one more thing to ask for", format!("Nothing; you may give `{}`", new.name)),
    });
}
