//! Texts that say what the document and the client made of it mean to users.
//!
//! They lie in `openapi/reports/`, so that an update of the document shows in a diff what changes for whom: a line of
//! operations, calls or types that was lost or changed breaks users. Each has one fact per line, so that one change of the
//! document changes few lines.

mod surface;

use std::fmt::Write;

use anyhow::Result;
use serde_json::Value;

use crate::document::Document;
use crate::emit::table;
use crate::lower::{Change, Direction, reachable, target};
use crate::raw_only::RawOnly;
use crate::typed::Generated;

/// All the texts of one merged document.
#[derive(Debug)]
pub struct Reports {
    /// Every operation with what a caller has to know of it.
    pub operations: String,
    /// The calls of the client.
    pub calls: String,
    /// The types of the client.
    pub types: String,
    /// What each lowering pass changed.
    pub lowering: String,
    /// The response fields without a type.
    pub untyped: Vec<Untyped>,
    /// The operations that the client has no method for.
    pub raw_only: Vec<RawOnly>,
}

impl Reports {
    /// Describes a client.
    pub fn of(generated: &Generated) -> Result<Self> {
        let Generated { document, lowered, changes, client, raw_only } = generated;
        Ok(Self {
            operations: operations(document)?,
            calls: surface::calls(client),
            types: surface::types(client),
            lowering: lowering(changes),
            untyped: untyped(lowered),
            raw_only: raw_only.clone(),
        })
    }

