//! What a 2xx may look like, and what each is: the table by which calls are tested in every language.

use ofauth::ErrorKind;

use crate::response::Answer;

/// An answer of the service, and what it is.
pub struct Row {
    /// What is said of it.
    pub name: &'static str,
    /// What the service answers to everything.
    pub answer: fn() -> Answer,
    /// The kind of error that it is of a thing that is made; `None` if it is a success.
    pub made: Option<ErrorKind>,
    /// The same of a thing that is read.
    pub read: Option<ErrorKind>,
    /// The same of a part of an upload, whose success needs no answer.
    pub sent: Option<ErrorKind>,
}

/// The table. Every answer has the id that both kinds of things need, or lacks it on purpose.
pub const TABLE: &[Row] = &[
    row("good", good, None, None, None),
    row("gzip", || good().gzip("gzip"), None, None, None),
    row("x-gzip, mixed case", || good().gzip("X-GZip"), None, None, None),
    row("mark", || good().marked(), None, None, None),
    row("mark in gzip", || good().marked().gzip("gzip"), None, None, None),
    row("error", || plain(REFUSAL), FORBIDDEN, FORBIDDEN, FORBIDDEN),
    row("error in gzip", || plain(REFUSAL).gzip("gzip"), FORBIDDEN, FORBIDDEN, FORBIDDEN),
    row("error after a mark", || plain(REFUSAL).marked(), FORBIDDEN, FORBIDDEN, FORBIDDEN),
    row("HTML", || Answer::with_body(200, "text/html", "<html><p>Log in"), DOUBT, INVALID, INVALID),
    row("cut JSON", || plain("{\"id\": 5, \"li"), DOUBT, INVALID, INVALID),
    row("empty", || Answer::new(200), DOUBT, INVALID, None),
    row("204", || Answer::new(204), DOUBT, INVALID, None),
    row("list", || plain("[]"), DOUBT, INVALID, None),
    row("no id", || plain("{}"), DOUBT, INVALID, None),
    row("br", || plain("packed").header("Content-Encoding", "br"), DOUBT, INVALID, INVALID),
    row("no gzip", || plain(GOOD).header("Content-Encoding", "gzip"), DOUBT, INVALID, INVALID),
    row("values without end", || plain(zeros()).gzip("gzip"), DOUBT, INVALID, INVALID),
    row(
        "403 with values without end",
        || plain(zeros()).gzip("gzip").with_status(403),
        FORBIDDEN,
        FORBIDDEN,
        FORBIDDEN,
    ),
    row("bomb", || plain(vec![b' '; 40 << 20]).gzip("gzip"), DOUBT, INVALID, INVALID),
];

const fn row(
    name: &'static str,
    answer: fn() -> Answer,
    made: Option<ErrorKind>,
    read: Option<ErrorKind>,
    sent: Option<ErrorKind>,
) -> Row {
    Row { name, answer, made, read, sent }
}

const GOOD: &str = r#"{"id": 5, "name": "x"}"#;
const REFUSAL: &str = r#"{"error": "You cannot now", "type": "FORBIDDEN", "requestId": "req_1"}"#;
const DOUBT: Option<ErrorKind> = Some(ErrorKind::OutcomeUnknown);
const INVALID: Option<ErrorKind> = Some(ErrorKind::InvalidAnswer);
const FORBIDDEN: Option<ErrorKind> = Some(ErrorKind::Forbidden);

/// Sixteen million values in some kilobytes, which would take a gigabyte as a tree.
fn zeros() -> Vec<u8> {
    let mut body = br#"{"error": "no", "details": [0"#.to_vec();
    body.extend(b",0".repeat(16 << 20 >> 1));
    body.extend(b"]}");
    body
}

fn good() -> Answer {
    plain(GOOD)
}

fn plain(body: impl Into<Vec<u8>>) -> Answer {
    Answer::with_body(200, "application/json", body)
}
