//! Answers of the scriptable server, down to the byte.
//!
//! An [`Answer`] is a status, headers and a body together with the way it is put on the wire: framed by length, in
//! chunks or by the end of the connection, whole or cut short, at once or in drips.

use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Content-Length`.
    Length,
    /// `Transfer-Encoding: chunked`, in chunks of so many bytes.
    Chunked(usize),
    /// The end of the connection, as in HTTP/1.0.
    UntilClose,
}

/// An answer and the way it is sent.
#[derive(Debug, Clone)]
pub struct Answer {
    version: &'static str,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    framing: Framing,
    cut: Option<usize>,
    before: Vec<u8>,
    after: Vec<u8>,
    /// Bytes per write and the pause between two.
    pub(crate) drip: Option<(usize, Duration)>,
}

impl Answer {
    /// An answer without body.
    pub fn new(status: u16) -> Self {
        Self {
            version: "HTTP/1.1",
            status,
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
            cut: None,
            before: Vec::new(),
            after: Vec::new(),
            drip: None,
        }
    }

    /// The same answer with another status.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::with_body(status, "application/json", body.to_string())
    }

    /// An answer with any body.
    pub fn with_body(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new(status) }.header("Content-Type", content_type)
    }

    /// The API's documented error.
    pub fn problem(status: u16, error: &str, api_type: &str, request_id: &str) -> Self {
        Self::json(status, &serde_json::json!({"error": error, "type": api_type, "requestId": request_id}))
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Packs the body with gzip and says so by this name.
    pub fn gzip(mut self, coding: &str) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // Writing to memory does not fail.
        self.body = encoder.write_all(&self.body).and_then(|()| encoder.finish()).unwrap_or_default();
        self.header("Content-Encoding", coding)
    }

    /// Puts a byte order mark before the body.
    pub fn marked(mut self) -> Self {
        self.body.splice(..0, *b"\xef\xbb\xbf");
        self
    }

    /// Sends the body in chunks of so many bytes.
    pub fn chunked(mut self, size: usize) -> Self {
        self.framing = Framing::Chunked(size.max(1));
        self
    }

    /// Ends the body with the connection.
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// Answers as HTTP/1.0, which closes after every answer.
    pub fn http10(mut self) -> Self {
        self.version = "HTTP/1.0";
        self
    }

    /// Announces the whole body and sends only the first `bytes` of it.
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Sends these bytes in front, such as interim answers.
    pub fn after(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.before = bytes.into();
        self
    }

    /// Sends these bytes behind the end of the answer.
    pub fn followed_by(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.after = bytes.into();
        self
    }

    /// Sends `bytes` at a time with a pause between two writes.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some((bytes.max(1), pause));
        self
    }

    /// Whether the connection cannot be used after this answer.
    pub fn closes(&self) -> bool {
        let says_so = self.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
        });
        says_so || self.framing == Framing::UntilClose || self.cut.is_some() || self.version == "HTTP/1.0"
    }

    /// The answer as it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        out.extend_from_slice(format!("{} {} Something\r\n", self.version, self.status).as_bytes());
        for (name, value) in &self.headers {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let sent = self.body.get(..self.cut.unwrap_or(self.body.len())).unwrap_or(&self.body);
        // A status that has no body must not announce one.
        let bodiless = self.status == 204 || self.status == 304 || self.status < 200;
        match self.framing {
            _ if bodiless => out.extend_from_slice(b"\r\n"),
            Framing::UntilClose => {
                out.extend_from_slice(b"Connection: close\r\n\r\n");
                out.extend_from_slice(sent);
            }
            Framing::Length => {
                out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
                out.extend_from_slice(sent);
            }
            Framing::Chunked(size) => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in sent.chunks(size) {
                    out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                }
                if self.cut.is_none() {
                    out.extend_from_slice(b"0\r\n\r\n");
                }
            }
        }
        out.extend_from_slice(&self.after);
        out
    }
}
