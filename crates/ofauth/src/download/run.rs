//! Carries a download from its first request to its last: where it is, which address is used, and what is tried again.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, sleep, sleep_until};

use super::fetch::{Fetched, fetch};
use super::part_file::PartFile;
use super::step::{Asked, Patience, Verdict, judge};
use super::{Callback, DownloadProgress};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::http::outcome::Failure;
use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::http::retry;
use crate::secret_text::Secret;
use crate::vault_plus::{Variant, VariantStatus, VaultPlusMedia};

/// Bytes are written when so many have gathered.
const PIECE: usize = 256 * 1024;

/// How often what was written is made safe.
const SAVE_EVERY: Duration = Duration::from_millis(500);

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What is downloaded.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) media_id: String,
    pub(super) label: String,
}

/// A variant that can be downloaded.
pub(super) struct Found {
    pub(super) url: Secret,
    pub(super) size: Option<u64>,
    pub(super) content_type: Option<String>,
}

/// A download under way.
pub(super) struct Run {
    pub(super) client: Client,
    pub(super) wanted: Wanted,
    pub(super) found: Found,
    pub(super) part: PartFile,
    pub(super) on_progress: Option<Callback>,
    /// Bytes that an earlier run had.
    pub(super) resumed: u64,
    pub(super) content_type: Option<String>,
}

/// How reading a body ended.
enum Read {
    Whole,
    /// The rest is to be asked for.
    Broken(Error),
}

impl Wanted {
    /// The variant, as Vault+ has it now.
    pub(super) async fn find(&self, client: &Client) -> Result<Found> {
        self.of(client.vault_plus_get(&self.media_id).await?)
    }

    fn of(&self, media: VaultPlusMedia) -> Result<Found> {
        let Self { media_id, label } = self;
        let refused = |text: String| Error::new(ErrorKind::Rejected, text);
        let Some(variant) = media.variant(label) else {
            let has: Vec<&str> = media.variants.iter().map(|variant| variant.label.as_str()).collect();
            let has =
                if has.is_empty() { "it has none".to_owned() } else { format!("it has {}", has.join(", ")) };
            return Err(refused(format!("the media {media_id} has no variant {label:?} in Vault+: {has}")));
        };
        match &variant.status {
            VariantStatus::Stored => {}
            VariantStatus::Removed => {
                let remedy = "have it cached again, and wait until it is stored";
                return Err(refused(format!(
                    "the variant {label:?} of {media_id} was removed from Vault+: {remedy}"
                )));
            }
            status => {
                let remedy = "wait until it is stored, or let the download wait";
                return Err(refused(format!("the variant {label:?} of {media_id} is {status}: {remedy}")));
            }
        }
        let Variant { url, size, content_type, .. } = variant;
        let url = url.clone().ok_or_else(|| {
            let text = format!("the variant {label:?} of {media_id} has no address in the answer");
            Error::new(ErrorKind::InvalidAnswer, text)
        })?;
        Ok(Found { url, size: *size, content_type: content_type.clone() })
    }
}

impl Run {
    /// Downloads until the file is whole.
    pub(super) async fn carry_out(&mut self) -> Result<()> {
        let mut patience = Patience::default();
        patience.note(self.part.written());
        self.tell();
        loop {
            let note = self.part.note();
            let there = self.part.written();
            // An earlier run had all of it and did not come to give it its name.
            if there > 0 && note.size == Some(there) {
                return Ok(());
            }
            // Without a mark nobody can tell whether the rest is of the same content.
            let offset = if note.etag.is_some() { there } else { 0 };
            let asked = Asked { offset, etag: note.etag.clone(), size: note.size };
            let failure = match self.ask(&asked).await {
                Ok(None) => return Ok(()),
                Ok(Some(Refused::Address(status))) => {
                    let Some(before) = patience.renew() else { return Err(self.not_let_in(status)) };
                    match self.renew(before).await {
                        Ok(()) => continue,
                        Err(error) if error.is_retryable() => Failure::lost(error, true),
                        Err(error) => return Err(error),
                    }
                }
                Ok(Some(Refused::Whole)) => {
                    self.part.start_over(self.found.size, None).await?;
                    continue;
                }
                Err(failure) if failure.permanent => return Err(failure.error),
                Err(failure) => failure,
            };
            patience.note(self.part.written());
            let Some(before) = patience.fail() else { return Err(self.broken(failure.error)) };
            let pause = retry::pause(before, failure.rate_limit, fastrand::f64());
            tracing::info!(?pause, error = %failure.error, "a download goes on");
            sleep(pause).await;
        }
    }

