//! Sending bytes and finishing.

use std::time::Duration;

use ofauth_sandbox::{UploadKind, UploadState};
use serde_json::json;

use crate::client::{
    CHECK, CONNECTION, Client, KEY, MP4, bytes, complete, init, post, put, sha256, slice, upload, url,
};
use crate::{sandbox, small};

#[tokio::test]
async fn a_single_put_finishes_and_returns_the_media() {
    let sandbox = sandbox().await;
    let file = bytes(700);
    let plan = init(&sandbox, file.len()).await;
    let answer = put(&sandbox, url(&plan, 0), &file).await;
    let body = answer.ok();
    let record = sandbox.upload(plan["mediaUploadId"].as_str().unwrap()).unwrap();
    let media_id = record.media_id.unwrap();
    assert!(media_id > u64::from(u32::MAX), "ids of the API need more than 32 bits");
    let media = json!({ "id": media_id, "type": "video", "files": {} });
    assert_eq!(body, json!({ "mediaUploadId": plan["mediaUploadId"], "media": media }));
    assert_eq!(answer.header("etag"), record.parts[0].etag.as_deref());
    assert_eq!((record.kind, record.state), (UploadKind::Single, UploadState::Complete));
    assert_eq!((record.sha256, record.received), (Some(sha256(&file)), 700));
    assert_eq!(record.parts[0].attempts, 1);
}

#[tokio::test]
async fn the_media_type_follows_the_content_type() {
    let sandbox = sandbox().await;
    for (content_type, kind) in [("image/png", "photo"), ("image/gif", "gif"), ("audio/mpeg", "audio")] {
        let body = json!({ "filename": "a", "size": 1, "contentType": content_type });
        let plan = post(&sandbox, crate::client::INIT, body).await.ok();
        let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
        let headers = [KEY, CONNECTION, ("content-type", content_type)];
        let answer = Client::connect(&sandbox).await.request("PUT", path, &headers, b"x").await.unwrap();
        assert_eq!(answer.ok()["media"]["type"], kind);
    }
}

