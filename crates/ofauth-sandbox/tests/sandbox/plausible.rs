//! What answers say agrees with what other answers say, and looks like what it stands for.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{POSTS, bytes, call, get, post, upload};

/// The texts in a value that only say that they are one.
fn placeholders(value: &Value) -> usize {
    match value {
        Value::String(text) => usize::from(text == "example"),
        Value::Array(items) => items.iter().map(placeholders).sum(),
        Value::Object(fields) => fields.values().map(placeholders).sum(),
        _ => 0,
    }
}

#[tokio::test]
async fn no_answer_says_example() {
    let sandbox = crate::sandbox().await;
    let operations: Vec<Value> = serde_json::from_str(include_str!("../../src/document.json")).unwrap();
    for operation in operations.iter().filter(|operation| operation["method"] == "GET") {
        let path = operation["path"].as_str().unwrap();
        let path: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "12345" } else { part }).collect();
        let query = if operation["id"] == "list_users_by_ids" { "?userIds=12345" } else { "" };
        let answer = get(&sandbox, &format!("{}{query}", path.join("/"))).await.ok();
        assert_eq!(placeholders(&answer), 0, "{answer}");
    }
}

#[tokio::test]
async fn counters_agree_with_lists() {
    let seeds = [("fans", 9), ("posts", 7), ("vault-media", 6), ("user-list-users", 5), ("chats", 3)];
    let sandbox = seeds.iter().fold(Sandbox::builder(), |builder, (name, count)| builder.seed(name, *count));
    let sandbox = sandbox.start().await.unwrap();
    post(&sandbox, POSTS, json!({ "text": "one more" })).await.ok();
    upload(&sandbox, &bytes(10)).await;
    for (path, pointer, count) in [
        ("/v2/access/subscriptions/count", "/subscribers/all", 9),
        ("/v2/access/subscriptions/count", "/subscribers/expired", 2),
        ("/v2/access/self", "/subscribersCount", 9),
        ("/v2/access/self", "/postsCount", 8),
        (POSTS, "/counters/postsCount", 8),
        (POSTS, "/counters/mediasCount", 7),
        ("/v2/access/vault/lists", "/all/videosCount", 3),
        ("/v2/access/vault/lists", "/all/photosCount", 4),
        ("/v2/access/users/lists/12345", "/usersCount", 5),
    ] {
        let answer = get(&sandbox, path).await.ok();
        assert_eq!(answer.pointer(pointer), Some(&json!(count)), "{path}{pointer}: {answer}");
    }
    let active = get(&sandbox, "/v2/access/subscribers?type=expired").await.ok();
    assert_eq!(active["list"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_post_says_agrees_with_itself() {
    let sandbox = crate::sandbox().await;
    for (price, free) in [(0, true), (5, false)] {
        let body = json!({ "text": "Hello", "price": price });
        let id = post(&sandbox, "/v2/access/mass-messages", body.clone()).await.ok()["id"].clone();
        let read = get(&sandbox, &format!("/v2/access/mass-messages/{id}")).await.ok();
        assert_eq!((&read["isFree"], &read["text"]), (&json!(free), &json!("Hello")));
        let created = post(&sandbox, POSTS, body).await.ok();
        assert_eq!(created["text"], "Hello");
        let listed = get(&sandbox, POSTS).await.ok();
        assert_eq!(listed["list"][0]["rawText"], "Hello");
    }
}

#[tokio::test]
async fn a_fan_is_the_same_person_everywhere() {
    let sandbox = Sandbox::builder().seed("fans", 20).seed("chats", 20).start().await.unwrap();
    let fans = get(&sandbox, "/v2/access/subscribers?limit=20").await.ok();
    let payer = get(&sandbox, "/v2/access/earnings/transactions").await.ok()["list"][0]["user"].clone();
    let fan = fans["list"].as_array().unwrap().iter().find(|fan| fan["id"] == payer["id"]).unwrap();
    let user = get(&sandbox, &format!("/v2/access/users/{}", fan["id"])).await.ok();
    for name in ["name", "username", "avatar"] {
        assert_eq!((&user[name], &payer[name]), (&fan[name], &fan[name]), "{name}");
    }
    // Found by name, and written to.
    let found =
        get(&sandbox, &format!("/v2/access/users/search?query={}", fan["username"].as_str().unwrap()))
            .await
            .ok();
    assert_eq!(found[0]["id"], fan["id"]);
    let chat = format!("/v2/access/chats/{}/messages", fan["id"]);
    post(&sandbox, &chat, json!({ "text": "Thank you" })).await.ok();
    let chats = get(&sandbox, "/v2/access/chats?limit=20").await.ok();
    let chat =
        chats["list"].as_array().unwrap().iter().find(|chat| chat["withUser"]["id"] == fan["id"]).unwrap();
    assert_eq!(chat["lastMessage"]["text"], "Thank you");
    // A chat begins with its first message, to whomever.
    post(&sandbox, "/v2/access/chats/424242/messages", json!({ "text": "Hi" })).await.ok();
    assert_eq!(get(&sandbox, "/v2/access/users/424242").await.ok()["id"], 424_242);
}

#[tokio::test]
async fn a_scheduled_mass_message_waits() {
    let sandbox = Sandbox::builder().seed("fans", 9).start().await.unwrap();
    let path = "/v2/access/mass-messages";
    for (body, total, pending) in [
        (json!({ "text": "Now" }), 9, 0),
        (json!({ "text": "Then", "scheduledDate": "2020-01-01T00:00:00Z" }), 9, 0),
        (
            json!({ "text": "Later", "scheduledDate": "2999-01-01T00:00:00Z", "userIds": [12345, 12361] }),
            2,
            2,
        ),
    ] {
        let created = post(&sandbox, path, body.clone()).await.ok();
        assert_eq!((&created["total"], &created["pending"]), (&json!(total), &json!(pending)), "{created}");
        assert_eq!(created["isDone"], pending == 0);
        assert_eq!(created["date"] == body["scheduledDate"], pending > 0);
    }
}

#[tokio::test]
async fn who_is_restricted_is_so_everywhere() {
    let sandbox = Sandbox::builder().seed("users", 3).start().await.unwrap();
    let user = "/v2/access/users/12361";
    for (method, restricted) in [("POST", true), ("DELETE", false)] {
        call(&sandbox, method, &format!("{user}/restrict"), &Value::Null).await.ok();
        assert_eq!(get(&sandbox, user).await.ok()["isRestricted"], restricted);
        let list = get(&sandbox, "/v2/access/users/restrict").await.ok();
        assert_eq!(list["list"].as_array().unwrap().iter().any(|user| user["id"] == 12361), restricted);
    }
}
