//! The second pass: uploads the files, several side by side, and prints their references in order.
//!
//! Files start in the order of the walk and end in any; a file that is done early waits for those before it, and none
//! starts that is more than [`WINDOW`] places ahead. Events of `--json` name their file and are told as they happen. A
//! file that fails does not stop the others, unless they would fail the same way. What is told of a file is in
//! [`telling`](super::telling).

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::StreamExt;
use ofauth::system::words;
use ofauth::{ErrorKind, Inspected, Progress, Uploaded};
use tokio::sync::Semaphore;

use super::delivered::{Delivered, Finished};
use super::done::{Done, Drawn, End, settle};
use super::gate::{Gate, Trying};
use super::job::{Job, is_media_by_name};
use super::known::Memory;
use super::posting::refuse_if_in_doubt;
use super::summary::Summary;
use super::survey::Survey;
use super::walk::{Found, walk};
use crate::exit::Exit;
use crate::failure::Result;
use crate::file_state::FileState;
use crate::input::Input;
use crate::name::Name;
use crate::notices::Notices;
use crate::progress_batch::BatchBar;
use crate::progress_file::FileBar;
use crate::threads;

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
    notices: Notices,
    /// As many as files may be uploaded at once.
    places: Semaphore,
    /// Whether further files are to be tried.
    gate: Gate,
    /// Bytes that went to the service, also of files that failed.
    sent: AtomicU64,
}

/// What moved in one try of a file.
#[derive(Debug, Default)]
struct Moved {
    sent: AtomicU64,
    acknowledged: AtomicU64,
}

impl Moved {
    /// Notes what the upload reports. What an earlier run had sent does not count.
    fn note(&self, progress: &Progress) {
        self.sent.store(progress.handed_over.saturating_sub(progress.resumed), Relaxed);
        self.acknowledged.store(progress.acknowledged.saturating_sub(progress.resumed), Relaxed);
    }
}

