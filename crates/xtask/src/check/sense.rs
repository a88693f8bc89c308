//! Finds what is good OpenAPI and cannot be meant: what no value can be, what leads to nothing, and what nobody would hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::schema::SchemaSite;
use crate::finding::Finding;
use crate::lower::target;
use crate::overlay::{Action, Step};
use crate::site::resolve;

/// The dialects of JSON Schema that OpenAPI 3.1 has without a word.
const DIALECTS: [&str; 2] =
    ["https://json-schema.org/draft/2020-12/schema", "https://spec.openapis.org/oas/3.1/dialect/base"];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = dialect(context.root);
    findings.extend(paths_alike(context.root));
    for site in &context.schemas {
        findings.extend(mapping(context.root, site));
        findings.extend(exclusive(context.root, site));
        findings.extend(required_nowhere(site));
        findings.extend(odd_limits(site));
        findings.extend(odd_default(site));
        findings.extend(endless(context.root, site));
    }
    findings
}

fn dialect(root: &Value) -> Vec<Finding> {
    let remove = |member: &str, why: &str| overlay(&[Action::remove(&[member.into()], why)]);
    let mut findings = Vec::new();
    let dialect = root.get("jsonSchemaDialect").and_then(Value::as_str);
    if let Some(other) = dialect.filter(|dialect| !DIALECTS.contains(dialect)) {
        findings.push(Finding::new(
            "jsonSchemaDialect",
            format!("schemas are read as JSON Schema 2020-12, and the document says {other}"),
            remove("jsonSchemaDialect", "Its schemas mean the same in both."),
        ));
    }
    if root.get("webhooks").is_some_and(|webhooks| !webhooks.is_object()) {
        findings.push(Finding::new("webhooks", "it is no object", remove("webhooks", "It says nothing.")));
    }
    findings
}

/// Two paths that no server can tell apart.
fn paths_alike(root: &Value) -> Vec<Finding> {
    // The names of parameters left out, and whatever is glued to one left in.
    let bare = |path: &str| {
        let mut pieces = path.split('{');
        let first = pieces.next().unwrap_or_default().to_owned();
        let rest = pieces.map(|piece| piece.split_once('}').map_or(piece, |(_, rest)| rest));
        [first].into_iter().chain(rest.map(str::to_owned)).collect::<Vec<_>>().join("{}")
    };
    let mut seen: Vec<(String, &str)> = Vec::new();
    let mut findings = Vec::new();
    for path in root.get("paths").and_then(Value::as_object).into_iter().flat_map(|paths| paths.keys()) {
        let own = bare(path);
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == own) {
            findings.push(Finding::new(
                path.clone(),
                format!("it is the path {first} with another name of its parameter"),
                overlay(&[Action::remove(
                    &["paths".into(), path.as_str().into()],
                    "The other one is meant.",
                )]),
            ));
        }
        seen.push((own, path));
    }
    findings
}

fn mapping(root: &Value, site: &SchemaSite<'_>) -> Vec<Finding> {
    let words = site.schema.pointer("/discriminator/mapping").and_then(Value::as_object);
    let gone = words.into_iter().flatten().filter(|(_, to)| {
        let pointer = to.as_str().and_then(|to| to.strip_prefix('#'));
        pointer.is_some_and(|pointer| root.pointer(pointer).is_none())
    });
    let finding = |word: &String, to: &Value| {
        let cure = Action::remove(&site.to(&["discriminator", "mapping", word]), "It leads to nothing.");
        let problem = format!("its discriminator means by {word:?} {to}, which is not there");
        Finding::new(&site.place, problem, overlay(&[cure]))
    };
    gone.map(|(word, to)| finding(word, to)).collect()
}

