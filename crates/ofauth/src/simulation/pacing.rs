//! The request budget with the whole engine: a large upload against a limit that the service tells of, in simulated time.
//!
//! What a budget makes of headers of every kind is tested beside it; here is what engine, wire and budget make of it
//! together.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use super::check::Outcome;
use super::env::Env;
use super::schedule::{Limit, Schedule};
use super::user::User;

const PARTS: u64 = 954;
const BURST: f64 = 90.0;

#[test]
fn a_limit_costs_what_it_must_and_refuses_nothing() {
    for concurrency in [4, 8] {
        for (seed, journaled) in [(1, false), (2, true)] {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let (took, refused) = runtime.block_on(upload(seed, concurrency, journaled));
            // Init and complete count as well.
            let optimum = Duration::from_secs_f64(PARTS as f64 + 2.0 - BURST);
            let ratio = took.as_secs_f64() / optimum.as_secs_f64();
            eprintln!(
                "{PARTS} parts, {concurrency} at once, journal {journaled}: {took:?}, {ratio:.4} of the optimum"
            );
            assert_eq!(refused, 0, "{concurrency} at once");
            assert!(ratio <= 1.02, "{concurrency} at once took {took:?} instead of {optimum:?}");
        }
    }
}

/// Uploads once; how long that took, and how many requests the limit refused.
async fn upload(seed: u64, concurrency: usize, journaled: bool) -> (Duration, u64) {
    let mut schedule = Schedule::calm(vec![8; PARTS as usize], concurrency);
    schedule.journaled = journaled;
    schedule.traits.limit = Some(Limit { per_second: 1.0, burst: BURST, tells: true, asks: true });
    let env = Arc::new(Env::new(Rng::with_seed(seed), false));
    let mut user = User::new(&env, &Arc::new(schedule));
    user.live().await;
    assert_eq!(env.violations(), [] as [String; 0]);
    let [run] = user.runs() else { panic!("{:?}", user.runs()) };
    assert!(matches!(run.outcome, Outcome::Uploaded(_)), "{run:?}");
    (run.took, user.refused_by_limit())
}
