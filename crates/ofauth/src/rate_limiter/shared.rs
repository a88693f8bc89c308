//! Where the bucket of a limiter is kept: in memory, and once a limit is known also in a file that the processes of a
//! machine share.
//!
//! Every grant and every answer is then one read and one write of a small file under its lock, tens of microseconds.
//! The file helps and never decides: one that is damaged, outdated or from the future counts as not there, and one that
//! cannot be read or written, or has another version of the format, is given up with a warning and left as it is. It holds numbers only, no id and no key.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::bucket::Bucket;
use super::clock::{Clock, Moment};
use super::limit::{Budget, RateLimit};
use super::observation::Observation;
use crate::private_fs::{self, OpenError};
use crate::state_format::{Beginning, MAGIC_LENGTH, REQUEST_BUDGET};

/// No file of ours is longer, in bytes.
const LONGEST_FILE: u64 = 256 * 1024;
/// A client without a limit looks so often whether another process knows one.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many failed tries to lock the file, and a grant is made without it.
const MOST_CONTENDED: u32 = 100;
/// Answers that wait for the file at most.
const MOST_UNTOLD: usize = 1024;

/// Why a request may not be sent now.
#[derive(Debug)]
pub(super) enum Denied {
    /// It is time to ask again after `wait`; `hold` of it is for a refusal.
    For { wait: Duration, hold: Duration },
    /// The service asked for a longer wait than anybody waits.
    Closed,
    /// The file is locked by another process at this moment.
    Contended,
}

/// The file for a connection of a server. Its name is a hash, so it gives no id away.
pub(super) fn path(directory: &Path, base_url: &str, connection: &[u8]) -> PathBuf {
    let mut key = base_url.as_bytes().to_vec();
    key.push(0);
    key.extend(connection);
    directory.join(format!("{:032x}.rate", xxh3_128(&key)))
}

#[derive(Serialize, Deserialize)]
struct Stored<B> {
    /// The limit is only what a caller stated: it is nobody else's.
    #[serde(default)]
    stated: bool,
    bucket: B,
}

/// Keeps the bucket of a limiter. Whatever is done to the bucket has a moment that is read under its lock, so that the
/// moments come in order.
pub(super) struct SharedBucket {
    bucket: Bucket,
    clock: Clock,
    file: Option<PathBuf>,
    /// The bucket went into the file, or came out of it.
    joined: bool,
    /// Requests sent before that: the file knows nothing of them.
    alone: u32,
    looked: Option<Moment>,
    /// What happened while the file was locked, in order.
    untold: Vec<Observation>,
}

impl SharedBucket {
    pub(super) fn new(given: Option<RateLimit>, clock: Clock, file: Option<PathBuf>) -> Self {
        let bucket = Bucket::new(given, clock.now());
        Self { bucket, clock, file, joined: false, alone: 0, looked: None, untold: Vec::new() }
    }

    /// Spends a token if there is one, or if it must be `at_once`. Returns the moment of that, and whether the token was
    /// believed to be there.
    pub(super) fn grant(&mut self, at_once: bool, contended: u32) -> Result<(Moment, bool), Denied> {
        let grant = |bucket: &mut Bucket, now| match bucket.wait(now) {
            _ if bucket.is_closed() => Err(Denied::Closed),
            wait if wait.is_zero() || at_once => Ok((now, bucket.grant(now))),
            wait => Err(Denied::For { wait, hold: bucket.held(now) }),
        };
        let granted = match self.with_file(grant) {
            Some(granted) => granted,
            None if contended < MOST_CONTENDED => return Err(Denied::Contended),
            None => grant(&mut self.bucket, self.clock.now()),
        };
        if granted.is_ok() && !self.joined {
            self.alone = self.alone.saturating_add(1);
        }
        granted
    }

    /// Takes in how a request ended.
    pub(super) fn tell(&mut self, ended: Observation) {
        let told = self.with_file(|bucket, now| bucket.take_in(ended, now));
        // Too many only if another process holds the lock for ever.
        if told.is_none() && self.untold.len() < MOST_UNTOLD {
            self.untold.push(ended);
        }
    }

    /// How long nothing is sent after a refusal, and whether that is longer than anybody waits.
    pub(super) fn hold(&mut self) -> (Duration, bool) {
        let hold = self.bucket.held(self.clock.now());
        (hold, self.bucket.is_closed())
    }

    /// What is known, also by other processes.
    pub(super) fn budget(&mut self) -> Option<Budget> {
        let in_file = self.with_file(Bucket::budget);
        in_file.unwrap_or_else(|| self.bucket.budget(self.clock.now()))
    }

    pub(super) fn time_for(&mut self, requests: u64) -> Duration {
        self.bucket.time_for(requests, self.clock.now())
    }

