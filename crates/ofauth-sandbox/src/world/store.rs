//! All collections of all connections: what is there, and what requests change.
//!
//! Reading leaves nothing behind: only what was written takes memory.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::cached_list::CachedList;
use super::collection::Collection;
use super::list::{List, STRIDE, Stored, View};
use super::moments::NEWEST;
use super::pace::LOOKS;
use super::seeds::Seeds;
use super::vault_plus::CopySettings;
use crate::error::ApiError;
use crate::number;

/// The first id of what requests create. Real ones can have 13 digits, so these do.
const FIRST_CREATED: u64 = 1_700_000_000_001;

/// What is listed together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(super) connection: String,
    pub(super) collection: Collection,
    /// The id of the item that it belongs to, or 0.
    pub(super) parent: u64,
}

impl Key {
    pub(crate) fn new(connection: &str, collection: Collection, parent: u64) -> Self {
        let connection = if collection.is_shared() { String::new() } else { connection.to_owned() };
        Self { connection, collection, parent }
    }

    pub(crate) fn collection(&self) -> Collection {
        self.collection
    }

    pub(crate) fn connection(&self) -> &str {
        &self.connection
    }

    pub(crate) fn parent(&self) -> u64 {
        self.parent
    }

    /// Another collection of the same connection.
    pub(crate) fn beside(&self, collection: Collection, parent: u64) -> Self {
        Self::new(&self.connection, collection, parent)
    }

    /// The error for an id that is not there.
    pub(crate) fn not_found(&self, id: &str) -> ApiError {
        ApiError::not_found(format!("there is no {} \"{id}\"", self.collection.item()))
    }

    /// Where that is listed which these belong to.
    pub(crate) fn owner(&self) -> Option<Self> {
        let owner = self.collection.belongs_to().unwrap_or(Collection::Users);
        (self.parent != 0).then(|| self.beside(owner, 0))
    }
}

/// The world.
#[derive(Debug)]
pub(crate) struct World {
    pub(super) seeds: Seeds,
    lists: HashMap<Key, List>,
    /// The ids of created items whose own id is no number.
    names: HashMap<Key, HashMap<String, u64>>,
    /// What Vault+ of every connection has copies of from the start, besides what is seeded.
    copies: List,
    /// The lists of the vault that Vault+ keeps copies of, by what is in them.
    pub(super) cached_lists: HashMap<Key, CachedList>,
    pub(super) keeping: CopySettings,
    /// What was set for the account, under no name, and for connections.
    settings: HashMap<String, Value>,
    /// The connections that were ended.
    disconnected: BTreeSet<String>,
    created: u64,
    /// The latest moment, in microseconds since 1970; no two items that were created have the same.
    latest: i64,
}

impl World {
    pub(crate) fn new(seeds: Seeds) -> Self {
        let seeds = seeds.settled();
        Self {
            seeds,
            lists: HashMap::new(),
            names: HashMap::new(),
            copies: List::default(),
            cached_lists: HashMap::new(),
            keeping: CopySettings::default(),
            settings: HashMap::new(),
            disconnected: BTreeSet::new(),
            created: 0,
            latest: NEWEST,
        }
    }

    /// Keeps copies as these settings say.
    pub(crate) fn keeping(self, keeping: CopySettings) -> Self {
        Self { keeping, ..self }
    }

    /// Has copies of the media with these ids in the Vault+ of every connection.
    pub(crate) fn with_copies(mut self, ids: &[String]) -> Self {
        let seeded = View::new(None, self.seeds.count(Collection::VaultPlus));
        for id in ids {
            let fields = Map::from_iter([("id".to_owned(), json!(id))]);
            let number = id.parse().unwrap_or(FIRST_CREATED + self.created * STRIDE);
            if seeded.has(number) {
                continue;
            }
            self.created += 1;
            self.copies.create(number, Stored::new(NEWEST, fields));
        }
        self
    }

    fn started_with(&self, key: &Key) -> Option<&List> {
        (key.collection == Collection::VaultPlus).then_some(&self.copies)
    }

    /// What requests did to a collection, to be changed.
    fn list(&mut self, key: Key) -> &mut List {
        let start = self.started_with(&key).cloned().unwrap_or_default();
        self.lists.entry(key).or_insert(start)
    }

