//! The tasks that tell what happened, beside the requests that it happened in: these never wait for a receiver.
//!
//! An attempt has ten seconds and is one of five, with growing pauses. What is about one connection is told in order, so
//! what one receiver does not take holds up what comes behind it there, and nothing else.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::attempt::{self, Target};
use super::event::Event;
use super::lanes::{Lane, Lanes};
use super::log::{ATTEMPTS, Attempt, Delivery, Log, State, pause};
use super::signature::{Secret, WebhookScheme};
use crate::lock::lock;
use crate::timestamp::precise;

/// How long an attempt may take, as documented.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first pause, unless a setting says otherwise. The documentation says that pauses grow, and from what not.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// How many attempts are made at a time.
const AT_ONCE: usize = 32;

/// To how many addresses things are told.
const ADDRESSES: usize = 16;

/// What was set about webhooks.
#[derive(Debug, Clone)]
pub(crate) struct WebhookSettings {
    pub(crate) urls: Vec<String>,
    pub(crate) secret: Option<SecretText>,
    pub(crate) scheme: WebhookScheme,
    pub(crate) first_pause: Duration,
}

/// A secret that was given.
#[derive(Clone)]
pub(crate) struct SecretText(pub(crate) String);

// It stays out of logs.
impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText")
    }
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { urls: Vec::new(), secret: None, scheme: WebhookScheme::default(), first_pause: FIRST_PAUSE }
    }
}

/// Who tells. Without an address nothing is told.
#[derive(Debug)]
pub(crate) struct Webhooks(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    targets: Vec<Target>,
    secret: Option<Secret>,
    first_pause: Duration,
    log: Mutex<Log>,
    work: Mutex<Work>,
    /// Told whenever a delivery is over.
    over: Notify,
    at_once: Semaphore,
}

/// What waits, and who works on it. Both are changed as one, so that nothing waits in a lane that nobody works on.
#[derive(Debug)]
struct Work {
    lanes: Lanes,
    /// None once it is stopped.
    tasks: Option<JoinSet<()>>,
}

impl Webhooks {
    pub(crate) fn new(settings: &WebhookSettings) -> Result<Self, String> {
        if settings.urls.len() > ADDRESSES {
            return Err(format!("{} addresses are too many: the most is {ADDRESSES}", settings.urls.len()));
        }
        let targets: Vec<Target> =
            settings.urls.iter().map(|url| Target::read(url)).collect::<Result<_, String>>()?;
        let secret = match &settings.secret {
            _ if targets.is_empty() => None,
            Some(text) => Some(Secret::read(&text.0, settings.scheme)?),
            None => Some(Secret::new(settings.scheme)?),
        };
        Ok(Self(Arc::new(Shared {
            targets,
            secret,
            first_pause: settings.first_pause,
            log: Mutex::default(),
            work: Mutex::new(Work { lanes: Lanes::default(), tasks: Some(JoinSet::new()) }),
            over: Notify::new(),
            at_once: Semaphore::new(AT_ONCE),
        })))
    }

