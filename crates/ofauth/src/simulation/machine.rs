//! What outlives a process but the file, and what a process is made of: the engine as the library puts it together, over
//! the simulated wire and disk.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use tokio::time::Instant;

use super::disk::Disk;
use super::file::FileState;
use super::schedule::{Rates, Schedule};
use super::service::Service;
use super::wire::SimulatedWire;
use super::world::{Process, World};
use crate::error::Result;
use crate::journal::{About, Journal};
use crate::origin::Origins;
use crate::rate_limiter::Budgets;
use crate::secret::ApiKey;
use crate::threads::Threads;
use crate::upload::cancel::Limits;
use crate::upload::engine;
use crate::upload::progress::eta::Meter;
use crate::upload::progress::report::{Callback, Phase, Progress, Reporter};
use crate::upload::result::uploaded::Uploaded;
use crate::upload::resume::driver::{self, Journaling};
use crate::upload::run::Run;
use crate::upload::source::opened::Opened;
use crate::upload::transfer::body::Buffers;

/// The base URL of the simulated service.
const BASE_URL: &str = "https://api.simulated.test";

/// Everything that outlives a process but the file.
pub(crate) struct Machine {
    pub(crate) world: Arc<World>,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) service: Arc<Service>,
    pub(crate) disk: Disk,
    origins: Origins,
}

impl Machine {
    pub(crate) fn new(world: &Arc<World>, schedule: &Arc<Schedule>) -> Self {
        Self {
            world: Arc::clone(world),
            schedule: Arc::clone(schedule),
            service: Arc::new(Service::new(Arc::clone(world), Arc::clone(schedule))),
            disk: Disk::new(Arc::clone(world), schedule.disk),
            origins: Origins::new(BASE_URL, &[], false).unwrap(),
        }
    }

    /// Carries the upload out, as one process does.
    #[expect(clippy::too_many_arguments, reason = "everything that is new in each process")]
    pub(crate) async fn upload(
        &self,
        process: Process,
        lineage: u32,
        rates: Rates,
        rng: fastrand::Rng,
        limits: Limits,
        source: Opened,
        state: Arc<FileState>,
    ) -> Result<Uploaded> {
        let connection = HeaderValue::from_static("conn_1");
        let budgets = Budgets::new(None, None, BASE_URL, Threads::default());
        let wire = SimulatedWire {
            world: Arc::clone(&self.world),
            service: Arc::clone(&self.service),
            rates,
            process,
            lineage,
            source: source.clone(),
            state,
            origins: self.origins.clone(),
            key: ApiKey::new("sk_simulated".into())?,
            buffers: Buffers::default(),
            budget: budgets.of(&connection),
            concurrency: self.schedule.concurrency,
            putting: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        };
        let watch: Option<Callback> = self.schedule.watched.then(|| watch(&self.world, process));
        let mut run = Run {
            wire: Arc::new(wire),
            reporter: Reporter::new(watch, source.size),
            on_notice: None,
            meter: Meter::new(Instant::now(), 0),
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
            base_url: self.origins.base().to_string(),
            connection: "conn_1".into(),
            source: source.place.clone(),
            filename: "clip.mp4".into(),
            content_type: "video/mp4".into(),
            vault_upload: None,
        };
        let most = [6, 60][run.rng.usize(0..2)];
        let full_after = (run.rng.f64() < rates.disk_full).then(|| run.rng.u64(0..most));
        let open = self.disk.open(process, &about, full_after)?;
        let start = driver::start(open.found, &source, &limits.cancel)?;
        // The directory is never looked at: the journal is open.
        let journaling = Journaling {
            journal: Journal::new("simulated"),
            about,
            holds_result: self.schedule.holds_result,
            threads: Threads::default(),
        };
        let recorder = open.recorder.of_upload(Threads::default(), limits.cancel.clone());
        journaling.run_from(&mut run, recorder, start, &self.origins).await
    }
}

/// Looks at progress as a user does.
fn watch(world: &Arc<World>, process: Process) -> Callback {
    let world = Arc::clone(world);
    let last: Mutex<Option<Progress>> = Mutex::default();
    Box::new(move |now| {
        if !world.is_alive(process) {
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
            world.violate(format!("progress from {last:?} to {now:?}"));
        }
        *last = Some(*now);
    })
}
