//! What the kills of a test came to, for people, and how many kills there are to be.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Instant;

use fastrand::Rng;

/// Kills at random bytes in all tests together, unless `OFAUTH_KILLS` says another number.
const KILLS: u32 = 40;

/// How many kills a test is to make that makes `share` of [`KILLS`].
pub(crate) fn kills(share: u32) -> u32 {
    let all = number("OFAUTH_KILLS").map_or(KILLS, |kills| u32::try_from(kills).unwrap());
    (all * share).div_ceil(KILLS)
}

/// The source of chance of a test, whose seed is printed.
pub(crate) fn chance(test: &str) -> Rng {
    let seed = number("OFAUTH_KILL_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{test}: OFAUTH_KILL_SEED={seed}");
    Rng::with_seed(seed)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

/// Counts of one test.
pub(crate) struct Figures {
    test: &'static str,
    begin: Instant,
    scenes: AtomicU32,
    kills: AtomicU32,
    most_lost: AtomicU32,
    sent_again: AtomicU32,
    unknown_and_complete: AtomicU32,
    unknown_and_open: AtomicU32,
    in_doubt_and_posted: AtomicU32,
    in_doubt_and_not_posted: AtomicU32,
}

impl Figures {
    pub(crate) fn of(test: &'static str) -> Self {
        Self {
            test,
            begin: Instant::now(),
            scenes: AtomicU32::default(),
            kills: AtomicU32::default(),
            most_lost: AtomicU32::default(),
            sent_again: AtomicU32::default(),
            unknown_and_complete: AtomicU32::default(),
            unknown_and_open: AtomicU32::default(),
            in_doubt_and_posted: AtomicU32::default(),
            in_doubt_and_not_posted: AtomicU32::default(),
        }
    }

    /// A kill after which a file had lost so many parts.
    pub(crate) fn kill(&self, lost: u32) {
        self.kills.fetch_add(1, SeqCst);
        self.most_lost.fetch_max(lost, SeqCst);
    }

    /// A file of which so many parts were sent again.
    pub(crate) fn sent_again(&self, parts: u32) {
        self.sent_again.fetch_add(parts, SeqCst);
    }

    /// Nobody can know whether the file is there, and it is.
    pub(crate) fn unknown_and_complete(&self) {
        self.unknown_and_complete.fetch_add(1, SeqCst);
    }

    /// Nobody can know whether the file is there, and it is not.
    pub(crate) fn unknown_and_open(&self) {
        self.unknown_and_open.fetch_add(1, SeqCst);
    }

    /// The command cannot know whether the post was made, and it was.
    pub(crate) fn in_doubt_and_posted(&self) {
        self.in_doubt_and_posted.fetch_add(1, SeqCst);
    }

    /// The command cannot know whether the post was made, and it was not.
    pub(crate) fn in_doubt_and_not_posted(&self) {
        self.in_doubt_and_not_posted.fetch_add(1, SeqCst);
    }

    /// All is well with a scene.
    pub(crate) fn scene(&self) {
        self.scenes.fetch_add(1, SeqCst);
    }

    /// Kills so far.
    pub(crate) fn kills(&self) -> u32 {
        self.kills.load(SeqCst)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let get = |count: &AtomicU32| count.load(SeqCst);
        let mean = f64::from(get(&self.sent_again)) / f64::from(get(&self.kills).max(1));
        write!(
            f,
            "{}: {} kills in {} uploads; parts lost by a file at most {}, sent again per kill {mean:.2}; \
             unknown: {} that are there, {} that are not; posts in doubt: {} made, {} not; {:.1} s",
            self.test,
            get(&self.kills),
            get(&self.scenes),
            get(&self.most_lost),
            get(&self.unknown_and_complete),
            get(&self.unknown_and_open),
            get(&self.in_doubt_and_posted),
            get(&self.in_doubt_and_not_posted),
            self.begin.elapsed().as_secs_f64(),
        )
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        eprintln!("{self}");
    }
}
