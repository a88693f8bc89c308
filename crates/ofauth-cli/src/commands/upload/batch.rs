//! The second pass: uploads the files, several side by side, and prints their references in order.
//!
//! Files start in the order of the walk and end in any; a file that is done early waits for those before it, and none
//! starts that is more than [`WINDOW`] places ahead. Events of `--json` name their file and are told as they happen. A
//! file that fails does not stop the others, unless they would fail the same way.

use std::pin::pin;
use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use ofauth::{ErrorKind, Inspected, Uploaded};
use tokio::sync::Semaphore;

use super::delivered::{Delivered, Finished};
use super::done::{Done, Drawn, settle};
use super::job::Job;
use super::known::{Existing, Memory, blocking};
use super::posting::refuse_if_in_doubt;
use super::summary::Summary;
use super::survey::Survey;
use super::walk::{Found, walk};
use crate::commands::content::posted_id;
use crate::events::Event;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::name::Name;
use crate::progress_batch::BatchBar;
use crate::remembered::Identity;

/// How far the files that have begun may be ahead of the first whose end is not known.
const WINDOW: usize = 256;

/// The files under way.
pub(super) struct Batch<'a> {
    pub(super) job: &'a Job<'a>,
    survey: Survey,
    memory: Memory,
    /// What the command had uploaded when it was stopped, unless it keeps no journal.
    pub(super) delivered: Option<Arc<Delivered>>,
    bar: Option<BatchBar>,
    /// As many as files may be uploaded at once.
    places: Semaphore,
    /// Why all further files would fail, once one has.
    shared: OnceLock<ErrorKind>,
}

/// How a place of the walk ended.
enum Outcome {
    Done(Done),
    Failed(Exit),
    NotTried(Exit),
    /// It was not to be uploaded, or the survey has told why it cannot be.
    Nothing,
}

impl<'a> Batch<'a> {
    /// A batch of what the survey found.
    pub(super) async fn new(job: &'a Job<'a>, survey: Survey) -> Result<Self> {
        let delivered = Delivered::open(job)?.map(Arc::new);
        if let Some(delivered) = delivered.as_ref().filter(|_| job.args.post.is_some()) {
            refuse_if_in_doubt(delivered)?;
        }
        let memory = Memory::open(job).await?;
        let (files, bytes) = survey.left();
        let bar = job.several.then(|| BatchBar::start(job.app.out.screen(), files, bytes));
        Ok(Self {
            job,
            survey,
            memory,
            delivered,
            bar,
            places: Semaphore::new(job.args.files_at_once.into()),
            shared: OnceLock::new(),
        })
    }

