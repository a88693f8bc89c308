//! The files that a batch is about to upload or uploads: where each comes from, whether it is to be uploaded, and what is shown
//! of it meanwhile.
//!
//! The library calls here from its tasks, and knows a file by its number alone. What is kept is of the files under way,
//! whose number is bounded. How they end is [`run`](super::run)'s business.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::{Stream, StreamExt};
use ofauth::{BatchFile, Client, Error, ErrorKind, Notice, Phase, Progress, Source};
use tokio::sync::mpsc::UnboundedSender;

use super::context::{FileRules, UploadContext, file_name, is_media};
use super::discover::{Found, discover};
use super::input::Input;
use super::outcome::Outcome;
use super::report;
use super::scan::Scan;
use super::skip_existing::{find, state_of};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::name::Name;
use crate::output::Output;
use crate::output::notices::Notices;
use crate::progress::batch_bar::BatchBar;
use crate::progress::file_bar::FileBar;
use crate::progress::file_progress::{End, FileProgress};
use crate::state::file_state::FileState;
use crate::state::upload_history::Snapshot;

/// The files of a batch.
pub(super) struct Files {
    pub(super) out: Output,
    pub(super) client: Client,
    pub(super) interrupt: Interrupt,
    pub(super) rules: FileRules,
    pub(super) scan: Scan,
    /// What earlier runs uploaded, if it is to be skipped.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// Whether it is remembered what this run uploads.
    pub(super) is_remembered: bool,
    /// The bar of several files, once it is on the screen.
    pub(super) bar: OnceLock<BatchBar>,
    pub(super) is_several: bool,
    pub(super) notices: Notices,
    /// How files end that the library does not upload, with their numbers if they have any.
    pub(super) outcomes: UnboundedSender<(Option<u64>, Outcome)>,
    pub(super) under_way: Mutex<HashMap<u64, FileUnderWay>>,
    /// The number of the next source.
    pub(super) next: AtomicU64,
    /// Bytes that the service acknowledged in this run, also of files that failed later. What was only handed over does
    /// not count: how much of a file that is refused had left by then is chance.
    pub(super) acknowledged: AtomicU64,
}

/// A file under way.
#[derive(Clone)]
pub(super) struct FileUnderWay {
    pub(super) name: Name,
    pub(super) path: PathBuf,
    /// Whether the command line names it. Else it lies in a directory, where not everything is a medium.
    pub(super) is_named: bool,
    /// What it was before it was opened.
    pub(super) state: Option<FileState>,
    /// Nothing before it is about to be sent.
    pub(super) shown: Option<FileProgress>,
    /// Bytes that its present try had acknowledged.
    acknowledged: u64,
}

impl Files {
    /// The sources of all files, in their order, numbered as the library does.
    pub(super) fn sources(
        self: Arc<Self>,
        upload: &UploadContext<'_>,
    ) -> impl Stream<Item = Source> + Send + use<> {
        let found = discover(upload.args.files.as_slice().into(), upload.args.recursive);
        found
            .then(move |found| {
                let files = Arc::clone(&self);
                async move { files.source(found).await }
            })
            .filter_map(std::future::ready)
    }

    /// The source of what was found, if it is to be uploaded.
    async fn source(&self, found: Found) -> Option<Source> {
        let (path, is_named) = match found {
            Found::Again(_) | Found::Link(_) | Found::Special(_) => return None,
            Found::StandardInput => ("-".into(), true),
            Found::Named(path) => (path, true),
            Found::Inside(path) => (path, false),
            Found::Bad(path, _) if self.scan.is_bad(&path) => return None,
            Found::Bad(path, failure) => {
                self.fail(&path, failure);
                return None;
            }
        };
        if self.scan.is_bad(&path) {
            return None;
        }
        let source = match self.input(&path, is_named).source() {
            // A name that is not text would be an error before the content was looked at.
            Ok(source) if !is_named && !self.rules.takes_all() => source.filename(file_name(&path)),
            Ok(source) => source,
            Err(failure) => {
                self.fail(&path, failure);
                return None;
            }
        };
        let state = match self.is_remembered || self.snapshot.is_some() {
            true => self.state(&path, is_named).await,
            false => None,
        };
        let name = Name::from(path.as_path());
        let file = FileUnderWay { name, path, is_named, state, shown: None, acknowledged: 0 };
        self.lock().insert(self.next.fetch_add(1, Relaxed), file);
        Some(source)
    }

