#![doc = include_str!("../README.md")]

mod body;
mod builder;
mod call;
mod document;
mod error;
mod example;
pub mod fault;
mod inspect;
mod lists;
mod media_items;
mod number;
mod opening;
mod page;
mod posts;
mod rate_limit;
mod record;
mod reply;
mod route;
mod schema;
mod server;
mod service;
mod socket;
mod state;
mod tls;
mod transcript;
mod uploads;
mod validate;
mod vault_plus;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use crate::builder::{SandboxBuilder, StartError};
pub use crate::fault::{Fault, FaultRule, FaultScript, ScriptError};
pub use crate::rate_limit::RateLimit;
pub use crate::record::{PartRecord, UploadKind, UploadRecord, UploadState};
use crate::state::App;
pub use crate::transcript::Exchange;

/// A running sandbox. It ends when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    app: Arc<App>,
    address: SocketAddr,
    base_url: String,
    ca_pem: Option<String>,
    server: Server,
}

/// The task that serves, and the channel whose end stops it.
#[derive(Debug)]
struct Server {
    stop: oneshot::Sender<Infallible>,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// A sandbox with the default settings, to be changed and started.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    fn running(app: Arc<App>, address: SocketAddr, ca_pem: Option<String>, server: Server) -> Self {
        let scheme = if ca_pem.is_some() { "https" } else { "http" };
        // An unspecified address cannot be connected to everywhere; loopback is always part of it.
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
            IpAddr::V6(ip) if ip.is_unspecified() => {
                SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port()))
            }
            _ => address,
        };
        Self { app, address, base_url: format!("{scheme}://{host}"), ca_pem, server }
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
        lock(&self.app.uploads).records()
    }

    /// One upload session.
    #[must_use]
    pub fn upload(&self, media_upload_id: &str) -> Option<UploadRecord> {
        lock(&self.app.uploads).record(media_upload_id)
    }

    /// All posts: the fields of the request, and `id`, `connectionId` and the resolved `mediaIds`.
    #[must_use]
    pub fn posts(&self) -> Vec<Value> {
        lock(&self.app.posts).records(true)
    }

    /// All chat and mass messages, like [`posts`](Self::posts), with `kind` `chatMessage` or `massMessage`, and
    /// `userId` for chat messages.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.app.posts).records(false)
    }

    /// Every request to the API, in the order of arrival; the latest 100 000 if there were more.
    #[must_use]
    pub fn transcript(&self) -> Vec<Exchange> {
        self.app.transcript.snapshot()
    }

    /// Adds a rule to the fault script. A fault alone is played on the next request, whatever it is.
    pub fn push_fault(&self, rule: impl Into<FaultRule>) {
        lock(&self.app.faults).add(rule.into());
    }

    /// The rules whose fault was not played so far.
    #[must_use]
    pub fn unplayed_faults(&self) -> Vec<FaultRule> {
        lock(&self.app.faults).unplayed()
    }

    /// Removes all rules from the fault script.
    pub fn clear_faults(&self) {
        lock(&self.app.faults).clear();
    }

    /// Ends the sandbox and its connections, and waits for that.
    pub async fn shutdown(self) {
        let Server { stop, task } = self.server;
        drop(stop);
        // The task fails only if the runtime ends, and with it the sandbox.
        let _ = task.await;
    }
}

/// Locks `mutex`. A panic elsewhere does not make the data unusable: no lock is held while it is inconsistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
