//! Sends JSON requests and repeats them where that is safe.
//!
//! Every JSON call passes here: the generated client through [`typed`](super::typed), the raw call, and the steps of
//! an upload. The transport checks the origin, adds the headers, reads the answer within bounds and asks
//! [`retry`](super::retry) what to do about a failure. It does not interpret answers.

use std::error::Error as StdError;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use ofauth_api::operation::RetryClass;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::answer::{self, ANSWER_BODY, Answer, LONGEST_ANSWER, too_long};
use super::retry::{self, Failure, Patience, Verdict};
use super::wait::WaitHint;
use crate::budget::{Budgets, Permit};
use crate::error::{Error, ErrorKind, Result};
use crate::net::names::{self, Names};
use crate::net::refused_certificate;
use crate::settings::Settings;

/// Idle connections are dropped before the 5 s after which common servers drop theirs, so that a request does not
/// meet a connection that is just being closed.
pub(crate) const POOL_IDLE: Duration = Duration::from_secs(4);
/// Names of the credential headers.
pub(crate) const API_KEY: &str = "apikey";
pub(crate) const CONNECTION_ID: &str = "x-connection-id";

/// A request with a whole body, ready to be sent any number of times.
#[derive(Clone)]
pub(crate) struct Request {
    /// What the request does, for messages: "complete the upload".
    pub(crate) doing: &'static str,
    pub(crate) class: RetryClass,
    /// Whether a rate limit of unknown length is waited for.
    pub(crate) sits_out_rate_limits: bool,
    /// No pause is begun that would end after this.
    pub(crate) until: Option<Instant>,
    /// Told of every pause before it begins.
    pub(crate) pauses: Option<UnboundedSender<Duration>>,
    /// Longer answers are not read, in bytes.
    pub(crate) longest_answer: usize,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A `POST` of a JSON value.
    pub(crate) fn post(doing: &'static str, url: Url, body: &impl serde::Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::Internal, "a request could not be written as JSON").with_source(error)
        })?;
        let mut request = Self::new(doing, Method::POST, url);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Bytes::from(body);
        Ok(request)
    }

    /// A request without body that may be repeated.
    pub(crate) fn new(doing: &'static str, method: Method, url: Url) -> Self {
        Self {
            doing,
            class: RetryClass::Repeatable,
            sits_out_rate_limits: false,
            until: None,
            pauses: None,
            longest_answer: LONGEST_ANSWER,
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn sit_out_rate_limits(mut self) -> Self {
        self.sits_out_rate_limits = true;
        self
    }

    pub(crate) fn no_longer_than(mut self, deadline: Option<Instant>) -> Self {
        self.until = deadline;
        self
    }

    pub(crate) fn tell_pauses(mut self, to: UnboundedSender<Duration>) -> Self {
        self.pauses = Some(to);
        self
    }

    pub(crate) fn longest_answer(mut self, bytes: usize) -> Self {
        self.longest_answer = bytes;
        self
    }

    pub(crate) fn class(mut self, class: RetryClass) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn connection(mut self, id: HeaderValue) -> Self {
        self.headers.insert(CONNECTION_ID, id);
        self
    }
}

/// How one try of a request ended.
pub(crate) enum Tried {
    /// The service answered, with whatever status.
    Answered(Answer),
    /// The request did not leave.
    NotSent(Error),
    /// The request left, and no whole answer came back.
    Lost(Error),
    /// The service did its work and its answer is of no use; another would not be either.
    Unreadable(Error),
    /// The request cannot be sent as things are.
    Hopeless(Error),
}

/// The transport of one client.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(super) settings: Arc<Settings>,
    budgets: Arc<Budgets>,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
}

impl Transport {
    pub(crate) fn new(settings: Arc<Settings>, budgets: Arc<Budgets>) -> Self {
        Self { settings, budgets, plain: OnceLock::new(), secure: OnceLock::new() }
    }

