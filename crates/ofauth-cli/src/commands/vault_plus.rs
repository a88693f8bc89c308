//! `ofauth vault-plus`: the copies of media in Vault+.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ofauth::unversioned::display_safe::one_line;
use ofauth::{ErrorKind, Media, VaultPlusMedia, VaultPlusQuery};
use serde_json::json;

use super::reply::{agree, changed_to, lines, read, walk, with_standard_input};
use crate::app::App;
use crate::args::vault::{DownloadArgs, QueryArgs, VaultPlusCommand, WaitArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::name::Name;
use crate::output::events::Event;
use crate::output::records::VaultPlusRecord;
use crate::progress::line::Line;

/// Runs the command.
pub(crate) async fn run(app: &App, command: &VaultPlusCommand) -> Result<Exit> {
    let context = Context::open(app).await?;
    // These figures are those of the account.
    if !matches!(command, VaultPlusCommand::Stats) {
        context.need_connection()?;
    }
    let client = &context.client;
    match command {
        VaultPlusCommand::Batch { ids } => batch(app, &context, ids).await,
        VaultPlusCommand::Query(args) => walk(app, &args.walk, client.vault_plus_query(&query(args))).await,
        VaultPlusCommand::Get { id } => {
            read(app, client.vault_plus_get(id), |media| media.raw().clone()).await
        }
        VaultPlusCommand::Delete { id } => {
            let call = client.vault_plus_delete(id);
            changed_to(app, call, |gone| json!({"purged": gone.purged, "freedBytes": gone.freed_bytes})).await
        }
        VaultPlusCommand::Purge { yes } => {
            let of = context.connection.as_deref().unwrap_or_default();
            agree(app, *yes, &format!("delete all copies of {of} in Vault+")).await?;
            let call = client.vault_plus_purge();
            changed_to(app, call, |gone| json!({"purged": gone.purged, "freedBytes": gone.freed_bytes})).await
        }
        VaultPlusCommand::ListMedia { list } => {
            let media = app.interrupt.or_stop(client.vault_plus_list_media(list).send()).await?;
            Ok(lines(app, media.iter().map(VaultPlusMedia::raw)))
        }
        VaultPlusCommand::Sync { list } => {
            changed_to(app, client.vault_plus_sync(list), |sync| {
                json!({
                    "synced": sync.synced, "seen": sync.seen, "added": sync.added, "adopted": sync.adopted,
                    "updated": sync.updated, "removed": sync.removed, "unchanged": sync.unchanged,
                })
            })
            .await
        }
        VaultPlusCommand::Status => {
            read(app, client.vault_plus_status(), |status| {
                json!({
                    "connectionId": status.connection_id, "stored": status.stored, "pending": status.pending,
                    "totalBytes": status.total_bytes,
                })
            })
            .await
        }
        VaultPlusCommand::Stats => {
            read(app, client.vault_plus_stats(), |stats| {
                json!({
                    "connections": stats.connections, "media": stats.media, "totalBytes": stats.total_bytes,
                    "connectionsWithVaultPlus": stats.connections_with_vault_plus,
                })
            })
            .await
        }
        VaultPlusCommand::Wait { wait: args, label } => wait(app, &context, args, label).await,
        VaultPlusCommand::Download(args) => download(app, &context, args).await,
    }
}

async fn batch(app: &App, context: &Context, ids: &[String]) -> Result<Exit> {
    let ids = with_standard_input(app, ids).await?;
    let batch = app.interrupt.or_stop(context.client.vault_plus_batch(ids).send()).await?;
    if app.out.is_json() {
        let items = batch.items.iter().map(Media::raw).collect();
        app.out.answer(&VaultPlusRecord { items, missing: &batch.missing });
        return Ok(Exit::Done);
    }
    for item in &batch.items {
        if !app.out.answer_line(&item.raw().to_string()) {
            break;
        }
    }
    for id in &batch.missing {
        app.out.confirm(&format!("ofauth: {}: no copy in Vault+", one_line(id)));
    }
    Ok(Exit::Done)
}

fn query(args: &QueryArgs) -> VaultPlusQuery {
    let mut query = VaultPlusQuery::new();
    let texts = [
        ("status", &args.status),
        ("type", &args.r#type),
        ("contentType", &args.content_type),
        ("sort", &args.sort),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            query = query.filter(name, text.as_str());
        }
    }
    if let Some(seconds) = args.duration_min {
        query = query.duration_min(seconds);
    }
    if let Some(seconds) = args.duration_max {
        query = query.duration_max(seconds);
    }
    if let Some(at) = args.created_from {
        query = query.created_from(at);
    }
    if let Some(at) = args.created_to {
        query = query.created_to(at);
    }
    if let Some(at) = args.cached_from {
        query = query.cached_from(at);
    }
    if let Some(at) = args.cached_to {
        query = query.cached_to(at);
    }
    query
}

async fn wait(app: &App, context: &Context, args: &WaitArgs, labels: &[String]) -> Result<Exit> {
    let ids = with_standard_input(app, &args.ids).await?;
    let out = app.out.clone();
    let mut wait = context.client.wait_stored(ids).cancel(app.interrupt.cancel());
    wait = wait.on_progress(move |stored, all| out.note(&format!("ofauth: {stored} of {all} are stored")));
    if !labels.is_empty() {
        wait = wait.labels(labels);
    }
    if let Some(limit) = args.timeout {
        wait = wait.timeout(limit);
    }
    let media = wait.await?;
    Ok(lines(app, media.iter().map(VaultPlusMedia::raw)))
}

async fn download(app: &App, context: &Context, args: &DownloadArgs) -> Result<Exit> {
    let path = match &args.output {
        Some(path) => path.clone(),
        None => {
            let safe = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            PathBuf::from(format!("{}-{}", safe(&args.media), safe(&args.label)))
        }
    };
    let name = Name::from(path.as_path());
    let line = Arc::new(Mutex::new(Line { name: name.to_string(), ..Line::default() }));
    let drawn = Arc::clone(&line);
    let bar = app.out.screen().bar(move || drawn.lock().unwrap_or_else(PoisonError::into_inner).clone());
    let mut download = context.client.download(&args.media, &args.label, &path);
    download = download.cancel(app.interrupt.cancel()).overwrite(args.overwrite).wait(args.wait);
    download = download.on_progress(move |progress| {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        line.position = progress.received;
        line.total = progress.total.unwrap_or(progress.received);
    });
    if let Some(limit) = args.timeout {
        download = download.timeout(limit);
    }
    let done = download.await;
    bar.clear();
    let done = done.map_err(|error| match error.kind() {
        ErrorKind::Cancelled => {
            Failure::from(error).with_hint("run the command again: it goes on where it stopped")
        }
        _ => Failure::from(error),
    })?;
    let (bytes, resumed) = (done.bytes, done.resumed);
    let arrived = if app.out.is_json() {
        let content_type = done.content_type.as_deref();
        app.out.event(&Event::Downloaded { file: name.fields(), bytes, resumed, content_type })
    } else {
        app.out.raw(&[name.as_bytes(), b"\n"].concat())
    };
    app.out.tell(arrived, &format!("downloaded {name}: {bytes} bytes"));
    Ok(Exit::Done)
}
