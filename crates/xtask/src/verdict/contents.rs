//! Compares what an operation carries: its request body, and its answers with their headers, by media type.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::api::{Answer, Content, Operation, chosen};
use super::change::{Audience, Change, Level, Section, Verdict};
use super::spot::{Root, Spot};
use super::walk::Walk;
use crate::lower::pascal;

const BOTH: [Audience; 2] = [Audience::RustTypes, Audience::Wire];

/// Compares the request bodies.
pub(super) fn bodies(
    walk: &mut Walk<'_>,
    old: &Operation,
    new: &Operation,
    name: &str,
    verdict: &mut Verdict,
) {
    let change = |section, what: &str| Change::new(name, "body", section, what);
    match (&old.body, &new.body) {
        (None, None) => {}
        (None, Some(body)) if body.required => verdict.add(
            change(Section::Added, "is new and required")
                .at(Level::Breaking, &BOTH)
                .tell("A call without a body is refused", "Send a body"),
        ),
        (None, Some(_)) => verdict.add(
            change(Section::Added, "is new")
                .at(Level::Feature, &BOTH)
                .tell("The operation takes a body", "Nothing; you may send one"),
        ),
        (Some(_), None) => verdict.add(
            change(Section::Removed, "is gone")
                .at(Level::Breaking, &BOTH)
                .tell("The operation takes no body any more", "Do not send one"),
        ),
        (Some(before), Some(after)) => {
            if before.required != after.required {
                verdict.add(match after.required {
                    true => change(Section::Changed, "is required, was optional")
                        .at(Level::Breaking, &BOTH)
                        .tell("A call without a body is refused", "Send a body"),
                    false => change(Section::Changed, "is optional, was required")
                        .at(Level::Feature, &BOTH)
                        .tell("A call works without a body", "Nothing; you may leave it out"),
                });
            }
            let spot = Spot::root(Root::Body, "body", "", format!("{}Body", pascal(name)));
            contents(walk, (&before.content, &after.content), &spot, (Root::Body, name), verdict);
        }
    }
}

