//! The init request and its plan.

use std::time::Duration;

use ofauth_sandbox::{UploadKind, UploadState};
use serde_json::{Value, json};

use crate::client::{CONNECTION, Client, INIT, JSON, KEY, init, init_body, post};
use crate::{sandbox, small};

#[tokio::test]
async fn a_multipart_plan_is_as_the_guide_shows() {
    let sandbox = sandbox().await;
    let answer = post(&sandbox, INIT, init_body(2500)).await;
    let plan = answer.ok();
    let id = plan["mediaUploadId"].as_str().unwrap();
    let uuid = id.strip_prefix("upload:").unwrap();
    assert_eq!(uuid.len(), 36);
    let base = sandbox.base_url();
    let part = |number: u64, start: u64, end: u64| {
        json!({
            "partNumber": number,
            "uploadUrl": format!("{base}/v2/access/uploads/upload%3A{uuid}/parts/{number}"),
            "byteRange": { "start": start, "end": end },
        })
    };
    let expected = json!({
        "mediaUploadId": id,
        "uploadType": "multipart",
        "totalParts": 3,
        "partSize": 1000,
        "expiresAt": plan["expiresAt"],
        "parts": [part(1, 0, 999), part(2, 1000, 1999), part(3, 2000, 2499)],
        "completeUrl": format!("{base}/v2/access/uploads/complete"),
    });
    assert_eq!(plan, expected);
    assert_eq!(answer.header("x-ofauth-upload-total-parts"), Some("3"));
    assert_eq!(answer.header("x-ofauth-upload-part-size"), Some("1000"));

    let record = sandbox.upload(id).unwrap();
    assert_eq!((record.kind, record.state), (UploadKind::Multipart, UploadState::Open));
    assert_eq!((record.filename.as_str(), record.size, record.received), ("clip.mp4", 2500, 0));
}

#[tokio::test]
async fn a_single_plan_has_one_part_and_no_complete_url() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 1000).await;
    assert_eq!(plan["uploadType"], "single");
    assert_eq!(plan["totalParts"], 1);
    assert_eq!(plan["partSize"], 1000);
    assert!(plan.get("completeUrl").is_none());
    assert_eq!(plan["parts"][0]["byteRange"], json!({ "start": 0, "end": 999 }));
    let url = plan["parts"][0]["uploadUrl"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/v2/access/uploads/upload%3A", sandbox.base_url())), "{url}");
    assert!(!url.contains("/parts/"));
}

#[tokio::test]
async fn the_single_limit_and_the_part_size_are_independent() {
    let large = small().single_limit(5000).start().await.unwrap();
    let plan = init(&large, 5000).await;
    assert_eq!((&plan["uploadType"], &plan["partSize"]), (&json!("single"), &json!(5000)));
    assert_eq!(init(&large, 5001).await["totalParts"], 6);

    let none = small().single_limit(0).start().await.unwrap();
    let plan = init(&none, 1).await;
    assert_eq!((&plan["uploadType"], &plan["totalParts"]), (&json!("multipart"), &json!(1)));
}

