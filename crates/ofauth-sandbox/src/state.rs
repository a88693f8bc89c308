//! Everything that a running sandbox knows.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::rule_counts::RuleCounts;
use crate::link::table::Links;
use crate::lock::lock;
use crate::rate_limit::Limiter;
use crate::settings::Settings;
use crate::transcript::Transcript;
use crate::uploads::table::Uploads;
use crate::webhooks::sender::Webhooks;
use crate::world::store::World;

/// The state that all connections share. Each lock is held for a few statements only, never across an await.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) uploads: Mutex<Uploads>,
    pub(crate) world: Mutex<World>,
    pub(crate) links: Mutex<Links>,
    pub(crate) faults: Mutex<RuleCounts>,
    pub(crate) limiter: Mutex<Limiter>,
    pub(crate) transcript: Transcript,
    pub(crate) webhooks: Webhooks,
    /// The address that clients are given.
    pub(crate) base: String,
    connections: AtomicU64,
}

impl State {
    pub(crate) fn new(settings: Settings, webhooks: Webhooks, base: String) -> Self {
        Self {
            uploads: Mutex::new(Uploads::new(settings.session_ttl)),
            world: Mutex::new(world(&settings)),
            links: Mutex::default(),
            faults: Mutex::new(RuleCounts::of(&settings.faults)),
            limiter: Mutex::new(Limiter::new(settings.rate_limit)),
            transcript: Transcript::new(),
            webhooks,
            base,
            connections: AtomicU64::new(0),
            settings,
        }
    }

    /// Puts everything back to where it was at the start. Requests that are under way find what they began gone.
    pub(crate) fn reset(&self) {
        *lock(&self.uploads) = Uploads::new(self.settings.session_ttl);
        *lock(&self.world) = world(&self.settings);
        *lock(&self.links) = Links::default();
        *lock(&self.faults) = RuleCounts::of(&self.settings.faults);
        *lock(&self.limiter) = Limiter::new(self.settings.rate_limit);
        self.webhooks.reset();
        self.transcript.reset();
    }

    /// The number of a new connection, from 1.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The world as it is at the start.
fn world(settings: &Settings) -> World {
    World::new(settings.seeds.clone())
        .keeping(settings.copies.clone())
        .with_copies(&settings.vault_plus_media)
}
