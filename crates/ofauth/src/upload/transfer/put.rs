//! One PUT of a byte range, over one connection, under two clocks.
//!
//! While the body goes out, time runs against the whole upload: as long as any of its connections takes bytes, none
//! is stalled. Once the last byte is out, the answer clock runs: the service may think, and the bytes that the
//! kernel still holds need time to travel. The request and its connection are driven in the caller's task, so
//! dropping the future closes the connection at once.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};
use url::Url;

use super::attempt::Attempt;
use super::body::{BodyState, Buffers, RangeBody};
use super::throttle::Throttle;
use crate::error::{Error, ErrorKind, Result};
use crate::http::header_names::CONNECTION_ID;
use crate::http::outcome::{Failure, Outcome};
use crate::http::response::{self, LONGEST_STEP, Response, time_for_body};
use crate::net::connect::SEND_BUFFER;
use crate::net::exchange::{Connections, Exchange};
use crate::net::pool::{Link, Pool, broken};
use crate::net::request_headers::head;
use crate::net::unreachable::innermost;
use crate::settings::Settings;
use crate::system::{Time, sources};
use crate::upload::source::opened::Opened;

/// EFAULT: the system could not read the bytes that it was to send. It has this number on every Unix, and means something
/// else that no connection gives on Windows.
const BAD_ADDRESS: i32 = 14;

/// The rate assumed before any was measured, in bytes per second: a slow mobile uplink.
const SLOWEST_RATE: u64 = 16 * 1024;

/// When an upload last moved, and how fast it moves, over all its connections.
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    last_ms: AtomicU64,
    accepted: AtomicU64,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), last_ms: AtomicU64::new(0), accepted: AtomicU64::new(0) }
    }

    fn record(&self, bytes: u64) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.fetch_max(now, Ordering::Relaxed);
        self.accepted.fetch_add(bytes, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        after(self.began, Duration::from_millis(self.last_ms.load(Ordering::Relaxed)))
    }

    /// Bytes per second since the upload began.
    fn rate(&self) -> u64 {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        (self.accepted.load(Ordering::Relaxed).saturating_mul(1000) / millis).max(SLOWEST_RATE)
    }
}

/// One PUT.
#[derive(Clone)]
pub(crate) struct Put {
    pub(crate) url: Url,
    pub(crate) content_type: HeaderValue,
    pub(crate) connection: HeaderValue,
    pub(crate) source: Opened,
    pub(crate) start: u64,
    pub(crate) length: u64,
    pub(crate) buffers: Buffers,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) attempt: Arc<Attempt>,
    /// Whether the service does the same when it receives the body twice.
    pub(crate) idempotent: bool,
}

/// What carries the bytes of files to the service, and the short requests of their uploads.
pub(crate) trait Transfer: Send + Sync + 'static {
    /// What carries the short requests.
    type Calls: Exchange;

    /// Sends the bytes, once. Any answer is one, whatever its status.
    fn put(&self, put: &Put) -> impl Future<Output = Result<Response, Failure>> + Send;

    /// Gives up every idle connection: the machine slept, or the network is another.
    fn forget_connections(&self);
}

/// [`Transfer`] over connections of our own.
#[derive(Debug)]
pub(crate) struct Puts {
    settings: Arc<Settings>,
    pool: Pool<RangeBody>,
}

impl Puts {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, pool: Pool::default() }
    }
}

impl Transfer for Puts {
    type Calls = Connections;

    async fn put(&self, put: &Put) -> Result<Response, Failure> {
        let mut sending = self.pool.sending(&self.settings, &put.url);
        loop {
            let mut link = match sending.idle() {
                Some(link) => link,
                None => Link::open(&self.settings, &put.url).await?,
            };
            let sent = put_over(&self.settings, &mut link, put).await;
            let is_dead = |failure: &Failure| {
                // A dead connection shows at once; one that timed out was alive.
                let is_late = failure.error.kind() == ErrorKind::Timeout;
                failure.outcome == Outcome::Lost && (put.idempotent || !failure.body_sent) && !is_late
            };
            if let Some(ended) = sending.ended(link, sent, is_dead) {
                return ended;
            }
        }
    }