    /// What the file is now, by which a later run knows it.
    async fn state(&self, path: &Path, is_named: bool) -> Option<FileState> {
        let input = self.input(path, is_named);
        match input.spooled_size() {
            None => {
                let state = async { Ok::<_, Failure>(state_of(path.to_owned()).await) };
                self.interrupt.or_stop(state).await.ok().flatten()
            }
            Some(size) => {
                let hash = self.interrupt.or_stop(input.sha256()).await.ok()?;
                Some(FileState::of_bytes(&hash, size))
            }
        }
    }

    /// Whether a file that is open is to be uploaded. If not, how it ends is told.
    pub(super) async fn is_wanted(&self, file: BatchFile) -> ofauth::Result<bool> {
        let Some(FileUnderWay { name, path, is_named, state, .. }) = self.get(file.index) else {
            return Ok(true);
        };
        if !is_named && !self.rules.takes_all() {
            if !is_media(&file.content_type) {
                self.end(Some(file.index), Outcome::Nothing);
                return Ok(false);
            }
            if path.file_name().and_then(|name| name.to_str()).is_none() {
                let text = format!("the name of {name} is not text: rename it");
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
        }
        let format = file.detected_content_type.as_deref().unwrap_or(&file.content_type);
        self.rules.check(format).map_err(Failure::into_error)?;
        if let (Some(snapshot), Some(state)) = (&self.snapshot, &state) {
            let found = find(snapshot, &self.client, &self.interrupt, state, &path).await;
            if let Some(existing) = found.map_err(Failure::into_error)? {
                let skipped = report::skipped(&self.out, &name, &existing);
                if let Some(bar) = self.bar.get() {
                    FileProgress::Share(bar.share(name.as_str(), file.size)).end(End::Skipped);
                }
                self.end(Some(file.index), Outcome::Stored(Box::new(skipped)));
                return Ok(false);
            }
        }
        tracing::info!(file = %name, bytes = file.size, "uploading");
        let shown = match self.bar.get() {
            Some(bar) => FileProgress::Share(bar.share(name.as_str(), file.size)),
            None => FileProgress::Alone(FileBar::start(self.out.screen(), name.as_str(), file.size)),
        };
        if let Some(file) = self.lock().get_mut(&file.index) {
            file.shown = Some(shown);
        }
        Ok(true)
    }

    /// Takes in how far a file is.
    pub(super) fn progress(&self, index: u64, progress: &Progress) {
        let mut files = self.lock();
        let Some(file) = files.get_mut(&index) else { return };
        // What an earlier run had sent does not count.
        let now = progress.acknowledged.saturating_sub(progress.resumed);
        self.acknowledged.fetch_add(now.saturating_sub(file.acknowledged), Relaxed);
        file.acknowledged = now;
        let shown = file.shown.clone();
        drop(files);
        let Some(shown) = shown else { return };
        if progress.phase == Phase::Starting && progress.handed_over == 0 {
            // Every try begins so.
            shown.restart();
        }
        shown.show(progress);
    }

    /// Takes in what happens to a file.
    pub(super) fn notice(&self, index: u64, notice: &Notice) {
        let Some(file) = self.get(index) else { return };
        if let Some(shown) = &file.shown {
            shown.notice(notice);
        }
        self.notices.tell(&file.name, notice);
    }

    /// The file of this number, which has ended.
    pub(super) fn take(&self, index: u64) -> Option<FileUnderWay> {
        self.lock().remove(&index)
    }

    /// What can be read of a file.
    pub(super) fn input(&self, path: &Path, is_named: bool) -> Input {
        let spooled = self.scan.standard_input.as_ref().filter(|_| is_named && path.as_os_str() == "-");
        spooled.cloned().unwrap_or_else(|| Input::path(path))
    }

    fn fail(&self, path: &Path, failure: Failure) {
        let end = report::failed(&self.out, &Name::from(path), failure, self.is_several);
        self.end(None, Outcome::Failed(end));
    }

    fn end(&self, index: Option<u64>, outcome: Outcome) {
        if let Some(index) = index {
            // The library says nothing more of it.
            self.take(index);
        }
        // Whoever counts them lives as long as the batch.
        let _ = self.outcomes.send((index, outcome));
    }

    fn get(&self, index: u64) -> Option<FileUnderWay> {
        self.lock().get(&index).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, FileUnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
