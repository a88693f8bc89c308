//! `ofauth upload`: looks at all files, uploads several in parallel, and makes the post if one was asked for.
//!
//! ```text
//! discover ─► scan: look at every file, count them, tell of those that cannot be uploaded
//! discover ─► run:  upload them; references come out in the order of discovery ─► post ─► summary
//! ```
//!
//! Nothing is sent before every file was looked at. Nothing is kept of a file between the two, so that their number
//! does not matter.

mod context;
mod discover;
mod files;
mod input;
mod outcome;
mod post;
mod post_record;
mod report;
mod run;
mod scan;
mod skip_existing;
mod summary;
mod verify;

use std::path::Path;

use ofauth::ErrorKind;

use crate::app::App;
use crate::args::upload::UploadArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use context::UploadContext;
use run::Batch;
use scan::Scan;

/// Opens what the command talks through, if its arguments fit together.
pub(super) async fn open(app: &App, args: &UploadArgs) -> Result<Context> {
    check(args)?;
    Context::for_uploads(app, &args.speed, !args.no_resume).await
}

/// Runs the command.
pub(crate) async fn run(app: &App, args: &UploadArgs) -> Result<Exit> {
    let context = open(app, args).await?;
    context.need_connection()?;
    if context.state.is_none() && context.sandbox.is_none() && !args.no_resume {
        app.out.note("ofauth: there is no home directory for a journal, so this upload cannot be resumed: name a directory with --state-dir");
    }
    let upload = UploadContext::new(app, args, &context);
    let scan = Scan::run(&upload).await?;
    let mut summary = scan.summary.clone();
    if args.post.is_some() && summary.files == 0 {
        report::all(&upload, &summary);
        return Err(Failure::argument("no post was made: there is nothing to upload for it")
            .with_hint("name the files, or make a post without media: `ofauth post TEXT`"));
    }
    if args.dry_run {
        report::all(&upload, &summary);
        return Ok(summary.end);
    }
    let mut batch = Batch::new(&upload, scan).await?;
    batch.open().await?;
    if args.post.is_some() && summary.end != Exit::Done {
        app.out.say("ofauth: nothing was uploaded: the post needs all of the files");
        batch.run_none(ErrorKind::InvalidArgument, &mut summary).await;
    } else {
        let files = batch.run(&mut summary).await;
        if let Some(text) = &args.post {
            post::post_all(&upload, batch.post.as_ref(), text, &files, &mut summary).await;
        }
    }
    batch.earlier.finish().await;
    report::all(&upload, &summary);
    Ok(batch.end(summary.end).await)
}

/// What the command line alone can tell to be wrong.
fn check(args: &UploadArgs) -> Result<()> {
    if args.filename.is_some() && args.files.len() > 1 {
        return Err(Failure::argument("--filename names one file: upload the files one at a time"));
    }
    if args.filename.is_some() && args.recursive && args.files.iter().any(|path| path.is_dir()) {
        return Err(Failure::argument("--filename names one file, and not those of a directory"));
    }
    if args.files.iter().filter(|file| *file == Path::new("-")).count() > 1 {
        return Err(Failure::argument("standard input (-) can be uploaded only once"));
    }
    Ok(())
}
