//! What is uploaded: a file, bytes in memory, or anything that can be read at a position.
//!
//! A source is opened once, and its size is fixed then. Every part, and every repetition of a part, reads its range
//! anew, so nothing is held in memory for a retry. A file that changes meanwhile is noticed by its metadata.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::journal::path_not_text;

/// Reads at a position without moving a cursor, from any thread.
///
/// The library calls it from threads that may block, at most one call per connection at a time.
pub trait ReadAt: Send + Sync + 'static {
    /// Reads up to `buf.len()` bytes that stand at `offset` from the start, and returns how many were read.
    ///
    /// Fewer bytes than asked for are fine; `Ok(0)` before the declared size is an error of the source. Reading
    /// the same range again, which a retry does, must give the same bytes.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// What is to be uploaded. Opened when the upload starts, not before.
#[derive(Clone)]
pub struct Source(Kind);

#[derive(Clone)]
enum Kind {
    Path(PathBuf),
    Bytes { bytes: Bytes, filename: String },
    Reader { reader: Arc<dyn ReadAt>, size: u64, filename: String },
}

impl Source {
    /// A regular file. Its name, without the directory, is the file name that the service sees.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Path(path.into()))
    }

    /// Bytes in memory, under a file name with extension.
    pub fn bytes(bytes: impl Into<Bytes>, filename: impl Into<String>) -> Self {
        Self(Kind::Bytes { bytes: bytes.into(), filename: filename.into() })
    }

    /// `size` bytes that `reader` gives out at any position, under a file name with extension.
    pub fn reader(reader: impl ReadAt, size: u64, filename: impl Into<String>) -> Self {
        Self(Kind::Reader { reader: Arc::new(reader), size, filename: filename.into() })
    }

    /// Whether opening and reading it never waits.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.0, Kind::Bytes { .. })
    }

    /// Opens the source and fixes its size. Blocks on the file system.
    pub(crate) fn open(&self) -> Result<Opened> {
        let opened = match &self.0 {
            Kind::Path(path) => open_file(path)?,
            Kind::Bytes { bytes, filename } => Opened {
                data: Data::Bytes(bytes.clone()),
                size: bytes.len() as u64,
                filename: Some(filename.clone()),
                place: format!("bytes:{filename}"),
            },
            Kind::Reader { reader, size, filename } => Opened {
                data: Data::Reader(Arc::clone(reader)),
                size: *size,
                filename: Some(filename.clone()),
                place: format!("reader:{filename}"),
            },
        };
        if opened.size == 0 {
            return Err(bad(format!("{self} is empty: the service takes no empty files")));
        }
        Ok(opened)
    }
}

impl<P: AsRef<Path>> From<P> for Source {
    fn from(path: P) -> Self {
        Self::path(path.as_ref())
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Path(path) => path.display().fmt(f),
            Kind::Bytes { filename, .. } | Kind::Reader { filename, .. } => filename.fmt(f),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({self})")
    }
}

/// An open source of known size.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) data: Data,
    /// Bytes, at least 1.
    pub(crate) size: u64,
    /// The name without directory, if the source has one that is text.
    pub(crate) filename: Option<String>,
    /// What tells it from other sources in a journal: the absolute path of a file, or how else it is named.
    pub(crate) place: String,
}

/// Where an open source's bytes are.
#[derive(Clone)]
pub(crate) enum Data {
    File(Arc<OpenFile>),
    Bytes(Bytes),
    Reader(Arc<dyn ReadAt>),
    #[cfg(test)]
    Simulated(Arc<super::simulation::file::OpenFile>),
}

/// An open file and what it was when it was opened.
pub(crate) struct OpenFile {
    pub(crate) file: File,
    identity: Identity,
}

impl Opened {
    /// Fails if the file is no longer what it was when it was opened.
    ///
    /// One `fstat`, which local file systems answer from memory.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let (then, now) = match &self.data {
            Data::File(open) => {
                let now = open.file.metadata().map_err(|error| {
                    Error::new(ErrorKind::Source, format!("the file can no longer be examined ({error})"))
                        .with_source(error)
                })?;
                (&open.identity, Identity::of(&now))
            }
            #[cfg(test)]
            Data::Simulated(file) => (file.when_opened(), file.now()),
            Data::Bytes(_) | Data::Reader(_) => return Ok(()),
        };
        match then.difference(&now) {
            None => Ok(()),
            Some(what) => Err(changed(&what)),
        }
    }

    /// What the source was when it was opened, to be compared with what it is when an upload is resumed.
    pub(crate) fn identity(&self) -> Identity {
        match &self.data {
            Data::File(open) => open.identity.clone(),
            #[cfg(test)]
            Data::Simulated(file) => file.when_opened().clone(),
            Data::Bytes(_) | Data::Reader(_) => Identity::of_size(self.size),
        }
    }
}

impl Data {
    /// Reads at a position, again if a signal interrupted the read. Blocks on whatever the source is.
    pub(crate) fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.read_once(buf, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn read_once(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::File(open) => open.read_at(buf, offset),
            Self::Reader(reader) => reader.read_at(buf, offset),
            #[cfg(test)]
            Self::Simulated(file) => file.read_at(buf, offset),
            Self::Bytes(bytes) => {
                let rest =
                    usize::try_from(offset).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
                io::Read::read(&mut &*rest, buf)
            }
        }
    }
}

