//! What is in lists, what connections are, and what becomes of copies in Vault+.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{Client, JSON, KEY, bytes, call, get, post, upload};
use crate::sandbox;

const VAULT_LISTS: &str = "/v2/access/vault/lists";
const USER_LISTS: &str = "/v2/access/users/lists";
const COPIES: &str = "/v2/vault-plus/media";
const CONNECTIONS: &str = "/v2/account/connections";

async fn list_ids(sandbox: &Sandbox, path: &str) -> Vec<Value> {
    let answer = get(sandbox, path).await.ok();
    let items = answer["list"].as_array().or(answer["items"].as_array()).unwrap();
    items.iter().map(|item| item["id"].clone()).collect()
}

#[tokio::test]
async fn media_are_added_to_lists_of_the_vault_and_taken_out() {
    let sandbox = sandbox().await;
    upload(&sandbox, &bytes(10)).await;
    let media = sandbox.uploads()[0].media_id.unwrap();
    let list = post(&sandbox, VAULT_LISTS, json!({ "name": "Trip" })).await.ok();
    assert_eq!(
        (&list["name"], &list["hasMedia"], &list["medias"]),
        (&json!("Trip"), &json!(false), &json!([]))
    );
    let own = format!("{VAULT_LISTS}/{}", list["id"]);
    let inside = format!("{own}/media");
    for _ in 0..2 {
        let list = post(&sandbox, &inside, json!({ "mediaIds": [media, 12345] })).await.ok();
        assert_eq!((&list["hasMedia"], list["medias"].as_array().unwrap().len()), (&json!(true), 2));
    }
    assert_eq!(list_ids(&sandbox, &inside).await, [json!(media), json!(12345)]);
    let filtered = format!("/v2/access/vault/media?listId={}", list["id"]);
    assert_eq!(list_ids(&sandbox, &filtered).await, [json!(media), json!(12345)]);
    post(&sandbox, &inside, json!({ "mediaIds": [99] })).await.is_error(404, "RESOURCE_NOT_FOUND", "99");
    call(&sandbox, "PATCH", &own, &json!({ "name": "Trip", "clearMedia": true })).await.ok();
    assert_eq!(list_ids(&sandbox, &inside).await, [] as [Value; 0]);
    call(&sandbox, "DELETE", &own, &Value::Null).await.ok();
    get(&sandbox, &inside).await.is_error(404, "RESOURCE_NOT_FOUND", "vault list");
}

#[tokio::test]
async fn users_are_added_to_lists_and_taken_out() {
    let sandbox = Sandbox::builder().seed("fans", 3).start().await.unwrap();
    let list = post(&sandbox, USER_LISTS, json!({ "name": "VIP" })).await.ok()["id"].clone();
    let own = format!("{USER_LISTS}/{list}");
    let added = post(&sandbox, &format!("{own}/users/12361"), Value::Null).await.ok();
    assert_eq!((&added["list"]["usersCount"], &added["userState"]["hasUser"]), (&json!(1), &json!(true)));
    let to_lists = json!({ "listIds": [list, 12345, 99] });
    let added = post(&sandbox, "/v2/access/users/12377/lists", to_lists).await.ok();
    assert_eq!((added["success"].as_array().unwrap().len(), &added["errors"][0]["listId"]), (2, &json!(99)));
    let users = format!("{own}/users");
    assert_eq!(list_ids(&sandbox, &users).await, [json!(12377), json!(12361)]);
    assert_eq!(list_ids(&sandbox, &format!("{USER_LISTS}/12345/users")).await, [json!(12377), json!(12345)]);
    assert_eq!(get(&sandbox, &own).await.ok()["usersCount"], 2);
    let left = call(&sandbox, "DELETE", &format!("{users}/12361"), &Value::Null).await.ok();
    assert_eq!(left["list"][0]["id"], 12377);
    let again = call(&sandbox, "DELETE", &format!("{users}/12361"), &Value::Null).await;
    again.is_error(404, "RESOURCE_NOT_FOUND", "user in this list");
}

#[tokio::test]
async fn copies_are_pending_and_then_stored_and_can_be_purged() {
    let sandbox = sandbox().await;
    upload(&sandbox, &bytes(2500)).await;
    let id = sandbox.uploads()[0].media_id.unwrap().to_string();
    let own = format!("{COPIES}/{id}");
    let status = || get(&sandbox, "/v2/vault-plus/status");
    assert_eq!(status().await.ok()["pendingCount"], 2);
    for wanted in ["pending", "storing", "stored", "stored"] {
        let copy = get(&sandbox, &own).await.ok();
        assert_eq!(copy["media"]["source"]["status"], wanted);
        assert_eq!(copy["media"]["source"]["storedAt"].is_null(), wanted != "stored");
    }
    let now = status().await.ok();
    assert_eq!((&now["pendingCount"], &now["storedCount"]), (&json!(0), &json!(4)));
    assert_eq!(list_ids(&sandbox, COPIES).await, [json!(id), json!("12345")]);
    call(&sandbox, "DELETE", &own, &Value::Null).await.ok();
    call(&sandbox, "DELETE", &own, &Value::Null).await.is_error(404, "RESOURCE_NOT_FOUND", &id);
    let batch = post(&sandbox, &format!("{COPIES}/batch"), json!({ "mediaIds": [id, "12345"] })).await.ok();
    assert_eq!(batch["items"].as_array().unwrap().len(), 1);

    let purged = call(&sandbox, "DELETE", COPIES, &Value::Null).await.ok();
    assert_eq!((&purged["success"], &purged["purgedCount"]), (&json!(true), &json!(2)));
    assert_eq!(list_ids(&sandbox, COPIES).await, [] as [Value; 0]);
    assert_eq!(status().await.ok()["totalSizeBytes"], 0);
    // What is in a list of the vault is copied again.
    let list = "/v2/vault-plus/lists/12345";
    let synced = call(&sandbox, "PUT", &format!("{list}/sync"), &Value::Null).await.ok();
    assert_eq!((&synced["addedItems"], &synced["seen"]), (&json!(1), &json!(1)));
    let copies = get(&sandbox, &format!("{list}/media")).await.ok();
    assert_eq!(copies["items"][0]["mediaId"], "12345");
}

