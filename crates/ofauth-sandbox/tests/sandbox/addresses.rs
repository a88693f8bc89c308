//! The addresses in answers: they lead to this sandbox, and there is something there.

use std::collections::BTreeSet;

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{Client, POSTS, bytes, get, init, post, put, upload, url};
use crate::{sandbox, small};

/// All addresses in a value.
fn addresses(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("http") => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| addresses(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| addresses(value, found)),
        _ => {}
    }
}

/// What is at an address, without a key.
async fn look(client: &mut Client, sandbox: &Sandbox, address: &str) -> (u16, String, Vec<u8>) {
    let path = address.strip_prefix(sandbox.base_url()).unwrap_or_else(|| panic!("{address} leads away"));
    let answer = client.request("GET", path, &[], b"").await.unwrap();
    (answer.status, answer.header("content-type").unwrap_or_default().to_owned(), answer.body)
}

#[tokio::test]
async fn every_address_in_an_answer_can_be_followed() {
    let sandbox = Sandbox::builder().seed("fans", 3).seed("vault-media", 3).start().await.unwrap();
    let operations: Vec<Value> = serde_json::from_str(include_str!("../../src/document.json")).unwrap();
    let mut found = BTreeSet::new();
    for operation in operations.iter().filter(|operation| operation["method"] == "GET") {
        let path = operation["path"].as_str().unwrap();
        let path: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "12345" } else { part }).collect();
        let query = if operation["id"] == "list_users_by_ids" { "?userIds=12345" } else { "" };
        let answer = get(&sandbox, &format!("{}{query}", path.join("/"))).await.ok();
        addresses(&answer, &mut found);
    }
    assert!(found.len() > 30, "{found:?}");
    let mut client = Client::connect(&sandbox).await;
    for address in found {
        let (status, kind, body) = look(&mut client, &sandbox, &address).await;
        assert_eq!((status, kind.as_str()), (200, "image/png"), "{address}");
        assert!(body.starts_with(b"\x89PNG"), "{address}");
    }
}

#[tokio::test]
async fn uploaded_bytes_come_back() {
    let sandbox = sandbox().await;
    let file = bytes(2500);
    let reference = upload(&sandbox, &file).await;
    let id = sandbox.uploads()[0].media_id.unwrap();
    let shown = post(&sandbox, POSTS, json!({ "mediaItems": [reference] })).await.ok();
    let address = shown["media"][0]["files"]["full"]["url"].as_str().unwrap().to_owned();
    let copy = get(&sandbox, &format!("/v2/vault-plus/media/{id}")).await.ok();
    let copied = copy["media"]["source"]["url"].as_str().unwrap().to_owned();
    let own = format!("{}/_sandbox/uploads/{}/content", sandbox.base_url(), reference.as_str().unwrap());
    let mut client = Client::connect(&sandbox).await;
    for address in [&address, &copied, &own] {
        let (status, kind, body) = look(&mut client, &sandbox, address).await;
        assert_eq!((status, kind.as_str()), (200, "video/mp4"), "{address}");
        assert!(body == file, "{address}");
    }
    // A smaller form is a picture.
    let thumb = shown["media"][0]["files"]["thumb"]["url"].as_str().unwrap();
    assert_eq!(look(&mut client, &sandbox, thumb).await.1, "image/png");
}

#[tokio::test]
async fn bytes_that_were_not_kept_are_a_picture() {
    let sandbox = small().discard_bytes(true).start().await.unwrap();
    let plan = init(&sandbox, 10).await;
    put(&sandbox, url(&plan, 0), &bytes(10)).await.ok();
    let mut client = Client::connect(&sandbox).await;
    let media = get(&sandbox, "/v2/access/vault/media").await.ok();
    let address = media["list"][0]["files"]["full"]["url"].as_str().unwrap();
    assert_eq!(look(&mut client, &sandbox, address).await.1, "image/png");
    let id = plan["mediaUploadId"].as_str().unwrap();
    let own = format!("{}/_sandbox/uploads/{id}/content", sandbox.base_url());
    assert_eq!(look(&mut client, &sandbox, &own).await.0, 404);
}
