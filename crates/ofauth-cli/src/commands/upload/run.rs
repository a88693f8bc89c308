//! The second pass: uploads the files, several in parallel, and prints their references in order.
//!
//! Files start in the order of discovery and end in any; a file that is done early waits for those before it, and none
//! starts that is more than [`WINDOW`] places ahead. Events of `--json` name their file and are told as they happen. A
//! file that fails does not stop the others, unless they would fail the same way. What is told of a file is in
//! [`report`].

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::StreamExt;
use ofauth::system::words;
use ofauth::{ErrorKind, OpenUpload, Uploaded};
use tokio::sync::Semaphore;

use super::context::{UploadContext, is_media_by_name};
use super::discover::{Found, discover};
use super::gate::{Gate, Trying};
use super::input::Input;
use super::outcome::{Outcome, StoredFile, UploadedFile};
use super::post::refuse_if_in_doubt;
use super::report;
use super::resume_record::ResumeRecord;
use super::scan::Scan;
use super::skip_existing::{Earlier, state_of};
use super::summary::Summary;
use super::verify::verify;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::name::Name;
use crate::output::Output;
use crate::output::notices::Notices;
use crate::progress::batch_bar::BatchBar;
use crate::progress::file_bar::FileBar;
use crate::progress::file_progress::{End, FileProgress};
use crate::state::file_state::FileState;
use crate::threads;

/// How far the files that have begun may be ahead of the first whose end is not known.
const WINDOW: usize = 256;

/// The files under way.
pub(super) struct Batch<'a> {
    upload: &'a UploadContext<'a>,
    scan: Scan,
    pub(super) earlier: Earlier,
    /// What the command had uploaded when it was stopped, unless it keeps no journal.
    pub(super) record: Option<Arc<ResumeRecord>>,
    bar: Option<BatchBar>,
    notices: Notices,
    /// As many as files may be uploaded at once.
    places: Semaphore,
    /// Whether further files are to be tried.
    pub(super) gate: Gate,
    /// Bytes that the service acknowledged in this run, also of files that failed later. What was only handed over does
    /// not count: how much of a file that is refused had left by then is chance.
    acknowledged: AtomicU64,
}

impl<'a> Batch<'a> {
    /// A batch of what the scan found.
    pub(super) async fn new(upload: &'a UploadContext<'a>, scan: Scan) -> Result<Self> {
        let record = ResumeRecord::open(upload)?.map(Arc::new);
        if let Some(record) = record.as_ref().filter(|_| upload.args.post.is_some()) {
            refuse_if_in_doubt(record)?;
        }
        let earlier = Earlier::open(upload).await?;
        let (files, bytes) = scan.left();
        let (out, interrupt) = (&upload.app.out, &upload.app.interrupt);
        let bar = upload.several.then(|| BatchBar::start(out.screen(), files, bytes));
        Ok(Self {
            upload,
            scan,
            earlier,
            record,
            bar,
            notices: Notices::new(out),
            places: Semaphore::new(upload.args.files_at_once.into()),
            gate: Gate::new(interrupt, out),
            acknowledged: AtomicU64::new(0),
        })
    }

