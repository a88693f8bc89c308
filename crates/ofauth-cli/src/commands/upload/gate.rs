//! Holds the files of a batch back while its service is gone, and keeps further ones from being tried when that is of no
//! use. What a failure means for the others is [`circuit_breaker`](super::circuit_breaker)'s to decide; here is the waiting.

use std::time::{Duration, Instant};

use ofauth::ErrorKind;
use tokio::sync::watch;

use super::circuit_breaker::{Cause, CircuitBreaker, PATIENCE, Then, Try};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::name::Name;
use crate::output::Output;

/// The gate in front of the files of a batch.
pub(super) struct Gate {
    breaker: watch::Sender<CircuitBreaker>,
    interrupt: Interrupt,
    out: Output,
}

/// A file that is being tried.
pub(super) struct Trying<'a> {
    name: &'a Name,
    begun: Instant,
    timeout: Option<Duration>,
    /// Whether the others wait for what comes of it.
    pub(super) is_probe: bool,
}

impl<'a> Trying<'a> {
    /// A file whose tries may take this long together.
    pub(super) fn new(name: &'a Name, timeout: Option<Duration>) -> Self {
        Self { name, begun: Instant::now(), timeout, is_probe: false }
    }

    /// What is left of its time.
    pub(super) fn left(&self) -> Option<Duration> {
        self.timeout.map(|timeout| timeout.saturating_sub(self.begun.elapsed()))
    }
}

impl Gate {
    pub(super) fn new(interrupt: &Interrupt, out: &Output) -> Self {
        Self {
            breaker: watch::Sender::new(CircuitBreaker::new()),
            interrupt: interrupt.clone(),
            out: out.clone(),
        }
    }

    /// Lets no file be tried, for this reason.
    pub(super) fn close(&self, why: ErrorKind) {
        self.breaker.send_modify(|breaker| breaker.end(why));
    }

    /// Waits until a file may be tried. Returns why none is any more.
    pub(super) async fn enter(&self) -> Option<ErrorKind> {
        let mut breaker = self.breaker.subscribe();
        tokio::select! {
            biased;
            () = self.interrupt.asked() => self.close(ErrorKind::Cancelled),
            // The sender lives as long as this.
            _ = breaker.wait_for(|breaker| !breaker.is_waiting()) => {}
        }
        match *self.breaker.borrow() {
            CircuitBreaker::Stopped(kind) => Some(kind),
            CircuitBreaker::Closed { .. } | CircuitBreaker::HalfOpen { .. } => None,
        }
    }

    /// The service has served this file.
    pub(super) fn served(&self) {
        self.change(|breaker| {
            breaker.served();
            Then::Fail
        });
    }

    /// A try failed; `moved` says whether the service acknowledged bytes of the file. Waits for what comes of it, and
    /// returns the failure unless the file is to be tried again.
    pub(super) async fn failed(
        &self,
        trying: &mut Trying<'_>,
        failure: Failure,
        moved: bool,
    ) -> Result<(), Failure> {
        let failed =
            Try { cause: Cause::of(&failure, moved), is_probe: trying.is_probe, left: trying.left() };
        let was_waiting = self.breaker.borrow().is_waiting();
        let then = self.change(|breaker| breaker.failed(failed, Instant::now()));
        let pause = match then {
            Then::Fail => return Err(failure),
            Then::Wait => None,
            Then::TryAgain(pause) => Some(pause),
        };
        trying.is_probe = pause.is_some();
        if trying.is_probe && !was_waiting {
            self.out.note(&format!(
                "ofauth: {}: {}: retrying this file for up to {} minutes while the other files wait",
                trying.name,
                failure.text(),
                PATIENCE.as_secs() / 60
            ));
        }
        let mut breaker = self.breaker.subscribe();
        tokio::select! {
            biased;
            () = self.interrupt.asked() => Err(Failure::interrupted()),
            breaker = breaker.wait_for(|breaker| !breaker.is_waiting()) => {
                trying.is_probe = false;
                match breaker.map(|breaker| *breaker) {
                    Ok(CircuitBreaker::Stopped(_)) => Err(failure),
                    _ => Ok(()),
                }
            }
            () = sleep(pause) => Ok(()),
            () = sleep(trying.left()) => Err(failure),
        }
    }

    /// Changes the breaker, and tells if the service is back.
    fn change(&self, change: impl FnOnce(&mut CircuitBreaker) -> Then) -> Then {
        let (mut then, mut is_back) = (Then::Fail, false);
        self.breaker.send_modify(|breaker| {
            let was_waiting = breaker.is_waiting();
            then = change(breaker);
            is_back = was_waiting && matches!(breaker, CircuitBreaker::Closed { .. });
        });
        if is_back {
            self.out.note("ofauth: the service is back: continuing with the other files");
        }
        then
    }
}

/// Sleeps for this long, or for ever.
async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
