//! `POST /v2/access/uploads/check`: finds a finished upload.

use serde_json::json;

use super::super::fields;
use crate::call::Call;
use crate::error::Failure;
use crate::http::reply::Reply;
use crate::lock::lock;

/// Tells whether the vault has a file with this etag and size.
pub(crate) async fn check(call: &mut Call) -> Result<Reply, Failure> {
    let body = call.json_object().await?;
    let etag = fields::required_text(&body, "etag")?;
    let size = fields::required_positive(&body, "size")?;
    let uploads = lock(&call.state.uploads);
    let answer = match uploads.with_etag(&call.connection, etag, size) {
        Some(media) => json!({ "exists": true, "media": media.to_json() }),
        None => json!({ "exists": false }),
    };
    Ok(Reply::json(answer))
}
