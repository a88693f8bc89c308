//! What a verdict is made of: changes, each with its weight for each audience.

use std::collections::{BTreeMap, BTreeSet};

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
    pub(super) types: Vec<String>,
}

impl Change {
    /// A change that nobody notices yet.
    pub(super) fn new(operation: &str, place: &str, section: Section, what: impl Into<String>) -> Self {
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

    pub(super) fn at(mut self, level: Level, audiences: &[Audience]) -> Self {
        self.levels.extend(audiences.iter().map(|audience| (*audience, level)));
        self
    }

    pub(super) fn tell(mut self, sees: &str, remedy: impl Into<String>) -> Self {
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
    /// The operations of both documents.
    pub(super) operations: BTreeSet<String>,
    /// Where in `changes` one with this place, text and remedy is.
    pub(super) known: BTreeMap<(String, String, String), usize>,
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
    pub(super) fn add(&mut self, mut change: Change) {
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

    pub(super) fn sort(&mut self) {
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