    /// Sends until an answer is final and returns it, whatever its status.
    pub(crate) async fn exchange(&self, request: &Request) -> Result<Answer> {
        let mut patience = Patience::new(request.sits_out_rate_limits);
        loop {
            let tried = self.try_once(request).await;
            let (verdict, hint) = self.judge(&tried, request.class);
            let silent = matches!(&tried, Tried::Lost(error) if error.kind() == ErrorKind::Timeout);
            let Some(pause) = patience.pause(verdict, hint, silent, fastrand::f64()) else {
                return tried.last(request);
            };
            if request
                .until
                .is_some_and(|until| Instant::now().checked_add(pause).is_none_or(|end| end > until))
            {
                return tried.last(request);
            }
            tracing::info!(doing = request.doing, ?pause, outcome = %tried, "trying again");
            if let Some(pauses) = &request.pauses {
                // Whoever asked to be told may have stopped listening.
                _ = pauses.send(pause);
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn judge(&self, tried: &Tried, class: RetryClass) -> (Verdict, WaitHint) {
        let failure = match tried {
            Tried::Answered(answer) if answer.is_success() => return (Verdict::Stop, WaitHint::default()),
            Tried::Answered(answer) => {
                let problem = answer.problem(&self.settings.key);
                let failure =
                    Failure::Answered { status: answer.status, api_type: problem.api_type.as_deref() };
                let hint = WaitHint::read(&answer.headers, SystemTime::now());
                return (retry::verdict(failure, class), hint);
            }
            Tried::NotSent(_) => Failure::NotSent,
            Tried::Lost(_) => Failure::Lost,
            Tried::Unreadable(_) | Tried::Hopeless(_) => return (Verdict::Stop, WaitHint::default()),
        };
        (retry::verdict(failure, class), WaitHint::default())
    }

    /// Sends until an answer is final, and makes anything but a success an error.
    pub(crate) async fn call(&self, request: &Request) -> Result<Answer> {
        let answer = self.exchange(request).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        let error = answer.problem(&self.settings.key).into_error(answer.status, request.doing);
        let in_doubt = request.class == RetryClass::Once && error.kind() == ErrorKind::Server;
        Err(if in_doubt { in_doubt_about(error) } else { error })
    }

    /// Sends once, as soon as the connection's request budget has a token for it.
    pub(crate) async fn try_once(&self, request: &Request) -> Tried {
        match self.budgets.for_request(&request.url, request.headers.get(CONNECTION_ID)) {
            Some(budget) => match budget.acquire().await {
                Ok(permit) => self.try_permitted(request, permit).await,
                Err(closed) => Tried::Hopeless(closed.refusal(request.doing)),
            },
            None => self.send(request).await,
        }
    }

    /// Sends once, with a token that the caller has waited for.
    pub(crate) async fn try_permitted(&self, request: &Request, permit: Permit) -> Tried {
        let tried = self.send(request).await;
        match &tried {
            Tried::Answered(answer) => permit.answered(answer.status, &answer.headers),
            Tried::NotSent(_) | Tried::Hopeless(_) => permit.not_sent(),
            // It may have arrived, so it is spent.
            Tried::Lost(_) | Tried::Unreadable(_) => drop(permit),
        }
        tried
    }

    async fn send(&self, request: &Request) -> Tried {
        let doing = request.doing;
        let (client, prepared) = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(error) => return Tried::Hopeless(error),
        };
        let limit = self.settings.answer_timeout;
        let response = match timeout(limit, client.execute(prepared)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return broken(error, doing),
            Err(_) => return Tried::Lost(late(doing, limit)),
        };
        match self.read(response, request).await {
            Ok(answer) => {
                tracing::debug!(doing, status = answer.status, bytes = answer.body.len(), "answered");
                Tried::Answered(answer)
            }
            Err(tried) => tried,
        }
    }

    fn prepare(&self, request: &Request) -> Result<(&reqwest::Client, reqwest::Request)> {
        self.settings.origins.check(&request.url, "request")?;
        let client = self.client_for(&request.url)?;
        let mut prepared = reqwest::Request::new(request.method.clone(), request.url.clone());
        *prepared.headers_mut() = request.headers.clone();
        let headers = prepared.headers_mut();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.settings.user_agent.clone());
        if let Some(key) = self.settings.key.header() {
            headers.insert(API_KEY, key);
        }
        if !request.body.is_empty() || matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
            *prepared.body_mut() = Some(reqwest::Body::from(request.body.clone()));
        }
        Ok((client, prepared))
    }

