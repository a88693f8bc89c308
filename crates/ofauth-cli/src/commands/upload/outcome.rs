//! How a file of an upload command ended: values that others print, count and write down.

use ofauth::{MediaItem, Sum, Uploaded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit::Exit;
use crate::name::Name;
use crate::state::file_state::FileState;

/// How one thing that the command line asks for ended.
pub(super) enum Outcome {
    /// It is in the vault.
    Stored(Box<StoredFile>),
    Failed(Exit),
    NotTried(Exit),
    /// It was not to be uploaded, or the scan has told why it cannot be.
    Nothing,
}

/// A file that is in the vault.
pub(super) enum StoredFile {
    /// This command uploaded it, in this run or in one that was stopped.
    Uploaded {
        name: Name,
        upload: Box<UploadedFile>,
        /// The file as it was, if it is to be written into the history.
        state: Option<FileState>,
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

/// A finished upload, as it is told and written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UploadedFile {
    pub(super) media_upload_id: String,
    pub(super) media: Option<Value>,
    pub(super) bytes: u64,
    pub(super) parts: usize,
    pub(super) etags: Vec<Option<String>>,
    pub(super) retries: u32,
    pub(super) resumed: bool,
    /// What the content of the file is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<Sum>,
}

impl StoredFile {
    /// What the user calls the file.
    pub(super) fn name(&self) -> &Name {
        match self {
            StoredFile::Uploaded { name, .. } | StoredFile::Skipped { name, .. } => name,
        }
    }

    /// What stands for the file in a post, and its name; nothing if nobody knows.
    pub(super) fn media_item(&self) -> Option<(MediaItem, String)> {
        match self {
            StoredFile::Uploaded { upload, .. } => {
                let reference = upload.media_upload_id.clone();
                Some((MediaItem::reference(&reference), reference))
            }
            StoredFile::Skipped { media_id, .. } => {
                media_id.as_ref().map(|id| (MediaItem::id(id), id.clone()))
            }
        }
    }
}

impl From<&Uploaded> for UploadedFile {
    fn from(uploaded: &Uploaded) -> Self {
        Self {
            media_upload_id: uploaded.media_upload_id().to_owned(),
            media: uploaded.media().cloned(),
            bytes: uploaded.bytes(),
            parts: uploaded.parts().len(),
            etags: uploaded.etags().map(|etag| etag.map(str::to_owned)).collect(),
            retries: uploaded.retries(),
            resumed: uploaded.resumed() > 0,
            sum: uploaded.sum().cloned(),
        }
    }
}
