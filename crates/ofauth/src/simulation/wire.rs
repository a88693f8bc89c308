//! [`Wire`] to the simulated service: what is lost, late, cut and made up on the way.
//!
//! Does what the HTTP wire does, with the code that it uses where that is more than sockets: the request budget, the
//! body with its gate and hash, the reading of plans and answers. A request that has left goes on without its sender.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::poll_fn;
use http_body::Body as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::file::FileState;
use super::reply::{Fate, Purpose, Reply, broken, late};
use super::schedule::Rates;
use super::service::Service;
use super::world::{Process, World};
use super::{check, plan};
use crate::call::pause::Pause;
use crate::call::transport::Tried;
use crate::error::{Error, ErrorKind, Result};
use crate::http::rate_limit_headers::WaitHint;
use crate::http::retry::{self, Failure, Patience};
use crate::http::success::{self, Reading};
use crate::origin::Origins;
use crate::rate_limiter::Budget;
use crate::secret::ApiKey;
use crate::upload::backend::Wire;
use crate::upload::plan::api_types::read_object;
use crate::upload::plan::upload_plan::{Plan, PlannedPart};
use crate::upload::session::{Opening, Session};
use crate::upload::source::opened::Opened;
use crate::upload::step_result::{StepEnd, What, doing, read_complete, read_put};
use crate::upload::transfer::attempt::{Attempt, Gate};
use crate::upload::transfer::body::{Buffers, RangeBody};
use crate::upload::transfer::put::{Activity, PutEnd};

/// How long an answer is waited for, as with HTTP.
const ANSWER: Duration = Duration::from_secs(120);
/// A connection that stands and brings nothing does so for longer.
const SILENCE: Duration = Duration::from_secs(200);

/// The wire of one process.
pub(crate) struct SimulatedWire {
    pub(crate) world: Arc<World>,
    pub(crate) service: Arc<Service>,
    pub(crate) rates: Rates,
    pub(crate) process: Process,
    pub(crate) lineage: u32,
    pub(crate) source: Opened,
    /// The state of the source when it was opened.
    pub(crate) state: Arc<FileState>,
    pub(crate) origins: Origins,
    pub(crate) key: ApiKey,
    pub(crate) buffers: Buffers,
    pub(crate) budget: Arc<Budget>,
    pub(crate) concurrency: usize,
    /// PUTs under way.
    pub(crate) putting: AtomicUsize,
    /// Sessions that this process asked for.
    pub(crate) asked: AtomicUsize,
}

/// Counts a PUT as long as it lives.
struct Putting<'a>(&'a AtomicUsize);

impl Drop for Putting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Wire for SimulatedWire {
    async fn init(&self, _: UnboundedSender<Pause>) -> Result<Session> {
        if self.asked.fetch_add(1, Ordering::Relaxed) > 1 {
            self.world.violate("more than one fresh session in one run".into());
        }
        check::opens(&self.world, self.lineage, &self.state, &self.service.lock().sessions);
        let mut patience = Patience::new(true);
        loop {
            let (process, lineage, state) = (self.process, self.lineage, Arc::clone(&self.state));
            let work = move |service: &Service| service.open(process, lineage, &state);
            let tried = self.send(Purpose::Init, "init", None, || {}, work).await;
            let reading = match &tried {
                Tried::Answered(answer) => success::read(answer, success::of("init_upload"), &self.key),
                _ => Reading::Success,
            };
            let (failure, hint, error) = match tried {
                Tried::Answered(answer) if matches!(reading, Reading::Success) => {
                    let read = read_object(&answer.body);
                    let plan = read.map_err(|why| Error::new(ErrorKind::InvalidAnswer, why))?;
                    let plan = Plan::read(plan, &answer.headers, self.source.size, &self.origins)?;
                    let unix_ms = self.unix_ms();
                    // A `Date` has whole seconds.
                    let there = (unix_ms + self.service.lock().ways.ahead_ms) / 1000 * 1000;
                    let opened = Opening { unix_ms, service_ahead_ms: there - unix_ms };
                    return Ok(Session::new(plan, opened, unix_ms));
                }
                Tried::Answered(answer) => {
                    let status = answer.status;
                    let hint = WaitHint::read(&answer.headers, std::time::SystemTime::now());
                    let class = ofauth_api::operation::RetryClass::Repeatable;
                    match success::judge(answer, reading, "open the upload session", class) {
                        Err(error) => (Some(status), hint, error),
                        Ok(_) => unreachable!("a success was returned"),
                    }
                }
                Tried::NotSent(error)
                | Tried::Lost(error)
                | Tried::Unreadable(error)
                | Tried::Hopeless(error) => (None, WaitHint::default(), error),
            };
            let silent = error.kind() == ErrorKind::Timeout;
            let failure = failure
                .map_or(Failure::NotSent, |status| Failure::Answered { status, api_type: error.api_type() });
            let verdict = retry::verdict(failure, ofauth_api::operation::RetryClass::Repeatable);
            let Some(pause) = patience.pause(verdict, hint, silent, self.world.draw(fastrand::Rng::f64))
            else {
                return Err(error);
            };
            sleep(pause).await;
        }
    }

