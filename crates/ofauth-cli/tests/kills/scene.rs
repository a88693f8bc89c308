//! One or several files that are uploaded by a command which is killed on the way, and what must be true afterwards.
//!
//! What holds after every kill: at most as many parts are lost as there are connections, and no journal is held by
//! anyone. What holds at the end is checked by [`crate::verdict`].

use std::fs::DirEntry;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fastrand::Rng;
use ofauth_sandbox::Sandbox;
use ring::digest::{SHA256, digest};
use rustix::process::Signal;
use tokio::process::Command;

use crate::figures::Figures;
use crate::line::{Gate, Line, Mark, Side, Traffic};
use crate::process::{Run, Target};
use crate::watch::Watch;

/// Bytes at the end of what is sent: the last request and the end of the last body are among them.
const LAST_BYTES: u64 = 1024;

/// A sandbox and the line to it, for any number of scenes.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) line: Line,
    scenes: AtomicU32,
}

impl Stage {
    /// A sandbox that plans parts of this size.
    pub(crate) async fn new(part_size: u64, tls: bool) -> Self {
        let sandbox = Sandbox::builder().part_size(part_size).tls(tls).start().await.unwrap();
        let line = Line::to(sandbox.address());
        Self { sandbox, line, scenes: AtomicU32::new(0) }
    }
}

/// What is in a file.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    pub(crate) sha256: String,
}

impl Content {
    /// So many random bytes, so that no part is like another.
    pub(crate) fn random(size: usize, rng: &mut Rng) -> Self {
        let mut bytes = vec![0; size];
        rng.fill(&mut bytes);
        let sha256 = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { bytes, sha256 }
    }
}

/// What is uploaded, and how.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) contents: Arc<[Content]>,
    /// Parts of a file at once.
    pub(crate) connections: u32,
    pub(crate) flags: &'static [&'static str],
}

impl Setting {
    /// One file over so many connections.
    pub(crate) fn one(content: Content, connections: u32) -> Self {
        Self { contents: [content].into(), connections, flags: &[] }
    }

    /// The same over so many connections.
    pub(crate) fn over(&self, connections: u32) -> Self {
        Self { connections, ..self.clone() }
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }
}

/// When the command is sent which signal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Strike {
    Never,
    /// When this byte has passed the line.
    Byte(Mark, Signal),
    /// At this change, counted from 1, in the directories where the command keeps its state.
    Write(u32),
}

/// How many bytes passed the line in a run that nothing befell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    sent: u64,
    answered: u64,
}

/// What a run of the command left behind.
pub(crate) struct Ended {
    pub(crate) run: Run,
    /// What passed the line.
    totals: Totals,
    /// Changes in the directories of the state, if they were watched.
    writes: u32,
}

/// Files, the home of the commands that upload them, and what became of them so far.
pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) setting: Setting,
    home: tempfile::TempDir,
    pub(crate) names: Vec<String>,
    pub(crate) kills: u32,
    /// Bytes in parts that the sandbox had after the last kill.
    done: u64,
    /// The whole lines that all runs printed.
    pub(crate) said: Vec<String>,
    pub(crate) figures: &'a Figures,
    /// The run after which there is nothing left to do.
    pub(crate) last: Option<Run>,
}

impl<'a> Scene<'a> {
    /// Writes the files.
    pub(crate) fn new(stage: &'a Stage, setting: &Setting, figures: &'a Figures) -> Self {
        let home = tempfile::tempdir().unwrap();
        let number = stage.scenes.fetch_add(1, Ordering::SeqCst);
        let file = |(index, content): (usize, &Content)| {
            let name = format!("{number}-{index}.mp4");
            std::fs::write(home.path().join(&name), &content.bytes).unwrap();
            name
        };
        let names = setting.contents.iter().enumerate().map(file).collect();
        if let Some(pem) = stage.sandbox.ca_pem() {
            std::fs::write(home.path().join("ca.pem"), pem).unwrap();
        }
        let scene = Self {
            stage,
            setting: setting.clone(),
            home,
            names,
            kills: 0,
            done: 0,
            said: Vec::new(),
            figures,
            last: None,
        };
        // They are watched from the beginning.
        for directory in scene.state() {
            std::fs::create_dir_all(directory).unwrap();
        }
        scene
    }

    /// Uploads the files with no kill at all, and measures the line.
    pub(crate) async fn rehearse(self) -> Totals {
        let Ended { run, totals, .. } = self.run(Strike::Never).await;
        self.end_with(run).await;
        totals
    }

    /// A byte of what is left to be sent or answered, and SIGKILL when it has passed.
    pub(crate) fn somewhere(&self, totals: Totals, rng: &mut Rng) -> Strike {
        let left = totals.sent.saturating_sub(self.done).max(1);
        let answers = (totals.answered * left / totals.sent).max(1);
        let (side, byte) = match rng.u8(0..8) {
            0..4 => (Side::Sent, rng.u64(1..=left)),
            4 => (Side::Sent, left.saturating_sub(rng.u64(0..LAST_BYTES)).max(1)),
            _ => (Side::Answered, rng.u64(1..=answers)),
        };
        // What the system has taken from a process that is gone may still arrive, or not.
        let then = if rng.bool() { Gate::Cut } else { Gate::Open };
        Strike::Byte(Mark { side, byte, then }, Signal::KILL)
    }

