//! The flows against the sandbox, which remembers.

use std::time::Duration;

use ofauth::{Client, SettingsPatch, Source, VaultPlusQuery, blocking};
use ofauth_sandbox::Sandbox;

use crate::support::{CONNECTION, builder_for, data, within};

async fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    (sandbox, client)
}

/// Uploads a file, and the id that the vault gave it.
async fn uploaded(client: &Client, size: u64) -> String {
    let source = Source::bytes(data(size)).filename("clip.mp4");
    within(20, client.upload(source)).await.unwrap();
    let newest = client.call("list_vault_media").param("sort", "recent").items().max(1).next().await;
    newest.unwrap().unwrap()["id"].to_string()
}

#[tokio::test]
async fn media_are_ready_listed_and_taken_out_again() {
    let (_sandbox, client) = start().await;
    let ids = [uploaded(&client, 1000).await, uploaded(&client, 2000).await];
    let quick = (Duration::from_millis(5), Duration::from_millis(50));
    let media = within(30, client.wait_ready(ids.clone()).interval(quick.0, quick.1)).await.unwrap();
    assert_eq!(media.len(), 2);
    let list = within(10, client.create_vault_list("Summer")).await.unwrap();
    within(10, client.add_to_vault_list(&list.id, ids.clone())).await.unwrap();
    let change = within(20, client.remove_from_vault_list(&list.id, [ids[0].clone()])).await.unwrap();
    assert_eq!(change.changed, [ids[0].clone()]);
    let mut left = client.call("list_vault_list_media").param("listId", list.id.as_str()).items();
    let only = left.next().await.unwrap().unwrap();
    assert_eq!((only["id"].to_string(), left.next().await.is_none()), (ids[1].clone(), true));
    let other = within(10, client.create_vault_list("Other")).await.unwrap();
    let change = within(10, client.copy_vault_list(&list.id, &other.id)).await.unwrap();
    assert_eq!(change.changed, [ids[1].clone()]);
    within(10, client.rename_vault_list(&other.id, "Winter")).await.unwrap();
    within(10, client.delete_vault_list(&other.id)).await.unwrap();
}

#[tokio::test]
async fn vault_plus_is_searched_counted_synced_and_emptied() {
    let (_sandbox, client) = start().await;
    let mut all = client.vault_plus_query(&VaultPlusQuery::new().page_size(5));
    let mut seen = Vec::new();
    while let Some(media) = within(10, all.next()).await {
        seen.push(media.unwrap().id);
    }
    let status = within(10, client.vault_plus_status()).await.unwrap();
    assert!(status.stored.is_some() && status.pending.is_some(), "{status:?}");
    assert!(!seen.is_empty(), "the sandbox has copies from the start");
    let media = within(10, client.vault_plus_get(&seen[0])).await.unwrap();
    assert!(media.id == seen[0] && !media.variants.is_empty());
    let deleted = within(10, client.vault_plus_delete(&seen[0])).await.unwrap();
    assert!(deleted.success);
    let gone = within(10, client.vault_plus_batch([seen[0].as_str()])).await.unwrap();
    assert_eq!(gone.missing, [seen[0].clone()]);
    let id = uploaded(&client, 1000).await;
    let list = within(10, client.create_vault_list("Summer")).await.unwrap();
    within(10, client.add_to_vault_list(&list.id, [id.clone()])).await.unwrap();
    let sync = within(10, client.vault_plus_sync(&list.id)).await.unwrap();
    assert!(sync.synced && sync.seen == Some(1), "{sync:?}");
    let of_list = within(10, client.vault_plus_list_media(&list.id)).await.unwrap();
    assert_eq!(of_list.iter().map(|media| media.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
    let stats = within(10, client.vault_plus_stats()).await.unwrap();
    assert!(stats.media.is_some_and(|media| media > 0), "{stats:?}");
    assert!(within(10, client.vault_plus_purge()).await.unwrap().success);
    assert!(within(10, client.vault_plus_query(&VaultPlusQuery::new()).next()).await.is_none());
}

#[tokio::test]
async fn connections_and_settings_are_read_and_changed() {
    let (_sandbox, client) = start().await;
    within(10, client.call("list_posts")).await.unwrap();
    let mut connections = client.connections();
    let mut ids = Vec::new();
    while let Some(connection) = within(10, connections.next()).await {
        ids.push(connection.unwrap().id);
    }
    assert!(ids.contains(&CONNECTION.to_owned()), "{ids:?}");
    let patch = SettingsPatch::new().auto_cache_vault(true).enabled(true);
    within(10, client.update_connection_settings(CONNECTION, &patch)).await.unwrap();
    let settings = within(10, client.connection_settings(CONNECTION)).await.unwrap();
    assert_eq!((settings.enabled, settings.overrides["autoCacheVault"].as_bool()), (Some(true), Some(true)));
    assert!(within(10, client.account_settings()).await.unwrap().defaults.contains_key("retentionDays"));
    within(10, client.invalidate_connection(CONNECTION)).await.unwrap();
    within(10, client.disconnect_connection(CONNECTION)).await.unwrap();
}

#[test]
fn vault_plus_blocks() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::builder().start()).unwrap();
    let client = blocking::Client::new(builder_for(sandbox.base_url())).unwrap();
    let first = client.vault_plus_query(&VaultPlusQuery::new()).max(1).next().unwrap().unwrap();
    assert_eq!(client.vault_plus_get(&first.id).send().unwrap().id, first.id);
    assert!(client.vault_plus_delete(&first.id).send().unwrap().success);
    let list = client.create_vault_list("Summer").send().unwrap();
    assert!(client.vault_plus_sync(&list.id).send().unwrap().synced);
    assert!(client.vault_plus_list_media(&list.id).send().unwrap().is_empty());
    client.vault_plus_status().send().unwrap();
    client.vault_plus_stats().send().unwrap();
    assert!(client.vault_plus_purge().send().unwrap().success);
    let _entered = runtime.enter();
    drop(sandbox);
}
