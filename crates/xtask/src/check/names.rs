//! Finds names that are the same in Rust, or that the generated code needs for something else: of fields, of the words of
//! enums, of schemas.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::schema::{SchemaSite, component};
use crate::finding::Finding;
use crate::lower::{mark, resolved_name};
use crate::overlay::{Action, Step};
use crate::refine::open_variant;
use crate::rust_name;

/// Types that the generated code has, or words of Rust that a type of the same name would hide.
const TAKEN: [&str; 6] = ["Err", "Id", "None", "Ok", "Secret", "Some"];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let of_each = context.schemas.iter().flat_map(|site| {
        let mut findings = fields(context, site);
        findings.extend(words(site));
        findings
    });
    of_each.chain(components(context)).collect()
}

/// The fields of an object, those of its parts among them.
fn fields(context: &Context<'_>, site: &SchemaSite<'_>) -> Vec<Finding> {
    let mut all: Vec<(&str, Vec<Step>, &Value)> = Vec::new();
    gather(context.root, site.schema, &site.steps, 0, &mut all);
    let is_old = |field: &Value| field.get("deprecated") == Some(&json!(true));
    // What goes is what is old, or written otherwise than in Rust.
    let given = |field: &Value| field.get(mark::NAME).is_some();
    all.sort_by_key(|(name, _, field)| (given(field), is_old(field), rust_name::snake(name) != *name));
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for (name, steps, field) in &all {
        let given = field.get(mark::NAME).and_then(Value::as_str);
        if let Some(given) = given.filter(|given| rust_name::snake(given) != **given) {
            let cure = overlay(&[Action::remove(&[steps.as_slice(), &[mark::NAME.into()]].concat(), "")]);
            let problem = format!("{} is {given:?}, which no field can have", mark::NAME);
            findings.push(Finding::new(format!("{}.{name}", site.place), problem, cure));
            continue;
        }
        let folded = rust_name::snake(given.unwrap_or(name));
        match known.get(&folded).copied() {
            // The same field of two parts is one.
            Some(other) if other == *name => {}
            Some(other) => {
                let is_free = |name: &String| !all.iter().any(|(other, ..)| rust_name::snake(other) == *name);
                let base = rust_name::snake(name);
                let base = base.trim_end_matches('_');
                let mut candidates =
                    ["other", "second", "third", "fourth"].map(|which| format!("{which}_{base}")).into_iter();
                let action = match candidates.find(is_free) {
                    Some(free) => Action::update(steps, json!({ mark::NAME: free }), ""),
                    None => Action::remove(steps, "Its name in Rust is that of another field."),
                };
                let cure = overlay(&[action]);
                let problem = format!("its name in Rust would be {folded}, as that of {other}");
                findings.push(Finding::new(format!("{}.{name}", site.place), problem, cure));
            }
            None => {
                known.insert(folded, name);
            }
        }
    }
    findings
}

fn gather<'a>(
    root: &'a Value,
    schema: &'a Value,
    steps: &[Step],
    depth: usize,
    all: &mut Vec<(&'a str, Vec<Step>, &'a Value)>,
) {
    /// Parts of parts are followed so far; more would be a circle.
    const DEEPEST: usize = 6;
    let own = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    all.extend(own.map(|(name, field)| {
        (name.as_str(), [steps, &["properties".into(), name.as_str().into()]].concat(), field)
    }));
    let parts =
        schema.get("allOf").and_then(Value::as_array).filter(|_| depth < DEEPEST).into_iter().flatten();
    for (index, part) in parts.enumerate().take(32) {
        match component(part) {
            Some(name) => {
                let target = root.pointer("/components/schemas").and_then(|all| all.get(name));
                if let Some(target) = target {
                    let steps = ["components".into(), "schemas".into(), name.into()];
                    gather(root, target, &steps, depth.saturating_add(1), all);
                }
            }
            None => gather(
                root,
                part,
                &[steps, &["allOf".into(), Step::Item(index)]].concat(),
                depth.saturating_add(1),
                all,
            ),
        }
    }
}

