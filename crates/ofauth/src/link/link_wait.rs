//! Waits for the end of a sign-in.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::hosted::HostedWatch;
use super::session::LinkSession;
use super::status::{LinkState, LinkStatus, Linked, Step, linked, step};
use crate::call::Page;
use crate::cancel::{Cancel, Limits};
use crate::client::Client;
use crate::connections::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::polling::{Failures, Pace};

/// The pauses between two looks.
const USUAL_PACE: Pace = Pace { shortest: Duration::from_secs(2), longest: Duration::from_secs(10) };

/// How long a session is waited for that does not say when it ends: what the documentation calls usual.
const USUAL_LIFE: Duration = Duration::from_secs(60 * 60);

/// How much longer than its end a session is looked at: a sign-in in its last moment shows a little later.
const GRACE: Duration = Duration::from_secs(5);

/// A look that walks more pages of connections than this is followed by a pause that is as many times longer than it.
const FEW_PAGES: u32 = 4;

type Callback = Box<dyn FnMut(&LinkStatus) + Send>;

/// A wait for the end of a sign-in that has not begun. Await it, or call [`send`](Self::send). Made by
/// [`Client::link_wait`].
///
/// ```no_run
/// # async fn run(client: ofauth::Client, session: ofauth::LinkSession) -> ofauth::Result<()> {
/// let linked = client.link_wait(&session).on_progress(|status| eprintln!("{status}")).await?;
/// println!("{} is {:?}", linked.connection_id, linked.username);
/// # Ok(()) }
/// ```
#[must_use = "a wait does nothing until it is awaited"]
pub struct LinkWait {
    client: Client,
    session: LinkSession,
    cancel: Cancel,
    timeout: Option<Duration>,
    pace: Pace,
    on_progress: Option<Callback>,
}

impl LinkWait {
    pub(super) fn new(client: Client, session: LinkSession) -> Self {
        Self { client, session, cancel: Cancel::new(), timeout: None, pace: USUAL_PACE, on_progress: None }
    }

