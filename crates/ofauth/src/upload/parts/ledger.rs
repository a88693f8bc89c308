//! Which parts are done, which are under way, and which may be sent next: the one truth about an upload's progress.
//!
//! Pure: time is passed in. Completeness is read from here and from nowhere else, so a part can be lost neither with
//! a task nor with a connection.

use std::collections::BTreeSet;

use tokio::time::Instant;

use crate::upload::plan::upload_plan::PlannedPart;
use crate::upload::source::compare::SentPart;
use crate::upload::source::revision::Revision;

/// The parts of one session.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    /// Index of the first part that was never sent.
    fresh: usize,
    /// Parts to send again, and when.
    again: BTreeSet<(Instant, usize)>,
    done: usize,
    acknowledged: u64,
}

#[derive(Debug, Default)]
struct Entry {
    length: u64,
    /// Tries that were started and count, never reset.
    tries: u32,
    /// Failures since any part was acknowledged, as of the count of acknowledged parts below.
    step: u32,
    step_at: usize,
    done: bool,
    etag: Option<String>,
    /// The hash of what went out whole, and the revision of the source that is known to hold the same.
    sent: Option<(u128, Option<Revision>)>,
}

impl Ledger {
    pub(crate) fn new(parts: &[PlannedPart]) -> Self {
        let entry = |part: &PlannedPart| Entry { length: part.length, ..Entry::default() };
        Self { entries: parts.iter().map(entry).collect(), ..Self::default() }
    }

    /// Records that an earlier run had `part` acknowledged, after so many tries, and that the source, as it was opened in
    /// this run, holds what it sent.
    pub(crate) fn resume(&mut self, part: usize, etag: Option<String>, tries: u32, hash: u128) {
        self.acknowledge(part, etag);
        if let Some(entry) = self.entries.get_mut(part) {
            entry.tries = tries;
            entry.sent = Some((hash, Some(Revision::default())));
        }
        self.skip_done();
    }

    /// Moves on to the first part that was neither sent nor acknowledged in an earlier run.
    fn skip_done(&mut self) {
        while self.entries.get(self.fresh).is_some_and(|entry| entry.done) {
            self.fresh = self.fresh.saturating_add(1);
        }
    }

    /// Takes the part to send now: one whose pause is over, else the next that was never sent.
    pub(crate) fn take(&mut self, now: Instant) -> Option<usize> {
        if let Some(&(due, part)) = self.again.first()
            && due <= now
        {
            self.again.pop_first();
            return Some(part);
        }
        let part = self.fresh;
        self.has_fresh().then(|| {
            self.fresh = self.fresh.saturating_add(1);
            self.skip_done();
            part
        })
    }

    /// Tries of `part` so far that were started, failed and count.
    pub(crate) fn tries(&self, part: usize) -> u32 {
        self.entries.get(part).map_or(0, |entry| entry.tries)
    }

