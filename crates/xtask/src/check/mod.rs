//! Says of a merged document, before any code is made of it, what a person has to decide: all of it in one run, each with
//! its place and its cure.
//!
//! Code generation stops at the first thing that it cannot do, and says so in the words of a generator. Whatever it would
//! stop at, or drop in silence, is found here first. Nothing is changed, and nothing here fails, whatever the document is.

mod context;
mod cure;
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
mod sense;
mod shape;
mod webhooks;

use std::cell::RefCell;

use serde_json::Value;

use self::context::Context;
use crate::finding::Finding;
use crate::site;

pub use self::ignored::{FILE as IGNORED, Ignored};

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
        sense::check,
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

#[cfg(test)]
mod tests;
