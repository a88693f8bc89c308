//! How one step of an upload ended: a PUT or a complete, read from what the network brought back.
//!
//! What an answer is, [`success`] says; one that cannot be read is a lost one here. What to do about it is
//! [`super::retry_policy`]'s matter.

use std::time::SystemTime;

use serde_json::Value;

use super::retry_policy;
use crate::call::transport::Tried;
use crate::error::{Error, ErrorKind};
use crate::http::api_error::Problem;
use crate::http::rate_limit_headers::WaitHint;
use crate::http::response::Answer;
use crate::http::retry::Failure;
use crate::http::success::{self, Reading};
use crate::secret::ApiKey;
use crate::upload::plan::api_types::{DoneAnswer, Whole, read_object};
use crate::upload::plan::upload_plan::is_reference;
use crate::upload::transfer::put::PutEnd;

/// What is longer is no etag, in bytes. One is kept for each part.
const LONGEST_ETAG: usize = 1024;

/// What the service said when a step succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Done {
    pub(crate) upload_id: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) media: Option<Value>,
}

/// How a step ended.
#[derive(Debug)]
pub(crate) enum StepEnd {
    Done(Done),
    Failed(StepFailure),
}

/// A step that did not succeed.
#[derive(Debug)]
pub(crate) struct StepFailure {
    pub(crate) what: What,
    pub(crate) error: Error,
    pub(crate) hint: WaitHint,
    /// Whether the same try cannot end differently.
    pub(crate) hopeless: bool,
    /// Whether the service may have had the whole request.
    pub(crate) whole: bool,
}

/// [`Failure`] without a borrow: the type is in the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Answered(u16),
    NotSent,
    Lost,
}

impl StepFailure {
    fn new(what: What, error: Error) -> Self {
        Self { what, error, hint: WaitHint::default(), hopeless: false, whole: false }
    }

    /// What the retry table wants to know.
    pub(crate) fn failure(&self) -> Failure<'_> {
        match self.what {
            What::Answered(status) => Failure::Answered { status, api_type: self.error.api_type() },
            What::NotSent => Failure::NotSent,
            What::Lost => Failure::Lost,
        }
    }

    /// What happened, in a few words for people.
    pub(crate) fn cause(&self) -> String {
        self.failure().cause(self.error.kind())
    }

    /// The status of the service's answer, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.what {
            What::Answered(status) => Some(status),
            What::NotSent | What::Lost => None,
        }
    }

    /// Whether the upload may be finished all the same, if this step was to finish it.
    pub(crate) fn may_have_finished(&self) -> bool {
        retry_policy::may_have_finished(self.failure(), self.whole)
    }
}

/// What the PUT of a part does, or that of a single upload, for messages.
pub(crate) fn doing(part: Option<u32>) -> &'static str {
    if part.is_some() { "send the part" } else { "send the file" }
}

/// Reads how a PUT ended. `part` is the number of the part, or `None` for the PUT of a single upload.
pub(crate) fn read_put(end: PutEnd, part: Option<u32>, key: &ApiKey) -> StepEnd {
    let failed = |failure| StepEnd::Failed(failure);
    match end {
        PutEnd::Answered { answer, early: true } if answer.is_success() => failed(StepFailure::new(
            What::Lost,
            Error::new(ErrorKind::InvalidAnswer, "the service answered before it had the bytes"),
        )),
        PutEnd::Answered { answer, early } => match read_answer(&answer, part, doing(part), key) {
            StepEnd::Failed(failure) => failed(StepFailure { whole: failure.whole && !early, ..failure }),
            done => done,
        },
        PutEnd::NotSent { error, hopeless } => {
            failed(StepFailure { hopeless, ..StepFailure::new(What::NotSent, error) })
        }
        PutEnd::Lost { error, whole } => failed(StepFailure { whole, ..StepFailure::new(What::Lost, error) }),
        PutEnd::Source(error) => {
            failed(StepFailure { hopeless: true, ..StepFailure::new(What::NotSent, error) })
        }
    }
}

/// Reads how a complete ended.
pub(crate) fn read_complete(tried: Tried, key: &ApiKey) -> StepEnd {
    match tried {
        Tried::Answered(answer) => read_answer(&answer, None, "complete the upload", key),
        Tried::NotSent(error) => StepEnd::Failed(StepFailure::new(What::NotSent, error)),
        Tried::Lost(error) | Tried::Unreadable(error) => {
            StepEnd::Failed(StepFailure { whole: true, ..StepFailure::new(What::Lost, error) })
        }
        Tried::Hopeless(error) => {
            StepEnd::Failed(StepFailure { hopeless: true, ..StepFailure::new(What::NotSent, error) })
        }
    }
}