#[tokio::test]
async fn parts_are_assembled_in_order_whatever_the_order_they_come_in() {
    let sandbox = sandbox().await;
    let file = bytes(7300);
    for order in [[0, 1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1, 0], [3, 0, 7, 1, 2, 6, 4, 5]] {
        let plan = init(&sandbox, file.len()).await;
        for index in order {
            let body = put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
            assert_eq!(body["mediaUploadId"], plan["mediaUploadId"]);
            assert_eq!(body["partNumber"], index + 1);
            let etag = body["etag"].as_str().unwrap();
            let hex = etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).unwrap();
            assert!(hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{etag}");
        }
        let answer = complete(&sandbox, &plan["mediaUploadId"]).await.ok();
        assert_eq!(answer, json!({ "mediaUploadId": plan["mediaUploadId"] }));
        let record = sandbox.upload(plan["mediaUploadId"].as_str().unwrap()).unwrap();
        assert_eq!(record.sha256, Some(sha256(&file)));
        assert_eq!((record.state, record.received), (UploadState::Complete, 7300));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_may_come_in_parallel() {
    let sandbox = std::sync::Arc::new(sandbox().await);
    let file = std::sync::Arc::new(bytes(40_000));
    let plan = init(&sandbox, file.len()).await;
    let tasks = (0..40).map(|index| {
        let (sandbox, file, plan) = (sandbox.clone(), file.clone(), plan.clone());
        tokio::spawn(async move { put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok() })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    complete(&sandbox, &plan["mediaUploadId"]).await.ok();
    let record = sandbox.upload(plan["mediaUploadId"].as_str().unwrap()).unwrap();
    assert_eq!(record.sha256, Some(sha256(&file)));
    assert!(record.parts.iter().all(|part| part.attempts == 1));
}

#[tokio::test]
async fn a_part_sent_again_replaces_the_one_before() {
    let sandbox = sandbox().await;
    let file = bytes(3000);
    let plan = init(&sandbox, file.len()).await;
    let mut etags = Vec::new();
    for content in [&[0; 1000][..], slice(&plan, 0, &file)] {
        etags.push(put(&sandbox, url(&plan, 0), content).await.ok()["etag"].clone());
        for index in 1..3 {
            put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
        }
    }
    assert_ne!(etags[0], etags[1]);
    complete(&sandbox, &plan["mediaUploadId"]).await.ok();
    let record = sandbox.upload(plan["mediaUploadId"].as_str().unwrap()).unwrap();
    assert_eq!(record.sha256, Some(sha256(&file)));
    assert_eq!(record.parts[0].etag.as_deref(), etags[1].as_str());
    assert_eq!((record.parts[0].attempts, record.received), (2, 3000));
}

#[tokio::test]
async fn a_broken_repetition_leaves_the_accepted_part_as_it_was() {
    let sandbox = sandbox().await;
    let file = bytes(2000);
    let plan = init(&sandbox, file.len()).await;
    for index in 0..2 {
        put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
    }
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    client.send_head("PUT", path, &[KEY, CONNECTION, MP4, ("content-length", "1000")]).await.unwrap();
    client.send(&[9; 999]).await.unwrap();
    drop(client);
    complete(&sandbox, &plan["mediaUploadId"]).await.ok();
    let record = sandbox.upload(plan["mediaUploadId"].as_str().unwrap()).unwrap();
    assert_eq!(record.sha256, Some(sha256(&file)));
}

#[tokio::test]
async fn discarded_bytes_are_counted() {
    let sandbox = small().discard_bytes(true).start().await.unwrap();
    let id = upload(&sandbox, &bytes(2500)).await;
    let record = sandbox.upload(id.as_str().unwrap()).unwrap();
    assert_eq!((record.received, record.sha256, record.state), (2500, None, UploadState::Complete));
}

#[tokio::test]
async fn a_finished_upload_is_found_by_etag_and_size() {
    let sandbox = sandbox().await;
    let id = upload(&sandbox, &bytes(2500)).await;
    let record = sandbox.upload(id.as_str().unwrap()).unwrap();
    let media = json!({ "id": record.media_id, "type": "video", "files": {} });
    for part in &record.parts {
        let answer = post(&sandbox, CHECK, json!({ "etag": part.etag, "size": 2500 })).await.ok();
        assert_eq!(answer, json!({ "exists": true, "media": media }));
    }
    let etag = record.parts[0].etag.clone().unwrap();
    for (etag, size) in [(etag.as_str(), 2501), ("\"other\"", 2500), (etag.trim_matches('"'), 2500)] {
        let answer = post(&sandbox, CHECK, json!({ "etag": etag, "size": size })).await.ok();
        assert_eq!(answer, json!({ "exists": false }));
    }
    post(&sandbox, CHECK, json!({ "size": 1 })).await.is_error(400, "BAD_REQUEST", "etag: is required");
    post(&sandbox, CHECK, json!({ "etag": "x", "size": 0 })).await.is_error(400, "BAD_REQUEST", "size:");
}

#[tokio::test]
async fn an_unfinished_upload_is_not_found_by_check() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 2000).await;
    let etag = put(&sandbox, url(&plan, 0), &[0; 1000]).await.ok()["etag"].clone();
    let answer = post(&sandbox, CHECK, json!({ "etag": etag, "size": 2000 })).await.ok();
    assert_eq!(answer, json!({ "exists": false }));
}

#[tokio::test]
async fn a_session_expires_when_nothing_is_sent() {
    let sandbox = small().session_ttl(Duration::from_secs(1)).start().await.unwrap();
    let plan = init(&sandbox, 2000).await;
    let id = plan["mediaUploadId"].as_str().unwrap();
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.ok();
    tokio::time::timeout(Duration::from_secs(10), async {
        while sandbox.upload(id).unwrap().state != UploadState::Expired {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    put(&sandbox, url(&plan, 1), &[0; 1000]).await.is_error(404, "RESOURCE_NOT_FOUND", "expired");
    complete(&sandbox, &plan["mediaUploadId"]).await.is_error(404, "RESOURCE_NOT_FOUND", "expired");
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_gets_it() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 10).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    let headers = [KEY, CONNECTION, MP4, ("content-length", "10"), ("expect", "100-continue")];
    client.send_head("PUT", path, &headers).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 100);
    client.send(&[0; 10]).await.unwrap();
    client.answer().await.unwrap().ok();

    let mut client = Client::connect(&sandbox).await;
    client.send_head("PUT", path, &headers).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 409, "refused without asking for the body");
}
