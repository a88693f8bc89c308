//! Ctrl-C and SIGTERM: the first asks to stop, the second stops at once.

use ofauth::{Cancel, ErrorKind};
use tokio::sync::watch;

use crate::failure::{Failure, Result};

/// What the first signal says.
pub(crate) const NOTICE: &str = "ofauth: stopping; press Ctrl-C again to stop at once\n";

/// The exit code of a process that a second Ctrl-C ended, as shells count it: 128 + SIGINT.
const KILLED: i32 = 130;

/// Tells whether the user asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    cancel: Cancel,
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Starts to listen. `say` is called at the first signal.
    pub(crate) fn listen(say: impl Fn() + Send + 'static) -> Self {
        let cancel = Cancel::new();
        let (ask, asked) = watch::channel(false);
        let trigger = cancel.clone();
        // Registered before this returns, so that no signal falls to the system's own handling meanwhile.
        let signals = Signals::new();
        tokio::spawn(async move {
            let Ok(mut signals) = signals else {
                // The system's own Ctrl-C still ends the process. Keeps the channel open.
                return std::future::pending().await;
            };
            signals.next().await;
            say();
            trigger.trigger();
            ask.send_replace(true);
            signals.next().await;
            std::process::exit(KILLED);
        });
        Self { cancel, asked }
    }

    /// What an upload is stopped with.
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

    /// Runs something that cannot be undone. Stopped half-way, nobody knows whether it was done.
    pub(crate) async fn or_unknown<T, E: Into<Failure>>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T> {
        tokio::select! {
            result = work => result.map_err(Into::into),
            () = self.asked() => {
                Err(Failure::new(ErrorKind::OutcomeUnknown, format!("interrupted: {what} may have been done")))
            }
        }
    }
}

/// The signals that ask to stop. Made once, so that none is missed between the first and the second.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