    /// Runs the command and kills it. Returns whether it has to be run again.
    pub(crate) async fn kill(&mut self, strike: Strike) -> (bool, u32) {
        let Ended { run, writes, .. } = self.run(strike).await;
        self.said.extend(run.lines().into_iter().map(str::to_owned));
        if !run.was_killed() {
            self.last = Some(run);
            return (false, writes);
        }
        self.stopped().await;
        // It had said all that it was asked for and let go of it: there is nothing to run it again for.
        if run.lines().len() == self.names.len() && self.is_over() {
            self.last = Some(run);
            return (false, writes);
        }
        (true, writes)
    }

    /// Runs the command once.
    pub(crate) async fn run(&self, strike: Strike) -> Ended {
        let target = Target::default();
        let struck = target.clone();
        let traffic = match strike {
            Strike::Byte(mark, signal) => Traffic::new(Some(mark), move || struck.signal(signal)),
            Strike::Never | Strike::Write(_) => Traffic::new(None, || {}),
        };
        let watch = match strike {
            Strike::Write(number) => {
                let struck = target.clone();
                Some(Watch::new(&self.state(), number, move || struck.signal(Signal::KILL)))
            }
            Strike::Never | Strike::Byte(..) => None,
        };
        let run = self.start(&target, &traffic).await;
        let totals = Totals { sent: traffic.passed(Side::Sent), answered: traffic.passed(Side::Answered) };
        Ended { run, totals, writes: watch.map_or(0, Watch::end) }
    }

    /// Starts the command; its end is to be awaited.
    pub(crate) fn start(&self, target: &Target, traffic: &Arc<Traffic>) -> impl Future<Output = Run> + use<> {
        self.stage.line.count_in(traffic);
        Run::of(target.start(&mut self.upload()))
    }

    /// The command that uploads the files.
    pub(crate) fn upload(&self) -> Command {
        self.upload_with(self.setting.flags)
    }

    /// The same, without the post, which is the last of its flags.
    pub(crate) fn upload_without_post(&self) -> Command {
        let flags = self.setting.flags;
        self.upload_with(&flags[..flags.iter().position(|flag| *flag == "--post").unwrap_or(flags.len())])
    }

    fn upload_with(&self, flags: &[&str]) -> Command {
        let scheme = if self.stage.sandbox.ca_pem().is_some() { "https" } else { "http" };
        let mut command = self.bare();
        command.env("OFAUTH_BASE_URL", format!("{scheme}://{}", self.stage.line.address()));
        command.env("OFAUTH_API_KEY", "sk_test_0123456789").env("OFAUTH_CONNECTION_ID", "conn_test");
        command.args(["upload", "--concurrency", &self.setting.connections.to_string()]);
        command.args(flags);
        if self.stage.sandbox.ca_pem().is_some() {
            command.args(["--ca-file", "ca.pem"]);
        }
        command.args(&self.names);
        command
    }

    fn bare(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ofauth"));
        command.env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Where the command keeps journals, what it has done so far, its post, and the etags of what was ever uploaded.
    fn state(&self) -> [PathBuf; 4] {
        let names = ["journal", "journal/batch", "post", "uploaded"];
        names.map(|name| self.home.path().join(".local/state/ofauth").join(name))
    }

    /// Whether the command has forgotten its files: no journal is there, and nothing is in what it has done so far. That goes
    /// in one step. The post is forgotten behind it, and what is left of that says nothing about files of other references.
    fn is_over(&self) -> bool {
        let [journal, batch, ..] = self.state();
        let entries = |directory: PathBuf| directory.read_dir().unwrap().map(|entry| entry.unwrap());
        let is_journal = |entry: DirEntry| entry.path().extension().is_some_and(|end| end == "journal");
        !entries(journal).any(is_journal) && entries(batch).all(|entry| entry.metadata().unwrap().len() == 0)
    }

    /// `ofauth sessions` with these arguments.
    pub(crate) async fn sessions(&self, args: &[&str]) -> Run {
        Run::of(Target::default().start(self.bare().args(["sessions", "--json"]).args(args)))
            .await
            .ends_with(0)
    }

    /// Counts a run that was stopped, and looks at what it left.
    pub(crate) async fn stopped(&mut self) {
        self.kills += 1;
        self.done = self.names.iter().flat_map(|name| self.records(name)).map(|record| record.received).sum();
        // Of the file that lost most.
        let mut most = 0;
        for session in self.sessions(&["list"]).await.json() {
            assert_eq!(session["inUse"], false, "{session}");
            assert_ne!(session["state"], "damaged", "{session}");
            let id = session["mediaUploadId"].as_str().unwrap();
            let record = self.stage.sandbox.upload(id).expect("a session of this sandbox");
            let begun = record.parts.iter().filter(|part| part.attempts > 0).count();
            let done = usize::try_from(session["partsDone"].as_u64().unwrap()).unwrap();
            let known = record.parts.iter().filter(|part| part.etag.is_some()).count();
            assert!(done <= known, "the journal has {done} parts, and the server {known}: {session}");
            if session["state"] == "interrupted" {
                most = most.max(u32::try_from(begun.saturating_sub(done)).unwrap());
            }
        }
        let connections = self.setting.connections;
        assert!(most <= connections, "{most} parts were lost on {connections} connections");
        self.figures.kill(most);
    }
}
