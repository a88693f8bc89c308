//! The directory of journals: opens, lists, settles and forgets them. What to do about a journal that was found is decided in
//! [`crate::upload::resume_decision`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::{self, FileLog};
use super::listing::{self, JournalState, JournaledUpload};
use super::log::Log;
use super::record::About;
use super::recorder::{self, Recorder};
use super::replay::{self, Contents, Found, Replay};
use super::writer::Writer;
use crate::error::{Error, ErrorKind, Result};
use crate::private_fs::{self, OpenError};
use crate::system;

/// A directory in which uploads keep their journals. Clones are cheap.
///
/// With it, an upload resumes where an earlier run of the same upload was interrupted, in this process or another. The
/// files hold the addresses of upload sessions, but never the API key, and only their owner can read them. Other files in
/// the directory are not touched. The methods block on the file system.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Path>);

/// A journal that is locked for one upload.
pub(crate) struct OpenJournal {
    pub(crate) recorder: Recorder,
    pub(crate) found: Found,
}

impl Journal {
    /// Journals in `dir`. This touches no file: the first upload creates the directory if it is missing, for its owner only.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(Arc::from(dir.into()))
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Creates or opens the journal of an upload and locks it. Blocks on the file system.
    pub(crate) fn open(&self, about: &About) -> Result<OpenJournal> {
        let path = self.path_of(&about.id());
        let cannot = |error: std::io::Error| {
            let what = format!("the journal {} cannot be opened", path.display());
            system::failed(ErrorKind::Journal, what, recorder::remedy(&error), error)
        };
        file::create_directory(self.dir()).map_err(cannot)?;
        let opened = file::create_locked(&path).map_err(|refused| match refused {
            OpenError::Busy => busy(&about.shown_source(), &path),
            OpenError::NotRegular => not_regular(&path),
            OpenError::Io(error) => cannot(error),
        })?;
        let bytes = file::read(&opened).map_err(cannot)?;
        let contents = replay::replay(&bytes);
        let log = FileLog::new(opened, &path, bytes.len() as u64, contents.is_of_use());
        drop(bytes);
        OpenJournal::over(log, contents, path, about)
    }

    /// Lists the journals, sorted by the time at which the session was opened, then by id. A missing directory is an empty
    /// list; a file that cannot be read is listed as [`Damaged`](JournalState::Damaged).
    ///
    /// ```
    /// # fn main() -> ofauth::Result<()> {
    /// for upload in ofauth::Journal::new("uploads").sessions()? {
    ///     let file = upload.file.as_deref().unwrap_or("?");
    ///     println!("{} {file}: {}, {} of {} bytes", upload.id, upload.state, upload.bytes_done, upload.size);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Journal`](ErrorKind::Journal): the directory cannot be read.
    pub fn sessions(&self) -> Result<Vec<JournaledUpload>> {
        listing::sessions(self)
    }

    /// Finds one upload by its id, or by at least its first four digits if no other id begins with them.
    ///
    /// ```no_run
    /// # fn main() -> ofauth::Result<()> {
    /// let upload = ofauth::Journal::new("uploads").session("1f2e")?;
    /// println!("{} of {} parts are there", upload.parts_done, upload.parts_total);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](ErrorKind::InvalidArgument): no journal or more than one begins so.
    /// [`Journal`](ErrorKind::Journal): the directory cannot be read.
    pub fn session(&self, id: &str) -> Result<JournaledUpload> {
        listing::session(self, id)
    }

    /// Removes the journal of an upload, named as for [`session`](Self::session). What the service has of it expires
    /// with its session, and uploading the file again starts from nothing: if the outcome of that upload is unknown,
    /// the file may then be there twice.
    ///
    /// ```
    /// # fn main() -> ofauth::Result<()> {
    /// use ofauth::{Journal, JournalState};
    ///
    /// let journal = Journal::new("uploads");
    /// for upload in journal.sessions()? {
    ///     // Somebody has looked into the vault meanwhile, and the file is not there.
    ///     if upload.state == JournalState::OutcomeUnknown {
    ///         journal.forget(&upload.id)?;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Busy`](ErrorKind::Busy): an upload is using it. Otherwise as for [`session`](Self::session), and
    /// [`Journal`](ErrorKind::Journal) if the file cannot be removed.
    pub fn forget(&self, id: &str) -> Result<()> {
        let id = listing::resolve(self, id)?;
        let path = self.path_of(&id);
        // What cannot be opened, such as a link, cannot be in use.
        let locked = file::open_locked(&path);
        if matches!(locked, Err(OpenError::Busy)) {
            let file = listing::look(self, &id).and_then(|upload| upload.file);
            return Err(busy(file.as_deref().unwrap_or("this file"), &path));
        }
        file::remove(&path).map_err(|error| cannot_remove(&path, error))
    }

