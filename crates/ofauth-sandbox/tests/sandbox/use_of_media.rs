//! What uploads are for: posts, messages, Vault+.

use serde_json::{Value, json};

use crate::client::{POSTS, bytes, call, get, init, post, upload};
use crate::{sandbox, small};
use ofauth_sandbox::UploadState;

const CHAT: &str = "/v2/access/chats/42/messages";
const MASS: &str = "/v2/access/mass-messages";
const BATCH: &str = "/v2/vault-plus/media/batch";

#[tokio::test]
async fn a_reference_can_be_used_once() {
    for path in [POSTS, CHAT, MASS] {
        let sandbox = sandbox().await;
        let id = upload(&sandbox, &bytes(2500)).await;
        let media_id = sandbox.uploads()[0].media_id;
        let body = json!({ "text": "hello", "mediaItems": [id] });
        let answer = post(&sandbox, path, body.clone()).await.ok();
        assert!(answer["id"].as_u64().unwrap() > u64::from(u32::MAX));
        assert_eq!(sandbox.uploads()[0].state, UploadState::Consumed);
        let records = if path == POSTS { sandbox.posts() } else { sandbox.messages() };
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["text"], "hello");
        assert_eq!(records[0]["mediaItems"], json!([id]));
        assert_eq!(records[0]["mediaIds"], json!([media_id]));
        assert_eq!((&records[0]["id"], &records[0]["connectionId"]), (&answer["id"], &json!("conn_test")));

        post(&sandbox, path, body).await.is_error(400, "BAD_REQUEST", "was used already");
        let by_id = json!({ "mediaItems": [media_id] });
        for _ in 0..2 {
            post(&sandbox, path, by_id.clone()).await.ok();
        }
    }
}

#[tokio::test]
async fn a_post_shows_its_media() {
    let sandbox = sandbox().await;
    let id = upload(&sandbox, &bytes(10)).await;
    let answer = post(&sandbox, POSTS, json!({ "text": "hello", "mediaItems": [id] })).await.ok();
    assert_eq!(answer["text"], "hello");
    assert_eq!(answer["mediaCount"], 1);
    assert_eq!(answer["media"][0]["id"], json!(sandbox.uploads()[0].media_id));
    let message = post(&sandbox, CHAT, json!({ "text": "hi" })).await.ok();
    assert_eq!(message["text"], "hi");
    assert_eq!(sandbox.messages()[0]["userId"], "42");
}

#[tokio::test]
async fn references_that_cannot_be_used_refuse_the_whole_request() {
    let sandbox = sandbox().await;
    let good = upload(&sandbox, &bytes(10)).await;
    let open = init(&sandbox, 10).await["mediaUploadId"].clone();
    let cases = [
        (json!([good, open]), "is not finished"),
        (json!([good, "upload:no"]), "does not exist"),
        (json!([good, good]), "named twice"),
        (json!([good, "ftp://example.com/a.jpg"]), "neither"),
        (json!([good, "cat.jpg"]), "neither"),
        (json!([good, "0"]), "neither"),
        (json!([good, "-5"]), "neither"),
    ];
    for (items, problem) in cases {
        post(&sandbox, POSTS, json!({ "mediaItems": items })).await.is_error(400, "BAD_REQUEST", problem);
    }
    for items in [json!([0]), json!([-1]), json!([1.5]), json!([null]), json!([""]), json!("upload:x")] {
        post(&sandbox, POSTS, json!({ "mediaItems": items })).await.is_error(
            400,
            "BAD_REQUEST",
            "mediaItems",
        );
    }
    assert!(sandbox.posts().is_empty());
    assert_eq!(sandbox.upload(good.as_str().unwrap()).unwrap().state, UploadState::Complete);
}

#[tokio::test]
async fn the_forms_of_media_items_can_be_mixed() {
    let sandbox = sandbox().await;
    let id = upload(&sandbox, &bytes(10)).await;
    let items = json!([12345, "12346", id, "https://example.com/a.jpg", "http://example.com/b.jpg"]);
    let answer = post(&sandbox, POSTS, json!({ "mediaItems": items })).await.ok();
    assert_eq!(answer["mediaCount"], 5);
    let ids = sandbox.posts()[0]["mediaIds"].clone();
    assert_eq!((&ids[0], &ids[1]), (&json!(12345), &json!(12346)));
}

