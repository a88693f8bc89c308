//! Faults of the connection and of the session.

use std::time::{Duration, Instant};

use ofauth_sandbox::fault::{Before, Cut, Portion};
use ofauth_sandbox::{Fault, FaultScript, Sandbox, UploadState};
use serde_json::json;

use crate::client::{
    Answer, CONNECTION, Client, End, JSON, KEY, MP4, POSTS, bytes, complete, get, init, put, slice, try_put,
    upload, url,
};
use crate::{sandbox, small};

const SELF: &str = "/v2/access/self";

fn script(text: &str) -> FaultScript {
    FaultScript::from_json(text).unwrap()
}

/// Begins part 1, waits until the sandbox is reading it, sends part 2 whole, then ends part 1.
pub(crate) async fn second_of_two_parallel_parts(sandbox: &Sandbox) -> Answer {
    let plan = init(sandbox, 2000).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut first = Client::connect(sandbox).await;
    first.send_head("PUT", path, &[KEY, CONNECTION, MP4, ("content-length", "1000")]).await.unwrap();
    first.send(&[0; 500]).await.unwrap();
    received(sandbox, 500).await;
    let second = put(sandbox, url(&plan, 1), &[0; 1000]).await;
    first.send(&[0; 500]).await.unwrap();
    first.answer().await.unwrap().ok();
    second
}

/// Waits until the sandbox has read this much of the latest request.
async fn received(sandbox: &Sandbox, bytes: u64) {
    tokio::time::timeout(Duration::from_secs(10), async {
        while sandbox.transcript().last().is_none_or(|exchange| exchange.received < bytes) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_request_is_cut_at_the_byte() {
    for (at, how, end) in
        [(0, Cut::Reset, End::Reset), (1, Cut::Reset, End::Reset), (1500, Cut::Close, End::Closed)]
    {
        let sandbox = Sandbox::builder().start().await.unwrap();
        sandbox.push_fault(Fault::CutRequest { bytes: at, how }.on("upload_single"));
        let plan = init(&sandbox, 1500).await;
        let ended = try_put(&sandbox, url(&plan, 0), &bytes(1500)).await.unwrap_err();
        assert_eq!(ended, end, "{at}");
        let exchange = sandbox.transcript().pop().unwrap();
        assert_eq!((exchange.received, exchange.status), (at, None));
        assert_eq!(exchange.faults, ["cut_request"]);
        assert_eq!(sandbox.uploads()[0].state, UploadState::Open);
        put(&sandbox, url(&plan, 0), &bytes(1500)).await.ok();
    }
}

#[tokio::test]
async fn a_shorter_body_is_not_cut() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::CutRequest { bytes: 11, how: Cut::Reset }.on("upload_single"));
    let plan = init(&sandbox, 10).await;
    put(&sandbox, url(&plan, 0), &[0; 10]).await.ok();
}

#[tokio::test]
async fn the_answer_is_cut_at_the_byte() {
    for (tls, at) in [(false, 0), (false, 7), (true, 0), (true, 7)] {
        let sandbox = small().tls(tls).start().await.unwrap();
        let cut = Fault::CutAnswer { bytes: at, of: Portion::Body, how: Cut::Close };
        sandbox.push_fault(cut.on("create_post"));
        let body = json!({ "text": "x" }).to_string();
        let mut client = Client::connect(&sandbox).await;
        let answer = client.request("POST", POSTS, &[KEY, CONNECTION, JSON], body.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.end, answer.body.len() as u64), (200, End::Closed, at), "{tls}");
        let length: u64 = answer.header("content-length").unwrap().parse().unwrap();
        assert!(length > at);
        assert_eq!(sandbox.posts().len(), 1, "the work was done");
        assert_eq!(sandbox.transcript()[0].status, Some(200));
    }
}

#[tokio::test]
async fn the_answer_is_cut_inside_its_head() {
    for tls in [false, true] {
        let sandbox = small().tls(tls).start().await.unwrap();
        sandbox.push_fault(
            Fault::CutAnswer { bytes: 12, of: Portion::Whole, how: Cut::Close }.on("create_post"),
        );
        let body = json!({}).to_string();
        let mut client = Client::connect(&sandbox).await;
        let ended =
            client.request("POST", POSTS, &[KEY, CONNECTION, JSON], body.as_bytes()).await.unwrap_err();
        assert_eq!((ended, client.buffered()), (End::Closed, "HTTP/1.1 200".to_owned()), "{tls}");
        assert_eq!(sandbox.posts().len(), 1, "the work was done");
    }
}

