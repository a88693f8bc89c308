//! Remembers what came already, in bounded memory.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, Hash};

/// So many hashes of 8 bytes are kept, the latest: with the tables that hold them, less than 2 MiB. What moves while a list is
/// walked comes again a page or two later, not thousands of pages.
pub(super) const MOST: usize = 65_536;

/// Which things were seen, by their hashes. The hashes are keyed at random: no service can make two things look alike.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    /// The same, the oldest first.
    order: VecDeque<u64>,
}

impl Seen {
    /// Whether this is the first time that a thing is seen.
    pub(super) fn insert(&mut self, thing: &(impl Hash + ?Sized)) -> bool {
        let hash = self.hash(thing);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// The hash of a thing, which is the same as long as this lives.
    pub(super) fn hash(&self, thing: &(impl Hash + ?Sized)) -> u64 {
        self.hasher.hash_one(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_things_are_remembered_and_no_more() {
        let mut seen = Seen::default();
        for number in 0..MOST {
            assert!(seen.insert(&number) && !seen.insert(&number));
        }
        assert!(seen.insert("one more"));
        assert!(!seen.insert(&(MOST - 1)));
        assert!(seen.insert(&0_usize), "the oldest is forgotten");
        assert_eq!((seen.known.len(), seen.order.len()), (MOST, MOST));
    }
}
