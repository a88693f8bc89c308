//! Where things are in a merged document: operations, their parameters and their answers, each with the way to it.
//!
//! The document is read as it is written, so nothing here fails: what is missing or malformed is left out, and the checks
//! say so.

use serde_json::Value;

use crate::document::{METHODS, is_json};
use crate::overlay::Step;

/// An operation where it is written.
#[derive(Debug, Clone)]
pub struct OperationSite<'a> {
    /// Its path, with its parameters in braces.
    pub path: &'a str,
    /// Its method, in lower case.
    pub method: &'static str,
    /// What is written at the path.
    pub item: &'a Value,
    /// What is written at the method.
    pub operation: &'a Value,
}

impl OperationSite<'_> {
    /// The operation as people name it.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The way to it.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        vec!["paths".into(), self.path.into(), self.method.into()]
    }

    /// Its id, or nothing.
    #[must_use]
    pub fn id(&self) -> &str {
        text(self.operation, "operationId")
    }
}

/// A parameter where it is written.
#[derive(Debug, Clone)]
pub struct ParameterSite<'a> {
    /// Its name on the wire.
    pub name: &'a str,
    /// `path`, `query`, `header` or something else.
    pub within: &'a str,
    /// What is written of it, references followed.
    pub value: &'a Value,
    /// Whether the operation itself has it, and not its path.
    pub own: bool,
    /// Its position in the list that has it.
    pub index: usize,
    /// The way to the entry of the list.
    pub entry: Vec<Step>,
    /// The way to what the entry refers to, or to the entry itself.
    pub steps: Vec<Step>,
}

/// Every operation, in the document's order.
#[must_use]
pub fn operations(root: &Value) -> Vec<OperationSite<'_>> {
    let paths = root.get("paths").and_then(Value::as_object).into_iter().flatten();
    let found = paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| {
            let operation = item.get(method).filter(|operation| operation.is_object())?;
            Some(OperationSite { path, method, item, operation })
        })
    });
    found.collect()
}

/// Every entry of the lists of parameters of an operation, those of its path first. Those of the path that the operation
/// has itself are left out, as OpenAPI has it.
#[must_use]
pub fn parameters<'a>(root: &'a Value, site: &OperationSite<'a>) -> Vec<ParameterSite<'a>> {
    let own = listed(root, site.operation, &site.steps(), true);
    let shared = listed(root, site.item, &["paths".into(), site.path.into()], false);
    let mut all: Vec<ParameterSite<'_>> = shared
        .into_iter()
        .filter(|shared| !own.iter().any(|own| (own.name, own.within) == (shared.name, shared.within)))
        .collect();
    all.extend(own);
    all
}

fn listed<'a>(root: &'a Value, holder: &'a Value, at: &[Step], own: bool) -> Vec<ParameterSite<'a>> {
    let entries = holder.get("parameters").and_then(Value::as_array).into_iter().flatten().enumerate();
    let sites = entries.filter_map(|(index, entry)| {
        let value = resolve(root, entry)?;
        let (name, within) = (text(value, "name"), text(value, "in"));
        let (list, member) =
            ([at, &["parameters".into()]].concat(), |name: &str, is: &str| (name.to_owned(), is.to_owned()));
        let reference = entry.get("$ref").and_then(Value::as_str);
        let tests = match reference {
            Some(reference) => vec![member("$ref", reference)],
            None => vec![member("name", name), member("in", within)],
        };
        let entry = [list, vec![Step::Where(tests)]].concat();
        let steps =
            reference.and_then(|reference| steps_of(root, reference)).unwrap_or_else(|| entry.clone());
        Some(ParameterSite { name, within, value, own, index, entry, steps })
    });
    sites.collect()
}

/// The way to where a chain of references ends.
#[must_use]
pub fn steps_of(root: &Value, reference: &str) -> Option<Vec<Step>> {
    let mut reference = reference;
    for _ in 0..16 {
        let pointer = reference.strip_prefix('#')?;
        let value = root.pointer(pointer)?;
        match value.get("$ref").and_then(Value::as_str) {
            Some(next) => reference = next,
            None => {
                let names = pointer.split('/').skip(1);
                return Some(
                    names.map(|name| Step::Member(name.replace("~1", "/").replace("~0", "~"))).collect(),
                );
            }
        }
    }
    None
}

/// What a chain of references leads to; nothing if it leads nowhere, or back.
#[must_use]
pub fn resolve<'a>(root: &'a Value, mut value: &'a Value) -> Option<&'a Value> {
    // A chain longer than this is a circle.
    for _ in 0..16 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
        value = root.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

/// The success of an operation that speaks for all of them, and its status: the lowest.
#[must_use]
pub fn success<'a>(root: &'a Value, operation: &'a Value) -> Option<(&'a str, &'a Value)> {
    let responses = operation.get("responses")?.as_object()?;
    let (status, response) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
    Some((status, resolve(root, response)?))
}

/// The schema of the JSON that an operation answers.
#[must_use]
pub fn answer<'a>(root: &'a Value, operation: &'a Value) -> Option<&'a Value> {
    let (_, response) = success(root, operation)?;
    let content = response.get("content")?.as_object()?;
    let (_, media) = content.iter().find(|(media_type, _)| is_json(media_type))?;
    media.get("schema")
}

/// The forms that a value may have: the schema itself, or its alternatives.
#[must_use]
pub fn forms<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let Some(schema) = resolve(root, schema) else { return Vec::new() };
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    let alternatives = alternatives.into_iter().flatten().filter_map(|schema| resolve(root, schema));
    [schema].into_iter().chain(alternatives).collect()
}

/// Whether a schema allows values of a type.
#[must_use]
pub fn allows(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// A text member, or nothing.
#[must_use]
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
