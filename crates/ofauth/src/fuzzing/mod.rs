//! What the fuzz targets in `fuzz/` call: bytes from outside go through the code that reads them, and what must hold
//! of the result is asserted.
//!
//! Compiled for fuzzing and for the tests of this crate only, which run the checked-in corpora; it is no part of the
//! library. A module for each room of it has the assertions. Each function returns
//! whether the input was accepted, so that a corpus can be seen to reach both sides.

pub(crate) mod upload;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use ofauth_operations::display_safe::is_unsafe;
use url::Url;

use crate::error::Error;
use crate::http::response::{LONGEST_ANSWER, Response};
use crate::origin::{Origins, is_loopback};
use crate::proxy::Proxy;
use crate::secret::ApiKey;

/// A key that servers echo, with every character that JSON may escape.
const KEY: &str = "sk_live_/\"\\canary";
/// The longest text of a server in an error, in characters, and the mark that it was cut.
const LONGEST_TEXT: usize = 500 + 1;

/// An answer to init, read as a plan. First line: the size of the file.
pub fn plan(input: &[u8]) -> bool {
    upload::plan(&Told::read(input))
}

/// An answer to a PUT or to complete. First line: the status, then `part N`, `file` or `complete`, then perhaps `early`.
pub fn step(input: &[u8]) -> bool {
    upload::step(&Told::read(input))
}

/// The answer to a request that failed. First line: the status. Accepted: it has a message.
pub fn api_error(input: &[u8]) -> bool {
    let told = Told::read(input);
    let status = told.number().unwrap_or(500);
    let problem = told.answer(status).api_error(&key());
    let texts = [&problem.message, &problem.api_type, &problem.request_id, &problem.action_required];
    for text in texts.into_iter().flatten() {
        assert!(!text.is_empty() && text.chars().count() <= LONGEST_TEXT, "{text:?}");
        assert_hides_the_key(text);
    }
    let has_message = problem.message.is_some();
    assert_presentable(&problem.into_error(status, "try"));
    has_message
}

/// A journal's file. Accepted: a session can be read from it.
pub fn journal(input: &[u8]) -> bool {
    crate::journal::fuzzing::file(input)
}

/// The records of a journal, a line each; they are framed here, because no mutation finds checksums. A first line
/// `finishing` sets the flag of the header. Accepted: every line is a record that can stand there.
pub fn records(input: &[u8]) -> bool {
    crate::journal::fuzzing::records(input)
}

/// Answers with rate limit headers, in the time between them: a script, see its module. Accepted: a limit is known
/// at its end.
pub fn headers(input: &[u8]) -> bool {
    crate::rate_limiter::fuzzing::script(input)
}

/// Lines: a base URL, an allowed origin (may be empty), a proxy (may be empty), then URLs that a plan could name.
/// Accepted: one of those URLs may see the key.
pub fn origins(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let (base, allowed, proxy) = (lines.next(), lines.next(), lines.next());
    let allowed: Vec<_> = allowed.filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect();
    if let Some(Ok(proxy)) = proxy.map(Proxy::new) {
        assert!(proxy.url.username().is_empty() && proxy.url.password().is_none());
        assert!(proxy.authorization.is_none_or(|value| value.is_sensitive()));
        assert_leads_where_it_says(&proxy.url);
    }
    let mut accepted = false;
    for plain_http in [false, true] {
        let Ok(origins) = Origins::new(base.unwrap_or_default(), &allowed, plain_http) else { continue };
        let may_see_the_key = |url: &Url| {
            let origin = url.origin();
            let known = origin == origins.base().origin()
                || allowed.iter().any(|text| Url::parse(text.trim()).is_ok_and(|url| url.origin() == origin));
            assert!(known, "{url} has an origin that nobody allowed");
            assert!(url.scheme() == "https" || plain_http || is_loopback(url), "{url} is not encrypted");
            assert!(url.username().is_empty() && url.password().is_none(), "{url} has a user");
            assert_leads_where_it_says(url);
        };
        may_see_the_key(origins.base());
        for text in lines.clone() {
            if let Ok(url) = origins.trusted(text, "part URL") {
                may_see_the_key(&url);
                let again = origins.trusted(url.as_str(), "part URL");
                assert!(again.is_ok_and(|again| again == url), "{url} is another one when it is read again");
                accepted = true;
            }
            let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
            if let Ok(url) = origins.api_url(&format!("/v2/{encoded}")) {
                may_see_the_key(&url);
            }
        }
    }
    accepted
}

