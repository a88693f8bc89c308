//! Finds references that lead nowhere, out of the document or back to where they stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::schema::component;
use crate::finding::Finding;
use crate::overlay::{Action, Step};

/// How deep a document may be nested.
const DEEPEST: usize = 200;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(context.root, context.root, &mut Vec::new(), &mut findings);
    findings.extend(circles(context));
    findings
}

/// Every `$ref` of the document.
fn walk(root: &Value, value: &Value, at: &mut Vec<Step>, findings: &mut Vec<Finding>) {
    if at.len() > DEEPEST {
        return;
    }
    match value {
        Value::Object(members) => {
            let is_data = |name: &str| ["example", "examples", "default", "enum", "const"].contains(&name);
            let named = holds_names(at);
            if let Some(problem) =
                members.get("$ref").filter(|_| !named).and_then(|to| problem(root, to.as_str()?, at))
            {
                findings.push(Finding::new(place(at), problem, cure(at)));
            }
            for (name, value) in members.iter().filter(|(name, _)| named || !is_data(name)) {
                at.push(Step::Member(name.clone()));
                walk(root, value, at, findings);
                at.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(Step::Item(index));
                walk(root, item, at, findings);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Whether the members of an object have names that somebody chose. A property may be called `properties`.
fn holds_names(at: &[Step]) -> bool {
    let run = at.iter().rev().take_while(|step| **step == Step::from("properties")).count();
    run % 2 == 1 || *at == [Step::from("components"), Step::from("schemas")]
}

/// What is wrong with a reference.
fn problem(root: &Value, reference: &str, at: &[Step]) -> Option<String> {
    let Some(pointer) = reference.strip_prefix('#') else {
        return Some(format!("{reference} points out of the document"));
    };
    let Some(mut target) = root.pointer(pointer).filter(|_| pointer.starts_with('/')) else {
        return Some(format!("{reference} points to nothing in the document"));
    };
    if in_schema(at) && component(&json!({"$ref": reference})).is_none_or(|name| name.contains('/')) {
        return Some(format!("{reference} is no named schema"));
    }
    let mut seen = BTreeSet::new();
    while let Some(next) = target.get("$ref").and_then(Value::as_str) {
        if !seen.insert(next) {
            return Some(format!("{reference} leads back to itself"));
        }
        target = root.pointer(next.strip_prefix('#')?)?;
    }
    // Longer chains are not followed by any reader here.
    (seen.len() > 12).then(|| format!("{reference} leads through more than 12 references"))
}

/// Whether a place is in a schema: only named schemas can be referred to there.
fn in_schema(at: &[Step]) -> bool {
    let is = |step: &Step, name: &str| matches!(step, Step::Member(member) if member == name);
    matches!(at, [components, schemas, _, ..] if is(components, "components") && is(schemas, "schemas"))
        || at.iter().any(|step| is(step, "schema"))
}

/// The place of a reference, as people name it.
fn place(at: &[Step]) -> String {
    let names: Vec<String> = at
        .iter()
        .map(|step| match step {
            Step::Member(name) => name.clone(),
            Step::Item(index) => index.to_string(),
            Step::Where(_) => String::new(),
        })
        .collect();
    match names.as_slice() {
        [paths, path, method, rest @ ..] if paths == "paths" => {
            format!("{method} {path} {}", rest.join(" ")).trim_end().to_owned()
        }
        [components, _, name, rest @ ..] if components == "components" => {
            let rest: Vec<&str> =
                rest.iter().map(String::as_str).filter(|name| *name != "properties").collect();
            [&[name.as_str()], rest.as_slice()].concat().join(".")
        }
        other => other.join(" "),
    }
}

/// A schema becomes one of anything; everything else goes.
fn cure(at: &[Step]) -> String {
    if in_schema(at) {
        let reference = [at, &["$ref".into()]].concat();
        return overlay(&[
            Action::update(at, json!({"description": "Not described by the document."}), ""),
            Action::remove(&reference, "It leads nowhere."),
        ]);
    }
    match at.last() {
        // An answer without which there would be none becomes an empty one.
        Some(Step::Member(_)) if at.iter().any(|step| *step == Step::from("responses")) => overlay(&[
            Action::update(at, json!({"description": "Not described by the document."}), ""),
            Action::remove(&[at, &["$ref".into()]].concat(), "It leads nowhere."),
        ]),
        _ => overlay(&[Action::remove(at, "It leads nowhere.")]),
    }
}

/// Schemas that consist of themselves: nothing but a reference, a part or an alternative lies on the way.
fn circles(context: &Context<'_>) -> Vec<Finding> {
    let components = context.root.pointer("/components/schemas").and_then(Value::as_object);
    let edges: BTreeMap<&str, Vec<&str>> = components
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            let mut to = Vec::new();
            consists_of(schema, 0, &mut to);
            (name.as_str(), to)
        })
        .collect();
    let mut findings = Vec::new();
    for name in edges.keys() {
        let mut open: Vec<&str> = edges.get(name).cloned().unwrap_or_default();
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(edges.get(next).into_iter().flatten());
            }
        }
        if seen.contains(name) {
            let steps: Vec<Step> = vec!["components".into(), "schemas".into(), (*name).into()];
            let written = components.and_then(|all| all.get(*name)).and_then(Value::as_object);
            let parts = written.into_iter().flatten().filter(|(key, _)| PARTS.contains(&key.as_str()));
            let actions: Vec<Action> = parts
                .map(|(key, _)| {
                    Action::remove(
                        &[steps.as_slice(), &[key.as_str().into()]].concat(),
                        "It consists of itself.",
                    )
                })
                .collect();
            findings.push(Finding::new(*name, "it consists of itself, so it has no form", overlay(&actions)));
        }
    }
    findings
}

const PARTS: [&str; 5] = ["$ref", "allOf", "anyOf", "not", "oneOf"];

fn consists_of<'a>(schema: &'a Value, depth: usize, to: &mut Vec<&'a str>) {
    to.extend(component(schema));
    if depth > super::schema::DEEPEST {
        return;
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            consists_of(part, depth.saturating_add(1), to);
        }
    }
    if let Some(not) = schema.get("not") {
        consists_of(not, depth.saturating_add(1), to);
    }
}
