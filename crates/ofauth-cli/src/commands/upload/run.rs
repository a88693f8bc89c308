//! The second pass: has the library upload the files, and prints their references in order.
//!
//! Files start in the order of discovery and end in any; a file that is done early waits for those before it. Events of
//! `--json` name their file and are told as they happen. Which files are tried at once, which are not tried any more, and what
//! a run that is killed leaves is the library's business ([`UploadAll`]). What is told of a file is in [`report`].

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use ofauth::{Batched, ErrorKind, UploadAll, Uploaded};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::context::{UploadContext, is_empty, is_media_by_name};
use super::files::{FileUnderWay, Files};
use super::outcome::{Outcome, StoredFile};
use super::post::refuse_if_in_doubt;
use super::post_record::PostRecord;
use super::report;
use super::scan::Scan;
use super::skip_existing::Earlier;
use super::summary::Summary;
use super::verify::verify;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::output::notices::Notices;
use crate::progress::batch_bar::BatchBar;
use crate::progress::file_progress::{End, FileProgress};

/// The files under way.
pub(super) struct Batch<'a> {
    upload: &'a UploadContext<'a>,
    files: Arc<Files>,
    outcomes: UnboundedReceiver<(Option<u64>, Outcome)>,
    pub(super) earlier: Earlier,
    /// How far the post of an earlier run is; nothing if no run of the command was to make one, or it keeps no journal.
    pub(super) post: Option<Arc<PostRecord>>,
    uploads: UploadAll,
}

/// Outcomes that come early, until their turn comes.
#[derive(Default)]
struct InOrder {
    next: u64,
    early: BTreeMap<u64, Outcome>,
}

impl InOrder {
    /// Takes in an outcome. One without a number has its turn at once.
    fn add(&mut self, index: Option<u64>, outcome: Outcome) -> Vec<Outcome> {
        let Some(index) = index else { return vec![outcome] };
        self.early.insert(index, outcome);
        let mut turn = Vec::new();
        while let Some(outcome) = self.early.remove(&self.next) {
            self.next += 1;
            turn.push(outcome);
        }
        turn
    }
}

impl<'a> Batch<'a> {
    /// A batch of what the scan found.
    pub(super) async fn new(upload: &'a UploadContext<'a>, scan: Scan) -> Result<Self> {
        let earlier = Earlier::open(upload).await?;
        let (out, interrupt) = (&upload.app.out, &upload.app.interrupt);
        let (send, outcomes) = mpsc::unbounded_channel();
        let files = Arc::new(Files {
            out: out.clone(),
            client: upload.context.client.clone(),
            interrupt: interrupt.clone(),
            rules: upload.rules(),
            scan,
            snapshot: earlier.snapshot(),
            is_remembered: earlier.is_kept(),
            bar: OnceLock::new(),
            is_several: upload.several,
            notices: Notices::new(out),
            outcomes: send,
            under_way: HashMap::new().into(),
            next: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
        });
        let [wanting, progressing, noticing] = std::array::from_fn(|_| Arc::clone(&files));
        let uploads = upload
            .context
            .client
            .upload_all_from(Arc::clone(&files).sources(upload))
            .options(&upload.options)
            .files(upload.args.files_at_once.into())
            .cancel(interrupt.cancel())
            .record(upload.record_name())
            .filter(move |file| {
                let files = Arc::clone(&wanting);
                async move { files.is_wanted(file).await }
            })
            .on_progress(move |file, progress| progressing.progress(file.index, progress))
            .on_notice(move |file, notice| noticing.notice(file.index, notice));
        Ok(Self { upload, files, outcomes, earlier, post: None, uploads })
    }

    /// Opens what is known of the command, and shows the bar.
    pub(super) async fn open(&mut self) -> Result<()> {
        let opened = self.uploads.open().await;
        opened.map_err(|error| {
            let advice = match error.kind() {
                ErrorKind::Busy => "run it again when that has ended",
                _ => {
                    "remove that file, or name another directory with --state-dir, or do without: --no-resume"
                }
            };
            Failure::from(error).with_hint(advice)
        })?;
        // Whoever has the record of the files has that of the post.
        self.post = PostRecord::open(self.upload)?.map(Arc::new);
        if let Some(record) = self.post.as_ref().filter(|_| self.upload.args.post.is_some()) {
            refuse_if_in_doubt(record)?;
        }
        if self.upload.several {
            let (files, bytes) = self.files.scan.left();
            self.files.bar.get_or_init(|| BatchBar::start(self.out().screen(), files, bytes));
        }
        Ok(())
    }

    /// Uploads everything, and counts it. Returns the files for the post, if there is to be one.
    pub(super) async fn run(&mut self, summary: &mut Summary) -> Vec<StoredFile> {
        let (mut in_order, mut kept) = (InOrder::default(), Vec::new());
        // What failed in the scan stays counted; the others are counted as they end.
        summary.files = summary.failed;
        loop {
            let (index, outcome) = tokio::select! {
                biased;
                Some(outcome) = self.outcomes.recv() => outcome,
                ended = self.uploads.next() => match ended {
                    Some(ended) => (Some(ended.index), self.ended(ended).await),
                    None => break,
                },
            };
            self.count(in_order.add(index, outcome), summary, &mut kept);
        }
        while let Ok((index, outcome)) = self.outcomes.try_recv() {
            self.count(in_order.add(index, outcome), summary, &mut kept);
        }
        summary.bytes = self.files.acknowledged.load(Relaxed);
        self.end_bar();
        kept
    }

