//! The body of one PUT: a byte range of a source, read piece by piece while it is sent.
//!
//! A piece that is at hand, as in the page cache of Linux, is read on the spot, without a thread; otherwise a blocking
//! thread reads it. Pieces lie in buffers that are used again. A body knows how many bytes it handed over and why it broke
//! off; hyper only learns that it did. It also hashes what it hands over, if that may have to be known again, and for an
//! upload with a journal holds back the last piece of a request that finishes the upload until the journal knows.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::attempt::{Attempt, Gate};
use super::throttle::Throttle;
use crate::error::{Error, ErrorKind};
use crate::journal::PartHash;
use crate::system;
use crate::threads::Threads;
use crate::upload::source::content::Content;
use crate::upload::source::opened::{Opened, changed};

/// Bytes read at a time. Larger pieces gain nothing measurable and cost memory on every connection.
const PIECE: usize = 256 * 1024;

/// Buffers of [`PIECE`] bytes, shared by the bodies of one upload, and the threads that fill them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
    threads: Threads,
}

impl Buffers {
    /// What is not in memory is read by `threads`.
    pub(crate) fn filled_by(threads: Threads) -> Self {
        Self { threads, ..Self::default() }
    }

    fn take(&self) -> Vec<u8> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| vec![0; PIECE])
    }

    fn give_back(&self, buffer: Vec<u8>) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// A filled buffer on its way to the kernel. Returns to its [`Buffers`] when the last byte was taken.
struct Filled {
    buffer: Vec<u8>,
    length: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.buffer));
    }
}

/// What became of a body, readable while hyper owns it.
#[derive(Debug, Default)]
pub(crate) struct BodyState {
    handed_over: AtomicU64,
    failure: Mutex<Option<Error>>,
}

impl BodyState {
    /// Bytes given to the HTTP layer so far.
    pub(crate) fn handed_over(&self) -> u64 {
        self.handed_over.load(Ordering::Relaxed)
    }

    /// Why the source could not be read, if that ended the body.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A read under way on another thread, which owns the buffer meanwhile.
type Reading = oneshot::Receiver<(Vec<u8>, io::Result<usize>)>;

/// A byte range of a source as an HTTP body of exact length.
pub(crate) struct RangeBody {
    content: Arc<dyn Content>,
    offset: u64,
    left: u64,
    buffers: Buffers,
    reading: Option<Reading>,
    pace: Option<Pace>,
    hash: Option<PartHash>,
    /// The last piece, while the journal does not know yet that it may go out.
    held_back: Option<(Bytes, Gate)>,
    attempt: Arc<Attempt>,
    state: Arc<BodyState>,
}

/// A body's share of a [`Throttle`].
struct Pace {
    throttle: Throttle,
    /// Bytes that may be handed over now.
    granted: u64,
    /// A grant whose moment has not come.
    pending: Option<(u64, Pin<Box<Sleep>>)>,
}

impl Pace {
    fn new(throttle: Throttle) -> Self {
        Self { throttle, granted: 0, pending: None }
    }

    /// Waits until at least one byte of `left` may be handed over.
    fn poll_grant(&mut self, left: u64, cx: &mut Context<'_>) -> Poll<()> {
        if self.granted > 0 {
            return Poll::Ready(());
        }
        let throttle = &self.throttle;
        let (granted, moment) = self.pending.get_or_insert_with(|| {
            let (granted, from) = throttle.grant(left, Instant::now());
            (granted, Box::pin(sleep_until(from)))
        });
        ready!(moment.as_mut().poll(cx));
        self.granted = *granted;
        self.pending = None;
        Poll::Ready(())
    }
}

/// Tells hyper that a body broke off. The reason is in the [`BodyState`].
#[derive(Debug, thiserror::Error)]
#[error("the source could not be read to the end")]
pub(crate) struct BrokeOff;

impl RangeBody {
    pub(crate) fn new(
        source: &Opened,
        start: u64,
        length: u64,
        buffers: Buffers,
        throttle: Option<Throttle>,
        attempt: Arc<Attempt>,
    ) -> (Self, Arc<BodyState>) {
        let state = Arc::new(BodyState::default());
        let body = Self {
            content: Arc::clone(&source.content),
            offset: start,
            left: length,
            buffers,
            reading: None,
            pace: throttle.map(Pace::new),
            hash: (attempt.is_journaled() || source.content.may_change()).then(PartHash::new),
            held_back: None,
            attempt,
            state: Arc::clone(&state),
        };
        (body, state)
    }

