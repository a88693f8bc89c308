//! Sends JSON requests and repeats them where that is safe.
//!
//! Every JSON call passes here: the generated client through [`typed`](super::generated_transport), the raw call, and the steps of
//! an upload. The transport checks the origin, adds the headers, reads the answer within bounds and asks
//! [`retry`] what to do about a failure. What an answer is, [`success`] says.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use ofauth_api::operation::{RetryClass, Success, SuccessBody};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::pause::{Pause, tell_of_budget};
use crate::error::{Error, ErrorKind, Result};
use crate::http::headers::CONNECTION_ID;
use crate::http::rate_limit_headers::WaitHint;
use crate::http::response::{self, Answer, LONGEST_ANSWER, MISDIRECTED, time_for_body};
use crate::http::retry::{self, Failure, Patience, Verdict};
use crate::http::success::{self, Reading};
use crate::net::connect::connect;
use crate::net::head::{head, plain_proxy, through};
use crate::net::pool::{Link, Pool};
use crate::net::unreachable::{ConnectError, Route, innermost};
use crate::rate_limiter::{Budget, Budgets, Closed, Permit};
use crate::settings::Settings;
use crate::system::Time;

/// A request with a whole body, ready to be sent any number of times.
#[derive(Clone)]
pub(crate) struct Request {
    /// What the request does, for messages: "complete the upload".
    pub(crate) doing: &'static str,
    pub(crate) class: RetryClass,
    /// What a success carries.
    pub(crate) success: Success,
    /// Whether a rate limit of unknown length is waited for.
    pub(crate) sits_out_rate_limits: bool,
    /// No pause is begun that would end after this.
    pub(crate) until: Option<Instant>,
    /// Told of every pause before it begins.
    pub(crate) pauses: Option<UnboundedSender<Pause>>,
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

