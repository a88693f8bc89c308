//! What becomes of a request to `webhook listen`: whether it is genuine, came before, and can be kept until it is printed and
//! forwarded. Connections are another matter.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ofauth::webhooks::{Event, Verifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many events may wait to be forwarded.
pub(super) const QUEUED: usize = 100_000;

/// How many bytes of events may wait to be forwarded.
const QUEUED_BYTES: usize = 64 * 1024 * 1024;

/// So many keys are known again. The service sends an event again within hours.
const KEYS: usize = 200_000;

/// What an event takes in memory beside its body, at least.
const OVERHEAD: usize = 512;

/// An event that waits to be forwarded.
pub(super) struct Waiting {
    pub(super) name: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) came: Instant,
    /// Its share of what may wait.
    _room: OwnedSemaphorePermit,
}

/// What the user is told, in this order.
pub(super) enum Told {
    /// An event, for standard output.
    Event(String),
    /// Why a request was refused, for standard error.
    Refusal(String),
}

/// Takes requests.
pub(super) struct Intake {
    verifier: Verifier,
    json: bool,
    room: Arc<Semaphore>,
    /// How many events wait to be forwarded, the one that is being sent included.
    waiting: Arc<AtomicU64>,
    state: Mutex<State>,
}

struct State {
    seen: HashSet<String>,
    order: VecDeque<String>,
    /// None once it is over.
    lines: Option<SyncSender<Told>>,
    forward: Option<mpsc::Sender<Waiting>>,
}

impl Intake {
    /// Takes what `verifier` says is genuine; its lines go to `lines`, and events to `forward`.
    pub(super) fn new(
        verifier: Verifier,
        json: bool,
        lines: SyncSender<Told>,
        forward: Option<mpsc::Sender<Waiting>>,
    ) -> Self {
        let state = State { seen: HashSet::new(), order: VecDeque::new(), lines: Some(lines), forward };
        Self {
            verifier,
            json,
            room: Arc::new(Semaphore::new(QUEUED_BYTES)),
            waiting: Arc::default(),
            state: Mutex::new(state),
        }
    }

    /// How many events wait to be forwarded.
    pub(super) fn waiting(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.waiting)
    }

    /// Takes no more events; what was told is printed.
    pub(super) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.lines, state.forward) = (None, None);
    }

    /// Tells the user of a request that was refused: why, and nothing of what was in it. Without room for the line, it is not
    /// told, so that nobody who floods the endpoint can stop it.
    pub(super) fn tell_refusal(&self, status: StatusCode, why: &str) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = &state.lines {
            let told = format!("ofauth: a request was refused with HTTP {}: {why}", status.as_u16());
            let _ = lines.try_send(Told::Refusal(told));
        }
    }

    /// Takes a request, and says what to answer.
    pub(super) fn take(&self, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
        let event = match self.verifier.verify(&headers, &body, SystemTime::now()) {
            Ok(event) => event,
            Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()),
        };
        let key = event.dedupe_key();
        let line = self.line(&event);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.seen.contains(&key) {
            return (StatusCode::OK, "this event came before".to_owned());
        }
        let full =
            || (StatusCode::SERVICE_UNAVAILABLE, "too many events wait here: send it again later".to_owned());
        let Some(lines) = state.lines.clone() else { return full() };
        // It is printed, forwarded and known, or nothing of it: then the service sends it again.
        let permit = match &state.forward {
            None => None,
            Some(forward) => {
                let bytes = u32::try_from(body.len().saturating_add(OVERHEAD)).unwrap_or(u32::MAX);
                let room = Arc::clone(&self.room).try_acquire_many_owned(bytes);
                let (Ok(room), Ok(permit)) = (room, forward.clone().try_reserve_owned()) else {
                    return full();
                };
                Some((room, permit))
            }
        };
        if lines.try_send(Told::Event(line)).is_err() {
            return full();
        }
        if let Some((room, permit)) = permit {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            let name = event.name.clone();
            permit.send(Waiting { name, headers, body, came: Instant::now(), _room: room });
        }
        state.remember(key);
        (StatusCode::NO_CONTENT, String::new())
    }

    /// What is printed of an event: one object, or its name, connection and id.
    fn line(&self, event: &Event) -> String {
        if self.json {
            return serde_json::to_string(event).unwrap_or_default();
        }
        let id = event.connection().and_then(|connection| connection.id.as_deref());
        format!("{}  {}  {}", event.name, id.unwrap_or("-"), event.dedupe_key())
    }
}

impl State {
    fn remember(&mut self, key: String) {
        if self.order.len() >= KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(key.clone());
        self.order.push_back(key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use ofauth::webhooks::{Scheme, examples, sign};

    use super::*;

    const SECRET: &str = "whsec_c2VjcmV0";

    fn request(event: &str) -> (HeaderMap, Bytes) {
        let now = SystemTime::now();
        let body = examples::body(event, Scheme::OFAuth, now).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in sign(Scheme::OFAuth, SECRET, body.as_bytes(), now, "").unwrap() {
            headers.insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        (headers, Bytes::from(body))
    }

    #[test]
    fn an_event_is_printed_and_kept_once_and_not_without_room() {
        let (lines, printed) = sync_channel(10);
        let (forward, mut kept) = mpsc::channel(1);
        let intake = Intake::new(Verifier::new([SECRET]).unwrap(), false, lines, Some(forward));
        let (headers, body) = request("connection.created");
        assert_eq!(intake.take(headers.clone(), body.clone()).0, StatusCode::NO_CONTENT);
        assert_eq!(intake.take(headers.clone(), body).0, StatusCode::OK);
        assert_eq!(intake.take(headers, Bytes::from_static(b"{}")).0, StatusCode::BAD_REQUEST);
        intake.tell_refusal(StatusCode::BAD_REQUEST, "why");
        let (headers, body) = request("connection.expired");
        assert_eq!(intake.take(headers.clone(), body.clone()).0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(kept.try_recv().unwrap().name, "connection.created");
        // What was refused for want of room is no duplicate when it comes again.
        assert_eq!(intake.take(headers, body).0, StatusCode::NO_CONTENT);
        intake.close();
        let names = printed.iter().map(|told| match told {
            Told::Event(line) => line.split(' ').next().unwrap().to_owned(),
            Told::Refusal(line) => line,
        });
        let refused = "ofauth: a request was refused with HTTP 400: why";
        assert_eq!(names.collect::<Vec<_>>(), ["connection.created", refused, "connection.expired"]);
    }
}
