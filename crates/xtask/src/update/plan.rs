//! What an update comes to: a function of the document and of what is ours.

use anyhow::Result;
use serde_json::Value;

use crate::adopt::{Adopted, Names, adopt};
use crate::check::{Ignored, check};
use crate::complete::{Completed, complete};
use crate::finding::Finding;
use crate::overlay::{self, Action};
use crate::source;
use crate::typed::{Generated, generated};

/// What is ours in `openapi/`.
#[derive(Debug)]
pub struct Ours {
    /// `overlay.yaml`.
    pub overlay: Value,
    /// `names.yaml`.
    pub names: Names,
    /// `ignored.yaml`.
    pub ignored: Ignored,
}

impl Ours {
    /// Reads it from the repository.
    ///
    /// # Errors
    ///
    /// If a file is missing or cannot be read.
    pub fn read() -> Result<Self> {
        Ok(Self { overlay: source::overlay()?, names: source::names()?, ignored: source::ignored()? })
    }
}

/// What comes of a document.
#[allow(missing_debug_implementations)]
pub struct Plan {
    /// The document in our form, with the overlay and the actions over it.
    pub merged: Value,
    /// The actions that the overlay gets.
    pub actions: Vec<Action>,
    /// What somebody should know.
    pub notes: Vec<String>,
    /// What somebody has to decide before anything is made of it.
    pub findings: Vec<Finding>,
    /// What is made of it, if there is nothing to decide.
    pub generated: Option<Generated>,
}

/// A document in our form, with all that is laid over it.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) merged: Value,
    actions: Vec<Action>,
    notes: Vec<String>,
    findings: Vec<Finding>,
}

/// Adopts and completes `document`.
pub(super) fn merged(document: Value, ours: &Ours) -> Merged {
    let Adopted { document: mut merged, mut notes, mut findings } = adopt(document, &ours.names);
    findings.extend(overlay::lay(&mut merged, &ours.overlay));
    let Completed { actions, findings: open } = complete(&mut merged);
    findings.extend(open);
    merged.sort_all_objects();
    let given = |action: &Action| {
        let update = action.update.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("by rule, in {}: {} {update}", overlay::FILE, action.target)
    };
    notes.extend(actions.iter().map(given));
    Merged { merged, actions, notes, findings }
}

/// Adopts, completes and checks `document`, and generates from it if there is nothing to decide.
#[must_use]
pub fn plan(document: Value, ours: &Ours) -> Plan {
    let Merged { merged, actions, mut notes, mut findings } = merged(document, ours);
    findings.extend(check(&merged, &ours.ignored));
    let mut made = None;
    if findings.is_empty() {
        match generated(&merged) {
            Ok(done) => made = Some(done),
            Err(error) => findings.push(Finding::new(
                "the document",
                format!("{error:#}"),
                "take out what it names by an action in openapi/overlay.yaml, or teach the generator",
            )),
        }
    }
    if let Some(made) = &made {
        let raw = made.raw_only.iter();
        notes.extend(raw.map(|raw| format!("{} has no typed method: {}", raw.operation, raw.reason)));
    }
    Plan { merged, actions, notes, findings, generated: made }
}
