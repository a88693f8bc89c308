//! What is known of the items of the world, from all that the collections know.
//!
//! An item is what it is drawn from, what is seeded of it, what requests said of it, and what belongs to it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::caching::MEDIA_SIZE;
use super::collection::Collection;
use super::facts::{self, Around};
use super::list::{FIRST_ID, Order, Start, id_of};
use super::moments::chance;
use super::people::{self, SELF_ID};
use super::shape::Frame;
use super::store::{Key, World};
use super::vault_plus::Copied;
use crate::{document, timestamp};

/// How many members a list shows of itself.
const SHOWN: usize = 4;

/// The fact of a mass message that its time is still to come.
pub(crate) const SCHEDULED: &str = "isScheduled";

impl World {
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
            let copied =
                Copied { connection: &key.connection, id, facts: &facts, stored: &stored, at: view.at(id) };
            let now = Timestamp::now().as_millisecond();
            let copies = self.keeping.facts(copied, &self.caching(&key.connection), base, now);
            facts.extend(copies);
        }
        self.link(key, id, &mut facts, &stored, base);
        facts
    }

    /// How many of what the account has, in the names of answers.
    pub(crate) fn counts(&self, key: &Key) -> Map<String, Value> {
        let vault = self.view(&key.beside(Collection::VaultMedia, 0));
        let (mut videos, mut photos, mut audios, mut gifs) = (0, 0, 0, 0);
        let uploaded = vault.created().map(|id| self.fields(&key.beside(Collection::VaultMedia, 0), id));
        for fields in uploaded {
            *match fields.get("type").and_then(Value::as_str) {
                Some("video") => &mut videos,
                Some("audio") => &mut audios,
                Some("gif") => &mut gifs,
                _ => &mut photos,
            } += 1;
        }
        let seeded = self.seeds.count(Collection::VaultMedia);
        let (videos, photos) = (videos + seeded / 3, photos + seeded - seeded / 3);
        let posts = self.view(&key.beside(Collection::Posts, 0)).len();
        let fans = self.view(&key.beside(Collection::Fans, 0)).len();
        let counts = json!({
            "postsCount": posts, "subscribersCount": fans, "mediasCount": vault.len(), "videosCount": videos,
            "photosCount": photos, "audiosCount": audios, "gifsCount": gifs, "archivedPostsCount": 0,
            "privateArchivedPostsCount": 0, "streamsCount": self.view(&key.beside(Collection::Streams, 0)).len(),
        });
        counts.as_object().cloned().unwrap_or_default()
    }

    /// How many subscriptions there are of each kind: of fans to the account, and of the account to others.
    pub(crate) fn subscription_counts(&self, connection: &str) -> Map<String, Value> {
        let count = |collection| self.view(&Key::new(connection, collection, 0)).len();
        let counts = |collection| {
            let (all, expired) = (count(collection), facts::expired_of(count(collection)));
            json!({
                "all": all, "active": all - expired, "activeOnline": 0, "expired": expired, "attention": 0, "muted": 0,
                "restricted": count(Collection::Restricted), "blocked": count(Collection::Blocked),
            })
        };
        Map::from_iter([
            ("bookmarks".to_owned(), json!(0)),
            ("subscribers".to_owned(), counts(Collection::Fans)),
            ("subscriptions".to_owned(), counts(Collection::Subscriptions)),
        ])
    }

    /// The words that people search a user by, if no request said anything of that user: they are cheap to have.
    pub(crate) fn words(&self, key: &Key, id: u64) -> Option<String> {
        let users = key.beside(Collection::Users, 0);
        let is_user =
            key.collection == Collection::Users || key.collection.drawn_from() == Some(Collection::Users);
        let told = self.view(&users).stored(id).is_some() || self.view(key).stored(id).is_some();
        (is_user && !told).then(|| people::words(id))
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
            Collection::Users if id == SELF_ID => facts.extend(self.counts(key)),
            Collection::Users => {
                for (name, collection) in
                    [("isBlocked", Collection::Blocked), ("isRestricted", Collection::Restricted)]
                {
                    facts.insert(name.to_owned(), json!(self.view(&key.beside(collection, 0)).has(id)));
                }
            }
            Collection::Connections => {
                let is_over = facts.get("status").is_some_and(|status| status == "expired");
                if !is_over {
                    facts.insert("expiredAt".to_owned(), Value::Null);
                }
                facts.insert("permissions".to_owned(), json!(document::permissions()));
            }
            Collection::VaultMedia => {
                let readiness = self.keeping.pace.readiness(stored);
                facts.insert("isReady".to_owned(), json!(readiness.is_ready));
                facts.insert("hasError".to_owned(), json!(readiness.has_error));
            }
            Collection::Posts => schedule(facts, stored),
            Collection::MassMessages => self.queue(key, facts, stored),
            Collection::Chats => {
                let messages = key.beside(Collection::Messages, id);
                let last = self.view(&messages).newest();
                let last = last.map(|last| json!(self.facts(&messages, last, base)));
                facts.insert("lastMessage".to_owned(), last.unwrap_or_default());
            }
            Collection::UserLists => {
                let members = key.beside(Collection::UserListUsers, id);
                let users = self.first(&members, base);
                facts.insert("usersCount".to_owned(), json!(self.view(&members).len()));
                facts.insert("users".to_owned(), json!(users));
                facts.insert("postsCount".to_owned(), json!(0));
            }
            Collection::VaultLists => {
                let media = self.first(&key.beside(Collection::VaultListMedia, id), base);
                let shown = media.iter().map(|media| {
                    let url = media.get("files").and_then(|files| files.pointer("/thumb/url"));
                    json!({ "type": media.get("type"), "url": url })
                });
                let shown: Vec<Value> = shown.collect();
                facts.insert("hasMedia".to_owned(), json!(!shown.is_empty()));
                facts.insert("medias".to_owned(), json!(shown));
            }
            _ => {}
        }
    }

    /// How far a mass message is: one whose time is still to come waits for it.
    fn queue(&self, key: &Key, facts: &mut Map<String, Value>, stored: &Map<String, Value>) {
        let named = stored.get("userIds").and_then(Value::as_array).map_or(0, Vec::len) as u64;
        let fans = self.view(&key.beside(Collection::Fans, 0)).len();
        let total = if named > 0 { named } else { fans };
        let date = stored.get(SCHEDULED_DATE).and_then(Value::as_str);
        let waits = is_to_come(stored);
        for (name, value) in [
            ("total", json!(total)),
            ("pending", json!(if waits { total } else { 0 })),
            ("isDone", json!(!waits)),
            ("sentCount", json!(if waits { 0 } else { total })),
        ] {
            facts.insert(name.to_owned(), value);
        }
        if let (true, Some(date)) = (waits, date) {
            facts.insert("date".to_owned(), json!(date));
            facts.insert(SCHEDULED.to_owned(), json!(true));
        }
    }

    /// Whether something was scheduled for a time that is still to come.
    pub(crate) fn is_still_to_come(&self, key: &Key, id: u64) -> bool {
        self.view(key).stored(id).is_some_and(|stored| is_to_come(&stored.fields()))
    }

    /// What is known of the newest items of a collection.
    fn first(&self, key: &Key, base: &str) -> Vec<Map<String, Value>> {
        let ids = self.view(key).ids(Order::NewestFirst, Start::Index(0));
        ids.take(SHOWN).map(|id| self.facts(key, id, base)).collect()
    }

    /// A media that something shows; one that is not in the vault is a picture at `address`, or a picture of ours.
    fn media(&self, key: &Key, id: &Value, address: Option<&str>, base: &str) -> Value {
        let id = id.as_u64().unwrap_or(FIRST_ID);
        let vault = key.beside(Collection::VaultMedia, 0);
        let view = self.view(&vault);
        let mut facts = self.facts(&vault, id, base);
        if !view.has(id) {
            facts::media_facts(id, "photo", MEDIA_SIZE, base).as_object().into_iter().for_each(|picture| {
                facts.extend(picture.clone());
            });
        }
        if let Some(address) = address {
            facts.insert("files".to_owned(), json!({ "full": { "url": address } }));
        }
        json!(facts)
    }
}

/// The field of a request that says when something is to be published.
const SCHEDULED_DATE: &str = "scheduledDate";

/// A post that is still to come shows when, where others show when they came: the API has no other field for it.
fn schedule(facts: &mut Map<String, Value>, stored: &Map<String, Value>) {
    if let Some(at) = to_come(stored).map(Timestamp::as_microsecond) {
        facts.insert("postedAt".to_owned(), json!(timestamp::moment(at)));
        facts.insert("postedAtPrecise".to_owned(), json!(timestamp::marker(at)));
    }
}

fn is_to_come(stored: &Map<String, Value>) -> bool {
    to_come(stored).is_some()
}

/// When something is to be published, if that is still to come.
fn to_come(stored: &Map<String, Value>) -> Option<Timestamp> {
    let date = stored.get(SCHEDULED_DATE).and_then(Value::as_str);
    date.and_then(|date| date.parse::<Timestamp>().ok()).filter(|at| *at > Timestamp::now())
}
