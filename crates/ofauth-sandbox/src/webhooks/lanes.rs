//! Which delivery may be tried when: those of one lane one after the other, those of several side by side. Pure.

use std::collections::{HashMap, VecDeque};

/// Whose deliveries come in order: an address, and a connection or a delivery of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    pub(super) url: String,
    pub(super) of: String,
}

/// The deliveries that wait in each lane. A lane that is there is being worked on.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<Lane, VecDeque<String>>);

impl Lanes {
    /// Has a delivery wait in a lane; returns whether somebody has to begin to work on it.
    pub(super) fn push(&mut self, lane: Lane, id: String) -> bool {
        let begins = !self.0.contains_key(&lane);
        self.0.entry(lane).or_default().push_back(id);
        begins
    }

    /// The next delivery of a lane; if there is none, the work on it is over.
    pub(super) fn next(&mut self, lane: &Lane) -> Option<String> {
        let next = self.0.get_mut(lane).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.0.remove(lane);
        }
        next
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_worked_on_until_it_is_empty() {
        let lane = |of: &str| Lane { url: "u".to_owned(), of: of.to_owned() };
        let mut lanes = Lanes::default();
        assert!(lanes.push(lane("a"), "1".to_owned()));
        assert!(!lanes.push(lane("a"), "2".to_owned()));
        assert!(lanes.push(lane("b"), "3".to_owned()));
        assert_eq!(lanes.next(&lane("a")).as_deref(), Some("1"));
        assert!(!lanes.push(lane("a"), "4".to_owned()), "it is still being worked on");
        assert_eq!(lanes.next(&lane("a")).as_deref(), Some("2"));
        assert_eq!(lanes.next(&lane("a")).as_deref(), Some("4"));
        assert_eq!(lanes.next(&lane("a")), None);
        assert!(lanes.push(lane("a"), "5".to_owned()));
    }
}
