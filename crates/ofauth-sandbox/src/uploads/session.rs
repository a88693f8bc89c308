//! One upload session.
//!
//! Its parts, its phase and its clock. Nothing here answers requests or touches files.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;

use super::assembly::Assembly;
use super::media::Media;
use super::plan::Range;
use super::record::{PartRecord, UploadKind, UploadRecord, UploadState};

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    Complete,
    Consumed,
    /// Requests get this status.
    Expired(StatusCode),
}

impl From<Phase> for UploadState {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Open => Self::Open,
            Phase::Complete => Self::Complete,
            Phase::Consumed => Self::Consumed,
            Phase::Expired(_) => Self::Expired,
        }
    }
}

/// An upload session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) connection: String,
    pub(crate) filename: String,
    pub(crate) size: u64,
    pub(crate) content_type: String,
    pub(crate) kind: UploadKind,
    pub(crate) phase: Phase,
    pub(crate) media_id: Option<u64>,
    /// The query string that part requests must have.
    pub(crate) query: String,
    /// None if bytes are discarded, and once the digest is known.
    pub(crate) assembly: Option<Arc<Assembly>>,
    sha256: Option<String>,
    parts: Vec<Part>,
    in_flight: usize,
    last_used: Instant,
}

/// One part of a session.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) attempts: u32,
    pub(crate) etag: Option<String>,
}

impl Part {
    pub(crate) fn len(&self) -> u64 {
        self.end - self.start + 1
    }
}

/// What init knows about a session.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) id: String,
    pub(crate) connection: String,
    pub(crate) filename: String,
    pub(crate) size: u64,
    pub(crate) content_type: String,
    pub(crate) kind: UploadKind,
    pub(crate) query: String,
    pub(crate) ranges: Vec<Range>,
    pub(crate) assembly: Option<Assembly>,
}

impl Session {
    pub(crate) fn open(new: NewSession) -> Self {
        let part = |&(start, end): &Range| Part { start, end, attempts: 0, etag: None };
        Self {
            id: new.id,
            connection: new.connection,
            filename: new.filename,
            size: new.size,
            content_type: new.content_type,
            kind: new.kind,
            phase: Phase::Open,
            media_id: None,
            query: new.query,
            assembly: new.assembly.map(Arc::new),
            sha256: None,
            parts: new.ranges.iter().map(part).collect(),
            in_flight: 0,
            last_used: Instant::now(),
        }
    }

    pub(crate) fn part(&self, number: u32) -> Option<&Part> {
        self.parts.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    pub(crate) fn part_mut(&mut self, number: u32) -> Option<&mut Part> {
        self.parts.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    pub(crate) fn part_count(&self) -> usize {
        self.parts.len()
    }

    /// The numbers of the parts that were not accepted yet.
    pub(crate) fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        (1..).zip(&self.parts).filter(|(_, part)| part.etag.is_none()).map(|(number, _)| number)
    }

    /// Expires the session if it is open and nothing has happened for `ttl`.
    pub(crate) fn age(&mut self, ttl: Duration) {
        if self.phase == Phase::Open && self.in_flight == 0 && self.last_used.elapsed() > ttl {
            self.expire(StatusCode::NOT_FOUND);
        }
    }

    pub(crate) fn expire(&mut self, status: StatusCode) {
        if self.phase == Phase::Open {
            self.phase = Phase::Expired(status);
            self.assembly = None;
        }
    }

    /// A request for a part begins.
    pub(crate) fn enter(&mut self) {
        self.in_flight += 1;
        self.last_used = Instant::now();
    }

    /// A request for a part is over.
    pub(crate) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.last_used = Instant::now();
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Finishes the session and returns its bytes, which are not needed any more.
    pub(crate) fn finish(&mut self, media_id: u64, sha256: Option<String>) -> Option<Arc<Assembly>> {
        self.phase = Phase::Complete;
        self.media_id = Some(media_id);
        self.sha256 = sha256;
        self.assembly.take()
    }

    pub(crate) fn has_etag(&self, etag: &str) -> bool {
        self.parts.iter().any(|part| part.etag.as_deref() == Some(etag))
    }

    /// The vault media that the session became.
    pub(crate) fn media(&self) -> Option<Media<'_>> {
        Some(Media {
            id: self.media_id?,
            content_type: &self.content_type,
            size: self.size,
            filename: &self.filename,
        })
    }

    pub(crate) fn record(&self) -> UploadRecord {
        let part = |(number, part): (u32, &Part)| PartRecord {
            number,
            start: part.start,
            end: part.end,
            attempts: part.attempts,
            etag: part.etag.clone(),
        };
        UploadRecord {
            media_upload_id: self.id.clone(),
            filename: self.filename.clone(),
            size: self.size,
            content_type: self.content_type.clone(),
            kind: self.kind,
            state: self.phase.into(),
            received: self.parts.iter().filter(|part| part.etag.is_some()).map(Part::len).sum(),
            sha256: self.sha256.clone(),
            parts: (1..).zip(&self.parts).map(part).collect(),
            media_id: self.media_id,
        }
    }
}
