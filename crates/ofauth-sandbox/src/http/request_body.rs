//! The body of a request, read under faults.
//!
//! [`RequestBody`] counts what it reads for the transcript, reads slowly or cuts the connection where a fault says
//! so, and keeps a refused request from filling memory or time.

use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::error::{ApiError, Failure};
use crate::net::socket::{Control, Cut};
use crate::transcript::{Entry, Recorded};

/// JSON bodies above this are refused. The largest of the API, a post's text, is far below.
const JSON_LIMIT: usize = 1024 * 1024;

/// A refused request's body is read up to here, so that ordinary clients see the answer.
const DRAIN_LIMIT: u64 = 64 * 1024 * 1024;

/// The body of one request.
#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    received: u64,
    ended: bool,
    rate: Option<u64>,
    cut: Option<(u64, Cut)>,
    /// Whether the client waits for `100 Continue` before it sends anything.
    client_waits: bool,
    /// What [`read`](Self::read) has read.
    whole: Option<Bytes>,
    too_large: bool,
    entry: Entry,
    control: Control,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, client_waits: bool, entry: Entry, control: Control) -> Self {
        Self {
            incoming,
            received: 0,
            ended: false,
            rate: None,
            cut: None,
            client_waits,
            whole: None,
            too_large: false,
            entry,
            control,
        }
    }

    /// Reads at most this many bytes a second.
    pub(crate) fn slow_down(&mut self, bytes_per_second: Option<u64>) {
        self.rate = bytes_per_second;
    }

    /// Cuts the connection after this many bytes.
    pub(crate) fn cut_after(&mut self, cut: Option<(u64, Cut)>) {
        self.cut = cut;
    }

    /// The next bytes, or none at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.check_cut()?;
        if self.rate == Some(0) {
            std::future::pending::<()>().await;
        }
        loop {
            let frame = match self.incoming.frame().await {
                None => {
                    self.ended = true;
                    return Ok(None);
                }
                Some(Err(_)) => return Err(Failure::Gone),
                Some(Ok(frame)) => frame,
            };
            let Ok(mut bytes) = frame.into_data() else { continue };
            if let Some((limit, _)) = self.cut {
                let left = usize::try_from(limit - self.received).unwrap_or(usize::MAX);
                bytes.truncate(left);
            }
            self.received += bytes.len() as u64;
            let received = self.received;
            self.entry.edit(|exchange| exchange.received = received);
            self.check_cut()?;
            if let Some(rate) = self.rate {
                tokio::time::sleep(Duration::from_secs_f64(bytes.len() as f64 / rate as f64)).await;
            }
            return Ok(Some(bytes));
        }
    }

    /// Cuts the connection if the fault's byte has been reached.
    fn check_cut(&self) -> Result<(), Failure> {
        match self.cut {
            Some((limit, how)) if self.received >= limit => {
                self.control.cut(how);
                Err(Failure::Gone)
            }
            _ => Ok(()),
        }
    }

    /// The whole body, which has to be small; the same each time.
    pub(crate) async fn read(&mut self) -> Result<Bytes, Failure> {
        if let Some(whole) = &self.whole {
            return Ok(whole.clone());
        }
        let mut whole = Vec::new();
        while !self.too_large
            && let Some(bytes) = self.chunk().await?
        {
            self.too_large = whole.len() + bytes.len() > JSON_LIMIT;
            whole.extend_from_slice(bytes.chunk());
        }
        if self.too_large {
            let message = format!("the request's body is over {JSON_LIMIT} bytes");
            return Err(ApiError::too_large(message).into());
        }
        let recorded = (!whole.is_empty()).then(|| Recorded::of(&whole));
        self.entry.edit(|exchange| exchange.keep_request(recorded));
        let whole = Bytes::from(whole);
        self.whole = Some(whole.clone());
        Ok(whole)
    }

    /// Reads `bytes` bytes and drops them; less if the body is shorter.
    pub(crate) async fn skip(&mut self, bytes: u64) -> Result<(), Failure> {
        while !self.ended && self.received < bytes && self.chunk().await?.is_some() {}
        Ok(())
    }

    /// Reads what is left, so that the answer to a refused request reaches a client that sends before it reads.
    pub(crate) async fn drain(&mut self) -> Result<(), Failure> {
        if self.client_waits && self.received == 0 {
            return Ok(());
        }
        self.skip(self.received.saturating_add(DRAIN_LIMIT)).await
    }

    /// Whether the request has none.
    pub(crate) fn is_absent(&self) -> bool {
        self.received == 0 && (self.ended || hyper::body::Body::is_end_stream(&self.incoming))
    }
}
