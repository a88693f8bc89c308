//! Holds the files of a batch back while its service is gone, and keeps further ones from being tried when that is of no
//! use. What a failure means for the others is [`circuit_breaker`](super::circuit_breaker)'s to decide; here is the waiting.

use std::future::pending;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::circuit_breaker::{Cause, CircuitBreaker, PATIENCE, Then, Try};
use crate::cancel::Cancel;
use crate::error::{Error, ErrorKind, Result};
use crate::upload::Notice;

/// The gate in front of the files of a batch.
#[derive(Debug)]
pub(crate) struct Gate {
    breaker: watch::Sender<CircuitBreaker>,
    cancel: Cancel,
}

/// A file that is being tried.
#[derive(Debug)]
pub(crate) struct Trying {
    begun: Instant,
    timeout: Option<Duration>,
    /// Whether the others wait for what comes of it.
    is_probe: bool,
}

impl Trying {
    /// A file whose tries may take this long together.
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self { begun: Instant::now(), timeout, is_probe: false }
    }

    /// What is left of its time.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.timeout.map(|timeout| timeout.saturating_sub(self.begun.elapsed()))
    }
}

impl Gate {
    pub(crate) fn new(cancel: &Cancel) -> Self {
        Self { breaker: watch::Sender::new(CircuitBreaker::new()), cancel: cancel.clone() }
    }

    /// Lets no further file be tried, for this reason.
    pub(crate) fn close(&self, why: ErrorKind) {
        self.breaker.send_modify(|breaker| breaker.end(why));
    }

    /// Why no further file is tried, if none is.
    pub(crate) fn is_closed(&self) -> Option<ErrorKind> {
        if self.cancel.is_cancelled() {
            self.close(ErrorKind::Cancelled);
        }
        match *self.breaker.borrow() {
            CircuitBreaker::Stopped(kind) => Some(kind),
            CircuitBreaker::Closed { .. } | CircuitBreaker::HalfOpen { .. } => None,
        }
    }

    /// Waits until a file may be tried. Returns why none is any more.
    pub(crate) async fn enter(&self) -> Option<ErrorKind> {
        let mut breaker = self.breaker.subscribe();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {}
            // The sender lives as long as this.
            _ = breaker.wait_for(|breaker| !breaker.is_waiting()) => {}
        }
        self.is_closed()
    }

    /// The service has served this file, if it `moved`: what a record has, it was not asked for.
    pub(crate) fn ended_well(&self, trying: &Trying, moved: bool, tell: impl FnMut(&Notice)) {
        if moved || trying.is_probe {
            self.change(tell, |breaker| {
                breaker.served();
                Then::Fail
            });
        }
    }

    /// A try failed, for this cause. Waits for what comes of it, and returns the error unless the file is to be tried again.
    pub(crate) async fn failed(
        &self,
        trying: &mut Trying,
        error: Error,
        cause: Cause,
        mut tell: impl FnMut(&Notice),
    ) -> Result<()> {
        let failed = Try { cause, is_probe: trying.is_probe, left: trying.left() };
        let was_waiting = self.breaker.borrow().is_waiting();
        let pause = match self.change(&mut tell, |breaker| breaker.failed(failed, Instant::now())) {
            Then::Fail => return Err(error),
            Then::Wait => None,
            Then::TryAgain(pause) => Some(pause),
        };
        trying.is_probe = pause.is_some();
        if trying.is_probe && !was_waiting {
            tell(&Notice::ServiceGone { why: error.message().to_owned(), patience: PATIENCE });
        }
        let mut breaker = self.breaker.subscribe();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {
                self.close(ErrorKind::Cancelled);
                Err(Error::new(ErrorKind::Cancelled, "the upload was cancelled while the service was gone"))
            }
            breaker = breaker.wait_for(|breaker| !breaker.is_waiting()) => {
                trying.is_probe = false;
                match breaker.map(|breaker| *breaker) {
                    Ok(CircuitBreaker::Stopped(_)) => Err(error),
                    _ => Ok(()),
                }
            }
            () = sleep(pause) => Ok(()),
            () = sleep(trying.left()) => Err(error),
        }
    }

    /// Changes the breaker, and tells if the service is back.
    fn change(
        &self,
        mut tell: impl FnMut(&Notice),
        change: impl FnOnce(&mut CircuitBreaker) -> Then,
    ) -> Then {
        let (mut then, mut is_back) = (Then::Fail, false);
        self.breaker.send_modify(|breaker| {
            let was_waiting = breaker.is_waiting();
            then = change(breaker);
            is_back = was_waiting && matches!(breaker, CircuitBreaker::Closed { .. });
        });
        if is_back {
            tell(&Notice::ServiceBack);
        }
        then
    }
}

/// Sleeps for this long, or for ever.
async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone() -> Error {
        Error::new(ErrorKind::Network, "no connection")
    }

    async fn fails(gate: &Gate) -> Result<()> {
        gate.failed(&mut Trying::new(None), gone(), Cause::Service(ErrorKind::Network), |_| {}).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_others_wait_for_one_and_go_on_when_it_is_served() {
        let gate = Gate::new(&Cancel::new());
        fails(&gate).await.unwrap_err();
        fails(&gate).await.unwrap_err();
        let mut told = Vec::new();
        let mut probe = Trying::new(None);
        gate.failed(&mut probe, gone(), Cause::Service(ErrorKind::Network), |notice| {
            told.push(notice.clone())
        })
        .await
        .unwrap();
        assert!(probe.is_probe && matches!(told[..], [Notice::ServiceGone { .. }]), "{told:?}");
        let (other, entered) = (fails(&gate), gate.enter());
        tokio::pin!(other, entered);
        tokio::select! {
            biased;
            _ = &mut other => panic!("it is tried beside the one"),
            _ = &mut entered => panic!("another is let in"),
            () = tokio::time::sleep(PATIENCE) => {}
        }
        gate.ended_well(&probe, false, |notice| told.push(notice.clone()));
        assert_eq!(told.last(), Some(&Notice::ServiceBack));
        other.await.unwrap();
        assert_eq!(entered.await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancel_ends_every_wait() {
        let cancel = Cancel::new();
        let gate = Gate::new(&cancel);
        for _ in 0..2 {
            fails(&gate).await.unwrap_err();
        }
        fails(&gate).await.unwrap();
        let waiting = async { tokio::join!(fails(&gate), gate.enter()) };
        let stopping = async { cancel.cancel() };
        let ((failed, entered), ()) = tokio::join!(waiting, stopping);
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!((entered, gate.is_closed()), (Some(ErrorKind::Cancelled), Some(ErrorKind::Cancelled)));
    }
}
