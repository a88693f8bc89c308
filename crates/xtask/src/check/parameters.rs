//! Checks the parameters of operations: where they are, that each has one name and one place, and that clients can write
//! what they take.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::operations::template;
use crate::complete::is_usable;
use crate::document::is_json;
use crate::finding::Finding;
use crate::lower::{CONNECTION_HEADER, mark};
use crate::overlay::{Action, Step};
use crate::rust_name;
use crate::site::{OperationSite, ParameterSite, allows, forms, resolve};

/// What a builder has besides setters: its methods, and the variables of the code that sends.
const RESERVED: [&str; 7] = ["client", "header_map", "into_request", "new", "request", "self", "send"];

/// Headers that the client writes itself, in lower case, but for the key, which is no parameter.
const OURS: [&str; 5] = ["accept", "authorization", "content-length", "content-type", "host"];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let each = |(operation, parameters): &(OperationSite<'_>, Vec<ParameterSite<'_>>)| {
        let mut findings = of_path(operation, parameters);
        findings.extend(of_names(context, operation, parameters));
        for parameter in parameters {
            findings.extend(of_place(context, operation, parameter));
            findings.extend(of_value(context.root, operation, parameter));
        }
        findings
    };
    context.operations.iter().flat_map(each).chain(context.operations.iter().flat_map(lists)).collect()
}

/// Lists of parameters that are none.
fn lists((operation, _): &(OperationSite<'_>, Vec<ParameterSite<'_>>)) -> Vec<Finding> {
    let at = |steps: Vec<Step>, holder: &Value| {
        let is_list = |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_object));
        if holder.get("parameters").is_none_or(is_list) {
            return None;
        }
        let cure = overlay(&[Action::remove(&[steps, vec!["parameters".into()]].concat(), "")]);
        Some(Finding::new(operation.place(), "its parameters are no list of parameters", cure))
    };
    let own = at(operation.steps(), operation.operation);
    let shared = at(vec!["paths".into(), operation.path.into()], operation.item);
    own.into_iter().chain(shared).collect()
}

fn place(operation: &OperationSite<'_>, parameter: &ParameterSite<'_>) -> String {
    format!("{} {} {}", operation.place(), parameter.within, parameter.name)
}

/// The parameters that the path names are those that are declared for it, and all of them are required.
fn of_path(operation: &OperationSite<'_>, parameters: &[ParameterSite<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let named = template(operation.path).unwrap_or_default();
    let declared = |name: &str| parameters.iter().any(|it| it.within == "path" && it.name == name);
    for name in named.iter().filter(|name| !declared(name)) {
        let parameter = json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
        let cure = overlay(&[Action::update(
            &operation.steps(),
            json!({"parameters": [parameter]}),
            "The path has it.",
        )]);
        findings.push(Finding::new(
            format!("{} path {name}", operation.place()),
            "the path names it, and no parameter is declared",
            cure,
        ));
    }
    for parameter in parameters.iter().filter(|parameter| parameter.within == "path") {
        if !named.contains(&parameter.name) {
            let cure = overlay(&[Action::remove(&parameter.entry, "The path does not have it.")]);
            findings.push(Finding::new(
                place(operation, parameter),
                "it is declared, and the path does not name it",
                cure,
            ));
        } else if parameter.value.get("required") != Some(&json!(true)) {
            let cure = overlay(&[Action::update(
                &parameter.steps,
                json!({"required": true}),
                "A path has all of its parts.",
            )]);
            findings.push(Finding::new(
                place(operation, parameter),
                "it is part of the path and not required",
                cure,
            ));
        }
    }
    findings
}

