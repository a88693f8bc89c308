//! The table of upload sessions and of the media they became, with the rules of their life: open, finished, used once,
//! expired by inactivity.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value};

use super::assembly::Assembly;
use super::kept::Kept;
use super::media::Media;
use super::record::UploadRecord;
use super::session::{Phase, Session};
use crate::error::ApiError;

/// The first media id. Real ones need more than 32 bits, so these do.
const FIRST_MEDIA_ID: u64 = 4_500_000_001;

/// What became of an upload.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) connection: String,
    pub(crate) media_id: u64,
    /// What the vault keeps of it.
    pub(crate) fields: Map<String, Value>,
    pub(crate) bytes: Option<Arc<Assembly>>,
}

/// All upload sessions since the start.
#[derive(Debug)]
pub(crate) struct Uploads {
    sessions: HashMap<String, Session>,
    order: Vec<String>,
    media: BTreeMap<u64, String>,
    kept: Kept,
    ttl: Duration,
}

/// The bytes of an uploaded media.
pub(crate) struct Content {
    pub(crate) content_type: String,
    pub(crate) size: u64,
    assembly: Arc<Assembly>,
}

impl Content {
    /// `length` bytes from `start` on.
    pub(crate) fn bytes(&self, start: u64, length: u64) -> impl Iterator<Item = Bytes> + Send + 'static {
        self.assembly.content(start, length)
    }
}

impl Uploads {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            sessions: HashMap::new(),
            order: Vec::new(),
            media: BTreeMap::new(),
            kept: Kept::default(),
            ttl,
        }
    }

    pub(crate) fn insert(&mut self, session: Session) {
        self.order.push(session.id.clone());
        self.sessions.insert(session.id.clone(), session);
    }

    pub(crate) fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The session with this id if it belongs to `connection`; an open one that was idle for too long has expired.
    pub(crate) fn get(&mut self, id: &str, connection: &str) -> Result<&mut Session, ApiError> {
        let ttl = self.ttl;
        let session = self.sessions.get_mut(id).filter(|session| session.connection == connection);
        let session = session.ok_or_else(|| ApiError::not_found(format!("there is no upload \"{id}\"")))?;
        session.age(ttl);
        Ok(session)
    }

    /// The same, but refusing a session that has expired.
    pub(crate) fn live(&mut self, id: &str, connection: &str) -> Result<&mut Session, ApiError> {
        let session = self.get(id, connection)?;
        match session.phase {
            Phase::Expired(status) => Err(ApiError::from_status(
                status,
                format!("the session of upload \"{id}\" has expired: begin again"),
            )),
            _ => Ok(session),
        }
    }

    /// Notes a request that names a part, and returns the file name of its upload.
    pub(crate) fn note_attempt(&mut self, id: &str, part: Option<u32>) -> Option<String> {
        let session = self.sessions.get_mut(id)?;
        if let Some(part) = session.part_mut(part.unwrap_or(1)) {
            part.attempts += 1;
        }
        Some(session.filename.clone())
    }

    /// Ends a session, as if it had been idle for too long.
    pub(crate) fn expire(&mut self, id: &str, status: StatusCode) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.expire(status);
        }
    }

    /// Makes a finished upload a vault media, and returns it with its bytes; does nothing if it is one already.
    pub(crate) fn finish(&mut self, id: &str, sha256: Option<String>) -> Option<Finished> {
        let media_id = FIRST_MEDIA_ID + self.media.len() as u64;
        let session = self.sessions.get_mut(id).filter(|session| session.phase == Phase::Open)?;
        self.media.insert(media_id, id.to_owned());
        let bytes = session.finish(media_id, sha256);
        let fields = session.media()?.fields();
        Some(Finished { connection: session.connection.clone(), media_id, fields, bytes })
    }

    /// Keeps the bytes of what became a media, and returns those that are not kept any more.
    pub(crate) fn keep(&mut self, finished: Finished) -> Vec<Arc<Assembly>> {
        let Some(bytes) = finished.bytes else { return Vec::new() };
        let size = finished.fields.get("size").and_then(Value::as_u64).unwrap_or(0);
        self.kept.keep(finished.media_id, size, bytes)
    }

    /// The bytes of an uploaded media, if they are kept.
    pub(crate) fn content(&self, media_id: u64) -> Option<Content> {
        let session = self.sessions.get(self.media.get(&media_id)?)?;
        let assembly = Arc::clone(self.kept.get(media_id)?);
        Some(Content { content_type: session.content_type.clone(), size: session.size, assembly })
    }

    /// Checks that an upload reference can be used now, without using it.
    pub(crate) fn usable(&mut self, id: &str, connection: &str) -> Result<u64, ApiError> {
        let refuse = |reason: &str| ApiError::bad_request(format!("mediaItems: upload \"{id}\" {reason}"));
        let session = self.get(id, connection).map_err(|_| refuse("does not exist"))?;
        match (session.phase, session.media_id) {
            (Phase::Complete, Some(media_id)) => Ok(media_id),
            (Phase::Consumed, _) => {
                Err(refuse("was used already: a reference can be used once, its media id again"))
            }
            (Phase::Expired(_), _) => Err(refuse("has expired")),
            _ => Err(refuse("is not finished")),
        }
    }

    /// Uses up a reference.
    pub(crate) fn consume(&mut self, id: &str) {
        if let Some(session) = self.sessions.get_mut(id)
            && session.phase == Phase::Complete
        {
            session.phase = Phase::Consumed;
        }
    }

    /// The finished upload of `connection` that had this etag, on the whole or on a part, and this size.
    pub(crate) fn with_etag(&self, connection: &str, etag: &str, size: u64) -> Option<Media<'_>> {
        self.order
            .iter()
            .filter_map(|id| self.sessions.get(id))
            .filter(|session| {
                session.connection == connection && session.size == size && session.has_etag(etag)
            })
            .find_map(Session::media)
    }

    pub(crate) fn record(&mut self, id: &str) -> Option<UploadRecord> {
        let ttl = self.ttl;
        let session = self.sessions.get_mut(id)?;
        session.age(ttl);
        Some(session.record())
    }

    pub(crate) fn records(&mut self) -> Vec<UploadRecord> {
        let ids = self.order.clone();
        ids.iter().filter_map(|id| self.record(id)).collect()
    }
}
