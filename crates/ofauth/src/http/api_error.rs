//! Reads what the API says about a failure, in every form it has been seen in.
//!
//! The forms are the documented `{error, type, requestId, actionRequired}`, the former `{error, code, details}`, a
//! bare `{error}`, `{message, code, details}`, and none at all (HTML or nothing, from a proxy in between).

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderValue, LOCATION};
use ofauth_operations::display_safe::is_unsafe;
use serde_json::Value;
use url::Url;

use super::rate_limit_headers::RateLimitHeaders;
use super::response::{PassedOn, Response, Trouble, request_id};
use crate::error::{Error, ErrorKind, Setting};
use crate::secret::ApiKey;
use crate::system::Time;

/// Longest piece of a server's own words that goes into an error, in characters.
const LONGEST_TEXT: usize = 500;

/// A failure as the API tells it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApiError {
    pub(crate) message: Option<String>,
    pub(crate) api_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) action_required: Option<String>,
    /// How long the service asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// Where a redirect leads, without user and query.
    pub(crate) location: Option<String>,
    /// Whether the body is no JSON object, and so not of the API's making.
    pub(crate) is_foreign: bool,
    /// The proxy that may have written it.
    pub(crate) proxy: Option<Box<PassedOn>>,
}

impl ApiError {
    /// Reads an answer's body and headers; the key, if a server echoes it, is cut out.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8], key: &ApiKey) -> Self {
        // Cut first: the begin of a key is no longer found in a text that ends in the middle of it.
        let clean = |text: &str| shorten(&key.cut_from(text));
        let mut found = match serde_json::from_slice::<Value>(body) {
            Ok(json) => Self::from_json(&json),
            Err(_) => Self { message: plain_text(body), is_foreign: true, ..Self::default() },
        };
        found.location = headers.get(LOCATION).map(target);
        found.retry_after = RateLimitHeaders::read(headers, SystemTime::now()).retry_after;
        if found.request_id.is_none() {
            found.request_id = request_id(headers).map(str::to_owned);
        }
        for text in [
            &mut found.message,
            &mut found.api_type,
            &mut found.request_id,
            &mut found.action_required,
            &mut found.location,
        ] {
            *text = text.as_deref().map(&clean).filter(|text| !text.is_empty());
        }
        found
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
            is_foreign: !json.is_object(),
            ..Self::default()
        }
    }

    /// The error that this problem with its status is to the caller.
    pub(crate) fn into_error(self, status: u16, doing: &str) -> Error {
        let kind = self.kind(status);
        let text = self.text(kind, status);
        let proxy = self.proxy.is_some();
        let next = match self.retry_after {
            Some(asked) if matches!(kind, ErrorKind::RateLimited | ErrorKind::Server) => {
                Some(format!("the service asks for a pause of {}", Time(asked)))
            }
            _ if status == 407 && proxy => None,
            _ if self.is_foreign && kind != ErrorKind::Proxy && matches!(status, 401 | 403..=405) => {
                Some(NOT_OF_THE_API.to_owned())
            }
            _ => next_step(kind, status, self.api_type.as_deref()).map(str::to_owned),
        };
        let error = Error::new(kind, format!("{doing}: {text}")).with_answer(
            status,
            self.api_type,
            self.request_id,
            self.action_required,
        );
        let error = if proxy { error.with_setting(Setting::Proxy) } else { error };
        match next {
            Some(next) => error.with_next_step(next),
            None => error,
        }
    }

    fn kind(&self, status: u16) -> ErrorKind {
        match status {
            407 => ErrorKind::Proxy,
            403 if self.proxy.is_some() => ErrorKind::Proxy,
            400 if self.wants_tls() => ErrorKind::Config,
            _ => ErrorKind::of_answer(status, self.api_type.as_deref()),
        }
    }

    fn text(&self, kind: ErrorKind, status: u16) -> String {
        let words = self.message.as_deref().unwrap_or_else(|| reason(status));
        match (kind, &self.proxy, &self.location) {
            (ErrorKind::Proxy, Some(proxy), _) if status == 407 => {
                format!("the proxy {} {} ({words})", proxy.name, proxy.login)
            }
            (ErrorKind::Proxy, Some(proxy), _) => {
                format!("the proxy {} refused the request ({words})", proxy.name)
            }
            (ErrorKind::Proxy, None, _) => {
                format!("a proxy in front of the service asks for a user name and password ({words})")
            }
            (_, Some(proxy), _) => {
                format!("{words} (not the service's own words: they came through the proxy {})", proxy.name)
            }
            (ErrorKind::Redirect, _, Some(target)) => format!("the service redirects to {target}"),
            _ => words.to_owned(),
        }
    }

    /// Whether a server that speaks TLS says that it was spoken to without: the words of nginx, Apache and Go.
    fn wants_tls(&self) -> bool {
        let words = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        self.is_foreign
            && [
                "plain http request was sent to https",
                "plain http to an ssl",
                "http request to an https server",
            ]
            .iter()
            .any(|known| words.contains(known))
    }
}

