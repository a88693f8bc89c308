//! Signals. Ctrl-C, SIGTERM and a terminal that hung up ask to stop; a second Ctrl-C or SIGTERM stops at once.
//!
//! Limits of the system do not kill either: what is written beyond a limit of file sizes fails like a write to a full
//! disk, and the limit of processor time asks to stop. A command that was started to outlive its terminal (`nohup`) does.

use std::time::Duration;

use ofauth::{Cancel, ErrorKind};
#[cfg(unix)]
use rustix::process::Signal as System;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::hint::AGAIN;
use crate::failure::{Failure, Result};
use crate::threads;

/// What the first signal says.
pub(crate) const NOTICE: &str = "ofauth: stopping; press Ctrl-C again to stop at once\n";

/// So long a signal waits for what is written then: standard error may be a pipe that nobody empties.
const SAYING: Duration = Duration::from_millis(200);

/// The exit code of a process that a second Ctrl-C ended, as shells count it: 128 + SIGINT.
const KILLED: i32 = 130;

/// Tells whether the user asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    cancel: Cancel,
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Starts to listen. `say` is called at the first signal, `leave` before the second ends the process.
    pub(crate) fn listen(say: impl FnOnce() + Send + 'static, leave: impl FnOnce() + Send + 'static) -> Self {
        let cancel = Cancel::new();
        let (ask, asked) = watch::channel(false);
        let cancelling = cancel.clone();
        // Registered before this returns, so that no signal falls to the system's own handling meanwhile.
        let signals = Signals::new();
        tokio::spawn(async move {
            let Ok(mut signals) = signals else {
                // The system's own Ctrl-C still ends the process. Keeps the channel open.
                return std::future::pending().await;
            };
            signals.first().await;
            let _ = tokio::time::timeout(SAYING, threads::run(say)).await;
            cancelling.cancel();
            ask.send_replace(true);
            signals.second().await;
            let _ = tokio::time::timeout(SAYING, threads::run(leave)).await;
            std::process::exit(KILLED);
        });
        Self { cancel, asked }
    }

    /// What uploads and calls are stopped with.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Waits until the user asks to stop.
    pub(crate) async fn asked(&self) {
        // The sender lives as long as the process, so this ends only when asked.
        let _ = self.asked.clone().wait_for(|asked| *asked).await;
    }

    /// Runs something that may be dropped at any moment, until it ends or the user asks to stop.
    pub(crate) async fn or_stop<T, E: Into<Failure>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T> {
        tokio::select! {
            result = work => result.map_err(Into::into),
            () = self.asked() => Err(Failure::interrupted()),
        }
    }

    /// Runs something that may wait for ever, such as opening a FIFO, on a thread of its own, until it ends or the user asks
    /// to stop. The thread is then left behind, and ends with the process.
    pub(crate) async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.or_stop(threads::run(work)).await?
    }
}

/// How a call ended that cannot be undone, and that was given [`Interrupt::cancel`]. The library knows whether it may have been
/// carried out when it was stopped; `not_done` is said if not.
pub(crate) fn ended<T>(not_done: &str, result: ofauth::Result<T>) -> Result<T> {
    result.map_err(|error| match error.kind() {
        ErrorKind::Cancelled => {
            Failure::new(error.kind(), format!("interrupted: {not_done}")).with_hint(AGAIN)
        }
        _ => error.into(),
    })
}

/// The signals that ask to stop. Made once, so that none is missed between the first and the second.
#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    out_of_time: Signal,
    /// Nothing if the command is to outlive its terminal.
    hung_up: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        // Its handler does nothing, which is enough for a write to return an error.
        let _ = signal(kind(System::XFSZ))?;
        let hung_up = if is_ignored(System::HUP) { None } else { Some(signal(kind(System::HUP))?) };
        Ok(Self {
            interrupt: signal(kind(System::INT))?,
            terminate: signal(kind(System::TERM))?,
            out_of_time: signal(kind(System::XCPU))?,
            hung_up,
        })
    }

    async fn first(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.out_of_time.recv() => {}
            // If the command is to outlive its terminal, there is nothing to wait for, and the branch is passed over.
            Some(()) = async { self.hung_up.as_mut()?.recv().await } => {}
        }
    }

    /// Of the others, several come one after the other, without anybody who asks twice.
    async fn second(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(unix)]
fn kind(signal: System) -> SignalKind {
    SignalKind::from_raw(signal.as_raw())
}

/// Whether a signal was ignored when the command began; where that cannot be found out, it is taken for ignored, and what
/// the system does about it stays.
#[cfg(unix)]
fn is_ignored(signal: System) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let place = u32::try_from(signal.as_raw()).ok().and_then(|number| number.checked_sub(1));
    mask.zip(place).is_none_or(|(mask, place)| mask.checked_shr(place).unwrap_or(0) & 1 == 1)
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn first(&mut self) {
        self.0.recv().await;
    }

    async fn second(&mut self) {
        self.0.recv().await;
    }
}
