//! What a seed decides beforehand: the upload, the service's traits, and how often what goes wrong.
//!
//! Every kind of trouble is absent from half of the seeds, so that each is also seen alone and in all company. In one
//! seed of ten nothing goes wrong at all.

use std::time::Duration;

use fastrand::Rng;

use super::env::{Act, End};
use super::file::Change;

/// Everything that is decided beforehand.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Nothing goes wrong, so the upload takes the least number of requests.
    pub(crate) benign: bool,
    pub(crate) concurrency: usize,
    /// Bytes of each part.
    pub(crate) parts: Vec<u64>,
    pub(crate) single: bool,
    pub(crate) journaled: bool,
    pub(crate) holds_result: bool,
    /// Whether anybody wants to know of progress.
    pub(crate) watched: bool,
    /// The most bytes that one read of the file gives.
    pub(crate) piece: usize,
    /// Whether looking at the file takes time, as on a file system that other machines share.
    pub(crate) is_remote: bool,
    /// How often the user runs the upload at most.
    pub(crate) runs: u32,
    /// The longest that the journal's disk takes for a write.
    pub(crate) disk: Duration,
    pub(crate) rates: Rates,
    pub(crate) traits: ServiceTraits,
    pub(crate) acts: Acts,
}

/// How often each fault happens to a request, between 0 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    pub(crate) not_sent: f64,
    pub(crate) half_sent: f64,
    /// Refused before the body is whole.
    pub(crate) early: f64,
    pub(crate) lost_before: f64,
    pub(crate) lost_after: f64,
    pub(crate) refused: f64,
    /// An error as the answer to work that was done.
    pub(crate) refused_after: f64,
    pub(crate) unreadable: f64,
    /// Of what is lost: without a word, until the answer's time is over.
    pub(crate) silent: f64,
    /// Of what is refused: with a status that is no passing trouble.
    pub(crate) hard: f64,
    /// The journal's disk is full at some point of a run.
    pub(crate) disk_full: f64,
}

/// The service's traits.
#[derive(Debug, Clone)]
pub(crate) struct ServiceTraits {
    /// The longest that anything takes on its way or in the service.
    pub(crate) slowest: Duration,
    /// How it refuses parts in parallel, if it does.
    pub(crate) one_at_a_time: Option<u16>,
    /// How it refuses to finish what is finished; `None`: it says success once more.
    pub(crate) repeated: Option<u16>,
    /// How it speaks of a session that is over.
    pub(crate) gone: u16,
    /// How long a session lasts by its `expiresAt`, in seconds; `None`: it does not say and it does not end.
    pub(crate) lasts: Option<i64>,
    /// How long a session lasts without any request.
    pub(crate) quiet: Option<Duration>,
    /// How far its clock is ahead of the machine's, in milliseconds.
    pub(crate) ahead_ms: i64,
    pub(crate) limit: Option<Limit>,
    /// Plans are headers without a list of parts.
    pub(crate) plans_in_headers: bool,
    /// Successes have no body.
    pub(crate) empty_success: bool,
}

/// A limit on requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
    /// Whether answers have `X-RateLimit-*`.
    pub(crate) tells: bool,
    /// Whether refusals have `Retry-After`.
    pub(crate) asks: bool,
}

/// How often something happens in a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Acts {
    pub(crate) kill: f64,
    pub(crate) drop: f64,
    pub(crate) power_cut: f64,
    pub(crate) cancel: f64,
    pub(crate) deadline: f64,
    pub(crate) change: f64,
    pub(crate) change_between: f64,
    /// Something about the file changes, not its content; three times at most.
    pub(crate) touch: f64,
    pub(crate) standstill: f64,
    /// The process dies between its success and the moment in which the result is where it belongs.
    pub(crate) unsettled: f64,
}

