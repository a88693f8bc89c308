//! The resume record of a command: what it had uploaded when it was stopped, so that the same command run again uploads
//! only the rest.
//!
//! A file's journal goes when the file is uploaded; what a batch has done by then is written here, behind a line for
//! the version of the format: one line a file, and the lines of the post beside them. It is forgotten when the command ends with 0, and not before: a user who mends
//! what failed and runs it again finds it. The same command is the same files, from the same directory, for the same
//! server and connection. Two of them at once are refused. References do not last for ever, so that what is older than
//! [`LASTS`] is not used.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ofauth::unversioned::private_fs::create_directory;
use ofauth::unversioned::state_format::RESUME_RECORD;
use ofauth::{ErrorKind, Journal, JournalState};
use ring::digest;
use serde::{Deserialize, Serialize};

use super::context::UploadContext;
use super::outcome::UploadedFile;
use super::post_record::{BegunPost, PostLine};
use crate::failure::{Failure, Result};
use crate::files::private_file::{self, first_line, is_torn, naming};
use crate::state::file_state::FileState;
use crate::state::line_index::Index;

/// The API does not say how long a reference of a finished upload can be used. A week bounds the surprise.
const LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    file: FileState,
    #[serde(flatten)]
    upload: UploadedFile,
}

/// The uploads of this command, while it is not over.
#[derive(Debug)]
pub(super) struct ResumeRecord {
    /// Locked, so that nobody runs the same command meanwhile.
    file: File,
    /// Who reads and who writes take turns, for they share the file's position.
    turn: Mutex<()>,
    path: PathBuf,
    /// What there was when the command began.
    index: Index,
    /// The post that an earlier run began, unless it is known not to have been made.
    pub(super) post: Option<BegunPost>,
}

impl ResumeRecord {
    /// Opens what is known of the command; nothing if it keeps no journal.
    pub(super) fn open(upload: &UploadContext<'_>) -> Result<Option<Self>> {
        let Some(state) = upload.context.state.as_ref().filter(|_| !upload.args.no_resume) else {
            return Ok(None);
        };
        let directory = state.batch();
        let path = directory.join(format!("{}.jsonl", name(upload)));
        let cannot = |error: &io::Error| {
            Failure::io(ErrorKind::Journal, "the record of uploads cannot be written", error)
                .with_hint("remove that file, or name another directory with --state-dir, or use --no-resume")
        };
        let opened = create_directory(&directory).map_err(|error| naming(&directory, &error));
        let opened = opened.and_then(|()| {
            remove_old(&directory);
            Self::at(path)
        });
        let Some(record) = opened.map_err(|error| cannot(&error))? else {
            let text = "another process is uploading the same files";
            return Err(Failure::new(ErrorKind::Busy, text).with_hint("run it again when that has ended"));
        };
        if !record.index.is_empty() {
            record.settle_journals(&Journal::new(state.journal()));
        }
        Ok(Some(record))
    }

    /// Opens the record at `path`, which is made if it is missing; nothing if another process has it.
    fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let Some(file) = private_file::open_locked(&path)? else { return Ok(None) };
        private_file::check_format(&file, &path, RESUME_RECORD)?;
        let mut post = None;
        let index =
            mend(&file).and_then(|()| Index::and_others(&file, |line| BegunPost::read(&mut post, line)));
        let index = index.map_err(|error| naming(&path, &error))?;
        Ok(Some(Self { file, turn: Mutex::default(), path, index, post }))
    }

    /// The upload of this state of the file at `path`, if the command had made it before it was stopped. Blocks on the disk.
    pub(super) fn get(&self, file: &FileState, path: &Path) -> Option<UploadedFile> {
        let line = self.take_turn(|| self.index.latest(&self.file, file.path()))?;
        let Record { file: then, upload } = serde_json::from_slice(&line).ok()?;
        then.is_still(file, path, upload.sum.as_ref()).then_some(upload)
    }

    /// Writes down an upload, for good. Blocks on the disk.
    pub(super) fn add(&self, file: FileState, upload: UploadedFile) -> io::Result<()> {
        self.write(&Record { file, upload })
    }

    /// Writes down how far the post is, for good. Blocks on the disk.
    pub(super) fn add_post(&self, line: &PostLine) -> io::Result<()> {
        self.write(line)
    }

    fn write(&self, record: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let written = self.take_turn(|| {
            let before = self.file.metadata()?.len();
            if before == 0 {
                line.splice(..0, first_line(RESUME_RECORD));
            }
            (&self.file).write_all(&line).inspect_err(|_| {
                // Half a line would spoil the next one.
                let _ = self.file.set_len(before);
            })
        });
        // Nobody waits for the disk who only wants to read.
        written.and_then(|()| self.file.sync_data()).map_err(|error| naming(&self.path, &error))
    }

    /// Forgets everything: the command has done what it was asked to.
    pub(super) fn clear(&self) -> io::Result<()> {
        let forgotten = self.file.set_len(0);
        // An empty record that stays does no harm.
        let _ = std::fs::remove_file(&self.path);
        forgotten.map_err(|error| naming(&self.path, &error))
    }

    fn take_turn<T>(&self, work: impl FnOnce() -> T) -> T {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Removes journals of what is written down here: the command was stopped between the two.
    fn settle_journals(&self, journal: &Journal) {
        let mut finished = journal.sessions().unwrap_or_default();
        finished.retain(|session| session.state == JournalState::Finished && !session.in_use);
        if finished.is_empty() {
            return;
        }
        let ids = self.references().unwrap_or_default();
        finished.retain(|session| session.upload_id.as_ref().is_some_and(|id| ids.contains(id)));
        for session in finished {
            // One that stays is seen in `ofauth sessions` and does no harm.
            let _ = journal.forget(&session.id);
        }
    }

    fn references(&self) -> io::Result<HashSet<String>> {
        (&self.file).seek(SeekFrom::Start(0))?;
        let lines = BufReader::new(&self.file).lines();
        let records =
            lines.map_while(io::Result::ok).filter_map(|line| serde_json::from_str::<Record>(&line).ok());
        Ok(records.map(|record| record.upload.media_upload_id).collect())
    }
}

