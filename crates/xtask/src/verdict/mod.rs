//! What a new document means to those who use what was made from the old one.
//!
//! A pure function over two documents. The measure is what a caller of the old document can notice: what a request may
//! not be any more, and what an answer may be now. oasdiff's checks are the model; where this is stricter or milder,
//! `openapi/README.md` says so. What the comparison of schemas cannot foresee, such as the name that the generator gives
//! a type, is caught by the listing of the generated client, see [`surface`].

mod api;
mod changelog;
mod components;
mod contents;
mod fields;
mod limits;
mod matching;
mod members;
mod operations;
mod page;
mod parameters;
mod rust;
mod shape;
mod surface;
mod values;
mod variants;
mod walk;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

pub use api::{Api, parse};
pub use surface::Surface;

/// How much a change matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nobody notices.
    None,
    /// There is something new, and what was there works as before.
    Feature,
    /// What was right is wrong now, or comes in another form.
    Breaking,
}

/// Who may notice a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Who uses the types and methods of the generated client.
    RustTypes,
    /// Who names operations and parameters: setters in Rust, C, Go, the command.
    Parameters,
    /// Who writes or reads JSON and HTTP: raw calls, bodies in C, Go and the command, other clients.
    Wire,
    /// Who receives webhooks.
    Webhooks,
}

/// Where a line on a change belongs in a changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// It is new.
    Added,
    /// It is another way now.
    Changed,
    /// It is to go.
    Deprecated,
    /// It is gone.
    Removed,
}

/// One difference between two documents.
#[derive(Debug, Clone)]
pub struct Change {
    /// How much it matters to whom; who is not named does not notice.
    pub levels: BTreeMap<Audience, Level>,
    /// The operations by our id, or by method and path; or the events. Empty: the document as a whole.
    pub operations: Vec<String>,
    /// The place inside: `query limit`, `request field PostInput.price`, `answer field VaultMedia.duration`.
    pub place: String,
    /// The whole ways to the place from the operations: `answer 200.list[].duration`.
    pub paths: BTreeSet<String>,
    /// What happened, without a full stop.
    pub what: String,
    /// What a user sees of it.
    pub sees: String,
    /// What a user must do.
    pub remedy: String,
    /// Where it belongs in a changelog.
    pub section: Section,
    /// The Rust types that it concerns.
    pub(crate) types: Vec<String>,
}

impl Change {
    /// A change that nobody notices yet.
    fn new(operation: &str, place: &str, section: Section, what: impl Into<String>) -> Self {
        Self {
            levels: BTreeMap::new(),
            operations: Some(operation.to_owned()).filter(|name| !name.is_empty()).into_iter().collect(),
            place: place.to_owned(),
            paths: BTreeSet::new(),
            what: what.into(),
            sees: String::new(),
            remedy: "Nothing".to_owned(),
            section,
            types: Vec::new(),
        }
    }

    fn at(mut self, level: Level, audiences: &[Audience]) -> Self {
        self.levels.extend(audiences.iter().map(|audience| (*audience, level)));
        self
    }

    fn tell(mut self, sees: &str, remedy: impl Into<String>) -> Self {
        (self.sees, self.remedy) = (sees.to_owned(), remedy.into());
        self
    }

    /// The highest level of all audiences.
    #[must_use]
    pub fn level(&self) -> Level {
        self.levels.values().copied().max().unwrap_or(Level::None)
    }
}

/// What a new document means.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Every change, the weightiest first.
    pub changes: Vec<Change>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
    /// How many operations the new document has.
    operations: usize,
    /// Where in `changes` one with this place, text and remedy is.
    known: BTreeMap<(String, String, String), usize>,
}

impl Verdict {
    /// The level over all audiences.
    #[must_use]
    pub fn level(&self) -> Level {
        self.changes.iter().map(Change::level).max().unwrap_or(Level::None)
    }

    /// The level for one audience.
    #[must_use]
    pub fn of(&self, audience: Audience) -> Level {
        let levels = self.changes.iter().filter_map(|change| change.levels.get(&audience));
        levels.copied().max().unwrap_or(Level::None)
    }

    /// Adds a change; one that says the same of other operations takes them in.
    fn add(&mut self, mut change: Change) {
        change.levels.retain(|_, level| *level > Level::None);
        let key = (change.place.clone(), change.what.clone(), change.remedy.clone());
        let known = self.known.get(&key).and_then(|index| self.changes.get_mut(*index));
        let Some(same) = known else {
            self.known.insert(key, self.changes.len());
            return self.changes.push(change);
        };
        for (audience, level) in change.levels {
            let known = same.levels.entry(audience).or_insert(level);
            *known = level.max(*known);
        }
        same.operations.extend(change.operations);
        same.types.extend(change.types);
        same.paths.extend(change.paths);
    }

    fn sort(&mut self) {
        for change in &mut self.changes {
            change.operations.sort();
            change.operations.dedup();
        }
        self.changes.sort_by(|a, b| {
            let key =
                |change: &Change| (change.operations.clone(), change.place.clone(), change.what.clone());
            b.level().cmp(&a.level()).then_with(|| key(a).cmp(&key(b)))
        });
        self.known.clear();
    }
}

/// What `new` means to users of `old`.
#[must_use]
pub fn verdict(old: &Api, new: &Api) -> Verdict {
    let mut verdict = Verdict { operations: new.operations.len(), ..Verdict::default() };
    let pairs = matching::pairs(old, new);
    operations::compare(old, new, &pairs, &mut verdict);
    components::compare(old, new, &mut verdict);
    webhooks::compare(old, new, &mut verdict);
    operations::words(old, new, &pairs, &mut verdict);
    verdict.sort();
    verdict
}

/// The verdict over two merged documents.
///
/// # Errors
///
/// If one of them is no OpenAPI document.
pub fn diff(old: &Value, new: &Value) -> Result<Verdict> {
    let old = Api::read(old).context("the old document")?;
    Ok(verdict(&old, &Api::read(new).context("the new document")?))
}

/// The verdict over two merged documents and the clients that are generated from them. Where no client can be generated,
/// a note says so.
///
/// # Errors
///
/// If one of them is no OpenAPI document.
pub fn diff_with_clients(old: &Value, new: &Value) -> Result<Verdict> {
    let mut verdict = diff(old, new)?;
    match Surface::of(old, new) {
        Ok((old, new)) => verdict.hold_against(&old, &new),
        Err(error) => verdict.notes.push(format!("The generated clients were not compared: {error:#}.")),
    }
    Ok(verdict)
}
