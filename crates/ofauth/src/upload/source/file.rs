//! An open file: read at positions, on Linux out of the page cache where it can be, and looked at to see whether it changed.
//! The upload opened it by its path, or the caller did.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content::Content;
use super::local::answers_from_memory;
use super::opened::Opened;
use super::revision::{Revision, Seen};
use crate::error::{Error, ErrorKind, Result};
use crate::file_identity::{FileIdentity, is_another};
use crate::journal::path_not_text;
use crate::read_at::read_at;
use crate::system;

/// An open file, where it was found, and what was seen of it.
struct OpenFile {
    file: Arc<File>,
    /// Absolute and without symbolic links; nothing if the caller opened it.
    path: Option<PathBuf>,
    seen: Seen,
    /// Whether the file system answers at once what is asked about the file.
    is_local: bool,
}

impl Content for OpenFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        read_at(&self.file, buf, offset)
    }

    #[cfg(target_os = "linux")]
    fn read_at_once(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        use rustix::io::{ReadWriteFlags, preadv2};
        let read =
            preadv2(&*self.file, &mut [io::IoSliceMut::new(buf)], offset, ReadWriteFlags::NOWAIT).ok()?;
        // Zero is the end of the file, which the blocking read reports with its own words.
        (read > 0).then_some(read)
    }

    fn identity(&self) -> FileIdentity {
        self.seen.at_first().clone()
    }

    fn may_change(&self) -> bool {
        true
    }

    fn look(&self) -> io::Result<Result<Revision, String>> {
        let is_replaced = || {
            let Some(path) = &self.path else { return false };
            let (ours, named) = (self.file.metadata(), std::fs::metadata(path));
            // Under a name that is no longer there, nothing has replaced it.
            ours.is_ok_and(|ours| named.is_ok_and(|named| is_another(&ours, &named)))
        };
        self.seen.look(|| Ok(FileIdentity::of(&self.file.metadata()?)), is_replaced)
    }

    fn looks_at_once(&self) -> bool {
        self.is_local
    }
}

/// Opens a regular file. Blocks on the file system.
pub(super) fn open(path: &Path) -> Result<Opened> {
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
    refuse_irregular(path.display(), &before)?;
    let file = open_without_waiting(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    refuse_irregular(path.display(), &metadata)?;
    let filename = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let path = path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    let place = path.to_str().map_or_else(|| path_not_text(&path), str::to_owned);
    Ok(opened(Arc::new(file), &metadata, Some(path), filename, place))
}

/// A regular file that the caller opened. Blocks on the file system.
pub(super) fn of(file: &Arc<File>) -> Result<Opened> {
    let metadata = file
        .metadata()
        .map_err(|error| system::failed(ErrorKind::Source, "the open file cannot be examined", "", error))?;
    refuse_irregular("the open file", &metadata)?;
    // Whoever opens the same file again, under whatever name, goes on with the same upload.
    let place = match FileIdentity::of(&metadata).inode {
        Some(inode) => format!("file:{}:{}", inode.device, inode.number),
        None => "file".into(),
    };
    Ok(opened(Arc::clone(file), &metadata, None, None, place))
}

fn opened(
    file: Arc<File>,
    metadata: &Metadata,
    path: Option<PathBuf>,
    filename: Option<String>,
    place: String,
) -> Opened {
    let is_local = answers_from_memory(&file);
    let content = OpenFile { file, path, seen: Seen::new(FileIdentity::of(metadata)), is_local };
    Opened::new(Arc::new(content), filename, place)
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

fn refuse_irregular(name: impl std::fmt::Display, metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() {
        "a directory: name the files in it"
    } else {
        "not a regular file: copy it to one first"
    };
    Err(Error::new(ErrorKind::Source, format!("{name} is {what}")))
}

#[cfg(test)]
pub(crate) mod tests_support {
    /// Waits until the clock of the file system shows another time than now.
    #[cfg(unix)]
    pub(crate) fn wait_for_another_time() {
        use std::os::unix::fs::MetadataExt as _;
        let now = || {
            let about = tempfile::tempfile().unwrap().metadata().unwrap();
            (about.ctime(), about.ctime_nsec())
        };
        let then = now();
        while now() <= then {}
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::tests_support::wait_for_another_time;
    use super::*;
    use crate::upload::source::input::Source;
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
            wait_for_another_time();
            change();
            let now = opened.look().unwrap();
            assert_ne!(now, last, "change {number}");
            assert_eq!(opened.look().unwrap(), now, "change {number}");
            last = now;
        }
    }
}
