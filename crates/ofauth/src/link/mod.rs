//! Link: a creator signs in, and there is a connection to act on.
//!
//! [`options`] is what is asked for, [`session`] what the service opens. [`status`] reads how far a whitelabel sign-in is,
//! [`hosted`] finds the connection that a hosted one makes, [`link_wait`] waits for either. [`redirect`] reads what comes back
//! on the redirect URL.

mod hosted;
mod link_wait;
mod options;
mod redirect;
mod session;
mod status;

pub use self::link_wait::LinkWait;
pub use self::options::LinkOptions;
pub use self::redirect::{LinkErrorCode, LinkReturn, LinkReturnStatus, LinkStep};
use self::session::Reference;
pub use self::session::{LinkMode, LinkSession};
pub use self::status::{Attempts, LinkState, LinkStatus, Linked, TwoFactor, TwoFactorOption};
use crate::call::TypedCall;
use crate::client::Client;

impl Client {
    /// Opens a session in which a creator signs in: send them to its [`url`](LinkSession::url), and [wait](Self::link_wait).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let session = client.link_start(&ofauth::LinkOptions::new().client_app_id("app_1234")).await?;
    /// if let Some(url) = &session.url {
    ///     println!("sign in at {}", url.as_str());
    /// }
    /// let linked = client.link_wait(&session).await?;
    /// println!("{}", linked.connection_id);
    /// # Ok(()) }
    /// ```
    pub fn link_start(&self, options: &LinkOptions) -> TypedCall<LinkSession> {
        let reference = Reference::of(options.reference());
        let (call, body) = (self.call("init_link"), options.body(&reference.text));
        let connection = options.connection().map(str::to_owned);
        TypedCall::new("init_link", |limits| async move {
            let answer = call.json(&body?).send_within(limits).await?;
            LinkSession::read(&answer, reference, connection.as_deref())
        })
    }

    /// Waits until the creator has signed in, in any process that has the session.
    ///
    /// A whitelabel session is asked how far it is. A hosted one is over when the organization has a connection with its
    /// reference that is new or was linked again, which needs a key that may list connections; how it failed shows on the
    /// redirect URL alone ([`LinkReturn`]).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, session: ofauth::LinkSession) -> ofauth::Result<()> {
    /// let linked = client.link_wait(&session).await?;
    /// println!("{}", linked.connection_id);
    /// # Ok(()) }
    /// ```
    pub fn link_wait(&self, session: &LinkSession) -> LinkWait {
        LinkWait::new(self.clone(), session.clone())
    }
}
