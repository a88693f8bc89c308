//! An answer on its way out.
//!
//! [`Reply`] is what an operation says; [`AnswerBody`] is the body that hyper sends, which can be cut, slowed and
//! split, and which can end its connection when the last byte has left.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde_json::Value;
use tokio::time::Sleep;

use crate::net::socket::{Control, Cut};

/// What an operation answers.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
}

/// The body of a [`Reply`].
pub(crate) enum Payload {
    Empty,
    Json(Value),
    Text {
        content_type: String,
        text: String,
    },
    /// What is no text.
    Bytes {
        content_type: String,
        length: u64,
        chunks: Chunks,
    },
    /// JSON too long to be held in memory.
    LongJson {
        /// None if it is not known before everything is made.
        length: Option<u64>,
        chunks: Chunks,
    },
}

impl Payload {
    /// The same payload with its JSON as text.
    pub(crate) fn written(self) -> Self {
        match self {
            Self::Json(value) => {
                Self::Text { content_type: "application/json".to_owned(), text: value.to_string() }
            }
            other => other,
        }
    }

    /// The text, if it is JSON or says so.
    pub(crate) fn json(&self) -> Option<&str> {
        match self {
            Self::Text { content_type, text } if content_type == "application/json" => Some(text),
            _ => None,
        }
    }
}

/// The pieces of a body.
pub(crate) type Chunks = Box<dyn Iterator<Item = Bytes> + Send>;

impl Reply {
    pub(crate) fn new(status: StatusCode, payload: Payload) -> Self {
        Self { status, headers: HeaderMap::new(), payload }
    }

    pub(crate) fn json(value: Value) -> Self {
        Self::new(StatusCode::OK, Payload::Json(value))
    }

    /// Adds a header; a value that HTTP does not allow is left out.
    pub(crate) fn header(&mut self, name: &str, value: impl ToString) {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value.to_string());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.insert(name, value);
        }
    }

    /// The response that hyper sends, delivered as `delivery` says.
    pub(crate) fn into_response(self, delivery: Delivery) -> Response<AnswerBody> {
        let (content_type, length, chunks): (Option<String>, Option<u64>, Chunks) = match self.payload {
            Payload::Empty => (None, Some(0), Box::new(std::iter::empty())),
            Payload::Json(value) => whole("application/json", value.to_string()),
            Payload::Text { content_type, text } => whole(&content_type, text),
            Payload::Bytes { content_type, length, chunks } => (Some(content_type), Some(length), chunks),
            Payload::LongJson { length, chunks } => (Some("application/json".to_owned()), length, chunks),
        };
        let mut response = Response::new(AnswerBody::new(length, chunks, delivery));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Some(value) = content_type.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().entry(CONTENT_TYPE).or_insert(value);
        }
        response
    }
}

fn whole(content_type: &str, text: String) -> (Option<String>, Option<u64>, Chunks) {
    let length = text.len() as u64;
    (Some(content_type.to_owned()), Some(length), Box::new(std::iter::once(Bytes::from(text))))
}

/// How a body is delivered.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Stop after this many bytes and leave the rest unsent.
    pub(crate) cut_after: Option<u64>,
    /// End the connection, so, when everything is sent.
    pub(crate) end: Option<(Control, Cut)>,
    /// Send in pieces.
    pub(crate) pieces: Option<Pieces>,
}

/// Small pieces instead of a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces {
    pub(crate) size: usize,
    pub(crate) delay: Duration,
    /// Keep the `Content-Length` instead of using chunked encoding.
    pub(crate) with_length: bool,
}

/// The body that hyper sends.
pub(crate) struct AnswerBody {
    length: Option<u64>,
    chunks: Chunks,
    current: Bytes,
    left_until_cut: Option<u64>,
    end: Option<(Control, Cut)>,
    pieces: Option<Pieces>,
    /// A pause after a piece; hyper flushes when a body is not ready.
    pause: Option<Pin<Box<Sleep>>>,
}

impl AnswerBody {
    fn new(length: Option<u64>, chunks: Chunks, delivery: Delivery) -> Self {
        Self {
            length,
            chunks,
            current: Bytes::new(),
            left_until_cut: delivery.cut_after.filter(|cut| length.is_none_or(|length| *cut < length)),
            end: delivery.end,
            pieces: delivery.pieces,
            pause: None,
        }
    }

    /// Ends the connection when this body is sent.
    pub(crate) fn end_with(&mut self, control: Control, how: Cut) {
        self.end = Some((control, how));
    }

    /// The next bytes to send, or none at the end.
    fn next(&mut self) -> Option<Bytes> {
        while self.current.is_empty() {
            self.current = self.chunks.next()?;
        }
        let piece = self.pieces.map_or(usize::MAX, |pieces| pieces.size);
        let until_cut =
            self.left_until_cut.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        let size = self.current.len().min(piece).min(until_cut);
        let bytes = self.current.split_to(size);
        if let Some(left) = &mut self.left_until_cut {
            *left = left.saturating_sub(size as u64);
        }
        Some(bytes)
    }

    fn end_connection(&mut self) {
        if let Some((control, how)) = self.end.take() {
            control.cut_when_flushed(how);
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if self.left_until_cut == Some(0) {
            // The connection ends at the flush that follows, so nothing needs to wake this body again.
            self.end_connection();
            return Poll::Pending;
        }
        let Some(bytes) = self.next() else {
            self.end_connection();
            return Poll::Ready(None);
        };
        if let Some(pieces) = self.pieces {
            // Even a pause of no length leaves hyper time to flush, so that every piece is written on its own.
            let delay = pieces.delay.max(Duration::from_millis(1));
            self.pause = Some(Box::pin(tokio::time::sleep(delay)));
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        match (self.pieces, self.length) {
            (Some(Pieces { with_length: false, .. }), _) | (_, None) => SizeHint::default(),
            (_, Some(length)) => SizeHint::with_exact(length),
        }
    }
}

impl Drop for AnswerBody {
    /// A body of known length is dropped, not polled, once its last byte is handed over.
    fn drop(&mut self) {
        self.end_connection();
    }
}
