//! Sends requests with a short body and repeats them where that is safe.
//!
//! Every JSON call passes here: the generated client through [`generated_transport`](super::generated_transport), the raw
//! call, and the steps of an upload. Each try waits for the rate limiter; what its answer is, [`success`] says, and
//! [`retry`] what to do about a failure.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::pause::{Pause, tell_of_rate_limit};
use super::used_references::UsedReferences;
use crate::cancel::Limits;
use crate::error::{Error, ErrorKind, Result};
use crate::http::header_names::CONNECTION_ID;
use crate::http::outcome::{Failure, Outcome};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::retry::{self, Tries};
use crate::http::success::{self, Expected};
use crate::net::exchange::{Connections, Exchange, given_up};
use crate::rate_limiter::{Permit, RateLimiter, RateLimiters, Until};
use crate::settings::Settings;

/// How patient a call is.
#[derive(Default)]
pub(crate) struct Patience {
    /// Whether a rate limit of unknown length is waited for.
    pub(crate) sits_out_rate_limits: bool,
    /// No pause is begun that would end after this.
    pub(crate) until: Option<Until>,
    /// Told of every pause before it begins; if there is none, the log is.
    pub(crate) pauses: Option<UnboundedSender<Pause>>,
    /// When the call is given up, wherever it is.
    pub(crate) limits: Limits,
}

/// The transport of one client.
#[derive(Debug)]
pub(crate) struct Transport<E = Connections> {
    pub(crate) settings: Arc<Settings>,
    /// What carries the requests.
    pub(crate) exchange: E,
    pub(crate) limiters: Arc<RateLimiters>,
    pub(crate) references: Arc<UsedReferences>,
}

impl<E: Exchange> Transport<E> {
    pub(crate) fn new(
        settings: Arc<Settings>,
        exchange: E,
        limiters: Arc<RateLimiters>,
        references: Arc<UsedReferences>,
    ) -> Self {
        Self { settings, exchange, limiters, references }
    }

    /// Sends until an answer is final, and makes anything but a success an error. What a success uses up is not sent again.
    pub(crate) async fn call(&self, request: &Request, patience: &Patience) -> Result<Response> {
        let claim = self.references.claim(request).await?;
        let answer = self.send_until_final(request, patience).await?;
        claim.used().await;
        Ok(answer)
    }

    async fn send_until_final(&self, request: &Request, patience: &Patience) -> Result<Response> {
        let limiter = self.limiters.for_request(&request.url, request.headers.get(CONNECTION_ID));
        let mut tries = Tries::new(patience.sits_out_rate_limits);
        let mut told = patience.pauses.is_some();
        let mut before = None;
        loop {
            let begun = Instant::now();
            if !told {
                tell_of_rate_limit(request.doing, limiter.time_for(1));
            }
            let permit = tokio::select! {
                biased;
                reached = patience.limits.passed() => return Err(given_up_after(before, request, reached)),
                permit = limiter.acquire(patience.until) => permit,
            };
            let permit = permit.map_err(|too_long| too_long.into_error(request.doing))?;
            let failure = match self.send_within(request, permit, &patience.limits).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let pause = match patience.limits.once {
                true => None,
                false => tries.pause(&failure, request.class, fastrand::f64()),
            };
            let pause = pause
                .and_then(|pause| pause_within(pause, &failure, tries.failed(), &limiter, patience.until));
            let Some(pause) = pause else { return Err(last(failure, request)) };
            tracing::info!(doing = request.doing, pause = ?pause.length, error = %failure.error, "trying again");
            told = pause.is_rate_limit || patience.pauses.is_some();
            let asleep = if pause.is_rate_limit { Duration::ZERO } else { pause.length };
            pause.tell(&ended(&failure, request), patience.pauses.as_ref(), begun.elapsed());
            before = Some(failure.cause());
            // What ends the sleep early is looked at again before anything is sent.
            tokio::select! {
                () = tokio::time::sleep(asleep) => {}
                _ = patience.limits.passed() => {}
            }
        }
    }

    /// Sends once, with a permit that the caller has waited for, and reads the answer.
    pub(crate) async fn send(&self, request: &Request, permit: Permit) -> Result<Response, Failure> {
        self.send_within(request, permit, &Limits::default()).await
    }

    async fn send_within(
        &self,
        request: &Request,
        permit: Permit,
        limits: &Limits,
    ) -> Result<Response, Failure> {
        let expected = Expected { success: request.success, class: request.class, doing: request.doing };
        self.read(self.exchange.send(request, limits).await, expected, permit).await
    }

    /// The answer to what was sent with a permit, if it is the success that was expected.
    pub(crate) async fn read(
        &self,
        sent: Result<Response, Failure>,
        expected: Expected<'_>,
        permit: Permit,
    ) -> Result<Response, Failure> {
        let now = self.exchange.now();
        let read = sent.and_then(|answer| success::read(answer, expected, &self.settings.key, now));
        permit.ended(&read, now).kept().await;
        read
    }
}

/// The pause before the next try, unless it would end too late.
fn pause_within(
    pause: Duration,
    failure: &Failure,
    tries: u32,
    limiter: &RateLimiter,
    until: Option<Until>,
) -> Option<Pause> {
    let is_rate_limit = retry::is_rate_limited(failure);
    let is_too_long = match until {
        _ if is_rate_limit => limiter.too_long(until).is_some(),
        Some(until) => Instant::now().checked_add(pause).is_none_or(|end| end > until.at),
        None => false,
    };
    let length = if is_rate_limit { limiter.time_for(1) } else { pause };
    let (why, status) = (failure.cause(), failure.status());
    (!is_too_long).then_some(Pause { length, why, status, is_rate_limit, tries })
}

/// The error of a call that is given up between two tries, the last of which ended as `before` says: nothing of it is under
/// way, and what may have been carried out once may be carried out twice.
fn given_up_after(before: Option<String>, request: &Request, reached: ErrorKind) -> Error {
    let error = given_up(request.doing, reached);
    match before {
        Some(before) => {
            let text = format!("{}; the last try ended with: {before}", error.message());
            Error::new(reached, text)
        }
        None => error,
    }
}

/// What the caller gets if this was the last try.
fn last(failure: Failure, request: &Request) -> Error {
    match failure.outcome {
        Outcome::Lost => failure.error.in_doubt_if_once(request.class),
        Outcome::Refused { .. } | Outcome::NotSent => failure.error,
    }
}

/// How a try ended, in words for the log.
fn ended(failure: &Failure, request: &Request) -> String {
    match failure.outcome {
        Outcome::Refused { status } => format!("{}: HTTP {status}", request.doing),
        Outcome::NotSent | Outcome::Lost => failure.error.message().to_owned(),
    }
}