    async fn put(
        &self,
        part: PlannedPart,
        number: Option<u32>,
        _: Arc<Activity>,
        attempt: Arc<Attempt>,
    ) -> StepEnd {
        let (session, index) = plan::target(&part.url().unwrap());
        if self.putting.fetch_add(1, Ordering::Relaxed) >= self.concurrency {
            self.world.violate("more PUTs at once than asked for".into());
        }
        let _putting = Putting(&self.putting);
        attempt.set_waits_for_budget(true);
        let permit = self.budget.acquire().await;
        attempt.set_waits_for_budget(false);
        let end = match permit {
            Err(closed) => PutEnd::NotSent { error: closed.refusal(doing(number)), hopeless: true },
            Ok(permit) => {
                let end = self.try_put(&part, session, index, number.is_none(), &attempt).await;
                match &end {
                    PutEnd::Answered { answer, .. } => drop(permit.answered(answer.status, &answer.headers)),
                    PutEnd::NotSent { .. } => drop(permit.not_sent()),
                    PutEnd::Lost { .. } | PutEnd::Source(_) => drop(permit),
                }
                end
            }
        };
        let end = read_put(end, number, &self.key);
        self.world.step(self.process, || format!("PUT {session}/{index} ends: {}", shown(&end))).await;
        if number.is_none() {
            self.tell(session, &end);
        } else if matches!(end, StepEnd::Done(_)) {
            self.service.lock().sessions[session].told[index] = Some(self.process);
        }
        end
    }

    async fn complete(&self, _: &Url, upload_id: &str, attempt: Arc<Attempt>) -> StepEnd {
        let (process, session) = (self.process, plan::session(upload_id));
        let leaves = || self.service.lock().sessions[session].doubts += 1;
        let work = move |service: &Service| service.complete(process, session);
        let tried = self.send(Purpose::Finish, "complete", attempt.gate(), leaves, work).await;
        let end = read_complete(tried, &self.key);
        self.world.step(self.process, || format!("complete {session} ends: {}", shown(&end))).await;
        self.tell(session, &end);
        end
    }

    fn time_for(&self, requests: u64) -> Duration {
        self.budget.time_for(requests)
    }

    fn forget_connections(&self) {}

    fn unix_ms(&self) -> i64 {
        self.service.unix_ms()
    }
}

impl SimulatedWire {
    fn latency(&self) -> Duration {
        self.world.time(self.service.slowest())
    }

    /// Sends a request that has no body to speak of, once, when its gate is open. `leaves` is called in the moment in
    /// which it does.
    async fn send(
        &self,
        purpose: Purpose,
        what: &str,
        gate: Option<Gate>,
        leaves: impl FnOnce() + Send,
        work: impl FnOnce(&Service) -> Reply + Send + 'static,
    ) -> Tried {
        let permit = match self.budget.acquire().await {
            Ok(permit) => permit,
            Err(closed) => return Tried::Hopeless(closed.refusal(what)),
        };
        if let Some(gate) = gate
            && let Err(error) = gate.await
        {
            permit.not_sent();
            return Tried::Hopeless(error);
        }
        let fate = match Fate::draw(&self.world, &self.rates, purpose) {
            Fate::Early(reply) if reply.status >= 300 => Fate::Refused(reply),
            Fate::Early(_) => Fate::Honest,
            fate => fate,
        };
        self.world.step(self.process, || format!("{what}: {fate:?}")).await;
        sleep(self.latency()).await;
        if matches!(fate, Fate::NotSent) {
            permit.not_sent();
            return Tried::NotSent(broken("no connection"));
        }
        self.world.step(self.process, || format!("{what} leaves")).await;
        leaves();
        let answer = self.deliver(fate, work);
        match self.answer(answer).await {
            Ok(reply) => {
                let answer = reply.into_answer(&self.key);
                permit.answered(answer.status, &answer.headers);
                Tried::Answered(answer)
            }
            Err(error) => Tried::Lost(error),
        }
    }

