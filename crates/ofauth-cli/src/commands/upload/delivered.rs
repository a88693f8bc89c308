//! What a command had uploaded when it was stopped, so that the same command run again uploads only the rest.
//!
//! A file's journal goes when the file is uploaded; what a batch has done by then is written here, one line a file,
//! and forgotten when the command is over. The same command is the same files, from the same directory, for the same
//! server and connection. Two of them at once are refused. References do not last for ever, so that what is older than
//! [`LASTS`] is not used.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ofauth::{ErrorKind, Journal, JournalState, Uploaded};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::job::Job;
use crate::failure::{Failure, Result};
use crate::remembered::index::{self, Index};
use crate::remembered::{Identity, is_torn, private};
use crate::state::create_private;

/// The API does not say how long a reference of a finished upload can be used. A week bounds the surprise.
const LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A finished upload, as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finished {
    pub(super) media_upload_id: String,
    pub(super) media: Option<Value>,
    pub(super) bytes: u64,
    pub(super) parts: usize,
    pub(super) etags: Vec<Option<String>>,
    pub(super) retries: u32,
    pub(super) resumed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    file: Identity,
    #[serde(flatten)]
    upload: Finished,
}

/// The uploads of this command, while it is not over.
#[derive(Debug)]
pub(super) struct Delivered {
    /// Locked, so that nobody runs the same command meanwhile.
    file: File,
    /// What there was when the command began.
    index: Index,
}

impl Finished {
    /// What is told of an upload.
    pub(super) fn of(uploaded: &Uploaded) -> Self {
        Self {
            media_upload_id: uploaded.media_upload_id().to_owned(),
            media: uploaded.media().cloned(),
            bytes: uploaded.bytes(),
            parts: uploaded.parts().len(),
            etags: uploaded.etags().map(|etag| etag.map(str::to_owned)).collect(),
            retries: uploaded.retries(),
            resumed: uploaded.resumed() > 0,
        }
    }
}

impl Delivered {
    /// Opens what is known of the command; nothing if it keeps no journal.
    pub(super) fn open(job: &Job<'_>) -> Result<Option<Self>> {
        let Some(state) = job.session.state.as_ref().filter(|_| !job.args.no_resume) else { return Ok(None) };
        let directory = state.batch();
        let path = directory.join(format!("{}.jsonl", name(job)));
        let cannot = |error: &io::Error| {
            Failure::io(ErrorKind::Journal, format!("{} cannot be used", path.display()), error)
                .with_hint("name another directory with --state-dir, or do without: --no-resume")
        };
        let opened = create_private(&directory).and_then(|()| {
            remove_old(&directory)?;
            private().read(true).append(true).open(&path)
        });
        let mut file = opened.map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = "another process is uploading with the same command";
                return Err(Failure::new(ErrorKind::Busy, text).with_hint("run it again when that has ended"));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(&error)),
        }
        let index = mend(&mut file).and_then(|()| Index::of(&file)).map_err(|error| cannot(&error))?;
        let delivered = Self { file, index };
        if !delivered.index.is_empty() {
            delivered.settle_journals(&Journal::new(state.journal()));
        }
        Ok(Some(delivered))
    }

    /// The upload of this state of the file, if the command had made it before it was stopped.
    pub(super) fn get(&self, file: &Identity) -> Option<Finished> {
        let line = index::line(&self.file, self.index.offset(file.path())?).ok()?;
        let record: Record = serde_json::from_slice(&line).ok()?;
        (record.file == *file).then_some(record.upload)
    }

    /// Writes down an upload, for good. Blocks on the disk.
    pub(super) fn add(&self, file: Identity, upload: Finished) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Record { file, upload })?;
        line.push(b'\n');
        (&self.file).write_all(&line)?;
        self.file.sync_data()
    }

    /// Forgets everything: the command is over.
    pub(super) fn over(&self) -> io::Result<()> {
        self.file.set_len(0)
    }

    /// Removes journals of what is written down here: the command was stopped between the two.
    fn settle_journals(&self, journal: &Journal) {
        let finished =
            |session: &ofauth::JournaledUpload| session.state == JournalState::Finished && !session.in_use;
        let mut sessions = journal.sessions().unwrap_or_default();
        sessions.retain(finished);
        if sessions.is_empty() {
            return;
        }
        let ids = self.references().unwrap_or_default();
        for session in
            sessions.iter().filter(|session| session.upload_id.as_ref().is_some_and(|id| ids.contains(id)))
        {
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
fn name(job: &Job<'_>) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        // With its length, so that no two lists of parts look alike.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    let (session, args) = (job.session, job.args);
    add(session.base_url.trim_end_matches('/').as_bytes());
    add(session.connection.as_deref().unwrap_or_default().as_bytes());
    add(std::env::current_dir().unwrap_or_default().as_os_str().as_encoded_bytes());
    add(&[u8::from(args.recursive)]);
    add(args.filename.as_deref().unwrap_or_default().as_bytes());
    add(args.content_type.as_deref().unwrap_or_default().as_bytes());
    args.files.iter().for_each(|path| add(path.as_os_str().as_encoded_bytes()));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Ends a line that a crash has torn.
fn mend(file: &mut File) -> io::Result<()> {
    let size = file.seek(SeekFrom::End(0))?;
    if is_torn(file, size)? { file.write_all(b"\n") } else { Ok(()) }
}

/// Removes what is too old to be of use, of any command that is not under way.
fn remove_old(directory: &Path) -> io::Result<()> {
    for entry in directory.read_dir()? {
        let path: PathBuf = entry?.path();
        let is_old = |file: &File| {
            let changed = file.metadata().and_then(|about| about.modified());
            changed.ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > LASTS)
        };
        if let Ok(file) = File::open(&path)
            && is_old(&file)
            && file.try_lock().is_ok()
        {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn only_old_ones_that_nobody_uses_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - LASTS - Duration::from_secs(60);
        let make = |name: &str, at: SystemTime| {
            let file = private().write(true).open(home.path().join(name)).unwrap();
            file.set_modified(at).unwrap();
            file
        };
        make("old", old);
        make("new", SystemTime::now());
        let used = make("used", old);
        used.try_lock().unwrap();
        remove_old(home.path()).unwrap();
        let exists = |name| home.path().join(name).exists();
        assert_eq!([exists("old"), exists("new"), exists("used")], [false, true, true]);
    }

    #[test]
    fn a_record_is_one_flat_object() {
        let file = home_file();
        let upload = Finished {
            media_upload_id: "upload:1".into(),
            media: None,
            bytes: 1,
            parts: 1,
            etags: vec![None],
            retries: 0,
            resumed: false,
        };
        let record = Record { file: Identity::of(file.path()).unwrap(), upload: upload.clone() };
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains("\"mediaUploadId\":\"upload:1\"") && text.starts_with("{\"path\":"), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap().upload, upload);
    }

    fn home_file() -> tempfile::NamedTempFile {
        tempfile::NamedTempFile::new().unwrap()
    }
}