    /// The texts, each with the name of its file.
    #[must_use]
    pub fn texts(&self) -> [(&'static str, String); 6] {
        let raw_only = self.raw_only.iter().map(|raw| format!("{}: {}\n", raw.operation, raw.reason));
        let untyped = self.untyped.iter().map(|field| format!("{}: {}\n", field.place, field.reason));
        [
            ("operations", self.operations.clone()),
            ("calls", self.calls.clone()),
            ("types", self.types.clone()),
            ("lowering", self.lowering.clone()),
            ("untyped", untyped.collect()),
            ("raw_only", raw_only.collect()),
        ]
    }
}

fn operations(document: &Document) -> Result<String> {
    let mut text = String::new();
    let mut operations: Vec<_> = document.operations.iter().collect();
    operations.sort_by_key(|operation| &operation.id);
    for operation in operations {
        let row = table::Row::read(document, operation)?;
        let mut facts = vec![fact("connection", row.connection), fact("retry", row.retry)];
        facts.extend(row.page.as_ref().map(page));
        if let Some(body) = &operation.body {
            facts.push(format!("{} {}", fact("body", row.body), form(&body.schema)));
            facts
                .extend(row.media_type.as_ref().filter(|_| row.body != "Bytes").map(|it| format!("as {it}")));
        }
        let key = row.success.key.map(|key| format!(" with {key}")).unwrap_or_default();
        facts.push(format!("{}{key}", fact("success", row.success.body)));
        facts.extend(row.success.media_type.as_ref().map(|it| format!("as {it}")));
        facts.extend(row.permission.map(|permission| format!("needs {permission}")));
        if row.deprecated {
            facts.push("deprecated".to_owned());
        }
        if row.unconfirmed {
            facts.push("unconfirmed".to_owned());
        }
        let answers: Vec<String> = operation
            .responses
            .iter()
            .map(|(status, response)| {
                format!("{status} {}", response.schema.as_ref().map(form).unwrap_or_default())
            })
            .collect();
        let (method, path) = (operation.method.to_uppercase(), &operation.path);
        writeln!(text, "{}: {method} {path}", operation.id)?;
        writeln!(text, "    {}", facts.join(", "))?;
        for parameter in &row.parameters {
            writeln!(text, "    {} {}", parameter.place, self::parameter(parameter, &parameter.name))?;
            for field in &parameter.properties {
                let name = format!("{}[{}]", parameter.name, field.name);
                writeln!(text, "    {} {}", field.place, self::parameter(field, &name))?;
            }
        }
        writeln!(text, "    -> {}", answers.join(", "))?;
    }
    Ok(text)
}

/// How a list goes on.
fn page(page: &table::Page<'_>) -> String {
    let mut words = vec![fact("page", page.style), page.items.to_owned()];
    let names = [("more", page.more), ("next", page.next), ("size", page.size)];
    words.extend(names.into_iter().filter_map(|(what, name)| Some(format!("{what} {}", name?))));
    words.extend(page.max.map(|max| format!("max {max}")));
    words.join(" ")
}

/// A parameter with what it takes.
fn parameter(parameter: &table::Cell, name: &str) -> String {
    let required = if parameter.required { "" } else { "?" };
    let facts = [parameter.kind.to_owned(), parameter.values.join(" | "), limits(parameter)];
    let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    format!("{name}{required}: {}", facts.join(" "))
}

/// What a parameter allows beside its kind.
fn limits(parameter: &table::Cell) -> String {
    let limits = &parameter.limits;
    let range = |name: &str, least: Option<i64>, most: Option<i64>| {
        let end = |end: Option<i64>| end.map(|end| end.to_string()).unwrap_or_default();
        (least.is_some() || most.is_some()).then(|| format!("{name}{}..{}", end(least), end(most)))
    };
    let facts = [
        range("", limits.minimum, limits.maximum),
        range("length ", limits.min_length, limits.max_length),
        range("items ", limits.min_items, limits.max_items),
        limits.format.clone(),
        limits.default.as_ref().map(|default| format!("default {default}")),
        (!parameter.is_usual()).then(|| fact("style", parameter.style)),
        parameter.deprecated.then(|| "deprecated".to_owned()),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A fact with a variant of the operation table's types.
fn fact(name: &str, variant: &str) -> String {
    format!("{name} {}", variant.to_lowercase())
}

/// A schema in a word: the component, the type, a list of either.
fn form(schema: &Value) -> String {
    if let Some(name) = target(schema) {
        return name.to_owned();
    }
    let inside = |key: &str| schema.get(key).map(form);
    let variants = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    match (schema.get("type"), variants) {
        (Some(Value::String(name)), _) if name == "array" => {
            format!("[{}]", inside("items").unwrap_or_default())
        }
        (Some(Value::String(name)), _) if name == "object" => match inside("additionalProperties") {
            Some(values) if schema.get("properties").is_none() => format!("map of {values}"),
            _ => name.clone(),
        },
        (Some(Value::String(name)), _) => name.clone(),
        (Some(Value::Array(names)), _) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        (_, Some(variants)) => variants.iter().map(form).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

/// What each lowering pass changed: the number of places, and the places where they are few enough to read.
fn lowering(changes: &[Change]) -> String {
    const FEW: usize = 30;
    let mut text = String::new();
    for change in changes {
        text.push_str(&format!("{}: {}\n", change.pass, change.places.len()));
        if change.places.len() <= FEW {
            change.places.iter().for_each(|place| text.push_str(&format!("    {place}\n")));
        }
    }
    text
}

/// A field of a response that has no type in Rust but "some JSON".
#[derive(Debug, PartialEq, Eq)]
pub struct Untyped {
    /// Where it stands.
    pub place: String,
    /// Why, in the words of the document; empty if it says nothing.
    pub reason: String,
}

/// Every response field without a type, of a lowered document.
fn untyped(lowered: &Document) -> Vec<Untyped> {
    let mut found = Vec::new();
    for name in reachable(lowered, Direction::Response) {
        if let Some(schema) = lowered.schemas.get(&name) {
            find_untyped(&name, schema, "", &mut found);
        }
    }
    for operation in &lowered.operations {
        for (status, response) in &operation.responses {
            if let Some(schema) = &response.schema {
                find_untyped(&format!("{} {status}", operation.id), schema, "", &mut found);
            }
        }
    }
    found
}

/// `around` is what the document says of the list or map that `schema` is the content of.
fn find_untyped(place: &str, schema: &Value, around: &str, found: &mut Vec<Untyped>) {
    let reason = schema.get("description").and_then(Value::as_str).unwrap_or(around);
    let typed = ["$ref", "type", "oneOf", "anyOf", "allOf"].iter().any(|key| schema.get(key).is_some());
    if !typed {
        found.push(Untyped { place: place.to_owned(), reason: reason.replace('\n', " ") });
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        find_untyped(&format!("{place}.{name}"), property, "", found);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
            find_untyped(&format!("{place}[]"), inner, reason, found);
        }
    }
}