    fn want(&self) -> usize {
        let granted = self.pace.as_ref().map_or(u64::MAX, |pace| pace.granted);
        usize::try_from(self.left.min(granted)).unwrap_or(PIECE).min(PIECE)
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        *self.state.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        Poll::Ready(Some(Err(BrokeOff)))
    }

    /// Hands a piece over, or holds it back if it is the last and the journal has to know first.
    fn offer(&mut self, piece: Bytes, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        if piece.len() as u64 == self.left
            && let Some(gate) = self.attempt.gate()
        {
            self.held_back = Some((piece, gate));
            return self.poll_held_back(cx);
        }
        self.hand_over(piece)
    }

    fn poll_held_back(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        let Some((piece, mut gate)) = self.held_back.take() else { return Poll::Ready(None) };
        match gate.as_mut().poll(cx) {
            Poll::Ready(Ok(())) => self.hand_over(piece),
            Poll::Ready(Err(error)) => self.fail(error),
            Poll::Pending => {
                self.held_back = Some((piece, gate));
                Poll::Pending
            }
        }
    }

    fn hand_over(&mut self, piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        let length = piece.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(&piece);
        }
        self.offset = self.offset.saturating_add(length);
        self.left = self.left.saturating_sub(length);
        if let Some(pace) = &mut self.pace {
            pace.granted = pace.granted.saturating_sub(length);
        }
        self.state.handed_over.fetch_add(length, Ordering::Relaxed);
        if self.left == 0
            && let Some(hash) = self.hash.take()
        {
            self.attempt.set_hash(hash.digest128());
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn finish_read(
        &mut self,
        buffer: Vec<u8>,
        read: io::Result<usize>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        match read {
            Ok(0) => {
                self.buffers.give_back(buffer);
                let at = self.offset;
                self.fail(changed(&format!("it ends at byte {at}, earlier than when the upload began")))
            }
            Ok(length) if length > self.want() => self.fail(Error::new(
                ErrorKind::Source,
                format!("the reader says it read {length} bytes into a buffer of {}", self.want()),
            )),
            Ok(length) => {
                let home = self.buffers.clone();
                self.offer(Bytes::from_owner(Filled { buffer, length, home }), cx)
            }
            Err(error) => {
                self.buffers.give_back(buffer);
                let at = self.offset;
                let what = format!("the source cannot be read at byte {at}");
                self.fail(system::failed(ErrorKind::Source, what, "", error))
            }
        }
    }

    /// Starts a read on a thread that may block.
    fn read_apart(&self, mut buffer: Vec<u8>) -> Result<Reading, Error> {
        let (content, offset, want) = (Arc::clone(&self.content), self.offset, self.want());
        self.buffers.threads.start(move || {
            let result = content.read(buffer.get_mut(..want).unwrap_or_default(), offset);
            (buffer, result)
        })
    }
}

impl Body for RangeBody {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if self.held_back.is_some() {
            return self.poll_held_back(cx);
        }
        let left = self.left;
        if let Some(pace) = &mut self.pace {
            ready!(pace.poll_grant(left, cx));
        }
        let end = self.offset.saturating_add(self.want() as u64);
        if let Some(piece) = self.content.in_memory(self.offset..end) {
            return self.offer(piece, cx);
        }
        let mut reading = match self.reading.take() {
            Some(reading) => reading,
            None => {
                let mut buffer = self.buffers.take();
                let want = self.want();
                let piece = buffer.get_mut(..want).unwrap_or_default();
                if let Some(length) = self.content.read_at_once(piece, self.offset) {
                    return self.finish_read(buffer, Ok(length), cx);
                }
                match self.read_apart(buffer) {
                    Ok(reading) => reading,
                    Err(refused) => return self.fail(refused),
                }
            }
        };
        let Poll::Ready(joined) = Pin::new(&mut reading).poll(cx) else {
            self.reading = Some(reading);
            return Poll::Pending;
        };
        match joined {
            Ok((buffer, read)) => self.finish_read(buffer, read, cx),
            Err(_) => self.fail(Error::new(ErrorKind::Source, "the reader panicked")),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