/// The URL was judged by one parser, and another one takes it apart to connect.
fn assert_leads_where_it_says(url: &Url) {
    let Ok(uri) = url.as_str().parse::<Uri>() else { return };
    assert_eq!(uri.scheme_str(), Some(url.scheme()), "{url}");
    assert_eq!(uri.host(), url.host_str(), "{url}");
    assert_eq!(uri.port_u16(), url.port(), "{url}");
}

/// An error goes to logs and terminals.
pub(crate) fn assert_presentable(error: &Error) {
    let text = error.to_string();
    assert!(!text.contains(is_unsafe), "a terminal would obey this: {text:?}");
    assert!(!text.is_empty() && text.chars().count() < 5 * LONGEST_TEXT, "{text:?}");
    assert_hides_the_key(&text);
    assert_hides_the_key(&format!("{error:?}"));
}

/// No form of the key is in a text.
pub(crate) fn assert_hides_the_key(text: &str) {
    let quoted = format!("{KEY:?}");
    assert!(!text.contains(KEY) && !text.contains(quoted.trim_matches('"')), "the key is in {text:?}");
}

/// The key of the client that is fuzzed.
pub(crate) fn key() -> ApiKey {
    match ApiKey::new(KEY.to_owned()) {
        Ok(key) => key,
        Err(error) => unreachable!("{error}"),
    }
}

/// What a server told: a line for the circumstances, headers, an empty line, and the body.
pub(crate) struct Told<'a> {
    pub(crate) first: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a> Told<'a> {
    /// Takes an input apart. Lines that are no headers count as not there.
    pub(crate) fn read(input: &'a [u8]) -> Self {
        let end = input.windows(2).position(|two| two == b"\n\n");
        let (head, body) = match end.and_then(|end| input.split_at_checked(end)) {
            Some((head, rest)) => (head, rest.get(2..).unwrap_or_default()),
            None => (input, <&[u8]>::default()),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(header) {
            // Fails only if there are too many.
            _ = headers.try_append(name, value);
        }
        Self { first, headers, body }
    }

    /// The first number of the first line.
    pub(crate) fn number<N: std::str::FromStr>(&self) -> Option<N> {
        self.first.split_whitespace().next()?.parse().ok()
    }

    /// The answer as the transport hands it on.
    pub(crate) fn answer(&self, status: u16) -> Response {
        Response::new(status, self.headers.clone(), Bytes::copy_from_slice(self.body), LONGEST_ANSWER, &key())
    }
}

/// A line `name: value`.
pub(crate) fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
    let name = HeaderName::from_bytes(name).ok()?;
    Some((name, HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Where the input came from and whether it was accepted.
    fn run(target: &str, read: fn(&[u8]) -> bool) -> Vec<(String, bool)> {
        // Tests run in the directory of their package.
        let corpus = Path::new("../../fuzz/corpus").join(target);
        let entries =
            std::fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{}: {error}", corpus.display()));
        let one = |path: &Path| (path.display().to_string(), read(&std::fs::read(path).unwrap()));
        entries.map(|entry| one(&entry.unwrap().path())).collect()
    }

    #[test]
    fn the_corpora_hold_what_is_accepted_and_what_is_not() {
        type Target = (&'static str, fn(&[u8]) -> bool);
        let targets: [Target; 7] = [
            ("plan", super::plan),
            ("step", super::step),
            ("api_error", super::api_error),
            ("journal", super::journal),
            ("records", super::records),
            ("headers", super::headers),
            ("origins", super::origins),
        ];
        for (target, read) in targets {
            let inputs = run(target, read);
            let accepted = inputs.iter().filter(|(_, accepted)| *accepted).count();
            assert!(accepted > 0 && accepted < inputs.len(), "{target}: {inputs:#?}");
        }
    }

    #[test]
    #[should_panic(expected = "the key is in")]
    fn a_key_that_is_shown_is_seen() {
        super::assert_hides_the_key(&format!("{:?}", super::KEY));
    }

    #[test]
    #[should_panic(expected = "a terminal would obey")]
    fn a_text_that_turns_around_is_seen() {
        let error = crate::Error::new(crate::ErrorKind::Server, "no");
        super::assert_presentable(&error.with_next_step("a\u{202e}b"));
    }
}