    fn forget_connections(&self) {
        self.pool.clear();
    }
}

async fn put_over(settings: &Settings, link: &mut Link<RangeBody>, put: &Put) -> Result<Response, Failure> {
    let (body, state) = RangeBody::new(
        &put.source,
        put.start,
        put.length,
        put.buffers.clone(),
        put.throttle.clone(),
        Arc::clone(&put.attempt),
    );
    let request = request(settings, put, body).map_err(|error| Failure::not_sent(error).permanent())?;
    put.attempt.set_handed_over(0);
    let response = link.sender.send_request(request);
    let mut driven = Driven::new(settings, link, put, &state);
    let response = match driven.until(response).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(failed(&error, &driven, &state)),
        Err(late) => return Err(Failure::lost(late, driven.is_whole())),
    };
    let before_body = !driven.is_whole();
    let answer = driven.read(response).await.map_err(|error| Failure::lost(error, !before_body))?;
    tracing::debug!(status = answer.status, before_body, "answered");
    Ok(Response { before_body, ..answer })
}

fn request(settings: &Settings, put: &Put, body: RangeBody) -> Result<http::Request<RangeBody>> {
    let headers = HeaderMap::from_iter([
        (CONTENT_TYPE, put.content_type.clone()),
        (CONTENT_LENGTH, HeaderValue::from(put.length)),
        (HeaderName::from_static(CONNECTION_ID), put.connection.clone()),
    ]);
    head(settings, Method::PUT, &put.url, headers).and_then(|head| head.body(body)).map_err(|error| {
        let text = format!("a part URL cannot be used in a request ({error})");
        Error::new(ErrorKind::InvalidPlan, text).with_source(error)
    })
}

fn failed(error: &hyper::Error, driven: &Driven<'_>, state: &BodyState) -> Failure {
    // The body broke off, so that no service has it whole, and would again.
    if let Some(source) = state.take_failure() {
        return Failure::lost(source, false).permanent();
    }
    let numbers = sources(error).filter_map(|error| error.downcast_ref()).filter_map(io::Error::raw_os_error);
    if numbers.into_iter().any(|number| number == BAD_ADDRESS) {
        let text = "the given memory can no longer be read: a mapped file must not be truncated";
        return Failure::lost(Error::new(ErrorKind::Source, text), false).permanent();
    }
    // A head that is no HTTP was sent by something that has read the request, perhaps all of it.
    Failure::lost(broken(error), driven.is_whole())
}

/// A connection that is moved along while something on it is awaited, and the clocks that watch it.
struct Driven<'a> {
    settings: &'a Settings,
    link: &'a mut Link<RangeBody>,
    put: &'a Put,
    state: &'a BodyState,
    /// What the kernel had taken from this connection before this request.
    accepted_at_start: u64,
    accepted: u64,
    last_accepted: Instant,
    started: Instant,
    /// When the reading of the answer's body began, once its head is in, how long it may take, and when its last piece came.
    reading: Option<(Instant, Duration, Instant)>,
    alarm: Pin<Box<Sleep>>,
}

impl<'a> Driven<'a> {
    fn new(
        settings: &'a Settings,
        link: &'a mut Link<RangeBody>,
        put: &'a Put,
        state: &'a BodyState,
    ) -> Self {
        let now = Instant::now();
        Self {
            accepted_at_start: link.counter.accepted(),
            settings,
            link,
            put,
            state,
            accepted: 0,
            last_accepted: now,
            started: now,
            reading: None,
            alarm: Box::pin(sleep_until(after(now, settings.stall_timeout))),
        }
    }

    /// Whether the service may have the whole body: all of it left this process.
    fn is_whole(&self) -> bool {
        self.state.handed_over() >= self.put.length && self.accepted >= self.put.length
    }

