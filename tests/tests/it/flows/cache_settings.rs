//! Settings: what deletes copies is refused before it is sent, and what was deleted is told.

use ofauth::{ErrorKind, SettingsPatch, blocking};
use ofauth_tests::exchange::Head;
use ofauth_tests::{Answer, Server};
use serde_json::json;

use super::By;
use crate::support::{builder, check, client, within};

/// A service whose connection has one setting of its own.
async fn service() -> Server {
    Server::start(By(|head: &Head, _: &[u8]| {
        let is_account = head.target == "/v2/account/settings";
        let connection = json!({"connectionId": "conn_1", "vaultPlus": {
            "enabled": true, "settingsOverrides": {"retentionDays": 30}, "stats": {"totalStorageBytes": 500}}});
        let account = json!({"vaultPlus": {
            "autoEnableForNewConnections": true, "defaultSettings": {"retentionDays": 7, "cacheVideos": true,
                "videoQualities": ["source", "720p"], "storageLimitBytes": 1000}}});
        let answer = match (head.method.as_str(), is_account) {
            ("GET", false) => connection,
            ("GET", true) => account,
            (_, false) => json!({"settings": connection, "purgeResult": {"purgedCount": 3, "freedBytes": 300}}),
            (_, true) => json!({"settings": account, "broadcastResult": {"affectedConnections": 2, "purgeResults": [
                {"connectionId": "conn_1", "purgedCount": 1, "freedBytes": 10},
                {"connectionId": "conn_2", "purgedCount": 2, "freedBytes": 20}]}}),
        };
        Some(Answer::json(200, &answer))
    }))
    .await
}

#[tokio::test]
async fn a_patch_that_deletes_copies_is_not_sent_before_that_is_allowed() {
    let server = service().await;
    let client = client(&server);
    for (patch, reason) in [
        (SettingsPatch::new().enabled(false), "enabled becomes false"),
        (SettingsPatch::new().retention_days(29), "retentionDays goes from 30 to 29"),
        (SettingsPatch::new().cache_videos(false), "cacheVideos becomes false"),
        (SettingsPatch::new().video_qualities(["source"]), "videoQualities loses 720p"),
        (SettingsPatch::new().storage_limit_bytes(400), "500 bytes are stored"),
        (SettingsPatch::new().reset_to_account(), "settings of its own"),
        (SettingsPatch::new().merge(&json!({"vaultPlus": {"enabled": false}})), "enabled becomes false"),
    ] {
        let error = within(10, client.update_connection_settings("conn_1", &patch)).await.unwrap_err();
        let shown = check(&error, ErrorKind::InvalidArgument);
        assert!(shown.contains(reason) && shown.contains("Allow the purge"), "{shown}");
        let reasons = within(10, client.connection_settings_purges("conn_1", &patch)).await.unwrap();
        assert!(reasons.iter().any(|told| told.contains(reason)), "{reasons:?}");
        assert!(server.requests_to("PATCH").is_empty(), "nothing was sent");
    }
    let patch = SettingsPatch::new().cache_videos(false).allow_purge(true);
    let update = within(10, client.update_connection_settings("conn_1", &patch)).await.unwrap();
    assert_eq!((update.purged, update.freed_bytes, update.affected_connections), (3, 300, None));
    let sent = server.requests_to("PATCH");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].json(), json!({"vaultPlus": {"settings": {"cacheVideos": false}}}));
}

#[tokio::test]
async fn a_patch_that_deletes_nothing_is_sent() {
    let server = service().await;
    let client = client(&server);
    let patch = SettingsPatch::new().retention_days(60).auto_cache_vault(true).enabled(true);
    within(10, client.update_connection_settings("conn_1", &patch)).await.unwrap();
    assert_eq!(server.requests_to("PATCH").len(), 1);
    let settings = within(10, client.connection_settings("conn_1")).await.unwrap();
    assert_eq!((settings.enabled, settings.stored_bytes), (Some(true), Some(500)));
    assert_eq!(settings.overrides["retentionDays"], 30);
}

#[tokio::test]
async fn the_account_deletes_copies_of_connections_that_inherit_and_of_those_it_is_applied_to() {
    let server = service().await;
    let client = client(&server);
    let patch = SettingsPatch::new().retention_days(60).auto_enable_for_new_connections(true);
    assert!(within(10, client.account_settings_purges(&patch)).await.unwrap().is_empty());
    within(10, client.update_account_settings(&patch)).await.unwrap();
    let patch = SettingsPatch::new().retention_days(3);
    let error = within(10, client.update_account_settings(&patch)).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidArgument).contains("retentionDays goes from 7 to 3"));
    let push = SettingsPatch::new().apply_to_existing_connections(true);
    let error = within(10, client.update_account_settings(&push)).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidArgument).contains("applied to every connection"));
    let all = patch.apply_to_existing_connections(true);
    let error = within(10, client.update_account_settings(&all)).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidArgument).contains("retentionDays goes from 7 to 3"));
    assert_eq!(server.requests_to("PATCH").len(), 1);
    let update = within(10, client.update_account_settings(&all.allow_purge(true))).await.unwrap();
    assert_eq!((update.purged, update.freed_bytes, update.affected_connections), (3, 30, Some(2)));
    let settings = within(10, client.account_settings()).await.unwrap();
    assert_eq!(
        (settings.auto_enable_for_new_connections, settings.defaults["retentionDays"].as_u64()),
        (Some(true), Some(7))
    );
    let error =
        within(10, client.update_account_settings(&SettingsPatch::new().enabled(true))).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument);
}

#[test]
fn settings_block() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(service());
    let client = blocking::Client::new(builder(&server)).unwrap();
    let patch = SettingsPatch::new().retention_days(1);
    assert_eq!(client.connection_settings("conn_1").send().unwrap().enabled, Some(true));
    assert_eq!(client.connection_settings_purges("conn_1", &patch).send().unwrap().len(), 1);
    assert_eq!(client.account_settings_purges(&patch).send().unwrap().len(), 1);
    let patch = patch.allow_purge(true);
    assert_eq!(client.update_connection_settings("conn_1", &patch).send().unwrap().purged, 3);
    assert_eq!(client.update_account_settings(&patch).send().unwrap().purged, 3);
    assert!(client.account_settings().send().unwrap().defaults.contains_key("cacheVideos"));
}
