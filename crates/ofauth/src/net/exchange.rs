//! Sends one request with a short body over a connection, and brings back what became of it.
//!
//! Checks who may see the key, adds the headers and reads the answer within bounds. What an answer means and whether to
//! send again is decided above. [`Exchange`] is the seam at which a simulated service takes the network's place.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::pool::{Link, Pool, broken};
use super::request_headers::head;
use super::unreachable::innermost;
use crate::cancel::Limits;
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::{Failure, Outcome};
use crate::http::request::Request;
use crate::http::response::{self, Response, time_for_body};
use crate::settings::Settings;
use crate::system::Time;

/// What carries requests to the service, each once.
pub(crate) trait Exchange: Send + Sync + 'static {
    /// Sends a request, and gives it up when a limit is reached. Any answer is one, whatever its status.
    fn send(
        &self,
        request: &Request,
        limits: &Limits,
    ) -> impl Future<Output = Result<Response, Failure>> + Send;

    /// The present by this machine's clock, which may be set at any time.
    fn now(&self) -> SystemTime;
}

/// [`Exchange`] over connections of our own.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    settings: Arc<Settings>,
    pool: Arc<Pool<Full<Bytes>>>,
}

impl Exchange for Connections {
    async fn send(&self, request: &Request, limits: &Limits) -> Result<Response, Failure> {
        if let Err(error) = self.settings.origins.check(&request.url, "request") {
            return Err(Failure::not_sent(error).permanent());
        }
        let mut sending = self.pool.sending(&self.settings, &request.url);
        loop {
            let mut link = match sending.idle() {
                Some(link) => link,
                None => tokio::select! {
                    biased;
                    reached = limits.passed() => {
                        return Err(Failure::not_sent(given_up(request.doing, reached)).permanent());
                    }
                    opened = Link::open(&self.settings, &request.url) => {
                        opened.map_err(|failure| failure.map_error(|error| doing(request, error)))?
                    }
                },
            };
            let sent = tokio::select! {
                biased;
                sent = self.send_over(&mut link, request) => sent,
                reached = limits.passed() => {
                    return Err(Failure::lost(given_up(request.doing, reached), true).permanent());
                }
            };
            let is_dead = |failure: &Failure| failure.outcome == Outcome::NotSent;
            if let Some(ended) = sending.ended(link, sent, is_dead) {
                return ended;
            }
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl Connections {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, pool: Arc::default() }
    }

    async fn send_over(&self, link: &mut Link<Full<Bytes>>, request: &Request) -> Result<Response, Failure> {
        let prepared = self.prepare(request).map_err(|error| Failure::not_sent(error).permanent())?;
        let limit = self.settings.answer_timeout;
        let response = link.sender.try_send_request(prepared);
        let response = match timeout(limit, link.until(response)).await {
            Ok(Ok(response)) => response,
            Ok(Err(mut failed)) => {
                let unsent = failed.take_message().is_some();
                let mut error = doing(request, broken(failed.error()));
                if request.url.scheme() == "http" && link.counter.is_silent() {
                    // Servers of https often end a connection that begins otherwise without a word.
                    error = error.with_next_step("if that port speaks https, use https:// in the base URL");
                }
                return Err(if unsent { Failure::not_sent(error) } else { Failure::lost(error, true) });
            }
            Err(_) => return Err(Failure::lost(late(request, limit), true)),
        };
        let answer = self.read(link, response, request).await?;
        tracing::debug!(doing = request.doing, status = answer.status, bytes = answer.body.len(), "answered");
        self.settings.set_answered();
        Ok(answer)
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
    ) -> Result<Response, Failure> {
        let (head, incoming) = response.into_parts();
        let mut body = Vec::new();
        let reading = self.read_into(&mut body, link, incoming, request);
        let limit = time_for_body(head.status);
        let ended = timeout(limit, reading).await.unwrap_or_else(|_| Err(late(request, limit)));
        let (status, most) = (head.status.as_u16(), request.longest_answer);
        let answer = Response::new(status, head.headers, body.into(), most, &self.settings.key);
        match ended {
            Ok(true) => Ok(answer),
            Ok(false) => Ok(answer.longer_than(most)),
            Err(error) if head.status.is_success() => {
                let request_id = answer.request_id().map(str::to_owned);
                let no_room = error.kind() == ErrorKind::Resources;
                let error = error.with_answer(status, None, request_id, None);
                let lost = Failure::lost(error, true);
                // The service did its work, and for another answer there would be no more room.
                Err(if no_room { lost.permanent() } else { lost })
            }
            // The status of a refusal stands, whatever became of its words.
            Err(_) => Ok(answer),
        }
    }

    /// Reads the body, and says whether that is all of it.
    async fn read_into(
        &self,
        body: &mut Vec<u8>,
        link: &mut Link<Full<Bytes>>,
        mut incoming: Incoming,
        request: &Request,
    ) -> Result<bool> {
        let most = request.longest_answer;
        if incoming.size_hint().lower() > most as u64 {
            return Ok(false);
        }
        let limit = self.settings.stall_timeout;
        loop {
            let frame = timeout(limit, link.until(incoming.frame())).await;
            let Some(frame) = frame.map_err(|_| late(request, limit))? else { return Ok(true) };
            let frame = frame.map_err(|error| {
                let (doing, cause) = (request.doing, innermost(&error));
                let text = format!("{doing}: the connection broke in the middle of the answer ({cause})");
                Error::new(ErrorKind::Network, text).with_source(error)
            })?;
            let Ok(piece) = frame.into_data() else { continue };
            if body.len().saturating_add(piece.len()) > most {
                return Ok(false);
            }
            response::add(body, &piece, request.doing)?;
        }
    }
}

/// The same error, told with what the request does.
fn doing(request: &Request, error: Error) -> Error {
    let kind = error.kind();
    error.into_kind(kind, request.doing)
}

/// The error of a call that was given up, because its caller cancelled it or its time was over.
pub(crate) fn given_up(doing: &str, reached: ErrorKind) -> Error {
    let text = match reached {
        ErrorKind::Timeout => "the call took longer than its timeout",
        _ => "the call was cancelled",
    };
    Error::new(reached, format!("{doing}: {text}"))
}

fn late(request: &Request, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("{}: no answer within {}", request.doing, Time(limit)))
}