    /// Does something to the bucket, in the file if there is one and a limit is known. `None`: another one has its lock.
    fn with_file<T>(&mut self, mut act: impl FnMut(&mut Bucket, Moment) -> T) -> Option<T> {
        let now = self.clock.now();
        let Some(path) = self.file.clone() else { return Some(act(&mut self.bucket, now)) };
        if !self.bucket.is_limited() && !self.another_knows(&path, now) {
            let done = act(&mut self.bucket, now);
            if self.bucket.is_limited() {
                // The first word of a limit, for the others to hear. If the file is locked, the next act says it.
                self.in_file(&path, |_, _| ()).map_or_else(|error| self.give_up(&path, &error), |_| ());
            }
            return Some(done);
        }
        self.in_file(&path, &mut act).unwrap_or_else(|error| {
            self.give_up(&path, &error);
            Some(act(&mut self.bucket, now))
        })
    }

    /// Whether the next act reads or writes the file.
    pub(super) fn needs_file(&self) -> bool {
        self.file.is_some() && (self.bucket.is_limited() || self.has_to_look(self.clock.now()))
    }

    /// Whether it is time to look what other processes know.
    fn has_to_look(&self, now: Moment) -> bool {
        !self.looked.is_some_and(|looked| now.since(looked) < LOOK_EVERY && now >= looked)
    }

    /// Whether another process may know a limit: one look at the file a second, until it does.
    fn another_knows(&mut self, path: &Path, now: Moment) -> bool {
        if !self.has_to_look(now) {
            return false;
        }
        let there = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        let knows = there
            && open(path).is_ok_and(|mut file| match file.try_lock_shared() {
                // Half of what is just being written would look like damage.
                Err(TryLockError::WouldBlock) => true,
                _ => matches!(read(&mut file, self.bucket.given, now), Ok(Some(_))),
            });
        self.looked = (!knows).then_some(now);
        knows
    }

    fn give_up(&mut self, path: &Path, error: &io::Error) {
        let file = path.display();
        tracing::warn!(%file, %error, "the request budget cannot be shared with other processes");
        self.file = None;
    }

    /// Reads the file, acts on the bucket in it and writes it, all under its lock. `None`: another one has the lock.
    fn in_file<T>(
        &mut self,
        path: &Path,
        mut act: impl FnMut(&mut Bucket, Moment) -> T,
    ) -> io::Result<Option<T>> {
        let mut file = open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let now = self.clock.now();
        if let Some(mut stored) = read(&mut file, self.bucket.given, now)? {
            if self.joined {
                stored.given = self.bucket.given;
            } else {
                stored.join(&self.bucket, self.alone, now);
            }
            self.bucket = stored;
        }
        self.joined = true;
        for ended in self.untold.drain(..) {
            self.bucket.take_in(ended, now);
        }
        let done = act(&mut self.bucket, now);
        if let Err(error) = write(&mut file, &self.bucket) {
            self.give_up(path, &error);
        }
        // Closing the file ends the lock.
        Ok(Some(done))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = private_fs::options();
    options.write(true).create(true).truncate(false);
    let opened = match private_fs::open(path, &options) {
        Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(directory) = path.parent() {
                private_fs::create_directory(directory)?;
            }
            private_fs::open(path, &options)
        }
        opened => opened,
    };
    opened.map_err(|error| match error {
        OpenError::Io(error) => error,
        OpenError::NotRegular | OpenError::Busy => {
            io::Error::other(format!("{} is not a regular file", path.display()))
        }
    })
}

/// What the file holds, if that can be believed and is of use to a process with that limit of its own.
fn read(file: &mut File, given: Option<RateLimit>, now: Moment) -> io::Result<Option<Bucket>> {
    let mut text = Vec::new();
    file.rewind()?;
    std::io::Read::by_ref(file).take(LONGEST_FILE).read_to_end(&mut text)?;
    match REQUEST_BUDGET.judge(&text) {
        Beginning::Known => {}
        Beginning::Other(version) => {
            return Err(io::Error::other(format!("{version}: remove the file to share the budget again")));
        }
        Beginning::Unfinished | Beginning::Foreign => return Ok(None),
    }
    let stored = serde_json::from_slice(text.get(MAGIC_LENGTH..).unwrap_or_default()).ok();
    let of_use = |stored: &Stored<Bucket>| given.is_some() || !stored.stated;
    let sound = stored.filter(|stored| of_use(stored) && stored.bucket.is_sound(now));
    Ok(sound.map(|stored| stored.bucket))
}

fn write(file: &mut File, bucket: &Bucket) -> io::Result<()> {
    let text = written(bucket)?;
    file.rewind()?;
    file.write_all(&text)?;
    file.set_len(text.len() as u64)
}

/// The content of the file.
fn written(bucket: &Bucket) -> io::Result<Vec<u8>> {
    let mut text = [&REQUEST_BUDGET.magic()[..], b"\n"].concat();
    serde_json::to_writer(&mut text, &Stored { stated: !bucket.is_learned(), bucket })?;
    Ok(text)
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
