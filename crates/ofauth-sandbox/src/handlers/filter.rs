//! What a request leaves out of a list, and in which order it wants the rest.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::document::Operation;
use crate::error::ApiError;
use crate::query;
use crate::world::collection::Collection;
use crate::world::linked_facts::SCHEDULED;
use crate::world::list::Order;
use crate::world::store::{Key, World};

use super::page;

/// How a parameter and a fact go together.
#[derive(Debug, Clone, Copy)]
enum Match {
    /// One of these facts contains the text, whatever its case.
    Contains(&'static [&'static str]),
    /// The fact is the text.
    Is(&'static str),
    /// The fact is true for this text; for others it does not matter.
    Flag(&'static str, &'static str),
    /// The fact is a number that is at least, or at most, this one.
    AtLeast(&'static str),
    AtMost(&'static str),
    /// The fact is a moment, in milliseconds since 1970, that is not before, or not after, this one.
    From(&'static str),
    To(&'static str),
}

/// The facts that people search by.
const WORDS: &[&str] = &["text", "name", "username", "filename"];

/// Parameters, the operations that have them ("" for any), and what they are held against.
const TABLE: &[(&str, &str, Match)] = &[
    ("query", "", Match::Contains(WORDS)),
    ("search", "", Match::Contains(WORDS)),
    ("mediaType", "", Match::Is("type")),
    ("type", "list_vault_media", Match::Is("type")),
    ("type", "list_vault_list_media", Match::Is("type")),
    ("type", "query_vault_plus_media", Match::Is("type")),
    ("status", "query_vault_plus_media", Match::Is("status")),
    ("contentType", "query_vault_plus_media", Match::Is("contentType")),
    ("durationMin", "query_vault_plus_media", Match::AtLeast("duration")),
    ("durationMax", "query_vault_plus_media", Match::AtMost("duration")),
    ("createdAtFrom", "query_vault_plus_media", Match::From("createdAt")),
    ("createdAtTo", "query_vault_plus_media", Match::To("createdAt")),
    ("cachedAtFrom", "query_vault_plus_media", Match::From("cachedAt")),
    ("cachedAtTo", "query_vault_plus_media", Match::To("cachedAt")),
    ("type", "list_transactions", Match::Is("type")),
    ("type", "list_subscribers", Match::Flag("active", "isActive")),
    ("type", "list_subscribers", Match::Flag("expired", "isExpired")),
    ("type", "list_subscriptions", Match::Flag("active", "isActive")),
    ("type", "list_subscriptions", Match::Flag("expired", "isExpired")),
    ("status", "list_connections", Match::Is("status")),
    ("imported", "list_connections", Match::Is("imported")),
];

/// Operations that list a part of a collection, and the fact that this part has.
const NEEDED: &[(&str, &str)] =
    &[("list_chat_media", "mediaCount"), ("list_scheduled_mass_messages", SCHEDULED)];

/// Operations that leave out what is still to come.
const PUBLISHED: &[&str] = &["list_posts", "list_user_posts", "get_top_posts"];

/// The parameters that ask for an order, and how the values that ask for the oldest first end.
const ORDERS: &[(&str, &str)] =
    &[("sortDirection", "asc"), ("order", "old"), ("sort", "_asc"), ("sort", "oldest")];

/// The order that a request asks for.
pub(crate) fn order(call: &Call, operation: &Operation) -> Order {
    let has = |name: &str| operation.parameters.iter().any(|known| known.name == name);
    let asked = |name: &str| query::value(&call.query, name).unwrap_or_default();
    let oldest = ORDERS.iter().any(|(name, end)| has(name) && asked(name).ends_with(end));
    if oldest { Order::OldestFirst } else { Order::NewestFirst }
}

/// What items have to be like.
#[derive(Debug)]
pub(crate) struct Filter {
    facts: Vec<(Match, String)>,
    /// Only items with an id above this one.
    above: Option<i128>,
    /// Only what is in this list, too.
    within: Option<Key>,
    /// Only what has this fact.
    needed: Option<&'static str>,
    /// Only what was published.
    published: bool,
    /// Only these.
    ids: Vec<String>,
}

impl Filter {
    pub(crate) fn of(call: &Call, operation: &Operation, world: &World, key: &Key) -> Result<Self, ApiError> {
        let rows = TABLE.iter().filter(|(name, only, _)| {
            (only.is_empty() || *only == operation.id)
                && operation.parameters.iter().any(|known| known.name == *name)
        });
        let facts = rows.filter_map(|(name, _, rule)| Some((*rule, query::value(&call.query, name)?)));
        let folder =
            query::value(&call.query, "listId").filter(|_| key.collection() == Collection::VaultMedia);
        let folder =
            folder.map(|list| world.find(&key.beside(Collection::VaultLists, 0), &list)).transpose()?;
        Ok(Self {
            facts: facts.filter(|(_, text)| !text.is_empty()).collect(),
            above: page::integer(call, "first_id")?,
            within: folder.map(|list| key.beside(Collection::VaultListMedia, list)),
            needed: NEEDED.iter().find(|(id, _)| *id == operation.id).map(|(_, fact)| *fact),
            published: PUBLISHED.contains(&operation.id.as_str()),
            ids: query::values(&call.query, "userIds"),
        })
    }

    /// The items that a request names one by one; those that are not there are left out.
    pub(crate) fn ids(&self, world: &World, key: &Key) -> Option<Vec<u64>> {
        let found = self.ids.iter().filter_map(|id| world.find(key, id).ok());
        (!self.ids.is_empty()).then(|| found.collect())
    }

    /// Whether a request wants the item with this id. Nothing is computed of one if everything is wanted.
    pub(crate) fn passes(&self, world: &World, key: &Key, id: u64) -> bool {
        if self.above.is_some_and(|above| i128::from(id) <= above)
            || self.within.as_ref().is_some_and(|list| !world.view(list).has(id))
        {
            return false;
        }
        if self.published && world.is_still_to_come(key, id) {
            return false;
        }
        if self.facts.is_empty() && self.needed.is_none() {
            return true;
        }
        if let (None, [(Match::Contains(_), text)]) = (self.needed, self.facts.as_slice())
            && let Some(words) = world.words(key, id)
        {
            return contains(&words, text);
        }
        let facts = world.facts(key, id, "");
        let has = |name: &str| facts.get(name).is_some_and(|fact| *fact != 0 && !fact.is_null());
        self.needed.is_none_or(has) && self.facts.iter().all(|(rule, text)| rule.holds(&facts, text))
    }
}

/// Whether a text has these words in it, whatever their case.
fn contains(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}

fn number(facts: &Map<String, Value>, name: &str) -> Option<f64> {
    facts.get(name).and_then(Value::as_f64)
}

fn moment(facts: &Map<String, Value>, name: &str) -> Option<i64> {
    facts.get(name).and_then(Value::as_i64)
}

/// A time as requests write it, which was held against the document.
fn milliseconds(text: &str) -> Option<i64> {
    text.parse().ok().map(Timestamp::as_millisecond)
}

impl Match {
    fn holds(self, facts: &Map<String, Value>, wanted: &str) -> bool {
        match self {
            Self::Contains(names) => names.iter().any(|name| {
                let text = facts.get(*name).and_then(Value::as_str).unwrap_or_default();
                contains(text, wanted)
            }),
            Self::Is(name) => match facts.get(name) {
                Some(Value::String(text)) => text == wanted,
                Some(Value::Bool(flag)) => wanted == if *flag { "true" } else { "false" },
                _ => false,
            },
            Self::AtLeast(name) => number(facts, name) >= wanted.parse().ok(),
            Self::AtMost(name) => {
                let fact = number(facts, name);
                fact.is_some() && fact <= wanted.parse().ok()
            }
            Self::From(name) => moment(facts, name) >= milliseconds(wanted),
            Self::To(name) => {
                let fact = moment(facts, name);
                fact.is_some() && fact <= milliseconds(wanted)
            }
            Self::Flag(value, name) => {
                wanted != value || facts.get(name).is_none_or(|flag| *flag == Value::Bool(true))
            }
        }
    }
}
