//! The short commands that read: `check` and `whoami`.

use ofauth::Media;

use crate::app::App;
use crate::args::CheckArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::records::CheckRecord;

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
