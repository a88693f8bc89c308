//! Where the progress of one file is drawn: on a bar of its own, or as its share of the bar of a batch.

use super::batch_bar::Share;
use super::file_bar::FileBar;

/// How a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
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
pub(crate) enum FileProgress {
    /// The only file.
    Alone(FileBar),
    /// One of several.
    Share(Share),
}

impl FileProgress {
    /// Draws what the upload reports.
    pub(crate) fn show(&self, progress: &ofauth::Progress) {
        match self {
            FileProgress::Alone(bar) => bar.show(progress),
            FileProgress::Share(share) => share.show(progress),
        }
    }

    /// Takes in a notice of the upload.
    pub(crate) fn notice(&self, notice: &ofauth::Notice) {
        match self {
            FileProgress::Alone(bar) => bar.notice(notice),
            FileProgress::Share(share) => share.notice(notice),
        }
    }

    /// The service has the file.
    pub(crate) fn complete(&self) {
        if let FileProgress::Alone(bar) = self {
            bar.finish();
        }
    }

    /// The file is tried again.
    pub(crate) fn restart(&self) {
        if let FileProgress::Share(share) = self {
            share.restart();
        }
    }

    /// The file has ended.
    pub(crate) fn end(&self, how: End) {
        match (self, how) {
            // The bar of a file that this run uploaded is left on the screen already.
            (FileProgress::Alone(bar), End::Uploaded | End::Skipped) => bar.clear(),
            (FileProgress::Alone(bar), End::Failed | End::Stopped) => bar.abandon(),
            (FileProgress::Share(share), End::Uploaded) => share.finish(),
            (FileProgress::Share(share), End::Skipped | End::Failed) => share.leave_out(),
            (FileProgress::Share(share), End::Stopped) => share.stop_here(),
        }
    }
}
