//! The words of the fault matrix: what a cell of the table means. A cell that means nothing is an error.

use std::time::Duration;

use ofauth::ErrorKind;
use ofauth_tests::Answer;
use serde_json::json;

/// Which request meets the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Init,
    /// The first of four parts.
    FirstPart,
    /// The second of four parts: the session has taken one by then.
    Part,
    Single,
    Complete,
}

/// How far the request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Connecting,
    ConnectingPlain,
    Handshake,
    Head,
    MidBody,
    Early,
    Body,
    Done,
    Reused,
    Idle,
}

/// What happens then.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Refused,
    Resets,
    Closes,
    SaysClose,
    FallsSilent,
    StopsReading,
    NoTls,
    Foreign,
    Says(Saying),
}

/// An answer, or what stands for one.
#[derive(Debug, Clone)]
pub(super) struct Saying {
    pub(super) bytes: Vec<u8>,
    /// Whether the connection can carry another request.
    pub(super) keeps: bool,
    /// Whether it ends in silence, and not with the connection.
    pub(super) hangs: bool,
    pub(super) status: Option<u16>,
    /// What the client has to wait at least before it comes back.
    pub(super) floor: Option<Duration>,
    /// Whether it is said once the session is past its end.
    pub(super) late: bool,
}

/// What the same request meets when it comes again.
#[derive(Debug, Clone)]
pub(super) enum Then {
    Works,
    /// It works, and a complete of what is finished already is a success.
    WorksTwice,
    Same,
    Meets(Fault),
}

/// How the upload ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    SentAgain,
    Waits,
    Fresh,
    Stops(ErrorKind),
    Unknown,
}

pub(super) type Parsed<T> = Result<T, String>;

fn one_of<T: Clone>(cell: &str, known: &[(&str, T)]) -> Parsed<T> {
    let found = known.iter().find(|(word, _)| *word == cell);
    found.map(|(_, meaning)| meaning.clone()).ok_or_else(|| format!("{cell:?} is no word of this column"))
}

pub(super) fn request(cell: &str) -> Parsed<Request> {
    one_of(
        cell,
        &[
            ("init", Request::Init),
            ("first part", Request::FirstPart),
            ("part", Request::Part),
            ("single", Request::Single),
            ("complete", Request::Complete),
        ],
    )
}

pub(super) fn phase(cell: &str) -> Parsed<Phase> {
    one_of(
        cell,
        &[
            ("connecting", Phase::Connecting),
            ("connecting, plain", Phase::ConnectingPlain),
            ("TLS handshake", Phase::Handshake),
            ("head sent", Phase::Head),
            ("mid-body", Phase::MidBody),
            ("early answer", Phase::Early),
            ("body sent", Phase::Body),
            ("work done", Phase::Done),
            ("reused connection", Phase::Reused),
            ("idle connection", Phase::Idle),
        ],
    )
}

pub(super) fn outcome(cell: &str) -> Parsed<Outcome> {
    if let Some(kind) = cell.strip_prefix("stops: ") {
        let found = ErrorKind::ALL.iter().find(|known| format!("{known:?}") == kind);
        return found
            .map(|kind| Outcome::Stops(*kind))
            .ok_or_else(|| format!("{kind:?} is no kind of error"));
    }
    one_of(
        cell,
        &[
            ("success", Outcome::Success),
            ("sent again, success", Outcome::SentAgain),
            ("waits, success", Outcome::Waits),
            ("fresh session, success", Outcome::Fresh),
            ("outcome unknown", Outcome::Unknown),
        ],
    )
}

pub(super) fn then(cell: &str) -> Parsed<Then> {
    match cell {
        "works" => Ok(Then::Works),
        "works, twice too" => Ok(Then::WorksTwice),
        "the same" => Ok(Then::Same),
        _ => fault(cell).map(Then::Meets),
    }
}

pub(super) fn fault(cell: &str) -> Parsed<Fault> {
    let known = one_of(
        cell,
        &[
            ("refused", Fault::Refused),
            ("resets", Fault::Resets),
            ("closes", Fault::Closes),
            ("says close", Fault::SaysClose),
            ("falls silent", Fault::FallsSilent),
            ("stops reading", Fault::StopsReading),
            ("no TLS", Fault::NoTls),
            ("another's certificate", Fault::Foreign),
        ],
    );
    known.or_else(|_| saying(cell).map(Fault::Says))
}

fn saying(cell: &str) -> Parsed<Saying> {
    let raw = |bytes: &[u8]| Saying {
        bytes: bytes.to_vec(),
        keeps: false,
        hangs: false,
        status: None,
        floor: None,
        late: false,
    };
    match cell {
        "half a head" => return Ok(raw(b"HTTP/1.1 200 OK\r\nContent-Le")),
        "no HTTP" => return Ok(raw(b"SSH-2.0-OpenSSH_9.6\r\n")),
        _ => {}
    }
    let (status, how) = cell.split_once(' ').unwrap_or((cell, ""));
    let unknown = || format!("{cell:?} is no fault");
    let status =
        status.parse::<u16>().ok().filter(|status| (200..600).contains(status)).ok_or_else(unknown)?;
    let seconds = |how: &str| how.strip_suffix(" s").and_then(|number| number.parse::<u64>().ok());
    let mut floor = (status == 429).then_some(Duration::from_millis(250));
    let answer = if let Some(seconds) = how.strip_prefix("after ").and_then(seconds) {
        floor = Some(Duration::from_secs(seconds));
        Answer::new(status).header("Retry-After", seconds.to_string())
    } else if let Some(seconds) = how.strip_prefix("until ").and_then(seconds) {
        Answer::new(status).header("X-RateLimit-Reset", seconds.to_string())
    } else if !how.is_empty()
        && how.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
        && how != "HTML"
    {
        floor = (how == "RATE_LIMIT_EXCEEDED").then_some(Duration::from_millis(250));
        Answer::problem(status, "the words of the service", how, "req_matrix")
    } else {
        let fine = json!({"mediaUploadId": "upload:matrix"});
        match how {
            "" if status / 100 == 3 => Answer::new(status).header("Location", "/v2/elsewhere"),
            "" => Answer::new(status),
            "HTML" => Answer::with_body(status, "text/html", "<html><h1>Something</h1></html>"),
            "past the end" => Answer::problem(status, "no such session", "X", "req_matrix"),
            "array" => Answer::json(status, &json!([1])),
            "gzip" => Answer::json(status, &json!({})).gzip("gzip"),
            "mark" => Answer::json(status, &json!({})).marked(),
            "br" => Answer::json(status, &json!({})).header("Content-Encoding", "br"),
            "half the JSON" => Answer::with_body(status, "application/json", "{\"mediaUploadId\":\"upl"),
            "another part" => Answer::json(status, &json!({"partNumber": 4, "etag": "\"e\""})),
            "half the body" | "stops in the body" => Answer::json(status, &fine).cut_at(9),
            _ => return Err(unknown()),
        }
    };
    Ok(Saying {
        bytes: answer.to_bytes(),
        keeps: !answer.closes(),
        hangs: how == "stops in the body",
        status: Some(status),
        floor,
        late: how == "past the end",
    })
}

/// A number, or a least and a most.
pub(super) fn count(cell: &str) -> Parsed<(usize, usize)> {
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{cell:?} is no count"));
    match cell.split_once('-') {
        Some((least, most)) => Ok((number(least)?, number(most)?)),
        None => number(cell).map(|count| (count, count)),
    }
}
