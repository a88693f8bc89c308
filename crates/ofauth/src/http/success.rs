//! Whether an answer is the success that its status says: the one rule by which every road reads answers.
//!
//! Typed and raw calls, the steps of an upload and everything above them come here. A 2xx with an error in its body is that
//! error: the service refused. One that cannot be read leaves open what happened: an error where the request may be made
//! again, in doubt where it must not. What a success has to hold stands in the operation table, which is made from the API's
//! document. Pure.

use std::time::SystemTime;

use ofauth_operations::operation::{RetryClass, Success, SuccessBody};
use ofauth_operations::operations;
use serde_json::Value;

use super::api_error::ApiError;
use super::outcome::Failure;
use super::rate_limit_headers::RateLimitHeaders;
use super::response::Response;
use super::shape::{Fields, Shape};
use crate::error::{Error, ErrorKind, Setting};
use crate::secret::ApiKey;

/// Redirects that servers answer to a `POST` that was carried out, for its client to look elsewhere (RFC 9110, section
/// 15.4). 307 and 308 ask for the same request again.
const DONE_AND_ELSEWHERE: std::ops::RangeInclusive<u16> = 300..=303;

/// What to do about a page that the API did not send.
const NOT_OF_THE_API: &str = "check the base URL, and whether this network requires a login or a proxy";

/// What a success of the operation with this id carries.
pub(crate) fn of(operation_id: &str) -> Success {
    let operation = operations::find(operation_id);
    operation.map_or(Success::ANYTHING, |operation| operation.success)
}

/// Why an answer says nothing.
#[derive(Debug, PartialEq)]
pub(crate) enum Unreadable {
    /// It is an HTML page, with these words: something in between has answered.
    Page(Option<String>),
    /// Anything else, as the end of a sentence about the answer.
    Because(String),
}

impl Unreadable {
    /// The error that this is where a repetition does no harm.
    pub(crate) fn into_error(self, answer: &Response, doing: &str) -> Error {
        let is_page = matches!(self, Self::Page(_));
        let text = match self {
            Self::Page(words) => {
                let words = words.map(|words| format!(" ({words})")).unwrap_or_default();
                format!("{doing}: something in between answered with an HTML page instead of the API{words}")
            }
            Self::Because(why) => format!("{doing}: the answer cannot be read: {why}"),
        };
        let text = match &answer.proxy {
            Some(proxy) => format!("{text} (it came through the proxy {})", proxy.name),
            None => text,
        };
        let mut error = answer.invalid(text);
        if answer.proxy.is_some() {
            error = error.with_setting(Setting::Proxy);
        }
        if is_page { error.with_next_step(NOT_OF_THE_API) } else { error }
    }

    /// The failure that this is to a request of that class. An answer that cannot be read would be no better the next time.
    fn into_failure(self, answer: &Response, doing: &str, class: RetryClass) -> Failure {
        let is_page = matches!(self, Self::Page(_));
        let error = self.into_error(answer, doing);
        let error = match class {
            // Its status is not the API's and tells nothing about the request.
            RetryClass::Once if is_page => error.in_doubt_unseen(),
            class => error.in_doubt_if_once(class),
        };
        Failure::lost(error, true).permanent()
    }
}

/// What a request expects of its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) success: Success,
    pub(crate) class: RetryClass,
    /// What the request does, for messages.
    pub(crate) doing: &'a str,
}

/// The answer, if it is the success that was expected. `now` is the present by this machine's clock.
pub(crate) fn read(
    answer: Response,
    expected: Expected<'_>,
    key: &ApiKey,
    now: SystemTime,
) -> Result<Response, Failure> {
    let Expected { success, class, doing } = expected;
    if answer.before_body && answer.is_success() {
        let text = "the service answered before it had the bytes";
        return Err(Failure::lost(Error::new(ErrorKind::InvalidAnswer, text), false));
    }
    let read = match answer.status {
        200..=299 => check_success(&answer, success, key),
        0..=199 | 304 => Err(because(format!("its status {} does not fit the request", answer.status))),
        _ => Err(NoSuccess::Refused(Box::new(answer.api_error(key)))),
    };
    match read {
        Ok(()) => Ok(answer),
        Err(NoSuccess::Refused(found)) => Err(refused(&answer, *found, doing, class, now)),
        Err(NoSuccess::Unreadable(why)) => Err(why.into_failure(&answer, doing, class)),
    }
}

/// What an answer is that is not the success that was hoped for.
enum NoSuccess {
    /// A refusal: nothing was carried out, unless a 5xx says so.
    Refused(Box<ApiError>),
    /// Nothing that the API would send, or nothing that can be read.
    Unreadable(Unreadable),
}

fn refused(answer: &Response, found: ApiError, doing: &str, class: RetryClass, now: SystemTime) -> Failure {
    let error = found.into_error(answer.status, doing);
    let may_be_done = error.kind() == ErrorKind::Server || DONE_AND_ELSEWHERE.contains(&answer.status);
    let error = if class == RetryClass::Once && may_be_done { error.in_doubt() } else { error };
    let rate_limit = RateLimitHeaders::read(&answer.headers, now);
    Failure::refused(answer.status, error, rate_limit, !answer.before_body)
}

