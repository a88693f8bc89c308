//! What is told of the files of an upload: the reference of each, that it was skipped, why it failed or was not tried, and
//! how all of them ended.
//!
//! Decides nothing about the files. Where the words go is [`output`](crate::output)'s business.

use ofauth::unversioned::display_safe::one_line;
use ofauth::{ErrorKind, Media, OpenUpload, Uploaded};

use super::context::UploadContext;
use super::outcome::StoredFile;
use super::skip_existing::Existing;
use super::summary::Summary;
use crate::commands::content::posted_id;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::hint::AGAIN;
use crate::name::Name;
use crate::output::Output;
use crate::output::events::Event;

/// Prints what stands for the file, when its turn has come. Returns whether somebody was told.
pub(super) fn print(out: &Output, file: &StoredFile) -> bool {
    let (name, arrived, what, id) = match file {
        StoredFile::Uploaded { name, upload, arrived, .. } => {
            (name, arrived, "reference", Some(upload.media_upload_id()))
        }
        StoredFile::Skipped { name, media_id, arrived } => (name, arrived, "media id", media_id.as_deref()),
    };
    let Some(id) = id else {
        return out.tell(arrived.unwrap_or(true), &format!("{name}: the vault has it"));
    };
    let arrived = arrived.unwrap_or_else(|| out.reference(id, name));
    out.tell(arrived, &format!("{name}: the {what} is {id}"))
}

/// Tells scripts of an upload at once. Returns whether they were told, if they are to be.
pub(super) fn uploaded(out: &Output, name: &Name, upload: &Uploaded) -> Option<bool> {
    out.is_json().then(|| {
        out.event(&Event::Uploaded {
            file: name.fields(),
            media_upload_id: upload.media_upload_id(),
            media: upload.media(),
            bytes: upload.bytes(),
            parts: upload.parts().len(),
            etags: upload.etags().collect(),
            retries: upload.retries(),
            resumed: upload.resumed() > 0,
        })
    })
}

/// Tells of a file that the vault has.
pub(super) fn skipped(out: &Output, name: &Name, existing: &Existing) -> StoredFile {
    let media = existing.media.as_ref().map(Media::raw);
    let arrived = out
        .is_json()
        .then(|| out.event(&Event::Skipped { file: name.fields(), media, etag: &existing.etag }));
    out.note(&format!("{name}: skipped, because the vault has it"));
    StoredFile::Skipped { name: name.clone(), media_id: media.and_then(posted_id), arrived }
}

/// Tells of a file that failed, and returns its end. What to do about a stop is said once for all of `several`.
pub(super) fn failed(out: &Output, name: &Name, failure: Failure, several: bool) -> Exit {
    let mut failure = failure.of(name);
    if failure.kind() == ErrorKind::Cancelled && several {
        failure = failure.in_one_line();
    }
    out.failure(&failure);
    failure.exit()
}

/// Tells scripts of a file that was not tried; people are told how many there were.
pub(super) fn not_tried(out: &Output, name: &Name, kind: ErrorKind) -> Exit {
    let exit = Exit::of(kind);
    if out.is_json() {
        out.event(&Event::NotTried {
            file: name.fields(),
            kind: kind.as_str(),
            error: "not tried, for the same reason",
            retryable: exit == Exit::Again,
        });
    }
    exit
}

/// Tells of a file that a dry run would have uploaded.
pub(super) fn inspected(out: &Output, name: &Name, opened: &OpenUpload) {
    let (filename, size, content_type) = (opened.filename(), opened.size(), opened.content_type());
    if out.is_json() {
        out.event(&Event::Inspected { file: name.fields(), filename, size, content_type });
    }
    out.note(&format!("{name}: {content_type}, {size} bytes, would be uploaded as {}", one_line(filename)));
}

/// Tells how all files ended, if there were several.
pub(super) fn all(upload: &UploadContext<'_>, summary: &Summary) {
    let out = &upload.app.out;
    if !upload.several {
        return;
    }
    if summary.not_tried > 0 {
        let (files, were) = if summary.not_tried == 1 { ("file", "was") } else { ("files", "were") };
        out.say(&format!("ofauth: {} {files} {were} not tried, for the same reason", summary.not_tried));
    }
    out.note(&summary.line(upload.args.dry_run));
    if upload.app.interrupt.cancel().is_cancelled() {
        out.note(&format!("ofauth: next: {AGAIN}"));
    }
    if out.is_json() {
        out.event(&summary.event());
    }
}