/// The error of a source that is not what it was when it was opened.
pub(crate) fn changed(what: &str) -> Error {
    Error::new(
        ErrorKind::SourceChanged,
        format!("the file changed while it was being uploaded ({what}): upload it again once it is at rest"),
    )
}

impl OpenFile {
    /// Positioned read. Blocks on the disk.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.file, buf, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.file, buf, offset);
    }
}

/// What must not change between opening a source and finishing its upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) size: u64,
    /// The modification time, as seconds since 1970 and nanoseconds; `None` for what is no file.
    pub(crate) modified: Option<(i64, u32)>,
    pub(crate) inode: Option<Inode>,
}

/// What tells one file from another of the same size and modification time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inode {
    pub(crate) device: u64,
    pub(crate) number: u64,
    /// The time of the last change of anything, which no program can set back: seconds since 1970 and nanoseconds.
    pub(crate) changed: (i64, i64),
}

/// Whether a source is what it was in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// The same file, untouched.
    Same,
    /// Size and modification time are the same. Whether the content is, only reading it tells.
    Likely,
    /// Another content, and how that shows.
    Different(String),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        let since_1970 = |at: SystemTime| match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())),
            // Older than 1970: whole seconds will do.
            Err(before) => Some((-i64::try_from(before.duration().as_secs()).ok()?, 0)),
        };
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(since_1970),
            #[cfg(unix)]
            inode: Some(Inode {
                device: metadata.dev(),
                number: metadata.ino(),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            }),
            #[cfg(not(unix))]
            inode: None,
        }
    }

    fn of_size(size: u64) -> Self {
        Self { size, modified: None, inode: None }
    }

    fn difference(&self, now: &Self) -> Option<String> {
        if self == now {
            return None;
        }
        Some(if self.size != now.size {
            format!("from {} to {} bytes", self.size, now.size)
        } else if self.modified != now.modified {
            "its modification time moved".into()
        } else {
            "it was replaced, or its metadata changed".into()
        })
    }

    /// Whether `now` is what this was in an earlier run. Size and modification time survive a copy, a restored backup
    /// and a change of permissions, so anything else that differs only asks for a closer look.
    pub(crate) fn compare(&self, now: &Self) -> Sameness {
        if self.size != now.size || self.modified != now.modified {
            return Sameness::Different(self.difference(now).unwrap_or_default());
        }
        match (&self.inode, &now.inode) {
            (Some(then), Some(now)) if then == now => Sameness::Same,
            _ => Sameness::Likely,
        }
    }
}

fn open_file(path: &Path) -> Result<Opened> {
    let cannot = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be read: check its permissions".to_owned(),
            _ => error.to_string(),
        };
        bad(format!("{} cannot be opened: {why}", path.display())).with_source(error)
    };
    // Examined before it is opened: opening a FIFO would wait for a writer.
    let before = std::fs::metadata(path).map_err(cannot)?;
    refuse_irregular(path, &before)?;
    let file = open_without_waiting(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    refuse_irregular(path, &metadata)?;
    Ok(Opened {
        size: metadata.len(),
        filename: path.file_name().and_then(|name| name.to_str()).map(str::to_owned),
        place: place_of(path),
        data: Data::File(Arc::new(OpenFile { file, identity: Identity::of(&metadata) })),
    })
}

/// The path of an existing file, absolute and without symbolic links, as text. A path that is not text is written as
/// the journal does.
fn place_of(path: &Path) -> String {
    let path = path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    path.to_str().map_or_else(|| path_not_text(&path), str::to_owned)
}

/// Opens for reading. Should a FIFO have taken the file's place meanwhile, this does not wait for its writer.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        if let Ok(flags) = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()) {
            options.custom_flags(flags);
        }
    }
    options.open(path)
}

fn refuse_irregular(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() {
        "a directory: name the files in it"
    } else {
        "not a regular file: copy it to one first"
    };
    Err(bad(format!("{} is {what}", path.display())))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::Source, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn what_cannot_be_uploaded_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty.mp4");
        File::create(&empty).unwrap();
        let fifo = dir.path().join("fifo.mp4");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for (path, why) in [
            (dir.path().join("missing.mp4"), "no such file"),
            (empty, "empty"),
            (dir.path().to_owned(), "a directory"),
            (fifo, "not a regular file"),
            (PathBuf::from("/dev/null"), "not a regular file"),
        ] {
            let error = Source::path(&path).open().err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Source);
            let text = error.to_string();
            assert!(text.contains(why) && text.contains(path.to_str().unwrap()), "{text}");
        }
    }

    #[test]
    fn growth_shrinking_and_replacement_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip.mp4");
        let fresh = || {
            std::fs::write(&path, b"0123456789").unwrap();
            let opened = Source::path(&path).open().unwrap();
            opened.check_unchanged().unwrap();
            opened
        };
        let appended = fresh();
        File::options().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        assert!(appended.check_unchanged().unwrap_err().to_string().contains("from 10 to 11 bytes"));
        let truncated = fresh();
        File::options().write(true).open(&path).unwrap().set_len(3).unwrap();
        assert_eq!(truncated.check_unchanged().unwrap_err().kind(), ErrorKind::SourceChanged);
        let replaced = fresh();
        std::fs::write(dir.path().join("other"), b"9876543210").unwrap();
        std::fs::rename(dir.path().join("other"), &path).unwrap();
        assert_eq!(replaced.check_unchanged().unwrap_err().kind(), ErrorKind::SourceChanged);
    }
}
