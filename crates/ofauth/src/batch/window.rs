//! How far the sources that have begun may be ahead of the first whose end is not known. Pure.
//!
//! Files end in any order. Whoever wants the results in the order of the sources keeps those that came early, and this
//! bounds how many there can be.

use std::collections::BTreeSet;

/// The most sources between the first whose end is not known and the last that has begun, both counted.
pub(crate) const WINDOW: u64 = 256;

/// The sources of a batch, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The number of the next source.
    next: u64,
    /// The first whose end is not known; all before it have ended.
    first: u64,
    /// Those behind it that have ended.
    ended: BTreeSet<u64>,
}

impl Window {
    /// Whether another source may begin.
    pub(crate) fn has_room(&self) -> bool {
        self.next.saturating_sub(self.first) < WINDOW
    }

    /// The number of a source that begins.
    pub(crate) fn begin(&mut self) -> u64 {
        let index = self.next;
        self.next = self.next.saturating_add(1);
        index
    }

    /// A source has ended, however it did.
    pub(crate) fn end(&mut self, index: u64) {
        self.ended.insert(index);
        while self.ended.remove(&self.first) {
            self.first = self.first.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whoever_puts_results_in_order_keeps_few(choices in prop::collection::vec((any::<bool>(), 0_usize..300), 0..3000)) {
            let (mut window, mut open, mut told, mut early) = (Window::default(), Vec::new(), 0_u64, BTreeSet::new());
            for (begins, which) in choices {
                if begins && window.has_room() {
                    open.push(window.begin());
                } else if !open.is_empty() {
                    let index = open.swap_remove(which % open.len());
                    window.end(index);
                    early.insert(index);
                    while early.remove(&told) {
                        told += 1;
                    }
                }
                prop_assert!(early.len() < WINDOW as usize && window.ended.len() < WINDOW as usize);
                let last = open.iter().max().copied().unwrap_or(0);
                prop_assert!(last < told + WINDOW);
            }
            for index in std::mem::take(&mut open) {
                window.end(index);
            }
            prop_assert!(window.has_room() && window.ended.is_empty(), "all have ended");
        }
    }

    #[test]
    fn one_that_does_not_end_holds_up_those_far_behind_it() {
        let mut window = Window::default();
        for index in 0..WINDOW {
            assert!(window.has_room());
            assert_eq!(window.begin(), index);
        }
        (1..WINDOW).for_each(|index| window.end(index));
        assert!(!window.has_room());
        window.end(0);
        assert!(window.has_room());
    }
}
