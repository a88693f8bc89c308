//! What was uploaded, posted and sent is in the lists, and what was deleted is not.

use serde_json::{Value, json};

use crate::client::{CHECK, POSTS, bytes, call, get, init_body, post, put, upload, url};
use crate::sandbox;
use ofauth_sandbox::Sandbox;

const VAULT: &str = "/v2/access/vault/media";
const MY_POSTS: &str = "/v2/access/users/me/posts";
const CHAT: &str = "/v2/access/chats/12345/messages";
const MASS: &str = "/v2/access/mass-messages";
const EXAMPLE: u64 = 12345;

/// The ids on a page, and whether more follow.
async fn page(sandbox: &Sandbox, path: &str) -> (Vec<u64>, bool) {
    let answer = get(sandbox, path).await.ok();
    (ids(&answer), answer["hasMore"].as_bool().unwrap())
}

fn ids(answer: &Value) -> Vec<u64> {
    answer["list"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_vault_shows_what_was_uploaded() {
    let sandbox = sandbox().await;
    assert_eq!(page(&sandbox, VAULT).await, (vec![EXAMPLE], false));
    let mut newest_first = vec![EXAMPLE];
    for length in [10, 2500, 20] {
        upload(&sandbox, &bytes(length)).await;
        newest_first.insert(0, sandbox.uploads().last().unwrap().media_id.unwrap());
    }
    // One that is not finished is not there.
    post(&sandbox, crate::client::INIT, init_body(10)).await.ok();
    let answer = get(&sandbox, VAULT).await.ok();
    assert_eq!((ids(&answer), &answer["hasMore"]), (newest_first.clone(), &json!(false)));
    let newest = &answer["list"][0];
    assert_eq!((&newest["type"], &newest["files"]["full"]["size"]), (&json!("video"), &json!(20)));

    let mut seen = Vec::new();
    for offset in 0..4 {
        let (ids, more) = page(&sandbox, &format!("{VAULT}?limit=1&offset={offset}")).await;
        seen.extend(ids);
        assert_eq!(more, offset < 3);
    }
    assert_eq!(seen, newest_first);
    assert_eq!(page(&sandbox, &format!("{VAULT}?offset=4")).await, (vec![], false));
    assert_eq!(page(&sandbox, &format!("{VAULT}?limit=2.0&offset=1.0")).await.0, newest_first[1..3]);
    let oldest_first: Vec<u64> = newest_first.iter().rev().copied().collect();
    assert_eq!(page(&sandbox, &format!("{VAULT}?sortDirection=asc")).await.0, oldest_first);
    assert_eq!(page(&sandbox, &format!("{VAULT}?mediaType=video")).await.0, newest_first[..3]);
    assert_eq!(page(&sandbox, &format!("{VAULT}?query=CLIP")).await.0, newest_first[..3]);
    assert_eq!(page(&sandbox, &format!("{VAULT}?query=other")).await.0, [0_u64; 0]);
    for wrong in ["limit=0", "limit=-1", "offset=-1", "limit=1.5"] {
        get(&sandbox, &format!("{VAULT}?{wrong}")).await.is_error(400, "BAD_REQUEST", "must be");
    }
}

#[tokio::test]
async fn a_page_of_the_vault_has_at_most_the_documented_number() {
    let sandbox = sandbox().await;
    for _ in 0..45 {
        upload(&sandbox, &bytes(1)).await;
    }
    for (query, length) in [("", 24), ("?limit=40", 40), ("?offset=30", 16)] {
        assert_eq!(page(&sandbox, &format!("{VAULT}{query}")).await.0.len(), length, "{query}");
    }
}

/// Creates, and what is listed then, from the newest to the example.
async fn three(sandbox: &Sandbox, path: &str) -> Vec<u64> {
    let mut ids = vec![EXAMPLE];
    for text in ["one", "two", "three"] {
        let created = post(sandbox, path, json!({ "text": text })).await.ok();
        ids.insert(0, created["id"].as_u64().unwrap());
    }
    ids
}

#[tokio::test]
async fn what_is_created_is_listed_and_what_is_deleted_is_gone() {
    for (create, lists) in [(POSTS, &[POSTS, MY_POSTS][..]), (CHAT, &[CHAT]), (MASS, &[MASS])] {
        let sandbox = sandbox().await;
        let mut expected = three(&sandbox, create).await;
        for list in lists {
            let answer = get(&sandbox, list).await.ok();
            assert_eq!(ids(&answer), expected, "{list}");
            assert_eq!(answer["list"][0]["text"], "three", "{list}");
        }
        // Deleting is seen at once, and cannot be done twice; of the example too.
        for at in [1, 2] {
            let id = expected.remove(at);
            let own = format!("{create}/{id}");
            let body = if create == CHAT { json!({ "withUserId": EXAMPLE }) } else { Value::Null };
            assert_eq!(call(&sandbox, "DELETE", &own, &body).await.status, 200, "{own}");
            call(&sandbox, "DELETE", &own, &body).await.is_error(404, "RESOURCE_NOT_FOUND", &id.to_string());
            if create != CHAT {
                get(&sandbox, &own).await.is_error(404, "RESOURCE_NOT_FOUND", &id.to_string());
                call(&sandbox, "PUT", &own, &json!({})).await.is_error(404, "RESOURCE_NOT_FOUND", "");
            }
            for list in lists {
                assert_eq!(page(&sandbox, list).await, (expected.clone(), false), "{list}");
            }
        }
        // Another connection and another chat see nothing of it.
        let record = if create == POSTS { sandbox.posts() } else { sandbox.messages() };
        assert_eq!(record.len(), expected.iter().filter(|id| **id != EXAMPLE).count());
    }
    let sandbox = sandbox().await;
    three(&sandbox, CHAT).await;
    assert!(page(&sandbox, "/v2/access/chats/43/messages").await.0.is_empty());
}

#[tokio::test]
async fn what_never_was_cannot_be_changed() {
    let sandbox = sandbox().await;
    let reference = upload(&sandbox, &bytes(10)).await;
    for path in [POSTS, MASS] {
        for id in ["777", "abc", "0", "-1", "99999999999999999999999"] {
            let own = format!("{path}/{id}");
            let body = json!({ "text": "x", "mediaItems": [reference] });
            call(&sandbox, "PUT", &own, &body).await.is_error(404, "RESOURCE_NOT_FOUND", id);
        }
    }
    assert!(sandbox.posts().is_empty() && sandbox.messages().is_empty());
    // A request that is refused uses up nothing.
    post(&sandbox, POSTS, json!({ "mediaItems": [reference] })).await.ok();
}

#[tokio::test]
async fn the_example_can_be_changed_in_its_place() {
    let sandbox = sandbox().await;
    let new = post(&sandbox, POSTS, json!({ "text": "new" })).await.ok()["id"].as_u64().unwrap();
    let own = format!("{POSTS}/{EXAMPLE}");
    call(&sandbox, "PUT", &own, &json!({ "text": "changed" })).await.ok();
    assert_eq!(get(&sandbox, &own).await.ok()["text"], "changed");
    assert_eq!(page(&sandbox, POSTS).await.0, [new, EXAMPLE]);
}

#[tokio::test]
async fn posts_page_by_time() {
    for list in [POSTS, MY_POSTS] {
        let sandbox = sandbox().await;
        let expected = three(&sandbox, POSTS).await;
        let (mut seen, mut query, mut pages) = (Vec::new(), "?limit=1".to_owned(), 0);
        loop {
            let answer = get(&sandbox, &format!("{list}{query}")).await.ok();
            seen.extend(ids(&answer));
            pages += 1;
            query = format!("?limit=1&beforePublishTime={}", answer["tailMarker"].as_str().unwrap());
            if answer["hasMore"] == false {
                break;
            }
        }
        assert_eq!((seen, pages), (expected, 4));
        let behind = get(&sandbox, &format!("{list}{query}")).await.ok();
        assert_eq!((&behind["list"], &behind["hasMore"]), (&json!([]), &json!(false)));
        get(&sandbox, &format!("{list}?beforePublishTime=soon")).await.is_error(
            400,
            "BAD_REQUEST",
            "tailMarker",
        );
    }
}

#[tokio::test]
async fn chat_messages_page_by_id() {
    let sandbox = sandbox().await;
    let expected = three(&sandbox, CHAT).await;
    let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let answer = get(&sandbox, &format!("{CHAT}{query}")).await.ok();
        seen.extend(ids(&answer));
        if answer["hasMore"] == false {
            break;
        }
        query = format!("?limit=1&last_id={}", answer["nextLastId"].as_str().unwrap());
    }
    assert_eq!(seen, expected);
    assert_eq!(page(&sandbox, &format!("{CHAT}?first_id={}", expected[1])).await.0, expected[..1]);
    assert_eq!(page(&sandbox, &format!("{CHAT}?query=TW")).await.0, [expected[1]]);
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
    let sandbox = sandbox().await;
    let body = json!({ "filename": "a.mp4", "size": 2000.0, "contentType": "video/mp4" });
    let plan = post(&sandbox, crate::client::INIT, body).await.ok();
    put(&sandbox, &url(&plan, 0).replace("/parts/1", "/parts/1.0"), &[0; 1000]).await.ok();
    post(&sandbox, CHECK, json!({ "etag": "\"x\"", "size": 10.0 })).await.ok();
    let share = "/v2/access/promotions/tracking-links/share-access";
    post(&sandbox, share, json!({ "campaignId": 1, "userId": 9.0 })).await.ok();
    post(&sandbox, share, json!({ "campaignId": 1, "userId": 9.5 })).await.is_error(
        400,
        "BAD_REQUEST",
        "userId:",
    );
    post(&sandbox, POSTS, json!({ "mediaItems": [12.0], "previewMediaCount": 1.0 })).await.ok();
    assert_eq!(sandbox.posts()[0]["mediaIds"], json!([12]));
    call(&sandbox, "PATCH", "/v2/access/vault/lists/12345.0", &json!({ "name": "x" })).await.ok();
    get(&sandbox, &format!("{POSTS}/12345.0")).await.ok();
    for path in ["/v2/account/connections?limit=10.0", "/v2/access/vault/lists/12345.0/media?limit=1.0"] {
        get(&sandbox, path).await.ok();
    }
    get(&sandbox, "/v2/access/vault/lists/1.5/media").await.is_error(400, "BAD_REQUEST", "listId:");
}

#[tokio::test]
async fn booleans_and_numbers_of_posts_and_messages_may_be_null() {
    let sandbox = sandbox().await;
    let mut nulls = 0;
    for (id, path) in [("create_post", POSTS), ("send_chat_message", CHAT), ("create_mass_message", MASS)] {
        let operations: Value = serde_json::from_str(include_str!("../../src/document.json")).unwrap();
        let operation =
            operations.as_array().unwrap().iter().find(|operation| operation["id"] == id).unwrap();
        for (name, schema) in operation["request"]["properties"].as_object().unwrap() {
            let kind = schema["type"].as_str().or(schema["type"][0].as_str()).unwrap();
            if ["boolean", "number", "integer"].contains(&kind) {
                post(&sandbox, path, json!({ (name): null })).await.ok();
                nulls += 1;
            }
        }
    }
    assert!(nulls >= 14, "{nulls}");
    post(&sandbox, POSTS, json!({ "expireAfter": 31 })).await.is_error(400, "BAD_REQUEST", "expireAfter:");
}

/// All operations whose body has to be there, asked without one.
#[tokio::test]
async fn a_body_that_is_required_is_missed() {
    let sandbox = sandbox().await;
    let operations: Vec<Value> = serde_json::from_str(include_str!("../../src/document.json")).unwrap();
    let with_body = operations.iter().filter(|operation| operation["body"] == "json");
    let mut missed = 0;
    for operation in with_body {
        let path = operation["path"].as_str().unwrap();
        let path: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "12345" } else { part }).collect();
        let answer =
            call(&sandbox, operation["method"].as_str().unwrap(), &path.join("/"), &Value::Null).await;
        assert_eq!(answer.status, 400, "{}: {}", operation["id"], answer.text());
        missed += 1;
    }
    assert!(missed >= 20, "{missed}");
}
