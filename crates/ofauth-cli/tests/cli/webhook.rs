//! `ofauth webhook`: the table that every language is tested with, what is received and forwarded, and who is kept out.

use std::path::Path;
use std::time::{Duration, SystemTime};

use ofauth::webhooks::{Scheme, examples, sign};
use ofauth_tests::webhooks::vectors_at;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout};
use tokio::sync::mpsc;

use crate::support::{Home, finish, run, run_with_input, signal};

const SECRET: &str = "whsec_c2VjcmV0";

#[tokio::test]
async fn every_vector_is_told_as_expected() {
    let vectors = vectors_at(Path::new("../../tests/data/webhooks.json"));
    assert!(vectors.len() > 150);
    let home = Home::new();
    for (number, vector) in vectors.iter().enumerate() {
        let mut command = home.bare();
        command.args(["webhook", "verify", "--at", &vector.now.to_string()]);
        for (nth, secret) in vector.secrets.iter().enumerate() {
            command.arg("--secret-file").arg(home.file(&format!("secret-{number}-{nth}"), secret));
        }
        for (name, value) in &vector.headers {
            command.arg("--header").arg(format!("{name}: {value}"));
        }
        let run = run_with_input(&mut command, &vector.body).await;
        let told = match run.code {
            0 => vector.told(&run.json()[0]),
            1 => {
                let kind = run.err.split(['(', ')']).nth(1).unwrap();
                assert!(run.out.is_empty(), "{}", vector.name);
                json!({"error": kind})
            }
            2 => json!({"error": "no_secret"}),
            code => panic!("{}: {code} {}", vector.name, run.err),
        };
        assert_eq!(told, vector.expect, "{}: {}", vector.name, run.err);
    }
}

#[tokio::test]
async fn secrets_come_from_files_or_the_environment() {
    let home = Home::new();
    let line = ["webhook", "verify", "--header", "svix-id: 1"];
    run(home.bare().args(line)).await.ends_with(2).says(&["no signing secret", "OFAUTH_WEBHOOK_SECRET"]);
    run(home.bare().args(line).args(["--secret-file", "none"]))
        .await
        .ends_with(2)
        .says(&["the secret file none"]);
    let empty = home.file("empty", "\n");
    run(home.bare().args(line).arg("--secret-file").arg(empty)).await.ends_with(2).says(&["secret"]);
    let end =
        run(home.bare().args(line).arg("--json").env("OFAUTH_WEBHOOK_SECRET", SECRET)).await.ends_with(1);
    assert_eq!(end.json()[0]["event"], "refused");
    assert_eq!(end.json()[0]["reason"], "missing");
    run(home.bare().args(["webhook", "verify", "--header", "nothing"])).await.ends_with(2);
}

/// A listener that runs, its address, and what it prints.
struct Listener {
    child: Child,
    address: String,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    async fn start(home: &Home, args: &[&str]) -> Self {
        let mut command = home.bare();
        command.args(["webhook", "listen", "--secret-file"]).arg(home.file("secret", SECRET)).args(args);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().unwrap();
        let address = first.rsplit("http://").next().unwrap().trim_end_matches("\"}").to_owned();
        Self { child, address, lines }
    }

    async fn line(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(30), self.lines.next_line());
        next.await.expect("a line").unwrap().unwrap()
    }
}

/// What the service would send, with this id.
fn request(event: &str, id: &str) -> String {
    let now = SystemTime::now();
    let body = examples::body(event, Scheme::Svix, now).unwrap();
    let headers = sign(Scheme::Svix, SECRET, body.as_bytes(), now, id).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST / HTTP/1.1\r\nhost: x\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Sends this over a connection, and reads the head of one answer. Gives its status.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> u16 {
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let length = loop {
        let mut chunk = [0; 1024];
        let count = stream.read(&mut chunk).await.unwrap();
        assert_ne!(count, 0, "no answer");
        answer.extend_from_slice(&chunk[..count]);
        if let Some(length) = message_length(&answer) {
            break length;
        }
    };
    assert_eq!(answer.len(), length);
    std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap()
}

async fn post(address: &str, request: &[u8]) -> u16 {
    exchange(&mut TcpStream::connect(address).await.unwrap(), request).await
}

/// How long the first message of these bytes is, once all of it is there.
fn message_length(bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = head.len() + 4 + length.map_or(0, |length| length.trim().parse::<usize>().unwrap());
    (bytes.len() >= length).then_some(length)
}

/// An endpoint that takes everything, after answers of these statuses. Gives each request that it took.
fn endpoint(listener: TcpListener, mut first: Vec<u16>) -> mpsc::UnboundedReceiver<String> {
    let (sender, requests) = mpsc::unbounded_channel();
    first.reverse();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while message_length(&request).is_none() {
                let mut chunk = [0; 4096];
                let count = stream.read(&mut chunk).await.unwrap();
                if count == 0 {
                    break;
                }
                request.extend_from_slice(&chunk[..count]);
            }
            let status = first.pop().unwrap_or(204);
            let why = if status == 204 { "" } else { "\nnot \u{1b}here\nsecond" };
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{why}", why.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            if status == 204 && sender.send(String::from_utf8(request).unwrap()).is_err() {
                return;
            }
        }
    });
    requests
}

