//! The steps of an upload over HTTP: open a session, send bytes, complete. Each waits for the rate limiter; init repeats itself,
//! for a session too many costs nothing, and the others are tried once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use url::Url;

use super::plan::api_types::{CompleteBody, InitAnswer, InitBody, VaultUpload, read_object};
use super::plan::upload_plan::{Plan, PlannedPart};
use super::session::{Opening, Session};
use super::source::opened::Opened;
use super::step_result::{self, StepResult, doing, expected_of_put};
use super::transfer::attempt::Attempt;
use super::transfer::body::Buffers;
use super::transfer::put::{Activity, Put, Puts, Transfer};
use super::transfer::throttle::Throttle;
use crate::call::pause::Pause;
use crate::call::transport::{Patience, Transport};
use crate::error::Result;
use crate::http::outcome::Failure;
use crate::http::rate_limit_headers::server_time;
use crate::http::request::Request;
use crate::http::response::LONGEST_STEP;
use crate::http::success::{self, Unreadable};
use crate::net::exchange::Exchange as _;
use crate::rate_limiter::{Permit, RateLimiter, Until};

const COMPLETE: &str = "complete the upload";

/// One upload's way to the service.
pub(crate) struct Backend<T: Transfer = Puts> {
    pub(crate) transport: Arc<Transport<T::Calls>>,
    pub(crate) transfer: Arc<T>,
    pub(crate) limiter: Arc<RateLimiter>,
    pub(crate) connection: HeaderValue,
    pub(crate) source: Opened,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) content_type_header: HeaderValue,
    pub(crate) vault_upload: Option<VaultUpload>,
    pub(crate) buffers: Buffers,
    pub(crate) throttle: Option<Throttle>,
}

impl<T: Transfer> Backend<T> {
    /// Opens a session and reads its plan. `pauses` is told of each pause before another try, none of which ends after `until`.
    pub(crate) async fn init(&self, pauses: UnboundedSender<Pause>, until: Option<Until>) -> Result<Session> {
        let body = InitBody {
            filename: &self.filename,
            size: self.source.size,
            content_type: &self.content_type,
            vault_upload: self.vault_upload.as_ref(),
        };
        let origins = &self.transport.settings.origins;
        let url = origins.api_url("/v2/access/uploads/init")?;
        let request = Request::post("open the upload session", url, &body)?
            .success(success::of("init_upload"))
            .connection(self.connection.clone());
        let patience =
            Patience { sits_out_rate_limits: true, until, pauses: Some(pauses), ..Patience::default() };
        let answer = self.transport.call(&request, &patience).await?;
        let here = self.transport.exchange.now();
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

    /// Sends the bytes of a part. `number` is `None` for the PUT of a single upload.
    pub(crate) async fn put(
        &self,
        part: PlannedPart,
        number: Option<u32>,
        activity: Arc<Activity>,
        attempt: Arc<Attempt>,
        until: Option<Until>,
    ) -> StepResult {
        let put = Put {
            url: part.url().map_err(|error| Failure::not_sent(error).permanent())?,
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
        put.attempt.set_waits_for_limit(true);
        let permit = self.acquire(doing(number), until).await;
        put.attempt.set_waits_for_limit(false);
        let permit = permit?;
        let sent = self.transfer.put(&put).await;
        let read = self.transport.read(sent, expected_of_put(number), permit).await;
        step_result::read(read, number, doing(number))
    }

    /// Asks the service to finish a multipart upload, once the attempt's gate is open.
    pub(crate) async fn complete(
        &self,
        url: &Url,
        upload_id: &str,
        attempt: Arc<Attempt>,
        until: Option<Until>,
    ) -> StepResult {
        let not_sent = |error| Failure::not_sent(error).permanent();
        let request = Request::post(COMPLETE, url.clone(), &CompleteBody { media_upload_id: upload_id })
            .map_err(not_sent)?
            .success(success::of("complete_upload"))
            .connection(self.connection.clone())
            .longest_answer(LONGEST_STEP);
        let permit = self.acquire(COMPLETE, until).await?;
        if let Some(gate) = attempt.gate()
            && let Err(error) = gate.await
        {
            permit.not_sent().kept().await;
            return Err(not_sent(error));
        }
        step_result::read(self.transport.send(&request, permit).await, None, COMPLETE)
    }

    async fn acquire(&self, doing: &str, until: Option<Until>) -> Result<Permit, Failure> {
        let permit = self.limiter.acquire(until).await;
        permit.map_err(|too_long| Failure::not_sent(too_long.into_error(doing)).permanent())
    }

    /// Milliseconds since 1970 by this machine's clock, which may be set at any time.
    pub(crate) fn unix_ms(&self) -> i64 {
        unix_ms(self.transport.exchange.now())
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
