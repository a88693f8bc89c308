//! What the upload engine needs of the outside world, and how HTTP provides it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use http::HeaderValue;
use tokio::time::Instant;
use url::Url;

use super::VaultUpload;
use super::body::Buffers;
use super::decide::Age;
use super::plan::{Plan, PlannedPart};
use super::source::Opened;
use super::step::{StepEnd, read_complete, read_put};
use super::throttle::Throttle;
use super::wire_format::{CompleteBody, InitAnswer, InitBody, read_object};
use crate::client::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::http::transport::{Request, Tried};
use crate::http::wait::server_time;
use crate::net::put::{Activity, Put, put};

/// An open session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) plan: Plan,
    /// The end of the session on this machine's clock, the difference of the clocks taken out. `None` if it is not
    /// known, or was past when the session was opened and so says nothing.
    pub(crate) expires: Option<Instant>,
    pub(crate) born_over: bool,
    pub(crate) activity: Arc<Activity>,
}

impl Session {
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
    /// Opens a session and reads its plan.
    fn init(&self) -> impl Future<Output = Result<Session>> + Send;

    /// Sends the bytes of a part. `number` is `None` for the PUT of a single upload.
    fn put(
        &self,
        part: PlannedPart,
        number: Option<u32>,
        activity: Arc<Activity>,
        handed_over: Arc<AtomicU64>,
    ) -> impl Future<Output = StepEnd> + Send;

    /// Asks the service to finish a multipart upload.
    fn complete(&self, url: &Url, upload_id: &str) -> impl Future<Output = StepEnd> + Send;
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
}

impl Wire for HttpWire {
    async fn init(&self) -> Result<Session> {
        let body = InitBody {
            filename: &self.filename,
            size: self.source.size,
            content_type: &self.content_type,
            vault_upload: self.vault_upload.as_ref(),
        };
        let origins = &self.client.settings.origins;
        let request =
            Request::post("open the upload session", origins.api_url("/v2/access/uploads/init")?, &body)?
                .connection(self.connection.clone())
                .sit_out_rate_limits();
        let answer = self.client.transport.call(&request).await?;
        let here = SystemTime::now();
        let there = server_time(&answer.headers).unwrap_or(here);
        let unreadable = |why: String| {
            let problem = answer.problem(&self.client.settings.key);
            let text = "open the upload session: the answer is no upload plan";
            // Words only out of JSON: text that is none may be half a plan, whose URLs are not for logs.
            match (&problem.message, answer.json()) {
                (Some(_), Ok(_)) => problem.into_error(answer.status, text),
                _ => Error::new(ErrorKind::InvalidAnswer, format!("{text} ({why})")).with_answer(
                    answer.status,
                    None,
                    problem.request_id,
                    None,
                ),
            }
        };
        let plan: InitAnswer = read_object(&answer.body).map_err(unreadable)?;
        if plan.media_upload_id.is_none() {
            // A success that tells of an error says more than a plan without an id.
            let problem = answer.problem(&self.client.settings.key);
            if problem.message.is_some() {
                return Err(problem.into_error(answer.status, "open the upload session"));
            }
        }
        let plan = Plan::read(plan, &answer.headers, self.source.size, origins)?;
        let left = plan.expires_at.map(|end| SystemTime::from(end).duration_since(there).unwrap_or_default());
        let born_over = left.is_some_and(|left| left.is_zero());
        let expires = left.filter(|_| !born_over).and_then(|left| Instant::now().checked_add(left));
        tracing::info!(upload = %plan.upload_id, parts = plan.parts.len(), expires_in = ?left, "session open");
        Ok(Session { plan, expires, born_over, activity: Arc::new(Activity::new()) })
    }

    async fn put(
        &self,
        part: PlannedPart,
        number: Option<u32>,
        activity: Arc<Activity>,
        handed_over: Arc<AtomicU64>,
    ) -> StepEnd {
        let settings = &self.client.settings;
        let url = match part.url() {
            Ok(url) => url,
            Err(error) => {
                return read_put(
                    crate::net::put::PutEnd::NotSent { error, hopeless: true },
                    number,
                    &settings.key,
                );
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
            handed_over,
            idempotent: number.is_some(),
        };
        read_put(put(settings, &self.client.pool, &request).await, number, &settings.key)
    }

    async fn complete(&self, url: &Url, upload_id: &str) -> StepEnd {
        let request =
            Request::post("complete the upload", url.clone(), &CompleteBody { media_upload_id: upload_id });
        let tried = match request {
            Ok(request) => self.client.transport.try_once(&request.connection(self.connection.clone())).await,
            Err(error) => Tried::Hopeless(error),
        };
        read_complete(tried, &self.client.settings.key)
    }
}
