//! Finds what is no OpenAPI at all: members of another type than the specification says, and schemas that no reader takes.

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::schema::{DEEPEST, SchemaSite};
use crate::finding::Finding;
use crate::overlay::{Action, Step};

/// What a member of a schema must be.
#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    Flag,
    Number,
    /// A whole number that is not negative.
    Count,
    Object,
    /// A schema, or true or false.
    Schema,
    /// A list with something in it.
    List,
    /// A list of different texts.
    Names,
}

impl Form {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Count => value.as_u64().is_some_and(|count| i64::try_from(count).is_ok()),
            Self::Object => value.is_object(),
            Self::Schema => value.is_object() || value.is_boolean(),
            Self::List => value.as_array().is_some_and(|list| !list.is_empty()),
            Self::Names => value.as_array().is_some_and(|list| {
                list.iter()
                    .enumerate()
                    .all(|(index, name)| name.is_string() && !list.iter().take(index).any(|it| it == name))
            }),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::Count => "a whole number",
            Self::Object => "an object",
            Self::Schema => "a schema",
            Self::List => "a list with something in it",
            Self::Names => "a list of different names",
        }
    }
}

const MEMBERS: &[(&str, Form)] = &[
    ("$ref", Form::Text),
    ("additionalProperties", Form::Schema),
    ("allOf", Form::List),
    ("anyOf", Form::List),
    ("deprecated", Form::Flag),
    ("description", Form::Text),
    ("discriminator", Form::Object),
    ("enum", Form::List),
    ("format", Form::Text),
    ("items", Form::Schema),
    ("maxItems", Form::Count),
    ("maxLength", Form::Count),
    ("maxProperties", Form::Count),
    ("maximum", Form::Number),
    ("minItems", Form::Count),
    ("minLength", Form::Count),
    ("minProperties", Form::Count),
    ("minimum", Form::Number),
    ("multipleOf", Form::Number),
    ("not", Form::Schema),
    ("nullable", Form::Flag),
    ("oneOf", Form::List),
    ("pattern", Form::Text),
    ("properties", Form::Object),
    ("required", Form::Names),
    ("title", Form::Text),
    ("uniqueItems", Form::Flag),
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = document(context.root);
    findings.extend(context.schemas.iter().flat_map(of_schema));
    findings
}

fn document(root: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.0") && !version.starts_with("3.1") {
        findings.push(Finding::new(
            "openapi",
            format!("the document says OpenAPI {version:?}; 3.0 and 3.1 are understood"),
            overlay(&[Action::update(&[], json!({"openapi": "3.1.0"}), "Read as 3.1, whatever it says.")]),
        ));
    }
    for name in ["title", "version"] {
        if !root.pointer(&format!("/info/{name}")).is_some_and(Value::is_string) {
            let mut actions = Vec::new();
            if root.get("info").is_some_and(|info| !info.is_object()) {
                actions.push(Action::remove(&["info".into()], ""));
            }
            let usual = if name == "title" { "OFAuth API" } else { "1.0.0" };
            actions.push(Action::update(&[], json!({"info": {name: usual}}), ""));
            findings.push(Finding::new("info", format!("it has no {name}"), overlay(&actions)));
        }
    }
    for (name, value) in root.get("info").and_then(Value::as_object).into_iter().flatten() {
        let is_text = match name.as_str() {
            "description" | "summary" | "termsOfService" => true,
            // The generator reads them, and nothing that it writes has them.
            "contact" | "license" => false,
            _ => continue,
        };
        if !value.is_string() && (is_text || !value.is_object()) {
            let cure = overlay(&[Action::remove(&["info".into(), name.as_str().into()], "")]);
            findings.push(Finding::new("info", format!("its {name} is {}", short(value)), cure));
        }
    }
    if crate::site::operations(root).is_empty() {
        let cure = "take another document, or one that is whole: nothing can be made of this one";
        findings.push(Finding::new("paths", "the document has no operations", cure));
    }
    if !root.get("paths").is_some_and(Value::is_object) {
        let cure = overlay(&[Action::update(&[], json!({"paths": {}}), "It has no operations.")]);
        findings.push(Finding::new("paths", "the document has no object of paths", cure));
    }
    for (kind, of) in [("/components", "components"), ("/components/schemas", "components.schemas")] {
        if root.pointer(kind).is_some_and(|found| !found.is_object()) {
            let steps: Vec<_> = of.split('.').map(Into::into).collect();
            findings.push(Finding::new(of, "it is no object", overlay(&[Action::remove(&steps, "")])));
        }
    }
    findings
}

fn of_schema(site: &SchemaSite<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(members) = site.schema.as_object() else {
        let problem = match site.schema {
            Value::Bool(_) => "it is a schema that allows all or nothing, which has no type",
            _ => "it is no schema",
        };
        let cure = overlay(&[Action::update(&site.steps, json!({"description": "Anything."}), "")]);
        return vec![Finding::new(&site.place, problem, cure)];
    };
    if site.depth == DEEPEST {
        let (cut, _) = site.steps.split_at(site.steps.len().min(8));
        let (last, parent) = cut.split_last().unwrap_or((&Step::Item(0), &[]));
        let anything = json!({"description": "Left out: nested too deep."});
        let again = match last {
            Step::Member(name) => json!({ name: anything }),
            _ => anything,
        };
        let cure = overlay(&[Action::remove(cut, ""), Action::update(parent, again, "")]);
        findings.push(Finding::new(
            &site.place,
            format!("schemas are nested more than {DEEPEST} deep"),
            cure,
        ));
    }
    let mut wrong = |name: &str, problem: String| {
        findings.push(Finding::new(&site.place, problem, overlay(&[Action::remove(&site.to(&[name]), "")])));
    };
    for (name, form) in MEMBERS {
        if let Some(value) = members.get(*name).filter(|value| !form.fits(value)) {
            wrong(name, format!("its {name} is {}, not {}", short(value), form.name()));
        }
    }
    for name in ["exclusiveMinimum", "exclusiveMaximum"] {
        // A flag in 3.0, a number in 3.1.
        if members.get(name).is_some_and(|value| !value.is_number() && !value.is_boolean()) {
            wrong(name, format!("its {name} is no number"));
        }
    }
    let plain = |value: &Value| !value.is_object() && !value.is_array();
    if members.get("const").is_some_and(|value| !plain(value)) {
        wrong("const", "its const is no plain value".to_owned());
    }
    if members.get("enum").and_then(Value::as_array).is_some_and(|values| !values.iter().all(plain)) {
        wrong("enum", "its enum has values that are not plain".to_owned());
    }
    let types = match members.get("type") {
        None => return findings,
        Some(Value::Array(types)) => types.iter().map(|name| name.as_str().unwrap_or_default()).collect(),
        Some(other) => vec![other.as_str().unwrap_or_default()],
    };
    if types.is_empty() || types.iter().any(|name| !TYPES.contains(name)) {
        wrong("type", format!("its type is {}, none of {}", short(&members["type"]), TYPES.join(", ")));
    }
    findings
}

/// A value as a message can show it.
pub(super) fn short(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    if text.chars().count() > MOST { text.chars().take(MOST).chain(['…']).collect() } else { text }
}
