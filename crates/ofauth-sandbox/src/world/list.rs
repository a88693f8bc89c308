//! One collection: the order of its items, and what requests created, changed and deleted in it.
//!
//! Items are known by their ids, and a higher id is newer. The ids of seeded items lie apart from each other, so that
//! there is always a place between two of them. What an item says of itself is kept as JSON text, which is smaller.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::moments;

/// The id of the oldest seeded item, and of everything in the document's examples.
pub(crate) const FIRST_ID: u64 = 12345;

/// The distance of the ids of seeded items.
pub(crate) const STRIDE: u64 = 16;

/// What a request left of an item.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// When it was created, in microseconds since 1970.
    pub(crate) at: i64,
    text: Box<str>,
}

impl Stored {
    pub(crate) fn new(at: i64, fields: Map<String, Value>) -> Self {
        Self { at, text: Value::Object(fields).to_string().into() }
    }

    pub(crate) fn fields(&self) -> Map<String, Value> {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// What requests did to a collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    /// What was created, or came in with an id of its own.
    created: BTreeMap<u64, Stored>,
    /// What was changed among the seeded.
    changed: BTreeMap<u64, Stored>,
    /// What was deleted among the seeded.
    deleted: BTreeSet<u64>,
    /// Whether nothing seeded is left.
    emptied: bool,
}

/// Which way a list is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    NewestFirst,
    OldestFirst,
}

impl Order {
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::NewestFirst => Self::OldestFirst,
            Self::OldestFirst => Self::NewestFirst,
        }
    }
}

/// Where a walk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Behind this many items.
    Index(u64),
    /// Behind the item with this id, or where it would be.
    Id(u64),
    /// Behind the item of this moment, or where it would be.
    Moment(i64),
}

/// A collection as it is now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    list: Option<&'a List>,
    seeded: u64,
}

/// The ids of items.
pub(crate) type Ids<'a> = Box<dyn Iterator<Item = u64> + 'a>;

impl List {
    pub(crate) fn create(&mut self, id: u64, stored: Stored) {
        self.created.insert(id, stored);
    }

    /// Takes back a deletion.
    pub(crate) fn restore(&mut self, id: u64) {
        self.deleted.remove(&id);
    }

    /// Keeps what a request said of an item that is there.
    pub(crate) fn change(&mut self, id: u64, stored: Stored) {
        match self.created.get_mut(&id) {
            Some(created) => *created = stored,
            None => drop(self.changed.insert(id, stored)),
        }
    }

    pub(crate) fn delete(&mut self, id: u64) {
        if self.created.remove(&id).is_none() {
            self.changed.remove(&id);
            self.deleted.insert(id);
        }
    }

    pub(crate) fn delete_all(&mut self) {
        *self = Self { emptied: true, ..Self::default() };
    }

    /// What was created, the oldest first.
    pub(crate) fn created(&self) -> impl Iterator<Item = (u64, &Stored)> {
        self.created.iter().map(|(id, stored)| (*id, stored))
    }

    /// What was created or changed, the oldest first.
    pub(crate) fn written(&self) -> impl Iterator<Item = (u64, &Stored)> {
        self.changed.iter().map(|(id, stored)| (*id, stored)).chain(self.created())
    }
}

impl<'a> View<'a> {
    /// A collection that began with `seeded` items, after what happened to it.
    pub(crate) fn new(list: Option<&'a List>, seeded: u64) -> Self {
        Self { list, seeded: if list.is_some_and(|list| list.emptied) { 0 } else { seeded } }
    }

    pub(crate) fn len(self) -> u64 {
        let (created, deleted) =
            self.list.map_or((0, 0), |list| (list.created.len() as u64, list.deleted.len() as u64));
        (self.seeded + created).saturating_sub(deleted)
    }

    pub(crate) fn has(self, id: u64) -> bool {
        self.list.is_some_and(|list| list.created.contains_key(&id))
            || (self.number(id).is_some() && !self.list.is_some_and(|list| list.deleted.contains(&id)))
    }

    pub(crate) fn newest(self) -> Option<u64> {
        self.ids(Order::NewestFirst, Start::Index(0)).next()
    }

    /// The number of a seeded item, counted from the oldest.
    pub(crate) fn number(self, id: u64) -> Option<u64> {
        let distance = id.checked_sub(FIRST_ID)?;
        let number = distance / STRIDE;
        (distance % STRIDE == 0 && number < self.seeded).then_some(number)
    }

