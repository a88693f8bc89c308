//! `PUT /v2/access/uploads/{id}` and `…/parts/{n}`: takes the bytes of a file or of a part.

use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::json;
use uuid::Uuid;

use super::complete;
use crate::call::Call;
use crate::content_type::essence;
use crate::error::{ApiError, Failure};
use crate::http::reply::Reply;
use crate::lock::lock;
use crate::state::State;
use crate::uploads::assembly::{Assembly, Received};
use crate::uploads::record::UploadKind;
use crate::uploads::session::{Phase, Session};

/// Answers the request for a part, or for the whole file if `part` is none.
pub(crate) async fn receive(call: &mut Call, id: &str, part: Option<u32>) -> Result<Reply, Failure> {
    let mut slot = match admit(call, id, part)? {
        Admission::Receive(slot) => slot,
        Admission::Repeat(reply) => {
            call.body.drain().await?;
            return Ok(reply);
        }
    };
    let received = store(call, &slot).await?;
    let etag = accept(&slot, received)?;
    if part.is_none() {
        return finish_single(call, &mut slot).await;
    }
    Ok(Reply::json(json!({ "mediaUploadId": id, "partNumber": slot.number, "etag": etag })))
}

/// The claim of one request on one part. The session counts it as in flight as long as it lives.
struct Slot {
    state: Arc<State>,
    id: String,
    connection: String,
    number: u32,
    index: usize,
    len: u64,
    assembly: Option<Arc<Assembly>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Ok(session) = lock(&self.state.uploads).get(&self.id, &self.connection) {
            session.leave();
        }
    }
}

enum Admission {
    Receive(Slot),
    /// The file was received before: the same answer again.
    Repeat(Reply),
}

/// Decides from the head of the request whether its bytes are wanted.
fn admit(call: &Call, id: &str, part: Option<u32>) -> Result<Admission, ApiError> {
    let mut uploads = lock(&call.state.uploads);
    let session = uploads.live(id, &call.connection)?;
    match (session.kind, part) {
        (UploadKind::Single, Some(_)) => {
            return Err(ApiError::bad_request("this upload is single: send the whole file to its uploadUrl"));
        }
        (UploadKind::Multipart, None) => {
            return Err(ApiError::bad_request(
                "this upload is multipart: send each part to its own uploadUrl",
            ));
        }
        _ => {}
    }
    let number = part.unwrap_or(1);
    let len = check_head(call, session, number)?;
    if session.phase != Phase::Open {
        if part.is_none() && call.state.settings.accept_repeated_single {
            return Ok(Admission::Repeat(complete::single_reply(session)));
        }
        return Err(ApiError::conflict(format!("upload \"{id}\" is finished: it takes no more bytes")));
    }
    check_order(call, session, number)?;
    session.enter();
    Ok(Admission::Receive(Slot {
        state: Arc::clone(&call.state),
        id: id.to_owned(),
        connection: call.connection.clone(),
        number,
        index: usize::try_from(number - 1).unwrap_or(usize::MAX),
        len,
        assembly: session.assembly.clone(),
    }))
}

/// Checks part number, query, length and content type, and returns the length.
fn check_head(call: &Call, session: &Session, number: u32) -> Result<u64, ApiError> {
    let Some(part) = session.part(number) else {
        let count = session.part_count();
        // As the path has it, for a number may be too large for ours.
        let named = call.path.rsplit('/').next().unwrap_or_default();
        return Err(ApiError::bad_request(format!(
            "part {named} is not in the plan: it has parts 1 to {count}"
        )));
    };
    if call.query != session.query.trim_start_matches('?') {
        return Err(ApiError::bad_request(
            "the query string is not the one of the uploadUrl: use it verbatim",
        ));
    }
    let content_type = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    if essence(content_type) != essence(&session.content_type) {
        let message =
            format!("Content-Type: \"{content_type}\" is not \"{}\" as in init", session.content_type);
        return Err(ApiError::bad_request(message));
    }
    let expected = part.len();
    let length = call.header(CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<u64>().ok());
    match length {
        None => Err(ApiError::from_status(
            StatusCode::LENGTH_REQUIRED,
            "Content-Length: is required; send the bytes with their length and not chunked",
        )),
        Some(length) if length != expected => {
            let (start, end) = (part.start, part.end);
            let message =
                format!("part {number} is bytes {start} to {end}, {expected} bytes; {length} were sent");
            Err(ApiError::bad_request(message))
        }
        Some(length) => Ok(length),
    }
}

/// Applies the limits on parallel, out-of-order and repeated parts, which options and faults can set.
fn check_order(call: &Call, session: &Session, number: u32) -> Result<(), ApiError> {
    let settings = &call.state.settings;
    let asked = |option: bool, fault: Option<StatusCode>| fault.or(option.then_some(StatusCode::CONFLICT));
    if let Some(status) = asked(settings.refuse_parallel_parts, call.faults.refuse_parallel())
        && session.in_flight() > 0
    {
        let message = "another part of this upload is in flight: send one at a time";
        return Err(ApiError::from_status(status, message));
    }
    if let Some(status) = asked(settings.refuse_out_of_order_parts, call.faults.refuse_out_of_order())
        && let Some(missing) = session.missing().next().filter(|missing| *missing < number)
    {
        let message = format!("part {missing} must come before part {number}");
        return Err(ApiError::from_status(status, message));
    }
    if let Some(status) = call.faults.refuse_repeat()
        && session.part(number).is_some_and(|part| part.etag.is_some())
    {
        return Err(ApiError::from_status(status, format!("part {number} was received before")));
    }
    Ok(())
}

/// Reads the body, to the file unless bytes are discarded.
async fn store(call: &mut Call, slot: &Slot) -> Result<Option<Received>, Failure> {
    let Some(assembly) = &slot.assembly else {
        while call.body.chunk().await?.is_some() {}
        return Ok(None);
    };
    let broken = |error| ApiError::internal(format!("the sandbox cannot keep the bytes: {error}"));
    let mut intake = assembly.receive(slot.index, slot.len);
    while let Some(bytes) = call.body.chunk().await? {
        intake.push(bytes).await.map_err(broken)?;
    }
    Ok(Some(intake.finish().await.map_err(broken)?))
}

/// Makes the bytes the content of the part and gives it an etag, a new one each time.
fn accept(slot: &Slot, received: Option<Received>) -> Result<String, ApiError> {
    let mut uploads = lock(&slot.state.uploads);
    let session = uploads.live(&slot.id, &slot.connection)?;
    if session.phase != Phase::Open {
        return Err(ApiError::conflict(format!("upload \"{}\" was finished meanwhile", slot.id)));
    }
    if let (Some(assembly), Some(received)) = (&slot.assembly, received) {
        assembly.accept(slot.index, received);
    }
    let etag = format!("\"{}\"", Uuid::new_v4().simple());
    if let Some(part) = session.part_mut(slot.number) {
        part.etag = Some(etag.clone());
    }
    Ok(etag)
}

async fn finish_single(call: &Call, slot: &mut Slot) -> Result<Reply, Failure> {
    complete::finish(&call.state, &slot.id, slot.assembly.take()).await?;
    let mut uploads = lock(&call.state.uploads);
    Ok(complete::single_reply(uploads.live(&slot.id, &slot.connection)?))
}
