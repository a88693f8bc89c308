//! Everything that a running sandbox knows.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::rule_counts::RuleCounts;
use crate::rate_limit::Limiter;
use crate::settings::Settings;
use crate::transcript::Transcript;
use crate::uploads::table::Uploads;
use crate::world::store::World;

/// The state that all connections share. Each lock is held for a few statements only, never across an await.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) uploads: Mutex<Uploads>,
    pub(crate) world: Mutex<World>,
    pub(crate) faults: Mutex<RuleCounts>,
    pub(crate) limiter: Mutex<Limiter>,
    pub(crate) transcript: Transcript,
    connections: AtomicU64,
}

impl State {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut faults = RuleCounts::default();
        for rule in settings.faults.rules.clone() {
            faults.add(rule);
        }
        Self {
            uploads: Mutex::new(Uploads::new(settings.session_ttl)),
            world: Mutex::new(World::new(settings.seeds.clone()).with_copies(&settings.vault_plus_media)),
            faults: Mutex::new(faults),
            limiter: Mutex::new(Limiter::new(settings.rate_limit)),
            transcript: Transcript::new(),
            connections: AtomicU64::new(0),
            settings,
        }
    }

    /// The number of a new connection, from 1.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }
}