    /// Gives the wait up when `cancel` is cancelled: it ends with [`Cancelled`](ErrorKind::Cancelled). The creator can still
    /// sign in, and can be waited for again.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Gives the wait up when it has taken this long. Default: when the session ends.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The first pause between two looks, and the longest one, to which it doubles. Default: 2 and 10 seconds.
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.pace = Pace { shortest, longest };
        self
    }

    /// Calls this with how far the sign-in is, at first and whenever it changes.
    pub fn on_progress(mut self, callback: impl FnMut(&LinkStatus) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// Waits until the creator is linked.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, session: ofauth::LinkSession) -> ofauth::Result<()> {
    /// use ofauth::ErrorKind;
    ///
    /// match client.link_wait(&session).send().await {
    ///     Ok(linked) => println!("{}", linked.connection_id),
    ///     Err(error) if error.kind() == ErrorKind::Timeout => println!("nobody signed in in time"),
    ///     Err(error) => println!("{error}"), // says what to do
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejected`](ErrorKind::Rejected) if the sign-in failed or the session is not known; the message says what to do.
    /// [`Timeout`](ErrorKind::Timeout) when the session or the timeout ends, [`Cancelled`](ErrorKind::Cancelled). Else those of
    /// [`Call::send`](crate::Call::send).
    pub async fn send(mut self) -> Result<Linked> {
        // Another machine may have begun it, a while ago: the first answer says how late it is by the service's clock.
        let life = self.session.life(GRACE).map_or(USUAL_LIFE, |life| life.max(GRACE));
        let mut limits = Limits::new(&self.cancel, Some(self.timeout.map_or(life, |limit| limit.min(life))));
        let session = self.session.clone();
        let mut hosted = HostedWatch::new(&session);
        let (mut failures, mut told, mut quiet) = (Failures::default(), None, 0_u32);
        loop {
            let (began, mut looking) = (Instant::now(), Looking::default());
            let looked = match &session.client_secret {
                Some(secret) => ask(&self.client, secret.as_str(), &mut looking, &limits).await,
                None => look(&self.client, &mut hosted, &mut looking, &limits).await,
            };
            if let Some(left) = looking.there.and_then(|there| session.left(there, GRACE)) {
                limits = limits.ending_in(left);
            }
            let looked = failures.forgive(looked).map_err(|error| match error.kind() {
                ErrorKind::Cancelled => given_up(ErrorKind::Cancelled, told.as_ref()),
                _ => error,
            })?;
            match looked {
                Some(Step::Done(data)) => return completed(data, &session.client_reference_id),
                Some(Step::Linked(linked)) => return Ok(*linked),
                Some(Step::Over(error)) => return Err(error),
                Some(Step::Wait(status)) if told.as_ref() != Some(&status) => {
                    quiet = 0;
                    if let Some(callback) = &mut self.on_progress {
                        callback(&status);
                    }
                    told = Some(status);
                }
                Some(Step::Wait(_)) | None => quiet = quiet.saturating_add(1),
            }
            // These calls count against no budget, but many of them are work for the service.
            let is_much = looking.walked > FEW_PAGES;
            let room = if is_much { began.elapsed().saturating_mul(FEW_PAGES) } else { Duration::ZERO };
            let slept = limits.sleep(self.pace.pause(quiet, room)).await;
            slept.map_err(|reached| given_up(reached, told.as_ref()))?;
        }
    }
}

/// What a look shows beside the sign-in.
#[derive(Default)]
struct Looking {
    /// Pages of connections that were walked.
    walked: u32,
    /// The service's clock.
    there: Option<SystemTime>,
}

/// Asks how far a whitelabel session is.
async fn ask(client: &Client, secret: &str, looking: &mut Looking, limits: &Limits) -> Result<Step> {
    let call = client.call("get_link_status").param("clientSecret", secret);
    match call.send_within(limits.clone()).await {
        Ok(answer) => {
            looking.there = answer.service_time();
            Ok(step(&answer.json::<Value>()?))
        }
        Err(error) if error.status() == Some(404) => Ok(step(&json!({"status": "not_found"}))),
        Err(error) => Err(error),
    }
}

/// Looks for the connection that a hosted session makes.
async fn look(
    client: &Client,
    hosted: &mut HostedWatch<'_>,
    looking: &mut Looking,
    limits: &Limits,
) -> Result<Step> {
    let mut found = None;
    // Only such a one counts.
    let pages = client.connections_call().param("status", "active").pages();
    let walk = pages.walk(limits, u32::MAX, |page: Page<Value>| {
        looking.there = page.response().service_time();
        found = page.into_iter().filter_map(Connection::read).find_map(|connection| hosted.see(&connection));
        Ok(found.is_none())
    });
    looking.walked = walk.await?;
    if let Some(linked) = found {
        return Ok(Step::Linked(Box::new(linked)));
    }
    hosted.end_look();
    Ok(Step::Wait(LinkStatus::hosted()))
}

fn completed(data: Value, reference: &str) -> Result<Linked> {
    linked(data, reference).ok_or_else(|| {
        let text = "wait for a link: it is completed, but the answer has no connection id: \
                    look for it with the operation list_connections";
        Error::new(ErrorKind::InvalidAnswer, text)
    })
}

fn given_up(reached: ErrorKind, last: Option<&LinkStatus>) -> Error {
    let was_wrong = last.is_some_and(|status| status.state == LinkState::InvalidCredentials);
    let text = match reached {
        ErrorKind::Timeout if was_wrong => {
            "the creator's name or password was wrong (invalid_credentials), and they did not sign in before the link session \
             or the timeout ended: start another link"
        }
        ErrorKind::Timeout if last.is_some_and(LinkStatus::is_hosted) => {
            "no connection came before the link session or the timeout ended, and the page of the service tells nothing else here: \
             a wrong password or a refusal is told on the redirect URL alone; start another link"
        }
        ErrorKind::Timeout => {
            "the creator did not sign in before the link session or the timeout ended: start another link"
        }
        _ => "the wait for the creator was cancelled: they can still sign in",
    };
    Error::new(reached, text)
}

impl IntoFuture for LinkWait {
    type Output = Result<Linked>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Linked>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for LinkWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkWait").field("session", &self.session).finish_non_exhaustive()
    }
}
