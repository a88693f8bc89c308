//! A schema by what it means, whichever of JSON Schema's ways it is written in.
//!
//! `allOf` is merged, null leaves lists of types, enums and alternatives, `const` is an enum of one word, and alternatives
//! that only differ by type become one schema of several types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::api::{Api, is};
use super::limits;
use crate::document::Object;

/// Members that are words to people or to tools, and change nothing.
pub(super) const WORDS: [&str; 11] = [
    "title",
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "xml",
    "$comment",
    "$schema",
    "$id",
    "$anchor",
];

/// Members that are read where a schema is used, see [`super::members::Use`].
const OF_USE: [&str; 6] = ["nullable", "default", "deprecated", "readOnly", "writeOnly", "$defs"];

/// How deep schemas are looked into.
pub(super) const DEPTH: usize = 48;

/// How many schemas are merged into one.
const MOST: usize = 10_000;

/// What a schema allows, null apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// Nothing if any type is allowed.
    pub(super) types: Option<BTreeSet<String>>,
    pub(super) values: Option<Vec<Value>>,
    pub(super) format: Option<String>,
    /// The limits of numbers, texts, lists and objects by their keywords.
    pub(super) limits: Object,
    pub(super) properties: BTreeMap<String, Value>,
    pub(super) required: BTreeSet<String>,
    /// `additionalProperties`, if it says anything.
    pub(super) rest: Option<Value>,
    pub(super) items: Option<Value>,
    /// Alternatives that are no matter of types alone.
    pub(super) variants: Vec<Value>,
    pub(super) discriminator: Option<Value>,
    /// What else it demands, compared by its text.
    pub(super) others: Object,
}

impl Shape {
    /// Reads a schema.
    pub(super) fn read(api: &Api, schema: &Value) -> Self {
        let mut shape = Self::default();
        Reader { api, visited: Vec::new(), left: MOST }.add(&mut shape, schema, 0);
        shape.settle();
        shape
    }

    fn settle(&mut self) {
        if self.types.is_none() {
            self.types = self.values.as_ref().map(|values| values.iter().map(type_of).collect());
        }
        if let Some(types) = self.types.as_mut().filter(|types| types.contains("number")) {
            types.remove("integer");
        }
        if !self.takes("integer") && !self.takes("number") && !self.takes("string") {
            self.format = None;
        }
        // The widest format that a number has here says no more than its type.
        self.format.take_if(|format| matches!(format.as_str(), "int64" | "double"));
        limits::settle(&mut self.limits);
    }

    /// Whether a value of that type may be allowed.
    pub(super) fn takes(&self, kind: &str) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(kind))
    }

    /// Whether it allows values of that type alone.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.types.as_ref().is_some_and(|types| types.len() == 1 && types.contains(kind))
    }

    /// Whether it says nothing but types, so that it may be one of several alternatives that differ by type.
    fn is_alternative(&self) -> bool {
        self.variants.is_empty() && self.others.is_empty() && self.discriminator.is_none()
    }

    fn merge(&mut self, other: Self) {
        self.intersect_types(other.types);
        if let Some(values) = other.values {
            self.intersect_values(values);
        }
        self.format = self.format.take().or(other.format);
        for (key, value) in other.limits {
            limits::tighten(&mut self.limits, &key, value);
        }
        for (name, schema) in other.properties {
            self.add_property(name, schema);
        }
        self.required.extend(other.required);
        self.rest = self.rest.take().or(other.rest);
        self.items = self.items.take().or(other.items);
        self.variants.extend(other.variants);
        self.discriminator = self.discriminator.take().or(other.discriminator);
        self.others.extend(other.others);
    }

    fn intersect_types(&mut self, types: Option<BTreeSet<String>>) {
        let Some(types) = types else { return };
        let common = match &self.types {
            None => types,
            Some(own) => {
                let both = |it: &&String| own.contains(*it) || (*it == "integer" && own.contains("number"));
                let mut common: BTreeSet<String> = types.iter().filter(both).cloned().collect();
                if own.contains("integer") && types.contains("number") {
                    common.insert("integer".to_owned());
                }
                common
            }
        };
        self.types = Some(common);
    }

    fn intersect_values(&mut self, values: Vec<Value>) {
        self.values = Some(match self.values.take() {
            None => values,
            Some(own) => own.into_iter().filter(|value| contains(&values, value)).collect(),
        });
    }

    fn add_property(&mut self, name: String, schema: Value) {
        match self.properties.remove(&name) {
            Some(known) if known != schema => {
                self.properties.insert(name, json!({ "allOf": [known, schema] }));
            }
            _ => {
                self.properties.insert(name, schema);
            }
        }
    }
}

struct Reader<'a> {
    api: &'a Api,
    /// The references that lead to what is read, so that a circle ends.
    visited: Vec<String>,
    /// How many more schemas are read: `allOf` of `allOf` may grow with a power.
    left: usize,
}

