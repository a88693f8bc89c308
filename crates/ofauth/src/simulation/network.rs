//! The network to the simulated service: what is lost, late, cut and made up on the way.
//!
//! Takes the place of sockets and HTTP, and of nothing above: each request is sent once and brings back what became of it. A
//! request that has left goes on without its sender.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use http_body::Body as _;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::env::{Env, Process};
use super::file::FileState;
use super::reply::{Fate, Purpose, Reply, broken, late};
use super::schedule::Rates;
use super::service::Service;
use super::{check, plan};
use crate::cancel::Limits;
use crate::http::outcome::{Failure, Outcome};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::success;
use crate::net::exchange::Exchange;
use crate::secret::ApiKey;
use crate::upload::step_result::{self, StepResult, expected_of_put};
use crate::upload::transfer::body::RangeBody;
use crate::upload::transfer::put::{Put, Transfer};

/// How long an answer is waited for, as with HTTP.
const ANSWER: Duration = Duration::from_secs(120);
/// A connection that stands and brings nothing does so for longer.
const SILENCE: Duration = Duration::from_secs(200);
/// The sessions that an upload may open in one run: its own, and one in place of it once it has expired.
const MOST_SESSIONS: usize = 2;

/// The network of one process. Clones are one.
#[derive(Clone)]
pub(super) struct Network(pub(super) Arc<Wires>);

pub(super) struct Wires {
    pub(super) env: Arc<Env>,
    pub(super) service: Arc<Service>,
    pub(super) rates: Rates,
    pub(super) process: Process,
    pub(super) generation: u32,
    /// The state of the source when it was opened.
    pub(super) state: Arc<FileState>,
    pub(super) key: ApiKey,
    pub(super) concurrency: usize,
    /// PUTs under way.
    pub(super) putting: AtomicUsize,
    /// Sessions that this process was told of.
    pub(super) opened: AtomicUsize,
    /// Whether the service's last word on a new session was no.
    pub(super) denied: AtomicBool,
}

/// Counts a PUT as long as it lives.
struct Putting<'a>(&'a AtomicUsize);

impl Drop for Putting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Exchange for Network {
    async fn send(&self, request: &Request, _: &Limits) -> Result<Response, Failure> {
        if request.url.path().ends_with("/init") {
            self.0.init().await
        } else {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            self.0.complete(plan::session(body["mediaUploadId"].as_str().unwrap())).await
        }
    }

    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

impl Transfer for Network {
    type Calls = Self;

    async fn put(&self, put: &Put) -> Result<Response, Failure> {
        self.0.put(put).await
    }

    fn forget_connections(&self) {}
}

impl Wires {
    async fn init(&self) -> Result<Response, Failure> {
        check::opens(&self.env, self.generation, &self.state, &self.service.lock().sessions);
        if self.denied.load(Ordering::Relaxed) {
            self.env.violate("a session is asked for again although the service had said no".into());
        }
        let (process, generation, state) = (self.process, self.generation, Arc::clone(&self.state));
        let work = move |service: &Service| service.open(process, generation, &state);
        let ended = self.send(Purpose::Init, "init", || {}, work).await;
        if ended.as_ref().is_ok_and(Response::is_success) {
            let opened = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
            if opened > MOST_SESSIONS {
                self.env.violate(format!("{opened} sessions were opened in one run"));
            }
        }
        self.denied.store(
            self.reads(&ended).is_some_and(|read| read.is_err_and(|failure| is_no(&failure))),
            Ordering::Relaxed,
        );
        ended
    }

    async fn complete(&self, session: usize) -> Result<Response, Failure> {
        let process = self.process;
        let leaves =
            || check::finish_leaves(&self.env, process, session, &mut self.service.lock().sessions[session]);
        let work = move |service: &Service| service.complete(process, session);
        let ended = self.send(Purpose::Finish, "complete", leaves, work).await;
        self.env.step(self.process, || format!("complete {session} ends: {}", shown(&ended))).await;
        self.tell(session, &ended);
        ended
    }

