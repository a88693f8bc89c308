//! An answer of the service, read whole.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use serde::de::DeserializeOwned;

use super::coding;
use super::rate_limit_headers::server_time;
use super::shape::has_too_many_values;
use crate::error::{Error, ErrorKind, Result};
use crate::origin::host_port;
use crate::proxy::Proxy;
use crate::secret::ApiKey;

/// The longest JSON answer that is read, in bytes. A plan of 100 000 parts is about 25 MB.
pub(crate) const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

/// The longest answer to a PUT or to complete that is read, in bytes: it holds an etag, or the media object of one file. What
/// is read of JSON takes many times its length in memory.
pub(crate) const LONGEST_STEP: usize = 256 * 1024;

/// The status of a request that came over a connection to another server than it was meant for.
pub(crate) const MISDIRECTED: u16 = 421;

/// What some programs write before UTF-8, and no JSON begins with (RFC 8259, section 8.1).
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// How long an answer may take from its first to its last byte.
const ANSWER_BODY: Duration = Duration::from_secs(5 * 60);

/// How long the words of a refusal may take. Its status stands without them, and whoever stops the call meanwhile should not
/// be left in doubt.
const REFUSAL_BODY: Duration = Duration::from_secs(3);

/// How long the body of an answer with this status may take.
pub(crate) fn time_for_body(status: http::StatusCode) -> Duration {
    if status.is_success() { ANSWER_BODY } else { REFUSAL_BODY }
}

/// Adds a piece to the body of an answer. The server decides how long it is, so memory is asked for.
pub(crate) fn add(body: &mut Vec<u8>, piece: &[u8], doing: &str) -> Result<()> {
    body.try_reserve(piece.len()).map_err(|error| {
        let text = format!("{doing}: there is no memory for the answer: raise the limit of memory");
        Error::new(ErrorKind::Resources, text).with_source(error)
    })?;
    body.extend_from_slice(piece);
    Ok(())
}

/// Why the body of an answer is not what the service meant to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is longer than this bound, in bytes.
    TooLong(usize),
    /// It holds more values than are read.
    TooMany,
    /// It has a coding that was not asked for and is not read.
    Coding(String),
    /// It has a coding, and what that should be able to read is damaged.
    Damaged(String),
}

/// The end of a sentence about the answer.
impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong(most) => {
                let (most, unit) = if *most < 1 << 20 { (most >> 10, "KiB") } else { (most >> 20, "MiB") };
                write!(f, "it is longer than {most} {unit}")
            }
            Self::TooMany => f.write_str("it holds more than a million values"),
            Self::Coding(coding) => {
                let shown: String = coding.chars().take(40).collect();
                write!(f, "it is compressed ({shown}) although no compression was asked for")
            }
            Self::Damaged(coding) => {
                write!(f, "it claims to be compressed ({coding}), but is damaged or cut short")
            }
        }
    }
}

/// An answer of the service: status, headers and the whole body.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let response = client.call("list_vault_media").send().await?;
/// println!("{}, request {}", response.status(), response.request_id().unwrap_or("without an id"));
/// std::fs::write("media.json", response.body()).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Why the body is not to be believed.
    pub(crate) trouble: Option<Trouble>,
    /// Whether it came before the service had the whole body of the request.
    pub(crate) before_body: bool,
    /// The proxy that passed it on and may have written it, if it came without encryption.
    pub(crate) proxy: Option<Box<PassedOn>>,
}

/// A proxy that passed an answer on.
#[derive(Debug, Clone)]
pub(crate) struct PassedOn {
    /// Its host and port.
    pub(crate) name: String,
    /// What it wants, and what helps, if the answer asks for a login (407).
    pub(crate) login: String,
}

impl Response {
    /// An answer whose body came as this: without its coding, if that leaves no more than `most` bytes, without a byte order
    /// mark, and with the key cut out of it should the server echo it. The headers are those of the body that is left.
    pub(crate) fn new(status: u16, headers: HeaderMap, came: Bytes, most: usize, key: &ApiKey) -> Self {
        let mut headers = key.cut_from_headers(headers);
        let (body, trouble) = coding::undo(&headers, came.clone(), most);
        if trouble.is_none() && coding::is_coded(&headers) {
            headers.remove(CONTENT_ENCODING);
        }
        let body = match body.strip_prefix(UTF8_MARK) {
            Some(text) => body.slice_ref(text),
            None => body,
        };
        let trouble = trouble.or_else(|| has_too_many_values(&body).then_some(Trouble::TooMany));
        let body = key.cut_from_body(body);
        if body.len() != came.len() {
            headers.remove(CONTENT_LENGTH);
        }
        Self { status, headers, body, trouble, before_body: false, proxy: None }
    }

    /// The same answer, whose body went on after `most` bytes.
    pub(crate) fn longer_than(self, most: usize) -> Self {
        Self { trouble: Some(Trouble::TooLong(most)), ..self }
    }

    /// The same answer, passed on by a proxy that could read it. The proxy's password is cut out of a refusal.
    pub(crate) fn through(mut self, proxy: Option<&Proxy>) -> Self {
        let Some(proxy) = proxy else { return self };
        if !self.is_success()
            && let Ok(text) = str::from_utf8(&self.body)
        {
            self.body = Bytes::from(proxy.cut_from(text));
        }
        self.proxy =
            Some(Box::new(PassedOn { name: host_port(&proxy.url), login: proxy.login(&self.headers) }));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body, without compression and byte order mark, and with `[api key]` in place of the API key should a server
    /// echo it. At most 32 MiB.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, read as JSON into any type; an empty body is read as `null`.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let page: serde_json::Value = client.call("list_vault_media").param("limit", 10).send().await?.json()?;
    /// println!("{}", page["hasMore"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidAnswer`](ErrorKind::InvalidAnswer) if the body is not JSON, or not that of a `T`. The call was carried out.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let body: &[u8] = if self.body.iter().all(u8::is_ascii_whitespace) { b"null" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| {
            let what = if error.is_data() { "of the type that was asked for" } else { "JSON" };
            self.invalid(format!("the answer is not {what}: {error}"))
        })
    }

    /// The error that this answer is, which is not what was asked for.
    pub(crate) fn invalid(&self, message: impl Into<String>) -> Error {
        let request_id = self.request_id().map(str::to_owned);
        Error::new(ErrorKind::InvalidAnswer, message).with_answer(self.status, None, request_id, None)
    }

    /// The value of a response header, if it is there and readable text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The service's clock, if the answer says it.
    pub(crate) fn service_time(&self) -> Option<SystemTime> {
        server_time(&self.headers)
    }

    /// The response headers that are readable text: names in lower case, and values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The id under which the service knows the request, if the answer says it in a header.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The id under which the service, or what stands before it, knows the request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-request-id", "request-id"].iter().find_map(|name| headers.get(*name)?.to_str().ok())
}

// The body may hold signed media URLs, which work without a key: they stay out of logs.
impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
