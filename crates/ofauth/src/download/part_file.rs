//! The file that a download grows in, beside its target, and the note that says what it is a part of.
//!
//! The note counts only bytes that are safe on the disk, and is written anew before bytes of another content come: so whatever
//! interrupts a download, a later one goes on from bytes that belong together. All of this blocks; the async face runs it on
//! threads that may wait.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, Setting, invalid};
use crate::file_identity::is_another;
use crate::private_fs::{self, OpenError};
use crate::system::failed;
use crate::threads::Threads;

/// The version of the note.
const VERSION: u32 = 1;

/// No note is longer, in bytes.
const LONGEST_NOTE: u64 = 64 * 1024;

/// How long the lock of the file is waited for: whoever was cancelled a moment ago may still hold it.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a file is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    version: u32,
    pub(super) media_id: String,
    pub(super) label: String,
    pub(super) size: Option<u64>,
    pub(super) etag: Option<String>,
    /// Bytes that are safe on the disk.
    safe: u64,
}

impl Note {
    pub(super) fn new(media_id: &str, label: &str, size: Option<u64>) -> Self {
        let (media_id, label) = (media_id.to_owned(), label.to_owned());
        Self { version: VERSION, media_id, label, size, etag: None, safe: 0 }
    }

    /// How many bytes of a file with this note and of this length are of use to a download of `wanted`.
    fn useful(&self, wanted: &Self, length: u64) -> u64 {
        let is_same = (self.version, &self.media_id, &self.label)
            == (wanted.version, &wanted.media_id, &wanted.label)
            && (wanted.size.is_none() || self.size == wanted.size);
        let fits = self.safe <= length && self.size.is_none_or(|size| self.safe <= size);
        if is_same && fits && self.etag.is_some() { self.safe } else { 0 }
    }
}

/// The file, which nobody else has meanwhile.
#[derive(Debug)]
pub(super) struct PartFile {
    file: Arc<File>,
    target: PathBuf,
    note: Note,
    /// Bytes that were written.
    written: u64,
    threads: Threads,
}

impl PartFile {
    /// Opens the file for what is to be downloaded to `target`, and keeps what it has of that.
    pub(super) async fn open(threads: &Threads, target: &Path, wanted: Note) -> Result<Self> {
        let (path, own) = (target.to_owned(), threads.clone());
        let opened = threads.run(move || open(&path, wanted)).await??;
        let (file, note) = opened;
        let written = note.safe;
        Ok(Self { file: Arc::new(file), target: target.to_owned(), note, written, threads: own })
    }

    /// Bytes that are there.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// What the file is a part of.
    pub(super) fn note(&self) -> &Note {
        &self.note
    }

    /// Throws away what is there, for a content of this size and with this mark.
    pub(super) async fn start_over(&mut self, size: Option<u64>, etag: Option<String>) -> Result<()> {
        self.note = Note { size, etag, safe: 0, ..self.note.clone() };
        self.written = 0;
        self.do_it(|file, target, note| {
            file.set_len(0)?;
            (&*file).seek(SeekFrom::Start(0))?;
            // On the disk before the note says what comes.
            file.sync_data()?;
            write_note(target, note)
        })
        .await
    }

    /// Adds bytes.
    pub(super) async fn append(&mut self, bytes: Bytes) -> Result<()> {
        let length = bytes.len() as u64;
        self.do_it(move |file, _, _| (&*file).write_all(&bytes)).await?;
        self.written = self.written.saturating_add(length);
        Ok(())
    }

    /// Makes safe what was written, so that a later process can go on from here.
    pub(super) async fn save(&mut self) -> Result<()> {
        if self.note.safe == self.written {
            return Ok(());
        }
        self.note.safe = self.written;
        self.do_it(|file, target, note| {
            file.sync_data()?;
            write_note(target, note)
        })
        .await
    }