/// What tells one command from another.
fn name(upload: &UploadContext<'_>) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut add = |part: &[u8]| {
        // With its length, so that no two lists of parts look alike.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    let (context, args) = (upload.context, upload.args);
    add(context.base_url.trim_end_matches('/').as_bytes());
    add(context.connection.as_deref().unwrap_or_default().as_bytes());
    add(std::env::current_dir().unwrap_or_default().as_os_str().as_encoded_bytes());
    add(&[u8::from(args.recursive)]);
    add(args.filename.as_deref().unwrap_or_default().as_bytes());
    add(args.content_type.as_deref().unwrap_or_default().as_bytes());
    args.files.iter().for_each(|path| add(path.as_os_str().as_encoded_bytes()));
    hash.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Ends a line that a crash has torn.
fn mend(mut file: &File) -> io::Result<()> {
    if is_torn(file)? { file.write_all(b"\n") } else { Ok(()) }
}

/// Removes what is too old to be of use, of any command that is not under way. What cannot be removed does no harm.
fn remove_old(directory: &Path) {
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        let is_old = |file: &File| {
            let changed = file.metadata().and_then(|about| about.modified());
            changed.ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > LASTS)
        };
        if let Ok(file) = private_file::open_to_read(&path)
            && is_old(&file)
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::samples;
    use std::time::SystemTime;

    #[test]
    fn only_old_ones_that_nobody_uses_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - LASTS - Duration::from_secs(60);
        let make = |name: &str, at: SystemTime| {
            let file = private_file::open(&home.path().join(name)).unwrap();
            file.set_modified(at).unwrap();
            file
        };
        make("old", old);
        make("new", SystemTime::now());
        let used = make("used", old);
        used.try_lock().unwrap();
        remove_old(home.path());
        let exists = |name| home.path().join(name).exists();
        assert_eq!([exists("old"), exists("new"), exists("used")], [false, true, true]);
    }

    #[test]
    fn a_record_is_one_flat_object() {
        let file = home_file();
        let upload = upload_of("upload:1");
        let record = Record { file: FileState::of(file.path()).unwrap(), upload: upload.clone() };
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains("\"mediaUploadId\":\"upload:1\"") && text.starts_with("{\"path\":"), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap().upload, upload);
    }

    #[test]
    fn what_is_written_meanwhile_does_not_hide_what_is_there() {
        let (record, file) = (home_file(), home_file());
        let identity = FileState::of(file.path()).unwrap();
        let open = || ResumeRecord::at(record.path().to_owned()).unwrap().unwrap();
        let upload = upload_of(&"x".repeat(20_000));
        open().add(identity.clone(), upload.clone()).unwrap();
        let resumed = open();
        std::thread::scope(|scope| {
            let adding =
                scope.spawn(|| (0..200).try_for_each(|_| resumed.add(identity.clone(), upload.clone())));
            while !adding.is_finished() {
                assert_eq!(resumed.get(&identity, file.path()).as_ref(), Some(&upload));
            }
            adding.join().unwrap().unwrap();
        });
    }

    /// What was written once is read by every later version, or refused by name and left as it is.
    #[test]
    fn samples_are_read_or_refused_by_their_version() {
        let whole = samples::sample("resume-record-1");
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("record.jsonl");
        let open = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            ResumeRecord::at(path.clone())
        };
        let record = open(&whole).unwrap().unwrap();
        let bytes = FileState::of_bytes("ab", 1);
        assert_eq!(record.get(&bytes, Path::new("-")), Some(upload_of("upload:1")));
        let ResumeRecord { post, file: lock, .. } = record;
        drop(lock);
        let post = post.unwrap();
        assert_eq!(
            (&*post.text, &*post.media_items, post.answer),
            ("Hello", &["upload:1".to_owned()][..], None)
        );
        for cut in samples::cut(&whole) {
            let record = open(&cut).unwrap().unwrap();
            assert!(record.index.is_empty() && record.post.is_none());
            record.add(bytes.clone(), upload_of("upload:2")).unwrap();
            drop(record);
            let record = ResumeRecord::at(path.clone()).unwrap().unwrap();
            assert_eq!(record.get(&bytes, Path::new("-")), Some(upload_of("upload:2")));
        }
        for (bytes, why) in samples::refused(&whole) {
            let error = open(&bytes).unwrap_err();
            assert_eq!(error.to_string(), format!("{}: {why}", path.display()));
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{why}: it is changed");
        }
    }

    fn upload_of(id: &str) -> UploadedFile {
        UploadedFile {
            media_upload_id: id.into(),
            media: None,
            bytes: 1,
            parts: 1,
            etags: vec![None],
            retries: 0,
            resumed: false,
            sum: None,
        }
    }

    fn home_file() -> tempfile::NamedTempFile {
        tempfile::NamedTempFile::new().unwrap()
    }
}
