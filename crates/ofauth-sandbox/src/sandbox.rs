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
use crate::transcript::{Exchange, Wanted};
use crate::uploads::record::UploadRecord;
use crate::world::collection::Collection;

/// A running sandbox. It ends when it is dropped.
pub struct Sandbox {
    state: Arc<State>,
    address: SocketAddr,
    ca_pem: Option<String>,
    server: Server,
    _webhooks: Sending,
}

/// Ends what tells of events, which would otherwise go on by itself.
struct Sending(Arc<State>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.webhooks.stop();
    }
}

/// The URL that clients have to be given.
pub(crate) fn base_url(address: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    // An unspecified address cannot be connected to everywhere; loopback is always part of it.
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        _ => address,
    };
    format!("{scheme}://{host}")
}

impl Sandbox {
    /// A sandbox with the default settings, to be changed and started.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = ofauth_sandbox::Sandbox::builder().part_size(64 * 1024).start().await?;
    /// # Ok(()) }
    /// ```
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
        let webhooks = Sending(Arc::clone(&state));
        Self { state, address, ca_pem, server, _webhooks: webhooks }
    }

    /// The URL that clients have to be given, without a path: `http://127.0.0.1:40123`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.state.base
    }

    /// The address that the sandbox listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate authority that clients have to trust, in PEM; none without TLS.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = ofauth_sandbox::Sandbox::builder().tls(true).start().await?;
    /// assert!(sandbox.base_url().starts_with("https://"));
    /// std::fs::write(std::env::temp_dir().join("sandbox.pem"), sandbox.ca_pem().unwrap())?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// What receivers of webhooks check their signatures with; none if no address for webhooks was given.
    #[must_use]
    pub fn webhook_secret(&self) -> Option<&str> {
        self.state.webhooks.secret()
    }

    /// All upload sessions, in the order of their init.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// for upload in sandbox.uploads() {
    ///     println!("{} {:?} {:?}", upload.filename, upload.state, upload.sha256);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn uploads(&self) -> Vec<UploadRecord> {
        lock(&self.state.uploads).records()
    }

    /// One upload session.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// # let reference = "upload:550e8400-e29b-41d4-a716-446655440000";
    /// // What the client under test was given for its upload; here nothing was uploaded.
    /// assert_eq!(sandbox.upload(reference).map(|upload| upload.state), None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn upload(&self, media_upload_id: &str) -> Option<UploadRecord> {
        lock(&self.state.uploads).record(media_upload_id)
    }

    /// All posts: the fields of the request, and `id`, `connectionId` and the resolved `mediaIds`.
    #[must_use]
    pub fn posts(&self) -> Vec<Value> {
        lock(&self.state.world).records(&[Collection::Posts])
    }

    /// All chat and mass messages, like [`posts`](Self::posts), with `kind` `chatMessage` or `massMessage`, and
    /// `userId` for chat messages.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.state.world).records(&[Collection::Messages, Collection::MassMessages])
    }

    /// Every request to the API, in the order of arrival. Of many the latest are kept: at most 100 000, and as many as take
    /// about 24 MiB; of their bodies those of the latest 1 000.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// // The client under test has done its work: the sandbox refused none of its requests.
    /// let refused = sandbox.transcript().into_iter().filter(|exchange| exchange.refusal.is_some());
    /// assert_eq!(refused.count(), 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn transcript(&self) -> Vec<Exchange> {
        self.state.transcript.select(&Wanted::default())
    }

    /// Forgets the requests so far. The next one has the next number.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// sandbox.clear_transcript();
    /// assert!(sandbox.transcript().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn clear_transcript(&self) {
        self.state.transcript.clear();
    }

    /// Waits until `count` requests of an operation are over, and returns those. Requests before this call count, too.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// // The client under test was asked to post something; here is none.
    /// let posted = tokio::time::timeout(Duration::from_millis(10), sandbox.wait_for("create_post", 1)).await;
    /// assert!(posted.is_err(), "no post was made in time");
    /// # Ok(()) }
    /// ```
    pub async fn wait_for(&self, operation: &str, count: usize) -> Vec<Exchange> {
        let wanted = Wanted { operation: Some(operation.to_owned()), ..Wanted::default() };
        self.state.transcript.wait_for(&wanted, count).await
    }

    /// Puts everything back to where it was at the start: uploads, posts, the fault script, rates, the transcript. Requests
    /// that are under way find what they began gone.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// sandbox.push_fault(ofauth_sandbox::Fault::status(500));
    /// sandbox.reset();
    /// assert!(sandbox.unplayed_faults().is_empty() && sandbox.transcript().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Adds a rule to the fault script. A fault alone is played on the next request, whatever it is.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ofauth_sandbox::Fault;
    ///
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// sandbox.push_fault(Fault::status(502)); // the next request, whatever it is
    /// sandbox.push_fault(Fault::status(429).on("upload_part").part(2).times(3));
    /// # Ok(()) }
    /// ```
    pub fn push_fault(&self, rule: impl Into<FaultRule>) {
        lock(&self.state.faults).add(rule.into());
    }

    /// The rules whose fault was not played so far.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ofauth_sandbox::Fault;
    ///
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// sandbox.push_fault(Fault::status(500).on("create_post"));
    /// // The client under test made no post, so the test did not test what it was meant to.
    /// assert_eq!(sandbox.unplayed_faults().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unplayed_faults(&self) -> Vec<FaultRule> {
        lock(&self.state.faults).unplayed()
    }

    /// Removes all rules from the fault script.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ofauth_sandbox::Fault;
    ///
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// sandbox.push_fault(Fault::status(503).on("init_upload").always());
    /// // The client under test sees a service that is down. And then it comes back:
    /// sandbox.clear_faults();
    /// assert!(sandbox.unplayed_faults().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
    }

    /// Ends the sandbox and its connections, and waits for that.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = ofauth_sandbox::Sandbox::builder().start().await?;
    /// let address = sandbox.address();
    /// sandbox.shutdown().await;
    /// assert!(std::net::TcpStream::connect(address).is_err());
    /// # Ok(()) }
    /// ```
    pub async fn shutdown(self) {
        self.server.stop().await;
    }
}

// What was posted, and the key that is accepted, are nobody's business but the test's: they stay out of logs.
impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}