    async fn put(&self, put: &Put) -> Result<Response, Failure> {
        let (session, index) = plan::target(&put.url);
        if self.putting.fetch_add(1, Ordering::Relaxed) >= self.concurrency {
            self.env.violate("more PUTs at once than asked for".into());
        }
        let _putting = Putting(&self.putting);
        let ended = self.try_put(put, session, index).await;
        self.env.step(self.process, || format!("PUT {session}/{index} ends: {}", shown(&ended))).await;
        if !put.idempotent {
            self.tell(session, &ended);
        } else if self.reads(&ended).is_some_and(|read| read.is_ok()) {
            self.service.lock().sessions[session].told[index] = Some(self.process);
        }
        ended
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.service.unix_ms().try_into().unwrap())
    }

    fn latency(&self) -> Duration {
        self.env.time(self.service.slowest())
    }

    /// Sends a request that has no body to speak of. `leaves` is called in the moment in which it does.
    async fn send(
        &self,
        purpose: Purpose,
        what: &str,
        leaves: impl FnOnce() + Send,
        work: impl FnOnce(&Service) -> Reply + Send + 'static,
    ) -> Result<Response, Failure> {
        let fate = match Fate::draw(&self.env, &self.rates, purpose) {
            Fate::Early(reply) if reply.status >= 300 => Fate::Refused(reply),
            Fate::Early(_) => Fate::Honest,
            fate => fate,
        };
        self.env.step(self.process, || format!("{what}: {fate:?}")).await;
        sleep(self.latency()).await;
        if matches!(fate, Fate::NotSent) {
            return Err(Failure::not_sent(broken("no connection")));
        }
        self.env.step(self.process, || format!("{what} leaves")).await;
        leaves();
        let answer = self.deliver(fate, work);
        self.answer(answer).await
    }

    async fn try_put(&self, put: &Put, session: usize, index: usize) -> Result<Response, Failure> {
        let (attempt, single) = (&put.attempt, !put.idempotent);
        let purpose = if single { Purpose::Finish } else { Purpose::Part };
        let mut fate = Fate::draw(&self.env, &self.rates, purpose);
        self.env.step(self.process, || format!("PUT {session}/{index}: {fate:?}")).await;
        sleep(self.latency()).await;
        if matches!(fate, Fate::NotSent) {
            return Err(Failure::not_sent(broken("no connection")));
        }
        let mut sending = self.service.begins(self.process, session, index);
        if let (Fate::Honest, Some(refusal)) = (&fate, sending.refused.take()) {
            fate = Fate::Refused(refusal);
        }
        let (body, state) = RangeBody::new(
            &put.source,
            put.start,
            put.length,
            put.buffers.clone(),
            None,
            Arc::clone(attempt),
        );
        let mut body = Box::pin(body);
        attempt.set_handed_over(0);
        let stops = matches!(fate, Fate::HalfSent | Fate::Early(_));
        let stops = stops.then(|| self.env.draw(|rng| rng.u64(0..put.length)));
        let mut sent = Vec::new();
        while (sent.len() as u64) < put.length {
            let piece = poll_fn(|cx| Pin::as_mut(&mut body).poll_frame(cx)).await;
            let Some(Ok(frame)) = piece else {
                let failure = state.take_failure();
                let failure = failure.unwrap_or_else(|| broken("the body ended too early"));
                return Err(Failure::lost(failure, false).permanent());
            };
            sleep(self.latency() / 8).await;
            self.env.step(self.process, || format!("PUT {session}/{index} sends")).await;
            // From here on nothing is awaited until the service has it, if that was the last of it.
            sent.extend_from_slice(&frame.into_data().unwrap_or_default());
            attempt.set_handed_over(state.handed_over());
            if stops.is_some_and(|stops| sent.len() as u64 > stops) {
                sleep(self.latency()).await;
                return match fate {
                    Fate::Early(reply) => Ok(Response { before_body: true, ..reply.into_answer(&self.key) }),
                    _ => Err(Failure::lost(broken("the connection broke"), false)),
                };
            }
        }
        if single {
            check::finish_leaves(
                &self.env,
                self.process,
                session,
                &mut self.service.lock().sessions[session],
            );
        }
        let process = self.process;
        let answer = self.deliver(fate, move |service| {
            let _sending = sending;
            service.put(process, session, index, sent)
        });
        self.answer(answer).await
    }

