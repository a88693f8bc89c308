//! Holds the events of the document against those that programs get typed: the table of `ofauth-webhooks`.

use std::collections::BTreeSet;

use ofauth_webhooks::examples::EVENTS;
use serde_json::Value;

use super::context::Context;
use crate::finding::Finding;
use crate::site::{forms, resolve};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, item) in context.root.get("webhooks").and_then(Value::as_object).into_iter().flatten() {
        let mut names = names(context.root, item);
        if names.is_empty() {
            // Some documents name the entry by the event.
            names.insert(key.clone());
        }
        for name in names.iter().filter(|name| !EVENTS.contains(&name.as_str())) {
            let problem = "it is an event that ofauth-webhooks does not know";
            let reason = "Programs get it untyped, by its name.";
            findings.extend(context.unless_ignored(&format!("webhooks {name}"), problem, reason));
        }
    }
    findings
}

/// The names of the events that an entry sends: the only word that the type of an event may be.
fn names(root: &Value, item: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let item = resolve(root, item).and_then(Value::as_object);
    for operation in item.into_iter().flatten().map(|(_, operation)| operation) {
        let body = operation.get("requestBody").and_then(|body| resolve(root, body));
        let content = body.and_then(|body| body.get("content")?.as_object());
        for schema in content.into_iter().flatten().filter_map(|(_, media)| media.get("schema")) {
            for form in forms(root, schema) {
                for field in ["type", "eventType"] {
                    let field = form.get("properties").and_then(|all| resolve(root, all.get(field)?));
                    let words = field.and_then(|field| field.get("enum")?.as_array()).into_iter().flatten();
                    let constant = field.and_then(|field| field.get("const"));
                    names.extend(words.chain(constant).filter_map(Value::as_str).map(str::to_owned));
                }
            }
        }
    }
    names
}
