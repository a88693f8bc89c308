//! What outlives a process but the file, and what a process is made of: the engine as the library puts it together, over
//! the simulated wire and disk.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::disk::Disk;
use super::env::{Env, Process};
use super::file::FileState;
use super::network::{Network, Wires};
use super::schedule::{Rates, Schedule};
use super::service::Service;
use crate::call::transport::Transport;
use crate::cancel::Limits;
use crate::error::Result;
use crate::journal::{About, Journal};
use crate::origin::Origins;
use crate::rate_limiter::RateLimiters;
use crate::secret::ApiKey;
use crate::settings::Settings;
use crate::threads::Threads;
use crate::tls::Tls;
use crate::upload::active_upload::ActiveUpload;
use crate::upload::backend::Backend;
use crate::upload::engine;
use crate::upload::journal_lifecycle::{self, ResumableUpload};
use crate::upload::progress::eta::RateEstimator;
use crate::upload::progress::report::{Callback, Phase, Progress, Reporter};
use crate::upload::result::uploaded::Uploaded;
use crate::upload::source::opened::Opened;
use crate::upload::transfer::body::Buffers;

/// The base URL of the simulated service.
const BASE_URL: &str = "https://api.simulated.test";

/// Everything that outlives a process but the file.
pub(crate) struct Machine {
    pub(crate) env: Arc<Env>,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) service: Arc<Service>,
    pub(crate) disk: Disk,
    settings: Arc<Settings>,
}

impl Machine {
    pub(crate) fn new(env: &Arc<Env>, schedule: &Arc<Schedule>) -> Self {
        Self {
            env: Arc::clone(env),
            schedule: Arc::clone(schedule),
            service: Arc::new(Service::new(Arc::clone(env), Arc::clone(schedule))),
            disk: Disk::new(Arc::clone(env), schedule.disk),
            settings: Arc::new(settings()),
        }
    }

    /// Carries the upload out, as one process does.
    #[expect(clippy::too_many_arguments, reason = "everything that is new in each process")]
    pub(crate) async fn upload(
        &self,
        process: Process,
        generation: u32,
        rates: Rates,
        rng: fastrand::Rng,
        limits: Limits,
        source: Opened,
        state: Arc<FileState>,
    ) -> Result<Uploaded> {
        let connection = HeaderValue::from_static("conn_1");
        let settings = Arc::clone(&self.settings);
        let limiters = Arc::new(RateLimiters::new(None, None, BASE_URL, Threads::default()));
        let network = Network(Arc::new(Wires {
            env: Arc::clone(&self.env),
            service: Arc::clone(&self.service),
            rates,
            process,
            generation,
            state,
            key: settings.key.clone(),
            concurrency: self.schedule.concurrency,
            putting: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            denied: AtomicBool::new(false),
        }));
        let backend = Backend {
            limiter: limiters.of(&connection),
            transport: Arc::new(Transport::new(settings, network.clone(), limiters, Arc::default())),
            transfer: Arc::new(network),
            connection,
            source: source.clone(),
            filename: "clip.mp4".into(),
            content_type: "video/mp4".into(),
            content_type_header: HeaderValue::from_static("video/mp4"),
            vault_upload: None,
            // What a read does not have at hand is fetched, in simulated time.
            buffers: Buffers::filled_by(self.disk.threads_for_files()),
            throttle: None,
        };
        let watch: Option<Callback> = self.schedule.watched.then(|| watch(&self.env, process));
        let mut run = ActiveUpload {
            backend: Arc::new(backend),
            reporter: Reporter::new(watch, source.size),
            on_notice: None,
            rate_estimator: RateEstimator::new(Instant::now(), 0),
            source: source.clone(),
            concurrency: self.schedule.concurrency,
            limits: limits.clone(),
            rng,
            one_at_a_time: false,
            journal: None,
        };
        if !self.schedule.journaled {
            return engine::carry_out(&mut run, None).await;
        }
        let about = About {
            base_url: self.settings.origins.base().to_string(),
            connection: "conn_1".into(),
            source: source.place.clone(),
            filename: "clip.mp4".into(),
            content_type: "video/mp4".into(),
            vault_upload: None,
        };
        let most = [6, 60][run.rng.usize(0..2)];
        let full_after = (run.rng.f64() < rates.disk_full).then(|| run.rng.u64(0..most));
        let open = self.disk.open(process, &about, full_after)?;
        let decision = journal_lifecycle::compare_and_decide(open.found, &source, &limits.cancel)?;
        // The directory is never looked at: the journal is open.
        let journaling = ResumableUpload {
            journal: Journal::new("simulated"),
            about,
            holds_result: self.schedule.holds_result,
            threads: Threads::default(),
        };
        let recorder = open.recorder.of_upload(self.disk.threads(), limits.cancel.clone());
        journaling.run_from(&mut run, recorder, decision, &self.settings.origins).await
    }
}

/// What a client has that talks to the simulated service.
fn settings() -> Settings {
    Settings {
        key: ApiKey::new("sk_simulated".into()).unwrap(),
        connection_id: None,
        origins: Origins::new(BASE_URL, &[], false).unwrap(),
        user_agent: HeaderValue::from_static("simulation"),
        concurrency: 1,
        connect_timeout: Duration::from_secs(10),
        stall_timeout: Duration::from_secs(60),
        answer_timeout: Duration::from_secs(120),
        proxy: None,
        tls: Arc::new(Tls::default()),
        threads: Threads::default(),
        answered: Arc::new(AtomicBool::new(true)),
    }
}

/// Looks at progress as a user does.
fn watch(env: &Arc<Env>, process: Process) -> Callback {
    let env = Arc::clone(env);
    let last: Mutex<Option<Progress>> = Mutex::default();
    Box::new(move |now| {
        if !env.is_alive(process) {
            return;
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let went_back = last.is_some_and(|last| {
            last.acknowledged > now.acknowledged
                || last.handed_over > now.handed_over
                || last.parts_done > now.parts_done
        });
        let early = now.acknowledged == now.total && now.phase != Phase::Done;
        if went_back || early || now.acknowledged > now.handed_over || now.handed_over > now.total {
            env.violate(format!("progress from {last:?} to {now:?}"));
        }
        *last = Some(*now);
    })
}
