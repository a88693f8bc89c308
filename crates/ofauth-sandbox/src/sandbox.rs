//! The handle of a running sandbox: where it listens, what it has seen, and what it shall do wrong.
//!
//! It reads and changes the state that connections share. How a sandbox is set up is in the builder.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;

use crate::builder::SandboxBuilder;
use crate::fault::FaultRule;
use crate::lock::lock;
use crate::server::Server;
use crate::state::State;
use crate::transcript::Exchange;
use crate::uploads::record::UploadRecord;

/// A running sandbox. It ends when it is dropped.
pub struct Sandbox {
    state: Arc<State>,
    address: SocketAddr,
    base_url: String,
    ca_pem: Option<String>,
    server: Server,
}

impl Sandbox {
    /// A sandbox with the default settings, to be changed and started.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// The handle of a server that runs.
    pub(crate) fn running(
        state: Arc<State>,
        address: SocketAddr,
        ca_pem: Option<String>,
        server: Server,
    ) -> Self {
        let scheme = if ca_pem.is_some() { "https" } else { "http" };
        // An unspecified address cannot be connected to everywhere; loopback is always part of it.
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
            IpAddr::V6(ip) if ip.is_unspecified() => {
                SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port()))
            }
            _ => address,
        };
        Self { state, address, base_url: format!("{scheme}://{host}"), ca_pem, server }
    }

    /// The URL that clients have to be given, without a path: `http://127.0.0.1:40123`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address that the sandbox listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate authority that clients have to trust, in PEM; none without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// All upload sessions, in the order of their init.
    #[must_use]
    pub fn uploads(&self) -> Vec<UploadRecord> {
        lock(&self.state.uploads).records()
    }

    /// One upload session.
    #[must_use]
    pub fn upload(&self, media_upload_id: &str) -> Option<UploadRecord> {
        lock(&self.state.uploads).record(media_upload_id)
    }

    /// All posts: the fields of the request, and `id`, `connectionId` and the resolved `mediaIds`.
    #[must_use]
    pub fn posts(&self) -> Vec<Value> {
        lock(&self.state.posts).records(true)
    }

    /// All chat and mass messages, like [`posts`](Self::posts), with `kind` `chatMessage` or `massMessage`, and
    /// `userId` for chat messages.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.state.posts).records(false)
    }

    /// Every request to the API, in the order of arrival; the latest 100 000 if there were more.
    #[must_use]
    pub fn transcript(&self) -> Vec<Exchange> {
        self.state.transcript.snapshot()
    }

    /// Adds a rule to the fault script. A fault alone is played on the next request, whatever it is.
    pub fn push_fault(&self, rule: impl Into<FaultRule>) {
        lock(&self.state.faults).add(rule.into());
    }

    /// The rules whose fault was not played so far.
    #[must_use]
    pub fn unplayed_faults(&self) -> Vec<FaultRule> {
        lock(&self.state.faults).unplayed()
    }

    /// Removes all rules from the fault script.
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
    }

    /// Ends the sandbox and its connections, and waits for that.
    pub async fn shutdown(self) {
        self.server.stop().await;
    }
}

// What was posted, and the key that is accepted, are nobody's business but the test's: they stay out of logs.
impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}
