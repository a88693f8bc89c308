//! The command as a process: how it is started, how a signal reaches it and nobody else, and how it ended.

use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;
use tokio::process::{Child, Command};

/// No run of the command in these tests takes anywhere near as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process that can be sent signals from anywhere, from the moment it is there.
///
/// It is named by a descriptor, so that no signal goes to another process that got the number of one that is gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target(Arc<Mutex<Option<OwnedFd>>>);

impl Target {
    /// Starts the command. Whoever sends a signal meanwhile waits.
    pub(crate) fn start(&self, command: &mut Command) -> Child {
        let mut target = self.0.lock().unwrap();
        let child = command.kill_on_drop(true).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        *target = Some(pidfd_open(pid, PidfdFlags::empty()).unwrap());
        child
    }

    /// Sends a signal. A process that has ended gets none.
    pub(crate) fn signal(&self, signal: Signal) {
        let target = self.0.lock().unwrap();
        match pidfd_send_signal(target.as_ref().unwrap(), signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => panic!("the command cannot be sent a signal: {error}"),
        }
    }
}

/// How a run of the command ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; nothing if it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Waits for the end of a command.
    pub(crate) async fn of(child: Child) -> Self {
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.expect("the command hangs").unwrap();
        let signal = output.status.signal();
        assert!(signal.is_none_or(|signal| signal == Signal::KILL.as_raw()), "{}", output.status);
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.code.is_none()
    }

    /// The whole lines of standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.out.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).collect()
    }

    /// The lines of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstandard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }
}
