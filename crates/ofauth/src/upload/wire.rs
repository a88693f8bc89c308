//! What the upload engine needs of the outside world, and how HTTP provides it.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use url::Url;

use super::VaultUpload;
use super::attempt::Attempt;
use super::body::Buffers;
use super::decide::Age;
use super::plan::{Plan, PlannedPart};
use super::source::Opened;
use super::step::{StepEnd, doing, read_complete, read_put};
use super::throttle::Throttle;
use super::wire_format::{CompleteBody, InitAnswer, InitBody, read_object};
use crate::budget::Budget;
use crate::client::Shared;
use crate::error::Result;
use crate::http::answer::LONGEST_STEP;
use crate::http::pause::Pause;
use crate::http::success::{self, Unreadable};
use crate::http::transport::{Request, Tried};
use crate::http::wait::server_time;
use crate::net::put::{Activity, Put, PutEnd, put};

/// An open session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) plan: Plan,
    /// The end of the session on this machine's clock, the difference of the clocks taken out. `None` if it is not
    /// known, or was past when the session was opened and so says nothing.
    pub(crate) expires: Option<Instant>,
    pub(crate) born_over: bool,
    pub(crate) activity: Arc<Activity>,
    pub(crate) opened: Opening,
}

/// When a session was opened, in milliseconds since 1970 by this machine's clock, and by how much the service's clock
/// was ahead of it. With both, another run can tell when the session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) unix_ms: i64,
    pub(crate) service_ahead_ms: i64,
}

impl Session {
    /// A session of `plan` that was opened then and is looked at now.
    pub(crate) fn new(plan: Plan, opened: Opening, now_unix_ms: i64) -> Self {
        let ends = plan.expires_at.map(|end| end.as_millisecond().saturating_sub(opened.service_ahead_ms));
        let born_over = ends.is_some_and(|ends| ends <= opened.unix_ms);
        let left = ends
            .filter(|_| !born_over)
            .map(|ends| Duration::from_millis(u64::try_from(ends.saturating_sub(now_unix_ms)).unwrap_or(0)));
        let expires = left.and_then(|left| Instant::now().checked_add(left));
        Self { plan, expires, born_over, activity: Arc::new(Activity::new()), opened }
    }

    /// How long the session still lasts, if that is known.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        self.expires.map(|end| end.saturating_duration_since(now))
    }

    pub(crate) fn age(&self, now: Instant) -> Age {
        match self.expires {
            _ if self.born_over => Age::BornOver,
            Some(end) if end <= now => Age::Over,
            _ => Age::Running,
        }
    }
}

/// The steps of an upload, each tried once; init alone repeats itself, for a session too many costs nothing.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Opens a session and reads its plan. `pauses` is told of each pause before another try.
    fn init(&self, pauses: UnboundedSender<Pause>) -> impl Future<Output = Result<Session>> + Send;

    /// Sends the bytes of a part. `number` is `None` for the PUT of a single upload.
    fn put(
        &self,
        part: PlannedPart,
        number: Option<u32>,
        activity: Arc<Activity>,
        attempt: Arc<Attempt>,
    ) -> impl Future<Output = StepEnd> + Send;

    /// Asks the service to finish a multipart upload, once the attempt's gate is open.
    fn complete(
        &self,
        url: &Url,
        upload_id: &str,
        attempt: Arc<Attempt>,
    ) -> impl Future<Output = StepEnd> + Send;

    /// At least how long so many more requests take under the service's budget.
    fn time_for(&self, requests: u64) -> Duration;

    /// Gives up every idle connection: the machine slept, or the network is another.
    fn forget_connections(&self);

    /// Milliseconds since 1970 by this machine's clock, which may be set at any time.
    fn unix_ms(&self) -> i64;
}

/// [`Wire`] over HTTP.
pub(crate) struct HttpWire {
    pub(crate) client: Arc<Shared>,
    pub(crate) source: Opened,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) content_type_header: HeaderValue,
    pub(crate) connection: HeaderValue,
    pub(crate) vault_upload: Option<VaultUpload>,
    pub(crate) buffers: Buffers,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) deadline: Option<Instant>,
}

