//! Which schemas requests and responses use, and passes that depend on it.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::schema::{reference, target, walk};
use crate::document::{Document, Operation};

/// The way that a schema travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the service.
    Request,
    /// From the service to the client.
    Response,
}

/// The components that schemas of one direction refer to, directly or through others.
#[must_use]
pub fn reachable(document: &Document, direction: Direction) -> BTreeSet<String> {
    let mut open: Vec<String> = document
        .operations
        .iter()
        .flat_map(|operation| roots(operation, direction))
        .flat_map(targets)
        .collect();
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let (Some(schema), true) = (document.schemas.get(&name), found.insert(name)) {
            open.extend(targets(schema));
        }
    }
    found
}

fn roots(operation: &Operation, direction: Direction) -> Vec<&Value> {
    match direction {
        Direction::Request => {
            let parameters = operation.parameters.iter().map(|parameter| &parameter.schema);
            parameters.chain(operation.body.iter().map(|body| &body.schema)).collect()
        }
        Direction::Response => {
            operation.responses.values().filter_map(|response| response.schema.as_ref()).collect()
        }
    }
}

/// The components that `schema` refers to itself.
fn targets(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    walk(&mut schema.clone(), &mut |object| {
        names.extend(target(&Value::Object(object.clone())).map(str::to_owned));
    });
    names
}

/// Responses are read leniently and requests are written strictly, so a schema that travels both ways becomes two: the
/// response keeps the name, the request form is `…Input`.
pub(super) fn split(document: &mut Document) -> Result<Vec<String>> {
    let requests = reachable(document, Direction::Request);
    let responses = reachable(document, Direction::Response);
    let is_native =
        |name: &&String| document.schemas.get(*name).is_some_and(|s| s.get(super::mark::RUST_TYPE).is_some());
    let both: Vec<String> =
        requests.intersection(&responses).filter(|name| !is_native(name)).cloned().collect();
    for name in &both {
        let copy = format!("{name}Input");
        ensure!(
            !document.schemas.contains_key(&copy),
            "{name} travels both ways and {copy} is taken; rename one"
        );
        let schema = document.schemas.get(name).cloned().unwrap_or_default();
        document.schemas.insert(copy, schema);
    }
    let rename = |schema: &mut Value| {
        walk(schema, &mut |object| {
            let component = target(&Value::Object(object.clone())).map(str::to_owned);
            if let Some(name) = component.filter(|name| both.contains(name)) {
                object.extend(reference(&format!("{name}Input")).as_object().cloned().unwrap_or_default());
            }
        });
    };
    let inputs = both.iter().map(|name| format!("{name}Input"));
    for name in requests.difference(&responses).cloned().chain(inputs) {
        document.schemas.get_mut(&name).into_iter().for_each(rename);
    }
    for operation in &mut document.operations {
        operation.parameters.iter_mut().for_each(|parameter| rename(&mut parameter.schema));
        operation.body.iter_mut().for_each(|body| rename(&mut body.schema));
    }
    Ok(both)
}

/// The generator writes a type for every component, used or not.
pub(super) fn unused(document: &mut Document) -> Result<Vec<String>> {
    Ok(prune(document))
}

/// Takes out the components that no operation uses, and names them.
pub fn prune(document: &mut Document) -> Vec<String> {
    let mut used = reachable(document, Direction::Request);
    used.extend(reachable(document, Direction::Response));
    let unused: Vec<String> = document.schemas.keys().filter(|name| !used.contains(*name)).cloned().collect();
    document.schemas.retain(|name, _| used.contains(name));
    unused
}

/// Calls `visit` with the name and schema of everything that responses use.
pub(super) fn responses_mut(document: &mut Document, mut visit: impl FnMut(&str, &mut Value)) {
    let names = reachable(document, Direction::Response);
    for (name, schema) in document.schemas.iter_mut().filter(|(name, _)| names.contains(*name)) {
        visit(name, schema);
    }
    for operation in &mut document.operations {
        for schema in operation.responses.values_mut().filter_map(|response| response.schema.as_mut()) {
            visit(&operation.id, schema);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::components;
    use super::*;

    #[test]
    fn a_schema_that_travels_both_ways_becomes_two() {
        let part = json!({ "type": "object", "properties": { "self": reference("Part"), "other": reference("Sent") } });
        let mut document = components(json!({
            "Sent": { "type": "array", "items": reference("Part") },
            "Answer": reference("Part"),
            "Part": part,
        }));
        // `Sent` is in `Part`, so it travels both ways as well.
        assert_eq!(split(&mut document).unwrap(), ["Part", "Sent"]);
        let inputs = json!({ "self": reference("PartInput"), "other": reference("SentInput") });
        assert_eq!(document.schemas["PartInput"]["properties"], inputs);
        assert_eq!(document.schemas["Part"], part);
        assert_eq!(document.operations[0].body.as_ref().unwrap().schema, reference("SentInput"));
        assert_eq!(document.schemas["SentInput"]["items"], reference("PartInput"));
        assert!(
            reachable(&document, Direction::Request).is_disjoint(&reachable(&document, Direction::Response))
        );
    }

    #[test]
    fn a_taken_name_is_an_error() {
        let mut document =
            components(json!({ "Sent": reference("A"), "Answer": reference("A"), "A": {}, "AInput": {} }));
        assert!(split(&mut document).unwrap_err().to_string().contains("AInput is taken"));
    }

    #[test]
    fn what_nothing_refers_to_goes() {
        let mut document =
            components(json!({ "Sent": {}, "Answer": reference("A"), "A": {}, "B": reference("A") }));
        assert_eq!(unused(&mut document).unwrap(), ["B"]);
        assert_eq!(document.schemas.keys().collect::<Vec<_>>(), ["A", "Answer", "Sent"]);
    }
}
