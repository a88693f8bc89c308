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
    /// Its number in the batch.
    file: u64,
    begun: Instant,
    timeout: Option<Duration>,
}

impl Trying {
    /// A file whose tries may take this long together.
    pub(crate) fn new(file: u64, timeout: Option<Duration>) -> Self {
        Self { file, begun: Instant::now(), timeout }
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
        self.change(tell, |breaker| {
            if moved || breaker.is_probe(trying.file) {
                breaker.served();
            }
            Then::Fail
        });
    }

    /// A try failed, for this cause. Waits for what comes of it, and returns the error unless the file is to be tried again.
    pub(crate) async fn failed(
        &self,
        trying: &Trying,
        error: Error,
        cause: Cause,
        mut tell: impl FnMut(&Notice),
    ) -> Result<()> {
        let failed = Try { cause, file: trying.file, left: trying.left() };
        let mut was_waiting = false;
        let then = self.change(&mut tell, |breaker| {
            was_waiting = breaker.is_waiting();
            breaker.failed(failed, Instant::now())
        });
        let pause = match then {
            Then::Fail => return Err(error),
            Then::Wait => None,
            Then::TryAgain(pause) => Some(pause),
        };
        if pause.is_some() && !was_waiting {
            tell(&Notice::ServiceGone { why: error.message().to_owned(), patience: PATIENCE });
        }
        let its_turn = async {
            sleep(pause).await;
            // Meanwhile the service may have been back and gone again, and the others, this one too, wait for another file.
            if !self.breaker.borrow().is_probe(trying.file) {
                pending::<()>().await;
            }
        };
        let mut breaker = self.breaker.subscribe();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {
                self.close(ErrorKind::Cancelled);
                Err(Error::new(ErrorKind::Cancelled, "the upload was cancelled while the service was gone"))
            }
            breaker = breaker.wait_for(|breaker| !breaker.is_waiting()) => {
                match breaker.map(|breaker| *breaker) {
                    Ok(CircuitBreaker::Stopped(_)) => Err(error),
                    _ => Ok(()),
                }
            }
            () = its_turn => Ok(()),
            () = sleep(trying.left()) => {
                // If it was to be tried a moment later, nobody is to wait for it.
                let over = Try { cause: Cause::File, ..failed };
                self.change(tell, |breaker| breaker.failed(over, Instant::now()));
                Err(error)
            }
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
            // With failures in a row it is closed only until another file has asked.
            is_back = was_waiting && matches!(breaker, CircuitBreaker::Closed { in_a_row: 0 });
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
    use std::cell::RefCell;
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    fn gone() -> Error {
        Error::new(ErrorKind::Network, "no connection")
    }

    async fn fails(gate: &Gate, file: u64) -> Result<()> {
        gate.failed(&Trying::new(file, None), gone(), Cause::Service(ErrorKind::Network), |_| {}).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_others_wait_for_one_and_go_on_when_it_is_served() {
        let gate = Gate::new(&Cancel::new());
        fails(&gate, 1).await.unwrap_err();
        fails(&gate, 2).await.unwrap_err();
        let mut told = Vec::new();
        let probe = Trying::new(3, None);
        gate.failed(&probe, gone(), Cause::Service(ErrorKind::Network), |notice| told.push(notice.clone()))
            .await
            .unwrap();
        assert!(matches!(told[..], [Notice::ServiceGone { .. }]), "{told:?}");
        let (other, entered) = (fails(&gate, 4), gate.enter());
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
        for file in 1..=2 {
            fails(&gate, file).await.unwrap_err();
        }
        fails(&gate, 3).await.unwrap();
        let waiting = async { tokio::join!(fails(&gate, 4), gate.enter()) };
        let stopping = async { cancel.cancel() };
        let ((failed, entered), ()) = tokio::join!(waiting, stopping);
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!((entered, gate.is_closed()), (Some(ErrorKind::Cancelled), Some(ErrorKind::Cancelled)));
    }

    /// Between two looks of the one file at the gate, the service was back and is gone again.
    #[tokio::test(start_paused = true)]
    async fn who_was_tried_alone_before_waits_for_who_is_now() {
        let gate = Gate::new(&Cancel::new());
        for file in [1, 2] {
            fails(&gate, file).await.unwrap_err();
        }
        let mut before = pin!(fails(&gate, 3));
        assert!(before.as_mut().now_or_never().is_none());
        gate.ended_well(&Trying::new(4, None), true, |_| {});
        for file in [5, 6] {
            fails(&gate, file).await.unwrap_err();
        }
        fails(&gate, 7).await.unwrap();
        assert!(before.as_mut().now_or_never().is_none(), "7 is being tried");
        gate.ended_well(&Trying::new(7, None), false, |_| {});
        before.now_or_never().unwrap().unwrap();
    }

    /// How a try ends, and after how many milliseconds.
    #[derive(Debug, Clone, Copy)]
    enum End {
        Served,
        Known,
        Failed(Cause),
    }

    fn tries() -> impl Strategy<Value = Vec<(u64, End)>> {
        let end = prop_oneof![
            2 => Just(End::Served),
            1 => Just(End::Known),
            8 => Just(End::Failed(Cause::Service(ErrorKind::Network))),
            1 => Just(End::Failed(Cause::File)),
            1 => Just(End::Failed(Cause::FileAnswered)),
        ];
        prop::collection::vec(((0_u64..6).prop_map(|seconds| seconds * 1000), end), 0..40)
    }

    /// When the service went that is gone, if it is.
    fn gone_since(gate: &Gate) -> Option<Instant> {
        match *gate.breaker.borrow() {
            CircuitBreaker::HalfOpen { since, .. } => Some(since),
            CircuitBreaker::Closed { .. } | CircuitBreaker::Stopped(_) => None,
        }
    }

    /// Uploads files one after the other, whose tries end as `tries` say; when there are no more, files are served. `alone` are
    /// those that are tried while the others wait.
    async fn run(gate: &Gate, first: u64, tries: Vec<(u64, End)>, alone: &RefCell<Vec<Instant>>) {
        let mut tries = tries.into_iter();
        let mut files = first..first + 1000;
        while tries.len() > 0 {
            let trying = Trying::new(files.next().unwrap(), None);
            assert_eq!(gate.enter().await, None);
            loop {
                let (milliseconds, end) = tries.next().unwrap_or((0, End::Served));
                let since = gone_since(gate);
                if let Some(since) = since {
                    assert!(!alone.borrow().contains(&since), "a second one is tried");
                    alone.borrow_mut().push(since);
                }
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                alone.borrow_mut().retain(|other| Some(*other) != since);
                let failed = match end {
                    End::Served | End::Known => {
                        gate.ended_well(&trying, matches!(end, End::Served), |_| {});
                        break;
                    }
                    End::Failed(cause) => gate.failed(&trying, gone(), cause, |_| {}).await,
                };
                if failed.is_err() {
                    break;
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Whatever ends when: nothing hangs, and while the service is gone, one file at most is being tried that was begun since.
        #[test]
        fn one_file_is_tried_at_a_time_while_the_service_is_gone(all in prop::collection::vec(tries(), 1..8)) {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().start_paused(true);
            runtime.build().unwrap().block_on(async {
                let (gate, alone) = (Gate::new(&Cancel::new()), RefCell::default());
                let files = (0..).zip(all).map(|(number, tries)| run(&gate, number * 1000, tries, &alone));
                let all = futures_util::future::join_all(files);
                tokio::time::timeout(Duration::from_secs(1_000_000), all).await.expect("nobody ends the wait");
            });
        }
    }
}
