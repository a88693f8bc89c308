//! Calls that their caller gives up: cancelled or out of time, in each phase, repeatable and not.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ofauth::{Call, Cancel, Client, Content, ErrorKind, RateLimit, Result, TypedCall};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::{Together, builder_for, check, within};

/// Where a call is when it is given up, what the server says to its requests, one after the other, and whether a call that
/// must not be made twice may have been carried out.
const PHASES: &[(&str, &[&str], bool)] = &[
    ("connecting", &[], false),
    ("waiting for the answer", &[""], true),
    ("reading the answer", &["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"], true),
    ("asked to wait", &["HTTP/1.1 429 Too Many\r\nRetry-After: 600\r\nContent-Length: 2\r\n\r\n{}"], false),
    ("paced", &[POSTED], false),
];

const POSTED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":1}";

/// So long that every call has come to its phase by then, on a busy machine too.
const TIMEOUT: Duration = Duration::from_millis(1500);

/// What a server has seen.
#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    /// Told when the server has said its last answer.
    last: Notify,
}

/// Answers each request of a connection with the next of `answers`, then says nothing more.
async fn serve(mut connection: TcpStream, answers: &'static [&'static str], seen: Arc<Seen>) {
    if answers.is_empty() {
        seen.last.notify_one();
    }
    for (number, answer) in answers.iter().enumerate() {
        let mut request = Vec::new();
        // The bodies are JSON objects, and a GET has none.
        while !(request.ends_with(b"}") || request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n")) {
            if connection.read_buf(&mut request).await.is_ok_and(|read| read == 0) {
                return;
            }
        }
        seen.requests.fetch_add(1, Ordering::SeqCst);
        connection.write_all(answer.as_bytes()).await.unwrap();
        if number + 1 == answers.len() {
            seen.last.notify_one();
        }
    }
    if connection.read_u8().await.is_ok() && !answers.is_empty() {
        seen.requests.fetch_add(1, Ordering::SeqCst);
    }
    _ = connection.read_to_end(&mut Vec::new()).await;
}

/// A client of a server that plays a phase, up to that phase.
async fn site(phase: &str, answers: &'static [&'static str]) -> (Client, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let sees = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, answers, Arc::clone(&sees)));
        }
    });
    let scheme = if phase == "connecting" { "https" } else { "http" };
    let mut builder = builder_for(&format!("{scheme}://{address}"));
    if phase == "paced" {
        builder = builder.request_limit(RateLimit::new(1, 1).unwrap());
    }
    let client = builder.build().unwrap();
    if phase == "paced" {
        post(&client).send().await.unwrap();
    }
    (client, seen)
}

/// Who ends a call, and after what time.
#[derive(Clone, Default)]
struct End {
    cancel: Cancel,
    timeout: Option<Duration>,
}

type Ended = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A call that is sent, and the same of one with a method of its own.
fn call(call: Call, end: &End) -> Ended {
    let call = end.timeout.into_iter().fold(call.cancel(&end.cancel), Call::timeout);
    Box::pin(async { call.send().await.map(drop) })
}

fn typed<T: Send + 'static>(call: TypedCall<T>, end: &End) -> Ended {
    let call = end.timeout.into_iter().fold(call.cancel(&end.cancel), TypedCall::timeout);
    Box::pin(async { call.await.map(drop) })
}

/// Every kind of call, whether it must not be made twice, and whether the limit of a connection is on it.
const CALLS: &[(&str, bool, bool, fn(&Client, &End) -> Ended)] = &[
    ("GET", false, true, |client, end| call(client.call("list_vault_media"), end)),
    ("POST", true, true, |client, end| call(post(client), end)),
    ("whoami", false, false, |client, end| typed(client.whoami(), end)),
    ("check", false, true, |client, end| typed(client.check("\"e\"", 5), end)),
    ("vault_plus_batch", false, false, |client, end| typed(client.vault_plus_batch(["1"]), end)),
    ("create_post", true, true, |client, end| typed(client.create_post(&Content::new("Hello")), end)),
    ("send_message", true, true, |client, end| typed(client.send_message("7", &Content::new("Hello")), end)),
    ("create_mass_message", true, true, |client, end| {
        typed(client.create_mass_message(&Content::new("Hello")), end)
    }),
];

fn post(client: &Client) -> Call {
    client.call("create_post").json(&json!({"text": "Hello"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_when_it_is_given_up_wherever_it_is() {
    let mut together = Together::default();
    for (phase, answers, may_be_done) in PHASES {
        for (name, is_once, is_limited, call) in CALLS {
            if *phase == "paced" && !is_limited {
                continue;
            }
            for cancelled in [true, false] {
                together.add(format!("{phase}, {name}, cancelled: {cancelled}"), async move {
                    let (client, seen) = site(phase, answers).await;
                    let mut began = Instant::now();
                    let end = End { timeout: (!cancelled).then_some(TIMEOUT), ..End::default() };
                    let call = tokio::spawn(call(&client, &end));
                    if cancelled {
                        within(5, seen.last.notified()).await;
                        // What the server said is read by now.
                        tokio::time::sleep(Duration::from_millis(400)).await;
                        assert!(!call.is_finished());
                        began = Instant::now();
                        end.cancel.cancel();
                    }
                    let error = within(5, call).await.unwrap().unwrap_err();
                    let passed = began.elapsed();
                    let least = if cancelled { Duration::ZERO } else { TIMEOUT };
                    assert!(passed >= least && passed < least + Duration::from_secs(2), "{passed:?}");
                    let kind = if *may_be_done && *is_once {
                        ErrorKind::OutcomeUnknown
                    } else if cancelled {
                        ErrorKind::Cancelled
                    } else {
                        ErrorKind::Timeout
                    };
                    let text = check(&error, kind);
                    let names = if cancelled { "the call was cancelled" } else { "longer than its timeout" };
                    assert!(text.contains(names), "{text}");
                    assert_eq!(text.contains("HTTP 429"), *phase == "asked to wait", "{text}");
                    // What it had said before is the answer to the one request that it was sent.
                    assert_eq!(seen.requests.load(Ordering::SeqCst), answers.len());
                });
            }
        }
    }
    together.run(20).await;
}

#[tokio::test]
async fn a_call_that_was_given_up_before_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = builder_for(&format!("http://{}", listener.local_addr().unwrap())).build().unwrap();
    let cancel = Cancel::new();
    cancel.cancel();
    check(&within(5, post(&client).cancel(&cancel).send()).await.unwrap_err(), ErrorKind::Cancelled);
    check(&within(5, post(&client).timeout(Duration::ZERO).send()).await.unwrap_err(), ErrorKind::Timeout);
    let accepted = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(accepted.is_err(), "a connection was opened");
}
