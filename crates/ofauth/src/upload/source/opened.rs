//! What is uploaded: a file, bytes in memory, or anything that can be read at a position.
//!
//! A source is opened once, and its size is fixed then. Every part, and every repetition of a part, reads its range
//! anew, so nothing is held in memory for a retry. A file that changes meanwhile is noticed by its metadata.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::local::answers_from_memory;
use super::revision::{Revision, Seen};
use crate::error::{Error, ErrorKind, Result};
use crate::file_identity::{FileIdentity, is_another};
use crate::journal::path_not_text;
use crate::system;
use crate::threads::Threads;

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
                threads: Threads::default(),
            },
            Kind::Reader { reader, size, filename } => Opened {
                data: Data::Reader(Arc::clone(reader)),
                size: *size,
                filename: Some(filename.clone()),
                place: format!("reader:{filename}"),
                threads: Threads::default(),
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
    /// What reads it where that may wait for a disk.
    pub(crate) threads: Threads,
}

/// Where an open source's bytes are.
#[derive(Clone)]
pub(crate) enum Data {
    File(Arc<OpenFile>),
    Bytes(Bytes),
    Reader(Arc<dyn ReadAt>),
    #[cfg(test)]
    Simulated(Arc<crate::simulation::file::OpenFile>),
}

/// An open file, where it was found, and what was seen of it.
pub(crate) struct OpenFile {
    pub(crate) file: File,
    /// Absolute and without symbolic links.
    path: PathBuf,
    seen: Seen,
    /// Whether the file system answers at once what is asked about the file.
    is_local: bool,
}

impl Opened {
    /// In which revision the source is: another one than before if anything but its size and modification time has
    /// changed. Fails if those did, or if another file has taken its name.
    ///
    /// One `fstat`, on a thread that may wait unless the file system answers at once.
    pub(crate) async fn revision(&self) -> Result<Revision> {
        match &self.data {
            Data::File(open) if !open.is_local => {
                let source = self.clone();
                self.threads.run(move || source.look()).await?
            }
            _ => self.look(),
        }
    }

    /// As [`Opened::revision`]. Blocks on the file system.
    pub(crate) fn look(&self) -> Result<Revision> {
        let looked = match &self.data {
            Data::File(open) => open.look().map_err(|error| {
                system::failed(ErrorKind::Source, "the file can no longer be examined", "", error)
            })?,
            #[cfg(test)]
            Data::Simulated(file) => file.look(),
            Data::Bytes(_) | Data::Reader(_) => return Ok(Revision::default()),
        };
        looked.map_err(|how| changed(&how))
    }

    /// Whether its content may change under way, so that what was sent has to be known again.
    pub(crate) fn may_change(&self) -> bool {
        match self.data {
            Data::File(_) => true,
            #[cfg(test)]
            Data::Simulated(_) => true,
            Data::Bytes(_) | Data::Reader(_) => false,
        }
    }

    #[cfg(test)]
    pub(crate) fn is_simulated(&self) -> bool {
        matches!(self.data, Data::Simulated(_))
    }