    /// Removes the journals of finished uploads, named by their [ids](crate::Uploaded::journal_id): what
    /// [`Uploaded::settle`](crate::Uploaded::settle) does for one, for many at a time. Ids that are not there and journals
    /// of uploads that are not finished are passed over.
    ///
    /// ```no_run
    /// # fn run(uploads: &[ofauth::Uploaded]) -> ofauth::Result<()> {
    /// // All of them were uploaded with `hold_result`, and their references are stored now.
    /// let ids = uploads.iter().filter_map(|uploaded| uploaded.journal_id());
    /// ofauth::Journal::new("uploads").settle(ids)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Journal`](ErrorKind::Journal): a file cannot be removed. The others are.
    pub fn settle<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut failed = None;
        for id in ids.into_iter().filter(|id| listing::is_id(id)) {
            // Locked, or an upload that starts over in this moment would lose its journal.
            let Ok(_locked) = file::open_locked(&self.path_of(id)) else { continue };
            if let Some(upload) = listing::look(self, id)
                && upload.state == JournalState::Finished
                && let Err(error) = std::fs::remove_file(&upload.path)
            {
                failed.get_or_insert_with(|| cannot_remove(&upload.path, error));
            }
        }
        let synced = private_fs::sync_directory(self.dir()).map_err(|error| cannot_remove(self.dir(), error));
        failed.map_or(synced, Err)
    }

    pub(super) fn path_of(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.journal"))
    }
}

fn cannot_remove(path: &Path, error: std::io::Error) -> Error {
    let what = format!("the journal {} cannot be removed", path.display());
    system::failed(ErrorKind::Journal, what, "check the permissions of its directory", error)
}

impl OpenJournal {
    /// Goes on with the journal that `log` holds, whose `contents` were read. Blocks if the log does.
    pub(crate) fn over(log: impl Log, contents: Contents, path: PathBuf, about: &About) -> Result<Self> {
        let (writer, found) = match contents {
            // A header alone may not be durable: whoever wrote it may have been killed before that.
            Contents::New | Contents::Journal(Replay { found: Found::Nothing, .. }) => {
                let writer = Writer::begin(log).map_err(|error| {
                    let what = format!("the journal {} cannot be created", path.display());
                    system::failed(ErrorKind::Journal, what, recorder::remedy(&error), error)
                })?;
                (writer, Found::Nothing)
            }
            Contents::Journal(replay) => (Writer::resume(log, &replay), replay.found),
            Contents::OtherVersion(version) => {
                let first = "run the upload with the software that wrote it, or ";
                return Err(kept(&path, &format!("was {version}"), first));
            }
            Contents::Foreign => return Err(kept(&path, "is damaged, or is not a journal", "")),
        };
        if let Found::State(state) = &found
            && state.session.about != *about
        {
            return Err(kept(&path, "belongs to another upload", ""));
        }
        Ok(Self { recorder: Recorder::new(path, writer), found })
    }
}

/// A journal that is not used but may still be of use to someone; `first` is what to do before all else.
fn kept(path: &Path, what: &str, first: &str) -> Error {
    let text = format!("the journal {} {what}, so it is unknown how far the upload got", path.display());
    let id = path.file_stem().unwrap_or_default().to_string_lossy();
    Error::new(ErrorKind::Journal, text).with_journal_id(&id).with_next_step(format!(
        "{first}check whether the service has the file, then remove the journal (Journal::forget) to start over"
    ))
}

fn not_regular(path: &Path) -> Error {
    let text = format!(
        "the journal {} is not a regular file: remove it, or choose another directory for journals",
        path.display()
    );
    Error::new(ErrorKind::Journal, text)
}

fn busy(file: &str, path: &Path) -> Error {
    let text = format!(
        "another process is uploading {file} (it has locked {}): wait for it, or stop it",
        path.display()
    );
    Error::new(ErrorKind::Busy, text)
}

#[cfg(test)]
#[cfg(unix)]
#[path = "file_tests.rs"]
mod tests;
