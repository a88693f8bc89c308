//! Says of a merged document, before any code is made of it, what a person has to decide: all of it in one run, each with
//! its place and its cure.
//!
//! Code generation stops at the first thing that it cannot do, and says so in the words of a generator. Whatever it would
//! stop at, or drop in silence, is found here first. Nothing is changed, and nothing here fails, whatever the document is.

mod answers;
mod dropped;
mod ignored;
mod marks;
mod names;
mod operations;
mod parameters;
mod references;
mod requests;
mod rest;
mod schema;
mod shape;
mod webhooks;

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use self::schema::SchemaSite;
use crate::finding::Finding;
use crate::overlay::{Action, FILE};
use crate::site::{self, OperationSite, ParameterSite};

pub use self::ignored::{FILE as IGNORED, Ignored};

/// What every check looks at.
struct Context<'a> {
    root: &'a Value,
    /// The operations with their parameters.
    operations: Vec<(OperationSite<'a>, Vec<ParameterSite<'a>>)>,
    schemas: Vec<SchemaSite<'a>>,
    ignored: &'a Ignored,
    /// The places that a line of the ignored might name.
    asked: RefCell<BTreeSet<String>>,
}

impl Context<'_> {
    /// A finding, unless a line says that the place is ignored on purpose.
    fn unless_ignored(&self, place: &str, problem: &str, reason: &str) -> Option<Finding> {
        self.asked.borrow_mut().insert(place.to_owned());
        self.ignored.unless(place, problem, reason)
    }
}

/// Every finding about a merged document, sorted by place.
#[must_use]
pub fn check(merged: &Value, ignored: &Ignored) -> Vec<Finding> {
    let operations = site::operations(merged);
    let schemas = schema::all(merged, &operations);
    let operations = operations
        .into_iter()
        .map(|operation| (operation.clone(), site::parameters(merged, &operation)))
        .collect();
    let context = Context { root: merged, operations, schemas, ignored, asked: RefCell::default() };
    let checks = [
        shape::check,
        references::check,
        operations::check,
        parameters::check,
        names::check,
        requests::check,
        answers::check,
        marks::check,
        dropped::check,
        webhooks::check,
    ];
    let mut findings: Vec<Finding> = checks.iter().flat_map(|check| check(&context)).collect();
    if findings.is_empty() {
        findings.extend(rest::check(merged));
    }
    findings.extend(ignored.findings(&context.asked.borrow()));
    findings.sort();
    findings.dedup();
    findings
}

/// The cure that is an action of the overlay.
fn overlay(actions: &[Action]) -> String {
    overlay_as("add to", actions)
}

/// The same, with more to say.
fn overlay_as(how: &str, actions: &[Action]) -> String {
    let text: String = actions.iter().map(Action::text).collect();
    format!("{how} {FILE}:\n{}", text.trim_end())
}

#[cfg(test)]
mod tests;
