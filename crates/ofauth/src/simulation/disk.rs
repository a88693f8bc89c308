//! The journal's file on the simulated machine: slow, full at times, and gone in part when the power fails.
//!
//! What becomes durable when is [`MemoryFile`]'s; here are the process that writes, which may be killed in any
//! operation, and the time that the device takes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::env::{Env, Process};
use crate::error::Result;
use crate::journal::log::Log;
use crate::journal::memory::{MemoryFile, MemoryLog};
use crate::journal::{About, OpenJournal};
use crate::threads::{Job, Refused, Threads, Workers};

/// The longest that reading a file takes, or looking at it.
const SLOWEST_LOOK: Duration = Duration::from_millis(40);

/// The disk on which the journal lies.
pub(crate) struct Disk {
    env: Arc<Env>,
    file: MemoryFile,
    /// The longest that a write takes; zero: nothing happens meanwhile.
    slowest: Duration,
}

impl Disk {
    pub(crate) fn new(env: Arc<Env>, slowest: Duration) -> Self {
        Self { env, file: MemoryFile::default(), slowest }
    }

    /// Opens the journal for a process. Its disk is full after so many operations, if that is given.
    pub(crate) fn open(
        &self,
        process: Process,
        about: &About,
        full_after: Option<u64>,
    ) -> Result<OpenJournal> {
        self.file.fail_after(full_after.unwrap_or(u64::MAX));
        let (env, slowest) = (Arc::clone(&self.env), self.slowest);
        self.file.open_over(about, ProcessLog { env, process, slowest, log: self.file.log() })
    }

    /// Threads that wait for the journal's disk.
    pub(crate) fn threads(&self) -> Threads {
        Threads::of(Waiting { env: Arc::clone(&self.env), slowest: self.slowest })
    }

    /// Threads that wait for the disk on which the file lies.
    pub(crate) fn threads_for_files(&self) -> Threads {
        Threads::of(Waiting { env: Arc::clone(&self.env), slowest: SLOWEST_LOOK })
    }

    /// The power fails: what was not made durable survives in part.
    pub(crate) fn power_cut(&self) {
        let rng = &mut self.env.draw(|rng| rng.fork());
        let fate = rng.u8(0..4);
        self.file.power_cut(|| match fate {
            0 => 0,
            1 => usize::MAX,
            _ => [0, rng.usize(1..200), usize::MAX][rng.usize(0..3)],
        });
    }

    /// Whether there is no journal.
    pub(crate) fn is_empty(&self) -> bool {
        self.file.bytes().is_empty()
    }

    /// The user removes the journal.
    pub(crate) fn forget(&self) {
        self.file.fail_after(u64::MAX);
        _ = self.file.log().remove();
    }
}

/// Does what may wait for a device after a while, and in the one thread that there is: a simulation has to do the same every
/// time.
struct Waiting {
    env: Arc<Env>,
    /// The longest that the device takes.
    slowest: Duration,
}

impl Workers for Waiting {
    fn submit(&self, job: Job) -> Result<(), Refused> {
        let wait = self.env.time(self.slowest);
        drop(tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            job();
        }));
        Ok(())
    }
}

/// The journal as one process writes it.
struct ProcessLog {
    env: Arc<Env>,
    process: Process,
    slowest: Duration,
    log: MemoryLog,
}

impl ProcessLog {
    /// Whether the process still gets to do this. `Err(true)`: it is killed in the middle of it.
    fn begins(&self, what: &str) -> Result<(), bool> {
        if !self.env.is_alive(self.process) {
            return Err(false);
        }
        if self.env.event(self.process, || format!("journal: {what}")) { Ok(()) } else { Err(true) }
    }
}

fn killed() -> io::Error {
    io::Error::other("the process was killed")
}

impl Log for ProcessLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.begins(&format!("append {}", bytes.len())) {
            Ok(()) => self.log.append(bytes),
            Err(midway) => {
                if midway {
                    let torn = self.env.draw(|rng| rng.usize(0..=bytes.len()));
                    _ = self.log.append(&bytes[..torn]);
                }
                Err(killed())
            }
        }
    }

    fn set_finishing(&mut self, on: bool) -> io::Result<()> {
        match self.begins(&format!("finishing = {on}")) {
            Err(midway) => {
                if midway && self.env.draw(|rng| rng.bool()) {
                    _ = self.log.set_finishing(on);
                }
                Err(killed())
            }
            Ok(()) => self.log.set_finishing(on),
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        match self.begins(&format!("truncate {length}")) {
            Err(midway) => {
                if midway && self.env.draw(|rng| rng.bool()) {
                    _ = self.log.truncate(length);
                }
                Err(killed())
            }
            Ok(()) => self.log.truncate(length),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.begins("sync").map_err(|_| killed())?;
        self.log.sync()
    }

    fn remove(&mut self) -> io::Result<()> {
        match self.begins("remove") {
            Err(midway) => {
                if midway && self.env.draw(|rng| rng.bool()) {
                    _ = self.log.remove();
                }
                Err(killed())
            }
            Ok(()) => self.log.remove(),
        }
    }

    fn blocks(&self) -> bool {
        !self.slowest.is_zero()
    }
}
