//! `ofauth upload`: checks all files, uploads them one after another, and makes the post if one was asked for.
//!
//! Nothing is sent before every file was looked at. A file that fails does not stop the others, unless they would
//! fail the same way.

use std::path::Path;

use ofauth::{Content, ErrorKind, Inspected, Upload, Uploaded};

use super::App;
use super::content::posted_id;
use crate::args::UploadArgs;
use crate::events::Event;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::{Input, label};
use crate::output::one_line;
use crate::session::Session;

/// A file that passed the local checks.
struct Ready {
    input: Input,
    about: Inspected,
}

/// Runs the command.
pub(crate) async fn run(app: &App, args: &UploadArgs) -> Result<Exit> {
    check(args)?;
    let session = Session::open(&app.flags, &args.speed).await?;
    session.need_connection()?;
    let command = Command { app, args, session: &session };

    let (ready, mut end) = command.prepare_all().await;
    if args.dry_run {
        ready.iter().for_each(|file| command.tell_inspected(file));
        return Ok(end);
    }
    if args.post.is_some() && end != Exit::Done {
        app.out.say("ofauth: nothing was uploaded: the post needs all of the files");
        return Ok(end);
    }
    let (uploaded, worst) = command.upload_all(&ready).await;
    end = end.worse(worst);
    if let Some(text) = &args.post {
        if app.out.was_lost() {
            app.out.say("ofauth: no post was made: its references could not be written to standard output");
        } else if end == Exit::Done {
            command.post(text, &uploaded).await?;
        } else {
            app.out.say(&format!(
                "ofauth: no post was made: {} of {} files were not uploaded",
                ready.len() - uploaded.len(),
                ready.len()
            ));
        }
    }
    Ok(end)
}

/// What the command line alone can tell to be wrong.
fn check(args: &UploadArgs) -> Result<()> {
    if args.filename.is_some() && args.files.len() > 1 {
        return Err(Failure::argument("--filename names one file: upload the files one at a time"));
    }
    if args.files.iter().filter(|file| *file == Path::new("-")).count() > 1 {
        return Err(Failure::argument("standard input (-) can be uploaded only once"));
    }
    Ok(())
}

struct Command<'a> {
    app: &'a App,
    args: &'a UploadArgs,
    session: &'a Session,
}