    /// A request without body that may be repeated and whose success may be anything.
    pub(crate) fn new(doing: &'static str, method: Method, url: Url) -> Self {
        Self {
            doing,
            class: RetryClass::Repeatable,
            success: Success { body: SuccessBody::Any, key: None },
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

    pub(crate) fn tell_pauses(mut self, to: UnboundedSender<Pause>) -> Self {
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

    pub(crate) fn success(mut self, success: Success) -> Self {
        self.success = success;
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
    /// The service did its work and there is no room for its answer; nor would there be for another.
    Unreadable(Error),
    /// The request cannot be sent as things are.
    Hopeless(Error),
}

/// The transport of one client.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) settings: Arc<Settings>,
    budgets: Arc<Budgets>,
    pool: Pool<Full<Bytes>>,
    /// Builds requests for the generated client and never sends one.
    builder: OnceLock<reqwest::Client>,
}

/// How one try over one connection ended.
enum Exchanged {
    Ended(Tried),
    /// The connection was closed before a byte of the request was written.
    Unsent(Error),
}

impl Transport {
    pub(crate) fn new(settings: Arc<Settings>, budgets: Arc<Budgets>) -> Self {
        Self { settings, budgets, pool: Pool::default(), builder: OnceLock::new() }
    }

    /// Sends until an answer is final, and makes anything but a success an error.
    pub(crate) async fn call(&self, request: &Request) -> Result<Answer> {
        let mut patience = Patience::new(request.sits_out_rate_limits);
        loop {
            let begun = Instant::now();
            let tried = self.try_once(request).await;
            let reading = match &tried {
                Tried::Answered(answer) => success::read(answer, request.success, &self.settings.key),
                _ => Reading::Success,
            };
            let (verdict, hint) = judge(&tried, &reading, request.class);
            let silent = matches!(&tried, Tried::Lost(error) if error.kind() == ErrorKind::Timeout);
            let Some(pause) = patience.pause(verdict, hint, silent, fastrand::f64()) else {
                return tried.last(reading, request);
            };
            if request
                .until
                .is_some_and(|until| Instant::now().checked_add(pause).is_none_or(|end| end > until))
            {
                return tried.last(reading, request);
            }
            tracing::info!(doing = request.doing, ?pause, outcome = %tried, "trying again");
            let told = Pause {
                length: pause,
                why: tried.cause(),
                status: tried.status(),
                is_rate_limit: verdict == Verdict::Wait,
                tries: patience.tries(),
            };
            told.tell(&tried.ended(request.doing), request.pauses.as_ref(), begun.elapsed());
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends once, as soon as the connection's request budget has a token for it.
    pub(crate) async fn try_once(&self, request: &Request) -> Tried {
        match self.budgets.for_request(&request.url, request.headers.get(CONNECTION_ID)) {
            Some(budget) => match self.wait_for(&budget, request).await {
                Ok(permit) => self.try_permitted(request, permit).await,
                Err(closed) => Tried::Hopeless(closed.refusal(request.doing)),
            },
            None => self.send(request).await,
        }
    }

    /// Waits for a token of the budget. The caller of a call is told; an upload tells what it waits for by itself.
    async fn wait_for(&self, budget: &Arc<Budget>, request: &Request) -> Result<Permit, Closed> {
        if request.pauses.is_none() {
            tell_of_budget(request.doing, budget.time_for(1));
        }
        budget.acquire().await
    }

    /// Sends once, with a token that the caller has waited for.
    pub(crate) async fn try_permitted(&self, request: &Request, permit: Permit) -> Tried {
        let tried = self.send(request).await;
        match &tried {
            Tried::Answered(answer) => permit.answered(answer.status, &answer.headers).kept().await,
            Tried::NotSent(_) | Tried::Hopeless(_) => permit.not_sent().kept().await,
            // It may have arrived, so it is spent.
            Tried::Lost(_) | Tried::Unreadable(_) => drop(permit),
        }
        tried
    }

    /// Sends once. What an idle connection did not take goes over a fresh one, and so does, once, what came to the
    /// wrong server: neither has done anything.
    async fn send(&self, request: &Request) -> Tried {
        if let Err(error) = self.settings.origins.check(&request.url, "request") {
            return Tried::Hopeless(error);
        }
        let origin = request.url.origin().ascii_serialization();
        let (mut idle, mut misdirected) = (self.pool.take(&origin), false);
        loop {
            let reused = idle.is_some();
            let link = match idle.take() {
                Some(link) => link,
                None => match self.open(request).await {
                    Ok(link) => link,
                    Err(tried) => return tried,
                },
            };
            match self.exchange_over(link, &origin, request).await {
                Exchanged::Unsent(error) if reused => tracing::debug!(%error, "an idle connection was dead"),
                Exchanged::Unsent(error) => {
                    return Tried::NotSent(through(Route::of(&self.settings, &request.url), error));
                }
                Exchanged::Ended(Tried::Lost(error)) => {
                    return Tried::Lost(through(Route::of(&self.settings, &request.url), error));
                }
                Exchanged::Ended(Tried::Answered(answer)) if answer.status == MISDIRECTED && !misdirected => {
                    misdirected = true;
                }
                Exchanged::Ended(tried) => return tried,
            }
            self.pool.drain(&origin);
        }
    }

    async fn open(&self, request: &Request) -> Result<Link<Full<Bytes>>, Tried> {
        let doing = |error: Error| {
            let kind = error.kind();
            error.into_kind(kind, request.doing)
        };
        let (stream, meter) =
            connect(&self.settings, &request.url).await.map_err(|refused| match refused {
                ConnectError { error, hopeless: true } => Tried::Hopeless(doing(error)),
                ConnectError { error, hopeless: false } => Tried::NotSent(doing(error)),
            })?;
        Link::new(stream, meter).await.map_err(|error| Tried::NotSent(broken(&error, request.doing)))
    }

    async fn exchange_over(&self, mut link: Link<Full<Bytes>>, origin: &str, request: &Request) -> Exchanged {
        let (doing, url) = (request.doing, &request.url);
        let prepared = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(error) => return Exchanged::Ended(Tried::Hopeless(error)),
        };
        let limit = self.settings.answer_timeout;
        let response = link.sender.try_send_request(prepared);
        let response = match timeout(limit, link.until(response)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_))
                if url.scheme() == "http" && link.meter.hears_tls() && !self.settings.has_answered() =>
            {
                return Exchanged::Ended(Tried::Hopeless(Route::of(&self.settings, url).wants_tls()));
            }
            Ok(Err(mut failed)) => {
                let unsent = failed.take_message().is_some();
                let mut error = broken(failed.error(), doing);
                if url.scheme() == "http" && link.meter.is_silent() {
                    // Servers of https often end a connection that begins otherwise without a word.
                    error = error.with_next_step("if that port speaks https, use https:// in the base URL");
                }
                return if unsent { Exchanged::Unsent(error) } else { Exchanged::Ended(Tried::Lost(error)) };
            }
            Err(_) => return Exchanged::Ended(Tried::Lost(late(doing, limit))),
        };
        Exchanged::Ended(match self.read(&mut link, response, request).await {
            Ok(answer) => {
                tracing::debug!(doing, status = answer.status, bytes = answer.body.len(), "answered");
                self.settings.set_answered();
                if answer.trouble.is_none() {
                    self.pool.give_back(origin.to_owned(), link);
                }
                Tried::Answered(answer.through(plain_proxy(Route::of(&self.settings, url))))
            }
            Err(tried) => tried,
        })
    }

    fn prepare(&self, request: &Request) -> Result<http::Request<Full<Bytes>>> {
        let mut headers = request.headers.clone();
        if !request.body.is_empty() || matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        }
        let head = head(&self.settings, request.method.clone(), &request.url, headers);
        head.and_then(|head| head.body(Full::new(request.body.clone()))).map_err(|error| {
            let text = format!("{}: the request cannot be sent as it is ({error})", request.doing);
            Error::new(ErrorKind::InvalidArgument, text).with_source(error)
        })
    }

    async fn read(
        &self,
        link: &mut Link<Full<Bytes>>,
        response: http::Response<Incoming>,
        request: &Request,
    ) -> Result<Answer, Tried> {
        let (head, incoming) = response.into_parts();
        let mut body = Vec::new();
        let until = after(Instant::now(), time_for_body(head.status));
        let ended = self.read_into(&mut body, link, incoming, request, until).await;
        let (status, most) = (head.status.as_u16(), request.longest_answer);
        let answer = Answer::new(status, head.headers, body.into(), most, &self.settings.key);
        match ended {
            Ok(Ended::Whole) => Ok(answer),
            Ok(Ended::TooLong) => Ok(answer.longer_than(most)),
            Err(error) if head.status.is_success() => {
                let request_id = answer.request_id().map(str::to_owned);
                let no_room = error.kind() == ErrorKind::Resources;
                let error = error.with_answer(status, None, request_id, None);
                Err(if no_room { Tried::Unreadable(error) } else { Tried::Lost(error) })
            }
            // The status of a refusal stands, whatever became of its words.
            Err(_) => Ok(answer),
        }
    }

    async fn read_into(
        &self,
        body: &mut Vec<u8>,
        link: &mut Link<Full<Bytes>>,
        mut incoming: Incoming,
        request: &Request,
        until: Instant,
    ) -> Result<Ended> {
        let (doing, most) = (request.doing, request.longest_answer);
        if incoming.size_hint().lower() > most as u64 {
            return Ok(Ended::TooLong);
        }
        loop {
            let idle = after(Instant::now(), self.settings.stall_timeout);
            let frame = match timeout_at(until.min(idle), link.until(incoming.frame())).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => return Ok(Ended::Whole),
                Ok(Some(Err(error))) => {
                    let cause = innermost(&error);
                    let message =
                        format!("{doing}: the connection broke in the middle of the answer ({cause})");
                    return Err(Error::new(ErrorKind::Network, message).with_source(error));
                }
                Err(_) => return Err(late(doing, self.settings.stall_timeout)),
            };
            let Ok(chunk) = frame.into_data() else { continue };
            if body.len().saturating_add(chunk.len()) > most {
                return Ok(Ended::TooLong);
            }
            response::add(body, &chunk, doing)?;
        }
    }

