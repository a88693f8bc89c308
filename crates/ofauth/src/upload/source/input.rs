//! A source as the caller gives it: a file, bytes in memory, anything that can be read at a position, or a stream.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncRead;

use super::content::{ByReader, InMemory, ReadAt};
use super::file;
use super::opened::Opened;
use super::spool::Spool;
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::system;
use crate::threads::Threads;

/// What is to be uploaded. Opened when the upload starts, not before.
///
/// A path, an open file and bytes convert to a source. A text does not, because it could be a path or content: say which
/// by [`path`](Self::path) or [`bytes`](Self::bytes).
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use ofauth::Source;
///
/// client.upload(Source::path("clip.mp4")).await?;
/// client.upload(Source::bytes(b"GIF89a...".as_slice()).filename("tiny.gif")).await?;
/// let file = std::fs::File::open("/proc/self/fd/3").unwrap();
/// client.upload(Source::from(file).filename("clip.mp4")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Source {
    kind: Kind,
    filename: Option<String>,
}

#[derive(Clone)]
enum Kind {
    Path(PathBuf),
    File(Arc<File>),
    Bytes(Bytes),
    Reader(Arc<dyn ReadAt>),
    Stream(Arc<Spool>),
}

impl Source {
    /// A regular file. Its name, without the directory, is the file name that the service sees.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::new(Kind::Path(path.into()))
    }

    /// Bytes in memory. They have no file name: give one by [`filename`](Self::filename).
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Kind::Bytes(bytes.into()))
    }

    /// Anything that gives out its bytes at any position. It has no file name: give one by [`filename`](Self::filename).
    ///
    /// Bytes that only come one after another are a [`spooled`](Self::spooled) source.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, recording: impl ofauth::ReadAt) -> ofauth::Result<()> {
    /// // Something of the program's own, such as a recording in a database.
    /// let source = ofauth::Source::reader(recording).filename("recording.mp4");
    /// let uploaded = client.upload(source).await?;
    /// # Ok(()) }
    /// ```
    pub fn reader(reader: impl ReadAt) -> Self {
        Self::new(Kind::Reader(Arc::new(reader)))
    }

    /// A stream of unknown length, such as the body of a request. It has no file name: give one by
    /// [`filename`](Self::filename).
    ///
    /// The service needs the size first, and a part that failed is read again. So before anything is sent, the whole stream
    /// is written into an unnamed file in `directory`, which needs room for it. More than `limit` bytes are an error. The file
    /// is removed after the last upload of this source, however the process ends.
    ///
    /// An upload of a stream has no journal and cannot be resumed by another process, because the same bytes cannot be read
    /// again. If it has to survive a kill, write the stream into a named file yourself.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let stream = tokio::net::TcpStream::connect("camera.local:9000").await.unwrap();
    /// let source = ofauth::Source::spooled(stream, "/var/tmp", 8 << 30).filename("camera.mp4");
    /// let uploaded = client.upload(source).await?;
    /// # Ok(()) }
    /// ```
    pub fn spooled(
        stream: impl AsyncRead + Send + 'static,
        directory: impl Into<PathBuf>,
        limit: u64,
    ) -> Self {
        Self::new(Kind::Stream(Arc::new(Spool::new(stream, directory.into(), limit))))
    }

    /// The file name that the service sees, with extension. It takes the place of a path's own.
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = Some(name.into());
        self
    }

    fn new(kind: Kind) -> Self {
        Self { kind, filename: None }
    }

    /// Whether opening and reading it never waits.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.kind, Kind::Bytes(_))
    }

    /// Whether another process could read the same bytes again.
    pub(crate) fn can_be_resumed(&self) -> bool {
        !matches!(self.kind, Kind::Stream(_))
    }

    /// Reads a stream to its end. Everything else can be opened as it is.
    pub(crate) async fn read_stream(&self, threads: &Threads) -> Result<()> {
        match &self.kind {
            Kind::Stream(spool) => spool.fill(threads).await,
            _ => Ok(()),
        }
    }

    /// Opens the source and fixes its size. Blocks on the file system. A stream must have been read before.
    pub(crate) fn open(&self) -> Result<Opened> {
        let mut opened = match &self.kind {
            Kind::Path(path) => file::open(path)?,
            Kind::File(file) => file::of(file)?,
            Kind::Bytes(bytes) => Opened::new(Arc::new(InMemory(bytes.clone())), None, "bytes".into()),
            Kind::Reader(reader) => {
                let size = reader.size().map_err(|error| {
                    system::failed(ErrorKind::Source, format!("the size of {self} is unknown"), "", error)
                })?;
                let content = ByReader { reader: Arc::clone(reader), size };
                Opened::new(Arc::new(content), None, "reader".into())
            }
            Kind::Stream(spool) => Opened::new(Arc::new(spool.content()?), None, "stream".into()),
        };
        if let Some(name) = &self.filename {
            opened.filename = Some(name.clone());
        }
        if opened.size == 0 {
            let text = format!("{self} is empty: the service accepts no empty files");
            return Err(Error::new(ErrorKind::Source, text));
        }
        Ok(opened)
    }

    /// Whether nothing but its name tells it from others of its kind.
    pub(crate) fn is_known_by_name(&self) -> bool {
        matches!(self.kind, Kind::Bytes(_) | Kind::Reader(_) | Kind::Stream(_))
    }

    /// The error of a source whose file name nobody knows.
    pub(crate) fn nameless(&self) -> Error {
        match self.kind {
            Kind::Path(_) => {
                invalid(format!("the name of {self} is not text: give a file name by `.filename`"))
            }
            _ => invalid(format!(
                "{self} has no file name: give one with an extension by `.filename`, such as clip.mp4"
            )),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&PathBuf> for Source {
    fn from(path: &PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

/// All of an open regular file, wherever its cursor stands. It is watched for changes as one that was opened by its path.
impl From<File> for Source {
    fn from(file: File) -> Self {
        Self::new(Kind::File(Arc::new(file)))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.kind, &self.filename) {
            (Kind::Path(path), _) => path.display().fmt(f),
            (_, Some(name)) => name.fmt(f),
            (Kind::File(_), None) => f.write_str("the open file"),
            (Kind::Bytes(_), None) => f.write_str("a source of bytes"),
            (Kind::Reader(_), None) => f.write_str("the reader"),
            (Kind::Stream(_), None) => f.write_str("the stream"),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({self})")
    }
}
