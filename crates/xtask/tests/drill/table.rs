//! What the test says in the end: one line for each case that failed, and how many did.

use std::collections::BTreeMap;

use crate::cases::Case;

/// The cases that failed, with the reasons.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, Vec<String>>);

impl Table {
    pub(crate) fn failed(&mut self, case: &Case, why: &str) {
        self.0.entry(case.place()).or_default().push(why.to_owned());
    }

    /// Fails if a case did.
    pub(crate) fn end(&self, cases: &[Case]) {
        for (place, reasons) in &self.0 {
            for why in reasons {
                eprintln!("FAILED {place}\n    {}", why.replace('\n', "\n    "));
            }
        }
        eprintln!("{} of {} cases are as they say", cases.len() - self.0.len(), cases.len());
        assert!(self.0.is_empty(), "{} of {} cases failed, see above", self.0.len(), cases.len());
    }
}
