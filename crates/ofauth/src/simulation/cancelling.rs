//! A cancel in the moment in which the end of an upload in one request is known and not written down yet.
//!
//! Seeds of everything else hardly ever meet that moment. Here nothing goes wrong but the cancel, and the disk is slow.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use super::check::Outcome;
use super::env::Env;
use super::schedule::Schedule;
use super::user::User;

#[test]
fn what_the_service_confirmed_is_told_although_it_is_not_written_down_yet() {
    let (mut uploaded, mut stopped) = (0, 0);
    for seed in 0..400 {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        match runtime.block_on(cancelled(seed)) {
            true => uploaded += 1,
            false => stopped += 1,
        }
    }
    assert!(uploaded > 10 && stopped > 10, "{uploaded} came to their end, {stopped} did not");
}

/// Uploads, and is cancelled at some event. Whether the upload came to its end.
async fn cancelled(seed: u64) -> bool {
    let mut schedule = Schedule::calm(vec![64], 1);
    (schedule.benign, schedule.single) = (false, true);
    schedule.disk = Duration::from_secs(20);
    schedule.acts.cancel = 1.0;
    let env = Arc::new(Env::new(Rng::with_seed(seed), false));
    let mut user = User::new(&env, &Arc::new(schedule));
    user.live().await;
    assert_eq!(env.violations(), [] as [String; 0], "seed {seed}");
    let first = &user.runs()[0];
    assert!(!first.is_unknown() || !user.was_told_of_the_end(), "seed {seed}: {first:?}");
    matches!(first.outcome, Outcome::Uploaded(_))
}
