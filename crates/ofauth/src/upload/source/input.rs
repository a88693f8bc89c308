//! A source as the caller gives it: a file by its path, bytes in memory, or anything that can be read at a position.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::content::{ByReader, InMemory, ReadAt};
use super::file;
use super::opened::Opened;
use crate::error::{Error, ErrorKind, Result};

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
            Kind::Path(path) => file::open(path)?,
            Kind::Bytes { bytes, filename } => {
                let content = InMemory(bytes.clone());
                Opened::new(Arc::new(content), Some(filename.clone()), format!("bytes:{filename}"))
            }
            Kind::Reader { reader, size, filename } => {
                let content = ByReader { reader: Arc::clone(reader), size: *size };
                Opened::new(Arc::new(content), Some(filename.clone()), format!("reader:{filename}"))
            }
        };
        if opened.size == 0 {
            let text = format!("{self} is empty: the service takes no empty files");
            return Err(Error::new(ErrorKind::Source, text));
        }
        Ok(opened)
    }
}

impl<P: AsRef<std::path::Path>> From<P> for Source {
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
