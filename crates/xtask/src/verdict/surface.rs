//! The safety net: what the generated client lost, changed or gained that no rule explains.
//!
//! The rules know what the JSON means, and the kinds of types. The names that the generator gives them, and what the
//! passes of lowering make of a schema, are compared as they are: by the listings of types and calls.

use std::collections::{BTreeMap, BTreeSet};
use std::panic;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::api::{Api, Operation};
use super::change::{Audience, Change, Level, Section, Verdict};
use super::matching;
use crate::lower::pascal;
use crate::report::Reports;
use crate::typed::generated;

/// Headings and the lines below them.
type Listing = BTreeMap<String, BTreeSet<String>>;

/// What the generated client of one document has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    types: Listing,
    calls: Listing,
}

impl Surface {
    /// Generates the clients of two merged documents and lists them. An operation that has none of our ids gets that of the
    /// other document, or one that both have.
    ///
    /// # Errors
    ///
    /// If one of the clients cannot be generated.
    pub fn of(old: &Value, new: &Value) -> Result<(Self, Self)> {
        let (before, after) = (Api::read(old)?, Api::read(new)?);
        let (mut old, mut new) = (old.clone(), new.clone());
        for (before, after) in matching::pairs(&before, &after) {
            let ours = before.and_then(|it| it.id.clone()).or_else(|| after.and_then(|it| it.id.clone()));
            for (document, operation) in [(&mut old, before), (&mut new, after)] {
                let Some(operation) = operation.filter(|operation| operation.id.is_none()) else { continue };
                let id = ours.clone().unwrap_or_else(|| stand_in(operation));
                let item = document.get_mut("paths").and_then(|paths| paths.get_mut(&operation.path));
                if let Some(Value::Object(raw)) = item.and_then(|item| item.get_mut(&operation.method)) {
                    raw.insert("operationId".to_owned(), json!(id));
                }
            }
        }
        // The new one first: it is the one that may fail.
        let new = Self::generate(new)?;
        Ok((Self::generate(old)?, new))
    }

    fn generate(merged: Value) -> Result<Self> {
        // The generator recurses as deep as schemas nest, and is not known to be free of panics.
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        let generation = thread.spawn(move || panic::catch_unwind(|| Reports::of(&generated(&merged)?)));
        let reports = generation.context("no thread")?.join().and_then(|caught| caught);
        let reports = reports.map_err(|_| anyhow!("the generator panics"))??;
        Ok(Self::read(&reports.types, &reports.calls))
    }

    /// Reads the two listings of [`Reports`].
    #[must_use]
    pub fn read(types: &str, calls: &str) -> Self {
        Self { types: listing(types), calls: listing(calls) }
    }
}

