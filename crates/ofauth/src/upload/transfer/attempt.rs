//! One try of a PUT, as both sides see it: the engine that started it and the wire that carries it out.
//!
//! Counts what was handed over, keeps the hash of the content for the journal, and stands before the last bytes of a
//! request that finishes an upload until the journal knows that they may go out.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::journal::{Record, Recorder};

/// Resolves when the last bytes may be handed over.
pub(crate) type Gate = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// One try.
#[derive(Default)]
pub(crate) struct Attempt {
    handed_over: AtomicU64,
    waits_for_limit: AtomicBool,
    hash: Mutex<Option<u128>>,
    journal: Option<Recorder>,
    /// Whether the request finishes the upload once the service has all of it.
    finishing: bool,
    /// Whether the gate was passed.
    announced: AtomicBool,
    ended: AtomicBool,
}

impl Attempt {
    pub(crate) fn new(journal: Option<Recorder>, finishing: bool) -> Self {
        Self { journal, finishing, ..Self::default() }
    }

    /// Bytes of this try given to the network.
    pub(crate) fn handed_over(&self) -> u64 {
        self.handed_over.load(Ordering::Relaxed)
    }

    pub(crate) fn set_handed_over(&self, bytes: u64) {
        self.handed_over.store(bytes, Ordering::Relaxed);
    }

    /// Whether the try has not begun because the rate limit is used up.
    pub(crate) fn waits_for_limit(&self) -> bool {
        self.waits_for_limit.load(Ordering::Relaxed)
    }

    pub(crate) fn set_waits_for_limit(&self, waits: bool) {
        self.waits_for_limit.store(waits, Ordering::Relaxed);
    }

    /// Whether it is known how the try ended, be it that this is still being written down.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ended(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Whether the content is to be hashed.
    pub(crate) fn is_journaled(&self) -> bool {
        self.journal.is_some()
    }

    /// The hash of the content, once all of it was handed over.
    pub(crate) fn hash(&self) -> Option<u128> {
        *self.hash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_hash(&self, hash: u128) {
        *self.hash.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    }

    /// What has to be waited for before the request is whole: its last bytes, or all of it if it is short. Nothing if it
    /// does not finish the upload.
    pub(crate) fn gate(self: &Arc<Self>) -> Option<Gate> {
        if !self.finishing || self.is_announced() {
            return None;
        }
        let attempt = Arc::clone(self);
        Some(Box::pin(async move {
            if let Some(journal) = &attempt.journal {
                journal.write(Record::Finishing).await?;
            }
            attempt.announced.store(true, Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Whether the gate was passed: the service may have the whole request, and the journal knows.
    pub(crate) fn is_announced(&self) -> bool {
        self.announced.load(Ordering::Relaxed)
    }
}
