//! How a wait polls: looks, pauses between them, limits and progress. What a look is, its caller says.

use std::time::Duration;

use super::watch::{Ended, Watch};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::Result;
use crate::polling::{Failures, LEFT_TO_OTHERS, Pace};

/// The caller's function for progress: how many are ready, and of how many.
pub(super) type Callback = Box<dyn FnMut(u64, u64) + Send>;

/// Where media are looked for.
pub(super) trait Look<T> {
    /// The pause that is left to others after a look for so many media.
    fn room(&self, open: usize) -> Duration;

    /// Looks once, after so many looks before.
    fn look(
        &self,
        watch: &mut Watch<T>,
        before: u32,
        limits: &Limits,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// What a wait was told.
pub(super) struct Terms {
    pub(super) limits: Limits,
    pub(super) pace: Pace,
    pub(super) on_progress: Option<Callback>,
}

impl Terms {
    /// Looks until the watch is over.
    pub(super) async fn poll<T, L: Look<T>>(mut self, mut watch: Watch<T>, place: L) -> Result<Vec<T>> {
        let (mut failures, mut told) = (Failures::default(), None);
        if watch.progress().1 == 0 {
            return Ok(Vec::new());
        }
        loop {
            let before = watch.begin_look();
            let looked = place.look(&mut watch, before, &self.limits).await;
            let quiet = match failures.forgive(looked) {
                Ok(Some(())) => match watch.end_look() {
                    Ended::Done(all) => {
                        let total = all.len() as u64;
                        self.tell(&mut told, (total, total));
                        return Ok(all);
                    }
                    Ended::Over(error) => return Err(error),
                    Ended::Again { quiet } => quiet,
                },
                Ok(None) => before,
                Err(error) if self.limits.cancel.is_cancelled() => return Err(watch.given_up(error.kind())),
                Err(error) => return Err(error),
            };
            self.tell(&mut told, watch.progress());
            let pause = self.pace.pause(quiet, place.room(watch.open().len()));
            self.limits.sleep(pause).await.map_err(|reached| watch.given_up(reached))?;
        }
    }

    /// Tells the caller how far the wait is, if that is news.
    fn tell(&mut self, told: &mut Option<(u64, u64)>, now: (u64, u64)) {
        if *told != Some(now) {
            *told = Some(now);
            if let Some(callback) = &mut self.on_progress {
                callback(now.0, now.1);
            }
        }
    }
}

/// How long it takes until the budget of the client's connection has requests to spare.
pub(super) fn room(client: &Client) -> Duration {
    let transport = &client.0.transport;
    let connection = transport.settings.connection(None).ok();
    connection.map_or(Duration::ZERO, |id| transport.limiters.of(&id).time_for(LEFT_TO_OTHERS))
}
