//! Calls that their caller gives up: cancelled or out of time, in each phase, repeatable and not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ofauth::{Call, Cancel, Client, ErrorKind, RateLimit};
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

const TIMEOUT: Duration = Duration::from_millis(300);

/// Answers each request of a connection with the next of `answers`, then says nothing more. Tells when it has said the last.
async fn serve(mut connection: TcpStream, answers: &'static [&'static str], reached: Arc<Notify>) {
    if answers.is_empty() {
        reached.notify_one();
    }
    for (number, answer) in answers.iter().enumerate() {
        let mut request = Vec::new();
        // The bodies are JSON objects, and a GET has none.
        while !(request.ends_with(b"}") || request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n")) {
            if connection.read_buf(&mut request).await.is_ok_and(|read| read == 0) {
                return;
            }
        }
        connection.write_all(answer.as_bytes()).await.unwrap();
        if number + 1 == answers.len() {
            reached.notify_one();
        }
    }
    _ = connection.read_to_end(&mut Vec::new()).await;
}

/// A client of a server that plays a phase, up to that phase.
async fn site(phase: &str, answers: &'static [&'static str]) -> (Client, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, answers, Arc::clone(&tell)));
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
    (client, reached)
}

fn get(client: &Client) -> Call {
    client.call("list_vault_media")
}

fn post(client: &Client) -> Call {
    client.call("create_post").json(&json!({"text": "Hello"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_when_it_is_given_up_wherever_it_is() {
    let mut together = Together::default();
    for (phase, answers, may_be_done) in PHASES {
        for (method, call) in [("GET", get as fn(&Client) -> Call), ("POST", post)] {
            for cancelled in [true, false] {
                together.add(format!("{phase}, {method}, cancelled: {cancelled}"), async move {
                    let (client, reached) = site(phase, answers).await;
                    let (cancel, mut began) = (Cancel::new(), Instant::now());
                    let mut call = call(&client).cancel(&cancel);
                    if !cancelled {
                        call = call.timeout(TIMEOUT);
                    }
                    let call = tokio::spawn(call.send());
                    if cancelled {
                        within(5, reached.notified()).await;
                        // What the server said is read by now.
                        tokio::time::sleep(Duration::from_millis(150)).await;
                        assert!(!call.is_finished());
                        began = Instant::now();
                        cancel.cancel();
                    }
                    let error = within(5, call).await.unwrap().unwrap_err();
                    let passed = began.elapsed();
                    let least = if cancelled { Duration::ZERO } else { TIMEOUT };
                    assert!(passed >= least && passed < least + Duration::from_secs(1), "{passed:?}");
                    let kind = if *may_be_done && method == "POST" {
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
