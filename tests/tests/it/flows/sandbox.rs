//! The flows against the sandbox, which remembers.

use std::time::Duration;

use ofauth::{
    Client, ErrorKind, LinkMode, LinkOptions, LinkState, SettingsPatch, Source, VariantStatus,
    VaultPlusQuery, blocking,
};
use ofauth_sandbox::{Fault, Sandbox};

use crate::support::{CONNECTION, builder_for, check, data, within};

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
    let added = within(10, client.vault_plus_add_list(&list.id)).await.unwrap();
    assert_eq!((added.synced, added.seen, added.added, added.removed), (true, sync.seen, Some(0), None));
    let lists = within(10, client.vault_plus_lists()).await.unwrap();
    assert_eq!((lists.len(), &lists[0].id, lists[0].media), (1, &list.id, sync.seen));
    assert!(lists[0].synced_at.is_some() && lists[0].raw()["listId"] == list.id);
    let none = within(10, client.vault_plus_add_list(" ")).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidArgument);
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

/// Short pauses between looks.
const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_creator_is_linked_and_their_upload_comes_back_byte_by_byte() {
    let sandbox = Sandbox::builder().link_after(4).ready_after(3).stored_after(4).start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    let options = LinkOptions::new().client_app_id("app_1").mode(LinkMode::Whitelabel);
    let session = within(10, client.link_start(&options)).await.unwrap();
    let (send, states) = std::sync::mpsc::channel();
    let wait = client.link_wait(&session).interval(SHORT, LONG);
    let wait = wait.on_progress(move |status| send.send(status.state.clone()).unwrap());
    let linked = within(20, wait).await.unwrap();
    assert_eq!(states.iter().next(), Some(LinkState::Initialized));
    assert!(linked.username.is_some() && linked.client_reference_id == session.client_reference_id);

    let client = builder_for(sandbox.base_url()).connection_id(&linked.connection_id).build().unwrap();
    let id = uploaded(&client, 900_000).await;
    let media = within(20, client.wait_ready([id.clone()]).interval(SHORT, LONG)).await.unwrap();
    assert_eq!(media[0].raw()["isReady"], true);

    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let early = within(10, client.download(&id, "source", &target)).await.unwrap_err();
    assert!(check(&early, ErrorKind::Rejected).contains("wait until it is stored"));
    let stored = client.wait_stored([id.clone()]).labels(["source"]).interval(SHORT, LONG);
    let stored = within(20, stored).await.unwrap();
    let source = stored[0].variant("source").unwrap();
    assert_eq!((&source.status, source.size), (&VariantStatus::Stored, Some(900_000)));

    // Cut, expired, failed and cut again on the way.
    let cut: Fault = serde_json::from_str(r#"{ "kind": "cut_answer", "bytes": 300000 }"#).unwrap();
    let faults = [cut.clone(), Fault::status(403), Fault::status(503), cut];
    for (fault, nth) in faults.into_iter().zip(1..) {
        sandbox.push_fault(fault.on("media").nth(nth));
    }
    let file = within(60, client.download(&id, "source", &target)).await.unwrap();
    assert_eq!((std::fs::read(&target).unwrap(), file.bytes), (data(900_000).to_vec(), 900_000));
    let seen = sandbox.transcript();
    let media: Vec<_> = seen.iter().filter(|seen| seen.operation.as_deref() == Some("media")).collect();
    assert_eq!(media.len(), 5);
    assert!(
        media[1..].iter().all(|seen| seen.headers.contains_key("if-range")),
        "only the rest was asked for"
    );
    sandbox.push_fault(Fault::Short { bytes: 500 }.on("media"));
    let short = within(10, client.download(&id, "source", &target).overwrite(true)).await.unwrap_err();
    assert!(check(&short, ErrorKind::InvalidAnswer).contains("900000"));
}

#[tokio::test]
async fn a_hosted_link_ends_with_the_connection_also_if_it_is_linked_again() {
    let sandbox = Sandbox::builder().link_after(3).start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    for options in [
        LinkOptions::new(),
        LinkOptions::new().client_reference_id("creator-17"),
        LinkOptions::new().client_reference_id("creator-17"),
        LinkOptions::new().connection_id("conn_expired"),
    ] {
        let session = within(10, client.link_start(&options)).await.unwrap();
        assert!(session.mode == LinkMode::Hosted && session.url.is_some());
        let linked = within(20, client.link_wait(&session).interval(SHORT, LONG)).await.unwrap();
        assert_eq!(linked.client_reference_id, session.client_reference_id);
        let own = builder_for(sandbox.base_url()).connection_id(&linked.connection_id).build().unwrap();
        within(10, own.call("get_self")).await.unwrap();
    }
}

#[tokio::test]
async fn what_only_a_cache_has_is_stored_by_a_download_that_waits() {
    let (_sandbox, client) = start().await;
    // A connection is there once it was used.
    within(10, client.call("list_posts")).await.unwrap();
    let patch = SettingsPatch::new().auto_cache_vault(false);
    within(10, client.update_connection_settings(CONNECTION, &patch)).await.unwrap();
    let id = uploaded(&client, 5000).await;
    let media = within(10, client.vault_plus_get(&id)).await.unwrap();
    assert_eq!(media.variant("source").unwrap().status, VariantStatus::EdgeOnly);
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("clip.mp4");
    let early = within(10, client.download(&id, "source", &target)).await.unwrap_err();
    assert!(check(&early, ErrorKind::Rejected).contains("is edge_only"));
    within(30, client.download(&id, "source", &target).wait(true)).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), data(5000));
}

#[tokio::test]
async fn a_medium_that_cannot_be_processed_or_kept_is_named() {
    let (sandbox, client) = start().await;
    for (name, wanted) in [("processing-error.mp4", "could not process"), ("not-stored.mp4", "has removed")] {
        within(20, client.upload(Source::bytes(data(1000)).filename(name))).await.unwrap();
        let id = sandbox.uploads().last().unwrap().media_id.unwrap().to_string();
        let ended = match name {
            "not-stored.mp4" => {
                within(20, client.wait_stored([id.clone()]).interval(SHORT, LONG)).await.map(|_| ())
            }
            _ => within(20, client.wait_ready([id.clone()]).interval(SHORT, LONG)).await.map(|_| ()),
        };
        let shown = check(&ended.unwrap_err(), ErrorKind::Rejected);
        assert!(shown.contains(wanted) && shown.contains(&id), "{shown}");
    }
}

#[tokio::test]
async fn a_patch_that_purges_here_is_one_that_had_to_be_allowed() {
    let sandbox = Sandbox::builder().stored_after(0).start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    uploaded(&client, 1000).await;
    for patch in [
        SettingsPatch::new().storage_limit_bytes(1),
        SettingsPatch::new().cache_videos(false),
        SettingsPatch::new().enabled(false),
    ] {
        check(
            &within(10, client.update_connection_settings(CONNECTION, &patch)).await.unwrap_err(),
            ErrorKind::InvalidArgument,
        );
        let patch = patch.allow_purge(true);
        within(10, client.update_connection_settings(CONNECTION, &patch)).await.unwrap();
    }
    assert!(within(10, client.vault_plus_query(&VaultPlusQuery::new()).next()).await.is_none());
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
    assert!(client.vault_plus_add_list(&list.id).send().unwrap().synced);
    assert_eq!(client.vault_plus_lists().send().unwrap().len(), 1);
    client.vault_plus_status().send().unwrap();
    client.vault_plus_stats().send().unwrap();
    assert!(client.vault_plus_purge().send().unwrap().success);
    let _entered = runtime.enter();
    drop(sandbox);
}
