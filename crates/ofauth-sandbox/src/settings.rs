//! The settings of a sandbox, which do not change while it runs.

use std::path::PathBuf;
use std::time::Duration;

use crate::access::Access;
use crate::content_type::essence;
use crate::fault::script::FaultScript;
use crate::link::table::LIVES;
use crate::rate_limit::RateLimit;
use crate::transcript::Exchange;
use crate::webhooks::sender::WebhookSettings;
use crate::world::seeds::Seeds;
use crate::world::vault_plus::CopySettings;

/// The part size of the upload guide's example.
const PART_SIZE: u64 = 5 * 1024 * 1024;

/// About the largest video that the guide allows, and the largest image or audio file.
const MAX_VIDEO: u64 = 5 * 1024 * 1024 * 1024;
const MAX_OTHER: u64 = 50 * 1024 * 1024;

/// The guide speaks of "a period of inactivity" and names none.
const SESSION_TTL: Duration = Duration::from_secs(60 * 60);

/// The settings of a sandbox.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) part_size: u64,
    pub(crate) single_limit: Option<u64>,
    pub(crate) max_size: Option<u64>,
    pub(crate) access: Access,
    pub(crate) session_ttl: Duration,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) faults: FaultScript,
    pub(crate) seeds: Seeds,
    pub(crate) discard_bytes: bool,
    pub(crate) storage_dir: Option<PathBuf>,
    pub(crate) vault_plus_media: Vec<String>,
    pub(crate) refuse_parallel_parts: bool,
    pub(crate) refuse_out_of_order_parts: bool,
    pub(crate) accept_repeated_single: bool,
    pub(crate) watcher: Option<Watcher>,
    pub(crate) lenient: bool,
    pub(crate) link: LinkSettings,
    pub(crate) copies: CopySettings,
    pub(crate) webhooks: WebhookSettings,
}

/// How Link sessions live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkSettings {
    pub(crate) ttl: Duration,
    /// How often somebody has to ask until one completes by itself.
    pub(crate) after: Option<u32>,
}

/// Who is shown each exchange.
pub(crate) struct Watcher(pub(crate) Box<dyn Fn(&Exchange) + Send + Sync>);

impl Watcher {
    pub(crate) fn show(&self, exchange: &Exchange) {
        (self.0)(exchange);
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

impl Settings {
    /// Files up to this size go in one request.
    pub(crate) fn single_limit(&self) -> u64 {
        self.single_limit.unwrap_or(self.part_size)
    }

    /// The most bytes of a file of this type.
    pub(crate) fn max_size(&self, content_type: &str) -> u64 {
        let by_kind = if essence(content_type).starts_with("video/") { MAX_VIDEO } else { MAX_OTHER };
        self.max_size.unwrap_or(by_kind)
    }

    /// Where the temporary files lie.
    pub(crate) fn storage_dir(&self) -> PathBuf {
        self.storage_dir.clone().unwrap_or_else(std::env::temp_dir)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            part_size: PART_SIZE,
            single_limit: None,
            max_size: None,
            access: Access::default(),
            session_ttl: SESSION_TTL,
            rate_limit: None,
            faults: FaultScript::default(),
            seeds: Seeds::default(),
            discard_bytes: false,
            storage_dir: None,
            vault_plus_media: Vec::new(),
            refuse_parallel_parts: false,
            refuse_out_of_order_parts: false,
            accept_repeated_single: false,
            watcher: None,
            lenient: false,
            link: LinkSettings { ttl: LIVES, after: None },
            copies: CopySettings::default(),
            webhooks: WebhookSettings::default(),
        }
    }
}
