//! What is created is read, listed, changed and deleted, and then it is not there: the same for everything that has an id.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{Answer, call, get, post};

/// One kind of things.
struct Resource {
    path: &'static str,
    /// The body that creates one, and a field of it that answers show.
    new: Value,
    shows: &'static str,
    /// How one is changed, and with what.
    change: Option<(&'static str, Value)>,
    /// Whether one can be read by its id, and whether it is listed.
    reads: bool,
    lists: bool,
    /// What a deletion has to say.
    delete: Value,
}

fn resources() -> Vec<Resource> {
    let resource = |path, new, shows| Resource {
        path,
        new,
        shows,
        change: None,
        reads: true,
        lists: true,
        delete: Value::Null,
    };
    let text = |text: &str| json!({ "text": text });
    let name = |name: &str| json!({ "name": name });
    vec![
        Resource {
            change: Some(("PUT", text("later"))),
            ..resource("/v2/access/posts", text("first"), "text")
        },
        Resource {
            change: Some(("PUT", text("later"))),
            ..resource("/v2/access/mass-messages", text("first"), "text")
        },
        Resource {
            reads: false,
            delete: json!({ "withUserId": 12345 }),
            ..resource("/v2/access/chats/12345/messages", text("first"), "text")
        },
        Resource {
            change: Some(("PATCH", name("later"))),
            ..resource("/v2/access/users/lists", name("first"), "name")
        },
        Resource {
            reads: false,
            change: Some(("PATCH", name("later"))),
            ..resource("/v2/access/vault/lists", name("first"), "name")
        },
        Resource {
            change: Some(("PUT", json!({ "discount": 30 }))),
            ..resource("/v2/access/promotions/bundles", json!({ "discount": 20, "duration": 3 }), "discount")
        },
        Resource {
            change: Some(("PUT", name("later"))),
            ..resource("/v2/access/promotions/tracking-links", name("first"), "name")
        },
        Resource {
            change: Some(("PUT", json!({ "trialLinkName": "later" }))),
            ..resource(
                "/v2/access/promotions/trial-links",
                json!({ "trialLinkName": "first", "subscribeDays": 7 }),
                "trialLinkName",
            )
        },
        Resource {
            reads: false,
            change: Some(("PUT", json!({ "message": "later" }))),
            ..resource(
                "/v2/access/promotions",
                json!({ "message": "first", "discount": 10, "finishDays": 3, "subscribeCounts": 5, "subscribeDays": 30,
                    "type": ["new"] }),
                "message",
            )
        },
    ]
}

/// The items of a list.
fn items(answer: &Value) -> &Vec<Value> {
    answer.as_array().or(answer["list"].as_array()).unwrap()
}

/// The item with this id in the list, and how many items that has.
async fn listed(sandbox: &Sandbox, path: &str, id: &Value) -> (Option<Value>, usize) {
    let answer = get(sandbox, path).await.ok();
    let found = items(&answer).iter().find(|item| item["id"] == *id).cloned();
    (found, items(&answer).len())
}

fn is_gone(answer: &Answer, id: &Value) {
    answer.is_error(404, "RESOURCE_NOT_FOUND", &id.to_string());
}

#[tokio::test]
async fn what_is_created_lives_until_it_is_deleted() {
    for resource in resources() {
        let Resource { path, new, shows, change, reads, lists, delete } = resource;
        let sandbox = crate::sandbox().await;
        let created = post(&sandbox, path, new.clone()).await.ok();
        let created = created.get(0).unwrap_or(&created).clone();
        let id = created["id"].clone();
        let own = format!("{path}/{id}");
        assert!(id.as_u64().unwrap() > u64::from(u32::MAX), "{path}: {created}");
        let has = |item: &Value, value: &Value| assert_eq!(item[shows], *value, "{path}: {item}");
        if reads {
            let read = get(&sandbox, &own).await.ok();
            assert_eq!(read["id"], id, "{path}");
            if read.get(shows).is_some() {
                has(&read, &new[shows]);
            }
        }
        if lists {
            let (item, count) = listed(&sandbox, path, &id).await;
            assert_eq!(count, 2, "{path}");
            if created.get(shows).is_some() {
                has(&item.unwrap(), &new[shows]);
            }
        }
        if let Some((method, body)) = &change {
            for (id, status) in [(&id, 200), (&json!(12345), 200), (&json!(777), 404)] {
                let answer = call(&sandbox, method, &format!("{path}/{id}"), body).await;
                assert_eq!(answer.status, status, "{path}/{id}: {}", answer.text());
            }
            for id in [&id, &json!(12345)] {
                let item = listed(&sandbox, path, id).await.0.unwrap();
                has(&item, &body[shows]);
            }
        }
        for (gone, left) in [(&id, 1), (&json!(12345), 0)] {
            let own = format!("{path}/{gone}");
            assert_eq!(call(&sandbox, "DELETE", &own, &delete).await.status, 200, "{own}");
            is_gone(&call(&sandbox, "DELETE", &own, &delete).await, gone);
            if reads {
                is_gone(&get(&sandbox, &own).await, gone);
            }
            if let Some((method, body)) = &change {
                is_gone(&call(&sandbox, method, &own, body).await, gone);
            }
            let (item, count) = listed(&sandbox, path, gone).await;
            assert_eq!((item, count), (None, left), "{path}");
        }
    }
}

/// All operations whose path has an id, asked for one that is not there.
#[tokio::test]
async fn an_id_that_is_not_there_is_not_found() {
    let sandbox = crate::sandbox().await;
    let operations: Vec<Value> = serde_json::from_str(include_str!("../../src/document.json")).unwrap();
    // What has no state; a chat that nobody wrote in is empty; a list that is not there is an error among others.
    let spared = [
        "get_link_status",
        "delete_link",
        "list_chat_messages",
        "list_chat_media",
        "send_chat_message",
        "add_vault_plus_list",
    ];
    let mut tried = 0;
    for operation in operations {
        let (id, path) = (operation["id"].as_str().unwrap(), operation["path"].as_str().unwrap());
        if !path.contains('{') || spared.contains(&id) || path.contains("/uploads/") {
            continue;
        }
        let path: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "99" } else { part }).collect();
        let body = match id {
            "unsend_chat_message" => json!({ "withUserId": 99 }),
            "add_user_to_lists" => json!({ "listIds": [12345] }),
            "add_media_to_vault_list" => json!({ "mediaIds": [12345] }),
            "set_subscriber_custom_name" => json!({ "displayName": "x" }),
            "set_subscriber_discount" => json!({ "discount": 10, "period": 1 }),
            "set_subscriber_note" => json!({ "notice": "x" }),
            "update_imported_connection" => json!({ "cookie": "x", "userAgent": "x" }),
            "update_user_list" | "update_vault_list" => json!({ "name": "x" }),
            _ if operation["body"] == "json" => json!({}),
            _ => Value::Null,
        };
        let answer = call(&sandbox, operation["method"].as_str().unwrap(), &path.join("/"), &body).await;
        if answer.header("x-sandbox-example").is_some() {
            continue;
        }
        answer.is_error(404, "RESOURCE_NOT_FOUND", "99");
        tried += 1;
    }
    assert!(tried >= 45, "{tried}");
}