/// The words of an enum.
fn words(site: &SchemaSite<'_>) -> Option<Finding> {
    let values = site.schema.get("enum").and_then(Value::as_array);
    let constant = site.schema.get("const").filter(|_| values.is_none());
    let values: Vec<&Value> =
        values.into_iter().flatten().chain(constant).filter(|value| !value.is_null()).collect();
    let member = if constant.is_some() { "const" } else { "enum" };
    let types: Vec<&str> = match site.schema.get("type") {
        Some(Value::Array(types)) => {
            types.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
        }
        Some(Value::String(name)) => vec![name],
        _ => Vec::new(),
    };
    let fits = |value: &Value| match types.as_slice() {
        ["string"] => value.is_string(),
        ["integer"] => value.is_i64() || value.is_u64(),
        ["number"] => value.is_number(),
        ["boolean"] => value.is_boolean(),
        _ => true,
    };
    let remove = |why: &str| overlay(&[Action::remove(&site.to(&[member]), why)]);
    if let Some(value) = values.iter().find(|value| !fits(value)) {
        let problem = format!("its {member} has {}, which is of another type", super::shape::short(value));
        return Some(Finding::new(&site.place, problem, remove("Its values are of several types.")));
    }
    let several = !values.is_empty() && constant.is_none() && types.len() != 1;
    if several && (site.sent || values.iter().all(|value| value.is_string())) {
        let all_texts = types.is_empty() && values.iter().all(|value| value.is_string());
        let cure = match all_texts {
            true => {
                overlay(&[Action::update(&site.steps, json!({"type": "string"}), "Its values are texts.")])
            }
            false => remove("Its values are of several types, or of none."),
        };
        return Some(Finding::new(&site.place, "it has an enum and not one type", cure));
    }
    let words: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
    let folds = [
        site.sent.then(|| variants(&words)),
        site.answered.then(|| words.iter().map(|word| open_variant(word)).collect()),
    ];
    let (one, other, folded) =
        folds.into_iter().flatten().find_map(|folded: Vec<String>| same(&words, &folded))?;
    let problem = format!("its words {one:?} and {other:?} would both be {folded} in Rust");
    Some(Finding::new(
        &site.place,
        problem,
        remove("Two of its words are one in Rust; all are sent as text."),
    ))
}

/// What the generator calls the words of a request's enum. If two are the same it tries once more.
fn variants(words: &[&str]) -> Vec<String> {
    let simple: Vec<String> = words.iter().map(|word| rust_name::pascal(word)).collect();
    if same(words, &simple).is_none() {
        return simple;
    }
    let marked = |character: char| character == '_' || !(character.is_alphanumeric());
    words.iter().map(|word| rust_name::pascal(&word.replace(marked, "X"))).collect()
}

/// Two words that have the same name, and the name.
fn same<'a>(words: &[&'a str], names: &[String]) -> Option<(&'a str, &'a str, String)> {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    words.iter().zip(names).find_map(|(word, name)| Some((known.insert(name, word)?, *word, name.clone())))
}

/// The names of schemas.
fn components(context: &Context<'_>) -> Vec<Finding> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let mut sites: Vec<(&SchemaSite<'_>, &str, String)> = context
        .schemas
        .iter()
        .filter(|site| {
            site.outermost
                && matches!(site.steps.as_slice(), [Step::Member(first), _, _] if first == "components")
        })
        .map(|site| (site, site.place.as_str(), resolved_name(site.place.as_str(), site.schema)))
        .collect();
    // Whoever has the name already keeps it.
    sites.sort_by_key(|(_, name, resolved)| *name != resolved.as_str());
    let mut findings = Vec::new();
    let taken = |wanted: &str| sites.iter().any(|(_, _, resolved)| resolved == wanted);
    for (site, name, resolved) in &sites {
        let is_id = resolved == "Id" && is_mixed(site.schema);
        let problem = if rust_name::pascal(resolved) != *resolved {
            Some(format!("its name {resolved:?} is none that a type can have"))
        } else if TAKEN.contains(&resolved.as_str()) && !is_id {
            Some(format!(
                "its name in Rust would be {resolved}, which the generated code needs for something else"
            ))
        } else if let Some(other) = known.get(resolved) {
            Some(format!("its name in Rust would be {resolved}, as that of {other}"))
        } else if site.sent && site.answered && taken(&format!("{resolved}Input")) {
            Some(format!(
                "requests and answers have it, so {resolved}Input is needed for requests, and that name is taken"
            ))
        } else {
            None
        };
        known.entry(resolved.clone()).or_insert(name);
        if let Some(problem) = problem {
            let is_free = |candidate: &String| {
                !sites.iter().any(|(_, name, resolved)| *name == candidate.as_str() || resolved == candidate)
            };
            let base = rust_name::pascal(name);
            let candidates = (1..100)
                .map(|number| if number == 1 { format!("{base}Object") } else { format!("{base}{number}") });
            let candidate = candidates.into_iter().find(is_free).unwrap_or_else(|| "Renamed".to_owned());
            let cure = overlay(&[Action::update(&site.steps, json!({ mark::NAME: candidate }), "")]);
            findings.push(Finding::new(&site.place, problem, cure));
        }
    }
    findings
}

/// A number or a text, which is what the type `Id` of ours is.
fn is_mixed(schema: &Value) -> bool {
    let variants = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    let types: Vec<&str> = match (schema.get("type"), variants) {
        (Some(Value::Array(types)), _) => types.iter().filter_map(Value::as_str).collect(),
        (_, Some(variants)) => variants.iter().filter_map(|variant| variant.get("type")?.as_str()).collect(),
        _ => Vec::new(),
    };
    types.len() == 2 && types.contains(&"string") && (types.contains(&"integer") || types.contains(&"number"))
}
