//! Settings that make Vault+ keep less: what they do not allow is purged.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{call, get, upload};

const CONNECTION: &str = "/v2/account/connections/conn_test/settings";
const ACCOUNT: &str = "/v2/account/settings";

/// Six seeded media, of which two are videos; a connection that was used.
async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::builder().seed("vault-plus-media", 6).start().await.unwrap();
    get(&sandbox, "/v2/access/self").await.ok();
    sandbox
}

async fn patch(sandbox: &Sandbox, vault_plus: Value) -> Value {
    call(sandbox, "PATCH", CONNECTION, &json!({ "vaultPlus": vault_plus })).await.ok()
}

async fn left(sandbox: &Sandbox) -> (u64, u64) {
    let status = get(sandbox, "/v2/vault-plus/status").await.ok();
    (status["storedCount"].as_u64().unwrap(), status["totalSizeBytes"].as_u64().unwrap())
}

const FULL: u64 = 1_024_000;
const SMALL: u64 = 32_000;

#[tokio::test]
async fn a_patch_purges_what_it_does_not_allow() {
    for (set, purged, variants) in [
        (json!({ "settings": { "retentionDays": 3 } }), None, 12),
        (json!({ "enabled": false }), Some((12, 6 * (FULL + SMALL))), 0),
        (json!({ "settings": { "cacheVideos": false } }), Some((4, 2 * (FULL + SMALL))), 8),
        (json!({ "settings": { "imageQualities": ["full"] } }), Some((4, 4 * SMALL)), 8),
        (json!({ "settings": { "imageQualities": ["preview", "full"] } }), Some((4, 4 * SMALL)), 12),
        (json!({ "settings": { "imageQualities": [] } }), Some((8, 4 * (FULL + SMALL))), 4),
        (
            json!({ "settings": { "storageLimitBytes": 3 * (FULL + SMALL) } }),
            Some((6, 3 * (FULL + SMALL))),
            6,
        ),
        (
            json!({ "settings": { "storageLimitBytes": 1, "storageLimitPurgeStrategy": "block_new" } }),
            None,
            12,
        ),
    ] {
        let sandbox = sandbox().await;
        let before = left(&sandbox).await;
        assert_eq!(before, (12, 6 * (FULL + SMALL)));
        let answer = patch(&sandbox, set.clone()).await;
        let result = &answer["purgeResult"];
        let found =
            result["purgedCount"].as_u64().map(|count| (count, result["freedBytes"].as_u64().unwrap()));
        assert_eq!(found, purged, "{set}");
        assert_eq!(left(&sandbox).await.0, variants, "{set}");
        let stats = get(&sandbox, CONNECTION).await.ok()["vaultPlus"]["stats"].clone();
        assert_eq!(stats["storedCount"], variants, "{set}");
        assert_eq!(
            patch(&sandbox, set.clone()).await.get("purgeResult"),
            None,
            "{set}: nothing is left to purge"
        );
    }
}

#[tokio::test]
async fn the_strategy_says_which_copies_go() {
    for (strategy, wanted) in [("purge_oldest", false), ("purge_largest", true), ("purge_smallest", false)] {
        let sandbox = Sandbox::builder().seed("vault-plus-media", 1).start().await.unwrap();
        // Smaller and newer than what is there.
        upload(&sandbox, &crate::client::bytes(10)).await;
        let new = sandbox.uploads()[0].media_id.unwrap().to_string();
        let set = json!({ "storageLimitBytes": 1_060_000, "storageLimitPurgeStrategy": strategy });
        patch(&sandbox, json!({ "settings": set })).await;
        let copies = get(&sandbox, "/v2/vault-plus/media").await.ok()["items"].clone();
        let ids: Vec<&Value> = copies.as_array().unwrap().iter().map(|item| &item["id"]).collect();
        let wanted =
            if wanted || strategy == "purge_oldest" { vec![json!(new)] } else { vec![json!("12345")] };
        assert_eq!(ids, wanted.iter().collect::<Vec<_>>(), "{strategy}");
    }
}

#[tokio::test]
async fn nothing_is_kept_while_it_is_off() {
    let sandbox = sandbox().await;
    patch(&sandbox, json!({ "enabled": false })).await;
    upload(&sandbox, b"x").await;
    assert_eq!(left(&sandbox).await, (0, 0));
    assert_eq!(get(&sandbox, "/v2/vault-plus/media").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn the_account_sets_what_new_connections_begin_with() {
    let sandbox = sandbox().await;
    let set = |apply: bool| json!({ "vaultPlus": { "defaultSettings": { "cacheVideos": false }, "applyToExistingConnections": apply } });
    let answer = call(&sandbox, "PATCH", ACCOUNT, &set(false)).await.ok();
    assert_eq!(answer.get("broadcastResult"), None);
    assert_eq!(left(&sandbox).await.0, 12, "it is not for those that are there");
    let new = crate::client::Client::connect(&sandbox)
        .await
        .request("GET", "/v2/vault-plus/status", &[crate::client::KEY, ("x-connection-id", "conn_new")], b"")
        .await
        .unwrap()
        .ok();
    assert_eq!(new["storedCount"], 8);
    let answer = call(&sandbox, "PATCH", ACCOUNT, &set(true)).await.ok();
    let result = &answer["broadcastResult"];
    assert_eq!(result["affectedConnections"], 3);
    let purged = result["purgeResults"].as_array().unwrap();
    assert!(purged.iter().any(|purged| purged["connectionId"] == "conn_test" && purged["purgedCount"] == 4));
    assert!(purged.iter().all(|purged| purged["connectionId"] != "conn_new"));
    assert_eq!(left(&sandbox).await.0, 8);
    assert_eq!(answer["settings"]["vaultPlus"]["defaultSettings"]["cacheVideos"], false);
}

#[tokio::test]
async fn what_is_set_already_can_be_applied_later() {
    let sandbox = sandbox().await;
    let overrides = async || get(&sandbox, CONNECTION).await.ok()["vaultPlus"]["settingsOverrides"].clone();
    patch(&sandbox, json!({ "settings": { "retentionDays": 7 } })).await;
    let before = overrides().await;
    assert_eq!(before["retentionDays"], 7);
    let apply = json!({ "vaultPlus": { "applyToExistingConnections": true } });
    let answer = call(&sandbox, "PATCH", ACCOUNT, &apply).await.ok();
    assert_eq!(answer["broadcastResult"]["purgeResults"], json!([]));
    assert_eq!(overrides().await, before, "nothing was set for the account");
    let set = json!({ "vaultPlus": { "defaultSettings": { "retentionDays": 90 } } });
    call(&sandbox, "PATCH", ACCOUNT, &set).await.ok();
    assert_eq!(overrides().await, before);
    call(&sandbox, "PATCH", ACCOUNT, &apply).await.ok();
    assert_eq!(overrides().await["retentionDays"], 90);
}
