//! What Vault+ remembers of a list of the vault: which media of it there are copies of. Pure; time is passed in.

use std::collections::{BTreeMap, BTreeSet};

/// A list that was synced or added.
#[derive(Debug, Default)]
pub(crate) struct CachedList {
    members: BTreeMap<u64, Member>,
    /// When it was last synced, in microseconds since 1970.
    pub(crate) synced_at: Option<i64>,
}

/// A media of the list, with the moments of what happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) first_added: i64,
    pub(crate) last_added: i64,
    pub(crate) last_seen: i64,
}

/// What comes of a sync.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// What has no copy yet.
    pub(crate) added: Vec<u64>,
    /// What had a copy already, for other reasons.
    pub(crate) adopted: u64,
    pub(crate) unchanged: u64,
    /// What left the list.
    pub(crate) removed: Vec<u64>,
}

impl CachedList {
    /// Takes in what is in the list now, and removes nothing.
    pub(crate) fn add(&mut self, ids: &[u64], has_copy: impl Fn(u64) -> bool, at: i64) -> Changes {
        let mut changes = Changes::default();
        for id in ids {
            let known = self.members.get(id).copied();
            match (known, has_copy(*id)) {
                (Some(_), true) => changes.unchanged += 1,
                (None, true) => changes.adopted += 1,
                (_, false) => changes.added.push(*id),
            }
            let added =
                if known.is_some() && has_copy(*id) { known.map(|known| known.last_added) } else { None };
            let first_added = known.map_or(at, |known| known.first_added);
            self.members.insert(*id, Member { first_added, last_added: added.unwrap_or(at), last_seen: at });
        }
        changes
    }

    /// Makes it what is in the list now. The first time it takes what is there as it is and removes nothing.
    pub(crate) fn sync(&mut self, ids: &[u64], has_copy: impl Fn(u64) -> bool, at: i64) -> Changes {
        let mut changes = self.add(ids, has_copy, at);
        if self.synced_at.is_some() {
            let there: BTreeSet<u64> = ids.iter().copied().collect();
            changes.removed = self.members.keys().copied().filter(|id| !there.contains(id)).collect();
            self.members.retain(|id, _| there.contains(id));
        }
        self.synced_at = Some(at);
        changes
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.members.contains_key(&id)
    }

    /// What is in it, the highest id first.
    pub(crate) fn members(&self) -> impl Iterator<Item = (u64, Member)> {
        self.members.iter().rev().map(|(id, member)| (*id, *member))
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sync_is_a_baseline_and_later_ones_remove() {
        let mut list = CachedList::default();
        let none = |_: u64| false;
        assert_eq!(list.add(&[1, 2], none, 10).added, [1, 2]);
        let first = list.sync(&[2, 3, 4], |id| id < 4, 20);
        assert_eq!(first, Changes { added: vec![4], adopted: 1, unchanged: 1, removed: vec![] });
        assert_eq!(list.len(), 4, "1 left, and that is the baseline");
        let later = list.sync(&[3, 5], |id| id < 5, 30);
        assert_eq!(later, Changes { added: vec![5], adopted: 0, unchanged: 1, removed: vec![1, 2, 4] });
        let members: Vec<(u64, Member)> = list.members().collect();
        assert_eq!(members[0], (5, Member { first_added: 30, last_added: 30, last_seen: 30 }));
        assert_eq!(members[1], (3, Member { first_added: 20, last_added: 20, last_seen: 30 }));
        // Its copy was deleted in between.
        assert_eq!(list.sync(&[3], none, 40).added, [3]);
        assert!(list.has(3) && !list.has(5));
    }
}
