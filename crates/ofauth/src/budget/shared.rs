//! Where the bucket of a budget is kept: in memory, and once a limit is known also in a file that the processes of a
//! machine share.
//!
//! Every grant and every answer is then one read and one write of a small file under its lock, tens of microseconds.
//! The file helps and never decides: one that cannot be read, is damaged, outdated or from the future counts as not
//! there, and one that cannot be written is given up with a warning. It holds numbers only, no id and no key.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::Event;
use super::bucket::Bucket;
use super::clock::Moment;
use super::limit::RateLimit;

/// The format of the file.
const VERSION: u32 = 1;
/// No file of ours is longer, in bytes.
const LONGEST_FILE: u64 = 256 * 1024;
/// A client without a limit looks so often whether another process knows one.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many failed tries to lock the file, and a grant is made without it.
const MOST_CONTENDED: u32 = 100;
/// Answers that wait for the file at most.
const MOST_UNTOLD: usize = 1024;

/// The file is locked by another process at this moment.
#[derive(Debug)]
pub(super) struct Contended;

/// Why a request may not be sent now.
#[derive(Debug)]
pub(super) enum Denied {
    /// It is time to ask again after so long.
    For(Duration),
    /// The service asked for a longer wait than anybody waits.
    Closed,
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
    version: u32,
    bucket: B,
}

/// Keeps the bucket of a budget.
pub(super) struct Keeper {
    bucket: Bucket,
    given: Option<RateLimit>,
    file: Option<PathBuf>,
    /// The bucket went into the file, or came out of it.
    joined: bool,
    looked: Option<Moment>,
    /// What happened while the file was locked, in order.
    untold: Vec<Event>,
}

impl Keeper {
    pub(super) fn new(bucket: Bucket, given: Option<RateLimit>, file: Option<PathBuf>) -> Self {
        Self { bucket, given, file, joined: false, looked: None, untold: Vec::new() }
    }

    /// Spends a token if there is one, or if it must be `at_once`. Returns whether it was believed to be there.
    pub(super) fn grant(
        &mut self,
        now: Moment,
        at_once: bool,
        contended: u32,
    ) -> Result<Result<bool, Denied>, Contended> {
        let grant = |bucket: &mut Bucket| match bucket.wait(now) {
            _ if bucket.is_closed() => Err(Denied::Closed),
            wait if wait.is_zero() || at_once => Ok(bucket.grant(now)),
            wait => Err(Denied::For(wait)),
        };
        match self.with_file(now, grant) {
            Err(Contended) if contended < MOST_CONTENDED => Err(Contended),
            Err(Contended) => Ok(grant(&mut self.bucket)),
            Ok(granted) => Ok(granted),
        }
    }

    /// Takes in how a request ended.
    pub(super) fn tell(&mut self, event: Event, now: Moment) {
        if self.with_file(now, |bucket| event.apply(bucket, now)).is_err() {
            // Too many only if another process holds the lock for ever.
            if self.untold.len() < MOST_UNTOLD {
                self.untold.push(event);
            }
        }
    }

    pub(super) fn time_for(&mut self, requests: u64, now: Moment) -> Duration {
        self.bucket.time_for(requests, now)
    }

    /// Does something to the bucket, in the file if there is one and a limit is known.
    fn with_file<T>(&mut self, now: Moment, mut act: impl FnMut(&mut Bucket) -> T) -> Result<T, Contended> {
        let Some(path) = self.file.clone() else { return Ok(act(&mut self.bucket)) };
        if !self.bucket.is_limited() && !self.another_knows(&path, now) {
            let done = act(&mut self.bucket);
            if self.bucket.is_limited() {
                // The first word of a limit, for the others to hear. If the file is locked, the next act says it.
                self.in_file(&path, now, |_| ()).map_or_else(|error| self.give_up(&error), |_| ());
            }
            return Ok(done);
        }
        match self.in_file(&path, now, &mut act) {
            Ok(Some(done)) => Ok(done),
            Ok(None) => Err(Contended),
            Err(error) => {
                self.give_up(&error);
                Ok(act(&mut self.bucket))
            }
        }
    }

    /// Whether another process may know a limit: one look at the file a second.
    fn another_knows(&mut self, path: &Path, now: Moment) -> bool {
        if self.looked.is_some_and(|looked| now.since(looked) < LOOK_EVERY && now >= looked) {
            return false;
        }
        self.looked = Some(now);
        let there = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        there && matches!(open(path).and_then(|mut file| read(&mut file, now)), Ok(Some(_)))
    }

    fn give_up(&mut self, error: &io::Error) {
        tracing::warn!(%error, "the request budget cannot be shared with other processes");
        self.file = None;
    }

    /// Reads the file, acts on the bucket in it and writes it, all under its lock. `None`: another one has the lock.
    fn in_file<T>(
        &mut self,
        path: &Path,
        now: Moment,
        mut act: impl FnMut(&mut Bucket) -> T,
    ) -> io::Result<Option<T>> {
        let mut file = open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if let Some(mut stored) = read(&mut file, now)? {
            if self.joined {
                stored.keep_to(self.given);
            } else {
                stored.join(&self.bucket, now);
            }
            self.bucket = stored;
        }
        self.joined = true;
        for event in self.untold.drain(..) {
            event.apply(&mut self.bucket, now);
        }
        let done = act(&mut self.bucket);
        if let Err(error) = write(&mut file, &self.bucket) {
            self.give_up(&error);
        }
        // Closing the file ends the lock.
        Ok(Some(done))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(directory) = path.parent() {
                create_private(directory)?;
            }
            options.open(path)
        }
        opened => opened,
    }
}

fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// What the file holds, if that can be believed.
fn read(file: &mut File, now: Moment) -> io::Result<Option<Bucket>> {
    let mut text = Vec::new();
    file.rewind()?;
    std::io::Read::by_ref(file).take(LONGEST_FILE).read_to_end(&mut text)?;
    let stored: Option<Stored<Bucket>> = serde_json::from_slice(&text).ok();
    let sound = stored.filter(|stored| stored.version == VERSION && stored.bucket.is_sound(now));
    Ok(sound.map(|stored| stored.bucket))
}

fn write(file: &mut File, bucket: &Bucket) -> io::Result<()> {
    let text = serde_json::to_vec(&Stored { version: VERSION, bucket })?;
    file.rewind()?;
    file.write_all(&text)?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
