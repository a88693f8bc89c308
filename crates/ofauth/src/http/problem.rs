//! Reads what the API says about a failure, in every form it has been seen in.
//!
//! The forms are the documented `{error, type, requestId, actionRequired}`, the former `{error, code, details}`, a
//! bare `{error}`, `{message, code, details}`, and none at all (HTML or nothing, from a proxy in between).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::http::answer::Answer;
use crate::http::wait::WaitHint;
use crate::secret::ApiKey;

/// Longest piece of a server's own words that goes into an error, in characters.
const LONGEST_TEXT: usize = 500;

/// A failure as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Problem {
    pub(crate) message: Option<String>,
    pub(crate) api_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) action_required: Option<String>,
    /// How long the service asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl Problem {
    /// Reads an answer's body and headers; the key, if a server echoes it, is cut out.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8], key: &ApiKey) -> Self {
        // Cut first: the begin of a key is no longer found in a text that ends in the middle of it.
        let clean = |text: &str| shorten(&key.cut_from(text));
        let mut problem = match serde_json::from_slice::<Value>(body) {
            Ok(json) => Self::from_json(&json),
            Err(_) => Self { message: plain_text(body), ..Self::default() },
        };
        problem.retry_after = WaitHint::read(headers, SystemTime::now()).retry_after;
        if problem.request_id.is_none() {
            problem.request_id = ["x-request-id", "request-id"]
                .iter()
                .find_map(|name| headers.get(*name)?.to_str().ok().map(str::to_owned));
        }
        for text in [
            &mut problem.message,
            &mut problem.api_type,
            &mut problem.request_id,
            &mut problem.action_required,
        ] {
            *text = text.as_deref().map(&clean).filter(|text| !text.is_empty());
        }
        problem
    }

    fn from_json(json: &Value) -> Self {
        let text = |name: &str| match json.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            // `{"error": {"message": …}}` is not documented, but is a common shape of gateways.
            Value::Object(inner) => inner.get("message")?.as_str().map(str::to_owned),
            _ => None,
        };
        let mut message = text("error").or_else(|| text("message"));
        if let (Some(message), Some(details)) = (&mut message, text("details")) {
            message.push_str(": ");
            message.push_str(&details);
        }
        Self {
            message,
            api_type: text("type").or_else(|| text("code")),
            request_id: text("requestId"),
            action_required: text("actionRequired"),
            retry_after: None,
        }
    }

    /// The error that this problem with its status is to the caller.
    pub(crate) fn into_error(self, status: u16, doing: &str) -> Error {
        let kind = kind_of(status, self.api_type.as_deref());
        let text = self.message.unwrap_or_else(|| reason(status).to_owned());
        let contradiction = if kind == ErrorKind::InvalidAnswer {
            "the service reports success and an error at once: "
        } else {
            ""
        };
        let next = match self.retry_after {
            Some(asked) if matches!(kind, ErrorKind::RateLimited | ErrorKind::Server) => {
                Some(format!("the service asks to be left alone for {} s", asked.as_secs()))
            }
            _ => next_step(kind, status, self.api_type.as_deref()).map(str::to_owned),
        };
        let error = Error::new(kind, format!("{doing}: {contradiction}{text}")).with_answer(
            status,
            self.api_type,
            self.request_id,
            self.action_required,
        );
        match next {
            Some(next) => error.with_next_step(next),
            None => error,
        }
    }
}

impl Answer {
    /// The failure that this answer tells of.
    pub(crate) fn problem(&self, key: &ApiKey) -> Problem {
        Problem::read(&self.headers, &self.body, key)
    }
}

/// What kind of error an answer is: by its `type` first, then by its status.
pub(crate) fn kind_of(status: u16, api_type: Option<&str>) -> ErrorKind {
    match api_type {
        Some("UNAUTHORIZED" | "SESSION_NOT_PROVIDED" | "SESSION_EXPIRED" | "RULES_OUTDATED") => {
            return ErrorKind::Unauthorized;
        }
        Some("FORBIDDEN") => return ErrorKind::Forbidden,
        Some("BAD_REQUEST" | "RESOURCE_NOT_FOUND" | "ROUTE_NOT_FOUND") => return ErrorKind::Rejected,
        Some("RATE_LIMIT_EXCEEDED") => return ErrorKind::RateLimited,
        _ => {}
    }
    match status {
        300..=399 => ErrorKind::Redirect,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::Rejected,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::InvalidAnswer,
    }
}

