//! Names what the document says and no client carries: callbacks, links, other servers, other ways to sign in. Each needs a
//! line with a reason among the ignored.

use serde_json::Value;

use super::context::Context;
use crate::finding::Finding;
use crate::site::{OperationSite, resolve};

/// The address that the clients have, written by hand.
const SERVER: &str = "https://api.ofauth.com";

/// The header that the clients sign in by.
const KEY_HEADER: &str = "apiKey";

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |place: String, problem: &str, reason: &str| {
        found.extend(context.unless_ignored(&place, problem, reason))
    };
    for url in servers(context.root).filter(|url| url.trim_end_matches('/') != SERVER) {
        say(
            format!("servers {url}"),
            "it is no server that the clients know",
            "The clients talk to the usual address.",
        );
    }
    if context.root.get("security").is_some_and(|security| !signs_in(context.root, security)) {
        say(
            "security".to_owned(),
            "it asks for another way to sign in than the key",
            "The clients send the key.",
        );
    }
    let paths = context.root.get("paths").and_then(Value::as_object).into_iter().flatten();
    for (path, _) in paths.filter(|(_, item)| item.get("servers").is_some()) {
        say(
            format!("paths {path} servers"),
            "it has servers of its own",
            "The clients talk to the usual address.",
        );
    }
    for (operation, _) in &context.operations {
        for (place, problem, reason) in of_operation(context.root, operation) {
            say(format!("{} {place}", operation.place()), problem, reason);
        }
    }
    found
}

fn of_operation(root: &Value, site: &OperationSite<'_>) -> Vec<(String, &'static str, &'static str)> {
    let mut found = Vec::new();
    let operation = site.operation;
    for (name, _) in operation.get("callbacks").and_then(Value::as_object).into_iter().flatten() {
        found.push((
            format!("callbacks {name}"),
            "it is a callback, which no client receives",
            "The clients receive no callbacks.",
        ));
    }
    if operation.get("servers").is_some() {
        found.push((
            "servers".to_owned(),
            "it has servers of its own",
            "The clients talk to the usual address.",
        ));
    }
    if operation.get("security").is_some_and(|security| !signs_in(root, security)) {
        found.push((
            "security".to_owned(),
            "it asks for another way to sign in than the key",
            "The clients send the key all the same.",
        ));
    }
    for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        let links = resolve(root, response).and_then(|response| response.get("links")?.as_object());
        for (name, _) in links.into_iter().flatten() {
            found.push((
                format!("{status} links {name}"),
                "it is a link, which no client follows",
                "The clients follow no links.",
            ));
        }
    }
    found
}

fn servers(root: &Value) -> impl Iterator<Item = &str> {
    let servers = root.get("servers").and_then(Value::as_array).into_iter().flatten();
    servers.map(|server| server.get("url").and_then(Value::as_str).unwrap_or_default())
}

/// Whether the key in its header is one of the ways that are allowed.
fn signs_in(root: &Value, security: &Value) -> bool {
    let is_key = |name: &str| {
        let scheme =
            root.pointer("/components/securitySchemes").and_then(|all| resolve(root, all.get(name)?));
        let says = |member: &str| scheme.and_then(|scheme| scheme.get(member)?.as_str()).unwrap_or_default();
        says("type") == "apiKey" && says("in") == "header" && says("name").eq_ignore_ascii_case(KEY_HEADER)
    };
    let ways = security.as_array().map(Vec::as_slice).unwrap_or_default();
    ways.iter().filter_map(Value::as_object).any(|way| way.len() == 1 && way.keys().all(|name| is_key(name)))
}
