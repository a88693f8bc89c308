//! The user of the simulation: runs the upload, sees it die, changes the file, runs it again.
//!
//! Each run is a process of its own, with an engine, a request budget and a chance of its own. Only the service, the
//! file and the journal's disk outlive it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::check::{self, Outcome, Run};
use super::env::{Act, End, Env, Process};
use super::file::{Change, FileSystem};
use super::machine::Machine;
use super::schedule::{self, Acts, Rates, Schedule};
use crate::cancel::Limits;
use crate::error::{ErrorKind, Result};
use crate::upload::result::uploaded::Uploaded;

/// No run may take longer.
const LONGEST_RUN: Duration = Duration::from_secs(3 * 24 * 3600);
/// Longer than the journal's disk takes for a write.
const DISK_AT_REST: Duration = Duration::from_secs(30);

/// Everything that outlives a process.
pub(crate) struct User {
    machine: Machine,
    files: FileSystem,
    runs: Vec<Run>,
    /// Counts the uploads that the user means: after a success, or once the journal was forgotten, the same file is
    /// another upload.
    generation: u32,
}

impl User {
    pub(crate) fn new(env: &Arc<Env>, schedule: &Arc<Schedule>) -> Self {
        let size = schedule.size();
        let bytes = env.draw(|rng| (0..size).map(|_| rng.u8(..)).collect());
        Self {
            machine: Machine::new(env, schedule),
            files: FileSystem::new(bytes, schedule.piece, schedule.is_remote),
            runs: Vec::new(),
            generation: 0,
        }
    }

    /// Uploads until there is nothing more to be done, and looks at what came of it.
    pub(crate) async fn live(&mut self) {
        let schedule = Arc::clone(&self.machine.schedule);
        let mut is_over = false;
        for _ in 0..schedule.runs {
            is_over = self.run(schedule.rates, schedule.acts).await;
            if is_over || self.is_broken() {
                break;
            }
            self.pass_time().await;
        }
        // In fair weather every upload comes to its end: one try may find that the old session is over.
        self.machine.service.rest().await;
        self.machine.service.become_fair();
        for _ in 0..3 {
            if is_over || self.is_broken() || self.runs.last().is_some_and(Run::is_unknown) {
                break;
            }
            is_over = self.run(Rates::default(), Acts::default()).await;
        }
        self.machine.service.rest().await;
        if !is_over && !self.is_broken() && !self.runs.last().is_some_and(Run::is_unknown) {
            self.machine.env.violate("the upload does not come to an end in fair weather either".into());
        }
        check::over(&self.machine.env, &schedule, &self.machine.service, &self.runs);
    }

    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Whether a client was told that its upload is finished.
    pub(crate) fn was_told_of_the_end(&self) -> bool {
        self.machine.service.lock().sessions.iter().any(|of| of.known_done)
    }

    /// How many requests the service's limit refused.
    pub(crate) fn refused_by_limit(&self) -> u64 {
        self.machine.service.lock().counts.refused_by_limit
    }

    fn is_broken(&self) -> bool {
        !self.machine.env.violations().is_empty()
    }

    /// Between two runs.
    async fn pass_time(&mut self) {
        let rng = &mut self.machine.env.draw(|rng| rng.fork());
        let changes = rng.f64() < self.machine.schedule.acts.change_between;
        if changes || self.runs.last().is_some_and(|run| run.altered) {
            // What a dead process sent and what a later one sends of another file is not mixed up on the way.
            self.machine.service.rest().await;
        }
        if changes {
            let change = schedule::change(rng);
            self.machine.env.note(format!("the file: {change:?}"));
            self.files.change(change, rng);
        }
        let longest = [0, 5, 600, 100_000][rng.usize(0..4)];
        sleep(Duration::from_secs(longest).mul_f64(rng.f64())).await;
        let forgets = self.runs.last().is_some_and(Run::is_unknown) && rng.u8(0..4) == 0;
        if forgets {
            self.machine.service.rest().await;
            self.machine.env.note("the user forgets the journal");
            self.machine.disk.forget();
        }
        let is_new =
            forgets || !self.machine.schedule.journaled || self.runs.last().is_some_and(Run::told_of_a_mix);
        self.generation += u32::from(is_new);
    }

