//! `ofauth upload`: looks at all files, uploads several side by side, and makes the post if one was asked for.
//!
//! ```text
//! walk ─► survey: look at every file, count them, tell of those that cannot be uploaded
//! walk ─► batch:  upload them; references come out in the order of the walk ─► posting ─► summary
//! ```
//!
//! Nothing is sent before every file was looked at. Nothing is kept of a file between the two, so that their number
//! does not matter.

mod batch;
mod delivered;
mod done;
mod gate;
mod job;
mod known;
mod outlook;
mod posting;
mod summary;
mod survey;
mod telling;
mod walk;

use std::path::Path;

use ofauth::ErrorKind;

use super::App;
use crate::args::UploadArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;
use batch::Batch;
use job::Job;

/// Runs the command.
pub(crate) async fn run(app: &App, args: &UploadArgs) -> Result<Exit> {
    check(args)?;
    let session = Session::for_uploads(app, &args.speed, !args.no_resume).await?;
    session.need_connection()?;
    if session.state.is_none() && session.sandbox.is_none() && !args.no_resume {
        app.out.note("ofauth: there is no home directory for a journal, so this cannot be resumed: --state-dir names one");
    }
    let job = Job::new(app, args, &session);
    let survey = job.survey().await?;
    let mut summary = survey.summary.clone();
    if args.post.is_some() && summary.files == 0 {
        job.tell(&summary);
        return Err(Failure::argument("no post was made: there is nothing to upload for it")
            .with_hint("name the files, or make a post without media: `ofauth post TEXT`"));
    }
    if args.dry_run {
        job.tell(&summary);
        return Ok(summary.end);
    }
    let mut batch = Batch::new(&job, survey).await?;
    let is_held_back = args.post.is_some() && summary.end != Exit::Done;
    if is_held_back {
        app.out.say("ofauth: nothing was uploaded: the post needs all of the files");
        batch.try_none(ErrorKind::InvalidArgument);
    }
    let mut done = batch.run(&mut summary).await;
    if let Some(text) = args.post.as_ref().filter(|_| !is_held_back) {
        batch.post_all(text, &mut done, &mut summary).await;
    }
    batch.remembered().await;
    job.tell(&summary);
    Ok(batch.end(summary.end))
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