#[tokio::test]
async fn the_urls_begin_with_the_host_that_was_asked() {
    let sandbox = sandbox().await;
    let body = init_body(10).to_string();
    let length = body.len().to_string();
    let head = format!(
        "POST {INIT} HTTP/1.1\r\nHost: example.test:8080\r\napikey: k\r\nx-connection-id: c\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut client = Client::connect(&sandbox).await;
    client.send(head.as_bytes()).await.unwrap();
    let plan = client.answer().await.unwrap().ok();
    let url = plan["parts"][0]["uploadUrl"].as_str().unwrap();
    assert!(url.starts_with("http://example.test:8080/v2/access/uploads/upload%3A"), "{url}");
}

#[tokio::test]
async fn expires_at_is_iso_8601_with_milliseconds() {
    let sandbox = small().session_ttl(Duration::from_secs(90)).start().await.unwrap();
    let before = jiff::Timestamp::now();
    let plan = init(&sandbox, 10).await;
    let text = plan["expiresAt"].as_str().unwrap();
    assert_eq!((text.len(), text.ends_with('Z')), ("2026-04-29T10:18:48.831Z".len(), true), "{text}");
    let end: jiff::Timestamp = text.parse().unwrap();
    let seconds = end.as_second() - before.as_second();
    assert!((89..=95).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn fields_are_checked_by_name() {
    let sandbox = sandbox().await;
    let cases: &[(&str, Value, &str)] = &[
        ("filename", Value::Null, "filename: is required"),
        ("filename", json!(""), "filename: must have at least 1 character"),
        ("filename", json!(1), "filename: must be of type string"),
        ("size", Value::Null, "size: is required"),
        ("size", json!(0), "size: must be at least 1, not 0"),
        ("size", json!(-1), "size: must be"),
        ("size", json!(1.5), "size: must be"),
        ("size", json!("1"), "size: must be"),
        ("contentType", Value::Null, "contentType: is required"),
        ("contentType", json!(""), "contentType: must have at least 1 character"),
        ("vaultUpload", json!("x"), "vaultUpload: must be of type object"),
        ("vaultUpload", json!({ "mode": "post" }), "vaultUpload.mode"),
        ("vaultUpload", json!({ "userId": "" }), "vaultUpload.userId"),
        ("vaultUpload", json!({ "userId": 1 }), "vaultUpload.userId"),
    ];
    for (name, value, problem) in cases {
        let mut body = init_body(10);
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(*name)),
            value => body[*name] = value.clone(),
        }
        post(&sandbox, INIT, body).await.is_error(400, "BAD_REQUEST", problem);
    }
    // The field names of the official upload helpers are wrong.
    let wrong = json!({ "filename": "a", "filesize": 1, "mimeType": "video/mp4" });
    post(&sandbox, INIT, wrong).await.is_error(
        400,
        "BAD_REQUEST",
        "filesize: is not a documented field; it is called size",
    );
    let mut null = init_body(10);
    null["vaultUpload"] = Value::Null;
    post(&sandbox, INIT, null).await.is_error(400, "BAD_REQUEST", "vaultUpload");
    assert!(sandbox.uploads().is_empty());

    for options in [json!({}), json!({ "mode": "message", "userId": "12" }), json!({ "userId": null })] {
        let mut body = init_body(10);
        body["vaultUpload"] = options;
        post(&sandbox, INIT, body).await.ok();
    }
}

#[tokio::test]
async fn bodies_have_to_be_json_and_to_say_so() {
    let sandbox = sandbox().await;
    let send = async |content_type: &str, body: &str| {
        let headers = [KEY, CONNECTION, ("content-type", content_type)];
        Client::connect(&sandbox).await.request("POST", INIT, &headers, body.as_bytes()).await.unwrap()
    };
    let body = init_body(10).to_string();
    send("text/plain", &body).await.is_error(400, "BAD_REQUEST", "application/json");
    send("", &body).await.is_error(400, "BAD_REQUEST", "application/json");
    send(JSON.1, "{").await.is_error(400, "BAD_REQUEST", "not JSON");
    send(JSON.1, "[]").await.is_error(400, "BAD_REQUEST", "JSON object");
    send("application/json; charset=utf-8", &body).await.ok();
}

#[tokio::test]
async fn size_and_type_have_limits() {
    let sandbox = small().max_size(5000).start().await.unwrap();
    init(&sandbox, 5000).await;
    post(&sandbox, INIT, init_body(5001)).await.is_error(413, "PAYLOAD_TOO_LARGE", "5001");
    for good in ["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/quicktime"] {
        post(&sandbox, INIT, json!({ "filename": "a", "size": 1, "contentType": good })).await.ok();
    }
    for good in ["audio/mpeg", "audio/mp4", "Video/MP4"] {
        post(&sandbox, INIT, json!({ "filename": "a", "size": 1, "contentType": good })).await.ok();
    }
    for bad in ["application/pdf", "video/x-matroska", "image/svg+xml", "video"] {
        let body = json!({ "filename": "a", "size": 1, "contentType": bad });
        post(&sandbox, INIT, body).await.is_error(415, "UNSUPPORTED_MEDIA_TYPE", bad);
    }
}

#[tokio::test]
async fn a_part_size_that_gives_too_many_parts_is_explained() {
    let sandbox = small().part_size(1).start().await.unwrap();
    post(&sandbox, INIT, init_body(100_001)).await.is_error(413, "PAYLOAD_TOO_LARGE", "larger parts");
}
