//! Posts, messages and mass messages from the first request to the last, against the sandbox; and upload references, which
//! nobody sends a second time.

use std::time::{Duration, SystemTime};

use ofauth::{Client, Content, ErrorKind, MediaItem, Source};
use ofauth_sandbox::{Fault, Sandbox};
use serde_json::json;

use crate::support::{KIB, builder_for, check, data, video};

const USER: &str = "4492994399";

async fn sandbox() -> (Sandbox, Client) {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    (sandbox, client)
}

async fn reference(client: &Client) -> String {
    video(client, &data(4 * KIB)).await.unwrap().media_upload_id().to_owned()
}

/// How many requests that make something the sandbox has seen.
fn made(sandbox: &Sandbox) -> usize {
    let is_made = |operation: &str| operation.starts_with("create_") || operation.starts_with("send_");
    sandbox.transcript().iter().filter(|seen| seen.operation.as_deref().is_some_and(is_made)).count()
}

#[tokio::test]
async fn a_post_is_created_read_edited_and_deleted() {
    let (_sandbox, client) = sandbox().await;
    let reference = reference(&client).await;
    let in_a_year = SystemTime::now() + Duration::from_secs(365 * 24 * 3600);
    let content = Content::new("Soon").media(MediaItem::reference(&reference)).schedule(in_a_year);
    let post = client.create_post(&content).await.unwrap();
    let media = post.raw()["media"][0]["id"].as_u64().unwrap();
    assert_eq!(client.get_post(&post.id).await.unwrap().id, post.id);

    let edited = Content::new("Sooner").media(MediaItem::id(media));
    assert_eq!(client.update_post(&post.id, &edited).await.unwrap().id, post.id);
    let read = client.get_post(&post.id).await.unwrap();
    assert!(read.raw()["text"].as_str().unwrap().contains("Sooner"), "{:?}", read.raw());

    // What is refused here was never sent.
    let again = Content::new("Again").media(MediaItem::reference(&reference));
    for call in [client.update_post(&post.id, &again), client.create_post(&again)] {
        let text = check(&call.await.unwrap_err(), ErrorKind::InvalidArgument);
        assert!(text.contains(&reference) && text.contains("used already"), "{text}");
    }
    client.delete_post(&post.id).await.unwrap();
    check(&client.get_post(&post.id).await.unwrap_err(), ErrorKind::Rejected);
    check(&client.delete_post(&post.id).await.unwrap_err(), ErrorKind::Rejected);
}

#[tokio::test]
async fn messages_are_sent_replied_to_and_taken_back() {
    let (_sandbox, client) = sandbox().await;
    let first = client.send_message(USER, &Content::new("Hello")).await.unwrap();
    let reply = client.send_message(USER, &Content::new("There").reply_to(&first.id)).await.unwrap();
    client.unsend_message(USER, &first.id).await.unwrap();
    check(&client.unsend_message(USER, &first.id).await.unwrap_err(), ErrorKind::Rejected);
    client.unsend_message(USER, &reply.id).await.unwrap();
    let empty = client.send_message(" ", &Content::new("x")).await.unwrap_err();
    assert!(check(&empty, ErrorKind::InvalidArgument).contains("recipient"));
}

#[tokio::test]
async fn a_mass_message_is_made_read_changed_and_cancelled() {
    let (_sandbox, client) = sandbox().await;
    let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
    let content = Content::new("Tonight").to_lists(["fans"]).except_lists([12345]).schedule(tomorrow);
    let message = client.create_mass_message(&content).await.unwrap();
    assert_eq!(client.get_mass_message(&message.id).await.unwrap().id, message.id);
    let other = Content::new("Tomorrow").to_users([12345]).schedule(tomorrow);
    assert_eq!(client.update_mass_message(&message.id, &other).await.unwrap().id, message.id);
    client.delete_mass_message(&message.id).await.unwrap();
    check(&client.get_mass_message(&message.id).await.unwrap_err(), ErrorKind::Rejected);
}

