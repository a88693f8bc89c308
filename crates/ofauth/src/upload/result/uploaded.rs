//! The result of an upload.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OnceCell;

use super::sum::Sum;
use crate::error::Result;
use crate::journal::{DoneRecord, Recorder, State};
use crate::object::id_of;
use crate::upload::plan::upload_plan::number_of;

/// A finished upload.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let uploaded = client.upload_path("clip.mp4").await?;
/// println!("{}: {} bytes, {} retries", uploaded.media_upload_id(), uploaded.bytes(), uploaded.retries());
/// client.create_post(&ofauth::Content::new("New video").media(&uploaded)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq)]
pub struct Uploaded {
    pub(crate) media_upload_id: String,
    pub(crate) media: Option<Value>,
    pub(crate) bytes: u64,
    pub(crate) multipart: bool,
    pub(crate) retries: u32,
    pub(crate) sent_again: u64,
    pub(crate) resumed: u64,
    pub(crate) held: Option<Held>,
    pub(crate) sum: Option<Sum>,
    pub(crate) parts: Vec<UploadedPart>,
}

/// The journal that keeps a result until it is settled.
#[derive(Clone)]
pub(crate) struct Held {
    recorder: Recorder,
    settled: Arc<OnceCell<()>>,
}

// Who keeps a result is no part of it.
impl PartialEq for Held {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One part of a finished upload; a single upload has one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedPart {
    /// Counted from 1.
    pub number: u32,
    /// The first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// What the service called the part's content, with the quotes that belong to it; `None` if it said nothing.
    /// For a single upload this is the `ETag` header of its answer.
    pub etag: Option<String>,
    /// How often the part was sent.
    pub attempts: u32,
}

impl Uploaded {
    /// The result of an upload that an earlier run had finished.
    pub(crate) fn from_journal(state: &State, done: DoneRecord) -> Self {
        let parts = state.planned().map(|(index, start, length, done)| UploadedPart {
            number: number_of(index),
            start,
            length,
            etag: done.and_then(|done| done.etag.clone()),
            attempts: done.map_or(0, |done| done.tries),
        });
        let sums = state.planned().map(|(.., length, done)| (length, done.map(|done| done.hash)));
        Self {
            sum: Sum::of_parts(&sums.collect::<Vec<_>>()),
            parts: parts.collect(),
            media_upload_id: done.media_upload_id,
            media: done.media,
            bytes: state.session.size,
            multipart: state.session.complete_url.is_some(),
            retries: done.retries,
            sent_again: 0,
            resumed: state.session.size,
            held: None,
        }
    }

    /// Lets go of the journal that keeps this result, which stays until it is settled. Returns its id.
    pub(crate) fn let_go(&mut self) -> Option<String> {
        self.held.take().map(|held| held.recorder.id().to_owned())
    }

    /// Has the journal keep this result until it is settled.
    pub(crate) fn hold(&mut self, recorder: Recorder) {
        let recorder = recorder.after_upload();
        self.held = Some(Held { recorder, settled: Arc::default() });
    }

    /// The upload reference. It goes into the media of **one** post or message, which uses it up.
    pub fn media_upload_id(&self) -> &str {
        &self.media_upload_id
    }

    /// The media object, if the service's last answer had one. The API documents no way from a reference to its media.
    pub fn media(&self) -> Option<&Value> {
        self.media.as_ref()
    }

    /// The id of the media in the vault, which may be used any number of times, if the service's last answer had it.
    pub fn media_id(&self) -> Option<String> {
        id_of(self.media.as_ref()?)
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the file went in parts.
    pub fn is_multipart(&self) -> bool {
        self.multipart
    }

    /// The parts in order.
    pub fn parts(&self) -> &[UploadedPart] {
        &self.parts
    }

    /// The etags of the parts in order, for [`Client::check`](crate::Client::check).
    pub fn etags(&self) -> impl Iterator<Item = Option<&str>> {
        self.parts.iter().map(|part| part.etag.as_deref())
    }

    /// What the content that was sent is known by; nothing if it was not hashed: bytes in memory and readers without a
    /// journal are not.
    #[doc(hidden)]
    pub fn sum(&self) -> Option<&Sum> {
        self.sum.as_ref()
    }

    /// Tries that failed and were repeated.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Bytes that were sent once more because a session expired.
    pub fn sent_again(&self) -> u64 {
        self.sent_again
    }

    /// Bytes that an earlier run had sent, of an upload that was resumed or that an earlier run had finished; else 0.
    pub fn resumed(&self) -> u64 {
        self.resumed
    }

    /// The id of the journal that [holds](crate::Upload::hold_result) this result, for
    /// [`Journal::settle`](crate::Journal::settle).
    pub fn journal_id(&self) -> Option<&str> {
        self.held.as_ref().map(|held| held.recorder.id())
    }

    /// Says that this result has arrived where it belongs, so that the journal need not keep it any longer.
    ///
    /// Only of use after [`Upload::hold_result`](crate::Upload::hold_result): until this is called, the same upload gives
    /// this result again instead of sending anything. Calling it again changes nothing.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let uploaded = client.upload_path("clip.mp4").hold_result().await?;
    /// std::fs::write("reference.txt", uploaded.media_upload_id()).unwrap();
    /// uploaded.settle().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Journal`](crate::ErrorKind::Journal) if the file cannot be removed.
    pub async fn settle(&self) -> Result<()> {
        match &self.held {
            Some(held) => held.settled.get_or_try_init(|| held.recorder.remove()).await.copied(),
            None => Ok(()),
        }
    }
}

// A media object holds signed URLs, which work without a key: they stay out of logs.
impl std::fmt::Debug for Uploaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploaded")
            .field("media_upload_id", &self.media_upload_id)
            .field("media_id", &self.media_id())
            .field("bytes", &self.bytes)
            .field("parts", &self.parts.len())
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
