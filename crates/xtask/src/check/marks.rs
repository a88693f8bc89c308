//! Checks the marks of the overlay against what they stand on: that they are known, say something that is known, and
//! still fit the document.

use serde_json::{Value, json};

use super::context::Context;
use super::cure::{overlay, overlay_as};
use super::schema::SchemaSite;
use crate::adopt::HERE;
use crate::complete::{is_usable, page_marks};
use crate::document::{Document, Operation};
use crate::emit::page::{self, Page};
use crate::finding::Finding;
use crate::lower::mark;
use crate::overlay::{Action, Step};
use crate::site::{OperationSite, ParameterSite, allows, forms, resolve};

const RETRY: &str = "x-ofauth-retry";
const SUCCESS: &str = "x-ofauth-success";
const UNCONFIRMED: &str = "x-ofauth-unconfirmed";
const PARAMETERS: &str = "x-ofauth-unconfirmed-parameters";

/// The marks of operations.
const OF_OPERATIONS: [&str; 6] = [page::MARK, RETRY, SUCCESS, UNCONFIRMED, PARAMETERS, mark::SETTERS];

/// The marks of fields.
const OF_FIELDS: [&str; 2] = [mark::KEPT, mark::SECRET];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = context.operations.iter().flat_map(of_operation).collect();
    findings.extend(pages(context));
    findings.extend(context.schemas.iter().flat_map(|site| of_schema(context, site)));
    findings
}

fn marks(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("x-ofauth-"))
}

fn of_operation((operation, parameters): &(OperationSite<'_>, Vec<ParameterSite<'_>>)) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, value) in marks(operation.operation) {
        let at = [operation.steps(), vec![name.as_str().into()]].concat();
        let mut cures = vec![Action::remove(&at, "")];
        let problem = match (name.as_str(), value.as_str()) {
            (page::MARK, _) | (RETRY, Some("repeatable" | "once")) | (SUCCESS, Some("optional")) => continue,
            (UNCONFIRMED, _) if value.is_boolean() => continue,
            (RETRY, _) => format!("{RETRY} is {value}; it is repeatable or once"),
            (SUCCESS, _) => format!("{SUCCESS} is {value}; it is optional, or not there"),
            (UNCONFIRMED, _) => format!("{UNCONFIRMED} is {value}; it is true, or not there"),
            (PARAMETERS, _) => {
                let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let known =
                    |name: &&Value| parameters.iter().any(|parameter| name.as_str() == Some(parameter.name));
                let (known, gone): (Vec<&Value>, Vec<&Value>) = names.iter().partition(known);
                if value.is_array() && gone.is_empty() {
                    continue;
                }
                if !known.is_empty() {
                    cures.push(Action::update(&operation.steps(), json!({ PARAMETERS: known }), ""));
                }
                let gone: Vec<String> = gone.iter().map(|name| name.to_string()).collect();
                format!("{PARAMETERS} names {}, which is none of its parameters", gone.join(", "))
            }
            (mark::SETTERS, _) => {
                let known = |key: &str| {
                    parameters.iter().any(|it| {
                        let rest = key.strip_prefix(it.within).and_then(|rest| rest.strip_prefix(' '));
                        rest.is_some_and(|rest| rest == it.name || rest.starts_with(&format!("{}[", it.name)))
                    })
                };
                let right =
                    |(key, name): (&String, &Value)| known(key) && name.as_str().is_some_and(is_usable);
                if value.as_object().is_some_and(|all| all.iter().all(right)) {
                    continue;
                }
                format!(
                    "{name} gives names to parameters that are not there, or names that no setter can have"
                )
            }
            _ => format!("{name} is none of the marks {}", OF_OPERATIONS.join(", ")),
        };
        findings.push(Finding::new(operation.place(), problem, overlay(&cures)));
    }
    findings
}

/// The page marks, held against the document by the rule that the table is made by.
fn pages(context: &Context<'_>) -> Vec<Finding> {
    let mut document = Document {
        openapi: String::new(),
        info: json!({}),
        operations: Vec::new(),
        schemas: context
            .root
            .pointer("/components/schemas")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        dropped: Vec::new(),
    };
    let mut found = Vec::new();
    for (site, parameters) in &context.operations {
        let takes_a_place =
            |name: &str| name == page::SIZE || page::STYLES.iter().any(|(.., place)| *place == name);
        if site.operation.get(page::MARK).is_none() && !parameters.iter().any(|it| takes_a_place(it.name)) {
            continue;
        }
        // One that cannot be read has a finding of its own.
        let Some(operation) = read(context.root, site) else { continue };
        document.operations = vec![operation];
        let Some(operation) = document.operations.first() else { continue };
        let problem = match Page::read(&document, operation) {
            Ok(Some(page)) if !is_list(context.root, site, page.items) => {
                format!("{} names {:?} for the items, which is no list", page::MARK, page.items)
            }
            Ok(_) => continue,
            Err(error) => format!("{error:#}"),
        };
        let mut actions = Vec::new();
        if site.operation.get(page::MARK).is_some() {
            actions.push(Action::remove(&[site.steps(), vec![page::MARK.into()]].concat(), ""));
        }
        let marks = page_marks(context.root, site);
        let right = marks.first().cloned().unwrap_or_else(|| json!("none"));
        actions.push(Action::update(&site.steps(), json!({ page::MARK: right }), ""));
        found.push(Finding::new(
            site.place(),
            problem,
            overlay_as("correct the mark where it is, or add to", &actions),
        ));
    }
    found
}

