//! What is told of each file of a batch: its reference, that it was skipped, why it failed or was not tried.
//!
//! Decides nothing about the files. Where the words go is [`output`](crate::output)'s business.

use ofauth::ErrorKind;

use super::batch::Batch;
use super::delivered::Finished;
use super::done::{Done, Drawn, End};
use super::known::Existing;
use crate::commands::content::posted_id;
use crate::events::Event;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::name::Name;

impl Batch<'_> {
    /// Prints what stands for the file, when its turn has come. Returns whether somebody was told.
    pub(super) fn print(&self, done: &Done) -> bool {
        let out = &self.job.app.out;
        match done {
            Done::Uploaded { name, finished, arrived, .. } => {
                let id = &finished.media_upload_id;
                let arrived = arrived.unwrap_or_else(|| out.reference(id, name));
                out.tell(arrived, &format!("{name}: the reference is {id}"))
            }
            Done::Skipped { name, media_id, arrived } => {
                let Some(id) = media_id else {
                    return out.tell(arrived.unwrap_or(true), &format!("{name}: the vault has it"));
                };
                let arrived = arrived.unwrap_or_else(|| out.reference(id, name));
                out.tell(arrived, &format!("{name}: the media id is {id}"))
            }
        }
    }

    pub(super) fn tell_uploaded(&self, name: &Name, finished: &Finished) -> bool {
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

    pub(super) fn tell_skipped(&self, name: &Name, existing: &Existing) -> Done {
        let out = &self.job.app.out;
        let arrived = out.is_json().then(|| {
            out.event(&Event::Skipped {
                file: name.fields(),
                media: existing.media.as_ref(),
                etag: &existing.etag,
            })
        });
        out.note(&format!("{name}: skipped, for the vault has it"));
        Done::Skipped { name: name.clone(), media_id: existing.media.as_ref().and_then(posted_id), arrived }
    }

    /// Tells of a file that failed, and returns its end.
    pub(super) fn tell_failure(&self, name: &Name, failure: Failure, drawn: Option<&Drawn>) -> Exit {
        let is_stopped = failure.kind() == ErrorKind::Cancelled;
        match drawn {
            Some(drawn) if is_stopped => drawn.end(End::Stopped),
            Some(drawn) => drawn.end(End::Failed),
            None => {}
        }
        let mut failure = failure.of(name);
        if is_stopped && self.job.several {
            // What to do is said once for all of them.
            failure = failure.in_one_line();
        }
        self.job.app.out.failure(&failure);
        failure.exit()
    }

    /// Tells scripts of a file that was not tried; people are told how many there were.
    pub(super) fn tell_not_tried(&self, name: &Name, kind: ErrorKind) -> Exit {
        let exit = Exit::of(kind);
        if self.job.app.out.is_json() {
            self.job.app.out.event(&Event::NotTried {
                file: name.fields(),
                kind: kind.as_str(),
                error: "not tried, for the same reason",
                retryable: exit == Exit::Again,
            });
        }
        exit
    }
}
