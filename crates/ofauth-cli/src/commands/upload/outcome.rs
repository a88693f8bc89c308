//! How a file of an upload command ended: values that others print and count.

use ofauth::{MediaItem, Uploaded};

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
        upload: Box<Uploaded>,
        /// The file as it was, if it is to be written into the history.
        state: Option<FileState>,
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
                let reference = upload.media_upload_id().to_owned();
                Some((MediaItem::reference(&reference), reference))
            }
            StoredFile::Skipped { media_id, .. } => {
                media_id.as_ref().map(|id| (MediaItem::id(id), id.clone()))
            }
        }
    }
}
