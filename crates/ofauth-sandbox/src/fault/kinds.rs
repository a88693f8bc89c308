//! What can go wrong with one request: the kinds of faults and their details.
//!
//! The crate documentation has the table of kinds. On which requests a fault is played is said by a rule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::page_change::PageChange;
use super::plan_change::PlanChange;
use crate::net::socket::Cut;

/// What goes wrong with one request. In JSON the variant is the `kind`, in snake case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// Another answer instead of the request's own.
    Status(StatusFault),
    /// An answer of one's own. The request is not carried out.
    Answer {
        /// The status.
        #[serde(default = "ok")]
        status: u16,
        /// The body; without it there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        json: Option<Value>,
        /// More headers.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
    },
    /// An HTML page, as a proxy in between would answer. The request is not carried out.
    Html {
        /// The status.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// A pause.
    Delay {
        /// Its length in milliseconds.
        ms: u64,
        /// Where it is made.
        #[serde(default)]
        before: Before,
    },
    /// The request's body is read slowly. What the system buffers is not held back: see
    /// [`SandboxBuilder::receive_buffer`](crate::SandboxBuilder::receive_buffer).
    SlowReader {
        /// The rate; 0 reads nothing at all.
        bytes_per_second: u64,
    },
    /// The connection ends once this many bytes of the request's body are read; the request is not carried out.
    /// A shorter body is not cut.
    CutRequest {
        /// How many bytes are read.
        bytes: u64,
        /// How the connection ends.
        #[serde(default = "reset")]
        how: Cut,
    },
    /// The request is carried out, but its answer stops in the middle.
    CutAnswer {
        /// How many bytes are sent.
        bytes: u64,
        /// What the bytes are counted from.
        #[serde(default)]
        of: Portion,
        /// How the connection ends.
        #[serde(default)]
        how: Cut,
    },
    /// The request is carried out, then the connection ends without an answer.
    AnswerLost {
        /// How the connection ends.
        #[serde(default)]
        how: Cut,
    },
    /// The connection is closed after the answer.
    CloseAfterAnswer {
        /// Whether the answer says so with `Connection: close`.
        #[serde(default)]
        announce: bool,
    },
    /// The answer arrives in small pieces.
    Chunks {
        /// Bytes of a piece.
        #[serde(default = "one")]
        size: usize,
        /// The pause after each piece in milliseconds.
        #[serde(default)]
        delay_ms: u64,
        /// Whether the answer has a `Content-Length`; otherwise its transfer encoding is chunked.
        #[serde(default)]
        length: bool,
    },
    /// The upload session that the path names ends before the request is looked at.
    Expire {
        /// The status from then on.
        #[serde(default = "not_found")]
        status: u16,
    },
    /// A part is refused while another request of its session is in flight.
    RefuseParallel {
        /// The status.
        #[serde(default = "conflict")]
        status: u16,
    },
    /// A part is refused while an earlier one is missing.
    RefuseOutOfOrder {
        /// The status.
        #[serde(default = "conflict")]
        status: u16,
    },
    /// A part that was accepted before is refused.
    RefuseRepeat {
        /// The status.
        #[serde(default = "conflict")]
        status: u16,
    },
    /// The request is carried out, but its answer is not JSON although it says so.
    Unreadable {
        /// The body of the answer.
        #[serde(default = "gibberish")]
        body: String,
    },
    /// A redirect. The request is not carried out.
    Redirect {
        /// Where to.
        location: String,
        /// The status.
        #[serde(default = "temporary_redirect")]
        status: u16,
    },
    /// The request is carried out and its answer is padded with a long field.
    HugeJson {
        /// How long the padding is.
        bytes: u64,
    },
    /// The request is carried out and answered without a body.
    Empty {
        /// The status.
        #[serde(default = "ok")]
        status: u16,
    },
    /// The request is carried out and its JSON answer is changed by a merge patch (RFC 7396): null removes a field.
    Merge {
        /// The patch.
        patch: Value,
    },
    /// The plan that init answers is changed.
    Plan {
        /// How.
        change: PlanChange,
    },
    /// The page that a list answers is changed.
    Page {
        /// How.
        change: PageChange,
    },
    /// A media ends early, and its `Content-Length` says so: who knows its size sees that something is missing.
    Short {
        /// How many bytes are missing.
        bytes: u64,
    },
    /// All of a media is answered, although a part was asked for.
    IgnoreRange,
}

