//! A file that exists in memory only and changes when the simulation says so.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::file_identity::{FileIdentity, Inode};
use crate::threads::Threads;
use crate::upload::source::content::Content;
use crate::upload::source::opened::Opened;
use crate::upload::source::revision::{Revision, Seen};

/// A file of the simulated machine.
#[derive(Debug)]
pub(crate) struct File(Mutex<Contents>);

#[derive(Debug, Clone)]
struct Contents {
    bytes: Vec<u8>,
    identity: FileIdentity,
    /// Counts how often the file was written or replaced by something else.
    version: u64,
    /// Whether another file has taken its name.
    replaced: bool,
    /// The most bytes that one read gives.
    piece: usize,
    /// Whether looking at it takes time.
    is_remote: bool,
}

/// A simulated file that was opened, and what was seen of it.
#[derive(Debug)]
pub(crate) struct OpenFile {
    file: Arc<File>,
    seen: Seen,
}

/// What people and programs do to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Append(usize),
    Truncate,
    /// Writes over some bytes; `restore` sets the modification time back afterwards.
    Edit {
        restore: bool,
    },
    /// Another file of the same size takes its name; `same_time`: with the same modification time.
    Replace {
        same_time: bool,
    },
    /// A copy with the same content and modification time takes its name.
    Copy,
    /// Permissions, links, names or the like change, not the content.
    Touch,
}

/// A state of a file. One that was written is another, even if it holds the same again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileState {
    pub(crate) bytes: Vec<u8>,
    version: u64,
}

/// A directory with one file, whose place another may take.
pub(crate) struct FileSystem {
    file: Arc<File>,
    files: u64,
}

impl File {
    fn new(bytes: Vec<u8>, number: u64, version: u64, piece: usize, is_remote: bool) -> Arc<Self> {
        let inode = Inode { device: 1, number, changed: (1, 0) };
        let identity = FileIdentity { size: bytes.len() as u64, modified: Some((1, 0)), inode: Some(inode) };
        Arc::new(Self(Mutex::new(Contents { bytes, identity, version, replaced: false, piece, is_remote })))
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the bytes, as a program does: every time stamp moves on.
    fn write(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut contents = self.lock();
        change(&mut contents.bytes);
        contents.version += 1;
        let size = contents.bytes.len() as u64;
        let identity = &mut contents.identity;
        identity.size = size;
        identity.modified = identity.modified.map(|(seconds, nanos)| (seconds + 1, nanos));
        identity.touch();
    }

    fn open(self: &Arc<Self>, place: &str, threads: Threads) -> Opened {
        let identity = self.lock().identity.clone();
        let open = OpenFile { file: Arc::clone(self), seen: Seen::new(identity) };
        Opened { threads, ..Opened::new(Arc::new(open), Some("clip.mp4".into()), place.into()) }
    }
}

impl FileIdentity {
    /// The time of the last change of anything moves on, as with every change.
    fn touch(&mut self) {
        if let Some(inode) = &mut self.inode {
            inode.changed.0 += 1;
        }
    }
}

impl FileSystem {
    /// A file of these bytes, of which one read gives `piece` at most. On a remote one, looking takes time.
    pub(crate) fn new(bytes: Vec<u8>, piece: usize, is_remote: bool) -> Self {
        Self { file: File::new(bytes, 1, 1, piece, is_remote), files: 1 }
    }

    /// Opens the file that is there, and tells in what state it is.
    pub(crate) fn open(&self, threads: Threads) -> (Opened, FileState) {
        let contents = self.file.lock().clone();
        let state = FileState { bytes: contents.bytes, version: contents.version };
        (self.file.open("/simulated/clip.mp4", threads), state)
    }

    /// Changes the file. An upload that has it open sees that, unless another file takes its place.
    pub(crate) fn change(&mut self, change: Change, rng: &mut fastrand::Rng) {
        let size = self.file.lock().bytes.len();
        match change {
            Change::Append(more) => self.file.write(|bytes| bytes.extend((0..more).map(|_| rng.u8(..)))),
            Change::Truncate => self.file.write(|bytes| bytes.truncate(rng.usize(1..=size))),
            Change::Edit { restore } => {
                let before = self.file.lock().identity.modified;
                let (at, end) = (rng.usize(0..size), rng.usize(0..=size));
                self.file.write(|bytes| {
                    bytes[at] ^= 0x55;
                    bytes.iter_mut().take(end).skip(at + 1).for_each(|byte| *byte = rng.u8(..));
                });
                if restore {
                    let mut contents = self.file.lock();
                    contents.identity.modified = before;
                    contents.identity.touch();
                }
            }
            Change::Replace { same_time } => {
                let bytes = (0..size).map(|_| rng.u8(..)).collect();
                self.put(bytes, same_time);
            }
            Change::Copy => {
                let bytes = self.file.lock().bytes.clone();
                self.put(bytes, true);
            }
            Change::Touch => self.file.lock().identity.touch(),
        }
    }

    /// Another file takes the name. The one that had it loses a link.
    fn put(&mut self, bytes: Vec<u8>, same_time: bool) {
        self.files += 1;
        let old = self.file.lock().clone();
        self.file.lock().replaced = true;
        self.file.lock().identity.touch();
        let version = old.version + u64::from(bytes != old.bytes || !same_time);
        self.file = File::new(bytes, self.files, version, old.piece, old.is_remote);
        let mut new = self.file.lock();
        new.identity.modified = old.identity.modified;
        if !same_time {
            new.identity.modified = old.identity.modified.map(|(seconds, nanos)| (seconds + 1, nanos));
        }
    }
}

impl Content for OpenFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let contents = self.file.lock();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(contents.bytes.len());
        let end = start.saturating_add(contents.piece).min(contents.bytes.len());
        io::Read::read(&mut &contents.bytes[start..end], buf)
    }

    fn read_at_once(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        self.read_at(buf, offset).ok().filter(|read| *read > 0)
    }

    fn identity(&self) -> FileIdentity {
        self.seen.at_first().clone()
    }

    fn may_change(&self) -> bool {
        true
    }

    fn look(&self) -> io::Result<Result<Revision, String>> {
        let contents = self.file.lock();
        self.seen.look(|| Ok(contents.identity.clone()), || contents.replaced)
    }

    fn looks_at_once(&self) -> bool {
        !self.file.lock().is_remote
    }
}
