//! Sends one request with a short body over a connection, and brings back what became of it.
//!
//! Opens the connection or takes an idle one, checks who may see the key, adds the headers and reads the answer within
//! bounds. What an answer means and whether to send again is decided above. [`Exchange`] is the seam at which a simulated
//! service takes the network's place.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::connect;
use super::head::{head, plain_proxy, through};
use super::pool::{Link, Pool};
use super::unreachable::{Route, innermost};
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::{Failure, Outcome};
use crate::http::request::Request;
use crate::http::response::{self, Answer, MISDIRECTED, time_for_body};
use crate::settings::Settings;
use crate::system::Time;

/// What carries requests to the service, each once.
pub(crate) trait Exchange: Send + Sync + 'static {
    /// Sends a request. Any answer is one, whatever its status.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Answer, Failure>> + Send;

    /// The present by this machine's clock, which may be set at any time.
    fn now(&self) -> SystemTime;
}

/// [`Exchange`] over connections of our own.
#[derive(Debug)]
pub(crate) struct Connections {
    settings: Arc<Settings>,
    pool: Pool<Full<Bytes>>,
}

impl Exchange for Connections {
    /// Sends once. What an idle connection did not take goes over a fresh one, and so does, once, what came to the
    /// wrong server: neither has done anything.
    async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        if let Err(error) = self.settings.origins.check(&request.url, "request") {
            return Err(Failure::not_sent(error).permanent());
        }
        let origin = request.url.origin().ascii_serialization();
        let (mut idle, mut misdirected) = (self.pool.take(&origin), false);
        loop {
            let reused = idle.is_some();
            let link = match idle.take() {
                Some(link) => link,
                None => self.open(request).await?,
            };
            match self.send_over(link, &origin, request).await {
                Err(failure) if reused && failure.outcome == Outcome::NotSent && !failure.permanent => {
                    tracing::debug!(error = %failure.error, "an idle connection was dead");
                }
                Ok(answer) if answer.status == MISDIRECTED && !misdirected => misdirected = true,
                sent => {
                    let route = Route::of(&self.settings, &request.url);
                    return sent.map_err(|failure| match failure.permanent {
                        true => failure,
                        false => failure.map_error(|error| through(route, error)),
                    });
                }
            }
            self.pool.drain(&origin);
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl Connections {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, pool: Pool::default() }
    }

    async fn open(&self, request: &Request) -> Result<Link<Full<Bytes>>, Failure> {
        let doing = |error: Error| {
            let kind = error.kind();
            error.into_kind(kind, request.doing)
        };
        let (stream, counter) =
            connect(&self.settings, &request.url).await.map_err(|failure| failure.map_error(doing))?;
        Link::new(stream, counter).await.map_err(|error| Failure::not_sent(broken(&error, request.doing)))
    }

    async fn send_over(
        &self,
        mut link: Link<Full<Bytes>>,
        origin: &str,
        request: &Request,
    ) -> Result<Answer, Failure> {
        let (doing, url) = (request.doing, &request.url);
        let prepared = self.prepare(request).map_err(|error| Failure::not_sent(error).permanent())?;
        let limit = self.settings.answer_timeout;
        let response = link.sender.try_send_request(prepared);
        let response = match timeout(limit, link.until(response)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_))
                if url.scheme() == "http" && link.counter.hears_tls() && !self.settings.has_answered() =>
            {
                return Err(Failure::not_sent(Route::of(&self.settings, url).wants_tls()).permanent());
            }
            Ok(Err(mut failed)) => {
                let unsent = failed.take_message().is_some();
                let mut error = broken(failed.error(), doing);
                if url.scheme() == "http" && link.counter.is_silent() {
                    // Servers of https often end a connection that begins otherwise without a word.
                    error = error.with_next_step("if that port speaks https, use https:// in the base URL");
                }
                return Err(if unsent { Failure::not_sent(error) } else { Failure::lost(error, true) });
            }
            Err(_) => return Err(Failure::lost(late(doing, limit), true)),
        };
        let answer = self.read(&mut link, response, request).await?;
        tracing::debug!(doing, status = answer.status, bytes = answer.body.len(), "answered");
        self.settings.set_answered();
        if answer.trouble.is_none() {
            self.pool.give_back(origin.to_owned(), link);
        }
        Ok(answer.through(plain_proxy(Route::of(&self.settings, url))))
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
    ) -> Result<Answer, Failure> {
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
                let lost = Failure::lost(error, true);
                // The service did its work, and for another answer there would be no more room.
                Err(if no_room { lost.permanent() } else { lost })
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
}

/// How the body of an answer ended.
enum Ended {
    Whole,
    /// It goes on, and is not read any further.
    TooLong,
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