    /// A client that builds requests for the generated code and never sends one.
    pub(crate) fn request_builder(&self) -> Result<reqwest::Client> {
        if let Some(client) = self.builder.get() {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder().tls_backend_preconfigured(no_tls()?).no_proxy().build();
        let client = client.map_err(|error| {
            Error::new(ErrorKind::Internal, format!("no request can be built ({error})")).with_source(error)
        })?;
        Ok(self.builder.get_or_init(|| client).clone())
    }
}

/// How the body of an answer ended.
enum Ended {
    Whole,
    /// It goes on, and is not read any further.
    TooLong,
}

/// What to do about a try, if its answer was read so.
fn judge(tried: &Tried, reading: &Reading, class: RetryClass) -> (Verdict, WaitHint) {
    let failure = match (tried, reading) {
        (Tried::Answered(answer), Reading::Refused(problem)) => {
            let failure = Failure::Answered { status: answer.status, api_type: problem.api_type.as_deref() };
            let hint = WaitHint::read(&answer.headers, SystemTime::now());
            return (retry::verdict(failure, class), hint);
        }
        // An answer that cannot be read would be no better the next time.
        (Tried::Answered(_) | Tried::Unreadable(_) | Tried::Hopeless(_), _) => {
            return (Verdict::Stop, WaitHint::default());
        }
        (Tried::NotSent(_), _) => Failure::NotSent,
        (Tried::Lost(_), _) => Failure::Lost,
    };
    (retry::verdict(failure, class), WaitHint::default())
}

impl Tried {
    /// The status of the answer, if there was one.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(answer) => Some(answer.status),
            _ => None,
        }
    }

    /// How it ended, in words for the log.
    fn ended(&self, doing: &str) -> String {
        match self {
            Self::Answered(answer) => format!("{doing}: HTTP {}", answer.status),
            Self::NotSent(error) | Self::Hopeless(error) | Self::Lost(error) | Self::Unreadable(error) => {
                error.message().to_owned()
            }
        }
    }

    /// What happened, in a few words for people.
    fn cause(&self) -> String {
        match self {
            Self::Answered(answer) => format!("HTTP {}", answer.status),
            Self::NotSent(error) | Self::Hopeless(error) => Failure::NotSent.cause(error.kind()),
            Self::Lost(error) | Self::Unreadable(error) => Failure::Lost.cause(error.kind()),
        }
    }

    /// What the caller gets if this was the last try, and its answer was read so.
    fn last(self, reading: Reading, request: &Request) -> Result<Answer> {
        match self {
            Self::Answered(answer) => success::judge(answer, reading, request.doing, request.class),
            Self::Lost(error) | Self::Unreadable(error) => Err(error.in_doubt_if_once(request.class)),
            Self::NotSent(error) | Self::Hopeless(error) => Err(error),
        }
    }
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

fn broken(error: &hyper::Error, doing: &str) -> Error {
    let cause = innermost(error);
    Error::new(ErrorKind::Network, format!("{doing}: the connection broke before an answer came ({cause})"))
}

fn after(start: Instant, time: Duration) -> Instant {
    start.checked_add(time).unwrap_or(start)
}

fn late(doing: &str, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("{doing}: no answer within {}", Time(limit)))
}

/// A TLS configuration that trusts nobody, for a client that sends nothing: reqwest insists on one.
fn no_tls() -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "no usable TLS version").with_source(error))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}
