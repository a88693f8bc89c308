//! The record of a batch: what it has uploaded, so that the same batch run again uploads only the rest.
//!
//! A file's journal goes when the file is uploaded; what a batch has done by then is written here, one line a file, for
//! good before its result is given out. All of it is forgotten when the batch is done, in one step, and not before:
//! whoever mends what failed and runs it again finds it. References do not last for ever, so that what is older than a week
//! is not used. The lines are found by what makes an upload the same one, as its journal is, and by what the source holds.
//!
//! A record with a name is one file that one batch at a time has. Without a name, each batch has a [`log`](mod@log) of its
//! own, and looks into those that [earlier](mod@earlier) batches left. What it takes of them it leaves there until it is done; then its own
//! log says in its last [lines](mod@line) what is to be forgotten elsewhere, and whoever comes next sees to it if it was killed
//! then.

mod earlier;
mod index;
mod line;
mod log;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use earlier::Earlier;
use index::Index;
use line::{LASTS, UploadLine, key, settled};
use log::Log;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind, Result};
use crate::file_identity::{FileIdentity, Sameness};
use crate::journal::{About, Journal, JournalState, JournaledUpload, PartHash};
use crate::line_file::{self, naming};
use crate::private_fs::create_directory;
use crate::system;
use crate::upload::Uploaded;
use crate::upload::source::content::Content;

/// The directory of records below that of the journals.
const DIRECTORY: &str = "batch";

/// How the file of a batch without a name begins.
const SHARED: &str = "shared-";

/// What a batch has uploaded, while it is not done.
#[derive(Debug)]
pub(crate) struct BatchRecord {
    state: Mutex<State>,
    journal: Journal,
}

#[derive(Debug)]
struct State {
    own: Log,
    /// What earlier batches left, for one without a name.
    earlier: Vec<Earlier>,
    /// The journals that have what could not be written down here.
    unrecorded: Vec<String>,
    is_closed: bool,
}

/// Where an upload was found.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The number of the earlier batch, or the own log.
    earlier: Option<usize>,
    offset: u64,
}

impl BatchRecord {
    /// Opens the record of this name, or one without a name. Blocks on the disk.
    pub(crate) fn open(journal: &Journal, name: Option<&str>) -> Result<Self> {
        let directory = journal.dir().join(DIRECTORY);
        let opened = create_directory(&directory).map_err(|error| naming(&directory, &error));
        let opened = opened.and_then(|()| {
            line_file::remove_older(&directory, LASTS);
            match name {
                Some(name) => Ok((Log::open(path_of(&directory, name))?, Vec::new())),
                None => {
                    let earlier = earlier::read(shared(&directory)?)?;
                    Ok((own(&directory)?, earlier))
                }
            }
        });
        let (own, earlier) = opened.map_err(|error| {
            let remedy = "remove that file, or choose another directory for journals";
            system::failed(ErrorKind::Journal, "the record of the batch cannot be used", remedy, error)
        })?;
        let Some(own) = own else {
            let text = "another process is uploading the same files, or this one is: wait for that batch, or stop it";
            return Err(Error::new(ErrorKind::Busy, text));
        };
        let state = State { own, earlier, unrecorded: Vec::new(), is_closed: false };
        let record = Self { state: Mutex::new(state), journal: journal.clone() };
        record.settle_journals();
        Ok(record)
    }

    /// The same upload of what the source holds, if the batch had made it before. Reads the source if its metadata leave open
    /// whether it is what it was. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// What is written cannot be read: [`Resources`](ErrorKind::Resources) if the system lacks something, else
    /// [`Journal`](ErrorKind::Journal). The upload may be there.
    pub(crate) fn find(
        &self,
        about: &About,
        content: &dyn Content,
        cancel: &CancellationToken,
    ) -> Result<Option<Uploaded>> {
        let cannot = |error: io::Error| {
            let what = "what the batch has uploaded before cannot be read";
            system::failed(
                ErrorKind::Journal,
                what,
                "remove that file, and the batch uploads all of it again",
                error,
            )
        };
        let found = self.lock().places(key(about));
        for place in found {
            let line = self.lock().line(place).map_err(cannot)?;
            let Some(line) = line.filter(|line| line.about == *about) else { continue };
            if holds(&line, content, cancel) {
                self.lock().take(place);
                return Ok(Some(line.into_uploaded()));
            }
        }
        Ok(None)
    }

    /// Writes down an upload, for good. Blocks on the disk.
    pub(crate) fn add(&self, about: About, identity: FileIdentity, uploaded: &Uploaded) -> io::Result<()> {
        let line = UploadLine::new(about, identity, uploaded);
        let (file, path) = {
            let mut state = self.lock();
            if state.is_closed {
                return Err(io::Error::other("the batch was dropped"));
            }
            let path = state.own.path.clone();
            let added = state.own.add(key(&line.about), &line);
            (added.map_err(|error| naming(&path, &error))?, path)
        };
        // Nobody waits for the disk who only wants to read.
        file.sync_data().map_err(|error| naming(&path, &error))
    }

    /// Takes in that the journal of this id has what could not be written down.
    pub(crate) fn add_unrecorded(&self, journal_id: String) {
        self.lock().unrecorded.push(journal_id);
    }

