//! What a running sandbox says of what it saw, and how it is put back to its start.

use ofauth_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::client::{Answer, CONNECTION, Client, JSON, KEY, POSTS, get, init, post, upload};
use crate::{sandbox, small};

const SELF: &str = "/v2/access/self";

async fn inspect(sandbox: &Sandbox, method: &str, path: &str) -> Answer {
    Client::connect(sandbox).await.request(method, &format!("/_sandbox/{path}"), &[], b"").await.unwrap()
}

/// The numbers of the exchanges that a query of the transcript finds.
async fn numbers(sandbox: &Sandbox, query: &str) -> Vec<u64> {
    let found = inspect(sandbox, "GET", &format!("transcript?{query}")).await.ok();
    found.as_array().unwrap().iter().map(|exchange| exchange["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_transcript_can_be_filtered() {
    let sandbox = sandbox().await;
    get(&sandbox, SELF).await.ok();
    post(&sandbox, POSTS, json!({ "price": -1 })).await;
    post(&sandbox, POSTS, json!({ "text": "a" })).await.ok();
    let other = [KEY, ("x-connection-id", "conn_other")];
    Client::connect(&sandbox).await.request("GET", SELF, &other, b"").await.unwrap().ok();
    sandbox.push_fault(Fault::AnswerLost { how: Default::default() });
    crate::client::try_call(&sandbox, "GET", SELF, &Value::Null).await.unwrap_err();
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5][..]),
        ("operation=create_post", &[2, 3]),
        ("operation=create_post&status=200", &[3]),
        ("status=4xx", &[2]),
        ("status=none", &[5]),
        ("connection=conn_other", &[4]),
        ("since=3", &[4, 5]),
        ("operation=get_self&since=1&connection=conn_test", &[5]),
        ("operation=list_posts", &[]),
    ] {
        assert_eq!(numbers(&sandbox, query).await, expected, "{query}");
    }
    for (query, problem) in [("operation=nothing", "there is no"), ("operatoin=x", "did you mean operation?")]
    {
        let answer = inspect(&sandbox, "GET", &format!("transcript?{query}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(problem), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_transcript_has_the_bodies_of_json_calls() {
    let sandbox = sandbox().await;
    post(&sandbox, POSTS, json!({ "text": "sk_test is only a word here" })).await.ok();
    let long = "x".repeat(5000);
    let refused = post(&sandbox, POSTS, json!({ "text": long, "price": 999 })).await;
    let headers = [KEY, CONNECTION, JSON];
    Client::connect(&sandbox).await.request("POST", POSTS, &headers, b"{half").await.unwrap();
    let id = upload(&sandbox, &[7; 10]).await;

    let seen = inspect(&sandbox, "GET", "transcript").await.ok();
    assert_eq!(seen[0]["request"], json!({ "text": "sk_test is only a word here" }));
    assert_eq!(seen[0]["answer"]["text"], "sk_test is only a word here");
    assert!(seen[1]["request"].as_str().unwrap().ends_with("xx…"));
    assert_eq!(seen[1]["answer"], refused.json());
    assert_eq!(seen[2]["request"], "{half");
    let (put, of_init) = (&seen[4], &seen[3]);
    assert_eq!((&put["request"], &put["answer"]["mediaUploadId"]), (&Value::Null, &id));
    assert_eq!(of_init["answer"]["mediaUploadId"], id);

    let exchanges = sandbox.transcript();
    let request = exchanges[1].request.clone().unwrap();
    assert_eq!((request.text.len(), request.json()), (4096, None));
    assert!(request.length > 5000);
    assert_eq!(exchanges[0].request.as_ref().unwrap().json().unwrap()["text"], seen[0]["request"]["text"]);
    assert!(!format!("{exchanges:?}").contains("sk_test"), "what was written stays out of logs");
}

#[tokio::test]
async fn somebody_can_wait_for_the_nth_request() {
    let sandbox = small().start().await.unwrap();
    get(&sandbox, SELF).await.ok();
    let (found, _) =
        tokio::join!(inspect(&sandbox, "GET", "transcript?operation=create_post&wait=2"), async {
            // Not one that is refused by the network, and not another operation.
            get(&sandbox, SELF).await.ok();
            post(&sandbox, POSTS, json!({})).await.ok();
            post(&sandbox, POSTS, json!({ "price": -1 })).await;
        });
    let statuses: Vec<Value> =
        found.ok().as_array().unwrap().iter().map(|exchange| exchange["status"].clone()).collect();
    assert_eq!(statuses, [json!(200), json!(400)]);

    let late = inspect(&sandbox, "GET", "transcript?operation=create_post&wait=3&timeout=0").await;
    assert_eq!(late.status, 504);
    assert!(late.text().contains("2 of 3 requests were over after 0 s"), "{}", late.text());

    let (found, _) = tokio::join!(sandbox.wait_for("get_self", 3), get(&sandbox, SELF));
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|exchange| exchange.over && exchange.status == Some(200)));
}