impl Command<'_> {
    /// Looks at every file and reads standard input; tells of those that cannot be uploaded.
    async fn prepare_all(&self) -> (Vec<Ready>, Exit) {
        let mut ready = Vec::new();
        let mut end = Exit::Done;
        for path in &self.args.files {
            match self.app.interrupt.or_stop(self.prepare(path)).await {
                Ok(file) => ready.push(file),
                Err(failure) => {
                    let failure = failure.of(&label(path));
                    self.app.out.failure(&failure);
                    end = end.worse(failure.exit());
                }
            }
        }
        (ready, end)
    }

    async fn prepare(&self, path: &Path) -> Result<Ready> {
        let mut input = match path == Path::new("-") {
            true => Input::standard_input(self.args.spool_limit).await?,
            false => Input::path(path),
        };
        let mut about = self.upload(&input)?.inspect().await?;
        if self.args.filename.is_none() && path == Path::new("-") {
            input.name_by_type(&about.content_type)?;
            about = self.upload(&input)?.inspect().await?;
        }
        Ok(Ready { input, about })
    }

    fn upload(&self, input: &Input) -> Result<Upload> {
        let mut upload = self.session.client.upload(input.source()?);
        if let Some(name) = &self.args.filename {
            upload = upload.filename(name);
        }
        if let Some(content_type) = &self.args.content_type {
            upload = upload.content_type(content_type);
        }
        if let Some(deadline) = self.args.deadline {
            upload = upload.deadline(deadline);
        }
        Ok(upload)
    }

    fn tell_inspected(&self, file: &Ready) {
        let (label, about) = (&file.input.label, &file.about);
        if self.app.out.is_json() {
            self.app.out.event(&Event::Inspected {
                file: label,
                filename: &about.filename,
                size: about.size,
                content_type: &about.content_type,
            });
        }
        self.app.out.note(&format!(
            "{label}: {}, {} bytes, would be uploaded as {}",
            about.content_type,
            about.size,
            one_line(&about.filename)
        ));
    }

    /// Uploads the files in order. After a failure that all would share, the rest is not tried.
    async fn upload_all(&self, files: &[Ready]) -> (Vec<Uploaded>, Exit) {
        let mut uploaded = Vec::new();
        let mut end = Exit::Done;
        let mut shared: Option<ErrorKind> = None;
        for file in files {
            let result = match shared {
                Some(kind) => Err(Failure::new(kind, "not tried, for the same reason")),
                None => self.upload_one(file).await,
            };
            match result {
                Ok(done) => uploaded.push(done),
                Err(failure) => {
                    let failure = failure.of(&file.input.label);
                    self.app.out.failure(&failure);
                    end = end.worse(failure.exit());
                    shared = shared.or(Some(failure.kind()).filter(|kind| is_shared(*kind)));
                }
            }
        }
        (uploaded, end)
    }

    async fn upload_one(&self, file: &Ready) -> Result<Uploaded> {
        tracing::info!(file = file.input.label, bytes = file.about.size, "uploading");
        let bar = self.app.out.screen().bar(&file.input.label, file.about.size);
        let (shown, out, label) = (bar.clone(), self.app.out.clone(), file.input.label.clone());
        let mut told = false;
        let upload =
            self.upload(&file.input)?.cancel(self.app.interrupt.cancel()).on_progress(move |progress| {
                shown.show(progress);
                if progress.sent_again > 0 && !std::mem::replace(&mut told, true) {
                    let bytes = progress.sent_again;
                    out.note(&format!(
                        "{label}: the upload session expired; {bytes} bytes are sent again in a new one"
                    ));
                }
            });
        let uploaded = match upload.send().await {
            Ok(uploaded) => uploaded,
            Err(error) => {
                bar.abandon();
                return Err(error.into());
            }
        };
        bar.finish();
        self.compare(&file.input, &uploaded).await?;
        self.tell_uploaded(&file.input, &uploaded);
        Ok(uploaded)
    }

    fn tell_uploaded(&self, input: &Input, uploaded: &Uploaded) {
        let out = &self.app.out;
        let id = uploaded.media_upload_id();
        let arrived = if out.is_json() {
            out.event(&Event::Uploaded {
                file: &input.label,
                media_upload_id: id,
                media: uploaded.media(),
                bytes: uploaded.bytes(),
                parts: uploaded.parts().len(),
                etags: uploaded.etags().collect(),
                retries: uploaded.retries(),
                resumed: false,
            })
        } else {
            out.line(id)
        };
        out.keep(arrived, &format!("{}: the reference is {id}", input.label));
    }

    /// With `--sandbox`: shows that the sandbox has the file's bytes.
    async fn compare(&self, input: &Input, uploaded: &Uploaded) -> Result<()> {
        let Some(sandbox) = &self.session.sandbox else { return Ok(()) };
        let theirs = sandbox.upload(uploaded.media_upload_id()).and_then(|record| record.sha256);
        let ours = input.sha256().await?;
        let Some(theirs) = theirs else {
            return Err(Failure::new(ErrorKind::Internal, "the sandbox does not know the upload"));
        };
        let both = format!("  file    {ours}\n  server  {theirs}");
        if theirs != ours {
            self.app.out.say(&both);
            let text = "the SHA-256 of what the server has is not the file's";
            return Err(
                Failure::new(ErrorKind::InvalidAnswer, text).with_upload_id(uploaded.media_upload_id())
            );
        }
        self.app.out.note(&format!("{}: the server's SHA-256 equals the file's\n{both}", input.label));
        Ok(())
    }

    async fn post(&self, text: &str, uploaded: &[Uploaded]) -> Result<()> {
        let content = uploaded.iter().fold(Content::new(text), |content, file| content.media(file));
        let client = &self.session.client;
        let post = self.app.interrupt.or_unknown("the post", client.create_post(&content)).await?;
        let id = posted_id(&post);
        let out = &self.app.out;
        out.note(&format!(
            "posted as {}, which uses up the references",
            id.as_deref().unwrap_or("a post whose id the API did not name")
        ));
        if out.is_json() {
            let media_items = uploaded.iter().map(|file| file.media_upload_id().to_owned()).collect();
            out.event(&Event::Posted { id, media_items, post: &post });
        }
        Ok(())
    }
}

/// Whether the next file would fail the same way.
fn is_shared(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::Cancelled
            | ErrorKind::Config
            | ErrorKind::Redirect
    )
}