    async fn answer(&self, answer: oneshot::Receiver<Reply>) -> Result<Response, Failure> {
        match timeout(ANSWER, answer).await {
            Ok(Ok(reply)) => Ok(reply.into_answer(&self.key)),
            Ok(Err(_)) => Err(Failure::lost(broken("the connection broke before an answer came"), true)),
            Err(_) => Err(Failure::lost(late(), true)),
        }
    }

    /// Lets a request travel, whether its sender lives or not.
    fn deliver(
        &self,
        fate: Fate,
        work: impl FnOnce(&Service) -> Reply + Send + 'static,
    ) -> oneshot::Receiver<Reply> {
        let (tell, answer) = oneshot::channel();
        let (there, back) = (self.latency(), self.latency());
        let service = Arc::clone(&self.service);
        service.takes_work();
        tokio::spawn(async move {
            match fate {
                Fate::LostBefore { silent } => {
                    // What the work holds on to is let go of.
                    drop(work);
                    sleep(if silent { SILENCE } else { back }).await;
                }
                Fate::LostAfter { silent } => {
                    let breaks = Instant::now() + if silent { SILENCE } else { back };
                    let arrives = Instant::now() + there;
                    tokio::time::sleep_until(arrives.min(breaks)).await;
                    // The sender may hear of its loss before the service hears of the request.
                    let tell = (arrives <= breaks).then_some(tell);
                    tokio::time::sleep_until(arrives).await;
                    work(&service);
                    tokio::time::sleep_until(breaks).await;
                    drop(tell);
                }
                Fate::Refused(reply) | Fate::Early(reply) => {
                    sleep(there + back).await;
                    drop(work);
                    _ = tell.send(reply);
                }
                Fate::RefusedAfter(reply) => {
                    sleep(there).await;
                    work(&service);
                    sleep(back).await;
                    _ = tell.send(reply);
                }
                Fate::Honest | Fate::NotSent | Fate::HalfSent | Fate::Unreadable => {
                    sleep(there).await;
                    let mut reply = work(&service);
                    if matches!(fate, Fate::Unreadable) {
                        reply.body = "{\"mediaUplo".into();
                    }
                    sleep(back).await;
                    _ = tell.send(reply);
                }
            }
            service.has_worked();
        });
        answer
    }

    /// What the client reads in an answer to a step, if there is one.
    fn reads(&self, ended: &Result<Response, Failure>) -> Option<StepResult> {
        let answer = ended.as_ref().ok()?.clone();
        let read = success::read(answer, expected_of_put(None), &self.key, self.now());
        Some(step_result::read(read, None, "try"))
    }

    /// Remembers what the client learns about the end of a session.
    fn tell(&self, session: usize, ended: &Result<Response, Failure>) {
        let of = &mut self.service.lock().sessions[session];
        match self.reads(ended) {
            Some(Ok(_)) => of.known_done = true,
            Some(Err(failure)) => {
                of.denied = is_no(&failure).then_some(self.process);
                if failure.body_sent && matches!(failure.outcome, Outcome::Refused { status: 0..500 }) {
                    of.doubts -= 1;
                }
            }
            None => {}
        }
    }
}

/// Whether the service refused, and not for the moment.
fn is_no(failure: &Failure) -> bool {
    let Outcome::Refused { status: status @ 0..500 } = failure.outcome else { return false };
    !matches!(status, 408 | 429) && failure.error.api_type() != Some("RULES_OUTDATED")
}

fn shown(ended: &Result<Response, Failure>) -> String {
    match ended {
        Ok(answer) => format!("HTTP {}, early: {}", answer.status, answer.before_body),
        Err(failure) => format!("{:?}, body sent: {}, {}", failure.outcome, failure.body_sent, failure.error),
    }
}