/// An id of method and path, for operations that have none of ours in either document.
fn stand_in(operation: &Operation) -> String {
    let words = format!("{} {}", operation.method, operation.bare_path().replace("{}", "by"));
    let words = words.split(|it: char| !it.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// A deprecated item is hidden, which a rule says already.
fn listing(text: &str) -> Listing {
    let mut all = Listing::new();
    let mut heading = String::new();
    for line in text.lines() {
        let line = line.trim_end_matches(" (hidden)");
        match line.strip_prefix("    ") {
            Some(detail) => {
                all.entry(heading.clone()).or_default().insert(detail.to_owned());
            }
            None => {
                line.clone_into(&mut heading);
                all.entry(heading.clone()).or_default();
            }
        }
    }
    all
}

impl Verdict {
    /// Adds what the listings of the generated clients differ in and no change explains.
    pub fn hold_against(&mut self, old: &Surface, new: &Surface) {
        let mut found = Vec::new();
        let types = Compared { verdict: self, audience: |_: &str| Audience::RustTypes, what: "type" };
        types.compare(&old.types, &new.types, &mut found);
        let audience = |line: &str| {
            if line.starts_with("->") || line.starts_with("body:") {
                Audience::RustTypes
            } else {
                Audience::Parameters
            }
        };
        Compared { verdict: self, audience, what: "call" }.compare(&old.calls, &new.calls, &mut found);
        found.into_iter().for_each(|change| self.add(change));
        self.sort();
    }

    /// Whether a change that an audience notices explains that a type or call is another one, or one line of it.
    fn explains(&self, heading: &str, line: Option<&str>, audience: Audience) -> bool {
        let name = heading.rsplit(' ').next().unwrap_or(heading);
        let bare = name.strip_suffix("Input").unwrap_or(name);
        let answer = line.is_some_and(|line| line.starts_with("->"));
        let field = line.and_then(|line| Some(line.split_once(':')?.0)).map(pascal);
        self.changes.iter().any(|change| {
            let about_call = change.operations.iter().any(|operation| operation == name);
            let around = |known: &String| known.len() > 3 && name.starts_with(known.as_str());
            let itself = |known: &String| match &field {
                Some(field) => [name, bare].iter().any(|owner| *known == format!("{owner}{field}")),
                None => known == name || known == bare,
            };
            match change.levels.get(&audience).copied().unwrap_or(Level::None) {
                Level::None => false,
                // What is broken is told; the types in place are named after what is around them.
                Level::Breaking => {
                    about_call || change.types.iter().any(|known| around(known) || itself(known))
                }
                Level::Feature => {
                    let place = &change.place;
                    let whole = answer && place.starts_with("answer ") && !place.contains(['.', '[']);
                    let named = field.is_some() && field == place.rsplit(' ').next().map(pascal);
                    change.types.iter().any(itself) || (about_call && (whole || named))
                }
            }
        })
    }
}

struct Compared<'a, F> {
    verdict: &'a Verdict,
    audience: F,
    what: &'static str,
}

impl<F: Fn(&str) -> Audience> Compared<'_, F> {
    fn compare(&self, old: &Listing, new: &Listing, found: &mut Vec<Change>) {
        for (heading, before) in old {
            match new.get(heading) {
                Some(after) => self.lines(heading, before, after, found),
                // What else is broken explains that a type is not needed any more.
                None if self.verdict.of((self.audience)("->")) == Level::Breaking => {}
                None if self.verdict.explains(heading, None, (self.audience)("->")) => {}
                None => found.push(self.change(heading, "", Section::Removed, "is gone", Level::Breaking)),
            }
        }
        for heading in new.keys().filter(|heading| !old.contains_key(*heading)) {
            if self.verdict.of((self.audience)("->")) == Level::None {
                found.push(self.change(heading, "", Section::Added, "is new", Level::Feature));
            }
        }
    }

    fn lines(
        &self,
        heading: &str,
        before: &BTreeSet<String>,
        after: &BTreeSet<String>,
        found: &mut Vec<Change>,
    ) {
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let unexplained = |line: &&String| !self.verdict.explains(heading, Some(line), (self.audience)(line));
        let gone: Vec<&String> = before.difference(after).filter(unexplained).collect();
        let mut fresh: Vec<&String> = after.difference(before).filter(unexplained).collect();
        for line in gone {
            let same = fresh.iter().position(|other| name(other) == name(line));
            let (section, what) = match same.map(|position| fresh.remove(position)) {
                Some(now) => (Section::Changed, format!("is `{now}`, was `{line}`")),
                None => (Section::Removed, format!("has lost `{line}`")),
            };
            found.push(self.change(heading, line, section, &what, Level::Breaking));
        }
        for line in fresh {
            found.push(self.change(
                heading,
                line,
                Section::Added,
                &format!("has the new `{line}`"),
                Level::Feature,
            ));
        }
    }

    fn change(&self, heading: &str, line: &str, section: Section, what: &str, level: Level) -> Change {
        let (sees, remedy) = match level {
            Level::Breaking => {
                ("Code that names it does not compile; the JSON is the same", "Write it in its new form")
            }
            _ => ("There is something new in Rust", "Nothing"),
        };
        let operation = if self.what == "call" { heading } else { "" };
        let place = format!("Rust {} {heading}", self.what);
        let line = if line.is_empty() { "->" } else { line };
        Change::new(operation, &place, section, what).at(level, &[(self.audience)(line)]).tell(sees, remedy)
    }
}
