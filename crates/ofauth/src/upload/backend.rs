//! What the upload engine needs of the outside world, and how HTTP provides it.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use url::Url;

use super::context::Context;
use super::session::{Opening, Session};
use super::step_result::{StepEnd, doing, read_complete, read_put};
use super::vault_upload::VaultUpload;
use crate::call::pause::Pause;
use crate::call::transport::{Request, Tried};
use crate::error::Result;
use crate::http::rate_limit_headers::server_time;
use crate::http::response::LONGEST_STEP;
use crate::http::success::{self, Unreadable};
use crate::rate_limiter::Budget;
use crate::upload::plan::api_types::{CompleteBody, InitAnswer, InitBody, read_object};
use crate::upload::plan::upload_plan::{Plan, PlannedPart};
use crate::upload::source::opened::Opened;
use crate::upload::transfer::attempt::Attempt;
use crate::upload::transfer::body::Buffers;
use crate::upload::transfer::put::{Activity, Put, PutEnd, put};
use crate::upload::transfer::throttle::Throttle;

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
    pub(crate) context: Arc<Context>,
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
        let origins = &self.context.settings.origins;
        let request =
            Request::post("open the upload session", origins.api_url("/v2/access/uploads/init")?, &body)?
                .success(success::of("init_upload"))
                .connection(self.connection.clone())
                .sit_out_rate_limits()
                .no_longer_than(self.deadline)
                .tell_pauses(pauses);
        let answer = self.context.transport.call(&request).await?;
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
        let settings = &self.context.settings;
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
        let end = put(settings, &self.context.pool, &request).await;
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
        read_complete(tried, &self.context.settings.key)
    }

    fn time_for(&self, requests: u64) -> Duration {
        self.budget.time_for(requests)
    }

    fn forget_connections(&self) {
        self.context.pool.clear();
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
        Ok(self.context.transport.try_permitted(&request, permit).await)
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