    /// The ids of what was created, the oldest first.
    pub(crate) fn created(self) -> impl Iterator<Item = u64> + 'a {
        self.list.into_iter().flat_map(|list| list.created.keys().copied())
    }

    /// How many items it began with, also those that are deleted.
    pub(crate) fn seeded(self) -> u64 {
        self.seeded
    }

    /// The ids of the seeded items that are deleted.
    pub(crate) fn deleted(self) -> impl Iterator<Item = u64> + 'a {
        self.list.into_iter().flat_map(|list| list.deleted.iter().copied())
    }

    /// What a request said of an item.
    pub(crate) fn stored(self, id: u64) -> Option<&'a Stored> {
        let list = self.list?;
        list.created.get(&id).or_else(|| list.changed.get(&id))
    }

    /// When an item was created.
    pub(crate) fn at(self, id: u64) -> i64 {
        match (self.stored(id), self.number(id)) {
            (Some(stored), _) => stored.at,
            (None, Some(number)) => moments::moment_of(number, self.seeded),
            (None, None) => moments::NEWEST,
        }
    }

    /// The ids of the items from `start` on. It takes no time that grows with what lies before, but for what was created.
    pub(crate) fn ids(self, order: Order, start: Start) -> Ids<'a> {
        match order {
            Order::NewestFirst => self.falling(start),
            Order::OldestFirst => self.rising(start),
        }
    }

    fn falling(self, start: Start) -> Ids<'a> {
        let created = self.list.into_iter().flat_map(|list| list.created.iter().rev());
        match start {
            Start::Index(index) => {
                let count = self.list.map_or(0, |list| list.created.len() as u64);
                let skipped = usize::try_from(index).unwrap_or(usize::MAX);
                let seeded = self.seeded_below(self.after_deleted(index.saturating_sub(count)));
                Box::new(created.skip(skipped).map(|(id, _)| *id).chain(seeded))
            }
            Start::Id(end) => {
                let created = self.list.into_iter().flat_map(move |list| list.created.range(..end).rev());
                let numbers = end.saturating_sub(FIRST_ID).div_ceil(STRIDE).min(self.seeded);
                let created = created.map(|(id, _)| *id);
                Box::new(merged(created, self.seeded_below(numbers), |one, other| one > other))
            }
            Start::Moment(end) => {
                let created = created.skip_while(move |(_, stored)| stored.at >= end).map(|(id, _)| *id);
                Box::new(created.chain(self.seeded_below(moments::count_before(end, self.seeded))))
            }
        }
    }

    fn rising(self, start: Start) -> Ids<'a> {
        let created = self.list.into_iter().flat_map(|list| list.created.iter());
        match start {
            Start::Index(index) => {
                let all = self.seeded_from(0).chain(created.map(|(id, _)| *id));
                Box::new(all.skip(usize::try_from(index).unwrap_or(usize::MAX)))
            }
            Start::Id(start) => {
                let first = start.saturating_add(1).saturating_sub(FIRST_ID).div_ceil(STRIDE);
                let created = created.map(|(id, _)| *id).skip_while(move |id| *id <= start);
                Box::new(merged(created, self.seeded_from(first), |one, other| one < other))
            }
            Start::Moment(start) => {
                let first = moments::count_before(start.saturating_add(1), self.seeded);
                let created = created.skip_while(move |(_, stored)| stored.at <= start).map(|(id, _)| *id);
                Box::new(self.seeded_from(first).chain(created))
            }
        }
    }

    /// The ids of the first `count` seeded items, the newest first.
    fn seeded_below(self, count: u64) -> impl Iterator<Item = u64> + 'a {
        (0..count).rev().map(id_of).filter(move |id| !self.is_deleted(*id))
    }

    fn seeded_from(self, first: u64) -> impl Iterator<Item = u64> + 'a {
        (first..self.seeded).map(id_of).filter(move |id| !self.is_deleted(*id))
    }

    fn is_deleted(self, id: u64) -> bool {
        self.list.is_some_and(|list| list.deleted.contains(&id))
    }

    /// How many seeded items are left behind the newest `index` of those that are there.
    fn after_deleted(self, index: u64) -> u64 {
        let mut left = self.seeded.saturating_sub(index);
        for id in self.list.into_iter().flat_map(|list| list.deleted.iter().rev()) {
            if *id < id_of(left) {
                break;
            }
            left = left.saturating_sub(1);
        }
        left
    }
}

/// The id of the seeded item with this number, counted from the oldest.
pub(crate) fn id_of(number: u64) -> u64 {
    FIRST_ID + number * STRIDE
}

/// Two orders of ids as one; `comes_first` says which of two ids does.
fn merged(
    one: impl Iterator<Item = u64>,
    other: impl Iterator<Item = u64>,
    comes_first: fn(u64, u64) -> bool,
) -> impl Iterator<Item = u64> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if !comes_first(*first, *second) => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