#[tokio::test]
async fn what_is_triggered_is_received_printed_and_forwarded_once() {
    let home = Home::new();
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?a=1", target.local_addr().unwrap());
    let mut forwarded = endpoint(target, vec![500, 429]);
    let mut listener = Listener::start(&home, &["--forward-to", &url]).await;
    let to = format!("http://{}/", listener.address);
    for (event, scheme) in [("connection.expired", "ofauth"), ("realtime.post.published", "svix")] {
        let mut command = home.bare();
        command.args([
            "webhook",
            "trigger",
            event,
            "--to",
            &to,
            "--secret-file",
            "secret",
            "--scheme",
            scheme,
        ]);
        let end = run(command.args(["--connection", "conn_7"])).await.ends_with(0);
        assert_eq!(end.out, "HTTP 204\n");
        let line = listener.line().await;
        assert!(line.starts_with(&format!("{event}  conn_7  ")), "{line}");
        let request = forwarded.recv().await.unwrap();
        assert!(request.starts_with("POST /hooks?a=1 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("conn_7") && request.contains("-signature: "), "{request}");
    }
    let again = request("rules.updated", "msg_1");
    assert_eq!(post(&listener.address, again.as_bytes()).await, 204);
    assert_eq!(post(&listener.address, again.as_bytes()).await, 200);
    assert!(listener.line().await.starts_with("rules.updated  -  msg_1"));
    forwarded.recv().await.unwrap();
    signal(&listener.child, Signal::INT);
    assert!(listener.lines.next_line().await.unwrap().is_none(), "a duplicate was printed");
    finish(listener.child).await.ends_with(0).says(&[
        "forwarded connection.expired: HTTP 204",
        "HTTP 500, \"not \u{fffd}here\"; it is tried again",
    ]);
    assert!(forwarded.try_recv().is_err());
}

#[tokio::test]
async fn a_target_that_is_down_loses_nothing() {
    let home = Home::new();
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let mut listener =
        Listener::start(&home, &["--json", "--forward-to", &format!("http://{address}/")]).await;
    for number in 0..20 {
        let request = request("connection.created", &format!("msg_{number}"));
        assert_eq!(post(&listener.address, request.as_bytes()).await, 204);
        let event: Value = serde_json::from_str(&listener.line().await).unwrap();
        assert_eq!(
            (&event["type"], &event["id"]),
            (&json!("connection.created"), &json!(format!("msg_{number}")))
        );
    }
    let mut forwarded = endpoint(TcpListener::bind(address).await.unwrap(), vec![503]);
    for number in 0..20 {
        let request = forwarded.recv().await.unwrap();
        assert!(request.contains(&format!("svix-id: msg_{number}\r\n")), "{number}: {request}");
    }
    signal(&listener.child, Signal::INT);
    finish(listener.child).await;
}

#[tokio::test]
async fn ctrl_c_tells_what_was_not_forwarded() {
    let home = Home::new();
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", target.local_addr().unwrap());
    let mut listener = Listener::start(&home, &["--forward-to", &url]).await;
    for number in 0..3 {
        let request = request("connection.created", &format!("msg_{number}"));
        assert_eq!(post(&listener.address, request.as_bytes()).await, 204);
        listener.line().await;
    }
    signal(&listener.child, Signal::INT);
    finish(listener.child).await.ends_with(3).says(&["3 events were received and are not forwarded"]);
}

#[tokio::test]
async fn a_target_that_refuses_is_told_and_one_that_stays_away_is_given_up() {
    let home = Home::new();
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", target.local_addr().unwrap());
    let mut forwarded = endpoint(target, vec![404, 500, 500, 500, 500, 500, 500]);
    let mut listener = Listener::start(&home, &["--forward-to", &url, "--retry-for", "300ms"]).await;
    for number in 0..3 {
        let request = request("connection.created", &format!("msg_{number}"));
        assert_eq!(post(&listener.address, request.as_bytes()).await, 204);
        listener.line().await;
        if number == 2 {
            continue;
        }
        let mut err = String::new();
        let stream = listener.child.stderr.as_mut().unwrap();
        while !err.contains("was refused: HTTP 404, \"not \u{fffd}here\"")
            && !err.contains("is given up after")
        {
            let mut chunk = [0; 1024];
            let count = stream.read(&mut chunk).await.unwrap();
            assert_ne!(count, 0, "{err}");
            err.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    }
    signal(&listener.child, Signal::INT);
    let end = finish(listener.child).await;
    assert!(end.code == 1 || end.code == 3, "{end:?}");
    assert!(forwarded.try_recv().is_err());
}

/// 200 events a second are asked for; this is as fast as eight clients are.
#[tokio::test]
async fn it_holds_many_events_a_second() {
    const EVENTS: usize = 1_200;
    let home = Home::new();
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", target.local_addr().unwrap());
    let mut forwarded = endpoint(target, Vec::new());
    let mut listener = Listener::start(&home, &["--quiet", "--forward-to", &url]).await;
    let began = std::time::Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let address = listener.address.clone();
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for number in 0..EVENTS / 8 {
                let request = request("realtime.chat_message.received", &format!("msg_{client}_{number}"));
                assert_eq!(exchange(&mut stream, request.as_bytes()).await, 204);
            }
        });
    }
    for _ in 0..EVENTS {
        listener.line().await;
    }
    clients.join_all().await;
    for _ in 0..EVENTS {
        forwarded.recv().await.unwrap();
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(EVENTS as u64 / 200), "{took:?} for {EVENTS} events");
    signal(&listener.child, Signal::INT);
    finish(listener.child).await.ends_with(0);
}