fn read_answer(answer: &Answer, part: Option<u32>, doing: &str, key: &ApiKey) -> StepEnd {
    let lost = |error| StepEnd::Failed(StepFailure { whole: true, ..StepFailure::new(What::Lost, error) });
    // Each finishing step and each part answers alike.
    match success::read(answer, success::of("complete_upload"), key) {
        Reading::Success => {}
        Reading::Refused(problem) => return refused(answer, problem, doing),
        Reading::Unreadable(why) => return lost(why.into_error(answer, doing)),
    }
    let is_etag = |etag: &str| !etag.is_empty() && etag.len() <= LONGEST_ETAG;
    let header_etag = answer.header("etag").filter(|etag| is_etag(etag)).map(str::to_owned);
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return StepEnd::Done(Done { etag: header_etag, ..Done::default() });
    }
    let unreadable = |why: &str| lost(success::Unreadable::Because(why.to_owned()).into_error(answer, doing));
    let done: DoneAnswer = match read_object(&answer.body) {
        Ok(done) => done,
        Err(why) => return unreadable(&why),
    };
    if let (Some(sent), Some(named)) = (part, done.part_number)
        && named != Whole::Number(u64::from(sent))
    {
        return unreadable("it speaks of another part");
    }
    StepEnd::Done(Done {
        upload_id: done.media_upload_id.filter(|id| is_reference(id)),
        etag: done.etag.filter(|etag| is_etag(etag)).or(header_etag),
        media: done.media.filter(Value::is_object),
    })
}

fn refused(answer: &Answer, problem: Problem, doing: &str) -> StepEnd {
    let error = problem.into_error(answer.status, doing);
    StepEnd::Failed(StepFailure {
        hint: WaitHint::read(&answer.headers, SystemTime::now()),
        whole: true,
        ..StepFailure::new(What::Answered(answer.status), error)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn key() -> ApiKey {
        ApiKey::new("sk".into()).unwrap()
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer::new(status, HeaderMap::new(), Bytes::copy_from_slice(body.as_bytes()), 1000, &key())
    }

    fn put(status: u16, body: &str, part: Option<u32>) -> StepEnd {
        read_put(PutEnd::Answered { answer: answer(status, body), early: false }, part, &key())
    }

    fn done(end: StepEnd) -> Done {
        match end {
            StepEnd::Done(done) => done,
            StepEnd::Failed(failure) => panic!("{failure:?}"),
        }
    }

    fn failed(end: StepEnd) -> StepFailure {
        match end {
            StepEnd::Failed(failure) => failure,
            StepEnd::Done(done) => panic!("{done:?}"),
        }
    }

    #[test]
    fn successes_in_every_shape() {
        let part =
            done(put(200, r#"{"mediaUploadId":"u","partNumber":2,"etag":"\"abc\"","new":0}"#, Some(2)));
        assert_eq!((part.etag.as_deref(), part.upload_id.as_deref()), (Some("\"abc\""), Some("u")));
        assert_eq!(done(put(204, "", Some(2))), Done::default());
        assert_eq!(done(put(200, " \n", None)), Done::default());
        assert_eq!(done(put(200, "{}", None)), Done::default());
        let single = done(put(201, r#"{"mediaUploadId":"u","media":{"id":1,"files":{}}}"#, None));
        assert_eq!(single.media.unwrap()["id"], 1);
        assert!(done(put(200, r#"{"mediaUploadId":"u","media":null,"error":"old"}"#, None)).media.is_none());
        assert!(
            done(put(200, r#"{"mediaUploadId":"u\nv"}"#, None)).upload_id.is_none(),
            "the plan's is kept then"
        );
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
            let failure = failed(put(200, body, Some(2)));
            assert_eq!((failure.what, failure.whole), (What::Lost, true), "{body}");
            assert_eq!(failure.error.kind(), ErrorKind::InvalidAnswer, "{body}");
        }
    }

    #[test]
    fn a_success_with_an_error_in_it_is_an_error() {
        let failure = failed(put(200, r#"{"error":"no","type":"SESSION_EXPIRED","requestId":"r"}"#, Some(1)));
        assert_eq!((failure.what, failure.error.kind()), (What::Answered(200), ErrorKind::Unauthorized));
        assert_eq!(failure.error.request_id(), Some("r"));
        assert_eq!(failed(put(200, r#"{"error":"no"}"#, Some(1))).error.kind(), ErrorKind::Rejected);
    }

    #[test]
    fn an_early_answer_never_had_the_whole_body() {
        for status in [200, 413, 500] {
            let end = PutEnd::Answered { answer: answer(status, "{}"), early: true };
            assert!(!failed(read_put(end, None, &key())).whole, "{status}");
        }
    }
}