#[tokio::test]
async fn the_documented_limits_are_held() {
    let sandbox = sandbox().await;
    let long = "é".repeat(10_000);
    let common = [
        (json!({ "text": format!("{long}x") }), "text: has 10001 characters"),
        (json!({ "text": 1 }), "text:"),
        (json!({ "price": 200.5 }), "price: must be from 0 to 200, not 200.5"),
        (json!({ "price": -1 }), "price: must be from 0 to 200, not -1"),
        (json!({ "price": "5" }), "price:"),
        (json!({ "previewMediaCount": -1 }), "previewMediaCount:"),
        (json!({ "previewMediaCount": 0.5 }), "previewMediaCount:"),
        (json!({ "isLockedText": "yes" }), "isLockedText:"),
        (json!({ "isMarkdown": 1 }), "isMarkdown:"),
        (json!({ "userTags": ["a"] }), "userTags[0]:"),
        (json!({ "releaseForms": { "users": [0] } }), "releaseForms.users[0]:"),
        (json!({ "mediaItems": {} }), "mediaItems:"),
    ];
    for path in [POSTS, CHAT, MASS] {
        for (body, problem) in &common {
            post(&sandbox, path, body.clone()).await.is_error(400, "BAD_REQUEST", problem);
        }
        let good = json!({
            "text": long, "price": 200, "previewMediaCount": null, "isLockedText": null, "isMarkdown": true,
            "releaseForms": { "users": [1], "partners": [], "guests": [2] }, "userTags": [3],
        });
        post(&sandbox, path, good).await.ok();
        post(&sandbox, path, json!({})).await.ok();
    }
    let posts = [
        (json!({ "fundRaisingTargetAmount": 9 }), "fundRaisingTargetAmount:"),
        (json!({ "fundRaisingTipsPresets": [1, 2, 3, 4, 5] }), "fundRaisingTipsPresets:"),
        (json!({ "expireAfter": 31 }), "expireAfter:"),
        (json!({ "expireAfter": 0 }), "expireAfter:"),
    ];
    for (body, problem) in posts {
        post(&sandbox, POSTS, body).await.is_error(400, "BAD_REQUEST", problem);
    }
    post(&sandbox, MASS, json!({ "userIds": [true] })).await.is_error(400, "BAD_REQUEST", "userIds[0]:");
    post(&sandbox, MASS, json!({ "userIds": [1, "2"], "scheduledDate": null })).await.ok();
    assert_eq!((sandbox.posts().len(), sandbox.messages().len()), (2, 5));
}

#[tokio::test]
async fn posts_and_mass_messages_can_be_read_changed_and_deleted() {
    let sandbox = sandbox().await;
    for path in [POSTS, MASS] {
        let created = post(&sandbox, path, json!({ "text": "one" })).await.ok();
        let own = format!("{path}/{}", created["id"]);
        let read = get(&sandbox, &own).await.ok();
        assert_eq!((&read["id"], &read["text"]), (&created["id"], &json!("one")));
        let changed = call(&sandbox, "PUT", &own, &json!({ "text": "two" })).await.ok();
        assert_eq!(changed["id"], created["id"]);
        assert_eq!(get(&sandbox, &own).await.ok()["text"], "two");
        assert_eq!(call(&sandbox, "DELETE", &own, &Value::Null).await.status, 200);
        get(&sandbox, &own).await.is_error(404, "RESOURCE_NOT_FOUND", "there is no");
    }
    assert!(sandbox.posts().is_empty() && sandbox.messages().is_empty());
}

#[tokio::test]
async fn the_vault_plus_batch_has_what_is_cached() {
    let sandbox = small().vault_plus_media(["4492994399", "4492994400"]).start().await.unwrap();
    upload(&sandbox, &bytes(2500)).await;
    let uploaded = sandbox.uploads()[0].media_id.unwrap().to_string();
    let ids = json!(["4492994399", "7", uploaded, "4492994400", "4492994399"]);
    let answer = post(&sandbox, BATCH, json!({ "mediaIds": ids })).await.ok();
    let items = answer["items"].as_array().unwrap();
    let found: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(found, ["4492994400", uploaded.as_str(), "4492994399"]);
    let video = &items[1];
    assert_eq!(video["type"], "video");
    assert_eq!(video["media"]["source"]["sizeBytes"], 2500);
    assert_eq!(video["media"]["source"]["contentType"], "video/mp4");
    let image = &items[0];
    assert_eq!((&image["type"], &image["duration"]), (&json!("image"), &Value::Null));
    for label in ["full", "thumb"] {
        let variant = &image["media"][label];
        assert_eq!((&variant["quality"], &variant["status"]), (&json!(label), &json!("stored")));
        assert!(variant["createdAt"].as_u64().unwrap() > 1_000_000_000_000, "milliseconds");
        assert!(variant["url"].as_str().unwrap().starts_with(sandbox.base_url()));
    }
}

#[tokio::test]
async fn the_vault_plus_batch_has_limits() {
    let sandbox = sandbox().await;
    let ids = |count: usize| json!({ "mediaIds": (0..count).map(|id| id.to_string()).collect::<Vec<_>>() });
    assert_eq!(post(&sandbox, BATCH, ids(100)).await.ok(), json!({ "items": [] }));
    assert_eq!(post(&sandbox, BATCH, ids(0)).await.ok(), json!({ "items": [] }));
    post(&sandbox, BATCH, ids(101)).await.is_error(400, "BAD_REQUEST", "101 elements, at most 100");
    post(&sandbox, BATCH, json!({ "mediaIds": [1] })).await.is_error(
        400,
        "BAD_REQUEST",
        "mediaIds[0]: must be of type string",
    );
    post(&sandbox, BATCH, json!({ "mediaIds": "1" })).await.is_error(400, "BAD_REQUEST", "array");
    post(&sandbox, BATCH, json!({})).await.is_error(400, "BAD_REQUEST", "mediaIds: is required");
}