    /// Gives the file its name.
    pub(super) async fn finish(self, overwrite: bool) -> Result<()> {
        let target = self.target.clone();
        self.do_it(move |file, target, _| {
            file.sync_all()?;
            let part = part_path(target);
            rename(&part, target, overwrite)?;
            // Without it, the note says nothing about anything.
            _ = std::fs::remove_file(note_path(target));
            private_fs::sync_directory(target.parent().unwrap_or(Path::new("")))
        })
        .await
        .map_err(|error| match is_taken(&error) {
            true => taken(&target),
            false => error,
        })
    }

    async fn do_it(
        &self,
        work: impl FnOnce(&File, &Path, &Note) -> io::Result<()> + Send + 'static,
    ) -> Result<()> {
        let (file, target, note) = (Arc::clone(&self.file), self.target.clone(), self.note.clone());
        let done = self.threads.run(move || work(&file, &target, &note)).await?;
        done.map_err(|error| unwritable(&part_path(&self.target), error))
    }
}

/// Takes up an earlier download that ended between giving the file its name and taking the other name away: the size of
/// the file, if it is what is wanted. The two names are one file then, in which nothing may be written.
pub(super) async fn finish_earlier(threads: &Threads, target: &Path, wanted: Note) -> Result<Option<u64>> {
    let path = target.to_owned();
    threads.run(move || named_twice(&path, &wanted)).await
}

fn named_twice(target: &Path, wanted: &Note) -> Option<u64> {
    let part = part_path(target);
    // Whoever has the lock is about to do this.
    let file = private_fs::open_locked(&part, private_fs::options().write(true), PATIENCE).ok()?;
    let (here, there) = (file.metadata().ok()?, target.symlink_metadata().ok()?);
    // Where files have no numbers, no two are told apart.
    if !has_other_names(&here) || is_another(&here, &there) {
        return None;
    }
    let note = read_note(target);
    std::fs::remove_file(&part).ok()?;
    _ = std::fs::remove_file(note_path(target));
    let is_it = note.is_some_and(|note| {
        (&note.media_id, &note.label) == (&wanted.media_id, &wanted.label)
            && note.size.is_none_or(|size| size == here.len())
    });
    is_it.then_some(here.len())
}

/// Whether a file is known by another name, too.
fn has_other_names(metadata: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(metadata) > 1;
    #[cfg(not(unix))]
    return {
        _ = metadata;
        false
    };
}

/// Refuses a target that is there.
pub(super) async fn check_target(threads: &Threads, target: &Path, overwrite: bool) -> Result<()> {
    let path = target.to_owned();
    let found = threads.run(move || path.symlink_metadata()).await?;
    if target.file_name().is_none() {
        return Err(invalid(format!("{} is no name of a file: give one for the download", target.display())));
    }
    match found {
        Ok(found) if found.is_dir() => {
            Err(invalid(format!("{} is a directory: give the name of a file", target.display())))
        }
        Ok(_) if !overwrite => Err(taken(target)),
        _ => Ok(()),
    }
}

fn taken(target: &Path) -> Error {
    invalid(format!("{} is there already", target.display()))
        .with_setting(Setting::Overwrite)
        .with_next_step("give another name, or allow that it is overwritten")
}

fn is_taken(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::AlreadyExists)
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    failed(ErrorKind::Source, format_args!("{} cannot be written", path.display()), "", error)
}

fn with_suffix(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    target.with_file_name(name)
}

/// Where the bytes are until they are all there.
fn part_path(target: &Path) -> PathBuf {
    with_suffix(target, ".ofauth-part")
}

fn note_path(target: &Path) -> PathBuf {
    with_suffix(target, ".ofauth-part.json")
}

fn writing() -> OpenOptions {
    let mut options = private_fs::options();
    options.write(true).create(true);
    options
}

