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
pub(super) struct Lanes {
    waiting: HashMap<Lane, VecDeque<String>>,
    /// How often everything was forgotten. Who began before that may not have noticed it yet.
    round: u64,
}

impl Lanes {
    /// Has a delivery wait in a lane; returns the round in which somebody has to begin to work on it, if nobody does.
    pub(super) fn push(&mut self, lane: Lane, id: String) -> Option<u64> {
        let begins = !self.waiting.contains_key(&lane);
        self.waiting.entry(lane).or_default().push_back(id);
        begins.then_some(self.round)
    }

    /// The next delivery of a lane for who began in this round; if there is none, the work is over.
    pub(super) fn next(&mut self, lane: &Lane, round: u64) -> Option<String> {
        if round != self.round {
            return None;
        }
        let next = self.waiting.get_mut(lane).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.waiting.remove(lane);
        }
        next
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.round = self.round.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_worked_on_until_it_is_empty() {
        let lane = |of: &str| Lane { url: "u".to_owned(), of: of.to_owned() };
        let mut lanes = Lanes::default();
        let push = |lanes: &mut Lanes, of: &str, id: &str| lanes.push(lane(of), id.to_owned());
        assert_eq!(push(&mut lanes, "a", "1"), Some(0));
        assert_eq!(push(&mut lanes, "a", "2"), None);
        assert_eq!(push(&mut lanes, "b", "3"), Some(0));
        assert_eq!(lanes.next(&lane("a"), 0).as_deref(), Some("1"));
        assert_eq!(push(&mut lanes, "a", "4"), None, "it is still being worked on");
        assert_eq!(lanes.next(&lane("a"), 0).as_deref(), Some("2"));
        assert_eq!(lanes.next(&lane("a"), 0).as_deref(), Some("4"));
        assert_eq!(lanes.next(&lane("a"), 0), None);
        assert_eq!(push(&mut lanes, "a", "5"), Some(0));

        // Who works on "a" is told to stop, but comes back once more first.
        lanes.clear();
        assert_eq!(push(&mut lanes, "a", "6"), Some(1));
        assert_eq!(lanes.next(&lane("a"), 0), None);
        assert_eq!(lanes.next(&lane("a"), 1).as_deref(), Some("6"));
    }
}