fn next_step(kind: ErrorKind, status: u16, api_type: Option<&str>) -> Option<&'static str> {
    Some(match (kind, status, api_type) {
        (_, _, Some("SESSION_EXPIRED" | "SESSION_NOT_PROVIDED")) => {
            "link the account again and use the new connection"
        }
        (_, _, Some("RULES_OUTDATED")) => "try again in a minute",
        (ErrorKind::Unauthorized, ..) => "check the API key",
        (ErrorKind::Forbidden, ..) => "grant the connection or the key the missing permission",
        (ErrorKind::Redirect, ..) => {
            "redirects are not followed because the API key would go along: set the base URL to the final address"
        }
        (ErrorKind::RateLimited, ..) => "wait and try again",
        (ErrorKind::Server, ..) => "try again later",
        (_, 413, _) => "make the file smaller: it is larger than the service takes",
        (_, 415, _) => {
            "convert the file to a format that the service takes: JPEG, PNG, GIF, WebP, MP4, MOV, MP3 or M4A"
        }
        _ => return None,
    })
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("no reason given")
}

/// The words of an HTML or text body, tags removed, or nothing.
fn plain_text(body: &[u8]) -> Option<String> {
    // Four times the limit leaves room for the tags around the words.
    let head = body.get(..LONGEST_TEXT.saturating_mul(4)).unwrap_or(body);
    let text = String::from_utf8_lossy(head);
    let mut words = String::new();
    let mut in_tag = false;
    for character in text.chars() {
        match character {
            '<' => {
                in_tag = true;
                words.push(' ');
            }
            '>' => in_tag = false,
            _ if in_tag => {}
            character if character.is_control() => words.push(' '),
            character => words.push(character),
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

/// `text` on one line and of bounded length.
fn shorten(text: &str) -> String {
    let mut line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_TEXT).collect();
    if line.len() < text.len() && text.chars().count() > LONGEST_TEXT {
        line.push('…');
    }
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Problem {
        Problem::read(&HeaderMap::new(), body.as_bytes(), &ApiKey::new("sk_canary".into()).unwrap())
    }

    #[test]
    fn every_form_is_read() {
        let current = read(
            r#"{"error":"gone","type":"SESSION_EXPIRED","requestId":"req_1","actionRequired":"refresh_session","more":1}"#,
        );
        assert_eq!(current.message.as_deref(), Some("gone"));
        assert_eq!(current.api_type.as_deref(), Some("SESSION_EXPIRED"));
        assert_eq!(current.request_id.as_deref(), Some("req_1"));
        assert_eq!(current.action_required.as_deref(), Some("refresh_session"));

        let former = read(r#"{"error":"bad","code":"AUTH_INVALID_KEY","details":"expired"}"#);
        assert_eq!(former.message.as_deref(), Some("bad: expired"));
        assert_eq!(former.api_type.as_deref(), Some("AUTH_INVALID_KEY"));
        assert_eq!(read(r#"{"error":"bad"}"#).message.as_deref(), Some("bad"));
        assert_eq!(read(r#"{"message":"bad","code":7}"#).api_type.as_deref(), Some("7"));
        assert_eq!(
            read("<html><h1>502 Bad\nGateway</h1></html>").message.as_deref(),
            Some("502 Bad Gateway")
        );
        assert_eq!(read(""), Problem::default());
        assert_eq!(read("[1]"), Problem::default());
        assert_eq!(read(r#"{"error":null,"type":["x"]}"#), Problem::default());
    }

    #[test]
    fn an_echoed_key_is_cut_and_long_text_is_shortened() {
        let problem = read(r#"{"error":"key sk_canary is bad","requestId":"sk_canary"}"#);
        assert_eq!(problem.message.as_deref(), Some("key [api key] is bad"));
        assert_eq!(problem.request_id.as_deref(), Some("[api key]"));
        let long = read(&"x".repeat(10_000));
        assert_eq!(long.message.unwrap().chars().count(), LONGEST_TEXT + 1);
    }

    #[test]
    fn the_type_decides_before_the_status() {
        assert_eq!(kind_of(500, Some("SESSION_EXPIRED")), ErrorKind::Unauthorized);
        assert_eq!(kind_of(401, Some("NEW_NAME")), ErrorKind::Unauthorized);
        assert_eq!(kind_of(503, None), ErrorKind::Server);
        assert_eq!(kind_of(302, None), ErrorKind::Redirect);
        assert_eq!(kind_of(418, None), ErrorKind::Rejected);
    }
}
