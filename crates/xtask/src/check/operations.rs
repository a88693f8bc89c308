//! Checks operations as a whole: paths, methods, ids, and that each has a success.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use crate::complete::{is_usable, proposals};
use crate::document::METHODS;
use crate::finding::Finding;
use crate::overlay::{Action, Step};
use crate::rust_name;
use crate::site::{self, OperationSite};

/// What may stand at a path besides operations.
const BESIDES: [&str; 5] = ["$ref", "description", "parameters", "servers", "summary"];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let paths = context.root.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten().filter(|(path, _)| !path.starts_with("x-")) {
        let steps: [Step; 2] = ["paths".into(), path.as_str().into()];
        if let Some(problem) = of_path(path, item) {
            let cure = overlay(&[Action::remove(&steps, "No client can call it.")]);
            findings.push(Finding::new(format!("paths {path}"), problem, cure));
        }
        for (name, value) in item.as_object().into_iter().flatten() {
            let is_method = METHODS.contains(&name.as_str());
            if (is_method && value.is_object()) || BESIDES.contains(&name.as_str()) || name.starts_with("x-")
            {
                continue;
            }
            let problem = if is_method { "it is no object" } else { "the method is not supported" };
            let at = [steps.as_slice(), &[name.as_str().into()]].concat();
            let cure = overlay(&[Action::remove(&at, "No client can call it.")]);
            findings.push(Finding::new(format!("{name} {path}"), problem, cure));
        }
    }
    let folded = |operation: &OperationSite<'_>| rust_name::pascal(operation.id());
    let mut ids: BTreeMap<String, Vec<&OperationSite<'_>>> = BTreeMap::new();
    for (operation, _) in &context.operations {
        ids.entry(folded(operation)).or_default().push(operation);
    }
    for (operation, _) in &context.operations {
        findings.extend(of_id(
            context,
            operation,
            ids.get(&folded(operation)).map_or(&[][..], Vec::as_slice),
        ));
        findings.extend(of_responses(operation));
        findings.extend(of_body(context, operation));
    }
    findings
}

/// What is wrong with a path as such.
fn of_path(path: &str, item: &Value) -> Option<String> {
    if !item.is_object() {
        return Some("it is no object of operations".to_owned());
    }
    if item.get("$ref").is_some() {
        return Some("it refers to another place, which the document does not have".to_owned());
    }
    let rest = path.strip_prefix('/');
    let Some(rest) = rest else { return Some("a path begins with a slash".to_owned()) };
    if rest.split('/').any(|segment| segment.starts_with(':')) {
        return Some(
            "a segment looks like a parameter, and no parameter of the path has its name".to_owned(),
        );
    }
    if path.contains(['?', '#', ' ']) || path.chars().any(char::is_control) {
        return Some("a path has no query, fragment or space".to_owned());
    }
    let Some(names) = template(path) else { return Some("its braces do not match".to_owned()) };
    let twice =
        names.iter().enumerate().find(|(index, name)| names.iter().take(*index).any(|it| it == *name));
    twice.map(|(_, name)| format!("the parameter {name} is in the path twice"))
}

/// The parameters of a path; nothing if its braces do not match.
pub(super) fn template(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if name.is_empty() || name.contains(['{', '/']) {
            return None;
        }
        names.push(name);
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

fn of_id(
    context: &Context<'_>,
    operation: &OperationSite<'_>,
    same: &[&OperationSite<'_>],
) -> Option<Finding> {
    let id = operation.id();
    let first = same.first().is_none_or(|first| first.place() == operation.place());
    let problem = if id.is_empty() {
        "it has no operationId of ours".to_owned()
    } else if !is_usable(id) {
        format!("its operationId {id:?} is no name for a method of the client")
    } else if !first {
        format!("its operationId {id:?} is that of {}", same.first().map(|it| it.place()).unwrap_or_default())
    } else {
        return None;
    };
    let taken = |name: &String| context.operations.iter().any(|(other, _)| other.id() == name);
    let names = proposals(context.root, operation);
    let free = names.iter().find(|name| is_usable(name) && !taken(name)).cloned();
    // Numbers are no names, and still better than none.
    let numbered =
        |number: u32| names.first().map(|name| format!("{name}_{number}")).filter(|name| !taken(name));
    let name = free.or_else(|| (2..100).find_map(numbered)).unwrap_or_else(|| "call_it".to_owned());
    let cure = overlay(&[Action::update(&operation.steps(), json!({"operationId": name}), "")]);
    Some(Finding::new(operation.place(), problem, cure))
}

fn of_responses(operation: &OperationSite<'_>) -> Vec<Finding> {
    let place = operation.place();
    let at =
        |names: &[&str]| [operation.steps(), names.iter().map(|name| Step::from(*name)).collect()].concat();
    let success = json!({"200": {"description": "It was done."}});
    let why = "No success is documented.";
    match operation.operation.get("responses") {
        Some(Value::Object(responses)) => {
            let known = |status: &str| {
                let ranged = status.len() == 3
                    && status.starts_with(|first: char| ('1'..='5').contains(&first))
                    && (status.ends_with("XX")
                        || status.ends_with("xx")
                        || status.chars().all(|digit| digit.is_ascii_digit()));
                ranged || status == "default" || status.starts_with("x-")
            };
            let wrong = responses.iter().filter(|(status, response)| !known(status) || !response.is_object());
            let mut findings: Vec<Finding> = wrong
                .map(|(status, _)| {
                    let cure = overlay(&[Action::remove(&at(&["responses", status]), "")]);
                    Finding::new(format!("{place} {status}"), "it is no response of a status", cure)
                })
                .collect();
            if !responses.keys().any(|status| status.starts_with('2')) {
                let cure = overlay(&[Action::update(&at(&["responses"]), success, why)]);
                findings.push(Finding::new(place, "it has no success: no response with a 2xx status", cure));
            }
            findings
        }
        Some(_) => {
            let cure = [
                Action::remove(&at(&["responses"]), ""),
                Action::update(&at(&[]), json!({"responses": success}), why),
            ];
            vec![Finding::new(place, "its responses are no object", overlay(&cure))]
        }
        None => {
            let cure = overlay(&[Action::update(&at(&[]), json!({"responses": success}), why)]);
            vec![Finding::new(place, "it has no responses", cure)]
        }
    }
}

fn of_body(context: &Context<'_>, operation: &OperationSite<'_>) -> Option<Finding> {
    let written = operation.operation.get("requestBody")?;
    let body = site::resolve(context.root, written)?;
    let content = body.get("content").and_then(Value::as_object);
    if content.is_some_and(|content| !content.is_empty() && content.values().all(Value::is_object)) {
        return None;
    }
    let steps = [operation.steps(), vec!["requestBody".into()]].concat();
    let cure = overlay(&[Action::remove(&steps, "It says nothing of what is sent.")]);
    Some(Finding::new(format!("{} body", operation.place()), "it names no media type", cure))
}
