//! Every schema of a merged document, with the way to it and the way that it travels.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::is_json;
use crate::overlay::Step;
use crate::site::{self, OperationSite};

/// How deep schemas may be nested. A deeper one is no API, and readers of it recurse.
pub(super) const DEEPEST: usize = 64;

const COMPONENTS: &str = "#/components/schemas/";

/// A schema where it is written.
#[derive(Debug, Clone)]
pub(super) struct SchemaSite<'a> {
    /// The place as people name it: `VaultMedia.duration`, `get /v2/x query limit`.
    pub(super) place: String,
    /// The way to it.
    pub(super) steps: Vec<Step>,
    /// What is written there.
    pub(super) schema: &'a Value,
    /// Whether requests send it.
    pub(super) sent: bool,
    /// Whether answers have it.
    pub(super) answered: bool,
    /// Whether it is not inside another schema.
    pub(super) outermost: bool,
    /// How many schemas it is inside of.
    pub(super) depth: usize,
}

impl<'a> SchemaSite<'a> {
    /// The way to a member of it.
    pub(super) fn to(&self, names: &[&str]) -> Vec<Step> {
        let mut steps = self.steps.clone();
        steps.extend(names.iter().map(|name| Step::from(*name)));
        steps
    }

    /// The schemas that it consists of.
    pub(super) fn children(&self) -> Vec<SchemaSite<'a>> {
        let mut children = Vec::new();
        if self.depth >= DEEPEST {
            return children;
        }
        let mut add = |place: String, steps: Vec<Step>, schema: &'a Value| {
            children.push(SchemaSite {
                place,
                steps,
                schema,
                outermost: false,
                depth: self.depth.saturating_add(1),
                ..self.clone()
            });
        };
        for (key, value) in self.schema.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                (
                    "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                    Value::Object(all),
                ) => {
                    for (name, schema) in all {
                        let dot = if key == "properties" { ".".to_owned() } else { format!(" {key} ") };
                        add(format!("{}{dot}{name}", self.place), self.to(&[key, name]), schema);
                    }
                }
                ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                    for (index, schema) in all.iter().enumerate() {
                        let steps = [self.to(&[key]), vec![Step::Item(index)]].concat();
                        add(format!("{} {key} {index}", self.place), steps, schema);
                    }
                }
                ("items", schema @ (Value::Object(_) | Value::Bool(_))) => {
                    add(format!("{}[]", self.place), self.to(&[key]), schema);
                }
                ("additionalProperties", schema @ Value::Object(_)) => {
                    add(format!("{}{{}}", self.place), self.to(&[key]), schema);
                }
                (
                    "not" | "if" | "then" | "else" | "contains" | "propertyNames",
                    schema @ Value::Object(_),
                ) => {
                    add(format!("{} {key}", self.place), self.to(&[key]), schema);
                }
                _ => {}
            }
        }
        children
    }
}

/// Every schema: of components, parameters, bodies and answers, and what is inside them.
pub(super) fn all<'a>(root: &'a Value, operations: &[OperationSite<'a>]) -> Vec<SchemaSite<'a>> {
    let inline: Vec<SchemaSite<'a>> =
        operations.iter().flat_map(|operation| of_operation(root, operation)).collect();
    let sent = reachable(root, inline.iter().filter(|site| site.sent));
    let answered = reachable(root, inline.iter().filter(|site| site.answered));
    let components = root.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten();
    let components = components.map(|(name, schema)| SchemaSite {
        place: name.clone(),
        steps: vec!["components".into(), "schemas".into(), name.as_str().into()],
        schema,
        sent: sent.contains(name.as_str()),
        answered: answered.contains(name.as_str()),
        outermost: true,
        depth: 0,
    });
    let mut found = Vec::new();
    for site in components.chain(inline) {
        nested(site, &mut found);
    }
    found
}

fn nested<'a>(site: SchemaSite<'a>, found: &mut Vec<SchemaSite<'a>>) {
    let children = site.children();
    found.push(site);
    children.into_iter().for_each(|child| nested(child, found));
}

/// The schemas that stand in an operation itself.
fn of_operation<'a>(root: &'a Value, operation: &OperationSite<'a>) -> Vec<SchemaSite<'a>> {
    let mut found = Vec::new();
    let mut add = |place: String, steps: Vec<Step>, holder: &'a Value, sent: bool| {
        if let Some(schema) = holder.get("schema") {
            let steps = [steps, vec!["schema".into()]].concat();
            found.push(SchemaSite { place, steps, schema, sent, answered: !sent, outermost: true, depth: 0 });
        }
    };
    let place = operation.place();
    for parameter in site::parameters(root, operation) {
        add(
            format!("{place} {} {}", parameter.within, parameter.name),
            parameter.steps,
            parameter.value,
            true,
        );
    }
    let mut bodies =
        vec![("body".to_owned(), operation.operation.get("requestBody"), vec!["requestBody".into()], true)];
    let responses = operation.operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    bodies.extend(responses.map(|(status, response)| {
        (status.clone(), Some(response), vec!["responses".into(), status.as_str().into()], false)
    }));
    for (name, holder, steps, sent) in bodies {
        let Some(written) = holder else { continue };
        let steps = match written.get("$ref").and_then(Value::as_str) {
            Some(reference) => site::steps_of(root, reference).unwrap_or_default(),
            None => [operation.steps(), steps].concat(),
        };
        let content = site::resolve(root, written).and_then(|holder| holder.get("content")?.as_object());
        for (media_type, media) in content.into_iter().flatten().filter(|(media_type, _)| is_json(media_type))
        {
            let steps = [steps.clone(), vec!["content".into(), media_type.as_str().into()]].concat();
            add(format!("{place} {name}"), steps, media, sent);
        }
    }
    found
}

/// The components that schemas refer to, directly or through others.
fn reachable<'a: 'b, 'b>(
    root: &'a Value,
    from: impl Iterator<Item = &'b SchemaSite<'a>>,
) -> BTreeSet<&'a str> {
    let mut open: Vec<&Value> = from.map(|site| site.schema).collect();
    let mut found = BTreeSet::new();
    while let Some(schema) = open.pop() {
        match schema {
            Value::Object(members) => {
                let name =
                    members.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(COMPONENTS));
                if let Some(name) = name.filter(|name| found.insert(*name)) {
                    open.extend(root.pointer("/components/schemas").and_then(|all| all.get(name)));
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

/// The component that a schema refers to.
pub(super) fn component(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)?.strip_prefix(COMPONENTS)
}