    /// Uploads everything, and counts it. Returns the files for the post, if there is to be one.
    pub(super) async fn run(&self, summary: &mut Summary) -> Vec<StoredFile> {
        let (args, out) = (self.upload.args, self.out());
        // What failed in the scan stays counted; the others are counted as they end.
        summary.files = summary.failed;
        let found = discover(args.files.as_slice().into(), args.recursive);
        let mut outcomes = pin!(found.map(|found| self.one(found)).buffered(WINDOW));
        let mut kept = Vec::new();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Outcome::Nothing => {}
                Outcome::Failed(end) => summary.fail(end),
                Outcome::NotTried(end) => summary.leave_out(end),
                Outcome::Stored(file) => {
                    let mut file = *file;
                    summary.add(&file);
                    let told = report::print(out, &file);
                    if let StoredFile::Uploaded { state, upload, .. } = &mut file
                        && let Some(state) = state.take()
                    {
                        self.earlier.add(state, upload);
                    }
                    if args.post.is_some() {
                        kept.push(file);
                    } else if told {
                        report::settle_file(out, &mut file).await;
                    }
                }
            }
        }
        summary.bytes = self.acknowledged.load(Relaxed);
        if let Some(bar) = &self.bar {
            bar.end();
        }
        kept
    }

    /// Ends the batch, and returns what the command ends with. On full success the resume record is cleared, so the next run
    /// uploads everything again. If not, the same command tells the same references again, and uploads the rest.
    pub(super) fn end(self, end: Exit) -> Exit {
        let out = self.out();
        let next = "run the command again: it reports everything again, and uploads and posts nothing twice";
        out.rely_on_what_was_written(self.record.is_some().then_some(next));
        let end = out.end(end);
        let record = self.record.as_ref().filter(|_| end == Exit::Done);
        if let Some(Err(error)) = record.map(|record| record.clear()) {
            out.note(&format!("ofauth: the record of uploads cannot be removed: {}", words(&error)));
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
            Found::Bad(path, _) if self.scan.is_bad(&path) => return Outcome::Nothing,
            Found::Bad(path, failure) => {
                return self.failed(&Name::from(path.as_path()), failure, None);
            }
        };
        if self.scan.is_bad(&path) {
            return Outcome::Nothing;
        }
        // Never closed, so this only waits.
        let _place = self.places.acquire().await;
        if let Some(kind) = self.gate.enter().await {
            if !named && !is_media_by_name(&path) {
                return Outcome::Nothing;
            }
            return Outcome::NotTried(report::not_tried(self.out(), &Name::from(path.as_path()), kind));
        }
        // On the heap, so that a file that waits for its place needs no room for its upload.
        Box::pin(self.look_and_upload(path, named)).await
    }

    async fn look_and_upload(&self, path: std::path::PathBuf, named: bool) -> Outcome {
        let spooled = self.scan.standard_input.as_ref().filter(|_| named && path.as_os_str() == "-");
        let input = Input::path(&path);
        let input = spooled.unwrap_or(&input);
        let opened = match named {
            true => self.upload.open(input).await.map(Some),
            false => self.upload.open_inside(&path).await,
        };
        let opened = match opened {
            Ok(Some(opened)) => opened,
            Ok(None) => return Outcome::Nothing,
            Err(failure) => return self.failed(&input.name, failure, None),
        };
        let state = match spooled {
            // Read once more for the record alone.
            Some(_) if self.record.is_none() => None,
            Some(input) => {
                let hash = self.upload.app.interrupt.or_stop(input.sha256()).await;
                hash.ok().map(|hash| FileState::of_bytes(&hash, opened.size()))
            }
            None => state_of(path).await,
        };
        let (name, size) = (input.name.as_str(), opened.size());
        let shown = match &self.bar {
            Some(bar) => FileProgress::Share(bar.share(name, size)),
            None => FileProgress::Alone(FileBar::start(self.out().screen(), name, size)),
        };
        match self.upload_or_wait(input, opened, state, &shown).await {
            Ok(file) => {
                let is_new = matches!(file, StoredFile::Uploaded { .. });
                shown.end(if is_new { End::Uploaded } else { End::Skipped });
                Outcome::Stored(Box::new(file))
            }
            Err(failure) => self.failed(&input.name, failure, Some(&shown)),
        }
    }

    /// Tries a file, and again if it waited for a service that was gone.
    async fn upload_or_wait(
        &self,
        input: &Input,
        opened: OpenUpload,
        state: Option<FileState>,
        shown: &FileProgress,
    ) -> Result<StoredFile> {
        let mut opened = Some(opened);
        let mut trying = Trying::new(&input.name, self.upload.args.timeout);
        loop {
            let acknowledged = Arc::<AtomicU64>::default();
            let end =
                self.skip_or_upload(input, opened.take(), state.clone(), shown, &trying, &acknowledged).await;
            let acknowledged = acknowledged.load(Relaxed);
            self.acknowledged.fetch_add(acknowledged, Relaxed);
            match end {
                Ok(file) => {
                    // What the record has was served by nobody.
                    if acknowledged > 0 || trying.is_probe {
                        self.gate.served();
                    }
                    return Ok(file);
                }
                Err(failure) => {
                    self.gate.failed(&mut trying, failure, acknowledged > 0).await?;
                }
            }
            shown.restart();
        }
    }

    async fn skip_or_upload(
        &self,
        input: &Input,
        opened: Option<OpenUpload>,
        state: Option<FileState>,
        shown: &FileProgress,
        trying: &Trying<'_>,
        acknowledged: &Arc<AtomicU64>,
    ) -> Result<StoredFile> {
        if let Some(state) = &state {
            let path = input.file().unwrap_or(Path::new("-"));
            if let Some(upload) = self.recorded(state, path).await? {
                self.out().note(&format!("{}: uploaded by an earlier run of this command", input.name));
                let upload = UploadedFile { resumed: true, ..upload };
                return Ok(self.stored(input, upload, Some(state.clone()), None));
            }
            if let Some(existing) = self.earlier.find(self.upload, state, path).await? {
                return Ok(report::skipped(self.out(), &input.name, &existing));
            }
        }
        let uploaded = self.send(input, opened, shown, trying, acknowledged).await?;
        shown.complete();
        verify(self.upload, input, &uploaded).await?;
        let upload = UploadedFile::from(&uploaded);
        let held = match &state {
            Some(state) if self.write_down(&input.name, state.clone(), &upload).await => {
                report::settle(self.out(), &input.name, uploaded).await;
                None
            }
            _ => Some(uploaded),
        };
        Ok(self.stored(input, upload, state, held))
    }

    /// Has the library upload a file, which is open unless it was tried before.
    async fn send(
        &self,
        input: &Input,
        opened: Option<OpenUpload>,
        shown: &FileProgress,
        trying: &Trying<'_>,
        acknowledged: &Arc<AtomicU64>,
    ) -> Result<Uploaded> {
        let upload = match opened {
            Some(opened) => opened,
            None => {
                let mut again = self.upload.upload(input)?;
                if let Some(left) = trying.left() {
                    again = again.timeout(left);
                }
                again.open().await?
            }
        };
        tracing::info!(file = %input.name, bytes = upload.size(), "uploading");
        let (progressing, acknowledged) = (shown.clone(), Arc::clone(acknowledged));
        let (noticed, name, notices) = (shown.clone(), input.name.clone(), self.notices.clone());
        let upload = upload
            .on_progress(move |progress| {
                // What an earlier run had sent does not count.
                acknowledged.store(progress.acknowledged.saturating_sub(progress.resumed), Relaxed);
                progressing.show(progress);
            })
            .on_notice(move |notice| {
                noticed.notice(notice);
                notices.tell(&name, notice);
            });
        Ok(upload.await?)
    }

    /// The upload of a file that an earlier run of this command had made.
    async fn recorded(&self, state: &FileState, path: &Path) -> Result<Option<UploadedFile>> {
        let Some(record) = self.record.clone() else { return Ok(None) };
        let (state, path) = (state.clone(), path.to_owned());
        self.upload.app.interrupt.or_stop(threads::run(move || record.get(&state, &path))).await
    }

    /// A file that was uploaded, of which scripts are told at once.
    fn stored(
        &self,
        input: &Input,
        upload: UploadedFile,
        state: Option<FileState>,
        held: Option<Uploaded>,
    ) -> StoredFile {
        let arrived = report::uploaded(self.out(), &input.name, &upload);
        let (name, upload, held) = (input.name.clone(), Box::new(upload), held.map(Box::new));
        StoredFile::Uploaded { name, upload, state, held, arrived }
    }

    /// Tells of a file that failed, and leaves its bar as that asks for.
    fn failed(&self, name: &Name, failure: Failure, shown: Option<&FileProgress>) -> Outcome {
        let is_stopped = failure.kind() == ErrorKind::Cancelled;
        if let Some(shown) = shown {
            shown.end(if is_stopped { End::Stopped } else { End::Failed });
        }
        Outcome::Failed(report::failed(self.out(), name, failure, self.upload.several))
    }

    /// Writes down what was uploaded, in place of the file's journal. Returns whether it is.
    async fn write_down(&self, name: &Name, state: FileState, upload: &UploadedFile) -> bool {
        let Some(record) = self.record.clone() else { return false };
        let upload = upload.clone();
        match threads::run(move || record.add(state, upload)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                self.out().note(&format!("{name}: cannot be recorded as uploaded: {}", words(&error)));
                false
            }
            Err(_) => false,
        }
    }

    fn out(&self) -> &'a Output {
        &self.upload.app.out
    }
}
