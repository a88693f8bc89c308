//! All collections of all connections: what is there, and what requests change.
//!
//! Reading leaves nothing behind: only what was written takes memory.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::collection::Collection;
use super::facts::{self, Around};
use super::list::{FIRST_ID, List, STRIDE, Stored, View, id_of};
use super::moments::{NEWEST, chance};
use super::seeds::Seeds;
use super::shape::Frame;
use super::vault_plus::{self, READS};
use crate::error::ApiError;
use crate::number;

/// The first id of what requests create. Real ones can have 13 digits, so these do.
const FIRST_CREATED: u64 = 1_700_000_000_001;

/// What is listed together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    connection: String,
    collection: Collection,
    /// The id of the item that it belongs to, or 0.
    parent: u64,
}

impl Key {
    pub(crate) fn new(connection: &str, collection: Collection, parent: u64) -> Self {
        let connection = if collection.is_shared() { String::new() } else { connection.to_owned() };
        Self { connection, collection, parent }
    }

    pub(crate) fn collection(&self) -> Collection {
        self.collection
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
    seeds: Seeds,
    lists: HashMap<Key, List>,
    /// What Vault+ of every connection has copies of from the start, besides what is seeded.
    copies: List,
    created: u64,
    /// The latest moment, in microseconds since 1970; no two items that were created have the same.
    latest: i64,
}

impl World {
    pub(crate) fn new(seeds: Seeds) -> Self {
        let seeds = seeds.settled();
        Self { seeds, lists: HashMap::new(), copies: List::default(), created: 0, latest: NEWEST }
    }

    /// Has copies of the media with these ids in the Vault+ of every connection.
    pub(crate) fn with_copies(mut self, ids: &[String]) -> Self {
        for id in ids {
            let fields = Map::from_iter([("id".to_owned(), json!(id))]);
            let number = id.parse().unwrap_or(FIRST_CREATED + self.created * STRIDE);
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
        let mut created = self.lists.get(key).or_else(|| self.started_with(key))?.created();
        created.find(|(_, stored)| stored.fields().get("id").is_some_and(|id| id == name)).map(|(id, _)| id)
    }

    /// Keeps a new item with the fields of its request, and returns its id.
    pub(crate) fn create(&mut self, key: Key, fields: Map<String, Value>) -> u64 {
        let id = FIRST_CREATED + self.created * STRIDE;
        self.created += 1;
        self.insert(key, id, fields);
        id
    }

    /// Adds an item that has its id already; once is enough.
    pub(crate) fn insert(&mut self, key: Key, id: u64, fields: Map<String, Value>) {
        let view = self.view(&key);
        let (there, seeded) = (view.has(id), view.number(id).is_some());
        self.latest = Timestamp::now().as_microsecond().max(self.latest + 1);
        let at = self.latest;
        let list = self.list(key);
        match (there, seeded) {
            (true, _) => {}
            (false, true) => list.restore(id),
            (false, false) => list.create(id, Stored::new(at, fields)),
        }
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

    /// Notes that a copy in Vault+ was asked for, which is what makes it come into being.
    pub(crate) fn look_at_copy(&mut self, key: &Key, id: u64) {
        let mut fields = self.fields(key, id);
        if let Some(reads) =
            fields.get(READS).and_then(Value::as_u64).filter(|_| !vault_plus::is_stored(&fields))
        {
            fields.insert(READS.to_owned(), json!(reads + 1));
            self.replace(key.clone(), id, fields);
        }
    }

    pub(crate) fn delete(&mut self, key: Key, id: u64) {
        self.list(key).delete(id);
    }

    pub(crate) fn delete_all(&mut self, key: Key) {
        self.list(key).delete_all();
    }

    /// An item in the form of an example; its addresses are those of the sandbox at `base`.
    pub(crate) fn shown(&self, key: &Key, id: u64, example: &Value, base: &str) -> Value {
        Frame { base, at: self.view(key).at(id) }.fill(example, &self.facts(key, id, base))
    }

    /// What is known of an item.
    pub(crate) fn facts(&self, key: &Key, id: u64, base: &str) -> Map<String, Value> {
        let view = self.view(key);
        let source = key.collection.drawn_from().map(|source| key.beside(source, 0));
        let mut facts = source.map(|source| self.facts(&source, id, base)).unwrap_or_default();
        facts.insert("id".to_owned(), json!(id));
        match view.number(id) {
            Some(number) => {
                facts.extend(facts::seeded(
                    key.collection,
                    id,
                    number,
                    self.around(key.parent, number, base),
                ));
            }
            None => facts.extend(facts::created(key.collection, id, base)),
        }
        let stored = self.fields(key, id);
        facts.extend(facts::written(key.collection, &stored, base));
        if key.collection == Collection::VaultPlus {
            facts.extend(vault_plus::copies(id, &facts, &stored, view.at(id), base));
        }
        self.link(key, id, &mut facts, &stored, base);
        facts
    }

    /// Every connection that wrote something.
    pub(crate) fn connections(&self) -> BTreeSet<&str> {
        self.lists
            .keys()
            .map(|key| key.connection.as_str())
            .filter(|connection| !connection.is_empty())
            .collect()
    }

    /// What is said beside the items of a list: how many there are.
    pub(crate) fn counts(&self, key: &Key) -> Map<String, Value> {
        let count = self.view(key).len();
        match key.collection {
            Collection::Posts => Map::from_iter([("counters".to_owned(), json!({ "postsCount": count }))]),
            _ => Map::new(),
        }
    }

    fn around<'a>(&self, parent: u64, number: u64, base: &'a str) -> Around<'a> {
        let one_of = |collection, salt| {
            let count = self.seeds.count(collection).max(1);
            id_of(chance(number, salt) % count)
        };
        let (fan, media) = (one_of(Collection::Fans, 20), one_of(Collection::VaultMedia, 21));
        Around { base, fan, media, parent }
    }