#[tokio::test]
async fn a_request_is_over_when_it_was_answered_and_not_before() {
    let sandbox = sandbox().await;
    let mut client = Client::connect(&sandbox).await;
    client.send_head("POST", POSTS, &[KEY, CONNECTION, JSON, ("content-length", "2")]).await.unwrap();
    while sandbox.transcript().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!sandbox.transcript()[0].over);
    client.send(b"{}").await.unwrap();
    client.answer().await.unwrap().ok();
    assert_eq!(sandbox.wait_for("create_post", 1).await[0].status, Some(200));
}

#[tokio::test]
async fn the_transcript_can_be_emptied() {
    let sandbox = sandbox().await;
    get(&sandbox, SELF).await.ok();
    assert_eq!(inspect(&sandbox, "DELETE", "transcript").await.ok(), json!({ "requests": 0 }));
    assert_eq!(numbers(&sandbox, "").await, [0; 0]);
    get(&sandbox, SELF).await.ok();
    assert_eq!(numbers(&sandbox, "since=1").await, [2], "numbers go on, so that since=N stays true");
    sandbox.clear_transcript();
    assert!(sandbox.transcript().is_empty());
}

#[tokio::test]
async fn a_reset_puts_everything_back_to_the_start() {
    let script = [Fault::status(503).on("get_self")].into_iter().collect();
    for by_handle in [true, false] {
        let sandbox = small().faults(std::clone::Clone::clone(&script)).start().await.unwrap();
        assert_eq!(get(&sandbox, SELF).await.status, 503);
        let first = post(&sandbox, POSTS, json!({ "text": "a" })).await.ok()["id"].clone();
        let id = upload(&sandbox, &[1; 10]).await;
        init(&sandbox, 10).await;
        sandbox.push_fault(Fault::status(500).on("list_posts").always());
        match by_handle {
            true => sandbox.reset(),
            false => assert_eq!(inspect(&sandbox, "POST", "reset").await.ok()["requests"], 0),
        }
        assert!(
            sandbox.uploads().is_empty() && sandbox.posts().is_empty() && sandbox.transcript().is_empty()
        );
        assert_eq!(get(&sandbox, POSTS).await.status, 200, "the rule that was pushed is gone");
        assert_eq!(get(&sandbox, SELF).await.status, 503, "the script begins again");
        let used = post(&sandbox, POSTS, json!({ "mediaItems": [id] })).await;
        used.is_error(400, "BAD_REQUEST", "upload");
        assert_eq!(sandbox.transcript()[0].number, 1);
        assert_eq!(post(&sandbox, POSTS, json!({ "text": "a" })).await.ok()["id"], first);
    }
}

#[tokio::test]
async fn health_says_that_it_runs() {
    let sandbox = sandbox().await;
    get(&sandbox, SELF).await.ok();
    let health = inspect(&sandbox, "GET", "health").await.ok();
    assert_eq!((&health["status"], &health["requests"]), (&json!("ok"), &json!(1)));
    assert!(health["version"].is_string() && health["uptimeMs"].is_u64(), "{health}");
}

#[tokio::test]
async fn the_document_is_served_with_this_address() {
    let sandbox = sandbox().await;
    let answer = Client::connect(&sandbox).await.request("GET", "/openapi.json", &[], b"").await.unwrap();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.ok();
    assert_eq!(document["servers"][0]["url"], sandbox.base_url());
    let paths = document["paths"].as_object().unwrap();
    for operation in crate::document::operations() {
        let (path, method) = (operation["path"].as_str().unwrap(), operation["method"].as_str().unwrap());
        assert_eq!(paths[path][method.to_lowercase()]["operationId"], operation["id"], "{method} {path}");
    }
    assert!(sandbox.transcript().is_empty());
}