impl Response {
    /// The failure that this answer tells of.
    pub(crate) fn api_error(&self, key: &ApiKey) -> ApiError {
        // What would take too much memory to read says nothing; the status stands.
        let body = if self.trouble == Some(Trouble::TooMany) { &b"{}"[..] } else { &self.body };
        let mut found = ApiError::read(&self.headers, body, key);
        found.proxy = self.proxy.clone().filter(|_| found.is_foreign || self.status == 407);
        found
    }
}

/// What to do about a refusal that is not in the API's form, and so somebody else's.
const NOT_OF_THE_API: &str = "the answer does not come from the API, so something in between refused: check the base URL, and ask \
                              whoever runs the network or the server's firewall";

fn next_step(kind: ErrorKind, status: u16, api_type: Option<&str>) -> Option<&'static str> {
    Some(match (kind, status, api_type) {
        (_, _, Some("SESSION_EXPIRED" | "SESSION_NOT_PROVIDED")) => {
            "link the account again and use the new connection"
        }
        (_, _, Some("RULES_OUTDATED")) => "try again in a minute",
        (ErrorKind::Unauthorized, ..) => "check the API key",
        (ErrorKind::Forbidden, ..) => "grant the connection or the key the missing permission",
        (ErrorKind::Redirect, ..) => {
            "redirects are not followed because the API key would be sent along: set the base URL to the final address"
        }
        (ErrorKind::Proxy, 403, _) => "have the proxy allow that server",
        // Of a proxy that was set, its text says what helps.
        (ErrorKind::Proxy, 407, _) => {
            "no proxy is set here, and something in between wants one to be used: set it with its user name and password, or \
             reach the service from another network"
        }
        (ErrorKind::Config, ..) => "use https:// in the base URL",
        (ErrorKind::RateLimited, ..) => "wait and try again",
        (ErrorKind::Server, ..) => "try again later",
        (_, 413, _) => "make the file smaller: it is larger than the service accepts",
        (_, 415, _) => {
            "convert the file to a format that the service accepts: JPEG, PNG, GIF, WebP, MP4, MOV, MP3 or M4A"
        }
        _ => return None,
    })
}

fn reason(status: u16) -> &'static str {
    if (200..300).contains(&status) {
        return "the answer reports an error without a reason";
    }
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("no reason given")
}

/// Where a redirect leads: scheme, host, port and path; the path alone if it stays on the server.
fn target(location: &HeaderValue) -> String {
    /// Stands for the server that redirects.
    const HERE: &str = "https://here.invalid";
    let text = String::from_utf8_lossy(location.as_bytes());
    let parsed = Url::parse(HERE).and_then(|here| here.join(text.trim()));
    let Ok(mut url) = parsed.map_err(drop) else { return "an address that is not a URL".into() };
    url.set_query(None);
    url.set_fragment(None);
    // Fails for URLs that can have neither.
    _ = url.set_username("").and_then(|()| url.set_password(None));
    match url.as_str().strip_prefix(HERE) {
        Some(path) => format!("{path} on the same server"),
        None => url.into(),
    }
}

