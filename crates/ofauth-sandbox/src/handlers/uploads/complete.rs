//! `POST /v2/access/uploads/complete`: finishes an upload.

use std::sync::Arc;

use serde_json::json;

use super::super::fields;
use crate::call::Call;
use crate::error::{ApiError, Failure};
use crate::http::reply::Reply;
use crate::lock::lock;
use crate::state::State;
use crate::uploads::assembly::Assembly;
use crate::uploads::media::Media;
use crate::uploads::record::UploadKind;
use crate::uploads::session::{Phase, Session};

/// How many missing parts an error lists.
const LISTED: usize = 20;

/// Finishes a multipart upload. Repeating it answers the same.
pub(crate) async fn complete(call: &mut Call) -> Result<Reply, Failure> {
    let body = call.json_object().await?;
    let id = fields::required_text(&body, "mediaUploadId")?;
    let assembly = {
        let mut uploads = lock(&call.state.uploads);
        let session = uploads.live(id, &call.connection)?;
        if session.kind == UploadKind::Single {
            let message = "this upload is single: it was finished by its PUT and must not be completed";
            return Err(ApiError::bad_request(message).into());
        }
        check_all_parts(session)?;
        session.assembly.clone().filter(|_| session.phase == Phase::Open)
    };
    finish(&call.state, id, assembly).await?;
    lock(&call.state.uploads).live(id, &call.connection)?;
    Ok(Reply::json(json!({ "mediaUploadId": id })))
}

fn check_all_parts(session: &Session) -> Result<(), ApiError> {
    let missing: Vec<String> = session.missing().map(|number| number.to_string()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > LISTED { ", …" } else { "" };
    Err(ApiError::bad_request(format!("{} parts are missing: {list}{more}", missing.len())))
}

/// Computes the digest of what was received and makes the upload a vault media.
pub(crate) async fn finish(state: &State, id: &str, assembly: Option<Arc<Assembly>>) -> Result<(), ApiError> {
    let sha256 =
        match assembly {
            None => None,
            Some(assembly) => {
                let digest = tokio::task::spawn_blocking(move || assembly.sha256()).await;
                let digest = digest.map_err(std::io::Error::other).and_then(|digest| digest);
                Some(digest.map_err(|error| {
                    ApiError::internal(format!("the sandbox cannot read the bytes: {error}"))
                })?)
            }
        };
    let bytes = lock(&state.uploads).finish(id, sha256);
    // Removing a large file takes long.
    tokio::task::spawn_blocking(move || drop(bytes));
    Ok(())
}

/// The answer to a single upload.
pub(crate) fn single_reply(session: &Session) -> Reply {
    let media = session.media().map(Media::to_json);
    let mut reply = Reply::json(json!({ "mediaUploadId": session.id, "media": media }));
    if let Some(etag) = session.part(1).and_then(|part| part.etag.as_deref()) {
        reply.header("etag", etag);
    }
    reply
}
