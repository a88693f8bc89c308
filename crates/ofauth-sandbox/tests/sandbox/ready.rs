//! How media get ready and copies are stored, and what is published when.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{POSTS, bytes, get, post, put, upload, url};
use crate::{sandbox, small};

const MEDIA: &str = "/v2/access/vault/media";

/// Uploads a file with a name.
pub(crate) async fn upload_named(sandbox: &Sandbox, name: &str, file: &[u8]) -> u64 {
    let body = json!({ "filename": name, "size": file.len(), "contentType": "video/mp4" });
    let plan = post(sandbox, crate::client::INIT, body).await.ok();
    put(sandbox, url(&plan, 0), file).await.ok();
    sandbox.upload(plan["mediaUploadId"].as_str().unwrap()).unwrap().media_id.unwrap()
}

async fn newest(sandbox: &Sandbox) -> (Value, Value) {
    let item = get(sandbox, MEDIA).await.ok()["list"][0].clone();
    (item["isReady"].clone(), item["hasError"].clone())
}

#[tokio::test]
async fn media_are_ready_after_some_looks() {
    let (yes, no) = (json!(true), json!(false));
    for (after, waits) in [(None, 1), (Some(0), 0), (Some(3), 3)] {
        let builder = after.map_or(small(), |after| small().ready_after(after));
        let sandbox = builder.start().await.unwrap();
        upload(&sandbox, &bytes(10)).await;
        for look in 0..waits + 2 {
            let wanted = if look < waits { (no.clone(), no.clone()) } else { (yes.clone(), no.clone()) };
            assert_eq!(newest(&sandbox).await, wanted, "{after:?} {look}");
        }
    }
    let sandbox = sandbox().await;
    upload_named(&sandbox, "processing-error.mp4", &bytes(10)).await;
    assert_eq!(newest(&sandbox).await, (no.clone(), no.clone()));
    assert_eq!(newest(&sandbox).await, (no.clone(), yes));
}

#[tokio::test]
async fn the_media_of_a_post_get_ready_when_it_is_read() {
    let sandbox = sandbox().await;
    let reference = upload(&sandbox, &bytes(10)).await;
    let post = post(&sandbox, POSTS, json!({ "mediaItems": [reference] })).await.ok();
    let own = format!("{POSTS}/{}", post["id"]);
    assert_eq!(get(&sandbox, &own).await.ok()["media"][0]["isReady"], false);
    assert_eq!(get(&sandbox, &own).await.ok()["media"][0]["isReady"], true);
}

#[tokio::test]
async fn what_is_scheduled_is_not_among_the_posts_yet() {
    let sandbox = sandbox().await;
    let later = json!({ "text": "later", "scheduledDate": "2099-01-01T00:00:00Z" });
    let scheduled = post(&sandbox, POSTS, later.clone()).await.ok();
    let past = json!({ "text": "past", "scheduledDate": "2020-01-01T00:00:00Z" });
    let published = post(&sandbox, POSTS, past).await.ok();
    for path in [POSTS, "/v2/access/users/me/posts"] {
        let list = get(&sandbox, path).await.ok()["list"].clone();
        let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|post| &post["id"]).collect();
        assert_eq!(ids, [&published["id"], &json!(12345)], "{path}");
    }
    let read = get(&sandbox, &format!("{POSTS}/{}", scheduled["id"])).await.ok();
    assert_eq!((&read["text"], &read["postedAt"]), (&json!("later"), &json!("2099-01-01T00:00:00+00:00")));
    assert_eq!(read["postedAtPrecise"], "4070908800.000000");
    assert!(!published["postedAt"].as_str().unwrap().starts_with("2099"), "{published}");
    let mass = post(&sandbox, "/v2/access/mass-messages", later).await.ok();
    let waiting = get(&sandbox, "/v2/access/mass-messages/scheduled").await.ok();
    let list = waiting["list"].as_array().or(waiting.as_array()).unwrap().clone();
    assert_eq!(list.iter().map(|message| &message["id"]).collect::<Vec<_>>(), [&mass["id"]]);
}
