//! What comes before the first request of an upload: its source is opened and named, and its journal is looked into.
//!
//! All of it may wait for a disk, so it happens on threads that may. What to do with what the journal says is decided in
//! [`super::resume`].

use http::HeaderValue;

use super::content_type;
use super::decide::Doubt;
use super::engine::{Engine, Journaled, Limits};
use super::identity::Sameness;
use super::notice::Notice;
use super::plan::Plan;
use super::progress::Phase;
use super::resume::{self, Start};
use super::source::{Opened, Source};
use super::wire::Wire;
use super::{Uploaded, VaultUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{About, Found, Journal, Recorder, State};
use crate::origin::Origins;
use crate::settings::Settings;
use crate::system;
use crate::threads::Threads;

/// A source that is open, and what the service is told of it.
pub(super) struct Prepared {
    pub(super) source: Opened,
    pub(super) filename: String,
    pub(super) content_type: String,
    /// The content type that the first bytes tell, unless another was given.
    pub(super) format: Option<&'static str>,
}

impl Prepared {
    pub(super) fn content_type_header(&self) -> Result<HeaderValue> {
        HeaderValue::from_str(&self.content_type).map_err(|_| {
            let text = format!(
                "the content type {:?} holds a character that no header can carry",
                self.content_type
            );
            Error::new(ErrorKind::InvalidArgument, text)
        })
    }

    /// What makes another upload the same as this one.
    pub(super) fn about(
        &self,
        settings: &Settings,
        connection: &HeaderValue,
        vault_upload: Option<VaultUpload>,
    ) -> About {
        About {
            base_url: settings.origins.base().to_string(),
            connection: String::from_utf8_lossy(connection.as_bytes()).into_owned(),
            source: self.source.place.clone(),
            filename: self.filename.clone(),
            content_type: self.content_type.clone(),
            vault_upload,
        }
    }
}

/// Opens a source and finds out its name and type.
pub(super) fn prepare(
    threads: Threads,
    source: Source,
    filename: Option<String>,
    content_type: Option<String>,
) -> impl Future<Output = Result<Prepared>> + Send {
    let in_memory = source.is_in_memory();
    let of_source = threads.clone();
    let open = move || {
        let mut prepared = open(&source, filename, content_type)?;
        prepared.source.threads = of_source;
        Ok(prepared)
    };
    async move {
        if in_memory {
            return open();
        }
        threads.start(open)?.await.map_err(|_| Error::new(ErrorKind::Source, "the reader panicked"))?
    }
}

fn open(source: &Source, filename: Option<String>, content_type: Option<String>) -> Result<Prepared> {
    let argument = |text: String| Error::new(ErrorKind::InvalidArgument, text);
    let opened = source.open()?;
    let filename = filename
        .or_else(|| opened.filename.clone())
        .ok_or_else(|| argument(format!("the name of {source} is not text: give a file name")))?;
    if filename.trim().is_empty() {
        return Err(argument("the file name is empty: give one with an extension".into()));
    }
    let (content_type, format) = match content_type {
        Some(given) if given.trim().is_empty() => {
            return Err(argument("the content type is empty: give one, such as video/mp4".into()));
        }
        Some(given) => (given, None),
        None => {
            let mut head = [0; content_type::HEAD];
            let read = opened.data.read_at(&mut head, 0).map_err(|error| {
                system::failed(ErrorKind::Source, format!("{source} cannot be read"), "", error)
            })?;
            let head = head.get(..read).unwrap_or_default();
            (content_type::of(&filename, head)?, content_type::by_content(head))
        }
    };
    Ok(Prepared { source: opened, filename, content_type, format })
}

/// The journal that an upload goes through.
pub(super) struct Journaling {
    pub(super) journal: Journal,
    pub(super) about: About,
    pub(super) holds_result: bool,
    pub(super) threads: Threads,
}

impl Journaling {
    /// Runs the upload from where the journal says it is, and leaves the journal as its end asks for.
    pub(super) async fn run<W: Wire>(self, engine: &mut Engine<W>, origins: &Origins) -> Result<Uploaded> {
        let (source, limits) = (engine.source.clone(), engine.limits.clone());
        let Looked { recorder, start } = self.look(source, limits).await?;
        self.run_from(engine, recorder, start, origins).await
    }

    /// Opens the journal and compares the source with what it was.
    async fn look(&self, source: Opened, limits: Limits) -> Result<Looked> {
        let (journal, about) = (self.journal.clone(), self.about.clone());
        let cancel = limits.cancel.child_token();
        let _cancelled_when_dropped = cancel.clone().drop_guard();
        // The source comes later: where it is memory that a caller lent, a disk that hangs must not keep it.
        let open = limits.within(self.threads.run(move || journal.open(&about))).await???;
        let recorder = open.recorder.of_upload(self.threads.clone(), limits.cancel.clone());
        let compare = move || start(open.found, &source, &cancel);
        let start = limits.within(self.threads.run(compare)).await???;
        Ok(Looked { recorder, start })
    }

    /// Runs the upload with what was found.
    pub(super) async fn run_from<W: Wire>(
        self,
        engine: &mut Engine<W>,
        recorder: Recorder,
        start: Start,
        origins: &Origins,
    ) -> Result<Uploaded> {
        let id = self.about.id();
        let earlier = match start {
            Start::Fresh(notice) => {
                notice.into_iter().for_each(|notice| engine.notify(notice));
                None
            }
            Start::GoOn { state, doubt } => {
                restored(engine, state, doubt, origins).map_err(|error| error.with_journal_id(&id))?
            }
            Start::Finished { state, done } => {
                engine.notify(Notice::AlreadyFinished);
                let uploaded = Uploaded::from_journal(*state, done);
                engine.reporter.report(|progress| {
                    (progress.phase, progress.resumed) = (Phase::Done, progress.total);
                    (progress.handed_over, progress.acknowledged) = (progress.total, progress.total);
                });
                return Ok(self.ended_well(uploaded, recorder).await);
            }
            Start::Unknown(error) => {
                let _ = recorder.close().await;
                return Err(error.with_journal_id(&id));
            }
        };
        let mut is_of_use = earlier.is_some();
        let identity = engine.source.identity();
        engine.journal = Some(Journaled {
            recorder: recorder.clone(),
            about: self.about.clone(),
            identity,
            has_session: is_of_use,
        });
        let dropped = LetGo(Some(recorder.clone()));
        let result = engine.run(earlier).await;
        dropped.disarm();
        is_of_use = engine.journal.take().is_some_and(|journal| journal.has_session);
        match result {
            Ok(uploaded) => Ok(self.ended_well(uploaded, recorder).await),
            Err(error) => {
                // A session that the service refuses, or that it finished with a mixture, is of no use to a later run. If
                // the source changed between two parts, that run compares what was sent with what is there then.
                let is_over = match error.kind() {
                    ErrorKind::Rejected => true,
                    ErrorKind::SourceChanged => error.part().is_none(),
                    _ => false,
                };
                let is_left = is_of_use && !is_over;
                let left = if is_left { recorder.close().await } else { recorder.remove().await };
                // The error of the upload says more than that of its journal.
                left.unwrap_or_else(|left| tracing::warn!(error = %left, "the journal could not be closed"));
                Err(if is_left { error.with_journal_id(&id) } else { error })
            }
        }
    }

    async fn ended_well(&self, mut uploaded: Uploaded, recorder: Recorder) -> Uploaded {
        if self.holds_result {
            uploaded.hold(recorder);
        } else if let Err(error) = recorder.remove().await {
            tracing::warn!(%error, "the journal of a finished upload could not be removed");
        }
        uploaded
    }
}

/// Unlocks the journal of an upload that is dropped, at once and not when the last of its tasks is gone, so that the same
/// upload can begin anew.
struct LetGo(Option<Recorder>);

impl LetGo {
    /// The upload came to its end and looks after its journal itself.
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for LetGo {
    fn drop(&mut self) {
        if let Some(recorder) = &self.0 {
            recorder.let_go();
        }
    }
}

/// What was found before the first request.
struct Looked {
    recorder: Recorder,
    start: Start,
}

/// What the upload begins with. Blocks on the source.
pub(super) fn start(
    found: Found,
    source: &Opened,
    cancel: &tokio_util::sync::CancellationToken,
) -> Result<Start> {
    let sameness = match &found {
        Found::State(state) => resume::compare(source, state, cancel).map_err(|error| {
            let what = "the source cannot be read again to go on with its upload";
            system::failed(ErrorKind::Source, what, "", error)
        })?,
        Found::Nothing | Found::Damaged { .. } => Sameness::Same,
    };
    Ok(resume::start(found, &sameness))
}

/// The plan of an earlier run, unless it may not be followed any more.
fn restored<W: Wire>(
    engine: &mut Engine<W>,
    state: Box<State>,
    doubt: Doubt,
    origins: &Origins,
) -> Result<Option<(Box<State>, Plan, Doubt)>> {
    match Plan::restore(&state.session, origins) {
        Ok(plan) => Ok(Some((state, plan, doubt))),
        Err(error) if doubt.may_be_done => {
            Err(resume::unknown(error.message()).with_upload_id(&state.session.upload_id))
        }
        Err(error) => {
            let (why, sent_again) = (error.message().to_owned(), state.bytes_done());
            engine.notify(Notice::StartedOver { why, sent_again });
            Ok(None)
        }
    }
}