impl Wire for HttpWire {
    async fn init(&self, pauses: UnboundedSender<Pause>) -> Result<Session> {
        let body = InitBody {
            filename: &self.filename,
            size: self.source.size,
            content_type: &self.content_type,
            vault_upload: self.vault_upload.as_ref(),
        };
        let origins = &self.client.settings.origins;
        let request =
            Request::post("open the upload session", origins.api_url("/v2/access/uploads/init")?, &body)?
                .success(success::of("init_upload"))
                .connection(self.connection.clone())
                .sit_out_rate_limits()
                .no_longer_than(self.deadline)
                .tell_pauses(pauses);
        let answer = self.client.transport.call(&request).await?;
        let here = SystemTime::now();
        let there = server_time(&answer.headers).unwrap_or(here);
        let plan: InitAnswer = read_object(&answer.body)
            .map_err(|why| Unreadable::Because(why).into_error(&answer, request.doing))?;
        let plan = Plan::read(plan, &answer.headers, self.source.size, origins)?;
        let opened = Opening {
            unix_ms: unix_ms(here),
            service_ahead_ms: unix_ms(there).saturating_sub(unix_ms(here)),
        };
        let session = Session::new(plan, opened, opened.unix_ms);
        let (plan, left) = (&session.plan, session.left(Instant::now()));
        tracing::info!(upload = %plan.upload_id, parts = plan.parts.len(), expires_in = ?left, "session open");
        Ok(session)
    }

    async fn put(
        &self,
        part: PlannedPart,
        number: Option<u32>,
        activity: Arc<Activity>,
        attempt: Arc<Attempt>,
    ) -> StepEnd {
        let settings = &self.client.settings;
        let url = match part.url() {
            Ok(url) => url,
            Err(error) => {
                return read_put(PutEnd::NotSent { error, hopeless: true }, number, &settings.key);
            }
        };
        let request = Put {
            url,
            content_type: self.content_type_header.clone(),
            connection: self.connection.clone(),
            source: self.source.clone(),
            start: part.start,
            length: part.length,
            buffers: self.buffers.clone(),
            throttle: self.throttle.clone(),
            activity,
            attempt,
            idempotent: number.is_some(),
        };
        request.attempt.set_waits_for_budget(true);
        let permit = self.budget.acquire().await;
        request.attempt.set_waits_for_budget(false);
        let permit = match permit {
            Ok(permit) => permit,
            Err(closed) => {
                let error = closed.refusal(doing(number));
                return read_put(PutEnd::NotSent { error, hopeless: true }, number, &settings.key);
            }
        };
        let end = put(settings, &self.client.pool, &request).await;
        match &end {
            PutEnd::Answered { answer, .. } => permit.answered(answer.status, &answer.headers).kept().await,
            PutEnd::NotSent { .. } => permit.not_sent().kept().await,
            // The service may have counted it.
            PutEnd::Lost { .. } | PutEnd::Source(_) => drop(permit),
        }
        read_put(end, number, &settings.key)
    }

    async fn complete(&self, url: &Url, upload_id: &str, attempt: Arc<Attempt>) -> StepEnd {
        let tried = self.try_complete(url, upload_id, attempt).await.unwrap_or_else(Tried::Hopeless);
        read_complete(tried, &self.client.settings.key)
    }

    fn time_for(&self, requests: u64) -> Duration {
        self.budget.time_for(requests)
    }

    fn forget_connections(&self) {
        self.client.pool.clear();
    }

    fn unix_ms(&self) -> i64 {
        unix_ms(SystemTime::now())
    }
}

impl HttpWire {
    async fn try_complete(&self, url: &Url, upload_id: &str, attempt: Arc<Attempt>) -> Result<Tried> {
        let doing = "complete the upload";
        let request = Request::post(doing, url.clone(), &CompleteBody { media_upload_id: upload_id })?
            .success(success::of("complete_upload"))
            .connection(self.connection.clone())
            .longest_answer(LONGEST_STEP);
        let permit = self.budget.acquire().await.map_err(|closed| closed.refusal(doing))?;
        if let Some(gate) = attempt.gate()
            && let Err(error) = gate.await
        {
            permit.not_sent().kept().await;
            return Err(error);
        }
        Ok(self.client.transport.try_permitted(&request, permit).await)
    }
}

/// Milliseconds since 1970, negative before.
fn unix_ms(at: SystemTime) -> i64 {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => millis(before.duration()).saturating_neg(),
    }
}
