//! The bytes of one upload and their SHA-256.
//!
//! Every accepted part lies in its own region of one unnamed temporary file, so that a part sent again or broken off
//! never harms what was accepted before. The digest of the whole is computed in part order: directly from the bytes
//! while the next part in order arrives, and by reading the file back for parts that came early. All file work is
//! done on blocking threads in batches; a request holds at most two batches in memory.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;
use ring::digest::{Context, SHA256};
use tokio::task::JoinHandle;

use crate::lock::lock;

/// How many bytes are handed to a blocking thread at a time: large enough to make the handover cheap.
const BATCH: usize = 256 * 1024;

/// The bytes of an upload.
#[derive(Debug)]
pub(crate) struct Assembly {
    store: Arc<Store>,
    state: Mutex<State>,
    /// Signalled when a thread stops reading back.
    idle: Condvar,
}

struct State {
    parts: Vec<Option<Arc<Region>>>,
    /// The digest of the parts before `next`.
    digest: Context,
    next: usize,
    /// Whether a thread is reading part `next` back.
    reading: bool,
    /// Counts how often a part behind `next` was replaced, which makes earlier digests void.
    epoch: u64,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("parts", &self.parts.len())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// A digest that runs ahead with the bytes of one part.
struct Follow {
    digest: Context,
    epoch: u64,
}

impl Assembly {
    /// An empty upload of `parts` parts, kept in a temporary file in `directory`.
    pub(crate) fn new(directory: &Path, parts: usize) -> io::Result<Self> {
        let state = State {
            parts: vec![None; parts],
            digest: Context::new(&SHA256),
            next: 0,
            reading: false,
            epoch: 0,
        };
        Ok(Self { store: Store::new(directory)?, state: Mutex::new(state), idle: Condvar::new() })
    }

    /// Prepares for the `len` bytes of the part at `index`.
    pub(crate) fn receive(&self, index: usize, len: u64) -> Intake {
        let state = lock(&self.state);
        let follow = (state.next == index && !state.reading)
            .then(|| Follow { digest: state.digest.clone(), epoch: state.epoch });
        drop(state);
        let region = Arc::new(Store::allocate(&self.store, len));
        Intake { region, written: 0, batch: Vec::new(), batched: 0, follow, writing: None }
    }

    /// Makes what `intake` received the content of the part at `index`.
    pub(crate) fn accept(self: &Arc<Self>, index: usize, received: Received) {
        let mut state = lock(&self.state);
        if let Some(part) = state.parts.get_mut(index) {
            *part = Some(received.region);
        }
        if index < state.next || (index == state.next && state.reading) {
            state.digest = Context::new(&SHA256);
            state.next = 0;
            state.epoch += 1;
        } else if let Some(follow) = received.follow
            && index == state.next
            && follow.epoch == state.epoch
        {
            state.digest = follow.digest;
            state.next += 1;
        }
        let behind = !state.reading && state.parts.get(state.next).is_some_and(Option::is_some);
        drop(state);
        if behind {
            let this = Arc::clone(self);
            // A read error shows again when the digest is asked for.
            tokio::task::spawn_blocking(move || this.catch_up());
        }
    }