#[tokio::test]
async fn hostile_requests_are_refused_and_do_no_harm() {
    let home = Home::new();
    let mut listener = Listener::start(&home, &["--json"]).await;
    let address = listener.address.clone();
    let post_to = |request: String| {
        let address = address.clone();
        async move { post(&address, request.as_bytes()).await }
    };
    assert_eq!(post_to("GET / HTTP/1.1\r\nhost: x\r\n\r\n".into()).await, 405);
    assert_eq!(post_to("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n".into()).await, 413);
    assert_eq!(post_to("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}".into()).await, 400);
    let forged = request("rules.updated", "msg_1").replace("v1,", "v1,AAAA");
    assert_eq!(post_to(forged).await, 400);
    for garbage in
        [&b"\x16\x03\x01\x02\x00"[..], b"\0\0\0\0\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab"]
    {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
    }
    assert_eq!(post_to(request("rules.updated", "msg_1")).await, 204);
    let event: Value = serde_json::from_str(&listener.line().await).unwrap();
    assert_eq!(event["type"], "rules.updated");
    signal(&listener.child, Signal::TERM);
    let end = finish(listener.child).await.ends_with(0).says(&[
        "refused with HTTP 405: webhooks come by POST",
        "refused with HTTP 413: the body is longer",
        "refused with HTTP 400: there is no signature header",
        "refused with HTTP 400: no signature in svix-signature is",
    ]);
    assert!(!end.err.contains(SECRET) && !end.err.contains("AAAA"), "{}", end.err);
}

#[tokio::test]
async fn trigger_says_what_it_knows_and_what_the_answer_was() {
    let home = Home::new();
    let listed = run(home.bare().args(["webhook", "trigger", "--list"])).await.ends_with(0);
    assert_eq!(listed.out.lines().collect::<Vec<_>>(), examples::EVENTS);
    let to = ["--to", "http://127.0.0.1:1/", "--secret-file", "secret"];
    home.file("secret", SECRET);
    let trigger = |event: &str| {
        let mut command = home.bare();
        command.args(["webhook", "trigger", event]);
        command
    };
    run(trigger("connection.expire").args(to))
        .await
        .ends_with(2)
        .says(&["did you mean connection.expired?", "--list"]);
    run(trigger("rules.updated").args(to))
        .await
        .ends_with(3)
        .says(&["http://127.0.0.1:1/: ", "look whether"]);
    for (status, code) in [(400, 5), (401, 4), (302, 1), (503, 3)] {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", target.local_addr().unwrap());
        let _requests = endpoint(target, vec![status]);
        let mut command = trigger("rules.updated");
        command.args(["--to", &url, "--secret-file", "secret", "--json"]);
        let end = run(&mut command).await.ends_with(code);
        assert_eq!(end.json()[0]["status"], status);
        assert!(end.err.contains(&format!("HTTP {status}, \"not \u{fffd}here\"\n")), "{}", end.err);
    }
}
