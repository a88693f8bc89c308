//! Requests to the media host: one for a body that comes piece by piece, one for a medium to be stored.
//!
//! The key goes to an origin that may see it and nowhere else. A redirect is followed within its origin, and to origins that
//! were allowed; the key never goes along.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_RANGE, LOCATION, RANGE, TRANSFER_ENCODING,
};
use http::{Method, Response, Version, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::timeout;
use url::Url;

use super::step::{Answered, Asked};
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::Failure;
use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::net::pool::{Link, broken};
use crate::net::request_headers::{head, head_without_key, through};
use crate::net::unreachable::{Route, innermost};
use crate::settings::Settings;
use crate::system::Time;

/// So many redirects in a row are followed.
const MOST_REDIRECTS: u32 = 5;

/// What the address of a variant is called in errors, which never show it.
const WHAT: &str = "signed address of the media";

/// An answer whose body is read piece by piece.
pub(super) struct Fetched {
    pub(super) answered: Answered,
    pub(super) content_type: Option<String>,
    pub(super) rate_limit: RateLimitHeaders,
    link: Link<Full<Bytes>>,
    incoming: Incoming,
    stall: Duration,
}

/// Asks for a file, or for the rest of it.
pub(super) async fn fetch(
    settings: &Arc<Settings>,
    address: &str,
    asked: &Asked,
) -> Result<Fetched, Failure> {
    let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
    if let (1.., Some(etag)) = (asked.offset, &asked.etag) {
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| unsendable());
        headers.insert(RANGE, value(&format!("bytes={}-", asked.offset))?);
        headers.insert(IF_RANGE, value(etag)?);
    }
    let (link, response) = follow(settings, address, Method::GET, headers).await?;
    Ok(Fetched::new(settings, link, response))
}

/// Asks the media host to store a medium of which only a cache has the bytes, which is what `POST` to its address means, and
/// says with which status and for how long it was refused, if it was.
pub(super) async fn store(
    settings: &Arc<Settings>,
    address: &str,
) -> Result<(u16, RateLimitHeaders), Failure> {
    let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("0"))]);
    let (_, response) = follow(settings, address, Method::POST, headers).await?;
    let rate_limit = RateLimitHeaders::read(response.headers(), SystemTime::now());
    Ok((response.status().as_u16(), rate_limit))
}

/// Sends a request, and again to where redirects lead.
async fn follow(
    settings: &Arc<Settings>,
    address: &str,
    method: Method,
    headers: HeaderMap,
) -> Result<(Link<Full<Bytes>>, Response<Incoming>), Failure> {
    let permanent = |error| Failure::not_sent(error).permanent();
    let (mut url, mut may_see_key) = checked(settings, address).map_err(permanent)?;
    for _ in 0..=MOST_REDIRECTS {
        let (link, response) = send(settings, &url, method.clone(), headers.clone(), may_see_key).await?;
        match response.status().as_u16() {
            301 | 302 | 307 | 308 => {}
            // After anything but a read it says that the deed is done.
            303 if method == Method::GET => {}
            _ => return Ok((link, response)),
        }
        url = redirect(settings, &url, &response).map_err(permanent)?;
        may_see_key = false;
    }
    let text = format!("the media host answered with more than {MOST_REDIRECTS} redirects in a row");
    Err(permanent(Error::new(ErrorKind::Redirect, text)))
}

/// The address of a variant, and whether the key may be sent there.
fn checked(settings: &Settings, address: &str) -> Result<(Url, bool)> {
    let unreadable = |_| Error::new(ErrorKind::InvalidAnswer, format!("the {WHAT} cannot be read"));
    let url = Url::parse(address).map_err(unreadable)?;
    settings.origins.check_readable(&url, WHAT)?;
    let may_see_key = settings.origins.check(&url, WHAT).is_ok();
    Ok((url, may_see_key))
}

/// Where a redirect leads, if it may be followed.
fn redirect(settings: &Settings, from: &Url, response: &Response<Incoming>) -> Result<Url> {
    let refused = |text: String| Error::new(ErrorKind::Redirect, text);
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| from.join(location).ok());
    let next =
        next.ok_or_else(|| refused("the media host answered with a redirect that leads nowhere".to_owned()))?;
    let origin = next.origin().ascii_serialization();
    if next.origin() != from.origin() && settings.origins.check(&next, WHAT).is_err() {
        return Err(refused(format!(
            "the media host answered with a redirect to {origin}, which was not followed: allow that origin if you trust it"
        )));
    }
    settings.origins.check_readable(&next, "redirect of the media host")?;
    Ok(next)
}

async fn send(
    settings: &Arc<Settings>,
    url: &Url,
    method: Method,
    headers: HeaderMap,
    may_see_key: bool,
) -> Result<(Link<Full<Bytes>>, Response<Incoming>), Failure> {
    let head = if may_see_key { head } else { head_without_key };
    let request = head(settings, method, url, headers).and_then(|head| head.body(Full::default()));
    let request = request.map_err(|_| unsendable())?;
    let mut link = Link::open(settings, url).await?;
    let route = Route::of(settings, url);
    let limit = settings.answer_timeout;
    let response = link.sender.send_request(request);
    match timeout(limit, link.until(response)).await {
        Ok(Ok(response)) => Ok((link, response)),
        Ok(Err(error)) => Err(Failure::lost(through(route, broken(&error)), true)),
        Err(_) => {
            let text = format!("the media host gave no answer within {}", Time(limit));
            Err(Failure::lost(Error::new(ErrorKind::Timeout, text), true))
        }
    }
}

fn unsendable() -> Failure {
    let text = format!("the {WHAT} cannot be used in a request");
    Failure::not_sent(Error::new(ErrorKind::InvalidAnswer, text)).permanent()
}

impl Fetched {
    fn new(settings: &Settings, link: Link<Full<Bytes>>, response: Response<Incoming>) -> Self {
        let (parts, incoming) = response.into_parts();
        let text = |name: header::HeaderName| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some(value.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let answered = Answered {
            status: parts.status.as_u16(),
            content_length: text(CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            content_range: text(CONTENT_RANGE),
            etag: text(ETAG),
            is_framed: parts.version >= Version::HTTP_2
                || text(TRANSFER_ENCODING)
                    .is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked")),
            is_coded: text(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")),
        };
        Self {
            answered,
            content_type: text(CONTENT_TYPE),
            rate_limit: RateLimitHeaders::read(&parts.headers, SystemTime::now()),
            link,
            incoming,
            stall: settings.stall_timeout,
        }
    }

    /// The next piece of the body; nothing at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let frame = timeout(self.stall, self.link.until(self.incoming.frame())).await;
            let frame = frame.map_err(|_| {
                let text = format!("the media host sent nothing for {}", Time(self.stall));
                Error::new(ErrorKind::Timeout, text)
            })?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| {
                let text = format!("the connection broke in the middle of the file ({})", innermost(&error));
                Error::new(ErrorKind::Network, text)
            })?;
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
    }
}