/// An answer instead of the request's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusFault {
    /// The status.
    pub status: u16,
    /// The text of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The `type` of the error; by default the one that goes with the status.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub api_type: Option<String>,
    /// The `actionRequired` of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_required: Option<String>,
    /// A body instead of an error in the documented form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The content type of the body, by default JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// More headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// `X-RateLimit-*` headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimitHeaders>,
    /// Answer after this many bytes of the body, then close the connection with the rest unread.
    /// Without it the whole body is read and the connection stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Carry the request out first. If it is refused, the refusal is answered instead.
    #[serde(default)]
    pub work: bool,
}

/// The value of a `Retry-After` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u64),
    /// An HTTP date, this many seconds from now.
    DateIn {
        /// The seconds.
        date_in: u64,
    },
    /// Any text.
    Text(String),
}

/// The values of `X-RateLimit-Limit`, `-Remaining` and `-Reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitHeaders {
    /// The size of the bucket.
    pub limit: u64,
    /// What is left in it.
    pub remaining: u64,
    /// When it is full again, in seconds.
    pub reset: u64,
}

/// Where a [`Fault::Delay`] is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// Before the request's body is read.
    Body,
    /// Before the answer is sent.
    #[default]
    Answer,
}

/// What the bytes of a [`Fault::CutAnswer`] are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portion {
    /// The start of the body.
    #[default]
    Body,
    /// The start of the status line.
    Whole,
}

impl Fault {
    /// An error with this status, in the documented form.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let failing = Fault::status(500).on("create_post");
    /// ```
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(StatusFault { status, ..StatusFault::default() })
    }

    /// An error with this status, sent before the request's body is read; then the connection is closed.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let too_large = Fault::refusal(413).on("upload");
    /// ```
    #[must_use]
    pub fn refusal(status: u16) -> Self {
        Self::Status(StatusFault { status, read: Some(0), ..StatusFault::default() })
    }

    /// An answer of one's own, with status 200.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let no_fans = Fault::answer(serde_json::json!({ "list": [], "hasMore": false })).on("list_subscribers");
    /// ```
    #[must_use]
    pub fn answer(json: impl Into<Value>) -> Self {
        Self::Answer { status: ok(), json: Some(json.into()), headers: BTreeMap::new() }
    }

    /// The kind, as it is written in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Answer { .. } => "answer",
            Self::Html { .. } => "html",
            Self::Delay { .. } => "delay",
            Self::SlowReader { .. } => "slow_reader",
            Self::CutRequest { .. } => "cut_request",
            Self::CutAnswer { .. } => "cut_answer",
            Self::AnswerLost { .. } => "answer_lost",
            Self::CloseAfterAnswer { .. } => "close_after_answer",
            Self::Chunks { .. } => "chunks",
            Self::Expire { .. } => "expire",
            Self::RefuseParallel { .. } => "refuse_parallel",
            Self::RefuseOutOfOrder { .. } => "refuse_out_of_order",
            Self::RefuseRepeat { .. } => "refuse_repeat",
            Self::Unreadable { .. } => "unreadable",
            Self::Redirect { .. } => "redirect",
            Self::HugeJson { .. } => "huge_json",
            Self::Empty { .. } => "empty",
            Self::Merge { .. } => "merge",
            Self::Plan { .. } => "plan",
            Self::Page { .. } => "page",
            Self::Short { .. } => "short",
            Self::IgnoreRange => "ignore_range",
        }
    }
}

fn ok() -> u16 {
    200
}

fn temporary_redirect() -> u16 {
    307
}

fn not_found() -> u16 {
    404
}

fn conflict() -> u16 {
    409
}

fn bad_gateway() -> u16 {
    502
}

fn one() -> usize {
    1
}

fn reset() -> Cut {
    Cut::Reset
}

fn gibberish() -> String {
    "{\"mediaUploadId\": \"upl".to_owned()
}
