//! `POST /v2/access/uploads/init`: opens a session and answers its plan.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::fields;
use crate::call::Call;
use crate::content_type::essence;
use crate::error::{ApiError, Failure};
use crate::fault::PlanChange;
use crate::http::reply::Reply;
use crate::lock::lock;
use crate::uploads::assembly::Assembly;
use crate::uploads::plan::{Plan, cut_file};
use crate::uploads::record::UploadKind;
use crate::uploads::session::{NewSession, Session};

/// The formats of the upload guide (JPEG, PNG, GIF, WebP; MP4, MOV; MP3, M4A) under the names they go by.
const CONTENT_TYPES: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "audio/mpeg",
    "audio/mp3",
    "audio/mp4",
    "audio/m4a",
    "audio/x-m4a",
];

/// Plans of more parts than this are refused: they are a mistake in the sandbox's part size.
const MAX_PARTS: u64 = 100_000;

/// Answers the request.
pub(crate) async fn init(call: &mut Call) -> Result<Reply, Failure> {
    let body = call.json_object().await?;
    let request = Request::read(&body)?;
    if let Some(status) = refusal(&request.filename) {
        let message =
            format!("filename: \"{}\" stands for a file that is refused with {status}", request.filename);
        return Err(ApiError::from_status(status, message).into());
    }
    let settings = &call.state.settings;
    if !CONTENT_TYPES.contains(&essence(&request.content_type).as_str()) {
        let message = format!(
            "contentType: \"{}\" is not supported; supported are JPEG, PNG, GIF, WebP, MP4, MOV, MP3 and M4A",
            request.content_type
        );
        return Err(ApiError::unsupported_type(message).into());
    }
    let most = settings.max_size(&request.content_type);
    if request.size > most {
        let message = format!("size: {} bytes are more than the {most} allowed", request.size);
        return Err(ApiError::too_large(message).into());
    }
    let changes: Vec<PlanChange> = call.faults.plan_changes().cloned().collect();
    let (session, mut plan) = open(call, request, &changes)?;
    let mut uploads = lock(&call.state.uploads);
    plan.expires_at = expiry(uploads.ttl());
    uploads.insert(session);
    drop(uploads);

    for change in &changes {
        change.distort(&mut plan);
    }
    let mut reply = reply_with(&plan);
    for change in &changes {
        change.rewrite(&plan, &mut reply);
    }
    Ok(reply)
}

/// The status that a file name such as `file-413.mp4` asks for.
fn refusal(filename: &str) -> Option<StatusCode> {
    let stem = filename.rsplit_once('.').map_or(filename, |(stem, _)| stem);
    let status = stem.strip_prefix("file-")?.parse::<u16>().ok()?;
    StatusCode::from_u16(status).ok().filter(|status| status.is_client_error() || status.is_server_error())
}

/// The answer, with the two headers for older clients.
fn reply_with(plan: &Plan) -> Reply {
    let mut reply = Reply::json(plan.to_json());
    reply.header("x-ofauth-upload-total-parts", plan.parts.len());
    reply.header("x-ofauth-upload-part-size", plan.part_size);
    reply
}

/// The fields of the request.
struct Request {
    filename: String,
    size: u64,
    content_type: String,
}

impl Request {
    fn read(body: &Map<String, Value>) -> Result<Self, ApiError> {
        let filename = fields::required_text(body, "filename")?.to_owned();
        let size = fields::required_positive(body, "size")?;
        let content_type = fields::required_text(body, "contentType")?.to_owned();
        if let Some(options) = body.get("vaultUpload") {
            check_vault_upload(options)?;
        }
        Ok(Self { filename, size, content_type })
    }
}

fn check_vault_upload(options: &Value) -> Result<(), ApiError> {
    let Some(options) = options.as_object() else {
        return Err(ApiError::bad_request("vaultUpload: must be an object or left out"));
    };
    if options.get("mode").is_some_and(|mode| mode != "message") {
        return Err(ApiError::bad_request("vaultUpload.mode: must be \"message\""));
    }
    match options.get("userId") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(user)) if !user.is_empty() => Ok(()),
        Some(_) => {
            Err(ApiError::bad_request("vaultUpload.userId: must be a string of at least 1 character or null"))
        }
    }
}

fn open(call: &Call, request: Request, changes: &[PlanChange]) -> Result<(Session, Plan), ApiError> {
    let settings = &call.state.settings;
    let id = format!("upload:{}", Uuid::new_v4());
    let single = request.size <= settings.single_limit();
    let kind = if single { UploadKind::Single } else { UploadKind::Multipart };
    let part_size = if single { settings.part_size.max(request.size) } else { settings.part_size };
    let parts = request.size.div_ceil(part_size);
    if parts > MAX_PARTS {
        let message =
            format!("size: {parts} parts of {part_size} bytes are too many; give the sandbox larger parts");
        return Err(ApiError::too_large(message));
    }
    let ranges = cut_file(request.size, part_size, changes.contains(&PlanChange::UnevenParts) && !single);
    let query = changes.iter().find_map(|change| match change {
        PlanChange::Query(query) => Some(format!("?{query}")),
        _ => None,
    });
    let query = query.unwrap_or_default();
    let plan = Plan::new(&id, kind, part_size, &ranges, &call.base, &query);
    let assembly = if settings.discard_bytes {
        None
    } else {
        let assembly = Assembly::new(&settings.storage_dir(), ranges.len());
        Some(
            assembly
                .map_err(|error| ApiError::internal(format!("the sandbox has no temporary file: {error}")))?,
        )
    };
    let session = Session::open(NewSession {
        id,
        connection: call.connection.clone(),
        filename: request.filename,
        size: request.size,
        content_type: request.content_type,
        kind,
        query,
        ranges,
        assembly,
    });
    Ok((session, plan))
}

/// `expiresAt`: `ttl` from now, ISO 8601 in UTC with milliseconds.
fn expiry(ttl: std::time::Duration) -> String {
    let now = Timestamp::now();
    let ttl = SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX);
    let end = now.checked_add(ttl).unwrap_or(Timestamp::MAX);
    format!("{end:.3}")
}