#[tokio::test]
async fn the_id_that_was_asked_for_comes_back() {
    let sandbox = Sandbox::builder()
        .seed("users", 5)
        .seed("vault-plus-media", 5)
        .seed("posts", 5)
        .start()
        .await
        .unwrap();
    for (path, field, id) in [
        ("/v2/access/users/12361", "id", json!(12361)),
        ("/v2/access/posts/12377", "id", json!(12377)),
        ("/v2/vault-plus/media/12361", "id", json!("12361")),
        ("/v2/vault-plus/status", "connectionId", json!("conn_test")),
        ("/v2/account/connections/12345/settings", "connectionId", json!("12345")),
    ] {
        assert_eq!(get(&sandbox, path).await.ok()[field], id, "{path}");
    }
    let users = get(&sandbox, "/v2/access/users/list?userIds=12361&userIds=99&userIds=12345").await.ok();
    let ids: Vec<&Value> = users["users"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
    assert_eq!(ids, [12361, 12345]);
    let deleted = call(&sandbox, "DELETE", "/v2/vault-plus/media/12361", &Value::Null).await.ok();
    assert_eq!((&deleted["mediaId"], &deleted["success"]), (&json!("12361"), &json!(true)));
}

#[tokio::test]
async fn a_mass_message_is_read_back_whole() {
    let sandbox = crate::sandbox().await;
    let path = "/v2/access/mass-messages";
    let body = json!({ "text": "Hello", "price": 5, "mediaItems": [12345], "previewMediaCount": 1 });
    let id = post(&sandbox, path, body).await.ok()["id"].clone();
    let read = get(&sandbox, &format!("{path}/{id}")).await.ok();
    for (field, value) in [
        ("text", json!("Hello")),
        ("isFree", json!(false)),
        ("mediaCount", json!(1)),
        ("previews", json!([12345])),
    ] {
        assert_eq!(read[field], value, "{field}");
    }
    assert!(read["fromUser"]["name"].is_string(), "{read}");
    for name in ["type", "canView", "isReady", "hasError", "createdAt", "releaseForms"] {
        assert!(!read["media"][0][name].is_null(), "{name}: {read}");
    }
    assert!(read["media"][0]["files"]["full"]["url"].is_string());
}

#[tokio::test]
async fn an_imported_connection_has_an_id_that_no_other_had() {
    let sandbox = crate::sandbox().await;
    let session = json!({ "cookie": "a session", "userAgent": "a browser" });
    let imported = |answer: Value| answer["id"].as_str().unwrap().to_owned();
    let path = "/v2/account/connections/import";
    let first = imported(post(&sandbox, path, session.clone()).await.ok());
    let ended = call(&sandbox, "DELETE", &format!("/v2/account/connections/{first}"), &Value::Null).await;
    assert!((200..300).contains(&ended.status), "{}", ended.text());
    let second = imported(post(&sandbox, path, session).await.ok());
    assert_ne!(first, second);
    let seen = sandbox.transcript();
    assert!(seen.iter().all(|exchange| exchange.request.is_none()), "a session is not kept");
}

#[tokio::test]
async fn ids_that_came_from_outside_are_walked_in_their_order() {
    let copies = ["7", "8", "12350", "999999"];
    let sandbox =
        Sandbox::builder().vault_plus_media(copies).seed("vault-plus-media", 5).start().await.unwrap();
    let mut ids = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = get(&sandbox, &format!("/v2/vault-plus/media{query}")).await.ok();
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(ids.len(), 9, "{ids:?}");
}

#[tokio::test]
async fn a_message_to_oneself_is_in_a_chat_with_oneself() {
    let sandbox = crate::sandbox().await;
    post(&sandbox, "/v2/access/chats/10001/messages", json!({ "text": "a note" })).await.ok();
    let chats = get(&sandbox, "/v2/access/chats").await.ok();
    assert_eq!(chats["list"][0]["withUser"]["id"], 10001, "{chats}");
    let messages = get(&sandbox, "/v2/access/chats/10001/messages").await.ok();
    assert_eq!(messages["list"][0]["text"], "a note");
}
