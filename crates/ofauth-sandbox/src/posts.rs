//! Posts, chat messages and mass messages: what was created, changed and deleted, in lists of their own.
//!
//! Every list begins with one item, the example of the document, so that a new sandbox has something to show. What
//! requests may do with them is decided by the handlers.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::number;
use crate::timestamp::{marker, moment};

/// The first id of a post or message. Real ones can have 13 digits, so these do.
const FIRST_ID: u64 = 1_700_000_000_001;

/// The id of everything in the document's examples.
const EXAMPLE_ID: u64 = 12345;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Post,
    ChatMessage,
    MassMessage,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::ChatMessage => "chatMessage",
            Self::MassMessage => "massMessage",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::ChatMessage => "message in this chat",
            Self::MassMessage => "mass message",
        }
    }
}

/// What is listed together: everything of one kind and connection, and of one chat.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ListKey {
    kind: Kind,
    connection: String,
    /// The other side of a chat.
    user: Option<String>,
}

impl ListKey {
    pub(crate) fn new(connection: &str, kind: Kind, user: Option<&str>) -> Self {
        Self { kind, connection: connection.to_owned(), user: user.map(str::to_owned) }
    }

    /// The error for an id that is not in the list.
    pub(crate) fn not_found(&self, id: &str) -> ApiError {
        ApiError::not_found(format!("there is no {} \"{id}\"", self.kind.in_words()))
    }
}

/// Everything that was written.
#[derive(Debug, Default)]
pub(crate) struct Posts {
    count: u64,
    /// The latest moment, in microseconds since 1970; no two items have the same.
    latest: i64,
    lists: HashMap<ListKey, List>,
}

#[derive(Debug, Default)]
struct List {
    created: BTreeMap<u64, Created>,
    /// The ids of what was deleted.
    deleted: BTreeSet<u64>,
}

/// One item of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item<'a> {
    Created(&'a Created),
    Example,
}

/// What was created or changed here.
#[derive(Debug)]
pub(crate) struct Created {
    id: u64,
    /// When it was created, in microseconds since 1970.
    at: i64,
    text: String,
    price: f64,
    media: Vec<Value>,
    /// The request's fields, with what the sandbox added.
    record: Value,
}

impl Posts {
    /// The records of posts, or of both kinds of messages, in order of creation.
    pub(crate) fn records(&self, posts: bool) -> Vec<Value> {
        let lists = self.lists.iter().filter(|(key, _)| (key.kind == Kind::Post) == posts);
        let mut created: Vec<&Created> = lists.flat_map(|(_, list)| list.created.values()).collect();
        created.sort_by_key(|created| created.at);
        created.into_iter().map(|created| created.record.clone()).collect()
    }

