//! Faults of the answer.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{CONNECTION, Client, End, KEY, POSTS, bytes, get, init, post, put, url};
use crate::faults::PushJson;
use crate::{sandbox, small};

const SELF: &str = "/v2/access/self";

/// A sandbox that plays one fault on the next request of an operation.
async fn playing(operation: &str, fault: Value) -> Sandbox {
    let sandbox = sandbox().await;
    sandbox.push_fault_json(&json!({ "on": { "operation": operation }, "fault": fault }));
    sandbox
}

#[tokio::test]
async fn a_status_is_answered_instead_of_the_work() {
    let sandbox = playing("create_post", json!({ "kind": "status", "status": 500 })).await;
    post(&sandbox, POSTS, json!({})).await.is_error(500, "UNKNOWN_ERROR", "fault");
    assert!(sandbox.posts().is_empty());
    post(&sandbox, POSTS, json!({})).await.ok();
}

#[tokio::test]
async fn a_status_has_the_text_and_type_of_its_script() {
    let fault = json!({
        "kind": "status", "status": 401, "error": "ended", "type": "SESSION_EXPIRED",
        "action_required": "refresh_session", "headers": { "X-Extra": "1" },
    });
    let sandbox = playing("get_self", fault).await;
    let answer = get(&sandbox, SELF).await;
    answer.is_error(401, "SESSION_EXPIRED", "ended");
    assert_eq!(answer.json()["actionRequired"], "refresh_session");
    assert_eq!(answer.header("x-extra"), Some("1"));
}

#[tokio::test]
async fn a_429_has_the_headers_that_are_asked() {
    let plain = playing("get_self", json!({ "kind": "status", "status": 429 })).await;
    let answer = get(&plain, SELF).await;
    answer.is_error(429, "RATE_LIMIT_EXCEEDED", "");
    assert_eq!((answer.header("retry-after"), answer.header("x-ratelimit-limit")), (None, None));

    let seconds = playing("get_self", json!({ "kind": "status", "status": 429, "retry_after": 7 })).await;
    assert_eq!(get(&seconds, SELF).await.header("retry-after"), Some("7"));

    let date = json!({ "kind": "status", "status": 503, "retry_after": { "date_in": 3600 } });
    let answer = get(&playing("get_self", date).await, SELF).await;
    let when = httpdate::parse_http_date(answer.header("retry-after").unwrap()).unwrap();
    let seconds = when.duration_since(std::time::SystemTime::now()).unwrap().as_secs();
    assert!((3590..=3600).contains(&seconds), "{seconds}");

    let text = playing("get_self", json!({ "kind": "status", "status": 429, "retry_after": "soon" })).await;
    assert_eq!(get(&text, SELF).await.header("retry-after"), Some("soon"));

    let limit = json!({ "limit": 90, "remaining": 0, "reset": 60 });
    let bucket = playing("get_self", json!({ "kind": "status", "status": 429, "rate_limit": limit })).await;
    let answer = get(&bucket, SELF).await;
    let headers = ["limit", "remaining", "reset"].map(|name| answer.header(&format!("x-ratelimit-{name}")));
    assert_eq!(headers, [Some("90"), Some("0"), Some("60")]);
}

#[tokio::test]
async fn html_is_answered_as_a_proxy_would() {
    let sandbox = playing("upload_single", json!({ "kind": "html" })).await;
    let plan = init(&sandbox, 10).await;
    let answer = put(&sandbox, url(&plan, 0), &[0; 10]).await;
    assert_eq!((answer.status, answer.header("content-type")), (502, Some("text/html")));
    assert!(answer.text().starts_with("<html>"));
    assert_eq!(sandbox.uploads()[0].received, 0);
    put(&sandbox, url(&plan, 0), &[0; 10]).await.ok();
}