    /// Runs the upload once. Returns whether the user has what they wanted.
    async fn run(&mut self, rates: Rates, acts: Acts) -> bool {
        let process = Process::try_from(self.runs.len()).unwrap() + 1;
        let rng = &mut self.machine.env.draw(|rng| rng.fork());
        let (source, state) = self.files.open(self.machine.disk.threads_for_files());
        let state = Arc::new(state);
        self.machine.env.note(format!("process {process} begins, {} bytes", state.bytes.len()));
        self.machine
            .env
            .begin(process, Schedule { acts, ..Schedule::clone(&self.machine.schedule) }.acts(rng));
        let limits = Limits {
            cancel: CancellationToken::new(),
            deadline: (rng.f64() < acts.deadline)
                .then(|| Instant::now() + Duration::from_secs_f64(10_f64.powf(rng.f64() * 4.0))),
            once: false,
        };
        let mut run = Run {
            process,
            generation: self.generation,
            file: Arc::clone(&state),
            contents: vec![state.bytes.clone()],
            altered: false,
            stood_still: false,
            silence: Duration::ZERO,
            took: Duration::ZERO,
            outcome: Outcome::Ended(End::Killed),
        };
        let began = Instant::now();
        let mut replaced = false;
        let ended = {
            let upload = self.machine.upload(
                process,
                self.generation,
                rates,
                rng.fork(),
                limits.clone(),
                source,
                state,
            );
            let mut upload = Box::pin(upload);
            loop {
                tokio::select! {
                    biased;
                    act = self.machine.env.next_act() => match act {
                        Act::End(end) => break Err(end),
                        Act::Cancel => limits.cancel.cancel(),
                        Act::Change(change) => {
                            run.altered |= change != Change::Touch;
                            self.files.change(change, rng);
                            replaced |= matches!(change, Change::Replace { .. } | Change::Copy);
                            if !replaced {
                                run.contents.push(self.files.open(self.machine.disk.threads_for_files()).1.bytes);
                            }
                        }
                        Act::Standstill(time) => {
                            run.stood_still = true;
                            tokio::time::advance(time).await;
                            self.machine.env.forgive_silence();
                        }
                    },
                    result = &mut upload => break Ok(result),
                    () = sleep_until(began + LONGEST_RUN) => {
                        self.machine.env.violate("a run does not end: three days".into());
                        break Err(End::Killed);
                    }
                }
            }
        };
        // What is killed in its last moment does not get to tell anybody.
        let ended =
            ended.and_then(
                |result| if self.machine.env.is_alive(process) { Ok(result) } else { Err(End::Killed) },
            );
        run.took = began.elapsed();
        run.silence = self.machine.env.longest_silence();
        let is_over = match ended {
            Ok(result) => self.take(result, &mut run, acts.unsettled, rng).await,
            Err(end) => {
                self.machine.env.note(format!("process {process}: {end:?}"));
                run.outcome = Outcome::Ended(end);
                false
            }
        };
        match run.outcome {
            Outcome::Ended(End::Killed) => self.machine.env.end(),
            Outcome::Ended(End::PowerCut) => {
                self.machine.env.end();
                self.machine.disk.power_cut();
            }
            Outcome::Ended(End::Dropped) | Outcome::Uploaded(_) | Outcome::Failed(_) => {
                sleep(DISK_AT_REST).await;
                self.machine.env.end();
            }
        }
        // Its tasks are gone once each had its turn.
        tokio::task::yield_now().await;
        // A result that is not held goes with the process that had it.
        let is_lost = !self.machine.schedule.holds_result
            && self.machine.disk.is_empty()
            && self
                .machine
                .service
                .lock()
                .sessions
                .iter()
                .any(|of| of.generation == run.generation && of.known_done);
        self.generation += u32::from(matches!(run.outcome, Outcome::Ended(_)) && is_lost);
        check::run_ended(&self.machine.env, &self.machine.schedule, &self.machine.service, &run, &self.runs);
        self.runs.push(run);
        is_over
    }

    /// Takes the result of a run in. Returns whether the upload is done.
    async fn take(
        &self,
        result: Result<Uploaded>,
        run: &mut Run,
        unsettled: f64,
        rng: &mut fastrand::Rng,
    ) -> bool {
        let uploaded = match result {
            Ok(uploaded) => uploaded,
            Err(error) => {
                self.machine.env.note(format!("process {} fails: {error:?}", run.process));
                if error.kind() == ErrorKind::Internal {
                    self.machine.env.violate(format!("a defect: {error:?}"));
                }
                run.outcome = Outcome::Failed(error);
                return false;
            }
        };
        self.machine.env.note(format!("process {} succeeds: {uploaded:?}", run.process));
        let sum: u64 = uploaded.parts().iter().map(|part| part.length).sum();
        if uploaded.bytes() != sum || sum != run.file.bytes.len() as u64 {
            self.machine.env.violate(format!("the parts of the result have {sum} bytes"));
        }
        run.outcome = Outcome::Uploaded(uploaded.media_upload_id().to_owned());
        let is_held = self.machine.schedule.journaled && self.machine.schedule.holds_result;
        if is_held && rng.f64() < unsettled {
            self.machine.env.note("and dies before the result is where it belongs");
            drop(uploaded);
            return false;
        }
        _ = uploaded.settle().await;
        true
    }
}
