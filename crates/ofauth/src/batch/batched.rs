//! What a batch tells of each of its files.

use crate::error::{Error, ErrorKind, Result};
use crate::upload::{OpenUpload, Uploaded};

/// How one file of a batch ended: an item of [`UploadAll`](crate::UploadAll).
#[derive(Debug)]
#[non_exhaustive]
pub struct Batched {
    /// The place of its source among those that were given, from 0.
    pub index: u64,
    /// What people call it: the path of a file, or the name of what has no path.
    pub name: String,
    /// The upload, or why there is none.
    pub result: Result<Uploaded>,
    was_tried: bool,
}

impl Batched {
    pub(crate) fn of(index: u64, name: String, result: Result<Uploaded>) -> Self {
        Self { index, name, result, was_tried: true }
    }

    /// A file that was not tried, because the batch had stopped for this reason.
    pub(crate) fn not_tried(index: u64, name: String, why: ErrorKind) -> Self {
        let result = Err(Error::new(why, "not tried, for the same reason"));
        Self { index, name, result, was_tried: false }
    }

    /// Whether this file was tried. One that was not has the [kind](Error::kind) of the failure that stopped the batch, which
    /// is the result of another file, or [`Cancelled`](ErrorKind::Cancelled); nothing was sent for it.
    pub fn was_tried(&self) -> bool {
        self.was_tried
    }
}

/// A file of a batch that is open: what its callbacks are told it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchFile {
    /// The place of its source among those that were given, from 0.
    pub index: u64,
    /// What people call it, as in [`Batched::name`].
    pub name: String,
    /// The file name that the service will see.
    pub filename: String,
    /// The size in bytes, at least 1.
    pub size: u64,
    /// The content type that will be declared.
    pub content_type: String,
    /// See [`OpenUpload::detected_content_type`].
    pub detected_content_type: Option<String>,
}

impl BatchFile {
    pub(crate) fn new(index: u64, name: &str, upload: &OpenUpload) -> Self {
        Self {
            index,
            name: name.to_owned(),
            filename: upload.filename().to_owned(),
            size: upload.size(),
            content_type: upload.content_type().to_owned(),
            detected_content_type: upload.detected_content_type().map(str::to_owned),
        }
    }
}
