//! What the uploads of a client share: its settings, connections, request budgets and journal.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;

use super::transfer::body::RangeBody;
use super::transfer::throttle::Throttle;
use crate::call::transport::Transport;
use crate::journal::Journal;
use crate::net::pool::Pool;
use crate::rate_limiter::Budgets;
use crate::settings::Settings;

/// What the uploads of a client share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Arc<Settings>,
    pub(crate) transport: Arc<Transport>,
    pub(crate) pool: Pool<RangeBody>,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) journal: Option<Journal>,
    /// Connections of OFAuth that were found to take one upload part at a time.
    one_at_a_time: Mutex<HashSet<Vec<u8>>>,
}

impl Context {
    pub(crate) fn new(
        settings: Arc<Settings>,
        transport: Arc<Transport>,
        budgets: Arc<Budgets>,
        throttle: Option<Throttle>,
        journal: Option<Journal>,
    ) -> Self {
        let (pool, one_at_a_time) = (Pool::default(), Mutex::default());
        Self { settings, transport, pool, throttle, budgets, journal, one_at_a_time }
    }

    pub(crate) fn is_one_at_a_time(&self, connection: &HeaderValue) -> bool {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner).contains(connection.as_bytes())
    }

    pub(crate) fn set_one_at_a_time(&self, connection: &HeaderValue) {
        let mut known = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(connection.as_bytes().to_vec());
    }
}
