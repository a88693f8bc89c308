//! What the uploads of a client share: its transport, connections, rate cap and journal.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;

use super::transfer::put::Puts;
use super::transfer::throttle::Throttle;
use crate::call::transport::Transport;
use crate::error::Result;
use crate::journal::Journal;

/// What the uploads of a client share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) transport: Arc<Transport>,
    pub(crate) puts: Arc<Puts>,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) journal: Option<Journal>,
    /// Connections of OFAuth that were found to take one upload part at a time.
    one_at_a_time: Arc<Mutex<HashSet<Vec<u8>>>>,
}

impl Context {
    pub(crate) fn new(transport: Transport, throttle: Option<Throttle>, journal: Option<Journal>) -> Self {
        let puts = Arc::new(Puts::new(Arc::clone(&transport.settings)));
        Self { transport: Arc::new(transport), puts, throttle, journal, one_at_a_time: Arc::default() }
    }

    /// The same for another connection. All else is shared.
    pub(crate) fn for_connection(&self, id: &str) -> Result<Self> {
        let Transport { settings, exchange, limiters, references } = &*self.transport;
        let settings = Arc::new(settings.for_connection(id)?);
        let transport =
            Transport::new(settings, exchange.clone(), Arc::clone(limiters), Arc::clone(references));
        Ok(Self {
            transport: Arc::new(transport),
            puts: Arc::clone(&self.puts),
            throttle: self.throttle.clone(),
            journal: self.journal.clone(),
            one_at_a_time: Arc::clone(&self.one_at_a_time),
        })
    }

    pub(crate) fn is_one_at_a_time(&self, connection: &HeaderValue) -> bool {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner).contains(connection.as_bytes())
    }

    pub(crate) fn set_one_at_a_time(&self, connection: &HeaderValue) {
        let mut known = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(connection.as_bytes().to_vec());
    }
}
