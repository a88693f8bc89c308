//! Forwards events one after another, each until it is taken, refused, or too old.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode, header};
use ofauth::unversioned::display_safe::one_line;
use tokio::sync::mpsc::Receiver;

use super::intake::Waiting;
use super::send::Sender;
use crate::output::Output;

/// The pauses between tries double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What belongs to a connection, or is made anew for the next one.
const NOT_FORWARDED: &[header::HeaderName] = &[
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Where events go, and for how long they are tried.
pub(super) struct Forwarder {
    pub(super) out: Output,
    pub(super) sender: Sender,
    pub(super) retry_for: Duration,
    /// How many wait, the one that is being sent included.
    pub(super) waiting: Arc<AtomicU64>,
    /// How many were given up or refused.
    pub(super) lost: Arc<AtomicU64>,
}

/// What an answer means for the event.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Taken,
    Refused,
    Again,
}

impl Forwarder {
    /// Forwards what comes, in order, until nothing more does.
    pub(super) async fn run(self, mut queue: Receiver<Waiting>) {
        while let Some(event) = queue.recv().await {
            self.forward(event).await;
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn forward(&self, event: Waiting) {
        let headers = forwarded(&event.headers);
        let name = one_line(&event.name);
        let mut pause = FIRST_PAUSE;
        let mut tries: u32 = 0;
        loop {
            let began = Instant::now();
            let answer = self.sender.post(headers.clone(), event.body.clone()).await;
            tries = tries.saturating_add(1);
            let said = match &answer {
                Ok(answer) => answer.to_string(),
                Err(why) => one_line(why).into_owned(),
            };
            match answer.as_ref().map_or(Meaning::Again, |answer| meaning(answer.status)) {
                Meaning::Taken => {
                    let took = began.elapsed().as_millis();
                    return self.out.note(&format!("ofauth: forwarded {name}: {said} ({took} ms)"));
                }
                Meaning::Refused => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    return self
                        .out
                        .confirm(&format!("ofauth: {name} was refused: {said}; it is not sent again"));
                }
                Meaning::Again => {}
            }
            if event.came.elapsed().saturating_add(pause) > self.retry_for {
                self.lost.fetch_add(1, Ordering::Relaxed);
                return self.out.confirm(&format!("ofauth: {name} is given up after {tries} tries: {said}"));
            }
            if tries == 1 || pause == LAST_PAUSE {
                let others = self.waiting.load(Ordering::Relaxed).saturating_sub(1);
                self.out.note(&format!("ofauth: {name}: {said}; it is tried again, and {others} more wait"));
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LAST_PAUSE);
        }
    }
}

fn meaning(status: StatusCode) -> Meaning {
    match status.as_u16() {
        200..=299 => Meaning::Taken,
        408 | 425 | 429 | 500.. => Meaning::Again,
        _ => Meaning::Refused,
    }
}

/// The headers that go on to the target: all but those of the connection.
fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    for name in named.flat_map(|names| names.split(',')) {
        kept.remove(name.trim());
    }
    for name in NOT_FORWARDED {
        kept.remove(name);
    }
    kept.remove("keep-alive");
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_it_is_sent_again() {
        for (status, expected) in [
            (200, Meaning::Taken),
            (204, Meaning::Taken),
            (302, Meaning::Refused),
            (400, Meaning::Refused),
            (408, Meaning::Again),
            (429, Meaning::Again),
            (500, Meaning::Again),
            (503, Meaning::Again),
        ] {
            assert_eq!(meaning(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }

    #[test]
    fn what_belongs_to_the_connection_stays_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("host", "a"), ("connection", "x-hop, close"), ("x-hop", "1"), ("svix-id", "msg_1")]
        {
            headers.insert(name, value.parse().unwrap());
        }
        let kept = forwarded(&headers);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["svix-id"]);
    }
}