/// Each has a name of its own, on the wire and in Rust.
fn of_names(
    context: &Context<'_>,
    operation: &OperationSite<'_>,
    parameters: &[ParameterSite<'_>],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let body = operation.operation.get("requestBody").and_then(|body| resolve(context.root, body));
    let content = body.and_then(|body| body.get("content")?.as_object());
    let is_raw = content
        .is_some_and(|content| !content.is_empty() && !content.keys().any(|media_type| is_json(media_type)));
    // Setters, and what has them. Path before query before header, so that what can be left out is what is in the way.
    let mut setters: BTreeMap<String, String> =
        RESERVED.iter().map(|name| ((*name).to_owned(), "a method of the builder".to_owned())).collect();
    if body.is_some() {
        setters.insert("body".to_owned(), "the body".to_owned());
    }
    if is_raw {
        setters.insert("content_type".to_owned(), "the media type of the body".to_owned());
    }
    let mut ordered: Vec<&ParameterSite<'_>> = parameters.iter().collect();
    ordered.sort_by_key(|parameter| {
        let is_required = parameter.value.get("required") == Some(&json!(true));
        let is_old = parameter.value.get("deprecated") == Some(&json!(true));
        (parameter.within != "path", !is_required, is_old, parameter.name != rust_name::snake(parameter.name))
    });
    for (index, parameter) in ordered.iter().enumerate() {
        let earlier = ordered.iter().take(index);
        let same =
            |other: &&&ParameterSite<'_>| (other.name, other.within) == (parameter.name, parameter.within);
        if earlier.clone().any(|other| same(&other)) {
            let twice: Vec<_> = parameters.iter().filter(|other| same(&other)).collect();
            let mut cures: Vec<Action> = Vec::new();
            for other in &twice {
                let remove = Action::remove(&other.entry, "It is there twice.");
                if !cures.contains(&remove) {
                    cures.push(remove);
                }
            }
            let one = twice.first().map(|first| first.value.clone()).unwrap_or_default();
            cures.push(Action::update(&operation.steps(), json!({"parameters": [one]}), "Once."));
            findings.push(Finding::new(place(operation, parameter), "it is declared twice", overlay(&cures)));
            continue;
        }
        let names = fields(context.root, parameter).unwrap_or_else(|| vec![parameter.name.to_owned()]);
        for name in names {
            let key = format!("{} {name}", parameter.within);
            let given = operation.operation.get(mark::SETTERS).and_then(|all| all.get(&key)?.as_str());
            let setter = rust_name::snake(given.unwrap_or(&name));
            let taken = setters.get(&setter).cloned();
            let taken = taken.or_else(|| (!rust_name::says_something(&name)).then(|| "nothing".to_owned()));
            if let Some(owner) = taken {
                // Calls by name have one value for a name, so another setter does not help there.
                let twin =
                    ordered.iter().any(|it| it.name == parameter.name && it.within != parameter.within);
                let base = setter.trim_end_matches('_');
                let is_free = |name: &String| {
                    let is_other = |it: &ParameterSite<'_>| rust_name::snake(it.name) == *name;
                    is_usable(name) && !setters.contains_key(name) && !parameters.iter().any(is_other)
                };
                let mut candidates =
                    ["value", "other", "second", "third"].map(|end| format!("{base}_{end}")).into_iter();
                let can_be_renamed = !twin && rust_name::says_something(&name);
                let action = match candidates.find(is_free).filter(|_| can_be_renamed) {
                    Some(free) => {
                        Action::update(&operation.steps(), json!({ mark::SETTERS: { key: free } }), "")
                    }
                    None => Action::remove(&parameter.entry, "Its name is taken; calls cannot send it."),
                };
                let cure = overlay(&[action]);
                let problem = format!("its setter would be called {setter}, as {owner} is");
                findings.push(Finding::new(place(operation, parameter), problem, cure));
            } else {
                setters.insert(setter, format!("{} {}", parameter.within, parameter.name));
            }
        }
    }
    findings
}

/// The names of the pairs that an object in the query becomes.
fn fields(root: &Value, parameter: &ParameterSite<'_>) -> Option<Vec<String>> {
    let schema = resolve(root, parameter.value.get("schema")?)?;
    let properties =
        schema.get("properties").filter(|_| parameter.within == "query" && allows(schema, "object"))?;
    Some(properties.as_object()?.keys().map(|field| format!("{}[{field}]", parameter.name)).collect())
}

/// Where it is, and what stands for its value.
fn of_place(
    context: &Context<'_>,
    operation: &OperationSite<'_>,
    parameter: &ParameterSite<'_>,
) -> Vec<Finding> {
    let place = place(operation, parameter);
    let remove = |why: &str| overlay(&[Action::remove(&parameter.entry, why)]);
    let mut findings = Vec::new();
    match parameter.within {
        "path" | "query" => {}
        "header" => {
            let name = parameter.name.to_ascii_lowercase();
            if OURS.contains(&name.as_str()) {
                let cure = remove("The client writes it itself.");
                findings.push(Finding::new(&place, "it is a header that the client writes itself", cure));
            } else if !parameter
                .name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
            {
                findings.push(Finding::new(
                    &place,
                    "it is no name of a header",
                    remove("No header can have this name."),
                ));
            }
        }
        "cookie" => {
            let problem = "it is a cookie, which no client sends";
            return context
                .unless_ignored(&place, problem, "The clients send no cookies.")
                .into_iter()
                .collect();
        }
        other => {
            let problem = format!("it is in {other:?}; path, query and header are known");
            return vec![Finding::new(place, problem, remove("No client knows where to put it."))];
        }
    }
    if parameter.name.is_empty() {
        findings.push(Finding::new(&place, "it has no name", remove("It has no name.")));
    }
    if parameter.value.get("allowReserved") == Some(&json!(true)) {
        let problem = "it may hold reserved characters as they are, and clients encode them";
        let place = format!("{place} allowReserved");
        findings.extend(context.unless_ignored(&place, problem, "The service decodes what is encoded."));
    }
    findings
}

/// What it takes, and how that is written.
fn of_value(root: &Value, operation: &OperationSite<'_>, parameter: &ParameterSite<'_>) -> Vec<Finding> {
    let place = place(operation, parameter);
    if !["path", "query", "header"].contains(&parameter.within) || is_connection(parameter) {
        return Vec::new();
    }
    let at = |names: &[&str]| {
        [parameter.steps.clone(), names.iter().map(|name| Step::from(*name)).collect()].concat()
    };
    let as_text = |member: &str, why: &str| {
        let mut actions = Vec::new();
        if parameter.value.get(member).is_some() {
            actions.push(Action::remove(&at(&[member]), ""));
        }
        actions.push(Action::update(&at(&[]), json!({"schema": {"type": "string"}}), why));
        overlay(&actions)
    };
    if parameter.value.get("content").is_some() {
        let cure = as_text("content", "Sent as it is: the caller writes the text.");
        return vec![Finding::new(place, "it has a content instead of a schema", cure)];
    }
    let Some(schema) = parameter.value.get("schema") else {
        return vec![Finding::new(
            place,
            "it has no schema",
            as_text("schema", "The document does not say its type."),
        )];
    };
    // What leads nowhere is said elsewhere.
    let Some(meant) = resolve(root, schema) else { return Vec::new() };
    let mut findings = Vec::new();
    let style = parameter.value.get("style").and_then(Value::as_str);
    let known = match parameter.within {
        "query" => ["form", "spaceDelimited", "pipeDelimited", "deepObject"].as_slice(),
        _ => ["simple"].as_slice(),
    };
    if let Some(style) = style.filter(|style| !known.contains(style)) {
        // Another style would be another request, so the call itself is what cannot be made.
        let cure = match parameter.within {
            "path" => {
                overlay(&[Action::remove(&operation.steps(), "Its path has a style that no client writes.")])
            }
            _ => overlay(&[Action::remove(&parameter.entry, "It has a style that no client writes.")]),
        };
        findings.push(Finding::new(
            &place,
            format!("it has the style {style}, which no client writes"),
            cure,
        ));
        return findings;
    }
    let kinds = kinds(root, meant);
    let text = |why: &str| as_text("schema", why);
    let has = |kind: &str| kinds.contains(&kind);
    let problem = if kinds.is_empty() {
        Some("its schema has no type".to_owned())
    } else if has("array") {
        of_items(root, meant)
    } else if has("object") {
        return of_object(root, parameter, meant, &place, kinds.len() == 1);
    } else {
        None
    };
    findings
        .extend(problem.map(|problem| {
            Finding::new(&place, problem, text("Sent as it is: the caller writes the text."))
        }));
    findings
}

fn is_connection(parameter: &ParameterSite<'_>) -> bool {
    parameter.within == "header" && parameter.name.eq_ignore_ascii_case(CONNECTION_HEADER)
}

/// The types of a value, null left out, each once.
fn kinds<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = Vec::new();
    for form in forms(root, schema) {
        let types = match form.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(name)) => vec![name.as_str()],
            _ => Vec::new(),
        };
        kinds.extend(types.into_iter().filter(|name| *name != "null"));
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// What is wrong with the items of a list: they are plain values.
fn of_items(root: &Value, schema: &Value) -> Option<String> {
    let list = forms(root, schema).into_iter().find(|form| allows(form, "array"))?;
    let Some(items) = list.get("items") else {
        return Some("it is a list, and its items have no type".to_owned());
    };
    let kinds = kinds(root, items);
    let plain = |kind: &&str| ["boolean", "integer", "number", "string"].contains(kind);
    match kinds.as_slice() {
        [] => Some("it is a list, and its items have no type".to_owned()),
        all if all.iter().all(plain) => None,
        _ => Some("it is a list of lists or objects, which no style can write".to_owned()),
    }
}

