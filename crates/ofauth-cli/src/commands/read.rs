//! The short commands that read: `check`, `vault-plus batch` and `whoami`.

use ofauth::unversioned::display_safe::one_line;
use ofauth::{ErrorKind, Media};

use crate::app::App;
use crate::args::CheckArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::files::user_text;
use crate::output::records::{CheckRecord, VaultPlusRecord};

/// The ids that are read from standard input.
const IDS: Wanted =
    Wanted { what: "the list of ids", kind: ErrorKind::InvalidArgument, longest: 16 * 1024 * 1024 };

/// Runs `ofauth check`.
pub(crate) async fn check(app: &App, args: &CheckArgs) -> Result<Exit> {
    let context = Context::open(app).await?;
    context.need_connection()?;
    if !args.etag.ends_with('"') {
        app.out.note("ofauth: the etag has no quotes, which belong to it: the service may not find it");
    }
    let check = app.interrupt.or_stop(context.client.check(&args.etag, args.size).send()).await?;
    let media = check.media.as_ref().map(Media::raw);
    if app.out.is_json() {
        app.out.answer(&CheckRecord { exists: check.exists, media });
    } else {
        let id = media.and_then(super::content::posted_id);
        let word = if check.exists { "exists" } else { "absent" };
        app.out.answer_line(&id.map_or_else(|| word.to_owned(), |id| format!("{word} {id}")));
    }
    Ok(Exit::Done)
}

/// Runs `ofauth whoami`.
pub(crate) async fn whoami(app: &App) -> Result<Exit> {
    let context = Context::open(app).await?;
    let answer = app.interrupt.or_stop(context.client.whoami().send()).await?;
    app.out.answer(answer.raw());
    Ok(Exit::Done)
}

/// Runs `ofauth vault-plus batch`.
pub(crate) async fn vault_plus_batch(app: &App, ids: &[String]) -> Result<Exit> {
    let context = Context::open(app).await?;
    context.need_connection()?;
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

/// The ids of the command line, each `-` replaced by the words of standard input.
async fn with_standard_input(app: &App, ids: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for id in ids {
        if id != "-" {
            all.push(id.clone());
            continue;
        }
        let text = app.interrupt.reading(|| user_file::read_standard_input(IDS)).await?;
        let text = user_text::text(IDS.kind, "standard input", text)?;
        all.extend(text.split_whitespace().map(str::to_owned));
    }
    if all.is_empty() {
        return Err(Failure::argument("standard input names no id"));
    }
    Ok(all)
}
