//! What must hold in every seed, whatever happened in it.
//!
//! Some of it is looked at in the moment (no session is opened in doubt, no part is sent again for nothing), the rest
//! when a run has ended or everything is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::env::{End, Env, Process};
use super::file::FileState;
use super::plan;
use super::schedule::Schedule;
use super::service::{Service, Session};
use crate::error::{Error, ErrorKind};
use crate::limits::LONGEST_WAIT;

/// What became of a run.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It did not come to its end.
    Ended(End),
    /// It gave this reference.
    Uploaded(String),
    Failed(Error),
}

/// A run of the upload, looked back at.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) process: Process,
    pub(crate) generation: u32,
    /// The file when it was opened.
    pub(crate) file: Arc<FileState>,
    /// What the file that was opened held then and after each change.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Whether the file changed while it ran, in more than its metadata.
    pub(crate) altered: bool,
    /// Whether the machine stood still, which costs nothing but parts under way.
    pub(crate) stood_still: bool,
    pub(crate) silence: Duration,
    pub(crate) took: Duration,
    pub(crate) outcome: Outcome,
}

impl Run {
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(error) if error.kind() == ErrorKind::OutcomeUnknown)
    }

    /// Whether it told that the service finished an upload that is not to be used.
    pub(crate) fn told_of_a_mix(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(error)
            if error.kind() == ErrorKind::SourceChanged && error.message().contains("mix of old and new"))
    }
}

/// A session is about to be opened for a file.
pub(crate) fn opens(env: &Env, generation: u32, file: &FileState, sessions: &[Session]) {
    for (index, of) in sessions.iter().enumerate().filter(|(_, of)| of.generation == generation) {
        let finished = of.completed.as_ref();
        if *of.file == *file && finished.is_some_and(|finished| finished.content == file.bytes) {
            env.violate(format!("a session is opened although session {index} was finished with this file"));
        }
        if of.doubts > 0 && !of.known_done {
            env.violate(format!("a session is opened while the outcome of session {index} is unknown"));
        }
    }
}

/// A PUT of a part begins.
pub(crate) fn part_begins(env: &Env, process: Process, session: usize, part: usize, of: &mut Session) {
    if let Some(told) = of.told[part].take() {
        env.note(format!("part {session}/{part} is sent again, which process {told} knew to be there"));
        if told == process {
            of.again_in_one_run += 1;
        } else {
            *of.again.entry(told).or_insert(0) += 1;
        }
    }
}

/// The last byte of a request that finishes the session leaves.
pub(crate) fn finish_leaves(env: &Env, process: Process, session: usize, of: &mut Session) {
    of.doubts += 1;
    if of.denied == Some(process) {
        env.violate(format!("session {session} is finished again although the service had said no"));
    }
}

/// Whatever a run ended with.
pub(crate) fn run_ended(env: &Env, schedule: &Schedule, service: &Service, run: &Run, earlier: &[Run]) {
    let sessions = &service.lock().sessions;
    if let Outcome::Uploaded(reference) = &run.outcome {
        let session = plan::session(reference);
        match &sessions[session].completed {
            None => env.violate(format!("{reference} is called a success and is none")),
            Some(completed) if !run.contents.contains(&completed.content) => {
                env.violate(format!("{reference} is called a success and has other content than the file"));
            }
            Some(_) => {}
        }
        if sessions[session].generation != run.generation {
            env.violate(format!("{reference} is another upload's"));
        }
    }
    stays_unknown(env, sessions, run, earlier);
    // What an earlier run sent of a single file and got no answer to left no hash: then the file must not be touched.
    let may_be_touched =
        !schedule.single || earlier.iter().all(|earlier| earlier.generation != run.generation);
    if let Outcome::Failed(error) = &run.outcome
        && error.kind() == ErrorKind::SourceChanged
        && !run.altered
        && may_be_touched
    {
        env.violate(format!("the file did not change, and the upload ended with {error:?}"));
    }
    // The service's longest silence of a request, and a wait that it asked for.
    if run.silence > LONGEST_WAIT + Duration::from_secs(600) {
        env.violate(format!("nothing happened for {:?}", run.silence));
    }
    for (index, of) in sessions.iter().enumerate() {
        if of.again_in_one_run > 0 && !run.stood_still && earlier.iter().all(|run| !run.stood_still) {
            env.violate(format!("parts of session {index} were sent again although they were acknowledged"));
        }
        // What was being written down when the machine stood still is started over, beside what is under way later.
        let stood_still = run.stood_still || earlier.iter().any(|run| run.stood_still);
        let most = schedule.concurrency * if stood_still { 2 } else { 1 };
        for (process, again) in &of.again {
            if *again > most {
                env.violate(format!(
                    "process {process} left {again} parts of session {index} to be sent again"
                ));
            }
        }
    }
}