/// The words of an HTML or text body, tags removed, or nothing. What a heading repeats of the title is said once.
fn plain_text(body: &[u8]) -> Option<String> {
    // Four times the limit leaves room for the tags around the words.
    let head = body.get(..LONGEST_TEXT.saturating_mul(4)).unwrap_or(body);
    let text = String::from_utf8_lossy(head);
    let mut pieces: Vec<String> = Vec::new();
    for (at, piece) in text.split('<').enumerate() {
        let (tag, words) = if at == 0 { ("", piece) } else { piece.split_once('>').unwrap_or((piece, "")) };
        let tag = tag.split(|end: char| !end.is_ascii_alphanumeric()).next().unwrap_or_default();
        if tag.eq_ignore_ascii_case("style") || tag.eq_ignore_ascii_case("script") {
            continue;
        }
        let words = words.replace(is_unsafe, " ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if !words.is_empty() && !pieces.iter().any(|said| said.contains(&words)) {
            pieces.push(words);
        }
    }
    let words = pieces.join(" ");
    (!words.is_empty()).then_some(words)
}

/// `text` on one line and of bounded length.
fn shorten(text: &str) -> String {
    let mut line: String =
        text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).take(LONGEST_TEXT).collect();
    if line.len() < text.len() && text.chars().count() > LONGEST_TEXT {
        line.push('…');
    }
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> ApiError {
        ApiError::read(&HeaderMap::new(), body.as_bytes(), &ApiKey::new("sk_canary".into()).unwrap())
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
        for nothing in ["", "[1]", r#"{"error":null,"type":["x"]}"#] {
            let problem = read(nothing);
            assert_eq!(
                (problem.message, problem.api_type, problem.request_id),
                (None, None, None),
                "{nothing}"
            );
        }
    }

    #[test]
    fn a_page_says_nothing_twice_and_its_scripts_are_not_read() {
        for (page, words) in [
            ("<title>502 Bad Gateway</title><h1>Bad Gateway</h1><hr>nginx", "502 Bad Gateway nginx"),
            ("<style>h1 { color: red }</style><script>if (1) {}</script><p>Blocked</p>", "Blocked"),
            ("denied", "denied"),
            ("a < b", "a"),
        ] {
            assert_eq!(read(page).message.as_deref(), Some(words), "{page}");
        }
    }

    #[test]
    fn a_redirect_tells_where_it_leads_without_user_and_query() {
        for (location, target) in [
            ("https://www.example.test/v2/x", "https://www.example.test/v2/x"),
            ("https://user:pass@www.example.test:8443/v2?key=1#f", "https://www.example.test:8443/v2"),
            ("//user@other.test/x?y", "https://other.test/x"),
            ("/login?next=/secret", "/login on the same server"),
            ("https://a.test/\u{85}\u{202e}x", "https://a.test/%C2%85%E2%80%AEx"),
            ("https://[", "an address that is not a URL"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_bytes(location.as_bytes()).unwrap());
            let problem =
                ApiError::read(&headers, b"<h1>Moved</h1>", &ApiKey::new("sk_canary".into()).unwrap());
            let error = problem.into_error(301, "whoami");
            assert_eq!(error.kind(), ErrorKind::Redirect);
            assert_eq!(error.message(), format!("whoami: the service redirects to {target}"), "{location}");
            assert!(!error.to_string().contains("pass"), "{error}");
        }
    }

    #[test]
    fn a_server_of_https_that_was_spoken_to_without_is_a_setting() {
        for page in [
            "<h1>400 Bad Request</h1><center>The plain HTTP request was sent to HTTPS port</center>",
            "Client sent an HTTP request to an HTTPS server.\n",
            "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.</p>",
        ] {
            let error = read(page).into_error(400, "whoami");
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.next_step().unwrap().contains("https://"), "{error}");
        }
        assert_eq!(read("Bad Request").into_error(400, "whoami").kind(), ErrorKind::Rejected);
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
    fn a_refusal_that_is_not_the_apis_is_told_as_that() {
        let next = |status: u16, body: &str| {
            read(body).into_error(status, "try").next_step().unwrap_or_default().to_owned()
        };
        let page = "<html><body><h1>Access denied</h1></body></html>";
        assert!(next(403, r#"{"error":"no","type":"FORBIDDEN"}"#).contains("permission"));
        assert!(next(401, r#"{"error":"no"}"#).contains("check the API key"));
        for status in [401, 403, 404, 405] {
            for body in [page, "", "Access denied", "[]"] {
                assert_eq!(next(status, body), NOT_OF_THE_API, "{status} {body}");
            }
        }
        assert_eq!(next(404, r#"{"error":"no"}"#), "");
        assert!(next(413, page).contains("larger"));
        let error = read(page).into_error(403, "try");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Forbidden, "try: Access denied"));
    }
}