    /// Forgets what the batch has uploaded and taken: it is done. In one step, so that a kill finds all of it or nothing.
    /// Blocks on the disk.
    pub(crate) fn settle(&self) -> Result<()> {
        let cannot = |error: io::Error| {
            let what = "what the batch has uploaded cannot be forgotten";
            system::failed(ErrorKind::Journal, what, "remove that file", error)
        };
        let mut state = self.lock();
        if !state.is_closed {
            state.settle().map_err(cannot)?;
        }
        let unrecorded = std::mem::take(&mut state.unrecorded);
        drop(state);
        if unrecorded.is_empty() {
            return Ok(());
        }
        // After a failure they are still to be settled.
        let settled = self.journal.settle(unrecorded.iter().map(String::as_str));
        settled.inspect_err(|_| self.lock().unrecorded.extend(unrecorded))
    }

    /// Lets others have what was written, at once. Returns whether that could be done without waiting.
    pub(crate) fn close_at_once(&self) -> bool {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        state.close();
        true
    }

    /// The same, and waits for what is written in this moment.
    pub(crate) fn close(&self) {
        self.lock().close();
    }

    /// Removes journals of what is written down here: the batch was stopped between the two.
    fn settle_journals(&self) {
        let state = self.lock();
        if state.own.index().is_empty() && state.earlier.is_empty() {
            return;
        }
        let mut finished = self.journal.sessions().unwrap_or_default();
        finished.retain(|session| session.state == JournalState::Finished && !session.in_use);
        let is_recorded = |session: &JournaledUpload| {
            let key = u64::from_str_radix(&session.id, 16).unwrap_or_default();
            let lines = state.places(key).into_iter().filter_map(|place| state.line(place).ok()?);
            let mut ids = lines.map(|line| line.media_upload_id().to_owned());
            ids.any(|id| session.upload_id.as_ref() == Some(&id))
        };
        finished.retain(is_recorded);
        if !finished.is_empty() {
            // One that stays is seen among the sessions and does no harm.
            let _ = self.journal.settle(finished.iter().map(|session| session.id.as_str()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where uploads with this key are, of this batch first, and the latest of each first.
    fn places(&self, key: u64) -> Vec<Place> {
        let places =
            |index: &Index, earlier| index.find(key).into_iter().map(move |offset| Place { earlier, offset });
        let earlier = self.earlier.iter().enumerate();
        let earlier = earlier.flat_map(|(number, earlier)| places(earlier.index(), Some(number)));
        places(self.own.index(), None).chain(earlier).collect()
    }

    fn line(&self, place: Place) -> io::Result<Option<UploadLine>> {
        match place.earlier {
            None => self.own.line(place.offset),
            Some(number) => self.earlier.get(number).map_or(Ok(None), |earlier| earlier.line(place.offset)),
        }
    }

    fn take(&mut self, place: Place) {
        let earlier = place.earlier.and_then(|number| self.earlier.get_mut(number));
        if let Some(earlier) = earlier {
            earlier.take(place.offset);
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        let taken: Vec<_> = self.earlier.iter().filter_map(Earlier::taken).collect();
        if !taken.is_empty() {
            self.own.write(&settled(&taken))?;
            self.earlier.iter_mut().try_for_each(Earlier::forget_taken)?;
        }
        self.own.clear()
    }

    fn close(&mut self) {
        if !self.is_closed {
            self.is_closed = true;
            self.own.close();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.close();
        let empty = self.earlier.drain(..).filter(|earlier| earlier.index().is_empty());
        empty.for_each(Earlier::remove);
    }
}

/// Whether a source holds what was uploaded then.
fn holds(line: &UploadLine, content: &dyn Content, cancel: &CancellationToken) -> bool {
    let read = |buffer: &mut [u8], at| match cancel.is_cancelled() {
        true => Err(io::Error::other("cancelled")),
        false => content.read(buffer, at),
    };
    match line.identity.compare(&content.identity()) {
        Sameness::Same => true,
        Sameness::Likely => line.sum.as_ref().is_some_and(|sum| sum.is_of_what(read).unwrap_or(false)),
        Sameness::Different(_) => false,
    }
}

/// The file of the record of this name.
fn path_of(directory: &Path, name: &str) -> PathBuf {
    let mut hash = PartHash::new();
    hash.update(name.as_bytes());
    directory.join(format!("{:032x}.jsonl", hash.digest128()))
}

/// A log of a batch without a name. Nobody else writes it, but somebody who looks for logs may have it for a moment.
fn own(directory: &Path) -> io::Result<Option<Log>> {
    const TRIES: u32 = 16;
    for _ in 0..TRIES {
        let path = directory.join(format!("{SHARED}{:016x}.jsonl", fastrand::u64(..)));
        if let Some(log) = Log::open(path)? {
            return Ok(Some(log));
        }
    }
    Ok(None)
}

/// The logs of batches without a name.
fn shared(directory: &Path) -> io::Result<impl Iterator<Item = PathBuf>> {
    let entries = directory.read_dir().map_err(|error| naming(directory, &error))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(SHARED) && name.ends_with(".jsonl")
    }))
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