    /// The items of a list, the newest first.
    pub(crate) fn list(&self, key: &ListKey) -> Vec<Item<'_>> {
        let Some(list) = self.lists.get(key) else { return vec![Item::Example] };
        let created = list.created.values().rev().map(Item::Created);
        created.chain(list.has_example().then_some(Item::Example)).collect()
    }

    /// The item with this id. None if it never was there; an error if it is not there any more.
    pub(crate) fn find(&self, key: &ListKey, id: &str) -> Result<Option<Item<'_>>, ApiError> {
        let Some(number) = number::whole_text(id).and_then(|id| u64::try_from(id).ok()) else {
            return Ok(None);
        };
        let list = self.lists.get(key);
        if list.is_some_and(|list| list.deleted.contains(&number)) {
            return Err(key.not_found(id));
        }
        let created = list.and_then(|list| list.created.get(&number)).map(Item::Created);
        Ok(created.or((number == EXAMPLE_ID).then_some(Item::Example)))
    }

    /// Keeps a new item with the fields of its request, and the media that these name.
    pub(crate) fn create(
        &mut self,
        key: ListKey,
        fields: &Map<String, Value>,
        media: Vec<Value>,
    ) -> Item<'_> {
        self.latest = Timestamp::now().as_microsecond().max(self.latest + 1);
        let id = FIRST_ID + self.count;
        self.count += 1;
        self.put(key, id, self.latest, fields, media)
    }

    /// Keeps an item, in the place of the one that has this id.
    pub(crate) fn put(
        &mut self,
        key: ListKey,
        id: u64,
        at: i64,
        fields: &Map<String, Value>,
        media: Vec<Value>,
    ) -> Item<'_> {
        let mut record = fields.clone();
        record.insert("id".to_owned(), json!(id));
        record.insert("kind".to_owned(), json!(key.kind.name()));
        record.insert("connectionId".to_owned(), json!(key.connection));
        let ids: Vec<&Value> = media.iter().filter_map(|item| item.get("id")).collect();
        record.insert("mediaIds".to_owned(), json!(ids));
        if let Some(user) = &key.user {
            record.insert("userId".to_owned(), json!(user));
        }
        let created = Created {
            id,
            at,
            text: fields.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
            price: fields.get("price").and_then(Value::as_f64).unwrap_or_default(),
            media,
            record: Value::Object(record),
        };
        let list = self.lists.entry(key).or_default();
        Item::Created(match list.created.entry(id) {
            Entry::Occupied(mut old) => {
                old.insert(created);
                old.into_mut()
            }
            Entry::Vacant(new) => new.insert(created),
        })
    }

    /// Deletes an item.
    pub(crate) fn delete(&mut self, key: ListKey, id: u64) {
        let list = self.lists.entry(key).or_default();
        list.created.remove(&id);
        list.deleted.insert(id);
    }
}

impl List {
    fn has_example(&self) -> bool {
        !self.deleted.contains(&EXAMPLE_ID) && !self.created.contains_key(&EXAMPLE_ID)
    }
}

impl Item<'_> {
    /// As an answer shows it, in the form of that answer's example.
    pub(crate) fn shown(self, example: &Value) -> Value {
        match self {
            Self::Created(created) => created.shown(example),
            Self::Example => example.clone(),
        }
    }

    pub(crate) fn id(self) -> u64 {
        match self {
            Self::Created(created) => created.id,
            Self::Example => EXAMPLE_ID,
        }
    }

    /// When it was created, in microseconds since 1970. The example is older than everything.
    pub(crate) fn at(self) -> i64 {
        match self {
            Self::Created(created) => created.at,
            Self::Example => 0,
        }
    }

    /// Whether its text has `words` in it, whatever their case.
    pub(crate) fn says(self, words: &str, example: &Value) -> bool {
        let text = match self {
            Self::Created(created) => &created.text,
            Self::Example => example.get("text").and_then(Value::as_str).unwrap_or_default(),
        };
        text.to_lowercase().contains(&words.to_lowercase())
    }
}

impl Created {
    /// The example with what is known put in: fields that it has, and of what shows media also the text.
    fn shown(&self, example: &Value) -> Value {
        let mut fields = example.as_object().cloned().unwrap_or_default();
        let time = moment(self.at);
        let shows_content = fields.contains_key("media");
        for (name, value) in [
            ("id", json!(self.id)),
            ("text", json!(self.text)),
            ("rawText", json!(self.text)),
            ("media", json!(self.media)),
            ("mediaCount", json!(self.media.len())),
            ("price", json!(self.price)),
            ("isFree", json!(self.price == 0.0)),
            ("postedAt", json!(time)),
            ("postedAtPrecise", json!(marker(self.at))),
            ("createdAt", json!(time)),
            ("changedAt", json!(time)),
            ("date", json!(time)),
        ] {
            if fields.contains_key(name) || (name == "text" && shows_content) {
                fields.insert(name.to_owned(), value);
            }
        }
        Value::Object(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    #[test]
    fn the_examples_have_the_id_that_is_expected_of_them() {
        for id in ["get_post", "create_post", "get_mass_message", "send_chat_message"] {
            assert_eq!(document::by_id(id).unwrap().response["id"], EXAMPLE_ID, "{id}");
        }
        for id in
            ["list_posts", "list_user_posts", "list_chat_messages", "list_mass_messages", "list_vault_media"]
        {
            assert_eq!(document::by_id(id).unwrap().response["list"][0]["id"], EXAMPLE_ID, "{id}");
        }
    }
}
