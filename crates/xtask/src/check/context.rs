//! What every check is given: the document, taken apart once, and what is ignored in it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::ignored::Ignored;
use super::schema::SchemaSite;
use crate::finding::Finding;
use crate::site::{OperationSite, ParameterSite};

/// What every check looks at.
pub(super) struct Context<'a> {
    pub(super) root: &'a Value,
    /// The operations with their parameters.
    pub(super) operations: Vec<(OperationSite<'a>, Vec<ParameterSite<'a>>)>,
    pub(super) schemas: Vec<SchemaSite<'a>>,
    pub(super) ignored: &'a Ignored,
    /// The places that a line of the ignored might name.
    pub(super) asked: RefCell<BTreeSet<String>>,
}

impl Context<'_> {
    /// A finding, unless a line says that the place is ignored on purpose.
    pub(super) fn unless_ignored(&self, place: &str, problem: &str, reason: &str) -> Option<Finding> {
        self.asked.borrow_mut().insert(place.to_owned());
        self.ignored.unless(place, problem, reason)
    }
}
