//! How faults are played on a request.
//!
//! [`RequestFaults`] holds the faults of one request and answers the questions of the stages that the request passes.
//! Where several faults answer the same question, the first counts.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::kinds::{Before, Fault, Portion, RetryAfter, StatusFault};
use super::page_change::PageChange;
use super::plan_change::PlanChange;
use crate::error::{default_type, error_body};
use crate::http::reply::{Delivery, Payload, Pieces, Reply};
use crate::net::socket::{Control, Cut};

/// What a proxy in between would answer.
const HTML: &str =
    "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body><h1>Bad Gateway</h1></body>\r\n</html>\r\n";

/// The padding of a huge answer is made in pieces of this size.
const PADDING: usize = 64 * 1024;

/// The faults of one request.
#[derive(Debug, Default)]
pub(crate) struct RequestFaults(Vec<Fault>);

impl RequestFaults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// Plays these, too, after those that it has.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) {
        self.0.extend(faults);
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.0.iter().map(Fault::kind).collect()
    }

    fn find<T>(&self, pick: impl FnMut(&Fault) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(pick)
    }

    pub(crate) fn delay(&self, place: Before) -> Option<Duration> {
        self.find(|fault| match fault {
            Fault::Delay { ms, before } if *before == place => Some(Duration::from_millis(*ms)),
            _ => None,
        })
    }

    pub(crate) fn read_rate(&self) -> Option<u64> {
        self.find(|fault| match fault {
            Fault::SlowReader { bytes_per_second } => Some(*bytes_per_second),
            _ => None,
        })
    }

    pub(crate) fn cut_request(&self) -> Option<(u64, Cut)> {
        self.find(|fault| match fault {
            Fault::CutRequest { bytes, how } => Some((*bytes, *how)),
            _ => None,
        })
    }

    pub(crate) fn expire(&self) -> Option<u16> {
        self.find(|fault| match fault {
            Fault::Expire { status } => Some(*status),
            _ => None,
        })
    }

    pub(crate) fn refuse_parallel(&self) -> Option<StatusCode> {
        self.find(|fault| match fault {
            Fault::RefuseParallel { status } => Some(code(*status)),
            _ => None,
        })
    }

    pub(crate) fn refuse_out_of_order(&self) -> Option<StatusCode> {
        self.find(|fault| match fault {
            Fault::RefuseOutOfOrder { status } => Some(code(*status)),
            _ => None,
        })
    }

    pub(crate) fn refuse_repeat(&self) -> Option<StatusCode> {
        self.find(|fault| match fault {
            Fault::RefuseRepeat { status } => Some(code(*status)),
            _ => None,
        })
    }

    pub(crate) fn plan_changes(&self) -> impl Iterator<Item = &PlanChange> {
        self.0.iter().filter_map(|fault| match fault {
            Fault::Plan { change } => Some(change),
            _ => None,
        })
    }

    pub(crate) fn page_change(&self) -> Option<PageChange> {
        self.find(|fault| match fault {
            Fault::Page { change } => Some(*change),
            _ => None,
        })
    }

    /// How many of `length` bytes of a media are sent.
    pub(crate) fn shortened(&self, length: u64) -> u64 {
        let missing = self.find(|fault| match fault {
            Fault::Short { bytes } => Some(*bytes),
            _ => None,
        });
        length.saturating_sub(missing.unwrap_or(0))
    }

    /// Whether all of a media is sent, whatever part is asked for.
    pub(crate) fn ignores_range(&self) -> bool {
        self.0.contains(&Fault::IgnoreRange)
    }

    pub(crate) fn answer_lost(&self) -> Option<Cut> {
        self.find(|fault| match fault {
            Fault::AnswerLost { how } => Some(*how),
            _ => None,
        })
    }

    /// The answer that takes the place of the work, and how much of the body is read before it.
    pub(crate) fn instead_of_work(&self, request_id: &str) -> Option<(Reply, Option<u64>)> {
        self.find(|fault| match fault {
            Fault::Status(fault) if !fault.work => Some((status_reply(fault, request_id), fault.read)),
            Fault::Answer { status, json, headers } => {
                let payload = json.clone().map_or(Payload::Empty, Payload::Json);
                let mut reply = Reply::new(code(*status), payload);
                headers.iter().for_each(|(name, value)| reply.header(name, value));
                Some((reply, None))
            }
            Fault::Html { status } => {
                let payload = Payload::Text { content_type: "text/html".to_owned(), text: HTML.to_owned() };
                Some((Reply::new(code(*status), payload), None))
            }
            Fault::Redirect { location, status } => {
                let mut reply = Reply::new(code(*status), Payload::Empty);
                reply.header("location", location);
                Some((reply, None))
            }
            _ => None,
        })
    }

    /// Changes the answer to work that succeeded.
    pub(crate) fn spoil(&self, mut reply: Reply, request_id: &str) -> Reply {
        for fault in &self.0 {
            reply = match fault {
                Fault::Status(fault) if fault.work => status_reply(fault, request_id),
                Fault::Unreadable { body } => {
                    reply.payload =
                        Payload::Text { content_type: "application/json".to_owned(), text: body.clone() };
                    reply
                }
                Fault::Empty { status } => Reply::new(code(*status), Payload::Empty),
                Fault::HugeJson { bytes } => pad(reply, *bytes),
                Fault::Merge { patch } => {
                    if let Payload::Json(value) = &mut reply.payload {
                        merge(value, patch);
                    }
                    reply
                }
                _ => reply,
            };
        }
        reply
    }

    /// How the answer is delivered on the connection of `control`.
    pub(crate) fn delivery(&self, reply: &mut Reply, control: &Control) -> Delivery {
        let mut delivery = Delivery::default();
        for fault in &self.0 {
            match fault {
                Fault::CutAnswer { bytes, of: Portion::Body, how } => {
                    delivery.cut_after = Some(*bytes);
                    delivery.end = Some((control.clone(), *how));
                }
                Fault::CutAnswer { bytes, of: Portion::Whole, how } => {
                    control.cut_after_written(*bytes, *how)
                }
                Fault::CloseAfterAnswer { announce: true } => reply.header("connection", "close"),
                Fault::CloseAfterAnswer { announce: false } => {
                    delivery.end = Some((control.clone(), Cut::Close));
                }
                Fault::Chunks { size, delay_ms, length } => {
                    delivery.pieces = Some(Pieces {
                        size: (*size).max(1),
                        delay: Duration::from_millis(*delay_ms),
                        with_length: *length,
                    });
                }
                _ => {}
            }
        }
        delivery
    }
}