#[tokio::test]
async fn the_answer_is_lost_after_the_work() {
    for (how, end) in [(Cut::Close, End::Closed), (Cut::Reset, End::Reset)] {
        let sandbox = sandbox().await;
        let file = bytes(2000);
        let plan = init(&sandbox, file.len()).await;
        for index in 0..2 {
            put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
        }
        sandbox.push_fault(Fault::AnswerLost { how }.on("complete_upload"));
        let body = json!({ "mediaUploadId": plan["mediaUploadId"] });
        let ended =
            crate::client::try_call(&sandbox, "POST", crate::client::COMPLETE, &body).await.unwrap_err();
        assert_eq!(ended, end);
        assert_eq!(sandbox.uploads()[0].state, UploadState::Complete);
        assert_eq!(sandbox.transcript().pop().unwrap().status, None);
        complete(&sandbox, &plan["mediaUploadId"]).await.ok();
    }
}

/// A refusal that leaves the body unread: the client still sends when the answer comes and the connection ends.
async fn refused_before_the_body(tls: bool, read: u64) {
    const SIZE: usize = 32_000_000;
    let settings = Sandbox::builder().part_size(SIZE as u64).receive_buffer(64 * 1024).tls(tls);
    let sandbox = settings.start().await.unwrap();
    sandbox.push_fault_json(&json!({
        "on": { "operation": "upload_single" },
        "fault": { "kind": "status", "status": 429, "retry_after": 1, "read": read },
    }));
    let plan = init(&sandbox, SIZE).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    let length = SIZE.to_string();
    client.send_head("PUT", path, &[KEY, CONNECTION, MP4, ("content-length", &length)]).await.unwrap();
    if read > 0 {
        client.send(&vec![0; usize::try_from(read).unwrap()]).await.unwrap();
    }
    let answer = client.answer().await.unwrap();
    answer.is_error(429, "RATE_LIMIT_EXCEEDED", "");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let chunk = [0; 64 * 1024];
    let mut sent = 0;
    while client.send(&chunk).await.is_ok() {
        sent += chunk.len();
        assert!(sent < SIZE, "the sandbox went on reading");
    }
    assert_eq!(sandbox.transcript().pop().unwrap().status, Some(429));
    assert!(sandbox.transcript().pop().unwrap().received >= read);
    assert_eq!(sandbox.uploads()[0].parts[0].attempts, 1);
}

#[tokio::test]
async fn a_request_is_refused_before_its_body() {
    for tls in [false, true] {
        for read in [0, 1, 100_000] {
            refused_before_the_body(tls, read).await;
        }
    }
}

#[tokio::test]
async fn a_refusal_arrives_whatever_the_client_has_sent() {
    for tls in [false, true] {
        let sandbox = small().tls(tls).start().await.unwrap();
        sandbox.push_fault(Fault::refusal(413).on("upload_part").always());
        let plan = init(&sandbox, 2000).await;
        for _ in 0..100 {
            put(&sandbox, url(&plan, 0), &[0; 1000]).await.is_error(413, "PAYLOAD_TOO_LARGE", "");
        }
    }
}

#[tokio::test]
async fn delays_are_made_where_they_are_asked() {
    let sandbox = sandbox().await;
    for before in [Before::Body, Before::Answer] {
        sandbox.push_fault(Fault::Delay { ms: 60, before }.on("create_post"));
        let start = Instant::now();
        crate::client::post(&sandbox, POSTS, json!({})).await.ok();
        assert!(start.elapsed() >= Duration::from_millis(60), "{before:?}");
    }
}

