//! `ofauth vault`: media and lists of the vault.

use ofauth::{Media, VaultListChange};
use serde_json::{Value, json};

use super::reply::{change, changed, changed_to, lines, walk, with_standard_input};
use crate::app::App;
use crate::args::vault::{VaultCommand, WaitArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;

/// Runs the command.
pub(crate) async fn run(app: &App, command: &VaultCommand) -> Result<Exit> {
    let context = Context::open(app).await?;
    context.need_connection()?;
    let client = &context.client;
    match command {
        VaultCommand::List { list: Some(list), walk: how, .. } => {
            walk(app, how, client.call("list_vault_list_media").param("listId", list.as_str()).items()).await
        }
        VaultCommand::List { r#type, walk: how, .. } => {
            let mut call = client.call("list_vault_media");
            if let Some(of) = r#type {
                call = call.param("type", of.as_str());
            }
            walk(app, how, call.items()).await
        }
        VaultCommand::Lists(how) => walk(app, how, client.call("list_vault_lists").items()).await,
        VaultCommand::CreateList { name } => {
            let list = changed(app, client.create_vault_list(name)).await?;
            let arrived = if app.out.is_json() { app.out.record(list.raw()) } else { app.out.line(&list.id) };
            app.out.tell(arrived, &format!("the list was created, with the id {}", list.id));
            Ok(Exit::Done)
        }
        VaultCommand::RenameList { list, name } => {
            changed_to(app, client.rename_vault_list(list, name), |list| list.raw().clone()).await
        }
        VaultCommand::DeleteList { list } => {
            change(app, client.delete_vault_list(list), "the list was deleted").await
        }
        VaultCommand::Add { list, ids } => {
            let ids = with_standard_input(app, ids).await?;
            let done = format!("{} media are in the list", ids.len());
            change(app, client.add_to_vault_list(list, ids), &done).await
        }
        VaultCommand::Remove { list, ids } => {
            let ids = with_standard_input(app, ids).await?;
            changed_to(app, client.remove_from_vault_list(list, ids), difference).await
        }
        VaultCommand::Copy { from, to } => {
            changed_to(app, client.copy_vault_list(from, to), difference).await
        }
        VaultCommand::Wait(args) => wait(app, &context, args).await,
    }
}

/// Said once, to who waits for what is not there.
const ABSENT: &str = "; an id that is not in the vault is told after half a minute";

fn difference(change: &VaultListChange) -> Value {
    json!({"changed": change.changed, "unchanged": change.unchanged})
}

async fn wait(app: &App, context: &Context, args: &WaitArgs) -> Result<Exit> {
    let ids = with_standard_input(app, &args.ids).await?;
    let out = app.out.clone();
    let mut wait = context.client.wait_ready(ids).cancel(app.interrupt.cancel());
    let mut first = true;
    wait = wait.on_progress(move |ready, all| {
        let absent = if std::mem::take(&mut first) && ready < all { ABSENT } else { "" };
        out.note(&format!("ofauth: {ready} of {all} are ready{absent}"));
    });
    if let Some(limit) = args.timeout {
        wait = wait.timeout(limit);
    }
    let media = wait.await?;
    Ok(lines(app, media.iter().map(Media::raw)))
}