    /// When the next pause ends.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.again.first().map(|(due, _)| *due)
    }

    /// Whether a part was never sent yet.
    pub(crate) fn has_fresh(&self) -> bool {
        self.fresh < self.entries.len()
    }

    /// Counts a try of `part` that failed; returns the tries so far and the failures since the last progress.
    pub(crate) fn fail(&mut self, part: usize) -> (u32, u32) {
        let done = self.done;
        let Some(entry) = self.entries.get_mut(part) else { return (u32::MAX, u32::MAX) };
        if entry.step_at != done {
            (entry.step, entry.step_at) = (0, done);
        }
        entry.tries = entry.tries.saturating_add(1);
        let step = entry.step;
        entry.step = step.saturating_add(1);
        (entry.tries, step)
    }

    /// Takes back the count of a try that was refused before it was looked at.
    pub(crate) fn uncount(&mut self, part: usize) {
        if let Some(entry) = self.entries.get_mut(part) {
            entry.tries = entry.tries.saturating_sub(1);
        }
    }

    /// Schedules `part` for another try.
    pub(crate) fn send_again(&mut self, part: usize, due: Instant) {
        self.again.insert((due, part));
    }

    /// Records that the service has `part`. A second acknowledgement changes nothing.
    pub(crate) fn acknowledge(&mut self, part: usize, etag: Option<String>) {
        let Some(entry) = self.entries.get_mut(part) else { return };
        if !entry.done {
            entry.done = true;
            entry.etag = etag;
            // The try that succeeded.
            entry.tries = entry.tries.saturating_add(1);
            self.done = self.done.saturating_add(1);
            self.acknowledged = self.acknowledged.saturating_add(entry.length);
        }
    }

    /// Records that a try of `part` went out whole, with content of this hash, which `revision` of the source is known to
    /// hold. `false` if an earlier try of it sent something else: which of the two the service keeps nobody knows.
    #[must_use]
    pub(crate) fn sent(&mut self, part: usize, hash: u128, revision: Option<Revision>) -> bool {
        let Some(entry) = self.entries.get_mut(part) else { return true };
        let is_the_same = entry.sent.is_none_or(|(earlier, _)| earlier == hash);
        let known = revision.or(entry.sent.and_then(|(_, known)| known));
        entry.sent = Some((hash, known));
        is_the_same
    }

    /// The hash of what an earlier try of `part` sent whole, whether it was answered or not.
    pub(crate) fn sent_before(&self, part: usize) -> Option<u128> {
        self.entries.get(part)?.sent.map(|(hash, _)| hash)
    }

    /// The parts that the service has and that are not known to be what the source holds in this revision.
    pub(crate) fn not_known_in(&self, revision: Revision) -> Vec<SentPart> {
        let mut next: u64 = 0;
        let parts = self.entries.iter().enumerate().filter_map(|(index, entry)| {
            let start = next;
            next = next.saturating_add(entry.length);
            let is_known = entry.sent.is_some_and(|(_, known)| known == Some(revision));
            let hash = entry.sent.map(|(hash, _)| hash);
            (entry.done && !is_known).then_some(SentPart { index, start, length: entry.length, hash })
        });
        parts.collect()
    }

    /// Records that the source holds these parts in this revision.
    pub(crate) fn known_in(&mut self, revision: Revision, parts: impl IntoIterator<Item = usize>) {
        for part in parts {
            if let Some((_, known)) = self.entries.get_mut(part).and_then(|entry| entry.sent.as_mut()) {
                *known = Some(revision);
            }
        }
    }

    /// Bytes that the service has acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Parts that the service has acknowledged.
    pub(crate) fn parts_done(&self) -> u32 {
        u32::try_from(self.done).unwrap_or(u32::MAX)
    }

    /// Parts that the service has not acknowledged.
    pub(crate) fn parts_left(&self) -> usize {
        self.entries.len().saturating_sub(self.done)
    }

    /// Whether the service has every part.
    pub(crate) fn is_done(&self) -> bool {
        self.done == self.entries.len()
    }

    /// Length and hash of each part, in order.
    pub(crate) fn sums(&self) -> Vec<(u64, Option<u128>)> {
        self.entries.iter().map(|entry| (entry.length, entry.sent.map(|(hash, _)| hash))).collect()
    }

    /// Tries and etag of each part, in order.
    pub(crate) fn into_results(self) -> impl Iterator<Item = (u32, Option<String>)> {
        self.entries.into_iter().map(|entry| (entry.tries, entry.etag))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::upload::plan::upload_plan::tests_support::parts;

    #[test]
    fn parts_come_in_order_and_failed_ones_when_they_are_due() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut ledger = Ledger::new(&parts(&[5, 5, 2]));
        assert_eq!(ledger.take(now), Some(0));
        assert_eq!(ledger.fail(0), (1, 0));
        ledger.send_again(0, later);
        assert_eq!((ledger.take(now), ledger.take(now), ledger.take(now)), (Some(1), Some(2), None));
        assert_eq!(ledger.next_due(), Some(later));
        assert_eq!(ledger.take(later), Some(0));
        assert_eq!(ledger.fail(0), (2, 1));
        ledger.acknowledge(1, Some("\"a\"".into()));
        assert_eq!(ledger.fail(0), (3, 0), "progress resets the pauses, not the tries");
        ledger.acknowledge(1, None);
        assert_eq!((ledger.acknowledged(), ledger.parts_done(), ledger.is_done()), (5, 1, false));
        ledger.acknowledge(0, None);
        ledger.acknowledge(2, None);
        assert!(ledger.is_done());
        let results: Vec<_> = ledger.into_results().collect();
        assert_eq!(results, [(4, None), (1, Some("\"a\"".into())), (1, None)]);
    }

    #[test]
    fn a_refusal_that_is_waited_for_is_no_try() {
        let mut ledger = Ledger::new(&parts(&[5, 5]));
        assert_eq!((ledger.take(Instant::now()), ledger.fail(0).0), (Some(0), 1));
        ledger.uncount(0);
        assert_eq!(ledger.tries(0), 0);
        ledger.uncount(0);
        assert_eq!((ledger.tries(0), ledger.tries(1), ledger.fail(0).0, ledger.tries(0)), (0, 0, 1, 1));
        assert_eq!(ledger.fail(2), (u32::MAX, u32::MAX), "there is no such part");
    }

    #[test]
    fn what_is_left_is_what_was_neither_sent_nor_acknowledged() {
        let now = Instant::now();
        let mut ledger = Ledger::new(&parts(&[5, 5, 2]));
        ledger.resume(0, Some("\"0\"".into()), 3, 70);
        assert_eq!((ledger.tries(0), ledger.sent_before(0), ledger.sent_before(1)), (3, Some(70), None));
        assert_eq!((ledger.parts_done(), ledger.parts_left(), ledger.has_fresh()), (1, 2, true));
        assert_eq!((ledger.take(now), ledger.take(now), ledger.has_fresh()), (Some(1), Some(2), false));
        assert_eq!((ledger.next_due(), ledger.take(now)), (None, None));
        assert!(ledger.sent(2, 72, None) && ledger.sent(9, 79, None));
        ledger.acknowledge(9, None);
        assert_eq!(ledger.sums(), [(5, Some(70)), (5, None), (2, Some(72))]);
        ledger.acknowledge(2, None);
        assert_eq!((ledger.parts_done(), ledger.parts_left(), ledger.is_done()), (2, 1, false));
    }

    #[test]
    fn what_was_sent_is_known_in_the_revision_in_which_it_was_seen() {
        let [first, second] = crate::upload::source::revision::tests_support::revisions();
        let mut ledger = Ledger::new(&parts(&[5, 5, 2]));
        assert!(ledger.sent(0, 70, Some(first)) && ledger.sent(1, 71, None));
        assert_eq!(ledger.not_known_in(first), [], "nothing is acknowledged");
        ledger.acknowledge(0, None);
        ledger.acknowledge(1, None);
        ledger.resume(2, None, 1, 72);
        let missing = |ledger: &Ledger, revision| -> Vec<_> {
            ledger.not_known_in(revision).iter().map(|part| (part.index, part.start, part.hash)).collect()
        };
        assert_eq!(missing(&ledger, first), [(1, 5, Some(71))]);
        assert_eq!(missing(&ledger, second).len(), 3);
        ledger.known_in(second, [0, 2]);
        assert_eq!(missing(&ledger, second), [(1, 5, Some(71))]);
        assert!(ledger.sent(1, 71, Some(second)), "the same, again");
        assert_eq!(missing(&ledger, second), []);
        assert!(!ledger.sent(1, 72, Some(second)), "another content");
    }

    proptest! {
        /// Whatever order parts fail and succeed in, each is under way at most once and all end up acknowledged.
        #[test]
        fn no_part_is_lost_or_doubled(lengths in prop::collection::vec(1_u64..9, 1..20), earlier in prop::collection::btree_set(0_usize..20, 0..20), outcomes in prop::collection::vec(any::<bool>(), 0..200)) {
            let mut ledger = Ledger::new(&parts(&lengths));
            let mut now = Instant::now();
            let mut outcomes = outcomes.into_iter();
            let mut acknowledged = 0;
            for part in earlier.iter().copied().filter(|part| *part < lengths.len()) {
                ledger.resume(part, None, 1, 0);
                acknowledged += lengths[part];
            }
            prop_assert_eq!(ledger.acknowledged(), acknowledged);
            while let Some(part) = ledger.take(now).or_else(|| { now = ledger.next_due()?; ledger.take(now) }) {
                prop_assert!(!earlier.contains(&part), "the service has it already");
                if outcomes.next().unwrap_or(true) {
                    ledger.acknowledge(part, None);
                    acknowledged += lengths[part];
                } else {
                    ledger.fail(part);
                    ledger.send_again(part, now + Duration::from_millis(7));
                }
                prop_assert_eq!(ledger.acknowledged(), acknowledged);
            }
            prop_assert!(ledger.is_done());
            prop_assert_eq!(acknowledged, lengths.iter().sum::<u64>());
        }
    }
}