/// Scripts are checked when they are read; a status that a Rust caller made up becomes a 500.
fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn status_reply(fault: &StatusFault, request_id: &str) -> Reply {
    let status = code(fault.status);
    let payload = match &fault.body {
        Some(text) => Payload::Text {
            content_type: fault.content_type.clone().unwrap_or_else(|| "application/json".to_owned()),
            text: text.clone(),
        },
        None => {
            let message = fault.error.as_deref().unwrap_or("a fault of the sandbox's script");
            let kind = fault.api_type.as_deref().unwrap_or(default_type(status));
            Payload::Json(error_body(message, kind, fault.action_required.as_deref(), request_id))
        }
    };
    let mut reply = Reply::new(status, payload);
    for (name, value) in &fault.headers {
        reply.header(name, value);
    }
    match &fault.retry_after {
        Some(RetryAfter::Seconds(seconds)) => reply.header("retry-after", seconds),
        Some(RetryAfter::DateIn { date_in }) => {
            let now = SystemTime::now();
            let date = now.checked_add(Duration::from_secs(*date_in)).unwrap_or(now);
            reply.header("retry-after", httpdate::fmt_http_date(date));
        }
        Some(RetryAfter::Text(text)) => reply.header("retry-after", text),
        None => {}
    }
    if let Some(limit) = fault.rate_limit {
        reply.header("x-ratelimit-limit", limit.limit);
        reply.header("x-ratelimit-remaining", limit.remaining);
        reply.header("x-ratelimit-reset", limit.reset);
    }
    reply
}

/// Adds a field of `bytes` bytes to a JSON object.
fn pad(mut reply: Reply, bytes: u64) -> Reply {
    let Payload::Json(Value::Object(fields)) = &reply.payload else { return reply };
    let mut start = Value::Object(fields.clone()).to_string();
    start.pop();
    start.push_str(if fields.is_empty() { "\"padding\":\"" } else { ",\"padding\":\"" });
    let end = "\"}";
    let length = (start.len() + end.len()) as u64 + bytes;
    let piece = Bytes::from(vec![b'x'; PADDING]);
    let mut left = bytes;
    let padding = std::iter::from_fn(move || {
        let size = left.min(PADDING as u64);
        left -= size;
        (size > 0).then(|| piece.slice(..usize::try_from(size).unwrap_or(PADDING)))
    });
    let chunks = std::iter::once(Bytes::from(start))
        .chain(padding)
        .chain(std::iter::once(Bytes::from_static(end.as_bytes())));
    reply.payload = Payload::LongJson { length: Some(length), chunks: Box::new(chunks) };
    reply
}

/// A merge patch, RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, change) in changes {
            if change.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
    }
}