    /// Awaits `future`, which this connection has to bring about.
    async fn until<F: Future>(&mut self, future: F) -> Result<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| self.poll(cx, future.as_mut())).await
    }

    fn poll<F: Future>(&mut self, cx: &mut Context<'_>, future: Pin<&mut F>) -> Poll<Result<F::Output>> {
        self.link.drive(cx);
        self.note_progress();
        if let Poll::Ready(output) = future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let (deadline, what, limit) = self.deadline();
            if deadline <= Instant::now() {
                let text = format!("{what} for {}", Time(limit));
                return Poll::Ready(Err(Error::new(ErrorKind::Timeout, text)));
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn note_progress(&mut self) {
        let accepted = self.link.counter.accepted().saturating_sub(self.accepted_at_start);
        if accepted > self.accepted {
            self.put.activity.record(accepted.saturating_sub(self.accepted));
            self.accepted = accepted;
            self.last_accepted = Instant::now();
            self.put.attempt.set_handed_over(self.state.handed_over());
            if self.is_whole() {
                // The answer clock may be shorter than the stall clock, which the alarm is still set to.
                let (deadline, ..) = self.deadline();
                self.alarm.as_mut().reset(deadline);
            }
        }
    }

    /// When the present phase has taken too long, what it is then, and for how long.
    fn deadline(&self) -> (Instant, &'static str, Duration) {
        let stall = self.settings.stall_timeout;
        if let Some((begun, limit, last)) = self.reading {
            let (late, stalled) = (after(begun, limit), after(last, stall));
            return match late < stalled {
                true => (late, "the answer kept coming", limit),
                false => (stalled, "the answer stopped in the middle", stall),
            };
        }
        if self.is_whole() {
            let held = self.put.length.min(SEND_BUFFER as u64);
            let travel = Duration::from_secs(held / self.put.activity.rate());
            let limit = self.settings.answer_timeout.saturating_add(travel);
            return (after(self.last_accepted, limit), "the body was sent and no answer came", limit);
        }
        let moved = self.put.activity.last().max(self.started);
        (after(moved, stall), "no byte was accepted", stall)
    }

    async fn read(&mut self, response: http::Response<Incoming>) -> Result<Response> {
        let (parts, incoming) = response.into_parts();
        let now = Instant::now();
        let limit = time_for_body(parts.status);
        self.reading = Some((now, limit, now));
        self.alarm.as_mut().reset(after(now, self.settings.stall_timeout.min(limit)));
        let mut body = Vec::new();
        let ended = self.read_into(&mut body, incoming).await;
        let (status, key) = (parts.status.as_u16(), &self.settings.key);
        let answer = Response::new(status, parts.headers, body.into(), LONGEST_STEP, key);
        // The status of a refusal stands, and a service that closes without reading often cuts its own words short:
        // over TLS, their end cannot even be told from a cut.
        match ended {
            Err(error) if parts.status.is_success() => Err(error),
            Ok(true) | Err(_) => Ok(answer),
            Ok(false) => Ok(answer.longer_than(LONGEST_STEP)),
        }
    }

    /// Reads the body, and says whether that is all of it.
    async fn read_into(&mut self, body: &mut Vec<u8>, mut incoming: Incoming) -> Result<bool> {
        while let Some(frame) = self.until(incoming.frame()).await? {
            let frame = frame.map_err(|error| {
                let cause = innermost(&error);
                let text = format!("the connection broke in the middle of the answer ({cause})");
                Error::new(ErrorKind::Network, text)
            })?;
            let Ok(piece) = frame.into_data() else { continue };
            if body.len().saturating_add(piece.len()) > LONGEST_STEP {
                return Ok(false);
            }
            response::add(body, &piece, "send the bytes")?;
            if let Some((.., last)) = &mut self.reading {
                *last = Instant::now();
            }
        }
        Ok(true)
    }
}

fn after(start: Instant, duration: Duration) -> Instant {
    // A duration past the end of the clock is as good as for ever: a century.
    start.checked_add(duration).unwrap_or_else(|| start + Duration::from_secs(100 * 365 * 24 * 3600))
}