    async fn read(&self, mut response: reqwest::Response, request: &Request) -> Result<Answer, Tried> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        let ended = self.read_into(&mut body, response, request).await;
        // The status of a refusal stands, whatever became of its words.
        if status.is_success() {
            ended?;
        }
        Ok(Answer::new(status.as_u16(), headers, body.into(), &self.settings.key))
    }

    async fn read_into(
        &self,
        body: &mut Vec<u8>,
        mut response: reqwest::Response,
        request: &Request,
    ) -> Result<(), Tried> {
        let (doing, most) = (request.doing, request.longest_answer);
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err(Tried::Unreadable(too_long(doing, most)));
        }
        let until = Instant::now().checked_add(ANSWER_BODY).unwrap_or_else(Instant::now);
        loop {
            let idle = Instant::now().checked_add(self.settings.stall_timeout).unwrap_or(until);
            match timeout_at(until.min(idle), response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len().saturating_add(chunk.len()) > most => {
                    return Err(Tried::Unreadable(too_long(doing, most)));
                }
                Ok(Ok(Some(chunk))) => answer::add(body, &chunk, doing).map_err(Tried::Unreadable)?,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => {
                    let message = format!("{doing}: the connection broke in the middle of the answer");
                    return Err(Tried::Lost(
                        Error::new(ErrorKind::Network, message).with_source(error.without_url()),
                    ));
                }
                Err(_) => return Err(Tried::Lost(late(doing, self.settings.stall_timeout))),
            }
        }
    }

    /// The HTTP client for a URL's scheme. The platform's certificates are read when the first https URL comes.
    fn client_for(&self, url: &Url) -> Result<&reqwest::Client> {
        let secure = url.scheme() == "https";
        let slot = if secure { &self.secure } else { &self.plain };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let tls = if secure { (*self.settings.tls.config()?).clone() } else { no_tls()? };
        let client = self.build(tls)?;
        Ok(slot.get_or_init(|| client))
    }

    fn build(&self, tls: rustls::ClientConfig) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(self.settings.connect_timeout)
            .dns_resolver(Arc::new(Names(self.settings.threads.clone())))
            .pool_idle_timeout(POOL_IDLE);
        if let Some(proxy) = &self.settings.proxy {
            let internal = |error: reqwest::Error| {
                Error::new(ErrorKind::Config, "the proxy address cannot be used")
                    .with_source(error.without_url())
            };
            let mut found = reqwest::Proxy::all(proxy.url.clone()).map_err(internal)?;
            if let Some(authorization) = &proxy.authorization {
                found = found.custom_http_auth(authorization.clone());
            }
            builder = builder
                .proxy(found.no_proxy(reqwest::NoProxy::from_string("localhost,.localhost,127.0.0.0/8,::1")));
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Internal, "the HTTP client could not be built")
                .with_source(error.without_url())
        })
    }

    /// A client that builds requests for the generated code and never sends one.
    pub(crate) fn request_builder(&self) -> Result<reqwest::Client> {
        match self.plain.get() {
            Some(client) => Ok(client.clone()),
            None => {
                let client = self.build(no_tls()?)?;
                Ok(self.plain.get_or_init(|| client).clone())
            }
        }
    }
}

impl Tried {
    /// What the caller gets if this was the last try.
    fn last(self, request: &Request) -> Result<Answer> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::Lost(error) | Self::Unreadable(error) if request.class == RetryClass::Once => {
                Err(in_doubt_about(error))
            }
            Self::NotSent(error) | Self::Lost(error) | Self::Unreadable(error) | Self::Hopeless(error) => {
                Err(error)
            }
        }
    }
}

/// The error of a request that must not be repeated unseen, for it may have been carried out.
pub(crate) fn in_doubt_about(error: Error) -> Error {
    let text = "whether the request was carried out is unknown, so look before you repeat it";
    error.into_kind(ErrorKind::OutcomeUnknown, text)
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered(answer) => write!(f, "HTTP {}", answer.status),
            Self::NotSent(error) | Self::Lost(error) | Self::Unreadable(error) | Self::Hopeless(error) => {
                error.fmt(f)
            }
        }
    }
}

fn broken(error: reqwest::Error, doing: &str) -> Tried {
    let error = error.without_url();
    if let Some(why) = refused_certificate(&error).or_else(|| names::refusal(&error)) {
        return Tried::Hopeless(why);
    }
    if error.is_builder() {
        return Tried::Hopeless(
            Error::new(ErrorKind::InvalidArgument, format!("{doing}: the request cannot be sent as it is"))
                .with_source(error),
        );
    }
    let cause = innermost(&error);
    if error.is_connect() {
        let message =
            format!("{doing}: the service cannot be reached ({cause}): check the network and the base URL");
        return Tried::NotSent(Error::new(ErrorKind::Network, message).with_source(error));
    }
    let message = format!("{doing}: the connection broke before an answer came ({cause})");
    Tried::Lost(Error::new(ErrorKind::Network, message).with_source(error))
}

/// The text of the last error in the chain, which says what really happened.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn late(doing: &str, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("{doing}: no answer within {} s", limit.as_secs()))
}

/// A TLS configuration that trusts nobody, for the client of plain URLs: reqwest insists on one.
fn no_tls() -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "no usable TLS version").with_source(error))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}