    /// Tries no file, and counts them all.
    pub(super) async fn run_none(&mut self, why: ErrorKind, summary: &mut Summary) {
        summary.files = summary.failed;
        let mut sources = pin!(Arc::clone(&self.files).sources(self.upload));
        for index in 0.. {
            if sources.next().await.is_none() {
                break;
            }
            if let Some(file) = self.files.take(index)
                && (file.is_named || is_media_by_name(&file.path))
            {
                summary.leave_out(report::not_tried(self.out(), &file.name, why));
            }
        }
        summary.bytes = 0;
        self.end_bar();
    }

    /// Ends the batch, and returns what the command ends with. On full success what it has done is forgotten, so the next run
    /// uploads everything again. If not, the same command tells the same references again, and uploads the rest.
    pub(super) async fn end(mut self, end: Exit) -> Exit {
        let out = self.out();
        let is_kept = self.upload.record_state().is_some();
        let next = "run the command again: it reports everything again, and uploads and posts nothing twice";
        out.rely_on_what_was_written(is_kept.then_some(next));
        let end = out.end(end);
        if end == Exit::Done {
            // The post last: as long as the files are known, so is what was posted of them. Once they are not, the command
            // is over, and what a kill leaves of the post is about references that no later run has.
            let forgotten = match self.uploads.settle().await {
                Ok(()) => self.post.as_ref().map_or(Ok(()), |record| record.clear()),
                Err(error) => Err(Failure::from(error)),
            };
            if let Err(failure) = forgotten {
                out.note(&failure.lines());
            }
        }
        end
    }

    /// Counts files whose turn has come, and prints what stands for them.
    fn count(&self, outcomes: Vec<Outcome>, summary: &mut Summary, kept: &mut Vec<StoredFile>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Nothing => {}
                Outcome::Failed(end) => summary.fail(end),
                Outcome::NotTried(end) => summary.leave_out(end),
                Outcome::Stored(mut file) => {
                    summary.add(&file);
                    report::print(self.out(), &file);
                    if let StoredFile::Uploaded { state, upload, .. } = &mut *file
                        && let Some(state) = state.take()
                    {
                        self.earlier.add(state, upload);
                    }
                    if self.upload.args.post.is_some() {
                        kept.push(*file);
                    }
                }
            }
        }
    }

    /// Tells of a file that the library is done with.
    async fn ended(&self, ended: Batched) -> Outcome {
        let (index, was_tried) = (ended.index, ended.was_tried());
        let Some(file) = self.files.take(index) else { return Outcome::Nothing };
        let is_wanted = file.is_named || is_media_by_name(&file.path);
        match ended.result {
            Ok(uploaded) => self.uploaded(file, uploaded).await,
            Err(error) if !was_tried && is_wanted => {
                Outcome::NotTried(report::not_tried(self.out(), &file.name, error.kind()))
            }
            Err(_) if !was_tried => Outcome::Nothing,
            Err(_) if !is_wanted && !self.files.rules.takes_all() && is_empty(&file.path) => Outcome::Nothing,
            Err(error) => self.failed(&file, error.into()),
        }
    }

    async fn uploaded(&self, file: FileUnderWay, uploaded: Uploaded) -> Outcome {
        match &file.shown {
            Some(shown) => {
                shown.complete();
                let input = self.files.input(&file.path, file.is_named);
                if let Err(failure) = verify(self.upload, &input, &uploaded).await {
                    return self.failed(&file, failure);
                }
                shown.end(End::Uploaded);
            }
            // What an earlier run had uploaded has its part of the bar all the same.
            None => {
                let share = self.files.bar.get().map(|bar| bar.share(file.name.as_str(), uploaded.bytes()));
                if let Some(share) = share {
                    FileProgress::Share(share).end(End::Uploaded);
                }
            }
        }
        let arrived = report::uploaded(self.out(), &file.name, &uploaded);
        let FileUnderWay { name, state, .. } = file;
        Outcome::Stored(Box::new(StoredFile::Uploaded { name, upload: Box::new(uploaded), state, arrived }))
    }

    /// Tells of a file that failed, and leaves its bar as that asks for.
    fn failed(&self, file: &FileUnderWay, failure: Failure) -> Outcome {
        let is_stopped = failure.kind() == ErrorKind::Cancelled;
        if let Some(shown) = &file.shown {
            shown.end(if is_stopped { End::Stopped } else { End::Failed });
        }
        Outcome::Failed(report::failed(self.out(), &file.name, failure, self.upload.several))
    }

    fn end_bar(&self) {
        if let Some(bar) = self.files.bar.get() {
            bar.end();
        }
    }

    fn out(&self) -> &'a Output {
        &self.upload.app.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_their_turn_in_the_order_of_the_files() {
        let mut in_order = InOrder::default();
        let mut add = |index| in_order.add(index, Outcome::Nothing).len();
        assert_eq!([Some(2), Some(1), None, Some(0), Some(4), Some(3)].map(&mut add), [0, 0, 1, 3, 0, 2]);
    }
}