/// How a place of the walk ended.
enum Outcome {
    Done(Box<Done>),
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
            notices: Notices::new(&job.app.out),
            places: Semaphore::new(job.args.files_at_once.into()),
            gate: Gate::new(&job.app.interrupt, &job.app.out),
            sent: AtomicU64::new(0),
        })
    }

    /// Tries no file, for this reason.
    pub(super) fn try_none(&self, why: ErrorKind) {
        self.gate.close(why);
    }

    /// Uploads everything, and counts it. Returns the files for the post, if there is to be one.
    pub(super) async fn run(&self, summary: &mut Summary) -> Vec<Done> {
        let args = self.job.args;
        // What failed in the survey stays counted; the others are counted as they end.
        summary.files = summary.failed;
        let found = walk(args.files.as_slice().into(), args.recursive);
        let mut outcomes = pin!(found.map(|found| self.one(found)).buffered(WINDOW));
        let mut kept = Vec::new();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Outcome::Nothing => {}
                Outcome::Failed(end) => summary.fail(end),
                Outcome::NotTried(end) => summary.leave_out(end),
                Outcome::Done(done) => {
                    let mut done = *done;
                    summary.add(&done);
                    let told = self.print(&done);
                    self.remember(&mut done);
                    if args.post.is_some() {
                        kept.push(done);
                    } else if told {
                        done.settle(&self.job.app.out).await;
                    }
                }
            }
        }
        summary.bytes = self.sent.load(Relaxed);
        if let Some(bar) = &self.bar {
            bar.end();
        }
        kept
    }

    /// Writes down what is remembered of the files. What is forgotten after that is known there.
    pub(super) async fn remembered(&mut self) {
        self.memory.finish().await;
    }

    /// Ends the batch, and returns what the command ends with. If that is 0, what it has uploaded is forgotten: run again,
    /// it uploads everything anew. If not, the same command tells the same references again, and uploads the rest.
    pub(super) fn end(self, end: Exit) -> Exit {
        let out = &self.job.app.out;
        let next = "run the command again: it tells everything again, and uploads and posts nothing twice";
        out.rely_on_what_was_written(self.delivered.is_some().then_some(next));
        let end = out.end(end);
        let delivered = self.delivered.as_ref().filter(|_| end == Exit::Done);
        if let Some(Err(error)) = delivered.map(|delivered| delivered.over()) {
            out.note(&format!("ofauth: what was uploaded cannot be forgotten: {}", words(&error)));
        }
        end
    }

    /// Waits for a place and uploads one file.
    async fn one(&self, found: Found) -> Outcome {
        let (path, named) = match found {
            Found::Again(_) | Found::Link(_) | Found::Special(_) => return Outcome::Nothing,
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
        if let Some(kind) = self.gate.enter().await {
            if !named && is_media_by_name(&path) != Some(true) {
                return Outcome::Nothing;
            }
            return Outcome::NotTried(self.tell_not_tried(&Name::from(path.as_path()), kind));
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
            // Read once more for the record alone.
            Some(_) if self.delivered.is_none() => None,
            Some(input) => {
                let hash = self.job.app.interrupt.or_stop(input.sha256()).await;
                hash.ok().map(|hash| FileState::of_bytes(&hash, about.size))
            }
            None => self.memory.identify(path).await,
        };
        let drawn = match &self.bar {
            Some(bar) => Drawn::Share(bar.share(input.name.as_str(), about.size)),
            None => Drawn::Alone(FileBar::start(self.job.app.out.screen(), input.name.as_str(), about.size)),
        };
        match self.upload_or_wait(input, &about, identity, &drawn).await {
            Ok(done) => {
                drawn.end(if matches!(done, Done::Uploaded { .. }) { End::Uploaded } else { End::Skipped });
                Outcome::Done(Box::new(done))
            }
            Err(failure) => Outcome::Failed(self.tell_failure(&input.name, failure, Some(&drawn))),
        }
    }

    /// Tries a file, and again if it waited for a service that was gone.
    async fn upload_or_wait(
        &self,
        input: &Input,
        about: &Inspected,
        identity: Option<FileState>,
        drawn: &Drawn,
    ) -> Result<Done> {
        let mut trying = Trying::new(&input.name, self.job.args.deadline);
        loop {
            let moved = Arc::<Moved>::default();
            let end = self.skip_or_upload(input, about, identity.clone(), drawn, &trying, &moved).await;
            let sent = moved.sent.load(Relaxed);
            self.sent.fetch_add(sent, Relaxed);
            match end {
                Ok(done) => {
                    // What the record has was served by nobody.
                    if sent > 0 || trying.is_probe() {
                        self.gate.served();
                    }
                    return Ok(done);
                }
                Err(failure) => {
                    self.gate.failed(&mut trying, failure, moved.acknowledged.load(Relaxed) > 0).await?;
                }
            }
            drawn.restart();
        }
    }

    async fn skip_or_upload(
        &self,
        input: &Input,
        about: &Inspected,
        identity: Option<FileState>,
        drawn: &Drawn,
        trying: &Trying<'_>,
        moved: &Arc<Moved>,
    ) -> Result<Done> {
        if let Some(identity) = &identity {
            if let Some(finished) = self.delivered(identity, input.file()).await? {
                self.job.app.out.note(&format!("{}: uploaded by an earlier run of this command", input.name));
                let finished = Finished { resumed: true, ..finished };
                return Ok(self.done(input, finished, Some(identity.clone()), None));
            }
            if let Some(existing) = self.memory.existing(self.job, identity, input.file()).await? {
                return Ok(self.tell_skipped(&input.name, &existing));
            }
        }
        tracing::info!(file = %input.name, bytes = about.size, "uploading");
        let (shown, name) = (drawn.clone(), input.name.clone());
        let (noticed, notices) = (drawn.clone(), self.notices.clone());
        let mut upload = self.job.upload(input)?.cancel(self.job.app.interrupt.cancel()).hold_result();
        if let Some(left) = trying.left() {
            upload = upload.deadline(left);
        }
        let moved = Arc::clone(moved);
        let upload = upload
            .on_progress(move |progress| {
                moved.note(progress);
                shown.show(progress);
            })
            .on_notice(move |notice| {
                noticed.notice(notice);
                notices.tell(&name, notice);
            });
        let uploaded = upload.await?;
        drawn.complete();
        self.job.compare(input, &uploaded).await?;
        let finished = Finished::of(&uploaded);
        let mut held = Some(uploaded);
        if let Some(identity) = &identity
            && self.write_down(&input.name, identity.clone(), &finished).await
        {
            settle(held.take(), &input.name, &self.job.app.out).await;
        }
        Ok(self.done(input, finished, identity, held))
    }

    /// The upload of a file that an earlier run of this command had made.
    async fn delivered(&self, identity: &FileState, path: Option<&Path>) -> Result<Option<Finished>> {
        let Some(delivered) = self.delivered.clone() else { return Ok(None) };
        let (identity, path) = (identity.clone(), path.unwrap_or(Path::new("-")).to_owned());
        self.job.app.interrupt.or_stop(threads::run(move || delivered.get(&identity, &path))).await
    }

    /// A file that was uploaded, of which scripts are told at once.
    fn done(
        &self,
        input: &Input,
        finished: Finished,
        file: Option<FileState>,
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
    async fn write_down(&self, name: &Name, identity: FileState, finished: &Finished) -> bool {
        let Some(delivered) = self.delivered.clone() else { return false };
        let finished = finished.clone();
        match threads::run(move || delivered.add(identity, finished)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                self.job
                    .app
                    .out
                    .note(&format!("{name}: cannot be written down as uploaded: {}", words(&error)));
                false
            }
            Err(_) => false,
        }
    }
}