/// A request with a connection of its own.
async fn with(sandbox: &Sandbox, connection: &str, path: &str) -> crate::client::Answer {
    let mut client = Client::connect(sandbox).await;
    client.request("GET", path, &[KEY, ("x-connection-id", connection), JSON], b"").await.unwrap()
}

#[tokio::test]
async fn connections_begin_and_end() {
    let sandbox = sandbox().await;
    assert_eq!(list_ids(&sandbox, CONNECTIONS).await, [json!("12345")]);
    with(&sandbox, "conn_a", "/v2/access/self").await.ok();
    assert_eq!(list_ids(&sandbox, CONNECTIONS).await, [json!("conn_a"), json!("12345")]);
    let import = json!({ "cookie": "secret", "userAgent": "x", "clientReferenceId": "me" });
    let imported = post(&sandbox, &format!("{CONNECTIONS}/import"), import).await.ok();
    assert_eq!((&imported["clientReferenceId"], &imported["imported"]), (&json!("me"), &json!(true)));
    assert_eq!(list_ids(&sandbox, &format!("{CONNECTIONS}?imported=true")).await, [imported["id"].clone()]);

    let own = format!("{CONNECTIONS}/conn_a");
    assert_eq!(post(&sandbox, &format!("{own}/invalidate"), Value::Null).await.status, 200);
    with(&sandbox, "conn_a", "/v2/access/self").await.is_error(401, "SESSION_EXPIRED", "invalidated");
    assert_eq!(list_ids(&sandbox, &format!("{CONNECTIONS}?status=expired")).await, [json!("conn_a")]);
    let renewed = json!({ "cookie": "x", "userAgent": "x" });
    call(&sandbox, "PATCH", &format!("{CONNECTIONS}/import/conn_a"), &renewed).await.ok();
    with(&sandbox, "conn_a", "/v2/access/self").await.ok();
    assert_eq!(call(&sandbox, "DELETE", &own, &Value::Null).await.status, 200);
    call(&sandbox, "DELETE", &own, &Value::Null).await.is_error(404, "RESOURCE_NOT_FOUND", "conn_a");
    with(&sandbox, "conn_a", "/v2/access/self").await.is_error(401, "SESSION_NOT_PROVIDED", "disconnected");
}

#[tokio::test]
async fn settings_are_kept() {
    let sandbox = sandbox().await;
    for (path, pointer, patch) in [
        (
            "/v2/account/settings",
            "/vaultPlus/defaultSettings/retentionDays",
            json!({ "vaultPlus": { "defaultSettings": { "retentionDays": 77 } } }),
        ),
        (
            "/v2/account/connections/12345/settings",
            "/vaultPlus/settingsOverrides/retentionDays",
            json!({ "vaultPlus": { "settings": { "retentionDays": 77 } } }),
        ),
    ] {
        let before = get(&sandbox, path).await.ok();
        let changed = call(&sandbox, "PATCH", path, &patch).await.ok();
        let after = get(&sandbox, path).await.ok();
        assert_eq!(changed["settings"], after, "{path}");
        assert!(before.pointer(pointer) != Some(&json!(77)) && after.pointer(pointer) == Some(&json!(77)));
    }
    call(&sandbox, "PATCH", "/v2/access/self", &json!({ "name": "New Name" })).await.ok();
    for path in ["/v2/access/self", "/v2/access/users/me"] {
        assert_eq!(get(&sandbox, path).await.ok()["name"], "New Name");
    }
    let note = "/v2/access/subscribers/12345/note";
    call(&sandbox, "PUT", note, &json!({ "notice": "Likes cats" })).await.ok();
    assert_eq!(get(&sandbox, "/v2/access/users/12345").await.ok()["notice"], "Likes cats");
}

#[tokio::test]
async fn magic_values_stand_for_what_does_not_work() {
    let sandbox = sandbox().await;
    let path = "/v2/access/vault/media";
    for (connection, status, kind) in [
        ("conn_expired", 401, "SESSION_EXPIRED"),
        ("conn_forbidden", 403, "FORBIDDEN"),
        ("conn_unknown", 401, "SESSION_NOT_PROVIDED"),
    ] {
        let answer = with(&sandbox, connection, path).await;
        answer.is_error(status, kind, "");
        assert_eq!(answer.json()["actionRequired"].is_string(), status == 401, "{connection}");
    }
    let mut client = Client::connect(&sandbox).await;
    let headers = [("apiKey", "sk_sandbox_invalid"), ("x-connection-id", "conn_a")];
    let answer = client.request("GET", path, &headers, b"").await.unwrap();
    answer.is_error(401, "UNAUTHORIZED", "not valid");
    for (name, status) in
        [("file-413.mp4", 413), ("file-429.mp4", 429), ("file-500.jpg", 500), ("file-200.mp4", 200)]
    {
        let body = json!({ "filename": name, "size": 10, "contentType": "video/mp4" });
        assert_eq!(post(&sandbox, crate::client::INIT, body).await.status, status, "{name}");
    }
}