/// Once nobody knows, nobody comes to know otherwise than by success, be it one that is not to be used.
fn stays_unknown(env: &Env, sessions: &[Session], run: &Run, earlier: &[Run]) {
    let told = earlier.iter().rfind(|run| run.is_unknown() || matches!(run.outcome, Outcome::Uploaded(_)));
    let unknown = told.filter(|then| then.is_unknown() && then.generation == run.generation);
    let Some(Outcome::Failed(then)) = unknown.map(|run| &run.outcome) else { return };
    // Of a damaged journal not even the reference may be left.
    let Some(id) = then.upload_id() else {
        if matches!(run.outcome, Outcome::Uploaded(_) | Outcome::Failed(_)) && !run.is_unknown() {
            env.violate(format!("after an unknown outcome came: {:?}", run.outcome));
        }
        return;
    };
    let of = &sessions[plan::session(id)];
    // A run that was killed had learned that it is finished, and written that down; then the file changed.
    let is_another = of.known_done && *of.file != *run.file;
    // Nothing left, and the disk was full or the power failed when that was about to be written down: an announcement may be
    // lost again.
    let loses = |run: &Run| match &run.outcome {
        Outcome::Failed(error) => error.kind() == ErrorKind::Journal,
        Outcome::Ended(end) => *end == End::PowerCut,
        Outcome::Uploaded(_) => false,
    };
    let never_left = of.doubts == 0 && earlier.iter().any(loses);
    let stays = match &run.outcome {
        Outcome::Ended(_) => true,
        Outcome::Uploaded(reference) => reference == id,
        Outcome::Failed(now) => now.upload_id() == Some(id) && (run.is_unknown() || run.told_of_a_mix()),
    };
    if !stays && !is_another && !never_left {
        env.violate(format!("after an unknown outcome of {id} came: {:?}", run.outcome));
    }
}

/// When everything is over and nothing is on its way any more.
pub(crate) fn over(env: &Env, schedule: &Schedule, service: &Service, runs: &[Run]) {
    let inner = service.lock();
    let by_process: BTreeMap<Process, &Run> = runs.iter().map(|run| (run.process, run)).collect();
    for (index, of) in inner.sessions.iter().enumerate() {
        let Some(completed) = &of.completed else { continue };
        let by = by_process[&completed.by];
        let is_mixed = !by.contents.contains(&completed.content);
        if is_mixed && !(of.division.single && by.altered) {
            env.violate(format!("the content of session {index} is no state of the file"));
        }
        for run in runs.iter().filter(|run| run.generation == of.generation && run.process >= completed.by) {
            let Outcome::Failed(error) = &run.outcome else { continue };
            // Another content was finished before, and known to be: this error is about a new one.
            let is_another = of.known_done && of.file != run.file && run.process > completed.by;
            if !run.is_unknown() && !run.told_of_a_mix() && !is_another {
                env.violate(format!(
                    "session {index} was finished and process {} says: {error:?}",
                    run.process
                ));
            }
        }
    }
    let mut finished: BTreeMap<(u32, &FileState), u32> = BTreeMap::new();
    for of in &inner.sessions {
        if of.completed.is_some() {
            *finished.entry((of.generation, &of.file)).or_insert(0) += 1;
        }
    }
    if finished.values().any(|count| *count > 1) {
        env.violate("the same file was finished twice".into());
    }
    if schedule.benign {
        let counts = inner.counts;
        let parts = inner.sessions[0].division.parts.len() as u64;
        let completes = u64::from(!inner.sessions[0].division.single);
        if (counts.inits, counts.puts, counts.completes) != (1, parts, completes) {
            env.violate(format!("nothing went wrong, and {parts} parts took {counts:?}"));
        }
        if !matches!(runs[0].outcome, Outcome::Uploaded(_)) {
            env.violate(format!("nothing went wrong, and the upload ended with {:?}", runs[0].outcome));
        }
    }
}