#[tokio::test]
async fn media_come_in_four_forms_and_no_fifth() {
    let (sandbox, client) = sandbox().await;
    let reference = reference(&client).await;
    let items: Vec<MediaItem> = [reference.as_str(), "4400000077", "https://example.com/a.jpg"]
        .iter()
        .map(|text| text.parse().unwrap())
        .chain([MediaItem::id(4_400_000_078_u64)])
        .collect();
    let content = items.into_iter().fold(Content::new("Four"), Content::media);
    let post = client.create_post(&content).await.unwrap();
    assert_eq!(post.raw()["media"].as_array().unwrap().len(), 4);
    let before = made(&sandbox);
    let wrong = Content::new("Five").media(MediaItem::reference("clip.mp4"));
    let text = check(&client.create_post(&wrong).await.unwrap_err(), ErrorKind::InvalidArgument);
    assert!(text.contains("clip.mp4") && text.contains("uploaded first"), "{text}");
    assert_eq!(made(&sandbox), before);
}

/// Every road that takes media, twice with one reference: the second time nothing is sent, whoever sends it.
#[tokio::test]
async fn a_reference_is_sent_once_on_every_road() {
    let directory = tempfile::tempdir().unwrap();
    let (sandbox, _) = sandbox().await;
    let client = || builder_for(sandbox.base_url()).journal_dir(directory.path()).build().unwrap();
    let (first, second) = (client(), client());
    let body = |reference: &str| json!({ "text": "x", "mediaItems": [reference] });
    for road in ["post", "message", "mass", "raw", "typed"] {
        let reference = reference(&first).await;
        let content = Content::new("x").media(MediaItem::reference(&reference));
        match road {
            "post" => _ = first.create_post(&content).await.unwrap(),
            "message" => _ = first.send_message(USER, &content).await.unwrap(),
            "mass" => _ = first.create_mass_message(&content.to_lists(["fans"])).await.unwrap(),
            "raw" => _ = first.call("create_post").json(&body(&reference)).await.unwrap(),
            _ => {
                let typed: ofauth::api::types::PostInput = serde_json::from_value(body(&reference)).unwrap();
                first.api().create_post().body(typed).send().await.unwrap();
            }
        }
        let before = made(&sandbox);
        let content = Content::new("x").media(MediaItem::reference(&reference));
        for client in [&first, &second, &first.for_connection("conn_other").unwrap()] {
            let refused = [
                client.create_post(&content).await.unwrap_err(),
                client.send_message(USER, &content).await.unwrap_err(),
                client.create_mass_message(&content).await.unwrap_err(),
                client.call("create_post").json(&body(&reference)).await.unwrap_err(),
            ];
            for error in refused {
                assert!(check(&error, ErrorKind::InvalidArgument).contains("used already"), "{road}");
            }
        }
        assert_eq!(made(&sandbox), before, "{road}");
    }
}

/// What was refused, or may not have been carried out, can be sent again: the service knows what became of it.
#[tokio::test]
async fn a_reference_that_was_not_used_works_later() {
    let (sandbox, client) = sandbox().await;
    let reference = reference(&client).await;
    let content = Content::new("x").media(MediaItem::reference(&reference));
    sandbox.push_fault(Fault::status(500).on("create_post"));
    check(&client.create_post(&content).await.unwrap_err(), ErrorKind::OutcomeUnknown);
    sandbox.push_fault(Fault::status(403).on("create_post"));
    check(&client.create_post(&content).await.unwrap_err(), ErrorKind::Forbidden);
    client.create_post(&content).await.unwrap();
}

#[tokio::test]
async fn a_source_in_memory_is_posted_by_its_upload() {
    let (_sandbox, client) = sandbox().await;
    let uploaded = client.upload(Source::bytes(data(KIB)).filename("photo.jpg")).await.unwrap();
    client.create_post(&Content::new("Photo").media(&uploaded)).await.unwrap();
}
