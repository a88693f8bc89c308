//! Webhooks: what causes them, how they are signed, and what happens to those that nobody takes.

use std::time::Duration;

use ofauth_sandbox::{Sandbox, SandboxBuilder, StartError, WebhookScheme};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::client::{Client, POSTS, call, get, post};
use crate::small;

/// A request that a receiver got.
struct Got {
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver that answers these statuses, and 204 from then on. A status of 0 ends the connection without an answer.
async fn receiver(statuses: &[u16]) -> (String, UnboundedReceiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let (sender, receiver) = unbounded_channel();
    let mut statuses = statuses.to_vec();
    statuses.reverse();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let got = loop {
                stream.read_buf(&mut bytes).await.unwrap();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let headers: Vec<(String, String)> = head
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                    .collect();
                assert!(head.starts_with("POST /hook?x=1 "), "{head}");
                let got = Got { headers, body: body.to_owned() };
                if got.header("content-length").parse::<usize>().unwrap() == body.len() {
                    break got;
                }
            };
            let status = statuses.pop().unwrap_or(204);
            if status != 0 {
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            if sender.send(got).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

fn quick(url: &str) -> SandboxBuilder {
    small().webhook(url).webhook_retry_base(Duration::from_millis(1))
}

async fn next(receiver: &mut UnboundedReceiver<Got>) -> Got {
    tokio::time::timeout(Duration::from_secs(20), receiver.recv()).await.unwrap().unwrap()
}

async fn inspect(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> crate::client::Answer {
    let path = format!("/_sandbox/{path}");
    let text = if body.is_null() { String::new() } else { body.to_string() };
    Client::connect(sandbox).await.request(method, &path, &[], text.as_bytes()).await.unwrap()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

#[tokio::test]
async fn what_happens_is_told() {
    let (url, mut told) = receiver(&[]).await;
    let sandbox = quick(&url).start().await.unwrap();
    let connections = "/v2/account/connections";
    post(&sandbox, "/v2/link/init", json!({ "clientReferenceId": "me" })).await.ok();
    let signed_in = json!({ "email": "a@creator.sandbox.com", "password": "good-password" });
    let linked = inspect(&sandbox, "POST", "link/latest", signed_in.clone()).await.ok();
    let id = linked["connectionId"].as_str().unwrap();
    let created = next(&mut told).await.json();
    assert_eq!(created["type"], "connection.created");
    assert!(created["timestamp"].as_str().unwrap().ends_with('Z'));
    let data = &created["data"];
    assert_eq!((&data["clientReferenceId"], &data["connection"]["id"]), (&json!("me"), &json!(id)));
    assert_eq!(data["connection"]["status"], "active");
    assert!(data["connection"]["permissions"].as_array().unwrap().contains(&json!("vault:write")));
    assert!(data["connection"]["userData"]["id"].is_string());

    post(&sandbox, &format!("{connections}/{id}/invalidate"), Value::Null).await;
    let expired = next(&mut told).await.json();
    assert_eq!(
        (&expired["type"], &expired["data"]["connection"]["status"]),
        (&json!("connection.expired"), &json!("expired"))
    );
    post(&sandbox, "/v2/link/init", json!({ "connectionId": id })).await.ok();
    inspect(&sandbox, "POST", "link/latest", signed_in).await.ok();
    assert_eq!(next(&mut told).await.json()["type"], "connection.updated");
    call(&sandbox, "DELETE", &format!("{connections}/{id}"), &Value::Null).await;
    assert_eq!(next(&mut told).await.json()["type"], "connection.disconnected");
    let import = json!({ "cookie": "x", "userAgent": "x" });
    post(&sandbox, &format!("{connections}/import"), import).await.ok();
    assert_eq!(next(&mut told).await.json()["type"], "connection.created");

    post(&sandbox, POSTS, json!({ "text": "later", "scheduledDate": "2099-01-01T00:00:00Z" })).await.ok();
    let published = post(&sandbox, POSTS, json!({ "text": "now" })).await.ok();
    let event = next(&mut told).await.json();
    assert_eq!(
        (&event["type"], &event["data"]["eventBody"]["id"]),
        (&json!("realtime.post.published"), &published["id"])
    );
    assert_eq!(
        (&event["data"]["environment"], &event["data"]["connection"]["id"]),
        (&json!("sandbox"), &json!("conn_test"))
    );
    let message = post(&sandbox, "/v2/access/chats/42/messages", json!({ "text": "hi" })).await.ok();
    assert_eq!(next(&mut told).await.json()["data"]["eventBody"]["text"], "hi");
    let path = format!("/v2/access/chats/42/messages/{}", message["id"]);
    call(&sandbox, "DELETE", &path, &json!({ "withUserId": 42 })).await.ok();
    assert_eq!(next(&mut told).await.json()["type"], "realtime.chat_message.deleted");

    let log = inspect(&sandbox, "GET", "webhooks?wait=8", Value::Null).await.ok();
    let log = log.as_array().unwrap();
    assert_eq!(log.len(), 8);
    assert!(log.iter().all(|told| told["state"] == "delivered" && told["attempts"][0]["status"] == 204));
    assert_eq!(log[0]["body"], created);
}

#[tokio::test]
async fn attempts_are_signed_in_both_forms() {
    for scheme in [WebhookScheme::OFAuth, WebhookScheme::Svix] {
        let (url, mut told) = receiver(&[]).await;
        let sandbox =
            quick(&url).webhook_secret("whsec_c2VjcmV0\n").webhook_scheme(scheme).start().await.unwrap();
        assert_eq!(sandbox.webhook_secret(), Some("whsec_c2VjcmV0"));
        let triggered = inspect(&sandbox, "POST", "webhooks", json!({ "event": "rules.updated" })).await.ok();
        let got = next(&mut told).await;
        assert_eq!(got.header("content-type"), "application/json");
        if scheme == WebhookScheme::Svix {
            let (id, at) = (got.header("svix-id"), got.header("svix-timestamp"));
            assert_eq!(json!([id]), triggered["ids"]);
            use base64::Engine;
            let tag = base64::engine::general_purpose::STANDARD
                .encode(hmac(b"secret", &format!("{id}.{at}.{}", got.body)));
            assert_eq!(got.header("svix-signature"), format!("v1,{tag}"));
            assert_eq!(
                (&got.json()["eventType"], &got.json()["live"]),
                (&json!("rules.updated"), &json!(false))
            );
        } else {
            let (at, _) = got.header("ofauth-signature").strip_prefix("t=").unwrap().split_once(',').unwrap();
            let tag = hmac(b"whsec_c2VjcmV0", &format!("{at}.{}", got.body));
            let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(got.header("ofauth-signature"), format!("t={at},v1={hex}"));
        }
        assert!(got.json()["data"]["rules"]["static_param"].is_string());
    }
}

#[tokio::test]
async fn what_nobody_takes_is_told_again_in_order() {
    let (url, mut told) = receiver(&[500, 0, 302]).await;
    let sandbox = quick(&url).webhook_scheme(WebhookScheme::Svix).start().await.unwrap();
    for event in ["connection.created", "connection.updated"] {
        let body = json!({ "event": event, "connectionId": "conn_a" });
        inspect(&sandbox, "POST", "webhooks", body).await.ok();
    }
    let mut seen = Vec::new();
    for _ in 0..5 {
        let got = next(&mut told).await;
        seen.push((got.header("svix-id").to_owned(), got.json()["eventType"].as_str().unwrap().to_owned()));
    }
    let names: Vec<&str> = seen.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(
        names,
        ["connection.created"; 4].into_iter().chain(["connection.updated"]).collect::<Vec<_>>()
    );
    assert!(seen[..4].iter().all(|(id, _)| *id == seen[0].0), "each attempt has the same id");
    let log = inspect(&sandbox, "GET", "webhooks?wait=2", Value::Null).await.ok();
    let statuses: Vec<&Value> =
        log[0]["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [&json!(500), &Value::Null, &json!(302), &json!(204)]);
    assert!(log[0]["attempts"][1]["error"].is_string());
}

#[tokio::test]
async fn after_five_attempts_it_is_over_until_it_is_asked_for() {
    let (url, mut told) = receiver(&[500; 5]).await;
    let sandbox = quick(&url).start().await.unwrap();
    let triggered = inspect(
        &sandbox,
        "POST",
        "webhooks",
        json!({ "event": "realtime.toasts.received", "data": { "a": 1 } }),
    )
    .await
    .ok();
    let log = inspect(&sandbox, "GET", "webhooks?wait=1", Value::Null).await.ok();
    assert_eq!((&log[0]["state"], log[0]["attempts"].as_array().unwrap().len()), (&json!("failed"), 5));
    let id = triggered["ids"][0].as_str().unwrap();
    inspect(&sandbox, "POST", &format!("webhooks/{id}/resend"), Value::Null).await.ok();
    let mut last = next(&mut told).await;
    for _ in 0..5 {
        last = next(&mut told).await;
    }
    assert_eq!(last.json()["data"]["eventBody"], json!({ "a": 1 }));
    let log = inspect(&sandbox, "GET", "webhooks?wait=1", Value::Null).await.ok();
    assert_eq!((log.as_array().unwrap().len(), &log[0]["state"]), (1, &json!("delivered")));
    assert_eq!(inspect(&sandbox, "POST", "webhooks/msg_none/resend", Value::Null).await.status, 404);
    assert_eq!(inspect(&sandbox, "POST", "webhooks", json!({ "event": "" })).await.status, 400);
    sandbox.reset();
    assert_eq!(inspect(&sandbox, "GET", "webhooks", Value::Null).await.ok(), json!([]));
}

#[tokio::test]
async fn a_receiver_that_is_gone_slows_nothing_down() {
    // A port that nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (url, mut told) = receiver(&[]).await;
    let sandbox = small().webhook(format!("http://{free}/")).webhook(&url).start().await.unwrap();
    for text in ["one", "two"] {
        post(&sandbox, POSTS, json!({ "text": text })).await.ok();
        assert_eq!(next(&mut told).await.json()["data"]["eventBody"]["text"], text);
    }
    get(&sandbox, "/v2/access/self").await.ok();
    sandbox.shutdown().await;
}

#[tokio::test]
async fn many_events_are_all_told() {
    let (url, mut told) = receiver(&[]).await;
    let sandbox = quick(&url).start().await.unwrap();
    for number in 0..300 {
        post(&sandbox, POSTS, json!({ "text": number.to_string() })).await.ok();
    }
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 300 {
        seen.insert(next(&mut told).await.json()["data"]["eventBody"]["id"].as_u64().unwrap());
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_at_the_start() {
    for builder in [
        small().webhook("localhost:9000"),
        small().webhook("http://a/").webhook_secret(""),
        small().webhook("http://a/").webhook_secret("whsec_\n").webhook_scheme(WebhookScheme::Svix),
        (0..17).fold(small(), |builder, _| builder.webhook("http://a/")),
    ] {
        let error = builder.start().await.err().unwrap();
        assert!(matches!(error, StartError::Webhooks(_)), "{error}");
    }
    let without = small().start().await.unwrap();
    assert_eq!(without.webhook_secret(), None);
    let answer = inspect(&without, "POST", "webhooks", json!({ "event": "rules.updated" })).await;
    assert_eq!(answer.status, 409);
}
