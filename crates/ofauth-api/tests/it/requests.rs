//! Requests as the builders write them: strict, and without what the caller did not set.

use ofauth_api::types::{FlagText, ImportConnectionRequest, MassMessageInput, PostInput, UploadInit};
use ofauth_api::{ErrorKind, Id};
use serde_json::json;

use crate::server::Server;

#[test]
fn unset_fields_are_left_out_and_empty_lists_sent() {
    let empty = PostInput::try_from(PostInput::builder()).unwrap();
    assert_eq!(serde_json::to_value(&empty).unwrap(), json!({}));
    let cleared = PostInput::try_from(PostInput::builder().media_items(Vec::new()).price(5)).unwrap();
    assert_eq!(serde_json::to_value(&cleared).unwrap(), json!({"mediaItems": [], "price": 5.0}));
}

#[test]
fn what_may_be_null_can_be_sent_as_null() {
    let post = PostInput::builder().price_null().expire_after_null().is_markdown(false);
    assert_eq!(
        serde_json::to_value(PostInput::try_from(post).unwrap()).unwrap(),
        json!({"price": null, "expireAfter": null, "isMarkdown": false})
    );
    let text = r#"{"scheduledDate":null,"text":"Hi"}"#;
    let message: MassMessageInput = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&message).unwrap(), text);
}

#[test]
fn media_items_are_numbers_or_texts() {
    let items = vec![Id::from(12345), Id::from("12345"), Id::from("upload:1"), Id::from("https://x/a.jpg")];
    let post = PostInput::try_from(PostInput::builder().text("Hi").media_items(items)).unwrap();
    assert_eq!(
        serde_json::to_value(&post).unwrap(),
        json!({"text": "Hi", "mediaItems": [12345, "12345", "upload:1", "https://x/a.jpg"]})
    );
}

#[test]
fn required_fields_and_lengths_are_checked() {
    assert!(UploadInit::try_from(UploadInit::builder().filename("a.jpg").size(1)).is_err());
    assert!(
        UploadInit::try_from(UploadInit::builder().filename("").size(1).content_type("image/jpeg")).is_err()
    );
    assert!(
        UploadInit::try_from(UploadInit::builder().filename("a.jpg").size(1).content_type("image/jpeg"))
            .is_ok()
    );
    assert!(PostInput::try_from(PostInput::builder().text("x".repeat(10_001))).is_err());
}

#[test]
fn a_cookie_that_is_sent_stays_out_of_debug() {
    let builder = ImportConnectionRequest::builder().cookie("sess=canary").user_agent("UA");
    assert!(!format!("{builder:?}").contains("canary"));
    let request = ImportConnectionRequest::try_from(builder).unwrap();
    assert!(!format!("{request:?}").contains("canary"));
    assert_eq!(serde_json::to_value(&request).unwrap()["cookie"], json!("sess=canary"));
}

#[tokio::test]
async fn nothing_is_sent_for_a_request_that_is_not_complete() {
    let server = Server::answering(200, "{}").await;
    let error = server.client().get_post().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("post_id"), "{error}");
    let error = server.client().list_vault_media().sort("sideways").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("sort"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn parameters_reach_their_places() {
    let server = Server::answering(200, "{}").await;
    let client = server.client();
    client.list_vault_media().limit(10).offset(20).sort("most_liked").type_("gif").send().await.unwrap();
    client.delete_post().post_id(5).send().await.unwrap();
    client.get_vault_plus_media().media_id("a/b c").send().await.unwrap_err();
    client
        .list_users_by_ids()
        .user_ids(vec!["1".parse().unwrap(), "2".parse().unwrap()])
        .send()
        .await
        .unwrap();
    client.list_subscribers().filter_online(FlagText::X1).filter_promo_id(7).send().await.unwrap();
    client.create_post().body_map(|post| post.text("Hi").price_null()).send().await.unwrap_err();
    assert_eq!(&server.requests().last().unwrap().body[..], br#"{"price":null,"text":"Hi"}"#);
    let targets: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(
        targets,
        [
            "GET /v2/access/vault/media?limit=10&offset=20&sort=most_liked&type=gif",
            "DELETE /v2/access/posts/5",
            "GET /v2/vault-plus/media/a%2Fb%20c",
            "GET /v2/access/users/list?userIds=1&userIds=2",
            "GET /v2/access/subscribers?filter%5Bonline%5D=1&filter%5BpromoId%5D=7",
            "POST /v2/access/posts",
        ]
    );
}
