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
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};

    use super::*;

    fn key() -> ApiKey {
        ApiKey::new("sk_live_canary".into()).unwrap()
    }

    fn answer(status: u16, body: impl AsRef<[u8]>) -> Response {
        with_headers(status, HeaderMap::new(), body)
    }

    fn with_headers(status: u16, headers: HeaderMap, body: impl AsRef<[u8]>) -> Response {
        Response::new(status, headers, Bytes::copy_from_slice(body.as_ref()), 1000, &key())
    }

    fn read_as(operation_id: &str, class: RetryClass, answer: Response) -> Result<Response, Failure> {
        let expected = Expected { success: of(operation_id), class, doing: operation_id };
        read(answer, expected, &key(), SystemTime::UNIX_EPOCH)
    }

    /// How the error of an operation's answer looks, or `None` for a success.
    fn kind(operation_id: &str, answer: Response) -> Option<ErrorKind> {
        let class = operations::find(operation_id).map_or(RetryClass::Once, |operation| operation.retry);
        read_as(operation_id, class, answer).err().map(|failure| failure.error.kind())
    }

    const DOUBT: Option<ErrorKind> = Some(ErrorKind::OutcomeUnknown);
    const INVALID: Option<ErrorKind> = Some(ErrorKind::InvalidAnswer);
    const NO: Option<ErrorKind> = Some(ErrorKind::Rejected);

    #[test]
    fn what_cannot_be_read_is_in_doubt_where_it_must_not_happen_twice() {
        // A thing that is made, a list of such, something that is made without an answer that matters, a list that is
        // read, a thing that is read, a deed without an answer that matters, a step of an upload.
        let operations = [
            "create_post",
            "create_promotion",
            "add_vault_plus_list",
            "list_posts",
            "get_user",
            "delete_post",
            "upload_part",
        ];
        let table: [(&[u8], [Option<ErrorKind>; 7]); 18] = [
            (b"<html><p>Hello", [DOUBT, DOUBT, DOUBT, INVALID, INVALID, INVALID, INVALID]),
            (b"{\"id\": 1", [DOUBT, DOUBT, DOUBT, INVALID, INVALID, INVALID, INVALID]),
            (b"{\"id\": 1}}", [DOUBT, DOUBT, DOUBT, INVALID, INVALID, INVALID, INVALID]),
            (b"rubbish", [DOUBT, DOUBT, DOUBT, INVALID, INVALID, INVALID, INVALID]),
            (b"\xff\xfe{\0}\0", [DOUBT, DOUBT, DOUBT, INVALID, INVALID, INVALID, INVALID]),
            (b"", [DOUBT, DOUBT, None, INVALID, INVALID, None, None]),
            (b" \r\n", [DOUBT, DOUBT, None, INVALID, INVALID, None, None]),
            (b"null", [DOUBT, DOUBT, None, None, INVALID, None, None]),
            (b"\"ok\"", [DOUBT, DOUBT, None, INVALID, INVALID, None, None]),
            (b"[]", [DOUBT, DOUBT, None, None, INVALID, None, None]),
            (b"{}", [DOUBT, DOUBT, None, None, INVALID, None, None]),
            (b"{\"id\": null}", [DOUBT, DOUBT, None, None, INVALID, None, None]),
            (b"{\"id\": \" \"}", [DOUBT, DOUBT, None, None, INVALID, None, None]),
            (b"{\"list\": []}", [DOUBT, DOUBT, None, None, INVALID, None, None]),
            (b"[{\"id\": 1}]", [DOUBT, None, None, None, INVALID, None, None]),
            (b"{\"list\": [{}, {\"id\": \"1\"}]}", [DOUBT, None, None, None, INVALID, None, None]),
            (b"{\"id\": 1}", [None; 7]),
            (b"\xef\xbb\xbf {\"id\": \"1\", \"id\": \"2\"}", [None; 7]),
        ];
        for (body, kinds) in table {
            for (operation, expected) in operations.iter().zip(kinds) {
                let shown = String::from_utf8_lossy(body);
                assert_eq!(kind(operation, answer(200, body)), expected, "{operation} {shown}");
            }
        }
    }

    #[test]
    fn an_error_in_a_success_is_that_error() {
        let errors = [
            r#"{"error": "no"}"#,
            r#"{"error": "no", "type": "SOMETHING_NEW", "requestId": "r"}"#,
            r#"{"error": "no", "code": 17, "details": "more"}"#,
            r#"{"error": {"message": "no", "code": 3}}"#,
            r#"{"error": {"code": 3}}"#,
            r#"{"error": true, "message": "no"}"#,
            r#"{"message": "no", "code": "BAD"}"#,
            r#"{"message": "no", "code": 400, "details": []}"#,
            r#"{"message": "no", "requestId": "r"}"#,
            r#"{"success": false, "error": "no"}"#,
            r#"{"error": "no", "id": null}"#,
            r#"{"error": "no", "list": []}"#,
            "\u{feff}{\"error\": \"no\"}",
        ];
        for operation in [
            "create_post",
            "create_promotion",
            "add_vault_plus_list",
            "list_posts",
            "get_user",
            "delete_post",
            "complete_upload",
        ] {
            for body in errors {
                assert_eq!(kind(operation, answer(200, body)), NO, "{operation} {body}");
            }
            let typed = answer(201, r#"{"error": "no", "type": "SESSION_EXPIRED"}"#);
            assert_eq!(kind(operation, typed), Some(ErrorKind::Unauthorized), "{operation}");
        }
    }

    #[test]
    fn a_step_of_an_upload_that_says_that_it_failed_did() {
        for operation in ["upload_part", "upload_single", "complete_upload"] {
            for body in [
                r#"{"success": false}"#,
                r#"{"success": false, "reason": "virus found"}"#,
                r#"{"ok": false}"#,
                r#"{"status": "error", "message": "no"}"#,
                r#"{"status": "FAILED"}"#,
                r#"{"status": 500}"#,
                r#"{"errors": [{"message": "no"}]}"#,
                r#"{"message": "Internal error", "statusCode": 500}"#,
            ] {
                assert!(kind(operation, answer(200, body)).is_some(), "{operation} {body}");
            }
            for body in
                [r#"{"success": true}"#, r#"{"status": "completed", "errors": []}"#, r#"{"etag": "x"}"#]
            {
                assert_eq!(kind(operation, answer(200, body)), None, "{operation} {body}");
            }
        }
    }

    #[test]
    fn successes_may_have_fields_that_errors_have() {
        for (operation, body) in [
            ("create_post", r#"{"id": 5, "error": "one of the media is still being processed"}"#),
            ("update_promotion", r#"{"id": 5, "message": "half price", "type": "all"}"#),
            ("upload_part", r#"{"mediaUploadId": "upload:1", "error": "old"}"#),
            ("delete_post", r#"{"success": true, "error": null}"#),
            ("delete_post", r#"{"success": true, "message": "gone", "code": 200}"#),
            ("delete_post", r#"{"message": "gone", "code": 0}"#),
            ("delete_post", r#"{"message": "gone"}"#),
            ("delete_post", r#"{"error": "", "message": "gone"}"#),
            ("add_user_to_lists", r#"{"success": false, "errors": [{"listId": 1, "error": "no"}]}"#),
            ("delete_tracking_link", r#"{"success": false}"#),
            ("get_link_status", r#"{"status": "completed", "data": {}}"#),
            ("get_dynamic_rules", r#"{"rules": {"error_code": 0}, "is_current": true}"#),
            ("get_post", "null"),
            ("check_upload", r#"{"exists": false}"#),
        ] {
            assert_eq!(kind(operation, answer(200, body)), None, "{operation} {body}");
        }
    }

    #[test]
    fn every_operation_that_makes_a_thing_wants_its_id() {
        for operation in operations::OPERATIONS.iter().filter(|operation| operation.retry == RetryClass::Once)
        {
            let made = operation.success.key == Some("id");
            assert_eq!(
                kind(operation.id, answer(200, "{}")),
                if made { DOUBT } else { None },
                "{}",
                operation.id
            );
            assert_eq!(kind(operation.id, answer(200, "<html>")), DOUBT, "{}", operation.id);
        }
    }

    #[test]
    fn what_the_proxy_of_the_api_answers_is_not_documented() {
        let pass = |kind: &str, body: &str| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            read_as("proxy_request", RetryClass::Once, with_headers(200, headers, body)).is_ok()
        };
        assert!(pass("text/csv", "a;b\n1;2") && pass("application/json", "[]") && pass("text/plain", ""));
        assert!(pass("image/svg+xml", "<svg/>"));
        assert!(!pass("text/html; charset=utf-8", "<p>Hello") && !pass("text/plain", "<!DOCTYPE html><p>"));
        assert!(!pass("application/json", "nonsense") && !pass("text/plain", "{\"a\":"));
        assert!(!pass("application/json", r#"{"error":{"code":0,"message":"no"}}"#));
    }

    #[test]
    fn what_is_documented_as_something_else_is_not_read_as_json() {
        let read = |expected: Success, kind: &str, body: &[u8]| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            let expected = Expected { success: expected, class: RetryClass::Once, doing: "export" };
            read(with_headers(200, headers, body), expected, &key(), SystemTime::UNIX_EPOCH)
        };
        let of = |body, media_type| Success { body, media_type: Some(media_type), ..Success::ANYTHING };
        let csv = of(SuccessBody::Text, "text/csv");
        for body in [&b"a;b"[..], b"[not json", b"{", b"", b"<a>", b"\xff\xfe{\0"] {
            assert_eq!(read(csv, "text/csv", body).unwrap().body(), body);
        }
        assert!(read(of(SuccessBody::Bytes, "image/png"), "image/png", b"\x89PNG\0").is_ok());
        assert!(read(of(SuccessBody::Text, "text/html"), "text/html", b"<!doctype html>").is_ok());
        assert!(read(csv, "text/html", b"<!doctype html><p>Log in").is_err());
        let told = read(csv, "application/json", b"{\"error\": \"no\"}").unwrap_err();
        assert_eq!(told.error.kind(), ErrorKind::Rejected);
    }

    #[test]
    fn texts_name_what_is_wrong_with_the_answer() {
        let text = |operation: &str, answer: Response| {
            let class = operations::find(operation).unwrap().retry;
            read_as(operation, class, answer).unwrap_err().error.to_string()
        };
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for (answer, names) in [
            (answer(200, "<html><body>Log in to the hotel</body></html>"), "Log in to the hotel"),
            (answer(200, "{\"id\":"), "it ends too early"),
            (answer(200, "nonsense"), "it is not JSON (line 1, column 2)"),
            (answer(200, ""), "it is empty"),
            (answer(200, "[]"), "it has no id"),
            (answer(200, r#"{"message": "queued"}"#), "it has no id; it says: queued"),
            (answer(200, b"\xfe\xff\0{\0}"), "UTF-16"),
            (answer(200, deep), "more than 127 deep"),
            (answer(101, ""), "its status 101 does not fit the request"),
            (answer(304, ""), "its status 304 does not fit the request"),
            (answer(600, ""), "create_post: no reason given (HTTP 600)"),
            (answer(200, r#"{"error": {"code": 3}}"#), "reports an error without a reason"),
            (answer(200, "").longer_than(32 << 20), "it is longer than 32 MiB"),
        ] {
            let text = text("create_post", answer);
            assert!(text.contains(names), "{text}");
        }
        assert_eq!(
            text("create_post", answer(200, "{}")),
            "the service answered 200, so it was probably carried out: look before you repeat it: create_post: the answer \
             cannot be read: it has no id (HTTP 200)"
        );
        assert!(!text("create_post", answer(200, "<html>")).contains("probably"), "who answered is unknown");
        assert_eq!(
            text("list_posts", answer(200, "")),
            "list_posts: the answer cannot be read: it is empty (HTTP 200)"
        );
    }

    #[test]
    fn what_is_handed_out_is_not_compressed_and_its_headers_say_so() {
        let packed = {
            use std::io::Write as _;
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(b"\xef\xbb\xbf{\"id\": 5, \"echo\": \"sk_live_canary\"}").unwrap();
            encoder.finish().unwrap()
        };
        let length = packed.len().to_string();
        let headers =
            [(CONTENT_ENCODING, "GZIP".parse().unwrap()), (CONTENT_LENGTH, length.parse().unwrap())];
        let answer = with_headers(200, HeaderMap::from_iter(headers), packed);
        assert_eq!(answer.body(), br#"{"id": 5, "echo": "[api key]"}"#);
        assert!(answer.header("content-encoding").is_none() && answer.header("content-length").is_none());
        assert_eq!(kind("create_post", answer), None);
        let unknown = HeaderMap::from_iter([(CONTENT_ENCODING, "br".parse().unwrap())]);
        let answer = with_headers(200, unknown.clone(), "packed");
        let failure = read_as("list_posts", RetryClass::Repeatable, answer).unwrap_err();
        assert!(failure.error.to_string().contains("compressed (br)"), "{}", failure.error);
        let refusal = with_headers(403, unknown, "packed");
        assert_eq!(kind("list_posts", refusal), Some(ErrorKind::Forbidden), "a status stands");
    }
}
