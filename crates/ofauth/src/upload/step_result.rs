//! What the service said of a step of an upload that succeeded: the PUT of a part or of the file, or a complete.
//!
//! Whether an answer is a success, [`success`] says; one that cannot be read is a lost one here, because the step may be asked
//! for again. What to do about a failure is [`super::retry_policy`]'s matter.

use ofauth_operations::operation::RetryClass;
use serde_json::Value;

use super::plan::api_types::{DoneAnswer, Whole, read_object};
use crate::http::outcome::Failure;
use crate::http::response::Response;
use crate::http::success::{self, Expected, Unreadable};
use crate::journal::DoneRecord;
use crate::media_form::MediaForm;

/// What is longer is no etag, in bytes. One is kept for each part.
const LONGEST_ETAG: usize = 1024;

/// What the service said when a step succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StepSuccess {
    pub(crate) upload_id: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) media: Option<Value>,
}

impl StepSuccess {
    /// What the journal is told if this finished the upload with this reference.
    pub(crate) fn record(&self, upload_id: &str, retries: u32) -> DoneRecord {
        DoneRecord {
            media_upload_id: self.upload_id.as_deref().unwrap_or(upload_id).to_owned(),
            media: self.media.clone(),
            etag: self.etag.clone(),
            retries,
        }
    }
}

/// How a step ended.
pub(crate) type StepResult = Result<StepSuccess, Failure>;

/// What the PUT of a part does, or that of a single upload, for messages.
pub(crate) fn doing(part: Option<u32>) -> &'static str {
    if part.is_some() { "send the part" } else { "send the file" }
}

/// What a PUT expects of its answer. Each finishing step and each part answers alike.
pub(crate) fn expected_of_put(part: Option<u32>) -> Expected<'static> {
    Expected { success: success::of("complete_upload"), class: RetryClass::Repeatable, doing: doing(part) }
}

/// Reads how a step ended whose answer was found to be a success or not. `part` is the number of a part; of another step there
/// is none.
pub(crate) fn read(ended: Result<Response, Failure>, part: Option<u32>, doing: &str) -> StepResult {
    match ended {
        Ok(answer) => read_success(&answer, part, doing),
        // What was not read is said again when it is asked for again.
        Err(failure) if failure.body_sent => Err(Failure { permanent: false, ..failure }),
        Err(failure) => Err(failure),
    }
}

fn read_success(answer: &Response, part: Option<u32>, doing: &str) -> StepResult {
    let is_etag = |etag: &str| !etag.is_empty() && etag.len() <= LONGEST_ETAG;
    let header_etag = answer.header("etag").filter(|etag| is_etag(etag)).map(str::to_owned);
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(StepSuccess { etag: header_etag, ..StepSuccess::default() });
    }
    let unreadable = |why: String| Failure::lost(Unreadable::Because(why).into_error(answer, doing), true);
    let done: DoneAnswer = read_object(&answer.body).map_err(unreadable)?;
    if let (Some(sent), Some(named)) = (part, done.part_number)
        && named != Whole::Number(u64::from(sent))
    {
        return Err(unreadable("it speaks of another part".into()));
    }
    Ok(StepSuccess {
        upload_id: done.media_upload_id.filter(|id| MediaForm::can_be_given(id)),
        etag: done.etag.filter(|etag| is_etag(etag)).or(header_etag),
        media: done.media.filter(Value::is_object),
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;
    use crate::error::ErrorKind;
    use crate::http::outcome::Outcome;
    use crate::secret::ApiKey;

    fn key() -> ApiKey {
        ApiKey::new("sk".into()).unwrap()
    }

    fn answer(status: u16, body: &str) -> Response {
        Response::new(status, HeaderMap::new(), Bytes::copy_from_slice(body.as_bytes()), 1000, &key())
    }

    fn read_put(answer: Response, part: Option<u32>) -> StepResult {
        let ended = success::read(answer, expected_of_put(part), &key(), SystemTime::UNIX_EPOCH);
        read(ended, part, doing(part))
    }

    fn put(status: u16, body: &str, part: Option<u32>) -> StepResult {
        read_put(answer(status, body), part)
    }

    #[test]
    fn successes_in_every_shape() {
        let part =
            put(200, r#"{"mediaUploadId":"u","partNumber":2,"etag":"\"abc\"","new":0}"#, Some(2)).unwrap();
        assert_eq!((part.etag.as_deref(), part.upload_id.as_deref()), (Some("\"abc\""), Some("u")));
        for (status, body, part) in [(204, "", Some(2)), (200, " \n", None), (200, "{}", None)] {
            assert_eq!(put(status, body, part).unwrap(), StepSuccess::default());
        }
        let single = put(201, r#"{"mediaUploadId":"u","media":{"id":1,"files":{}}}"#, None).unwrap();
        assert_eq!(single.media.unwrap()["id"], 1);
        let without = put(200, r#"{"mediaUploadId":"u","media":null,"error":"old"}"#, None).unwrap();
        assert!(without.media.is_none());
        let odd = put(200, r#"{"mediaUploadId":"u\nv"}"#, None).unwrap();
        assert!(odd.upload_id.is_none(), "the plan's is kept then");
    }

    #[test]
    fn a_success_that_cannot_be_read_is_lost() {
        for body in [
            "<html>",
            "{\"mediaUploadId\":\"u",
            "[1]",
            "\"ok\"",
            r#"{"partNumber":3}"#,
            r#"{"partNumber":"x"}"#,
        ] {
            let failure = put(200, body, Some(2)).unwrap_err();
            let seen = (failure.outcome, failure.body_sent, failure.permanent, failure.error.kind());
            assert_eq!(seen, (Outcome::Lost, true, false, ErrorKind::InvalidAnswer), "{body}");
        }
    }

    #[test]
    fn a_success_with_an_error_in_it_is_an_error() {
        let failure =
            put(200, r#"{"error":"no","type":"SESSION_EXPIRED","requestId":"r"}"#, Some(1)).unwrap_err();
        assert_eq!(
            (failure.outcome, failure.error.kind()),
            (Outcome::Refused { status: 200 }, ErrorKind::Unauthorized)
        );
        assert_eq!(failure.error.request_id(), Some("r"));
        let failure = put(200, r#"{"error":"no"}"#, Some(1)).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::Rejected);
    }

    #[test]
    fn an_early_answer_never_had_the_whole_body() {
        for (status, body) in
            [(200, "{}"), (200, "<html>"), (200, r#"{"error":"no"}"#), (413, "{}"), (500, "{}")]
        {
            let early = Response { before_body: true, ..answer(status, body) };
            let failure = read_put(early, None).unwrap_err();
            assert!(!failure.body_sent && !failure.permanent, "{status} {body}");
            assert_eq!(failure.outcome == Outcome::Lost, status == 200, "{status} {body}");
        }
    }
}