#[tokio::test]
async fn a_slow_reader_keeps_to_its_rate() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::SlowReader { bytes_per_second: 10_000 }.on("upload_single"));
    let plan = init(&sandbox, 1000).await;
    let start = Instant::now();
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.ok();
    assert!(start.elapsed() >= Duration::from_millis(99), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_reader_that_stands_still_fills_the_buffers() {
    let sandbox = Sandbox::builder().receive_buffer(64 * 1024).start().await.unwrap();
    sandbox.push_fault(Fault::SlowReader { bytes_per_second: 0 }.on("upload_single"));
    let plan = init(&sandbox, 5_000_000).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    client.send_head("PUT", path, &[KEY, CONNECTION, MP4, ("content-length", "5000000")]).await.unwrap();
    let body = vec![0; 5_000_000];
    let sending = tokio::time::timeout(Duration::from_millis(300), client.send(&body)).await;
    assert!(sending.is_err(), "5 MB were taken");
    assert_eq!(sandbox.transcript().pop().unwrap().received, 0);
}

#[tokio::test]
async fn a_session_can_be_made_to_expire() {
    let sandbox = small().faults(script(
        r#"[{ "on": { "operation": "upload_part", "part": 2 }, "fault": { "kind": "expire", "status": 410 } }]"#,
    ));
    let sandbox = sandbox.start().await.unwrap();
    let plan = init(&sandbox, 2000).await;
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.ok();
    put(&sandbox, url(&plan, 1), &[0; 1000]).await.is_error(410, "RESOURCE_NOT_FOUND", "expired");
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.is_error(410, "RESOURCE_NOT_FOUND", "expired");
    assert_eq!(sandbox.uploads()[0].state, UploadState::Expired);
    let body = json!({ "mediaItems": [plan["mediaUploadId"]] });
    crate::client::post(&sandbox, POSTS, body).await.is_error(400, "BAD_REQUEST", "has expired");
}

#[tokio::test]
async fn parallel_out_of_order_and_repeated_parts_can_be_refused() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::RefuseParallel { status: 423 }.on("upload_part").always());
    second_of_two_parallel_parts(&sandbox).await.is_error(423, "CONFLICT", "one at a time");
    sandbox.clear_faults();

    sandbox.push_fault(Fault::RefuseOutOfOrder { status: 400 }.on("upload_part").always());
    let plan = init(&sandbox, 2000).await;
    put(&sandbox, url(&plan, 1), &[0; 1000]).await.is_error(400, "BAD_REQUEST", "part 1 must come before");
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.ok();

    sandbox.push_fault(Fault::RefuseRepeat { status: 409 }.on("upload_part").always());
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.is_error(409, "CONFLICT", "received before");
    put(&sandbox, url(&plan, 1), &[0; 1000]).await.ok();
}

#[tokio::test]
async fn parallel_parts_are_accepted_without_a_fault() {
    second_of_two_parallel_parts(&sandbox().await).await.ok();
}

#[tokio::test]
async fn the_connection_closes_after_the_answer() {
    for tls in [false, true] {
        let sandbox = small().tls(tls).start().await.unwrap();
        for announce in [false, true] {
            sandbox.push_fault(Fault::CloseAfterAnswer { announce }.on("get_self").nth(2));
            let mut client = Client::connect(&sandbox).await;
            let first = client.request("GET", SELF, &[KEY, CONNECTION], b"").await.unwrap();
            let second = client.request("GET", SELF, &[KEY, CONNECTION], b"").await.unwrap();
            assert_eq!((first.header("connection"), first.ok()), (None, second.ok()));
            assert_eq!(second.header("connection"), announce.then_some("close"));
            assert_eq!(client.end().await, End::Closed);
            sandbox.clear_faults();
        }
    }
}

#[tokio::test]
async fn connections_are_kept_without_a_fault() {
    let sandbox = sandbox().await;
    let mut client = Client::connect(&sandbox).await;
    for _ in 0..3 {
        client.request("GET", SELF, &[KEY, CONNECTION], b"").await.unwrap().ok();
    }
    get(&sandbox, SELF).await.ok();
    let connections: Vec<u64> = sandbox.transcript().iter().map(|exchange| exchange.connection).collect();
    assert_eq!(connections, [1, 1, 1, 2]);
}

#[tokio::test]
async fn a_dropped_sandbox_ends_its_connections() {
    let sandbox = sandbox().await;
    let mut client = Client::connect(&sandbox).await;
    client.request("GET", SELF, &[KEY, CONNECTION], b"").await.unwrap().ok();
    drop(sandbox);
    assert_ne!(client.end().await, End::Complete);

    let sandbox = small().start().await.unwrap();
    upload(&sandbox, &bytes(10)).await;
    let address = sandbox.address();
    sandbox.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

/// Rules as users write them.
pub(crate) trait PushJson {
    fn push_fault_json(&self, rule: &serde_json::Value);
}

impl PushJson for Sandbox {
    fn push_fault_json(&self, rule: &serde_json::Value) {
        for rule in script(&rule.to_string()).rules {
            self.push_fault(rule);
        }
    }
}