    /// What the source was when it was opened, to be compared with what it is when an upload is resumed.
    pub(crate) fn identity(&self) -> FileIdentity {
        match &self.data {
            Data::File(open) => open.seen.at_first().clone(),
            #[cfg(test)]
            Data::Simulated(file) => file.seen().at_first().clone(),
            Data::Bytes(_) | Data::Reader(_) => FileIdentity::of_size(self.size),
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
    /// Compares it with what it was when it was last looked at.
    fn look(&self) -> io::Result<Result<Revision, String>> {
        let is_replaced = || {
            let (ours, named) = (self.file.metadata(), std::fs::metadata(&self.path));
            // Under a name that is no longer there, nothing has replaced it.
            ours.is_ok_and(|ours| named.is_ok_and(|named| is_another(&ours, &named)))
        };
        self.seen.look(|| Ok(FileIdentity::of(&self.file.metadata()?)), is_replaced)
    }

    /// Positioned read. Blocks on the disk.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.file, buf, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.file, buf, offset);
    }
}

fn open_file(path: &Path) -> Result<Opened> {
    let cannot = |error: io::Error| {
        let what = format!("{} cannot be opened", path.display());
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "check its name",
            io::ErrorKind::PermissionDenied => "check its permissions",
            _ => "",
        };
        system::failed(ErrorKind::Source, what, remedy, error)
    };
    // Examined before it is opened: opening a FIFO would wait for a writer.
    let before = std::fs::metadata(path).map_err(cannot)?;
    refuse_irregular(path, &before)?;
    let file = open_without_waiting(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    refuse_irregular(path, &metadata)?;
    let place = place_of(path);
    let open = OpenFile {
        is_local: answers_from_memory(&file),
        file,
        path: place.clone(),
        seen: Seen::new(FileIdentity::of(&metadata)),
    };
    Ok(Opened {
        threads: Threads::default(),
        size: metadata.len(),
        filename: path.file_name().and_then(|name| name.to_str()).map(str::to_owned),
        place: text_of(&place),
        data: Data::File(Arc::new(open)),
    })
}

/// The path of an existing file, absolute and without symbolic links.
fn place_of(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// A path as text. One that is not text is written as the journal does.
fn text_of(path: &Path) -> String {
    path.to_str().map_or_else(|| path_not_text(path), str::to_owned)
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
pub(crate) mod tests_support {
    use super::*;

    /// Waits until the clock of the file system shows another time than that of the file's last change.
    #[cfg(unix)]
    pub(crate) fn wait_for_another_time(opened: &Opened) {
        use std::os::unix::fs::MetadataExt as _;
        let Data::File(open) = &opened.data else { panic!("no file") };
        let changed = |about: Metadata| (about.ctime(), about.ctime_nsec());
        let then = changed(open.file.metadata().unwrap());
        while changed(tempfile::tempfile().unwrap().metadata().unwrap()) <= then {}
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::tests_support::wait_for_another_time;
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

    /// A file of ten bytes, open.
    fn fresh(path: &Path) -> Opened {
        std::fs::write(path, b"0123456789").unwrap();
        let opened = Source::path(path).open().unwrap();
        assert_eq!(opened.look().unwrap(), Revision::default());
        opened
    }

    #[test]
    fn growth_shrinking_and_replacement_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip.mp4");
        let appended = fresh(&path);
        File::options().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        assert!(appended.look().unwrap_err().to_string().contains("from 10 to 11 bytes"));
        let truncated = fresh(&path);
        File::options().write(true).open(&path).unwrap().set_len(3).unwrap();
        assert_eq!(truncated.look().unwrap_err().kind(), ErrorKind::SourceChanged);
        let replaced = fresh(&path);
        std::fs::write(dir.path().join("other"), b"9876543210").unwrap();
        std::fs::rename(dir.path().join("other"), &path).unwrap();
        assert!(replaced.look().unwrap_err().to_string().contains("another file has taken its name"));
    }

    #[test]
    #[cfg(unix)]
    fn metadata_alone_makes_a_new_revision() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("clip.mp4"), dir.path().join("other"));
        let opened = fresh(&path);
        let changes: [&dyn Fn(); 5] = [
            &|| std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap(),
            &|| std::fs::hard_link(&path, &other).unwrap(),
            &|| std::fs::remove_file(&other).unwrap(),
            &|| std::fs::rename(&path, &other).unwrap(),
            &|| std::fs::remove_file(&other).unwrap(),
        ];
        let mut last = Revision::default();
        for (number, change) in changes.iter().enumerate() {
            wait_for_another_time(&opened);
            change();
            let now = opened.look().unwrap();
            assert_ne!(now, last, "change {number}");
            assert_eq!(opened.look().unwrap(), now, "change {number}");
            last = now;
        }
    }
}
