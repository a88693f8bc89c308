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
use crate::uploads::table::Finished;
use crate::world::collection::Collection;
use crate::world::pace;
use crate::world::store::{Key, World};

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
    let finished = lock(&state.uploads).finish(id, sha256);
    if let Some(finished) = finished {
        enter_vault(&mut lock(&state.world), &finished);
        let bytes = lock(&state.uploads).keep(finished);
        // Removing a large file takes long.
        tokio::task::spawn_blocking(move || drop(bytes));
    }
    Ok(())
}

/// Has a finished upload in the vault, and a copy of it in Vault+.
fn enter_vault(world: &mut World, finished: &Finished) {
    let vault = Key::new(&finished.connection, Collection::VaultMedia, 0);
    let copies = vault.beside(Collection::VaultPlus, 0);
    let mut fields = finished.fields.clone();
    fields.extend(pace::unseen());
    world.insert(vault, finished.media_id, fields);
    world.cache(&copies, finished.media_id, true);
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
