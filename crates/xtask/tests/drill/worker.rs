//! Runs the pipeline in processes of its own, so that a stack that overflows or a document that takes for ever ends one
//! outcome and not the test.
//!
//! The process is this test again. It is told where its documents are, and prints one line for each; the one that it was
//! at when it ended, or when nothing came for too long, is the culprit, and another process goes on behind it.

use std::cell::LazyCell;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::pipeline::{self, Base, Made, Outcome};

/// How many processes run at a time.
const PROCESSES: usize = 2;

/// What marks a line as ours among those of the test harness.
const MARK: &str = "OUTCOME ";

const JOBS: &str = "OFAUTH_DRILL_JOBS";
const FROM: &str = "OFAUTH_DRILL_FROM";

/// A document and what stands beside it.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) text: String,
    /// Whether what stands beside it is ours, and not that of the drill's base.
    pub(crate) is_ours: bool,
    /// Whether the verdict looks at the generated clients as well, for which they are generated once more.
    pub(crate) with_clients: bool,
    pub(crate) overlay: Vec<Value>,
    pub(crate) ignored: Vec<Value>,
}

/// The outcome of each job, none of which may take longer than `patience`.
pub(crate) fn outcomes(jobs: &[Job], patience: Duration) -> Vec<Outcome> {
    let size = jobs.len().div_ceil(PROCESSES).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = jobs
            .chunks(size)
            .enumerate()
            .map(|(number, part)| scope.spawn(move || one_after_the_other(number, part, patience)))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn one_after_the_other(number: usize, jobs: &[Job], patience: Duration) -> Vec<Outcome> {
    let file: PathBuf =
        std::env::temp_dir().join(format!("ofauth-drill-{}-{number}-{:p}.json", std::process::id(), jobs));
    let written: Vec<Value> = jobs
        .iter()
        .map(|job| json!({"text": job.text, "is_ours": job.is_ours, "with_clients": job.with_clients, "overlay": job.overlay, "ignored": job.ignored}))
        .collect();
    std::fs::write(&file, Value::from(written).to_string()).unwrap();
    let mut outcomes = Vec::new();
    while outcomes.len() < jobs.len() {
        let why = go_on(&file, jobs.len(), &mut outcomes, patience);
        if outcomes.len() < jobs.len() {
            outcomes.push(Outcome::Panicked(why));
        }
    }
    std::fs::remove_file(&file).unwrap();
    outcomes
}

/// Reads outcomes from a process until it has no more, and says why there were no more.
fn go_on(file: &PathBuf, all: usize, outcomes: &mut Vec<Outcome>, patience: Duration) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker::process", "--nocapture", "--test-threads=1"])
        .env(JOBS, file)
        .env(FROM, outcomes.len().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let ours = line.split_once(MARK).and_then(|(_, rest)| serde_json::from_str::<Value>(rest).ok());
            if ours.is_some_and(|line| sender.send(line).is_err()) {
                return;
            }
        }
    });
    let why = loop {
        if outcomes.len() == all {
            break String::new();
        }
        match receiver.recv_timeout(patience) {
            Ok(line) => outcomes.push(read(line)),
            Err(mpsc::RecvTimeoutError::Timeout) => break format!("takes longer than {patience:?}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                break "the process ended, as by a stack overflow".to_owned();
            }
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    why
}

/// The process: does nothing unless it is told where its documents are.
#[test]
fn process() {
    let Some(file) = std::env::var_os(JOBS) else { return };
    let from: usize = std::env::var(FROM).unwrap().parse().unwrap();
    let jobs: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let (base, ours) = (Base::read(), LazyCell::new(Base::ours));
    let list = |job: &Value, member: &str| job[member].as_array().cloned().unwrap_or_default();
    for job in jobs.as_array().unwrap().iter().skip(from) {
        let outcome = pipeline::outcome(
            if job["is_ours"] == true { &ours } else { &base },
            job["text"].as_str().unwrap(),
            &list(job, "overlay"),
            &list(job, "ignored"),
            job["with_clients"] == true,
        );
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "\n{MARK}{}", written(&outcome)).unwrap();
        stdout.flush().unwrap();
    }
}

fn written(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Unreadable(why) => json!({"unreadable": why}),
        Outcome::Findings(findings) => json!({"findings": findings}),
        Outcome::Panicked(why) => json!({"panicked": why}),
        Outcome::Made(made) => json!({
            "client": made.client,
            "table": made.table,
            "schemas": made.schemas,
            "raw_only": made.raw_only,
            "verdict": made.verdict,
        }),
    }
}

fn read(line: Value) -> Outcome {
    let text = |member: &str| line.get(member).and_then(Value::as_str).map(str::to_owned);
    if let Some(why) = text("unreadable") {
        Outcome::Unreadable(why)
    } else if let Some(why) = text("panicked") {
        Outcome::Panicked(why)
    } else if let Some(findings) = line.get("findings") {
        Outcome::Findings(serde_json::from_value(findings.clone()).unwrap())
    } else {
        Outcome::Made(Made {
            client: text("client").unwrap(),
            table: text("table").unwrap(),
            schemas: text("schemas").unwrap(),
            raw_only: serde_json::from_value(line["raw_only"].clone()).unwrap(),
            verdict: text("verdict"),
        })
    }
}