    /// The SHA-256 of all parts in hexadecimal. Blocks while it reads.
    pub(crate) fn sha256(&self) -> io::Result<String> {
        loop {
            self.catch_up()?;
            let mut state = lock(&self.state);
            while state.reading {
                state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.next == state.parts.len() {
                let digest = state.digest.clone().finish();
                return Ok(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect());
            }
            if state.parts.get(state.next).is_none_or(Option::is_none) {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a part is missing"));
            }
        }
    }

    /// `length` bytes from `start` on, over all parts in order. Reading blocks, and what cannot be read is the end.
    pub(crate) fn content(&self, start: u64, length: u64) -> impl Iterator<Item = Bytes> + Send + use<> {
        let parts: Vec<Arc<Region>> = lock(&self.state).parts.iter().flatten().cloned().collect();
        let (mut skipped, mut left) = (start, length);
        let pieces = parts.into_iter().filter_map(move |part| {
            let from = skipped.min(part.len);
            skipped -= from;
            let until = part.len.min(from.saturating_add(left));
            left -= until - from;
            (from < until).then_some((part, from, until))
        });
        pieces.flat_map(|(part, from, until)| {
            (from..until).step_by(BATCH).map_while(move |at| {
                let mut buffer = vec![0; usize::try_from(until - at).unwrap_or(BATCH).min(BATCH)];
                positioned::read_exact(&part.store.file, &mut buffer, part.offset + at).ok()?;
                Some(Bytes::from(buffer))
            })
        })
    }

    /// Reads parts back, in order, as long as the next one is there and no other thread does it.
    fn catch_up(&self) -> io::Result<()> {
        let mut buffer = vec![0; BATCH];
        loop {
            let mut state = lock(&self.state);
            let Some(Some(region)) = state.parts.get(state.next).cloned() else { return Ok(()) };
            if state.reading {
                return Ok(());
            }
            state.reading = true;
            let (mut digest, epoch) = (state.digest.clone(), state.epoch);
            drop(state);

            let read = region.read(&mut buffer, |bytes| digest.update(bytes));

            let mut state = lock(&self.state);
            state.reading = false;
            self.idle.notify_all();
            if read.is_ok() && state.epoch == epoch {
                state.digest = digest;
                state.next += 1;
            }
            drop(state);
            read?;
        }
    }
}

/// The bytes of one request on their way to the file.
pub(crate) struct Intake {
    region: Arc<Region>,
    written: u64,
    batch: Vec<Bytes>,
    batched: usize,
    follow: Option<Follow>,
    writing: Option<JoinHandle<io::Result<Option<Follow>>>>,
}

/// What an [`Intake`] received.
pub(crate) struct Received {
    region: Arc<Region>,
    follow: Option<Follow>,
}

impl Intake {
    /// Takes the next bytes. Waits only while the batch before is still being written.
    pub(crate) async fn push(&mut self, bytes: Bytes) -> io::Result<()> {
        self.batched += bytes.len();
        self.batch.push(bytes);
        if self.batched >= BATCH { self.write().await } else { Ok(()) }
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(mut self) -> io::Result<Received> {
        self.write().await?;
        self.settle().await?;
        Ok(Received { region: self.region, follow: self.follow })
    }

    async fn write(&mut self) -> io::Result<()> {
        self.settle().await?;
        let batch = std::mem::take(&mut self.batch);
        let (region, at, mut follow) = (Arc::clone(&self.region), self.written, self.follow.take());
        self.written += self.batched as u64;
        self.batched = 0;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let mut at = at;
            for bytes in batch {
                region.write(at, &bytes)?;
                at += bytes.len() as u64;
                if let Some(follow) = &mut follow {
                    follow.digest.update(&bytes);
                }
            }
            Ok(follow)
        }));
        Ok(())
    }

    /// Waits for the batch that is being written.
    async fn settle(&mut self) -> io::Result<()> {
        if let Some(writing) = self.writing.take() {
            self.follow = writing.await.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

/// A temporary file that the system removes when it is closed, and which parts of it are free.
#[derive(Debug)]
struct Store {
    file: File,
    space: Mutex<Space>,
}

#[derive(Debug, Default)]
struct Space {
    end: u64,
    free: Vec<(u64, u64)>,
}

impl Store {
    fn new(directory: &Path) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { file: tempfile::tempfile_in(directory)?, space: Mutex::default() }))
    }

    /// A region of `len` bytes; one that was given up is used again if the length fits.
    fn allocate(store: &Arc<Self>, len: u64) -> Region {
        let mut space = lock(&store.space);
        let free = space.free.iter().position(|&(_, free)| free == len);
        let offset = match free {
            Some(position) => space.free.swap_remove(position).0,
            None => {
                let offset = space.end;
                space.end += len;
                offset
            }
        };
        Region { store: Arc::clone(store), offset, len }
    }
}

/// The bytes of one part in the file.
#[derive(Debug)]
struct Region {
    store: Arc<Store>,
    offset: u64,
    len: u64,
}

impl Region {
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        positioned::write_all(&self.store.file, bytes, self.offset + at)
    }

    fn read(&self, buffer: &mut [u8], mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut at = 0;
        while at < self.len {
            let wanted = usize::try_from(self.len - at).unwrap_or(usize::MAX).min(buffer.len());
            let buffer = buffer.get_mut(..wanted).unwrap_or_default();
            positioned::read_exact(&self.store.file, buffer, self.offset + at)?;
            take(buffer);
            at += wanted as u64;
        }
        Ok(())
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        lock(&self.store.space).free.push((self.offset, self.len));
    }
}

/// Reading and writing at an offset.
mod positioned {
    use std::fs::File;
    use std::io;

    #[cfg(unix)]
    pub(super) fn write_all(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
    }

    #[cfg(unix)]
    pub(super) fn read_exact(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
    }

    #[cfg(windows)]
    pub(super) fn write_all(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
            bytes = bytes.get(written..).unwrap_or_default();
            offset += written as u64;
        }
        Ok(())
    }

    #[cfg(windows)]
    pub(super) fn read_exact(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer = buffer.get_mut(read..).unwrap_or_default();
            offset += read as u64;
        }
        Ok(())
    }
}
