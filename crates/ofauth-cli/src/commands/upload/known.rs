//! What earlier runs uploaded: `--skip-existing` asks the service about it, and every upload is added to it.
//!
//! A lookup needs the file as it was then and an etag that the service still knows. What cannot be written down costs
//! a later run an upload and this one nothing, so it is a remark and no failure.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use ofauth::ErrorKind;
use serde_json::Value;

use super::delivered::Finished;
use super::job::Job;
use crate::failure::{Failure, Result};
use crate::remembered::{Identity, Known, Remembered};

/// The uploads of earlier runs, and of this one.
pub(super) struct Memory {
    /// Nothing without a state directory.
    remembered: Option<Arc<Remembered>>,
    /// What was there when the command began, if it is to be skipped.
    known: Option<Known>,
    told: OnceLock<()>,
}

/// A file that the vault has.
pub(super) struct Existing {
    pub(super) etag: String,
    pub(super) media: Option<Value>,
}

impl Memory {
    /// Opens what is remembered of the command's server and connection.
    pub(super) async fn open(job: &Job<'_>) -> Result<Self> {
        let nothing = Self { remembered: None, known: None, told: OnceLock::new() };
        let (session, skip) = (job.session, job.args.skip_existing);
        let Some(state) = &session.state else {
            if skip {
                job.app.out.say("ofauth: --skip-existing skips nothing: there is no state directory");
            }
            return Ok(nothing);
        };
        let directory = state.uploaded();
        let (base_url, connection) =
            (session.base_url.clone(), session.connection.clone().unwrap_or_default());
        let opened = blocking({
            let directory = directory.clone();
            move || {
                let remembered = Remembered::open(&directory, &base_url, &connection)?;
                let known = if skip { Some(remembered.known()?) } else { None };
                Ok((remembered, known))
            }
        });
        match opened.await? {
            Ok((remembered, known)) => Ok(Self { remembered: Some(Arc::new(remembered)), known, ..nothing }),
            Err(error) if skip => {
                let what = format!("{} cannot be read", directory.display());
                Err(Failure::io(ErrorKind::Config, what, &error)
                    .with_hint("give --state-dir, or not --skip-existing"))
            }
            Err(error) => {
                nothing.cannot(job, &error);
                Ok(nothing)
            }
        }
    }

    /// The present state of a file, as it is remembered.
    pub(super) async fn identify(&self, path: PathBuf) -> Option<Identity> {
        blocking(move || Identity::of(&path)).await.ok().flatten()
    }

    /// Whether an earlier run uploaded this file and the vault still has it.
    ///
    /// Which etag the service wants for a file of several parts is not documented, so the first is asked for, then the
    /// last. A refusal means that the service cannot find it.
    pub(super) async fn existing(&self, job: &Job<'_>, file: &Identity) -> Result<Option<Existing>> {
        let Some(etags) = self.known.as_ref().and_then(|known| known.etags(file)) else { return Ok(None) };
        for etag in etags {
            match job.app.interrupt.or_stop(job.session.client.check(&etag, file.size)).await {
                Ok(check) if check.exists => return Ok(Some(Existing { etag, media: check.media })),
                Ok(_) => {}
                Err(failure) if failure.kind() == ErrorKind::Rejected => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// Remembers an upload of the file as it was before.
    pub(super) async fn add(&self, job: &Job<'_>, file: Identity, upload: &Finished) {
        let Some(remembered) = self.remembered.clone() else { return };
        let etags = upload.etags.clone();
        let added = blocking(move || remembered.add(file, etags.iter().map(Option::as_deref)));
        if let Ok(Err(error)) = added.await {
            self.cannot(job, &error);
        }
    }

    /// Says once that uploads are not remembered.
    fn cannot(&self, job: &Job<'_>, error: &std::io::Error) {
        if self.told.set(()).is_ok() {
            job.app.out.note(&format!("ofauth: uploads are not remembered for --skip-existing: {error}"));
        }
    }
}

/// Runs something that waits for a disk on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::new(ErrorKind::Internal, error.to_string()))
}