impl Reader<'_> {
    fn add(&mut self, shape: &mut Shape, schema: &Value, depth: usize) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        let object = match schema {
            Value::Bool(false) => return shape.intersect_types(Some(BTreeSet::new())),
            Value::Object(object) if depth < DEPTH => object,
            _ => return,
        };
        let below = depth.saturating_add(1);
        for (key, value) in object {
            match (key.as_str(), value) {
                ("$ref", Value::String(reference)) => self.follow(shape, reference, below),
                ("allOf", Value::Array(members)) => {
                    members.iter().for_each(|member| self.add(shape, member, below));
                }
                ("anyOf" | "oneOf", Value::Array(members)) => self.alternatives(shape, members, below),
                ("type", Value::String(name)) if name == "null" => {
                    shape.intersect_types(Some(BTreeSet::new()));
                }
                ("type", Value::String(name)) => shape.intersect_types(Some([name.clone()].into())),
                ("type", Value::Array(names)) => {
                    let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
                    shape.intersect_types(Some(names.map(str::to_owned).collect()));
                }
                ("const", value) => shape.intersect_values(vec![value.clone()]),
                ("enum", Value::Array(values)) => {
                    shape.intersect_values(values.iter().filter(|value| !value.is_null()).cloned().collect());
                }
                ("format", Value::String(format)) => shape.format = Some(format.clone()),
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        shape.add_property(name.clone(), schema.clone());
                    }
                }
                ("required", Value::Array(names)) => {
                    shape.required.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                ("additionalProperties", value) => {
                    if *value != json!(true) && *value != json!({}) {
                        shape.rest = Some(value.clone());
                    }
                }
                ("items", value) => {
                    if *value != json!(true) && *value != json!({}) {
                        shape.items = Some(value.clone());
                    }
                }
                ("discriminator", value) => shape.discriminator = Some(value.clone()),
                (key, _) if WORDS.contains(&key) || OF_USE.contains(&key) || key.starts_with("x-") => {}
                (key, value) if limits::is_limit(key) => {
                    limits::tighten(&mut shape.limits, key, value.clone());
                }
                (key, value) => {
                    shape.others.insert(key.to_owned(), without_words(value));
                }
            }
        }
    }

    fn follow(&mut self, shape: &mut Shape, reference: &str, depth: usize) {
        if self.visited.iter().any(|visited| visited == reference) {
            return;
        }
        let Some(target) = self.api.target(reference) else {
            shape.others.insert("$ref".to_owned(), json!(reference));
            return;
        };
        self.visited.push(reference.to_owned());
        self.add(shape, target, depth);
        self.visited.pop();
    }

    fn alternatives(&mut self, shape: &mut Shape, members: &[Value], depth: usize) {
        let members: Vec<&Value> = members.iter().filter(|member| !is_null(member)).collect();
        match members.as_slice() {
            [] => {}
            [single] => self.add(shape, single, depth),
            several => {
                let shapes: Vec<Shape> = several
                    .iter()
                    .map(|member| {
                        let mut one = Shape::default();
                        self.add(&mut one, member, depth);
                        one.settle();
                        one
                    })
                    .collect();
                match one_of_all_words(&shapes).or_else(|| one_of_all_types(&shapes)) {
                    Some(whole) => shape.merge(whole),
                    None => shape.variants.extend(several.iter().map(|member| (*member).clone())),
                }
            }
        }
    }
}

/// Alternatives that are words, as one list of words.
fn one_of_all_words(shapes: &[Shape]) -> Option<Shape> {
    let mut whole = Shape { types: Some(BTreeSet::new()), values: Some(Vec::new()), ..Shape::default() };
    for shape in shapes {
        let bare = shape.is_alternative() && shape.limits.is_empty() && shape.properties.is_empty();
        let values = shape.values.clone().filter(|_| bare && shape.items.is_none())?;
        whole.values.get_or_insert_default().extend(values);
        whole.types.get_or_insert_default().extend(shape.types.clone().unwrap_or_default());
    }
    Some(whole)
}

/// Alternatives of which each has a type of its own, as one schema of these types: what it says of texts is not about
/// numbers.
fn one_of_all_types(shapes: &[Shape]) -> Option<Shape> {
    let mut whole = Shape { types: Some(BTreeSet::new()), ..Shape::default() };
    for shape in shapes {
        let types = shape.types.as_ref().filter(|types| types.len() == 1)?;
        let kind = types.first()?;
        let known = whole.types.as_ref()?;
        let number = |kind: &str| kind == "integer" || kind == "number";
        let twice = known.contains(kind) || (number(kind) && known.iter().any(|known| number(known)));
        let clash = (shape.format.is_some() && whole.format.is_some()) || shape.values.is_some();
        if twice || clash || !shape.is_alternative() {
            return None;
        }
        let (types, mut rest) = (types.clone(), shape.clone());
        rest.types = None;
        whole.merge(rest);
        whole.types.get_or_insert_default().extend(types);
    }
    Some(whole)
}

/// Whether a schema allows null alone.
pub(super) fn is_null(schema: &Value) -> bool {
    let only = |values: &Vec<Value>| values.iter().all(Value::is_null) && !values.is_empty();
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.len() == 1 && names.iter().all(|name| name == "null"),
        _ => {
            schema.get("const").is_some_and(Value::is_null)
                || schema.get("enum").and_then(Value::as_array).is_some_and(only)
        }
    }
}

/// Whether a schema itself, without what it refers to, says that null is allowed.
pub(super) fn says_null(schema: &Value) -> bool {
    let listed = |key: &str, null: &dyn Fn(&Value) -> bool| {
        schema.get(key).and_then(Value::as_array).is_some_and(|members| members.iter().any(null))
    };
    is(schema, "nullable")
        || listed("type", &|name| name == "null")
        || listed("enum", &Value::is_null)
        || listed("anyOf", &is_null)
        || listed("oneOf", &is_null)
        || is_null(schema)
}

fn type_of(value: &Value) -> String {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    name.to_owned()
}

/// Whether two values are the same in JSON, where 1 is 1.0.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

/// Whether `value` is among `values`.
pub(super) fn contains(values: &[Value], value: &Value) -> bool {
    values.iter().any(|other| same(other, value))
}

/// A schema without its words.
pub(super) fn without_words(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !WORDS.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), without_words(value))).collect())
        }
        Value::Array(members) => Value::Array(members.iter().map(without_words).collect()),
        other => other.clone(),
    }
}