    /// What receivers need to know webhooks by; none if nothing is told.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.0.secret.as_ref().map(Secret::text)
    }

    /// Whether anything is told, so that nobody makes events for nothing.
    pub(crate) fn are_wanted(&self) -> bool {
        !self.0.targets.is_empty()
    }

    /// Tells what happened, as soon as may be. Returns the ids of the deliveries.
    pub(crate) fn tell(&self, event: &Event) -> Vec<String> {
        let Some(secret) = &self.0.secret else { return Vec::new() };
        let at = Timestamp::now().as_microsecond();
        let text = event.text(secret.scheme(), at);
        let Ok(body) = RawValue::from_string(text) else { return Vec::new() };
        let mut ids = Vec::new();
        for target in &self.0.targets {
            let delivery = Delivery {
                id: format!("msg_{}", Uuid::new_v4().simple()),
                event: event.name.clone(),
                url: target.url.clone(),
                connection_id: event.connection.as_ref().map(|connection| connection.id.clone()),
                created_at: precise(at),
                state: State::Pending,
                attempts: Vec::new(),
                body: body.clone(),
            };
            let (id, lane) = (delivery.id.clone(), lane(&delivery, event.is_realtime()));
            if lock(&self.0.log).add(delivery) {
                self.begin(lane, id.clone());
            } else {
                self.0.over.notify_waiters();
            }
            ids.push(id);
        }
        ids
    }

    /// Tells something once more, with the same id. Returns whether it is known.
    pub(crate) fn resend(&self, id: &str) -> bool {
        let lane = match lock(&self.0.log).get(id) {
            None => return false,
            Some(delivery) if !delivery.is_over() => return true,
            Some(delivery) => {
                delivery.state = State::Pending;
                lane(delivery, true)
            }
        };
        self.begin(lane, id.to_owned());
        true
    }

    fn begin(&self, lane: Lane, id: String) {
        let mut all = lock(&self.0.work);
        let Some(round) = all.lanes.push(lane.clone(), id) else { return };
        if let Some(tasks) = all.tasks.as_mut() {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(work(Arc::clone(&self.0), lane, round));
        }
    }

    /// Everything that was told or is to be.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.0.log).all()
    }

    /// The same, once `count` of them are over.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Delivery> {
        loop {
            let over = self.0.over.notified();
            tokio::pin!(over);
            over.as_mut().enable();
            if lock(&self.0.log).over() >= count {
                return self.deliveries();
            }
            over.await;
        }
    }

    /// Forgets everything, and tells no more of it.
    pub(crate) fn reset(&self) {
        let mut all = lock(&self.0.work);
        if let Some(tasks) = all.tasks.as_mut() {
            tasks.abort_all();
        }
        all.lanes.clear();
        drop(all);
        *lock(&self.0.log) = Log::default();
    }

    /// Tells nothing any more.
    pub(crate) fn stop(&self) {
        drop(lock(&self.0.work).tasks.take());
    }
}

/// In which order something is told.
fn lane(delivery: &Delivery, alone: bool) -> Lane {
    let connection = delivery.connection_id.clone().filter(|_| !alone);
    Lane { url: delivery.url.clone(), of: connection.unwrap_or_else(|| delivery.id.clone()) }
}

/// Tells what waits in a lane, one after the other.
async fn work(shared: Arc<Shared>, lane: Lane, round: u64) {
    loop {
        let next = lock(&shared.work).lanes.next(&lane, round);
        let Some(id) = next else { return };
        deliver(&shared, &id).await;
        shared.over.notify_waiters();
    }
}

/// Tries a delivery as often as is documented.
async fn deliver(shared: &Shared, id: &str) {
    for number in 1..=ATTEMPTS {
        let Some(body) =
            lock(&shared.log).get(id).map(|delivery| (delivery.url.clone(), delivery.body.clone()))
        else {
            return;
        };
        let attempt = attempt(shared, id, &body.0, body.1.get()).await;
        let is_delivered = attempt.status.is_some_and(|status| (200..300).contains(&status));
        {
            let mut log = lock(&shared.log);
            let Some(delivery) = log.get(id) else { return };
            delivery.attempts.push(attempt);
            if is_delivered || number == ATTEMPTS {
                delivery.state = if is_delivered { State::Delivered } else { State::Failed };
                return;
            }
        }
        tokio::time::sleep(pause(shared.first_pause, number)).await;
    }
}

/// One attempt, signed anew.
async fn attempt(shared: &Shared, id: &str, url: &str, body: &str) -> Attempt {
    let _permit = shared.at_once.acquire().await;
    let (begun, now) = (Instant::now(), Timestamp::now());
    let target = shared.targets.iter().find(|target| target.url == url);
    let result = match (target, &shared.secret) {
        (Some(target), Some(secret)) => {
            let headers = secret.headers(id, now.as_second(), body.as_bytes());
            let sent = attempt::send(target, &headers, Bytes::copy_from_slice(body.as_bytes()));
            let late = || Err(format!("no answer within {} s", PATIENCE.as_secs()));
            tokio::time::timeout(PATIENCE, sent).await.unwrap_or_else(|_| late())
        }
        _ => Err("the address is not known any more".to_owned()),
    };
    let duration = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, error) = match result {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    Attempt { at: precise(now.as_microsecond()), status, error, duration_ms: duration }
}