fn open(target: &Path, wanted: Note) -> Result<(File, Note)> {
    let part = part_path(target);
    let file = open_part(&part).map_err(|error| match error {
        OpenError::Busy => {
            let text = format!("{} is being written by another download: wait for it", part.display());
            Error::new(ErrorKind::Busy, text)
        }
        OpenError::NotRegular => {
            let text = format!("{} is no regular file: remove it, or give another name", part.display());
            Error::new(ErrorKind::Source, text)
        }
        OpenError::Io(error) => unwritable(&part, error),
    })?;
    let found = read_note(target);
    let prepare = || -> io::Result<Note> {
        let length = file.metadata()?.len();
        let useful = found.as_ref().map_or(0, |note| note.useful(&wanted, length));
        let note = match found {
            Some(note) if useful > 0 => note,
            _ => wanted,
        };
        // What is behind may not have reached the disk in one piece.
        file.set_len(useful)?;
        (&file).seek(SeekFrom::Start(useful))?;
        Ok(Note { safe: useful, ..note })
    };
    let note = prepare().map_err(|error| unwritable(&part, error))?;
    Ok((file, note))
}

/// Opens the file and locks it. One that has another name is somebody's by now: it loses this name, and nothing else.
fn open_part(part: &Path) -> Result<File, OpenError> {
    let file = private_fs::open_locked(part, &writing(), PATIENCE)?;
    if !has_other_names(&file.metadata()?) {
        return Ok(file);
    }
    std::fs::remove_file(part)?;
    private_fs::open_locked(part, &writing(), PATIENCE)
}