impl Schedule {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let benign = rng.u8(0..10) == 0;
        let single = rng.u8(0..10) < 4;
        let most = if single { 1 } else { [2, 6, 14, 40][rng.usize(0..4)] };
        let count = rng.usize(1..=most);
        let plans_in_headers = rng.u8(0..8) == 0 && (single || count > 1);
        let longest = rng.u64(1..=64);
        let mut parts: Vec<u64> = (0..count).map(|_| rng.u64(1..=longest)).collect();
        if plans_in_headers {
            // Such a plan has parts of one size, but for the last.
            let last = parts.last().copied().unwrap_or(1);
            parts = vec![longest; count - 1];
            parts.push(last);
        }
        let some = |rng: &mut Rng, most: f64| rate(rng, most, benign);
        Self {
            benign,
            concurrency: [1, 2, 3, 4, 8, 16][rng.usize(0..6)],
            parts,
            single,
            journaled: rng.u8(0..8) > 0,
            holds_result: rng.bool(),
            watched: rng.u8(0..6) == 0,
            piece: [1, 3, 8, 64][rng.usize(0..4)],
            is_remote: rng.u8(0..4) == 0,
            runs: rng.u32(1..=8),
            disk: Duration::from_millis([0, 20, 800, 20_000][rng.usize(0..4)]),
            rates: Rates {
                not_sent: some(rng, 0.3),
                half_sent: some(rng, 0.3),
                early: some(rng, 0.2),
                lost_before: some(rng, 0.3),
                lost_after: some(rng, 0.3),
                refused: some(rng, 0.3),
                refused_after: some(rng, 0.2),
                unreadable: some(rng, 0.2),
                silent: some(rng, 0.4),
                hard: some(rng, 0.2),
                disk_full: some(rng, 0.3),
            },
            traits: ServiceTraits::new(rng, benign, plans_in_headers),
            acts: Acts {
                kill: some(rng, 0.9),
                drop: some(rng, 0.5),
                power_cut: some(rng, 0.7),
                cancel: some(rng, 0.5),
                deadline: some(rng, 0.4),
                change: some(rng, 0.5),
                change_between: some(rng, 0.5),
                // Which is nothing that goes wrong.
                touch: rate(rng, 0.9, false),
                standstill: some(rng, 0.4),
                unsettled: some(rng, 0.9),
            },
        }
    }

    /// An upload in parts in which nothing goes wrong.
    pub(crate) fn calm(parts: Vec<u64>, concurrency: usize) -> Self {
        Self {
            benign: true,
            concurrency,
            parts,
            single: false,
            journaled: true,
            holds_result: false,
            watched: false,
            piece: 64,
            is_remote: false,
            runs: 1,
            disk: Duration::from_millis(20),
            rates: Rates::default(),
            traits: ServiceTraits {
                slowest: Duration::from_millis(200),
                one_at_a_time: None,
                repeated: None,
                gone: 404,
                lasts: Some(24 * 3600),
                quiet: None,
                ahead_ms: 0,
                limit: None,
                plans_in_headers: false,
                empty_success: false,
            },
            acts: Acts::default(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.parts.iter().sum()
    }

    /// What happens in one run, and at which event of it.
    pub(crate) fn acts(&self, rng: &mut Rng) -> Vec<(u64, Act)> {
        let acts = self.acts;
        let mut drawn = Vec::new();
        let mut may = |rng: &mut Rng, rate: f64, act: &dyn Fn(&mut Rng) -> Act| {
            if rng.f64() < rate {
                let within = [8, 60, 400][rng.usize(0..3)];
                drawn.push((rng.u64(1..=within), act(rng)));
            }
        };
        may(rng, acts.kill, &|_| Act::End(End::Killed));
        may(rng, acts.drop, &|_| Act::End(End::Dropped));
        may(rng, acts.power_cut, &|_| Act::End(End::PowerCut));
        may(rng, acts.cancel, &|_| Act::Cancel);
        may(rng, acts.change, &|rng| Act::Change(change(rng)));
        for _ in 0..3 {
            may(rng, acts.touch, &|_| Act::Change(Change::Touch));
        }
        may(rng, acts.standstill, &|rng| Act::Standstill(Duration::from_secs(rng.u64(5..4000))));
        drawn
    }
}

/// What may become of a file.
pub(crate) fn change(rng: &mut Rng) -> Change {
    match rng.u8(0..9) {
        0 => Change::Append(rng.usize(1..40)),
        1 => Change::Truncate,
        2 => Change::Edit { restore: false },
        3 | 4 => Change::Edit { restore: true },
        5 => Change::Replace { same_time: false },
        6 => Change::Replace { same_time: true },
        7 => Change::Copy,
        _ => Change::Touch,
    }
}

impl ServiceTraits {
    fn new(rng: &mut Rng, benign: bool, plans_in_headers: bool) -> Self {
        let often = |rng: &mut Rng, of: u8| !benign && rng.u8(0..of) == 0;
        let refusals = [400, 404, 409, 410, 423];
        // Where nothing goes wrong, an answer comes in time.
        let among = if benign { 5 } else { 6 };
        let slowest = [20, 200, 2_000, 2_000, 30_000, 100_000][rng.usize(0..among)];
        let limit = often(rng, 4).then(|| Limit {
            per_second: [0.2, 1.0, 5.0][rng.usize(0..3)],
            burst: f64::from(rng.u32(1..40)),
            tells: rng.bool(),
            asks: rng.bool(),
        });
        Self {
            slowest: Duration::from_millis(slowest),
            one_at_a_time: often(rng, 5).then(|| [400, 409, 423, 425][rng.usize(0..4)]),
            repeated: rng.bool().then(|| refusals[rng.usize(0..refusals.len())]),
            gone: [400, 404, 410][rng.usize(0..3)],
            lasts: match rng.u8(0..8) {
                0 => None,
                1 if !benign => Some(-rng.i64(0..4000)),
                2 if !benign => Some(rng.i64(1..120)),
                3 if !benign => Some(rng.i64(120..4000)),
                _ => Some(24 * 3600),
            },
            quiet: often(rng, 5).then(|| Duration::from_secs(rng.u64(20..2000))),
            ahead_ms: rng.i64(-100_000_000..100_000_000),
            limit,
            plans_in_headers,
            empty_success: rng.u8(0..4) == 0,
        }
    }
}

/// A rate up to `most` in one half of the cases, none in the other.
fn rate(rng: &mut Rng, most: f64, benign: bool) -> f64 {
    let (absent, rate) = (rng.bool(), rng.f64() * most);
    if benign || absent { 0.0 } else { rate }
}
