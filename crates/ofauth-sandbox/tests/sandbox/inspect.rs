//! `/_sandbox`: the sandbox seen from other languages.

use ofauth_sandbox::{Exchange, Sandbox};
use serde_json::{Value, json};

use crate::client::{Client, POSTS, bytes, get, init, post, put, sha256, upload, url};
use crate::{sandbox, small};

async fn inspect(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> crate::client::Answer {
    Client::connect(sandbox)
        .await
        .request(method, &format!("/_sandbox/{path}"), &[], body.as_bytes())
        .await
        .unwrap()
}

#[tokio::test]
async fn uploads_posts_and_messages_can_be_seen() {
    let sandbox = sandbox().await;
    let file = bytes(1500);
    let id = upload(&sandbox, &file).await;
    post(&sandbox, POSTS, json!({ "text": "x", "mediaItems": [id] })).await.ok();
    post(&sandbox, "/v2/access/chats/1/messages", json!({ "text": "y" })).await.ok();

    let list = inspect(&sandbox, "GET", "uploads", "").await.ok();
    let record =
        inspect(&sandbox, "GET", &format!("uploads/{}", id.as_str().unwrap().replace(':', "%3A")), "").await;
    assert_eq!(list, json!([record.ok()]));
    assert_eq!(list, serde_json::to_value(sandbox.uploads()).unwrap());
    let record = record.json();
    assert_eq!(record["mediaUploadId"], id);
    assert_eq!(record["sha256"], sha256(&file));
    assert_eq!((&record["kind"], &record["state"]), (&json!("multipart"), &json!("consumed")));
    assert_eq!((&record["contentType"], &record["received"]), (&json!("video/mp4"), &json!(1500)));
    assert_eq!((&record["parts"][1]["start"], &record["parts"][1]["attempts"]), (&json!(1000), &json!(1)));

    assert_eq!(inspect(&sandbox, "GET", "posts", "").await.ok(), json!(sandbox.posts()));
    assert_eq!(inspect(&sandbox, "GET", "messages", "").await.ok(), json!(sandbox.messages()));
    assert_eq!(inspect(&sandbox, "GET", "uploads/upload:no", "").await.status, 404);
    assert_eq!(inspect(&sandbox, "GET", "nothing", "").await.status, 404);
    assert_eq!(inspect(&sandbox, "PUT", "uploads", "").await.status, 404);
}

#[tokio::test]
async fn faults_can_be_added_seen_and_removed() {
    let sandbox = sandbox().await;
    let rule = r#"{ "on": { "operation": "get_self", "times": "always" }, "fault": { "kind": "status", "status": 500 } }"#;
    assert_eq!(inspect(&sandbox, "POST", "faults", rule).await.ok(), json!({ "rules": 1 }));
    assert_eq!(get(&sandbox, "/v2/access/self").await.status, 500);
    let answer = inspect(&sandbox, "GET", "faults", "").await;
    assert!(answer.text().ends_with("]\n"), "{}", answer.text());
    let rules = answer.ok();
    assert_eq!((&rules[0]["fault"]["kind"], &rules[0]["played"]), (&json!("status"), &json!(1)));
    get(&sandbox, "/v2/access/self").await;
    get(&sandbox, "/v2/nothing").await;
    assert_eq!(inspect(&sandbox, "GET", "faults", "").await.ok()[0]["played"], 2);
    inspect(&sandbox, "DELETE", "faults", "").await.ok();
    assert_eq!(get(&sandbox, "/v2/access/self").await.status, 200);
    let wrong = inspect(&sandbox, "POST", "faults", r#"[{ "fault": { "kind": "x" } }]"#).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().contains("rule 1"), "{}", wrong.text());
}

#[tokio::test]
async fn the_transcript_has_every_request_but_no_key() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 1500).await;
    put(&sandbox, url(&plan, 1), &bytes(500)).await.ok();
    get(&sandbox, "/v2/nothing?x=1").await;
    inspect(&sandbox, "GET", "uploads", "").await.ok();

    let transcript: Vec<Exchange> = sandbox.transcript();
    assert_eq!(transcript.len(), 3, "/_sandbox is not part of it");
    let part = &transcript[1];
    assert_eq!(
        (part.number, part.method.as_str(), part.operation.as_deref()),
        (2, "PUT", Some("upload_part"))
    );
    assert_eq!((part.part, part.status, part.received), (Some(2), Some(200), 500));
    assert_eq!(part.media_upload_id.as_deref(), plan["mediaUploadId"].as_str());
    assert!(part.path.ends_with("/parts/2"));
    assert_eq!((part.headers["content-type"].as_str(), part.api_key), ("video/mp4", true));
    assert!(transcript[0].at <= part.at);
    let unknown = &transcript[2];
    assert_eq!(
        (unknown.path.as_str(), &unknown.operation, unknown.status),
        ("/v2/nothing?x=1", &None, Some(404))
    );

    let seen = inspect(&sandbox, "GET", "transcript", "").await.ok();
    assert_eq!((&seen[1]["operation"], &seen[1]["status"]), (&json!("upload_part"), &json!(200)));
    assert!(seen[1]["atMs"].as_f64().unwrap() > 0.0);
    assert_eq!(seen[1]["apiKey"], json!(true));
    assert!(!seen.to_string().contains("sk_test") && !format!("{transcript:?}").contains("sk_test"));
}

#[tokio::test]
async fn tls_is_trusted_through_its_authority() {
    let sandbox = small().tls(true).start().await.unwrap();
    assert!(sandbox.base_url().starts_with("https://127.0.0.1:"));
    assert!(sandbox.ca_pem().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let file = bytes(2500);
    let plan: Value = init(&sandbox, 10).await;
    assert!(url(&plan, 0).starts_with(sandbox.base_url()), "the scheme is the one asked");
    upload(&sandbox, &file).await;
    assert_eq!(sandbox.uploads()[1].sha256, Some(sha256(&file)));
    assert!(small().start().await.unwrap().ca_pem().is_none());
}