/// The note beside the file, if there is one that can be read.
fn read_note(target: &Path) -> Option<Note> {
    let file = private_fs::open(&note_path(target), &private_fs::options()).ok()?;
    let mut text = Vec::new();
    file.take(LONGEST_NOTE).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Puts a note in place of the one that is there, whole or not at all.
fn write_note(target: &Path, note: &Note) -> io::Result<()> {
    let (path, new) = (note_path(target), with_suffix(target, ".ofauth-part.new"));
    let mut file = private_fs::open(&new, writing().truncate(true)).map_err(|error| match error {
        OpenError::Io(error) => error,
        _ => io::Error::other("what is there is no regular file"),
    })?;
    file.write_all(&serde_json::to_vec(note)?)?;
    std::fs::rename(&new, &path)
}

/// Gives the file its name; unless it may overwrite, only if nothing has the name.
fn rename(part: &Path, target: &Path, overwrite: bool) -> io::Result<()> {
    if overwrite {
        return std::fs::rename(part, target);
    }
    match std::fs::hard_link(part, target) {
        Ok(()) => std::fs::remove_file(part),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // This file system knows no links.
        Err(_) if target.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(part, target),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note(etag: Option<&str>, safe: u64) -> Note {
        Note { etag: etag.map(str::to_owned), safe, ..Note::new("1", "full", Some(10)) }
    }

    #[test]
    fn only_bytes_of_the_same_content_are_of_use() {
        let wanted = note(None, 0);
        assert_eq!(note(Some("\"a\""), 5).useful(&wanted, 7), 5);
        assert_eq!(note(Some("\"a\""), 10).useful(&wanted, 10), 10);
        for (note, length) in [
            (note(None, 5), 7),
            (note(Some("\"a\""), 5), 4),
            (note(Some("\"a\""), 11), 20),
            (Note { label: "thumb".into(), ..note(Some("\"a\""), 5) }, 7),
            (Note { media_id: "2".into(), ..note(Some("\"a\""), 5) }, 7),
            (Note { size: Some(11), ..note(Some("\"a\""), 5) }, 7),
            (Note { size: None, ..note(Some("\"a\""), 5) }, 7),
            (Note { version: 2, ..note(Some("\"a\""), 5) }, 7),
        ] {
            assert_eq!(note.useful(&wanted, length), 0, "{note:?}");
        }
    }

    #[tokio::test]
    async fn what_is_safe_is_found_again_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let (threads, target) = (Threads::default(), dir.path().join("clip.mp4"));
        let wanted = || Note::new("1", "full", Some(10));
        let mut part = PartFile::open(&threads, &target, wanted()).await.unwrap();
        part.start_over(Some(10), Some("\"a\"".into())).await.unwrap();
        part.append(Bytes::from_static(b"01234")).await.unwrap();
        part.save().await.unwrap();
        part.append(Bytes::from_static(b"xx")).await.unwrap();
        let busy = PartFile::open(&threads, &target, wanted()).await.unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy);
        drop(part);
        let mut part = PartFile::open(&threads, &target, wanted()).await.unwrap();
        assert_eq!((part.written(), part.note().etag.as_deref()), (5, Some("\"a\"")));
        part.append(Bytes::from_static(b"56789")).await.unwrap();
        part.finish(false).await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"0123456789");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");

        let refused = check_target(&threads, &target, false).await.unwrap_err();
        assert!(refused.to_string().contains("there already"));
        let mut part = PartFile::open(&threads, &target, wanted()).await.unwrap();
        part.start_over(Some(10), None).await.unwrap();
        part.append(Bytes::from_static(b"other")).await.unwrap();
        let taken = part.finish(false).await.unwrap_err();
        assert_eq!(
            (taken.kind(), std::fs::read(&target).unwrap()),
            (ErrorKind::InvalidArgument, b"0123456789".to_vec())
        );
        let mut part = PartFile::open(&threads, &target, wanted()).await.unwrap();
        assert_eq!(part.written(), 0, "without a mark nothing is of use");
        part.append(Bytes::from_static(b"new")).await.unwrap();
        part.finish(true).await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_got_its_name_is_never_written_again() {
        let wanted = || Note::new("1", "full", Some(10));
        for (earlier, is_it) in [(wanted(), true), (Note::new("2", "full", Some(10)), false)] {
            let dir = tempfile::tempdir().unwrap();
            let (threads, target) = (Threads::default(), dir.path().join("clip.mp4"));
            let mut part = PartFile::open(&threads, &target, earlier).await.unwrap();
            part.start_over(Some(10), Some("\"a\"".into())).await.unwrap();
            part.append(Bytes::from_static(b"0123456789")).await.unwrap();
            part.save().await.unwrap();
            drop(part);
            // As if killed between the two steps of giving it its name.
            std::fs::hard_link(part_path(&target), &target).unwrap();
            let archived = dir.path().join("archived.mp4");
            std::fs::hard_link(&target, &archived).unwrap();

            let done = finish_earlier(&threads, &target, wanted()).await.unwrap();
            assert_eq!(done, is_it.then_some(10));
            assert!(!part_path(&target).exists() && !note_path(&target).exists());
            assert_eq!(finish_earlier(&threads, &target, wanted()).await.unwrap(), None);

            // Moved away while the first name was still there: another download writes another file.
            std::fs::rename(&target, part_path(&target)).unwrap();
            let mut part = PartFile::open(&threads, &target, wanted()).await.unwrap();
            part.start_over(Some(10), None).await.unwrap();
            part.append(Bytes::from_static(b"other text")).await.unwrap();
            part.finish(false).await.unwrap();
            assert_eq!(std::fs::read(&archived).unwrap(), b"0123456789");
            assert_eq!(std::fs::read(&target).unwrap(), b"other text");
        }
    }

    proptest! {
        /// Whatever stands beside the file, no more bytes are of use than it has.
        #[test]
        fn a_note_promises_no_more_than_there_is(safe in 0_u64..30, length in 0_u64..30, size in 0_u64..30) {
            let note = Note { size: Some(size), ..note(Some("\"a\""), safe) };
            let useful = note.useful(&Note { size: Some(size), ..self::note(None, 0) }, length);
            prop_assert!(useful <= length && useful <= size);
        }
    }
}