/// An object is written field by field, which is defined for plain fields with names in the query.
fn of_object(
    root: &Value,
    parameter: &ParameterSite<'_>,
    schema: &Value,
    place: &str,
    alone: bool,
) -> Vec<Finding> {
    let remove = |steps: &[Step], why: &str| overlay(&[Action::remove(steps, why)]);
    let at = |names: &[&str]| {
        [parameter.steps.clone(), names.iter().map(|name| Step::from(*name)).collect()].concat()
    };
    let text = overlay(&[
        Action::remove(&at(&["schema"]), ""),
        Action::update(
            &at(&[]),
            json!({"schema": {"type": "string"}}),
            "Sent as it is: the caller writes the text.",
        ),
    ]);
    let style = parameter.value.get("style").and_then(Value::as_str);
    if parameter.within != "query" || !alone {
        return vec![Finding::new(place, "it takes an object where no style can write one", text)];
    }
    if style != Some("deepObject") {
        let problem =
            format!("it is an object with the style {}; deepObject is known", style.unwrap_or("form"));
        return vec![Finding::new(place, problem, text)];
    }
    let steps = match schema_steps(root, parameter) {
        Some(steps) => steps,
        None => at(&["schema"]),
    };
    let inside =
        |names: &[&str]| [steps.clone(), names.iter().map(|name| Step::from(*name)).collect()].concat();
    let mut findings = Vec::new();
    if schema.get("additionalProperties").is_some_and(|others| *others != json!(false)) {
        let cure = remove(&inside(&["additionalProperties"]), "Only the fields with names can be sent.");
        findings.push(Finding::new(place, "it takes fields without a name", cure));
    }
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let kinds = resolve(root, field).map(|field| kinds(root, field)).unwrap_or_default();
        let place = format!("{place}[{name}]");
        let only = |kind: &str| kinds.len() == 1 && kinds.contains(&kind);
        let mixed = kinds.len() == 2
            && kinds.contains(&"string")
            && (kinds.contains(&"integer") || kinds.contains(&"number"));
        if !(["boolean", "integer", "number", "string"].into_iter().any(only) || mixed) {
            let cure = remove(&inside(&["properties", name]), "deepObject does not say how to write it.");
            findings.push(Finding::new(
                place,
                "it is no plain value, and deepObject does not say how to write it",
                cure,
            ));
        }
    }
    findings
}

/// The way to the schema of a parameter, references followed.
fn schema_steps(root: &Value, parameter: &ParameterSite<'_>) -> Option<Vec<Step>> {
    crate::site::steps_of(root, parameter.value.get("schema")?.get("$ref")?.as_str()?)
}
