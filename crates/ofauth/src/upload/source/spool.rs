//! A stream that is read to its end into a file without a name, so that it has a size and can be read at any position.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Mutex;

use super::content::Content;
use crate::error::{Error, ErrorKind, Result};
use crate::file_identity::FileIdentity;
use crate::read_at::read_at;
use crate::system;
use crate::threads::Threads;

/// Bytes taken from the stream at a time, and written at once.
const PIECE: usize = 256 * 1024;

type Stream = Pin<Box<dyn AsyncRead + Send>>;

/// A stream, and the file that it goes into.
pub(super) struct Spool {
    directory: PathBuf,
    /// Bytes.
    limit: u64,
    /// Nothing once somebody has begun to read it.
    stream: Mutex<Option<Stream>>,
    /// The whole of the stream.
    file: StdMutex<Option<Spooled>>,
}

/// A stream that was read to its end.
#[derive(Clone)]
pub(super) struct Spooled {
    file: Arc<File>,
    size: u64,
}

impl Spool {
    pub(super) fn new(stream: impl AsyncRead + Send + 'static, directory: PathBuf, limit: u64) -> Self {
        Self { directory, limit, stream: Mutex::new(Some(Box::pin(stream))), file: StdMutex::default() }
    }

    /// Reads the stream to its end, unless that was done before.
    pub(super) async fn fill(&self, threads: &Threads) -> Result<()> {
        // Held until the end: whoever uploads the same source meanwhile waits for the same file.
        let mut stream = self.stream.lock().await;
        if self.spooled().is_some() {
            return Ok(());
        }
        let stream = stream.take().ok_or_else(|| {
            let text = "an upload that has ended read part of the stream, which cannot be read again: give a new stream";
            Error::new(ErrorKind::Source, text)
        })?;
        let spooled = self.copy(stream, threads).await?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(spooled);
        Ok(())
    }

    async fn copy(&self, mut stream: Stream, threads: &Threads) -> Result<Spooled> {
        let cannot = |error: io::Error| {
            let what = format!("the stream cannot be kept in a file in {}", self.directory.display());
            system::failed(ErrorKind::Source, what, "name a directory with enough room", error)
        };
        let directory = self.directory.clone();
        let file = threads.run(move || tempfile::tempfile_in(directory)).await?.map_err(cannot)?;
        let (file, mut size) = (Arc::new(file), 0_u64);
        let mut buffer = Vec::with_capacity(PIECE);
        loop {
            buffer.clear();
            // A stream of small pieces is written in large ones.
            while buffer.len() < PIECE {
                let room = PIECE.saturating_sub(buffer.len());
                let read = (&mut stream).take(room as u64).read_buf(&mut buffer).await.map_err(|error| {
                    system::failed(ErrorKind::Source, "the stream cannot be read", "", error)
                })?;
                if read == 0 {
                    break;
                }
            }
            if buffer.is_empty() {
                return Ok(Spooled { file, size });
            }
            size = size.saturating_add(buffer.len() as u64);
            if size > self.limit {
                let text = format!("the stream is longer than the limit of {} bytes: raise it", self.limit);
                return Err(Error::new(ErrorKind::Source, text));
            }
            let (into, piece) = (Arc::clone(&file), buffer);
            let (written, piece) = threads.run(move || ((&*into).write_all(&piece), piece)).await?;
            written.map_err(cannot)?;
            buffer = piece;
        }
    }

    /// The content of a stream that was read.
    pub(super) fn content(&self) -> Result<Spooled> {
        self.spooled().ok_or_else(|| Error::new(ErrorKind::Internal, "the stream was not read yet"))
    }

    fn spooled(&self) -> Option<Spooled> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Content for Spooled {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        read_at(&self.file, buf, offset)
    }

    fn identity(&self) -> FileIdentity {
        FileIdentity::of_size(self.size)
    }
}
