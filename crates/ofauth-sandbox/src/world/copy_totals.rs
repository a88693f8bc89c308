//! How many copies Vault+ of a connection has, and what its settings make of them: copies that they do not allow any more
//! are purged.

use serde_json::{Map, Value, json};

use super::caching::{Caching, Kind, MEDIA_SIZE, Strategy, is_video};
use super::collection::Collection;
use super::list::{Order, Start};
use super::pace::{self, CopyState, EDGE, LOOKS};
use super::store::{Key, World};
use super::vault_plus::Copied;

/// Copies counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) media: u64,
    pub(crate) stored: u64,
    pub(crate) pending: u64,
    pub(crate) bytes: u64,
}

/// Copies that are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Purged {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

impl Totals {
    /// Counts the copies of a Vault+. What is seeded is multiplied.
    pub(crate) fn of(world: &World, key: &Key) -> Self {
        Self::with(world, key, &world.caching(&key.connection))
    }

    fn with(world: &World, key: &Key, caching: &Caching) -> Self {
        let view = world.view(key);
        let mut totals = Self { media: view.len(), ..Self::default() };
        for id in view.created() {
            let (state, kind, size) = world.copied(key, id);
            let variants = caching.variants(kind, size);
            let count = variants.len() as u64;
            match state {
                CopyState::Stored => totals.stored += count,
                CopyState::Pending | CopyState::Storing => totals.pending += count,
                CopyState::EdgeOnly | CopyState::Removed => continue,
            }
            totals.bytes += variants.iter().map(|(_, bytes)| bytes).sum::<u64>();
        }
        let deleted_videos =
            view.deleted().filter(|id| view.number(*id).is_some_and(is_video)).count() as u64;
        let videos = (view.seeded() / 3).saturating_sub(deleted_videos);
        let images = view.seeded().saturating_sub(view.deleted().count() as u64).saturating_sub(videos);
        for (kind, count) in [(Kind::Image, images), (Kind::Video, videos)] {
            for (_, bytes) in caching.variants(kind, MEDIA_SIZE) {
                totals.stored += count;
                totals.bytes += count * bytes;
            }
        }
        totals
    }

    pub(crate) fn variants(&self) -> u64 {
        self.stored + self.pending
    }
}

impl World {
    /// What Vault+ of a connection keeps.
    pub(crate) fn caching(&self, connection: &str) -> Caching {
        Caching::of(&self.settings(connection))
    }

    /// How far the copy of a media is, of which kind it is, and how large the media itself.
    fn copied(&self, key: &Key, id: u64) -> (CopyState, Kind, u64) {
        let vault = key.beside(Collection::VaultMedia, 0);
        let (facts, stored) = (self.facts(&vault, id, ""), self.fields(key, id));
        let copied = Copied { connection: &key.connection, id, facts: &facts, stored: &stored, at: 0 };
        (self.keeping.pace.copy(&stored, &facts), copied.kind(), copied.size())
    }

    /// Has copies of a media in Vault+, unless the settings of the connection are against it. What was uploaded is stored
    /// without being asked for only if they say so.
    pub(crate) fn cache(&mut self, copies: &Key, id: u64, is_upload: bool) {
        let facts = self.facts(&copies.beside(Collection::VaultMedia, 0), id, "");
        let kind = Kind::of(facts.get("type").and_then(Value::as_str).unwrap_or_default());
        let caching = self.caching(&copies.connection);
        if !caching.keeps(kind) {
            return;
        }
        let mut fields = pace::unseen();
        if is_upload && !caching.auto {
            fields.insert(EDGE.to_owned(), json!(true));
        }
        self.insert(copies.clone(), id, fields);
    }

    /// Has a copy stored that is on the edge alone.
    pub(crate) fn store_copy(&mut self, copies: &Key, id: u64) {
        if self.fields(copies, id).get(EDGE) == Some(&Value::Bool(true)) {
            let fields = Map::from_iter([(EDGE.to_owned(), json!(false)), (LOOKS.to_owned(), json!(0))]);
            self.merge(copies.clone(), id, fields);
        }
    }

    /// Purges the copies of a connection that its settings do not allow any more; they were `before`.
    pub(crate) fn purge_by_settings(&mut self, connection: &str, before: &Caching) -> Purged {
        let key = Key::new(connection, Collection::VaultPlus, 0);
        let (then, after) = (Totals::with(self, &key, before), self.caching(connection));
        if after == *before {
            return Purged::default();
        }
        if [Kind::Image, Kind::Video, Kind::Audio].into_iter().all(|kind| !after.keeps(kind)) {
            self.delete_all(key.clone());
        } else {
            let ids: Vec<u64> = self.view(&key).ids(Order::OldestFirst, Start::Index(0)).collect();
            let gone = ids.into_iter().filter(|id| !after.keeps(self.copied(&key, *id).1));
            let gone: Vec<u64> = gone.collect();
            gone.into_iter().for_each(|id| self.delete(key.clone(), id));
        }
        self.purge_to_limit(&key, &after);
        let now = Totals::with(self, &key, &after.without_new(before));
        Purged {
            count: then.variants().saturating_sub(now.variants()),
            bytes: then.bytes.saturating_sub(now.bytes),
        }
    }

    /// Purges copies until they fit.
    fn purge_to_limit(&mut self, key: &Key, caching: &Caching) {
        let Some(limit) = caching.limit.filter(|_| caching.strategy != Strategy::BlockNew) else { return };
        let mut bytes = Totals::with(self, key, caching).bytes;
        if bytes <= limit {
            return;
        }
        let ids = self.view(key).ids(Order::OldestFirst, Start::Index(0));
        let sized = ids.map(|id| {
            let (_, kind, size) = self.copied(key, id);
            (id, caching.variants(kind, size).iter().map(|(_, bytes)| bytes).sum())
        });
        let mut sized: Vec<(u64, u64)> = sized.collect();
        match caching.strategy {
            Strategy::Oldest => sized.sort_by_key(|(id, _)| self.view(key).at(*id)),
            Strategy::Largest => sized.sort_by_key(|(_, size)| std::cmp::Reverse(*size)),
            Strategy::Smallest => sized.sort_by_key(|(_, size)| *size),
            Strategy::BlockNew => {}
        }
        for (id, size) in sized {
            if bytes <= limit {
                break;
            }
            self.delete(key.clone(), id);
            bytes = bytes.saturating_sub(size);
        }
    }
}
