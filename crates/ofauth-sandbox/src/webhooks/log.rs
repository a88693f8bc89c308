//! What was told to whom, and how each attempt went. It is bounded: the oldest that are over make room.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

/// How many deliveries are kept: more than may wait, so that some of them are over.
const MOST: usize = 6000;

/// How many may wait. More would only be told long after they happened.
const WAITING: usize = 5000;

/// How a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// It waits for its first or next attempt.
    Pending,
    /// It was answered with 2xx.
    Delivered,
    /// It was tried as often as it is.
    Failed,
    /// Too many waited.
    Dropped,
}

/// One attempt.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    /// When, in ISO 8601.
    pub(crate) at: String,
    pub(crate) status: Option<u16>,
    /// Why there is no status.
    pub(crate) error: Option<String>,
    pub(crate) duration_ms: u64,
}

/// An event on its way to an address.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) url: String,
    pub(crate) connection_id: Option<String>,
    pub(crate) created_at: String,
    pub(crate) state: State,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) body: Box<RawValue>,
}

impl Delivery {
    pub(crate) fn is_over(&self) -> bool {
        self.state != State::Pending
    }
}

/// The latest deliveries, in their order.
#[derive(Debug, Default)]
pub(crate) struct Log {
    kept: VecDeque<Delivery>,
    /// How many made room.
    gone: usize,
}

impl Log {
    /// Keeps a new delivery; returns whether it is to be tried.
    pub(crate) fn add(&mut self, mut delivery: Delivery) -> bool {
        let waiting = self.kept.iter().filter(|delivery| !delivery.is_over()).count();
        let taken = waiting < WAITING;
        if !taken {
            delivery.state = State::Dropped;
        }
        if self.kept.len() >= MOST {
            let oldest = self.kept.iter().position(Delivery::is_over).unwrap_or(0);
            self.kept.remove(oldest);
            self.gone = self.gone.saturating_add(1);
        }
        self.kept.push_back(delivery);
        taken
    }

    pub(crate) fn get(&mut self, id: &str) -> Option<&mut Delivery> {
        self.kept.iter_mut().find(|delivery| delivery.id == id)
    }

    pub(crate) fn all(&self) -> Vec<Delivery> {
        self.kept.iter().cloned().collect()
    }

    /// How many are over, those included that are not kept any more.
    pub(crate) fn over(&self) -> usize {
        self.kept.iter().filter(|delivery| delivery.is_over()).count().saturating_add(self.gone)
    }
}

/// The pause after the attempt with this number, counted from 1; each is four times the one before.
pub(crate) fn pause(base: Duration, attempt: u32) -> Duration {
    base.saturating_mul(4_u32.saturating_pow(attempt.saturating_sub(1)))
}

/// How often a delivery is tried, as documented.
pub(crate) const ATTEMPTS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(id: usize, state: State) -> Delivery {
        Delivery {
            id: id.to_string(),
            event: String::new(),
            url: String::new(),
            connection_id: None,
            created_at: String::new(),
            state,
            attempts: Vec::new(),
            body: RawValue::NULL.to_owned(),
        }
    }

    #[test]
    fn what_is_over_makes_room_and_too_many_are_dropped() {
        let mut log = Log::default();
        let old = MOST - WAITING;
        assert!((0..old).all(|id| log.add(delivery(id, State::Delivered))));
        assert!((old..MOST).all(|id| log.add(delivery(id, State::Pending))));
        assert!(!log.add(delivery(MOST, State::Pending)));
        assert_eq!(log.get(&MOST.to_string()).unwrap().state, State::Dropped);
        assert!(log.get("0").is_none() && log.get(&old.to_string()).is_some());
        assert_eq!((log.all().len(), log.over()), (MOST, old + 1));
    }

    #[test]
    fn pauses_grow() {
        let base = Duration::from_secs(5);
        let pauses: Vec<u64> = (1..ATTEMPTS).map(|attempt| pause(base, attempt).as_secs()).collect();
        assert_eq!(pauses, [5, 20, 80, 320]);
    }
}