fn because(why: impl Into<String>) -> NoSuccess {
    NoSuccess::Unreadable(Unreadable::Because(why.into()))
}

fn check_success(answer: &Response, expected: Success, key: &ApiKey) -> Result<(), NoSuccess> {
    if let Some(trouble) = &answer.trouble {
        return Err(because(trouble.to_string()));
    }
    let body = answer.body.trim_ascii();
    if body.is_empty() {
        let may_be = !matches!(expected.body, SuccessBody::Json | SuccessBody::Listing);
        return if may_be { Ok(()) } else { Err(because("it is empty")) };
    }
    if is_page(answer, body, expected) {
        return Err(NoSuccess::Unreadable(Unreadable::Page(answer.api_error(key).message)));
    }
    if expected.body == SuccessBody::Any && !says_json(answer) && !matches!(body, [b'{' | b'[', ..]) {
        return Ok(());
    }
    if is_no_json(expected.body) {
        // What it is, is the caller's business; an error in its place is the API's.
        let told = says_json(answer).then(|| Shape::read(body, expected).ok()).flatten();
        let is_error = told.as_ref().and_then(Shape::fields).is_some_and(tells_of_error);
        return if is_error { Err(NoSuccess::Refused(Box::new(answer.api_error(key)))) } else { Ok(()) };
    }
    if matches!(body, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Err(because("it is written in UTF-16, not in UTF-8"));
    }
    let shape = Shape::read(body, expected).map_err(because)?;
    if shape.has_key() {
        return Ok(());
    }
    let is_step = expected.body == SuccessBody::Optional && expected.key.is_some();
    if shape.fields().is_some_and(|fields| tells_of_error(fields) || (is_step && tells_of_failure(fields))) {
        return Err(NoSuccess::Refused(Box::new(answer.api_error(key))));
    }
    match (expected.body, expected.key) {
        (SuccessBody::Any | SuccessBody::Optional, _) => Ok(()),
        (_, Some(name)) => {
            let words = answer.api_error(key).message;
            let words = words.map(|words| format!("; it says: {words}")).unwrap_or_default();
            Err(because(format!("it has no {name}{words}")))
        }
        (_, None) if shape == Shape::Scalar => Err(because("it is neither an object nor a list")),
        (_, None) => Ok(()),
    }
}

/// Whether something in between has answered for the API, which sends no HTML.
fn is_page(answer: &Response, body: &[u8], expected: Success) -> bool {
    if expected.media_type.is_some_and(|types| types.contains("html")) {
        return false;
    }
    let may_be_text = expected.body == SuccessBody::Any || is_no_json(expected.body);
    let begins = |with: &[u8]| body.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    let says_html =
        answer.header("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"));
    let looks_html = begins(b"<!doctype html") || begins(b"<html");
    // No JSON begins so.
    looks_html || (says_html && body.first() == Some(&b'<')) || (!may_be_text && begins(b"<"))
}

/// Whether the document describes a success as something else than JSON.
fn is_no_json(body: SuccessBody) -> bool {
    matches!(body, SuccessBody::Text | SuccessBody::Bytes)
}

fn says_json(answer: &Response) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

/// Whether an object without the field that it is about is one of the API's errors: `{error, …}` in all its forms, or
/// `{message, …}` with one more field of an error. A `message` alone may as well tell of a success.
fn tells_of_error(fields: &Fields) -> bool {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    };
    let there = |name: &str| fields.get(name).is_some_and(says);
    if fields.get("success") == Some(&Value::Bool(true)) {
        return false;
    }
    // A code of a success, as a status or as an exit code.
    let code = fields.get("code").and_then(Value::as_u64);
    let is_fine = code.is_some_and(|code| code == 0 || (200..300).contains(&code));
    let more = ["code", "type", "requestId", "actionRequired", "details"];
    there("error") || (there("message") && !is_fine && more.into_iter().any(there))
}

/// Whether an object without the reference that a step of an upload is about says in another way that the step failed.
/// Other operations have fields of these names in their successes.
fn tells_of_failure(fields: &Fields) -> bool {
    let says = |name: &str, words: &[&str]| {
        let text = fields.get(name).and_then(Value::as_str);
        text.is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    };
    let codes = ["status", "statusCode", "code"].into_iter().filter_map(|name| fields.get(name)?.as_u64());
    let has_bad_code = codes.into_iter().any(|code| (400..600).contains(&code));
    let has_errors = fields.get("errors").is_some_and(|errors| match errors {
        Value::Array(errors) => !errors.is_empty(),
        Value::Object(errors) => !errors.is_empty(),
        _ => false,
    });
    let says_no = ["success", "ok"].into_iter().any(|name| fields.get(name) == Some(&Value::Bool(false)));
    says_no || has_errors || has_bad_code || says("status", &["error", "fail", "failed", "failure"])
}

#[cfg(test)]
#[path = "success_tests.rs"]
mod tests;