    /// Puts in what other collections know.
    fn link(
        &self,
        key: &Key,
        id: u64,
        facts: &mut Map<String, Value>,
        stored: &Map<String, Value>,
        base: &str,
    ) {
        if let Some(ids) = facts.get("media").and_then(Value::as_array) {
            let items = stored.get("mediaItems").and_then(Value::as_array);
            let address = |at: usize| items?.get(at)?.as_str().filter(|item| item.starts_with("http"));
            let media: Vec<Value> =
                ids.iter().enumerate().map(|(at, id)| self.media(key, id, address(at), base)).collect();
            facts.insert("media".to_owned(), json!(media));
        }
        match key.collection {
            Collection::Chats => {
                let messages = key.beside(Collection::Messages, id);
                let last = self.view(&messages).newest();
                let last = last.map(|last| json!(self.facts(&messages, last, base)));
                facts.insert("lastMessage".to_owned(), last.unwrap_or_default());
            }
            Collection::UserLists => {
                let users = self.view(&key.beside(Collection::UserListUsers, id));
                facts.insert("usersCount".to_owned(), json!(users.len()));
            }
            Collection::VaultLists => {
                let media = self.view(&key.beside(Collection::VaultListMedia, id));
                facts.insert("hasMedia".to_owned(), json!(media.len() > 0));
            }
            _ => {}
        }
    }

    /// A media that something shows; one that is not in the vault is a picture at `address`, or a picture of ours.
    fn media(&self, key: &Key, id: &Value, address: Option<&str>, base: &str) -> Value {
        let id = id.as_u64().unwrap_or(FIRST_ID);
        let vault = key.beside(Collection::VaultMedia, 0);
        let view = self.view(&vault);
        let mut facts = self.facts(&vault, id, base);
        if !view.has(id) {
            facts::media_facts(id, "photo", facts::MEDIA_SIZE, base).as_object().into_iter().for_each(
                |picture| {
                    facts.extend(picture.clone());
                },
            );
        }
        if let Some(address) = address {
            facts.insert("files".to_owned(), json!({ "full": { "url": address } }));
        }
        json!(facts)
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
