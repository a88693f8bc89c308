//! A file that is in the vault, and where the progress of one that is on its way is drawn.

use ofauth::{MediaItem, Uploaded};

use super::delivered::Finished;
use crate::file_state::FileState;
use crate::name::Name;
use crate::output::Output;
use crate::progress_batch::Share;
use crate::progress_file::FileBar;

/// A file that is in the vault.
pub(super) enum Done {
    /// This command uploaded it, in this run or in one that was stopped.
    Uploaded {
        name: Name,
        finished: Finished,
        /// The file as it was, if it is to be remembered.
        file: Option<FileState>,
        /// The result, if the file's journal keeps it until it is delivered.
        held: Option<Box<Uploaded>>,
        /// Whether its event was printed, if it has been.
        arrived: Option<bool>,
    },
    /// Another command did.
    Skipped {
        name: Name,
        media_id: Option<String>,
        /// Whether its event was printed, if it has been.
        arrived: Option<bool>,
    },
}

impl Done {
    /// What the user calls the file.
    pub(super) fn name(&self) -> &Name {
        match self {
            Done::Uploaded { name, .. } | Done::Skipped { name, .. } => name,
        }
    }

    /// Lets the journal forget the result, which has arrived where it belongs.
    pub(super) async fn settle(&mut self, out: &Output) {
        if let Done::Uploaded { name, held, .. } = self {
            settle(held.take().map(|held| *held), name, out).await;
        }
    }

    /// What stands for the file in a post, and its name; nothing if nobody knows.
    pub(super) fn media_item(&self) -> Option<(MediaItem, String)> {
        match self {
            Done::Uploaded { finished, .. } => {
                let reference = finished.media_upload_id.clone();
                Some((MediaItem::reference(&reference), reference))
            }
            Done::Skipped { media_id, .. } => media_id.as_ref().map(|id| (MediaItem::id(id), id.clone())),
        }
    }
}

/// Lets the journal forget a result.
pub(super) async fn settle(result: Option<Uploaded>, name: &Name, out: &Output) {
    let Some(result) = result else { return };
    if let Err(error) = result.settle().await {
        out.note(&format!("{name}: the journal still has the result: {error}"));
    }
}

/// How a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is in the vault, through this run or an earlier one of the same command.
    Uploaded,
    /// The vault had it.
    Skipped,
    Failed,
    /// The user stopped it half-way.
    Stopped,
}

/// Where the progress of one file is drawn.
#[derive(Clone)]
pub(super) enum Drawn {
    /// The only file.
    Alone(FileBar),
    /// One of several.
    Share(Share),
}

impl Drawn {
    /// Draws what the upload reports.
    pub(super) fn show(&self, progress: &ofauth::Progress) {
        match self {
            Drawn::Alone(bar) => bar.show(progress),
            Drawn::Share(share) => share.show(progress),
        }
    }

    /// Takes in a notice of the upload.
    pub(super) fn notice(&self, notice: &ofauth::Notice) {
        match self {
            Drawn::Alone(bar) => bar.notice(notice),
            Drawn::Share(share) => share.notice(notice),
        }
    }

    /// The service has the file.
    pub(super) fn complete(&self) {
        if let Drawn::Alone(bar) = self {
            bar.finish();
        }
    }

    /// The file is tried again.
    pub(super) fn restart(&self) {
        if let Drawn::Share(share) = self {
            share.restart();
        }
    }

    /// The file has ended.
    pub(super) fn end(&self, how: End) {
        match (self, how) {
            // The bar of a file that this run uploaded is left on the screen already.
            (Drawn::Alone(bar), End::Uploaded | End::Skipped) => bar.clear(),
            (Drawn::Alone(bar), End::Failed | End::Stopped) => bar.abandon(),
            (Drawn::Share(share), End::Uploaded) => share.finish(),
            (Drawn::Share(share), End::Skipped | End::Failed) => share.leave_out(),
            (Drawn::Share(share), End::Stopped) => share.stop_here(),
        }
    }
}
