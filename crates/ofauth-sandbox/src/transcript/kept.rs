//! The exchanges that are kept, and waiting for more of them.
//!
//! The oldest are forgotten above a number and above an amount of memory; bodies are forgotten much sooner.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Instant;

use tokio::sync::Notify;

use super::exchange::{Entry, Exchange, Head};
use super::wanted::Wanted;
use crate::lock::lock;

/// This many exchanges are kept, if they do not take more memory than below.
const MOST: usize = 100_000;

/// About how much memory all of them take, but for their bodies.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// Bodies of this many exchanges are kept; at 4 KiB each they take at most 8 MiB.
const WITH_BODIES: usize = 1_000;

/// All exchanges that are kept.
#[derive(Debug)]
pub(crate) struct Transcript {
    kept: Mutex<Kept>,
    /// Something became over.
    changed: Notify,
}

#[derive(Debug)]
struct Kept {
    start: Instant,
    /// The number of the latest.
    count: u64,
    /// What all of them weigh.
    bytes: usize,
    /// In the order of their numbers, without a gap, each with what it was said to weigh.
    latest: VecDeque<(Entry, usize)>,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { kept: Mutex::new(Kept::new()), changed: Notify::new() }
    }

    /// Opens the exchange of a request whose head was just read.
    pub(crate) fn begin(&self, connection: u64, head: Head<'_>) -> Entry {
        let mut kept = lock(&self.kept);
        kept.count += 1;
        let exchange = Exchange::begin(kept.count, connection, kept.start.elapsed(), head);
        let weight = exchange.weight();
        let entry = Entry::new(exchange);
        kept.latest.push_back((entry.clone(), weight));
        kept.bytes += weight;
        kept.trim();
        entry
    }

    /// Notes that a request is over.
    pub(crate) fn end(&self, entry: &Entry) {
        let (number, weight) = entry.edit(|exchange| {
            exchange.over = true;
            (exchange.number, exchange.weight())
        });
        lock(&self.kept).weigh(entry, number, weight);
        self.changed.notify_waiters();
    }

    /// The exchanges that are wanted.
    pub(crate) fn select(&self, wanted: &Wanted) -> Vec<Exchange> {
        let entries = self.entries();
        let all = entries.iter().map(Entry::exchange);
        all.filter(|exchange| wanted.holds(exchange)).collect()
    }

    /// Waits until `count` exchanges that are wanted are over, and returns those.
    pub(crate) async fn wait_for(&self, wanted: &Wanted, count: usize) -> Vec<Exchange> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.count_over(wanted) >= count {
                return self.select(wanted).into_iter().filter(|exchange| exchange.over).collect();
            }
            changed.await;
        }
    }

    /// How many exchanges that are wanted are over.
    pub(crate) fn count_over(&self, wanted: &Wanted) -> usize {
        let is_wanted = |exchange: &mut Exchange| exchange.over && wanted.holds(exchange);
        self.entries().iter().filter(|entry| entry.edit(is_wanted)).count()
    }

    /// Forgets all exchanges; the next one has the next number.
    pub(crate) fn clear(&self) {
        let mut kept = lock(&self.kept);
        kept.latest.clear();
        kept.bytes = 0;
    }

    /// Forgets all exchanges, how many there were, and when the sandbox was started.
    pub(crate) fn reset(&self) {
        *lock(&self.kept) = Kept::new();
    }

    /// How long it has been since the start, and how many requests there were.
    pub(crate) fn age(&self) -> (std::time::Duration, u64) {
        let kept = lock(&self.kept);
        (kept.start.elapsed(), kept.count)
    }

    fn entries(&self) -> Vec<Entry> {
        lock(&self.kept).latest.iter().map(|(entry, _)| entry.clone()).collect()
    }
}

impl Kept {
    fn new() -> Self {
        Self { start: Instant::now(), count: 0, bytes: 0, latest: VecDeque::new() }
    }

    /// Forgets what is too much.
    fn trim(&mut self) {
        while self.latest.len() > MOST || self.bytes > MOST_BYTES {
            let Some((_, weight)) = self.latest.pop_front() else { return };
            self.bytes = self.bytes.saturating_sub(weight);
        }
        let older = self.latest.len().checked_sub(WITH_BODIES + 1);
        if let Some((entry, _)) = older.and_then(|index| self.latest.get(index)) {
            entry.edit(Exchange::drop_bodies);
        }
    }

    /// Corrects what an exchange weighs, now that it is over.
    fn weigh(&mut self, entry: &Entry, number: u64, weight: usize) {
        let first = (self.count + 1).saturating_sub(self.latest.len() as u64);
        let index = number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        let with_bodies = self.latest.len().saturating_sub(WITH_BODIES);
        let Some((index, found)) = index.and_then(|index| Some((index, self.latest.get_mut(index)?))) else {
            return;
        };
        if !found.0.is(entry) {
            return;
        }
        self.bytes = self.bytes.saturating_sub(found.1) + weight;
        found.1 = weight;
        if index < with_bodies {
            entry.edit(Exchange::drop_bodies);
        }
        self.trim();
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::transcript::Recorded;

    fn request(transcript: &Transcript, path: &str) -> Entry {
        let headers = HeaderMap::new();
        transcript.begin(1, Head { method: "GET", path, headers: &headers })
    }

    fn all(transcript: &Transcript) -> Vec<Exchange> {
        transcript.select(&Wanted::default())
    }

    #[test]
    fn the_oldest_are_forgotten_above_an_amount_of_memory() {
        let transcript = Transcript::new();
        let long = "x".repeat(64 * 1024);
        for _ in 0..1000 {
            transcript.end(&request(&transcript, &long));
        }
        let kept = all(&transcript);
        assert!((300..400).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last().unwrap().number, 1000);
        let held = lock(&transcript.kept).bytes;
        assert!((MOST_BYTES / 2..=MOST_BYTES).contains(&held), "{held}");
    }

    #[test]
    fn bodies_are_kept_of_the_latest_only() {
        let transcript = Transcript::new();
        let slow = request(&transcript, "/slow");
        for _ in 0..WITH_BODIES + 10 {
            let entry = request(&transcript, "/");
            entry.edit(|exchange| exchange.answer = Some(Recorded::of(b"{}")));
            transcript.end(&entry);
        }
        slow.edit(|exchange| exchange.answer = Some(Recorded::of(b"{}")));
        transcript.end(&slow);
        let with_bodies = all(&transcript).iter().filter(|exchange| exchange.answer.is_some()).count();
        assert_eq!(with_bodies, WITH_BODIES);
    }

    #[test]
    fn a_request_that_ends_after_a_reset_is_not_taken_for_a_new_one() {
        let transcript = Transcript::new();
        let before = request(&transcript, "/before");
        transcript.reset();
        let after = request(&transcript, "/after");
        transcript.end(&before);
        assert_eq!(all(&transcript).len(), 1);
        assert!(!all(&transcript)[0].over);
        transcript.end(&after);
        transcript.clear();
        assert_eq!((all(&transcript).len(), lock(&transcript.kept).bytes), (0, 0));
        request(&transcript, "/next");
        assert_eq!(all(&transcript)[0].number, 2);
    }
}