    /// A collection as it is now.
    pub(crate) fn view(&self, key: &Key) -> View<'_> {
        // What belongs to something that was created has nothing seeded in it.
        let owned = key.owner().is_none_or(|owner| self.view(&owner).number(key.parent).is_some());
        let list = self.lists.get(key).or_else(|| self.started_with(key));
        View::new(list, if owned { self.seeds.count(key.collection) } else { 0 })
    }

    /// The id of the item that `text` names.
    pub(crate) fn find(&self, key: &Key, text: &str) -> Result<u64, ApiError> {
        let view = self.view(key);
        let number = number::whole_text(text).and_then(|id| u64::try_from(id).ok());
        number.filter(|id| view.has(*id)).or_else(|| self.named(key, text)).ok_or_else(|| key.not_found(text))
    }

    /// The id of the item whose id is no number.
    fn named(&self, key: &Key, name: &str) -> Option<u64> {
        let id = self.names.get(key).and_then(|names| names.get(name)).copied();
        let is_called = |stored: &Stored| stored.fields().get("id").is_some_and(|id| id == name);
        let started = || self.started_with(key)?.created().find(|(_, stored)| is_called(stored));
        id.or_else(|| started().map(|(id, _)| id)).filter(|id| self.view(key).has(*id))
    }

    /// Keeps a new item with the fields of its request, and returns its id.
    pub(crate) fn create(&mut self, key: Key, fields: Map<String, Value>) -> u64 {
        let id = FIRST_CREATED + self.created * STRIDE;
        self.created += 1;
        self.insert(key, id, fields);
        id
    }

    /// How many items were created, also of those that are gone: a number that no other has.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    /// Adds an item that has its id already; once is enough.
    pub(crate) fn insert(&mut self, key: Key, id: u64, fields: Map<String, Value>) {
        let view = self.view(&key);
        let (there, seeded) = (view.has(id), view.number(id).is_some());
        let at = self.now();
        if let Some(Value::String(name)) = fields.get("id") {
            self.names.entry(key.clone()).or_default().insert(name.clone(), id);
        }
        let list = self.list(key);
        match (there, seeded) {
            (true, _) => {}
            (false, true) => list.restore(id),
            (false, false) => list.create(id, Stored::new(at, fields)),
        }
    }

    /// The moment of what happens now.
    pub(super) fn now(&mut self) -> i64 {
        self.latest = Timestamp::now().as_microsecond().max(self.latest + 1);
        self.latest
    }

    /// What requests said of an item so far.
    pub(crate) fn fields(&self, key: &Key, id: u64) -> Map<String, Value> {
        self.view(key).stored(id).map(Stored::fields).unwrap_or_default()
    }

    /// Keeps what requests say of an item that is there, instead of what they said before.
    pub(crate) fn replace(&mut self, key: Key, id: u64, fields: Map<String, Value>) {
        let at = self.view(&key).at(id);
        self.list(key).change(id, Stored::new(at, fields));
    }

    /// Keeps what a request says of an item, besides what others said before.
    pub(crate) fn merge(&mut self, key: Key, id: u64, fields: Map<String, Value>) {
        let mut all = self.fields(&key, id);
        all.extend(fields);
        self.replace(key, id, all);
    }

    /// Notes that something was seen, which is what makes it get ready.
    pub(crate) fn look(&mut self, key: &Key, id: u64) {
        let mut fields = self.fields(key, id);
        if let Some(looks) = fields.get(LOOKS).and_then(Value::as_u64) {
            fields.insert(LOOKS.to_owned(), json!(looks + 1));
            self.replace(key.clone(), id, fields);
        }
    }

    pub(crate) fn delete(&mut self, key: Key, id: u64) {
        self.list(key).delete(id);
    }

    pub(crate) fn delete_all(&mut self, key: Key) {
        self.list(key).delete_all();
    }

    /// Notes that a connection was ended.
    pub(crate) fn disconnect(&mut self, connection: &str) {
        self.disconnected.insert(connection.to_owned());
    }

    pub(crate) fn is_disconnected(&self, connection: &str) -> bool {
        self.disconnected.contains(connection)
    }

    /// What was set for a connection, or for the account under no name.
    pub(crate) fn settings(&self, connection: &str) -> Value {
        self.settings.get(connection).cloned().unwrap_or_default()
    }

    /// Sets what a patch says, besides what was set before.
    pub(crate) fn patch_settings(&mut self, connection: &str, patch: &Value) {
        merge(self.settings.entry(connection.to_owned()).or_default(), patch);
    }

    /// Every connection that wrote something.
    pub(crate) fn connections(&self) -> BTreeSet<&str> {
        self.lists
            .keys()
            .map(|key| key.connection.as_str())
            .filter(|connection| !connection.is_empty())
            .collect()
    }

    /// The request fields of everything that was written into these collections, in order of creation.
    pub(crate) fn records(&self, collections: &[Collection]) -> Vec<Value> {
        let lists = self.lists.iter().filter(|(key, _)| collections.contains(&key.collection));
        let mut written: Vec<(&Key, u64, &Stored)> =
            lists.flat_map(|(key, list)| list.written().map(move |(id, stored)| (key, id, stored))).collect();
        written.sort_by_key(|(_, id, stored)| (stored.at, *id));
        written.into_iter().map(|(key, id, stored)| record(key, id, stored)).collect()
    }
}

/// Puts what a patch says into a value.
fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change.clone(),
    }
}

/// The fields of a request, with what the sandbox knows besides.
fn record(key: &Key, id: u64, stored: &Stored) -> Value {
    let mut fields = stored.fields();
    let kind = match key.collection {
        Collection::Posts => "post",
        Collection::Messages => "chatMessage",
        Collection::MassMessages => "massMessage",
        other => other.item(),
    };
    fields.insert("id".to_owned(), json!(id));
    fields.insert("kind".to_owned(), json!(kind));
    fields.insert("connectionId".to_owned(), json!(key.connection));
    if key.parent != 0 {
        fields.insert("userId".to_owned(), json!(key.parent.to_string()));
    }
    Value::Object(fields)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