    /// Uploads everything, and counts it. Returns the files for the post, if there is to be one.
    pub(super) async fn run(&self, summary: &mut Summary) -> Vec<Done> {
        let args = self.job.args;
        // What failed in the survey stays counted; the others are counted as they end.
        summary.files = summary.failed;
        summary.bytes = 0;
        let found = walk(args.files.as_slice().into(), args.recursive);
        let mut outcomes = pin!(found.map(|found| self.one(found)).buffered(WINDOW));
        let mut kept = Vec::new();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Outcome::Nothing => {}
                Outcome::Failed(end) => summary.fail(end),
                Outcome::NotTried(end) => {
                    summary.fail(end);
                    summary.not_tried += 1;
                }
                Outcome::Done(mut done) => {
                    summary.add(&done);
                    self.print(&done);
                    self.remember(&mut done);
                    if args.post.is_some() {
                        kept.push(done);
                    } else if !self.job.app.out.was_lost() {
                        done.settle(&self.job.app.out).await;
                    }
                }
            }
        }
        if let Some(bar) = &self.bar {
            bar.end();
        }
        kept
    }

    /// Ends the batch. If it has done all that it was asked to, what it has uploaded is forgotten: run again, it uploads
    /// everything anew.
    pub(super) async fn end(&mut self, is_done: bool) {
        // First, so that what is forgotten here is known there.
        self.memory.finish().await;
        let delivered = self.delivered.as_ref().filter(|_| is_done);
        if let Some(Err(error)) = delivered.map(|delivered| delivered.over()) {
            self.job.app.out.note(&format!("ofauth: what was uploaded cannot be forgotten: {error}"));
        }
    }

    /// Waits for a place and uploads one file.
    async fn one(&self, found: Found) -> Outcome {
        let (path, named) = match found {
            Found::Again(_) | Found::Link(_) | Found::Special => return Outcome::Nothing,
            Found::StandardInput => ("-".into(), true),
            Found::Named(path) => (path, true),
            Found::Inside(path) => (path, false),
            Found::Bad(path, _) if self.survey.is_bad(&path) => return Outcome::Nothing,
            Found::Bad(path, failure) => {
                return Outcome::Failed(self.tell_failure(&Name::from(path.as_path()), failure, None));
            }
        };
        if self.survey.is_bad(&path) {
            return Outcome::Nothing;
        }
        // Never closed, so this only waits.
        let _place = self.places.acquire().await;
        if let Some(kind) = self.shared.get() {
            if !named && self.job.is_media_by_name(&path).await != Some(true) {
                return Outcome::Nothing;
            }
            return Outcome::NotTried(self.tell_not_tried(&Name::from(path.as_path()), *kind));
        }
        // On the heap, so that a file that waits for its place needs no room for its upload.
        Box::pin(self.look_and_upload(path, named)).await
    }

    async fn look_and_upload(&self, path: std::path::PathBuf, named: bool) -> Outcome {
        let spooled = self.survey.standard_input.as_ref().filter(|_| named && path.as_os_str() == "-");
        let input = Input::path(&path);
        let input = spooled.unwrap_or(&input);
        let about = match named {
            true => self.job.inspect(input).await.map(Some),
            false => self.job.inspect_inside(&path).await,
        };
        let about = match about {
            Ok(Some(about)) => about,
            Ok(None) => return Outcome::Nothing,
            Err(failure) => return Outcome::Failed(self.tell_failure(&input.name, failure, None)),
        };
        let identity = match spooled {
            Some(_) => None,
            None => self.memory.identify(path).await,
        };
        let drawn = match &self.bar {
            Some(bar) => Drawn::Share(bar.share(about.size)),
            None => Drawn::Alone(self.job.app.out.screen().bar(input.name.as_str(), about.size)),
        };
        match self.skip_or_upload(input, &about, identity, &drawn).await {
            Ok(done) => {
                drawn.end(matches!(done, Done::Uploaded { .. }));
                Outcome::Done(done)
            }
            Err(failure) => Outcome::Failed(self.tell_failure(&input.name, failure, Some(&drawn))),
        }
    }

    async fn skip_or_upload(
        &self,
        input: &Input,
        about: &Inspected,
        identity: Option<Identity>,
        drawn: &Drawn,
    ) -> Result<Done> {
        if let Some(identity) = &identity {
            if let Some(finished) = self.delivered.as_ref().and_then(|delivered| delivered.get(identity)) {
                self.job.app.out.note(&format!("{}: uploaded by an earlier run of this command", input.name));
                let finished = Finished { resumed: true, ..finished };
                return Ok(self.done(input, finished, Some(identity.clone()), None));
            }
            if let Some(existing) = self.memory.existing(self.job, identity).await? {
                return Ok(self.tell_skipped(&input.name, &existing));
            }
        }
        tracing::info!(file = %input.name, bytes = about.size, "uploading");
        let (shown, out, name) = (drawn.clone(), self.job.app.out.clone(), input.name.clone());
        let upload = self.job.upload(input)?.cancel(self.job.app.interrupt.cancel()).hold_result();
        let upload = upload
            .on_progress(move |progress| shown.show(progress))
            .on_notice(move |notice| out.note(&format!("{name}: {notice}")));
        let uploaded = upload.await?;
        drawn.complete();
        self.compare(input, &uploaded).await?;
        let finished = Finished::of(&uploaded);
        let mut held = Some(uploaded);
        if let Some(identity) = &identity
            && self.write_down(&input.name, identity.clone(), &finished).await
        {
            settle(held.take(), &input.name, &self.job.app.out).await;
        }
        Ok(self.done(input, finished, identity, held))
    }

    /// A file that was uploaded, of which scripts are told at once.
    fn done(
        &self,
        input: &Input,
        finished: Finished,
        file: Option<Identity>,
        held: Option<Uploaded>,
    ) -> Done {
        let arrived = self.job.app.out.is_json().then(|| self.tell_uploaded(&input.name, &finished));
        Done::Uploaded { name: input.name.clone(), finished, file, held: held.map(Box::new), arrived }
    }

    /// Has a file remembered whose reference was printed.
    fn remember(&self, done: &mut Done) {
        if let Done::Uploaded { file, finished, .. } = done
            && let Some(file) = file.take()
        {
            self.memory.add(file, finished);
        }
    }

    /// Writes down what was uploaded, in place of the file's journal. Returns whether it is.
    async fn write_down(&self, name: &Name, identity: Identity, finished: &Finished) -> bool {
        let Some(delivered) = self.delivered.clone() else { return false };
        let finished = finished.clone();
        match blocking(move || delivered.add(identity, finished)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                self.job.app.out.note(&format!("{name}: cannot be written down as uploaded: {error}"));
                false
            }
            Err(_) => false,
        }
    }

    /// Prints what stands for the file, when its turn has come.
    fn print(&self, done: &Done) {
        let out = &self.job.app.out;
        match done {
            Done::Uploaded { name, finished, arrived, .. } => {
                let id = &finished.media_upload_id;
                let arrived = arrived.unwrap_or_else(|| out.reference(id, name));
                out.keep(arrived, &format!("{name}: the reference is {id}"));
            }
            Done::Skipped { name, media_id: Some(id) } if !out.is_json() => {
                let arrived = out.reference(id, name);
                out.keep(arrived, &format!("{name}: the media id is {id}"));
            }
            Done::Skipped { .. } => {}
        }
    }

    fn tell_uploaded(&self, name: &Name, finished: &Finished) -> bool {
        self.job.app.out.event(&Event::Uploaded {
            file: name.fields(),
            media_upload_id: &finished.media_upload_id,
            media: finished.media.as_ref(),
            bytes: finished.bytes,
            parts: finished.parts,
            etags: finished.etags.iter().map(Option::as_deref).collect(),
            retries: finished.retries,
            resumed: finished.resumed,
        })
    }

    fn tell_skipped(&self, name: &Name, existing: &Existing) -> Done {
        let out = &self.job.app.out;
        if out.is_json() {
            out.event(&Event::Skipped {
                file: name.fields(),
                media: existing.media.as_ref(),
                etag: &existing.etag,
            });
        }
        out.note(&format!("{name}: skipped, for the vault has it"));
        Done::Skipped { name: name.clone(), media_id: existing.media.as_ref().and_then(posted_id) }
    }

    /// Tells of a file that failed, and returns its end.
    fn tell_failure(&self, name: &Name, failure: Failure, drawn: Option<&Drawn>) -> Exit {
        if let Some(drawn) = drawn {
            drawn.end(false);
        }
        let failure = self.job.with_session(failure.of(name));
        self.job.app.out.failure(&failure);
        if is_shared(failure.kind()) {
            // The first reason stays.
            let _ = self.shared.set(failure.kind());
        }
        failure.exit()
    }

    /// Tells scripts of a file that was not tried; people are told how many there were.
    fn tell_not_tried(&self, name: &Name, kind: ErrorKind) -> Exit {
        let failure = Failure::new(kind, "not tried, for the same reason").of(name);
        if self.job.app.out.is_json() {
            self.job.app.out.event(&failure.event(&failure.text()));
        }
        failure.exit()
    }

    /// With `--sandbox`: shows that the sandbox has the file's bytes.
    async fn compare(&self, input: &Input, uploaded: &Uploaded) -> Result<()> {
        let Some(sandbox) = &self.job.session.sandbox else { return Ok(()) };
        let theirs = sandbox.upload(uploaded.media_upload_id()).and_then(|record| record.sha256);
        let ours = input.sha256().await?;
        let Some(theirs) = theirs else {
            return Err(Failure::new(ErrorKind::Internal, "the sandbox does not know the upload"));
        };
        let both = format!("  file    {ours}\n  server  {theirs}");
        if theirs != ours {
            self.job.app.out.say(&both);
            let text = "the SHA-256 of what the server has is not the file's";
            return Err(
                Failure::new(ErrorKind::InvalidAnswer, text).with_upload_id(uploaded.media_upload_id())
            );
        }
        self.job.app.out.note(&format!("{}: the server's SHA-256 equals the file's\n{both}", input.name));
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