/// The operation alone, as the generator reads it.
fn read(root: &Value, site: &OperationSite<'_>) -> Option<Operation> {
    let mut operation = site.operation.as_object()?.clone();
    operation.insert("operationId".to_owned(), json!("it"));
    let shared = site.item.get("parameters").cloned().unwrap_or_else(|| json!([]));
    let item = json!({ site.method: operation, "parameters": shared });
    let mut components = serde_json::Map::new();
    for (kind, of) in root.get("components").and_then(Value::as_object).into_iter().flatten() {
        if kind != "schemas" {
            components.insert(kind.clone(), of.clone());
        }
    }
    let alone = json!({"info": {}, "paths": { site.path: item }, "components": components});
    Document::read(&alone).ok()?.operations.pop()
}

/// Whether a field of an answer is a list.
fn is_list(root: &Value, site: &OperationSite<'_>, field: &str) -> bool {
    let answer = crate::site::answer(root, site.operation);
    let forms = answer.map(|schema| forms(root, schema)).unwrap_or_default();
    let mut fields = forms.iter().filter_map(|form| resolve(root, form.get("properties")?.get(field)?));
    fields.any(|field| allows(field, "array"))
}

fn of_schema(context: &Context<'_>, site: &SchemaSite<'_>) -> Vec<Finding> {
    let is_field = site.steps.iter().rev().nth(1) == Some(&Step::from("properties")) && !site.outermost;
    let is_component = site.outermost && site.steps.first() == Some(&Step::from("components"));
    let mut findings = Vec::new();
    for (name, value) in marks(site.schema) {
        let remove = || overlay(&[Action::remove(&site.to(&[name]), "")]);
        let mut say = |problem: String, cure: String| findings.push(Finding::new(&site.place, problem, cure));
        match name.as_str() {
            mark::NAME if is_component || is_field => {}
            // Not of the overlay: adopting a document leaves it.
            HERE if site.schema.get("$ref").is_some() => {}
            _ if !is_field || !OF_FIELDS.contains(&name.as_str()) => {
                let known = [&OF_FIELDS[..], &[mark::NAME]].concat().join(", ");
                say(
                    format!("{name} is no mark for this place; fields and named schemas have {known}"),
                    remove(),
                );
            }
            _ if !value.is_boolean() => say(format!("{name} is {value}; it is true, or not there"), remove()),
            mark::SECRET if *value == json!(true) && !is_text(context.root, site.schema) => {
                say("it is marked as a secret and is no plain text".to_owned(), remove());
            }
            mark::KEPT if *value == json!(true) => {
                let (owner, _) = site.steps.split_at(site.steps.len().saturating_sub(2));
                let field = match site.steps.last() {
                    Some(Step::Member(field)) => field.as_str(),
                    _ => continue,
                };
                if !is_required(context.root, owner, field) {
                    let action = Action::update(
                        owner,
                        json!({"required": [field]}),
                        "Without it the answer means nothing.",
                    );
                    let cure = overlay_as(
                        "remove the action that marks it, or, if answers always have it, add to",
                        &[action],
                    );
                    say("it is marked as kept, and the document does not require it".to_owned(), cure);
                }
            }
            _ => {}
        }
    }
    findings
}

fn is_text(root: &Value, schema: &Value) -> bool {
    let types = |schema: &Value| match schema.get("type") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).filter(|name| *name != "null").map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    resolve(root, schema).is_some_and(|schema| types(schema) == ["string"] && schema.get("enum").is_none())
}

fn is_required(root: &Value, owner: &[Step], field: &str) -> bool {
    let mut at = Some(root);
    for step in owner {
        at = match (at, step) {
            (Some(value), Step::Member(name)) => value.get(name),
            (Some(value), Step::Item(index)) => value.get(index),
            _ => None,
        };
    }
    let required = at.and_then(|owner| owner.get("required")).and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|name| name == field))
}
