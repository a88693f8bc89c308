//! Vault+: how copies are stored, found, sorted, kept in step with lists, and removed.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{bytes, call, get, post, upload};
use crate::ready::upload_named;
use crate::{sandbox, small};

const COPIES: &str = "/v2/vault-plus/media";
const LISTS: &str = "/v2/access/vault/lists";

async fn items(sandbox: &Sandbox, query: &str) -> Vec<Value> {
    get(sandbox, &format!("{COPIES}?{query}")).await.ok()["items"].as_array().unwrap().clone()
}

async fn ids(sandbox: &Sandbox, query: &str) -> Vec<String> {
    items(sandbox, query).await.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn copies_take_as_many_looks_as_was_set() {
    for (after, states) in [
        (0, vec!["stored"]),
        (1, vec!["pending", "stored"]),
        (4, vec!["pending", "pending", "storing", "storing", "stored"]),
    ] {
        let sandbox = small().stored_after(after).start().await.unwrap();
        upload(&sandbox, &bytes(10)).await;
        let own = format!("{COPIES}/{}", sandbox.uploads()[0].media_id.unwrap());
        for wanted in states {
            assert_eq!(get(&sandbox, &own).await.ok()["media"]["source"]["status"], wanted, "{after}");
        }
    }
    let sandbox = small().stored_after(1).start().await.unwrap();
    let id = upload_named(&sandbox, "not-stored.mp4", &bytes(10)).await;
    let own = format!("{COPIES}/{id}");
    assert_eq!(get(&sandbox, &own).await.ok()["media"]["source"]["status"], "pending");
    assert_eq!(get(&sandbox, &own).await.ok()["media"]["source"]["status"], "removed");
    let status = get(&sandbox, "/v2/vault-plus/status").await.ok();
    assert_eq!((&status["storedCount"], &status["pendingCount"]), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn every_filter_has_its_effect() {
    let sandbox = Sandbox::builder().seed("vault-plus-media", 6).stored_after(100).start().await.unwrap();
    upload(&sandbox, &bytes(10)).await;
    let new = sandbox.uploads()[0].media_id.unwrap().to_string();
    let seeded = |number: u64| (12345 + 16 * number).to_string();
    // Every third of the seeded is a video.
    for (query, wanted) in [
        ("status=pending", vec![new.clone()]),
        ("type=video", vec![new.clone(), seeded(5), seeded(2)]),
        ("type=video&status=stored", vec![seeded(5), seeded(2)]),
        ("contentType=video/mp4", vec![new.clone(), seeded(5), seeded(2)]),
        ("contentType=image/png&limit=2", vec![seeded(4), seeded(3)]),
        ("createdAtFrom=2026-10-01T00:00:00Z", vec![new.clone()]),
        ("cachedAtFrom=2026-10-01T00:00:00Z", vec![]),
        ("cachedAtTo=2026-10-01T00:00:00Z&type=video", vec![seeded(5), seeded(2)]),
        ("createdAtTo=2020-01-01T00:00:00Z", vec![]),
        ("durationMin=0&durationMax=601", vec![new.clone(), seeded(5), seeded(2)]),
        ("durationMin=602", vec![]),
    ] {
        assert_eq!(ids(&sandbox, query).await, wanted, "{query}");
    }
    let long = items(&sandbox, "type=video").await;
    let duration = |item: &Value| item["duration"].as_f64().unwrap();
    for item in &long {
        let exactly = format!("durationMin={0}&durationMax={0}", duration(item));
        assert_eq!(ids(&sandbox, &exactly).await, [item["id"].as_str().unwrap()]);
    }
    assert_eq!(get(&sandbox, &format!("{COPIES}?createdAtFrom=yesterday")).await.status, 400);
}

#[tokio::test]
async fn every_order_goes_over_all_pages() {
    let sandbox = Sandbox::builder().seed("vault-plus-media", 25).start().await.unwrap();
    upload(&sandbox, &bytes(10)).await;
    for sort in ["createdAt", "cachedAt", "duration"] {
        let mut ways = Vec::new();
        for way in ["asc", "desc"] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("{COPIES}?sort={sort}_{way}&limit=7&cursor={cursor}");
                let page = get(&sandbox, &path).await.ok();
                found.extend(page["items"].as_array().unwrap().clone());
                match page["nextCursor"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!(found.len(), 26, "{sort} {way}");
            let fact = |item: &Value| match sort {
                "duration" => item["duration"].as_f64(),
                _ => {
                    let variant = item["media"].as_object().unwrap().values().next().unwrap();
                    variant[if sort == "cachedAt" { "storedAt" } else { "createdAt" }].as_f64()
                }
            };
            let facts: Vec<f64> = found.iter().filter_map(fact).collect();
            assert!(facts.is_sorted_by(|one, other| if way == "asc" { one <= other } else { one >= other }));
            ways.push(found.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        }
        let mut ids = ways[0].clone();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 26, "{sort}: each once");
    }
    get(&sandbox, &format!("{COPIES}?sort=duration_asc&cursor=cur_1")).await.is_error(
        400,
        "BAD_REQUEST",
        "cursor",
    );
}

#[tokio::test]
async fn lists_are_kept_in_step() {
    let sandbox = small().seed("vault-media", 5).seed("vault-plus-media", 0).start().await.unwrap();
    let media = |number: u64| 12345 + 16 * number;
    let list = post(&sandbox, LISTS, json!({ "name": "One" })).await.ok()["id"].clone();
    let other = post(&sandbox, LISTS, json!({ "name": "Other" })).await.ok()["id"].clone();
    let fill = async |list: &Value, ids: Value| {
        let body = json!({ "name": "x", "clearMedia": true });
        call(&sandbox, "PATCH", &format!("{LISTS}/{list}"), &body).await.ok();
        post(&sandbox, &format!("{LISTS}/{list}/media"), json!({ "mediaIds": ids })).await.ok();
    };
    let plus = async |method: &str, list: &Value, what: &str| {
        call(&sandbox, method, &format!("/v2/vault-plus/lists/{list}/{what}"), &Value::Null).await.ok()
    };
    let counts = |synced: &Value| {
        ["seen", "addedItems", "unchangedItems", "removedItems", "adoptedItems"]
            .map(|name| synced[name].as_u64().unwrap())
    };
    fill(&list, json!([media(0), media(1)])).await;
    fill(&other, json!([media(1), media(4)])).await;
    let added = plus("POST", &list, "add").await;
    assert_eq!((&added["addedItems"], &added["unchangedItems"]), (&json!(2), &json!(0)));
    assert_eq!(counts(&plus("PUT", &other, "sync").await), [2, 1, 0, 0, 1]);
    // The first sync removes nothing, although something left the list since it was added.
    fill(&list, json!([media(1), media(2)])).await;
    assert_eq!(counts(&plus("PUT", &list, "sync").await), [2, 1, 1, 0, 0]);
    assert_eq!(ids(&sandbox, "").await.len(), 4);
    // The next one does, unless another list has it.
    fill(&list, json!([media(3)])).await;
    assert_eq!(counts(&plus("PUT", &list, "sync").await), [1, 1, 0, 3, 0]);
    let left = ids(&sandbox, "").await;
    assert_eq!(left, [media(4), media(3), media(1)].map(|id| id.to_string()));
    let remembered = plus("GET", &list, "media").await;
    assert_eq!(remembered["items"][0]["mediaId"], media(3).to_string());
    assert!(remembered["items"][0]["lastSyncedAt"].as_str().unwrap().ends_with('Z'));
    let lists = get(&sandbox, "/v2/vault-plus/lists").await.ok();
    assert_eq!(
        (&lists["items"][0]["listId"], &lists["items"][0]["mediaCount"]),
        (&json!(list.to_string()), &json!(1))
    );
    // What is remembered stays when the list of the vault is gone.
    call(&sandbox, "DELETE", &format!("{LISTS}/{list}"), &Value::Null).await.ok();
    assert_eq!(plus("GET", &list, "media").await["items"][0]["mediaId"], media(3).to_string());
    let unknown = get(&sandbox, "/v2/vault-plus/lists/99/media").await;
    unknown.is_error(404, "RESOURCE_NOT_FOUND", "99");
}

#[tokio::test]
async fn what_is_not_stored_by_itself_is_stored_when_asked_for() {
    let sandbox = sandbox().await;
    get(&sandbox, "/v2/access/self").await.ok();
    let settings = "/v2/account/connections/conn_test/settings";
    let off = json!({ "vaultPlus": { "settings": { "autoCacheVault": false } } });
    call(&sandbox, "PATCH", settings, &off).await.ok();
    upload(&sandbox, &bytes(10)).await;
    let own = format!("{COPIES}/{}", sandbox.uploads()[0].media_id.unwrap());
    for _ in 0..3 {
        assert_eq!(get(&sandbox, &own).await.ok()["media"]["source"]["status"], "edge_only");
    }
    let url = get(&sandbox, &own).await.ok()["media"]["source"]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(sandbox.base_url()).unwrap();
    post(&sandbox, path, Value::Null).await.ok();
    for wanted in ["pending", "storing", "stored"] {
        assert_eq!(get(&sandbox, &own).await.ok()["media"]["source"]["status"], wanted);
    }
}