/// A default that the type or the enum does not have: help and table would promise it.
fn odd_default(site: &SchemaSite<'_>) -> Option<Finding> {
    let default = site.schema.get("default")?;
    let kind = match default {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |name: &str| name == kind || (name, kind) == ("number", "integer");
    let fits = match site.schema.get("type") {
        Some(Value::String(name)) => fits(name) || (kind == "null" && site.schema.get("nullable").is_some()),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    };
    let words = site.schema.get("enum").and_then(Value::as_array);
    let what = match (fits, words) {
        (false, _) => "of another type",
        (true, Some(words)) if !words.contains(default) && kind != "null" => "none of its values",
        _ => return None,
    };
    let cure = overlay(&[Action::remove(&site.to(&["default"]), &format!("It is {what}."))]);
    let problem = format!("its default {} is {what}", super::shape::short(default));
    Some(Finding::new(&site.place, problem, cure))
}

/// An `allOf` of types that exclude each other.
fn exclusive(root: &Value, site: &SchemaSite<'_>) -> Option<Finding> {
    let types = |schema: &Value| -> Option<BTreeSet<String>> {
        match resolve(root, schema)?.get("type")? {
            Value::String(one) => Some([one.clone()].into()),
            Value::Array(all) => Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            _ => None,
        }
    };
    let fits = |one: &str, other: &str| one == other || (one, other) == ("integer", "number");
    let all: Vec<BTreeSet<String>> = site.schema.get("allOf")?.as_array()?.iter().filter_map(types).collect();
    let (one, other) = all.iter().enumerate().find_map(|(index, one)| {
        let others = all.iter().skip(index.saturating_add(1));
        let excludes = |other: &&BTreeSet<String>| {
            !one.iter().any(|one| other.iter().any(|other| fits(one, other) || fits(other, one)))
        };
        Some((one, others.into_iter().find(excludes)?))
    })?;
    let names = |types: &BTreeSet<String>| types.iter().cloned().collect::<Vec<_>>().join(" or ");
    let first = one.iter().next().cloned().unwrap_or_default();
    let cure = overlay(&[
        Action::remove(&site.to(&["allOf"]), "No value is all of it."),
        Action::update(&site.steps, json!({ "type": first }), ""),
    ]);
    let problem = format!("its allOf wants {} and {} at once", names(one), names(other));
    Some(Finding::new(&site.place, problem, cure))
}

/// A field that has to be sent, and that is no field.
fn required_nowhere(site: &SchemaSite<'_>) -> Vec<Finding> {
    let has = |key: &str| site.schema.get(key).is_some();
    let is_part = site.steps.iter().any(|step| *step == Step::from("allOf"));
    let is_open = ["allOf", "anyOf", "oneOf", "patternProperties"].iter().any(|key| has(key))
        || site.schema.get("additionalProperties").is_some_and(|rest| *rest != json!(false));
    let Some(fields) = site.schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    if !site.sent || is_part || is_open {
        return Vec::new();
    }
    let required = site.schema.get("required").and_then(Value::as_array);
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    let gone = names.filter(|name| !fields.contains_key(*name));
    gone.map(|name| {
        let field = Action::update(&site.steps, json!({ "properties": { name: { "type": "string" } } }), "");
        Finding::new(
            format!("{}.{name}", site.place),
            "it is required, and is none of the fields",
            overlay(&[field]),
        )
    })
    .collect()
}

/// Limits that no whole number has, and those of OpenAPI 3.0.
fn odd_limits(site: &SchemaSite<'_>) -> Vec<Finding> {
    let is_whole = site.schema.get("type").is_some_and(|kind| kind == "integer");
    let limits = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    let odd = limits.into_iter().filter_map(|limit| {
        let value = site.schema.get(limit)?;
        let problem = match value {
            Value::Bool(_) => format!("{limit} is {value}, as in OpenAPI 3.0; in 3.1 it is the limit itself"),
            Value::Number(number) if is_whole && number.as_i64().is_none() && number.as_u64().is_none() => {
                format!("its {limit} is {value}, and its values are whole numbers of 64 bits")
            }
            _ => return None,
        };
        let cure = overlay(&[Action::remove(&site.to(&[limit]), "It limits nothing.")]);
        Some(Finding::new(&site.place, problem, cure))
    });
    odd.collect()
}

/// A component that must have itself inside of it.
fn endless(root: &Value, site: &SchemaSite<'_>) -> Option<Finding> {
    let name = site.place.as_str();
    if !site.sent || !site.outermost || site.steps.first() != Some(&Step::from("components")) {
        return None;
    }
    let must = |schema: &Value| -> Vec<(usize, String, String)> {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().enumerate();
        let named = required.filter_map(|(index, field)| Some((index, field.as_str()?)));
        let leads = named.filter_map(|(index, field)| {
            Some((index, field.to_owned(), target(schema.get("properties")?.get(field)?)?.to_owned()))
        });
        leads.collect()
    };
    let (mut open, mut seen) = (Vec::new(), BTreeSet::new());
    for (index, field, to) in must(site.schema) {
        open.push((index, field, to));
    }
    while let Some((index, field, to)) = open.pop() {
        if to == name {
            let item = [site.to(&["required"]), vec![Step::Item(index)]].concat();
            let cure = overlay(&[Action::remove(&item, "It would never end.")]);
            return Some(Finding::new(
                name,
                format!("{field} is required and leads back to {name} for ever"),
                cure,
            ));
        }
        if let (Some(next), true) =
            (root.pointer("/components/schemas").and_then(|all| all.get(&to)), seen.insert(to.clone()))
        {
            open.extend(must(next).into_iter().map(|(_, _, to)| (index, field.clone(), to)));
        }
    }
    None
}
