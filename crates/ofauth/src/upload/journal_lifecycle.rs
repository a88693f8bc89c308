//! Runs an upload from where its journal says it is, and leaves the journal as its end asks for: removed, kept for a later run,
//! or held until the result has arrived. What to do with what the journal says is decided in [`super::resume_decision`].

use http::HeaderValue;

use super::resume_decision::{self, ResumeDecision};
use crate::cancel::Limits;
use crate::error::{ErrorKind, Result};
use crate::file_identity::Sameness;
use crate::journal::{About, Found, Journal, Recorder, VaultOptions};
use crate::origin::Origins;
use crate::settings::Settings;
use crate::system;
use crate::threads::Threads;
use crate::upload::active_upload::{ActiveUpload, Journaled};
use crate::upload::engine;
use crate::upload::plan::api_types::VaultUpload;
use crate::upload::plan::upload_plan::Plan;
use crate::upload::progress::notice::Notice;
use crate::upload::progress::report::Phase;
use crate::upload::result::uploaded::Uploaded;
use crate::upload::source::opened::Opened;
use crate::upload::source::prepared::Prepared;
use crate::upload::transfer::put::Transfer;

/// What makes another upload the same as this one.
pub(crate) fn about(
    prepared: &Prepared,
    settings: &Settings,
    connection: &HeaderValue,
    vault_upload: Option<&VaultUpload>,
) -> About {
    About {
        base_url: settings.origins.base().to_string(),
        connection: String::from_utf8_lossy(connection.as_bytes()).into_owned(),
        source: prepared.source.place.clone(),
        filename: prepared.filename.clone(),
        content_type: prepared.content_type.clone(),
        vault_upload: vault_upload
            .cloned()
            .map(|VaultUpload { mode, user_id }| VaultOptions { mode, user_id }),
    }
}

/// The journal that an upload goes through.
pub(crate) struct ResumableUpload {
    pub(crate) journal: Journal,
    pub(crate) about: About,
    pub(crate) holds_result: bool,
    pub(crate) threads: Threads,
}

impl ResumableUpload {
    /// Runs the upload from where the journal says it is, and leaves the journal as its end asks for.
    pub(crate) async fn run<T: Transfer>(
        self,
        run: &mut ActiveUpload<T>,
        origins: &Origins,
    ) -> Result<Uploaded> {
        let (source, limits) = (run.source.clone(), run.limits.clone());
        let (recorder, decision) = self.look(source, limits).await?;
        self.run_from(run, recorder, decision, origins).await
    }

    /// Opens the journal and compares the source with what it was.
    async fn look(&self, source: Opened, limits: Limits) -> Result<(Recorder, ResumeDecision)> {
        let (journal, about) = (self.journal.clone(), self.about.clone());
        let cancel = limits.cancel.child_token();
        let _cancelled_when_dropped = cancel.clone().drop_guard();
        // The source comes later: where it is memory that a caller lent, a disk that hangs must not keep it.
        let open = limits.within(self.threads.run(move || journal.open(&about))).await???;
        let recorder = open.recorder.of_upload(self.threads.clone(), limits.cancel.clone());
        let compare = move || compare_and_decide(open.found, &source, &cancel);
        let decision = limits.within(self.threads.run(compare)).await???;
        Ok((recorder, decision))
    }

    /// Runs the upload with what was found.
    pub(crate) async fn run_from<T: Transfer>(
        self,
        run: &mut ActiveUpload<T>,
        recorder: Recorder,
        decision: ResumeDecision,
        origins: &Origins,
    ) -> Result<Uploaded> {
        let id = self.about.id();
        let earlier = match decision {
            ResumeDecision::Fresh(notice) => {
                notice.into_iter().for_each(|notice| run.notify(notice));
                None
            }
            ResumeDecision::Resume { state, commit } => match Plan::restore(&state.session, origins) {
                Ok(plan) => Some((state, plan, commit)),
                Err(error) if commit.may_be_committed => {
                    let error =
                        resume_decision::unknown(error.message()).with_upload_id(&state.session.upload_id);
                    let _ = recorder.close().await;
                    return Err(error.with_journal_id(&id));
                }
                Err(error) => {
                    let (why, sent_again) = (error.message().to_owned(), state.bytes_done());
                    run.notify(Notice::StartedOver { why, sent_again });
                    None
                }
            },
            ResumeDecision::Finished { state, done } => {
                run.notify(Notice::AlreadyFinished);
                let uploaded = Uploaded::from_journal(&state, done);
                run.reporter.report(|progress| {
                    (progress.phase, progress.resumed) = (Phase::Done, progress.total);
                    (progress.handed_over, progress.acknowledged) = (progress.total, progress.total);
                });
                return Ok(self.ended_well(uploaded, recorder).await);
            }
            ResumeDecision::Unknown(error) => {
                let _ = recorder.close().await;
                return Err(error.with_journal_id(&id));
            }
        };
        run.journal = Some(Journaled {
            recorder: recorder.clone(),
            about: self.about.clone(),
            identity: run.source.content.identity(),
            has_session: earlier.is_some(),
        });
        let mut if_dropped = LetGo(Some(recorder.clone()));
        let result = engine::carry_out(run, earlier).await;
        // The upload came to its end and looks after its journal itself.
        if_dropped.0 = None;
        let is_of_use = run.journal.take().is_some_and(|journal| journal.has_session);
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
/// upload can start over.
struct LetGo(Option<Recorder>);

impl Drop for LetGo {
    fn drop(&mut self) {
        if let Some(recorder) = &self.0 {
            recorder.let_go();
        }
    }
}

/// What the upload begins with. Blocks on the source.
pub(crate) fn compare_and_decide(
    found: Found,
    source: &Opened,
    cancel: &tokio_util::sync::CancellationToken,
) -> Result<ResumeDecision> {
    let sameness = match &found {
        Found::State(state) => resume_decision::compare(source, state, cancel).map_err(|error| {
            let what = "the source cannot be read again to continue its upload";
            system::failed(ErrorKind::Source, what, "", error)
        })?,
        Found::Nothing | Found::Damaged { .. } => Sameness::Same,
    };
    Ok(resume_decision::decide(found, &sameness))
}