    async fn try_put(
        &self,
        part: &PlannedPart,
        session: usize,
        index: usize,
        single: bool,
        attempt: &Arc<Attempt>,
    ) -> PutEnd {
        let purpose = if single { Purpose::Finish } else { Purpose::Part };
        let mut fate = Fate::draw(&self.world, &self.rates, purpose);
        self.world.step(self.process, || format!("PUT {session}/{index}: {fate:?}")).await;
        sleep(self.latency()).await;
        if matches!(fate, Fate::NotSent) {
            return PutEnd::NotSent { error: broken("no connection"), hopeless: false };
        }
        let mut sending = self.service.begins(self.process, session, index);
        if let (Fate::Honest, Some(refusal)) = (&fate, sending.refused.take()) {
            fate = Fate::Refused(refusal);
        }
        let (body, state) = RangeBody::new(
            &self.source,
            part.start,
            part.length,
            self.buffers.clone(),
            None,
            Arc::clone(attempt),
        );
        let mut body = Box::pin(body);
        attempt.set_handed_over(0);
        let stops = matches!(fate, Fate::HalfSent | Fate::Early(_));
        let stops = stops.then(|| self.world.draw(|rng| rng.u64(0..part.length)));
        let mut sent = Vec::new();
        while (sent.len() as u64) < part.length {
            let piece = poll_fn(|cx| Pin::as_mut(&mut body).poll_frame(cx)).await;
            let Some(Ok(frame)) = piece else {
                let failure = state.take_failure();
                return PutEnd::Source(failure.unwrap_or_else(|| broken("the body ended too early")));
            };
            sleep(self.latency() / 8).await;
            self.world.step(self.process, || format!("PUT {session}/{index} sends")).await;
            // From here on nothing is awaited until the service has it, if that was the last of it.
            sent.extend_from_slice(&frame.into_data().unwrap_or_default());
            attempt.set_handed_over(state.handed_over());
            if stops.is_some_and(|stops| sent.len() as u64 > stops) {
                sleep(self.latency()).await;
                return match fate {
                    Fate::Early(reply) => {
                        PutEnd::Answered { answer: reply.into_answer(&self.key), early: true }
                    }
                    _ => PutEnd::Lost { error: broken("the connection broke"), whole: false },
                };
            }
        }
        if single {
            self.service.lock().sessions[session].doubts += 1;
        }
        let process = self.process;
        let answer = self.deliver(fate, move |service| {
            let _sending = sending;
            service.put(process, session, index, sent)
        });
        match self.answer(answer).await {
            Ok(reply) => PutEnd::Answered { answer: reply.into_answer(&self.key), early: false },
            Err(error) => PutEnd::Lost { error, whole: true },
        }
    }

    async fn answer(&self, answer: oneshot::Receiver<Reply>) -> Result<Reply> {
        match timeout(ANSWER, answer).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) => Err(broken("the connection broke before an answer came")),
            Err(_) => Err(late()),
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

    /// Remembers what the client learns about the end of a session.
    fn tell(&self, session: usize, end: &StepEnd) {
        let of = &mut self.service.lock().sessions[session];
        match end {
            StepEnd::Done(_) => of.known_done = true,
            StepEnd::Failed(failure) => {
                if failure.whole && matches!(failure.what, What::Answered(0..500)) {
                    of.doubts -= 1;
                }
            }
        }
    }
}

fn shown(end: &StepEnd) -> String {
    match end {
        StepEnd::Done(_) => "done".into(),
        StepEnd::Failed(failure) => {
            format!("{:?}, whole: {}, {}", failure.what, failure.whole, failure.error)
        }
    }
}
