//! The lists of the vault that Vault+ keeps copies of: what a sync does to the copies.

use super::cached_list::{CachedList, Changes, Member};
use super::collection::Collection;
use super::list::{Order, Start};
use super::store::{Key, World};

/// What became of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Synced {
    /// How many media are in the list.
    pub(crate) seen: usize,
    pub(crate) added: usize,
    pub(crate) removed: usize,
    pub(crate) unchanged: u64,
    pub(crate) adopted: u64,
}

impl World {
    /// Has copies of what is in a list. With `removes`, what left the list since the last time loses its copy, unless
    /// another list of these has it.
    pub(crate) fn sync_list(&mut self, members: &Key, removes: bool) -> Synced {
        let copies = members.beside(Collection::VaultPlus, 0);
        let ids: Vec<u64> = self.view(members).ids(Order::OldestFirst, Start::Index(0)).collect();
        let at = self.now();
        let mut list = self.cached_lists.remove(members).unwrap_or_default();
        let has_copy = |id: u64| self.view(&copies).has(id);
        let Changes { added, adopted, unchanged, removed } =
            if removes { list.sync(&ids, has_copy, at) } else { list.add(&ids, has_copy, at) };
        self.cached_lists.insert(members.clone(), list);
        added.iter().for_each(|id| self.cache(&copies, *id, false));
        for id in &removed {
            if !self.is_in_a_cached_list(members, *id) && self.view(&copies).has(*id) {
                self.delete(copies.clone(), *id);
            }
        }
        Synced { seen: ids.len(), added: added.len(), removed: removed.len(), unchanged, adopted }
    }

    fn is_in_a_cached_list(&self, members: &Key, id: u64) -> bool {
        let lists = self.cached_lists.iter().filter(|(key, _)| key.connection == members.connection);
        lists.into_iter().any(|(_, list)| list.has(id))
    }

    /// What is remembered of a list, if it was ever synced or added.
    pub(crate) fn cached_list(&self, members: &Key) -> Option<Vec<(u64, Member)>> {
        self.cached_lists.get(members).map(|list| list.members().collect())
    }

    /// When a list was last synced.
    pub(crate) fn synced_at(&self, members: &Key) -> Option<i64> {
        self.cached_lists.get(members)?.synced_at
    }

    /// The lists of a connection that are remembered, by id, with the number of their media.
    pub(crate) fn cached_lists(&self, connection: &str) -> Vec<(u64, &CachedList)> {
        let lists = self.cached_lists.iter().filter(|(key, _)| key.connection == connection);
        let mut lists: Vec<(u64, &CachedList)> = lists.map(|(key, list)| (key.parent, list)).collect();
        lists.sort_unstable_by_key(|(id, _)| *id);
        lists
    }
}