#[tokio::test]
async fn a_success_can_have_an_error_body_or_none_or_gibberish() {
    let error = json!({ "kind": "status", "status": 200, "error": "no", "type": "BAD_REQUEST" });
    let sandbox = playing("create_post", error).await;
    let body = post(&sandbox, POSTS, json!({})).await.ok();
    assert_eq!((&body["error"], &body["type"]), (&json!("no"), &json!("BAD_REQUEST")));
    assert!(sandbox.posts().is_empty());

    let sandbox = playing("create_post", json!({ "kind": "empty", "status": 204 })).await;
    let answer = post(&sandbox, POSTS, json!({})).await;
    assert_eq!((answer.status, answer.body.len(), sandbox.posts().len()), (204, 0, 1));

    let sandbox = playing("create_post", json!({ "kind": "unreadable", "body": "{\"id\": 1" })).await;
    let answer = post(&sandbox, POSTS, json!({})).await;
    assert_eq!((answer.status, answer.text().as_str(), answer.end), (200, "{\"id\": 1", End::Complete));
    assert_eq!((answer.header("content-type"), sandbox.posts().len()), (Some("application/json"), 1));

    let sandbox = playing("create_post", json!({ "kind": "unreadable" })).await;
    let answer = post(&sandbox, POSTS, json!({})).await;
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
}

#[tokio::test]
async fn a_status_after_the_work_hides_a_success_only() {
    let fault = json!({ "kind": "status", "status": 502, "work": true });
    let sandbox = playing("create_post", fault.clone()).await;
    post(&sandbox, POSTS, json!({})).await.is_error(502, "PROXY_ERROR", "");
    assert_eq!(sandbox.posts().len(), 1);

    let sandbox = playing("create_post", fault).await;
    post(&sandbox, POSTS, json!({ "price": 1000 })).await.is_error(400, "BAD_REQUEST", "price");
}

#[tokio::test]
async fn a_redirect_points_where_it_is_told() {
    let fault = json!({ "kind": "redirect", "location": "http://127.0.0.1:9/elsewhere" });
    let sandbox = playing("init_upload", fault).await;
    let answer = post(&sandbox, crate::client::INIT, crate::client::init_body(1)).await;
    assert_eq!((answer.status, answer.header("location")), (307, Some("http://127.0.0.1:9/elsewhere")));
    assert!(sandbox.uploads().is_empty());
}

#[tokio::test]
async fn huge_json_is_valid_and_as_long_as_asked() {
    let sandbox = playing("create_post", json!({ "kind": "huge_json", "bytes": 300_001 })).await;
    let body = post(&sandbox, POSTS, json!({ "text": "x" })).await.ok();
    assert_eq!((body["padding"].as_str().unwrap().len(), &body["text"]), (300_001, &json!("x")));
}

#[tokio::test]
async fn a_merge_patch_changes_the_answer() {
    let patch = json!({ "media": null, "extra": { "a": [1] }, "mediaUploadId": 7 });
    let sandbox = playing("upload_single", json!({ "kind": "merge", "patch": patch })).await;
    let plan = init(&sandbox, 10).await;
    let body = put(&sandbox, url(&plan, 0), &[0; 10]).await.ok();
    assert_eq!(body, json!({ "mediaUploadId": 7, "extra": { "a": [1] } }));
    assert!(sandbox.uploads()[0].media_id.is_some());
}

#[tokio::test]
async fn answers_can_arrive_in_small_pieces() {
    for tls in [false, true] {
        for length in [false, true] {
            let sandbox = small().tls(tls).start().await.unwrap();
            sandbox.push_fault_json(&json!({
                "on": { "operation": "upload_single" },
                "fault": { "kind": "chunks", "size": 5, "length": length },
            }));
            let plan = init(&sandbox, 10).await;
            let answer = put(&sandbox, url(&plan, 0), &bytes(10)).await;
            let body = answer.ok();
            assert_eq!(body["mediaUploadId"], plan["mediaUploadId"]);
            assert_eq!(answer.header("content-length").is_some(), length);
            assert_eq!(answer.header("transfer-encoding").is_some(), !length);
            let pieces = answer.body.len() / 5;
            assert!(answer.reads >= pieces, "{} reads for {pieces} pieces", answer.reads);
        }
    }
}

#[tokio::test]
async fn faults_of_different_stages_work_together() {
    let sandbox = sandbox().await;
    sandbox.push_fault_json(&json!([
        { "on": { "operation": "get_self" }, "fault": { "kind": "status", "status": 503 } },
        { "on": { "operation": "get_self" }, "fault": { "kind": "close_after_answer", "announce": true } },
        { "fault": { "kind": "delay", "ms": 1 } },
    ]));
    let mut client = Client::connect(&sandbox).await;
    let answer = client.request("GET", SELF, &[KEY, CONNECTION], b"").await.unwrap();
    answer.is_error(503, "NETWORK_ERROR", "");
    assert_eq!(client.end().await, End::Closed);
    assert_eq!(sandbox.transcript()[0].faults, ["status", "close_after_answer", "delay"]);
}