    /// Asks once, and writes what comes. Nothing left to ask for: the file is whole.
    async fn ask(&mut self, asked: &Asked) -> Result<Option<Refused>, Failure> {
        let settings = Arc::clone(&self.client.0.transport.settings);
        let permanent = |error: Error| Failure::lost(error, true).permanent();
        let mut fetched = fetch(&settings, self.found.url.as_str(), asked).await?;
        let status = fetched.answered.status;
        match judge(asked, &fetched.answered) {
            Verdict::Append => {}
            Verdict::Whole { size, etag } => {
                self.resumed = 0;
                self.part.start_over(size, etag).await.map_err(permanent)?;
            }
            Verdict::AskWhole => return Ok(Some(Refused::Whole)),
            Verdict::Complete => return Ok(None),
            Verdict::Renew => return Ok(Some(Refused::Address(status))),
            Verdict::Over(error) => return Err(permanent(error)),
            Verdict::Odd(error) => return Err(Failure::lost(error, true)),
            Verdict::Again => {
                let error = Error::new(ErrorKind::Server, format!("the media host answered {status}"));
                return Err(Failure::refused(status, error, fetched.rate_limit, true));
            }
        }
        self.content_type = fetched.content_type.take().or(self.content_type.take());
        match self.read(&mut fetched).await.map_err(permanent)? {
            Read::Whole => Ok(None),
            Read::Broken(error) => Err(Failure::lost(error, true)),
        }
    }

    /// Writes a body.
    async fn read(&mut self, fetched: &mut Fetched) -> Result<Read> {
        let size = self.part.note().size;
        let mut gathered = BytesMut::new();
        let (mut saved, mut told) = (Instant::now(), Instant::now());
        let ended = loop {
            let piece = match fetched.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            throttle(&self.client, piece.len() as u64).await;
            let there = self.part.written().saturating_add(gathered.len() as u64);
            if size.is_some_and(|size| there.saturating_add(piece.len() as u64) > size) {
                let text =
                    format!("the media host sends more than the {} bytes of the file", size.unwrap_or(0));
                // What is there is of something else.
                self.part.start_over(size, None).await?;
                return Err(Error::new(ErrorKind::InvalidAnswer, text));
            }
            gathered.extend_from_slice(&piece);
            let is_time = saved.elapsed() >= SAVE_EVERY;
            if gathered.len() >= PIECE || is_time {
                self.part.append(take(&mut gathered)).await?;
            }
            if is_time {
                self.part.save().await?;
                saved = Instant::now();
            }
            if told.elapsed() >= TELL_EVERY {
                self.tell();
                told = Instant::now();
            }
        };
        if !gathered.is_empty() {
            self.part.append(take(&mut gathered)).await?;
        }
        self.tell();
        let written = self.part.written();
        Ok(match (ended, size) {
            (Err(error), _) => Read::Broken(error),
            (Ok(()), Some(size)) if written < size => {
                let text = format!("the media host stopped after {written} of {size} bytes");
                Read::Broken(Error::new(ErrorKind::Network, text))
            }
            (Ok(()), _) => Read::Whole,
        })
    }

    /// Gets another address.
    async fn renew(&mut self, before: u32) -> Result<()> {
        tracing::info!("the address of the media is not valid any more: asking for another one");
        if before > 0 {
            sleep(retry::pause(before, RateLimitHeaders::default(), 1.0)).await;
        }
        let found = self.wanted.find(&self.client).await?;
        if found.size != self.found.size {
            // Another content: what is there is not of it.
            self.part.start_over(found.size, None).await?;
        }
        self.found = found;
        Ok(())
    }

    fn tell(&mut self) {
        let note = self.part.note();
        let progress =
            DownloadProgress { received: self.part.written(), total: note.size, resumed: self.resumed };
        if let Some(callback) = &mut self.on_progress {
            callback(&progress);
        }
    }

    fn not_let_in(&self, status: u16) -> Error {
        let Wanted { media_id, label } = &self.wanted;
        let text = format!(
            "the media host refuses the addresses of the variant {label:?} of {media_id} (HTTP {status}), also new ones: \
             look whether it is still in Vault+"
        );
        Error::new(ErrorKind::Rejected, text).with_answer(status, None, None, None)
    }

    fn broken(&self, error: Error) -> Error {
        let Wanted { media_id, label } = &self.wanted;
        let kind = error.kind();
        let there = self.part.written();
        let text = format!(
            "the download of the variant {label:?} of {media_id} stopped after {there} bytes; do it again to go on"
        );
        error.into_kind(kind, text)
    }
}

/// Why an answer was no use.
enum Refused {
    /// The address is not valid any more.
    Address(u16),
    /// The rest cannot be had: only the whole.
    Whole,
}

/// Waits for the client's cap on bytes per second.
async fn throttle(client: &Client, mut bytes: u64) {
    let Some(throttle) = &client.0.throttle else { return };
    while bytes > 0 {
        let (granted, from) = throttle.grant(bytes, Instant::now());
        sleep_until(from).await;
        bytes = bytes.saturating_sub(granted.max(1));
    }
}

fn take(gathered: &mut BytesMut) -> Bytes {
    gathered.split().freeze()
}
