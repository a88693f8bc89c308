//! A file that is in the vault, and where the progress of one that is on its way is drawn.

use ofauth::{MediaItem, Uploaded};

use super::delivered::Finished;
use crate::name::Name;
use crate::output::Output;
use crate::progress::Bar;
use crate::progress_batch::Share;
use crate::remembered::Identity;

/// A file that is in the vault.
pub(super) enum Done {
    /// This command uploaded it, in this run or in one that was stopped.
    Uploaded {
        name: Name,
        finished: Finished,
        /// The file as it was, if it is to be remembered.
        file: Option<Identity>,
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

/// Where the progress of one file is drawn.
#[derive(Clone)]
pub(super) enum Drawn {
    /// The only file.
    Alone(Bar),
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

    /// The user stopped it: it stays as far as it came.
    pub(super) fn stop(&self) {
        match self {
            Drawn::Alone(bar) => bar.abandon(),
            Drawn::Share(share) => share.stop_here(),
        }
    }

    /// The file has ended, in the vault or not.
    pub(super) fn end(&self, uploaded: bool) {
        match (self, uploaded) {
            (Drawn::Alone(_), true) => {}
            (Drawn::Alone(bar), false) => bar.abandon(),
            (Drawn::Share(share), true) => share.finish(),
            (Drawn::Share(share), false) => share.leave_out(),
        }
    }
}
