//! Everything that a running sandbox knows.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::builder::Config;
use crate::fault::script::FaultBook;
use crate::posts::Posts;
use crate::rate_limit::Limiter;
use crate::transcript::Transcript;
use crate::uploads::Uploads;

/// The state that all connections share. Each lock is held for a few statements only, never across an await.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) uploads: Mutex<Uploads>,
    pub(crate) posts: Mutex<Posts>,
    pub(crate) faults: Mutex<FaultBook>,
    pub(crate) limiter: Mutex<Limiter>,
    pub(crate) transcript: Transcript,
    connections: AtomicU64,
}

impl App {
    pub(crate) fn new(config: Config) -> Self {
        let mut faults = FaultBook::default();
        for rule in config.faults.rules.clone() {
            faults.add(rule);
        }
        Self {
            uploads: Mutex::new(Uploads::new(config.session_ttl)),
            posts: Mutex::default(),
            faults: Mutex::new(faults),
            limiter: Mutex::new(Limiter::new(config.rate_limit)),
            transcript: Transcript::new(),
            connections: AtomicU64::new(0),
            config,
        }
    }

    /// The number of a new connection, from 1.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }
}
