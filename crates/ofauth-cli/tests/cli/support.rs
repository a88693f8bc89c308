//! Runs the binary, and starts servers for it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ofauth_sandbox::{FaultScript, Sandbox};
use ring::digest::{SHA256, digest};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// No run of the command in these tests takes anywhere near as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A key that must never be seen anywhere.
pub(crate) const CANARY: &str = "sk_canary_d41d8cd98f00b204";

pub(crate) const CONNECTION: &str = "conn_test";

/// A folder for a test's files, which is also the home of the commands it runs.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command with no settings at all.
    pub(crate) fn bare(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ofauth"));
        command.env_clear().env("HOME", self.path()).current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// The command set up for this server.
    pub(crate) fn against(&self, sandbox: &Sandbox) -> Command {
        let mut command = self.bare();
        command.env("OFAUTH_BASE_URL", sandbox.base_url());
        command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_CONNECTION_ID", CONNECTION);
        command
    }
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The lines of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstandard output:\n{}\nstandard error:\n{}", self.out, self.err);
        assert!(!self.out.contains(CANARY) && !self.err.contains(CANARY), "the key was printed");
        self
    }

    /// Checks that standard error has every one of these texts.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "{text:?} is not in standard error:\n{}", self.err);
        }
        self
    }
}

/// Runs a command to its end.
pub(crate) async fn run(command: &mut Command) -> Run {
    finish(command.spawn().unwrap()).await
}

/// Runs a command to its end with this standard input.
pub(crate) async fn run_with_input(command: &mut Command, input: &[u8]) -> Run {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The command may stop reading early: that is for the test to judge by its end.
    let writing = tokio::spawn(async move { stdin.write_all(&input).await });
    let run = finish(child).await;
    let _ = writing.await.unwrap();
    run
}

/// Waits for the end of a command.
pub(crate) async fn finish(child: Child) -> Run {
    let output =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the command hangs").unwrap();
    Run {
        code: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {}", output.status)),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Sends a signal to a command.
pub(crate) fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// A sandbox that plans parts of 64 KiB and plays these faults.
pub(crate) async fn sandbox(faults: Value) -> Sandbox {
    let script = FaultScript::from_json(&faults.to_string()).unwrap();
    Sandbox::builder().part_size(64 * 1024).faults(script).start().await.unwrap()
}

/// A sandbox without faults.
pub(crate) async fn calm() -> Sandbox {
    sandbox(Value::Array(Vec::new())).await
}

/// A file under `samples/`.
pub(crate) fn sample(name: &str) -> PathBuf {
    // Tests run in the directory of their package; the commands that they start may not.
    std::env::current_dir().unwrap().join("../../samples").join(name)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
