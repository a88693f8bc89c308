//! Schemas without references, for readers that have no `components` to look into.

use serde_json::{Value, json};

use crate::adopt::{HERE, at};
use crate::document::{Document, Object};
use crate::lower::target;

/// Which members are kept besides those that say what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// None: for a validator.
    Rules,
    /// Descriptions, defaults and what is to go: for people.
    Remarks,
}

/// The schema with every reference replaced by what it refers to. One that contains itself is cut off with `{}`.
pub(super) fn inlined(document: &Document, schema: &Value, keep: Keep) -> Value {
    Inliner { document, keep, open: Vec::new(), left: MOST }.schema(schema)
}

/// The most schemas that one may be made of: components that use each other may add up to any number.
const MOST: usize = 20_000;

struct Inliner<'a> {
    document: &'a Document,
    keep: Keep,
    /// The components around the place.
    open: Vec<String>,
    /// How many more schemas it may be made of.
    left: usize,
}

impl Inliner<'_> {
    fn schema(&mut self, schema: &Value) -> Value {
        let Some(left) = self.left.checked_sub(1) else { return json!({}) };
        self.left = left;
        if let Some(name) = target(schema) {
            let known = self.document.schemas.get(name);
            let Some(component) = known.filter(|_| !self.open.iter().any(|outer| outer == name)) else {
                return json!({});
            };
            self.open.push(name.to_owned());
            let mut result = match schema.get(HERE) {
                Some(lacks) => self.schema(&at(component, lacks)),
                None => self.schema(component),
            };
            self.open.pop();
            // What stands beside a reference says more about this place than the component does.
            let beside = schema.as_object().into_iter().flatten();
            let kept = beside.filter(|(key, _)| *key != "$ref" && self.keeps(key));
            if let Some(fields) = result.as_object_mut() {
                fields.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
            }
            return result;
        }
        match schema {
            Value::Object(object) => {
                let kept: Vec<(&String, &Value)> = object.iter().filter(|(key, _)| self.keeps(key)).collect();
                Value::Object(
                    kept.into_iter().map(|(key, value)| (key.clone(), self.member(key, value))).collect(),
                )
            }
            other => other.clone(),
        }
    }

    fn member(&mut self, key: &str, value: &Value) -> Value {
        match (key, value) {
            ("properties", Value::Object(properties)) => {
                let inlined = properties.iter().map(|(name, schema)| (name.clone(), self.schema(schema)));
                Value::Object(inlined.collect::<Object>())
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(variants)) => {
                variants.iter().map(|variant| self.schema(variant)).collect()
            }
            ("items" | "additionalProperties" | "not", schema) => self.schema(schema),
            (_, other) => other.clone(),
        }
    }

    fn keeps(&self, key: &str) -> bool {
        match key {
            "description" | "default" | "deprecated" => self.keep == Keep::Remarks,
            "title" | "example" | "examples" => false,
            _ => !key.starts_with("x-"),
        }
    }
}
