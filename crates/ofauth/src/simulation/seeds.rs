//! Runs seeds, many of them in parallel, and tells which one failed and how to see it again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;

use super::env::Env;
use super::schedule::Schedule;
use super::user::User;

/// Seeds that are run if nobody says how many.
const SEEDS: u64 = 2_000;
/// So many failures on one processor are enough.
const MOST_FAILURES: usize = 20;

/// What came of a seed.
struct Seen {
    violations: Vec<String>,
    /// A hash of everything that happened.
    digest: u64,
}

/// Runs one seed in a runtime of its own, under a clock that stands unless everybody waits for it.
fn run(seed: u64, verbose: bool) -> Seen {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    // The chance of the library's own retry loops.
    fastrand::seed(seed);
    runtime.block_on(async {
        let mut rng = Rng::with_seed(seed);
        let schedule = Arc::new(Schedule::new(&mut rng));
        if verbose {
            eprintln!("{schedule:#?}");
        }
        let env = Arc::new(Env::new(rng, verbose));
        User::new(&env, &schedule).live().await;
        Seen { violations: env.violations(), digest: env.digest() }
    })
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, not a number")))
}

/// Runs the seeds from `from` on, over all processors. Those that failed, and why.
fn failures(from: u64, seeds: u64) -> BTreeMap<u64, String> {
    let (next, end) = (AtomicU64::new(from), from.saturating_add(seeds));
    let work = || {
        let mut failures = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || failures.len() >= MOST_FAILURES {
                return failures;
            }
            match catch_unwind(AssertUnwindSafe(|| run(seed, false))) {
                Ok(seen) if seen.violations.is_empty() => {}
                Ok(seen) => failures.push((seed, seen.violations.join("; "))),
                Err(_) => failures.push((seed, "it panicked, see above".into())),
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn seeds() {
    if let Some(seed) = number("OFAUTH_SIMULATE_SEED") {
        let seen = run(seed, true);
        assert!(seen.violations.is_empty(), "seed {seed}: {:#?}", seen.violations);
        return;
    }
    let from = number("OFAUTH_SIMULATE_FROM").unwrap_or(0);
    let seeds = number("OFAUTH_SIMULATE_SEEDS").unwrap_or(SEEDS);
    let began = std::time::Instant::now();
    let failures = failures(from, seeds);
    let took = began.elapsed().as_secs_f64();
    eprintln!("{seeds} seeds from {from} in {took:.1} s, {:.0} in a second", seeds as f64 / took);
    for (seed, why) in &failures {
        eprintln!("seed {seed}, to be seen with `cargo xtask simulate --seed {seed}`: {why}");
    }
    assert!(failures.is_empty(), "seeds that failed: {:?}", failures.keys());
}

#[test]
fn a_seed_always_does_the_same() {
    for seed in 0..40 {
        assert_eq!(run(seed, false).digest, run(seed, false).digest, "seed {seed}");
    }
}
