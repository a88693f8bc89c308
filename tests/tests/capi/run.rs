//! Runs commands in an environment of their own, with a time limit, and keeps what they say for when they fail.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use ofauth_tests::canary::Canaries;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use crate::server::KEY;

/// The key of the programs, which none of them may print in any form.
static CANARIES: LazyLock<Canaries> = LazyLock::new(|| Canaries::new(&[KEY]));

/// What a command said, and how it ended.
pub(crate) struct Ended {
    shown: String,
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The exit code; none if a signal ended the command.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Everything, for a message.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}\n--- out\n{}\n--- err\n{}", self.shown, self.status, self.out, self.err)
    }

    /// Fails unless the command succeeded.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert!(self.status.success(), "{}", self.all());
        self
    }

    /// Shows the last lines of a success, where figures are.
    pub(crate) fn show(&self, name: &str) {
        for line in self.out.lines() {
            println!("{name}: {line}");
        }
    }
}

/// A command with an empty environment, but for the path where tools are found.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// Runs a command to its end. After `seconds` it is killed, with its children, and the test fails.
pub(crate) async fn run(command: &mut Command, seconds: u64) -> Ended {
    finish(start(command), seconds).await
}

/// A command that runs, in a process group of its own.
pub(crate) struct Running {
    shown: String,
    child: Child,
    group: Pid,
}

impl Running {
    /// The standard error of the command, to be read while it runs.
    pub(crate) fn take_stderr(&mut self) -> tokio::process::ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Sends a signal to the command.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.group, signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever is left of it. The number is the command's as long as it was not waited for.
        if self.child.id().is_some() {
            let _gone = kill_process_group(self.group, Signal::KILL);
        }
    }
}

/// Starts a command.
pub(crate) fn start(command: &mut Command) -> Running {
    let shown = format!("{:?}", command.as_std());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn();
    let child = child.unwrap_or_else(|error| panic!("{shown}: {error}"));
    let group = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    Running { shown, child, group }
}

/// Waits for the end of a command.
pub(crate) async fn finish(mut running: Running, seconds: u64) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
    let ended = tokio::time::timeout(Duration::from_secs(seconds), async {
        let read_out = async {
            match stdout {
                Some(mut pipe) => pipe.read_to_end(&mut out).await.map(drop),
                None => Ok(()),
            }
        };
        let read_err = async {
            match stderr {
                Some(mut pipe) => pipe.read_to_end(&mut err).await.map(drop),
                None => Ok(()),
            }
        };
        let (read_out, read_err, status) = tokio::join!(read_out, read_err, running.child.wait());
        read_out.unwrap();
        read_err.unwrap();
        status.unwrap()
    })
    .await
    .ok();
    for bytes in [&out, &err] {
        assert_eq!(CANARIES.find(bytes), None, "the key was printed by {}", running.shown);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&out), text(&err));
    match ended {
        Some(status) => Ended { shown: running.shown.clone(), status, out, err },
        None => {
            panic!("not within {seconds} s: {}\n--- out\n{out}\n--- err\n{err}", running.shown)
        }
    }
}

/// Where a tool is. If it is missing, says so and returns nothing; where nothing may be skipped, fails.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let notice = format!("SKIPPED: {test}: {name} is missing");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{notice}");
        // Not eprintln!, which the test runner keeps to itself when a test passes.
        let _closed = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{notice}\n"));
    }
    found
}

/// The checkout.
pub(crate) fn root() -> PathBuf {
    xtask::source::root().unwrap()
}

/// Copies the files of a directory that has no others in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// A new directory that is removed with the value.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