/// Compares the answers by their status.
pub(super) fn answers(
    walk: &mut Walk<'_>,
    old: &Operation,
    new: &Operation,
    name: &str,
    verdict: &mut Verdict,
) {
    let statuses = |operation: &Operation, others: &Operation, success: bool| -> Vec<String> {
        let own = operation.answers.keys().filter(|status| is_success(status) == success);
        own.filter(|status| !others.answers.contains_key(*status)).cloned().collect()
    };
    for (status, before) in &old.answers {
        if let Some(after) = new.answers.get(status) {
            answer(walk, status, before, after, name, verdict);
        }
    }
    let (mut gone, mut fresh) = (statuses(old, new, true), statuses(new, old, true));
    if let ([before], [after]) = (gone.as_slice(), fresh.as_slice()) {
        let what = format!("has the status {after} now");
        let change = Change::new(name, &format!("answer {before}"), Section::Changed, what)
            .at(Level::Breaking, &[Audience::Wire])
            .tell(
                "A success has another status",
                format!("Take {after} for a success; our clients take any 2xx"),
            );
        verdict.add(change);
        if let (Some(one), Some(other)) = (old.answers.get(before), new.answers.get(after)) {
            answer(walk, before, one, other, name, verdict);
        }
        gone.clear();
        fresh.clear();
    }
    for status in gone {
        let change = Change::new(name, &format!("answer {status}"), Section::Removed, "is gone")
            .at(Level::Breaking, &[Audience::Wire])
            .tell("This success does not come any more", format!("Do not wait for the status {status}"));
        verdict.add(change);
    }
    for status in fresh {
        let change = Change::new(name, &format!("answer {status}"), Section::Added, "is a new success")
            .at(Level::Feature, &[Audience::Wire])
            .tell("A success can have this status, too", "Nothing; our clients take any 2xx");
        verdict.add(change);
    }
    for status in statuses(new, old, false) {
        let change = Change::new(name, &format!("answer {status}"), Section::Added, "is a new error")
            .at(Level::Feature, &[Audience::Wire])
            .tell("This error can come", "Nothing; errors of any status are read alike");
        verdict.add(change);
    }
    for status in statuses(old, new, false) {
        let change = Change::new(
            name,
            &format!("answer {status}"),
            Section::Removed,
            "is no error that is named any more",
        )
        .tell("Nothing: errors of any status are read alike", "Nothing");
        verdict.add(change);
    }
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

fn answer(walk: &mut Walk<'_>, status: &str, old: &Answer, new: &Answer, name: &str, verdict: &mut Verdict) {
    let owner = format!("answer {status}");
    let ending = if is_success(status) { "Response" } else { "Error" };
    let spot = Spot::root(Root::Answer, &owner, "", format!("{}{ending}", pascal(name)));
    contents(walk, (&old.content, &new.content), &spot, (Root::Answer, name), verdict);
    headers(walk, old, new, &owner, name, verdict);
}

/// Compares what is carried in each media type: the one that clients take as what it is, the others by their names.
fn contents(
    walk: &mut Walk<'_>,
    (old, new): (&Content, &Content),
    spot: &Spot,
    about: (Root, &str),
    verdict: &mut Verdict,
) {
    let change = |section, what: String| Change::new(about.1, &spot.owner, section, what);
    let (before, after) = match (chosen(old), chosen(new)) {
        (None, None) => return,
        (Some(_), None) => {
            let change = change(Section::Removed, "has no content any more".to_owned())
                .at(Level::Breaking, &BOTH)
                .tell("There is nothing to read or send", "Do not wait for content, and send none");
            return verdict.add(change);
        }
        (None, Some((media_type, _))) => {
            let change = change(Section::Added, format!("has content now, `{media_type}`"))
                .at(Level::Feature, &[Audience::Wire])
                .at(Level::Breaking, &[Audience::RustTypes])
                .tell(
                    "There is something to read; in Rust the method gives a type where it gave `()`",
                    "Use it",
                );
            return verdict.add(change);
        }
        (Some(before), Some(after)) => (before, after),
    };
    if before.0 == after.0 {
        walk.schema((before.1, after.1), spot, about, verdict);
    } else {
        let there = new.contains_key(before.0);
        let what = format!("is `{}`, was `{}`", after.0, before.0);
        let wire = if there { Level::Feature } else { Level::Breaking };
        let change = change(Section::Changed, what)
            .at(wire, &[Audience::Wire])
            .at(Level::Breaking, &[Audience::RustTypes])
            .tell("It has another form", format!("Write and read `{}`", after.0));
        verdict.add(change);
    }
    let names = |own: &Content, others: &Content| -> BTreeSet<String> {
        let own = own.keys().filter(|name| !others.contains_key(*name));
        own.filter(|name| *name != before.0 && *name != after.0).cloned().collect()
    };
    for media_type in names(old, new) {
        let change = change(Section::Removed, format!("does not come as `{media_type}` any more"))
            .at(Level::Breaking, &[Audience::Wire])
            .tell("Who asked for this form gets an error", format!("Use `{}`", after.0));
        verdict.add(change);
    }
    for media_type in names(new, old) {
        let change = change(Section::Added, format!("can be `{media_type}`, too"))
            .at(Level::Feature, &[Audience::Wire])
            .tell("There is another form", "Nothing; our clients use the one that they used");
        verdict.add(change);
    }
}

fn headers(walk: &mut Walk<'_>, old: &Answer, new: &Answer, owner: &str, name: &str, verdict: &mut Verdict) {
    let any = json!({});
    let at = |header: &str| format!("{owner} header {header}");
    for (header, (was, before)) in &old.headers {
        let Some((is, after)) = new.headers.get(header) else {
            let change = Change::new(name, &at(header), Section::Removed, "is gone")
                .at(Level::Breaking, &[Audience::Wire])
                .tell("The header does not come any more", format!("Do not read `{header}`"));
            verdict.add(change);
            continue;
        };
        if *was && !is {
            let change = Change::new(name, &at(header), Section::Changed, "is optional, was required")
                .at(Level::Breaking, &[Audience::Wire])
                .tell("The header can be missing", format!("Expect that `{header}` is missing"));
            verdict.add(change);
        } else if !was && *is {
            let change = Change::new(name, &at(header), Section::Changed, "is required, was optional")
                .at(Level::Feature, &[Audience::Wire])
                .tell("The header comes always", "Nothing; you can rely on it");
            verdict.add(change);
        }
        // A header without a schema is text.
        let or_any = |schema: &Value| if schema.is_null() { any.clone() } else { schema.clone() };
        let spot = Spot::root(Root::Header, &at(header), header, String::new());
        walk.schema((&or_any(before), &or_any(after)), &spot, (Root::Header, name), verdict);
    }
    for header in new.headers.keys().filter(|header| !old.headers.contains_key(*header)) {
        let change = Change::new(name, &at(header), Section::Added, "is new")
            .at(Level::Feature, &[Audience::Wire])
            .tell("There is one more header", "Nothing; you may read it");
        verdict.add(change);
    }
}
