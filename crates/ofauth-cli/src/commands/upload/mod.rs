//! `ofauth upload`: looks at all files, uploads several side by side, and makes the post if one was asked for.
//!
//! ```text
//! walk ─► survey: look at every file, count them, tell of those that cannot be uploaded
//! walk ─► batch:  upload them; references come out in the order of the walk ─► post ─► summary
//! ```
//!
//! Nothing is sent before every file was looked at. Nothing is kept of a file between the two, so that their number
//! does not matter.

mod batch;
mod delivered;
mod done;
mod job;
mod known;
mod summary;
mod survey;
mod walk;

use std::path::Path;

use ofauth::{Content, ErrorKind};

use super::App;
use super::content::posted_id;
use crate::args::UploadArgs;
use crate::events::Event;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;
use batch::Batch;
use done::Done;
use job::Job;
use summary::Summary;

/// Runs the command.
pub(crate) async fn run(app: &App, args: &UploadArgs) -> Result<Exit> {
    check(args)?;
    let session = Session::for_uploads(&app.flags, &args.speed, !args.no_resume).await?;
    session.need_connection()?;
    if session.state.is_none() && session.sandbox.is_none() && !args.no_resume {
        app.out.note("ofauth: there is no home directory for a journal, so this cannot be resumed: --state-dir names one");
    }
    let job = Job::new(app, args, &session);
    let survey = job.survey().await?;
    let mut summary = survey.summary.clone();
    if args.dry_run {
        job.tell(&summary);
        return Ok(summary.end);
    }
    if args.post.is_some() && summary.end != Exit::Done {
        app.out.say("ofauth: nothing was uploaded: the post needs all of the files");
        job.tell(&summary);
        return Ok(summary.end);
    }
    let batch = Batch::new(&job, survey).await?;
    let mut done = batch.run(&mut summary).await;
    // If not, the same command delivers the same references again, and uploads the rest.
    let mut is_over = matches!(summary.end, Exit::Done | Exit::Usage) && !app.out.was_lost();
    if let Some(text) = &args.post {
        is_over = post_all(&job, text, &mut done, &mut summary).await;
    }
    if is_over {
        batch.over();
    }
    job.tell(&summary);
    Ok(summary.end)
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

/// Makes the post if all files are there. Returns whether it was made, or nobody knows.
async fn post_all(job: &Job<'_>, text: &str, done: &mut [Done], summary: &mut Summary) -> bool {
    let out = &job.app.out;
    if out.was_lost() {
        out.say("ofauth: no post was made: its references could not be written to standard output");
        return false;
    }
    if summary.end != Exit::Done {
        let (missing, files) = (summary.files.saturating_sub(done.len() as u64), summary.files);
        out.say(&format!("ofauth: no post was made: {missing} of {files} files were not uploaded"));
        return false;
    }
    let posted = post(job, text, done).await;
    let is_over = posted.as_ref().err().is_none_or(|failure| failure.kind() == ErrorKind::OutcomeUnknown);
    if is_over {
        for file in done {
            file.settle(out).await;
        }
    }
    if let Err(failure) = posted {
        out.failure(&failure);
        summary.end = summary.end.worse(failure.exit());
    }
    is_over
}

/// Makes one post of all files.
async fn post(job: &Job<'_>, text: &str, files: &[Done]) -> Result<()> {
    let mut content = Content::new(text);
    let mut media_items = Vec::new();
    for file in files {
        let Some((item, name)) = file.media_item() else {
            let text = format!("no post was made: the API does not name the media of {}", file.label());
            return Err(Failure::new(ErrorKind::InvalidAnswer, text)
                .with_hint("run the command again without --skip-existing"));
        };
        content = content.media(item);
        media_items.push(name);
    }
    let (out, client) = (&job.app.out, &job.session.client);
    let post = job.app.interrupt.or_unknown("the post", client.create_post(&content)).await?;
    let id = posted_id(&post);
    out.note(&format!(
        "posted as {}, which uses up the references",
        id.as_deref().unwrap_or("a post whose id the API did not name")
    ));
    if out.is_json() {
        out.event(&Event::Posted { id, media_items, post: &post });
    }
    Ok(())
}
