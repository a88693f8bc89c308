//! One program that holds every generated client of the drill and calls it as its case says.
//!
//! The package is written under the target directory, with the workspace's lock and profile, so that what it depends on
//! is the same and mostly built already. A case that does not compile is named, left out, and the rest is built again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use xtask::source;

use crate::cases::{Call, Case};
use crate::pipeline::Made;

mod compare;
mod package;
mod trim;

/// How often the programs are built without what did not compile. The compiler has a few phases, and each shows only its
/// own errors.
const BUILDS: usize = 8;

/// How many programs share the cases: the compiler reads each of them with one thread.
const PROGRAMS: usize = 4;

/// What came of the calls of each case: nothing, or what was wrong.
pub(crate) type Called = BTreeMap<String, Result<(), String>>;

/// Builds and runs the programs.
pub(crate) fn call(cases: &[Case], clients: &BTreeMap<String, Made>, base: &str) -> Called {
    let root = source::root().unwrap();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    let package = target.join("drill");
    let mut called = Called::new();
    let mut cases: Vec<&Case> = cases.iter().filter(|case| clients.contains_key(&case.id)).collect();
    package::write(&root, &package, &cases, clients, base);
    for _ in 0..BUILDS {
        let parts = cases.len().div_ceil(PROGRAMS).max(1);
        let parts: Vec<&[&Case]> = cases.chunks(parts).collect();
        package::list(&package, &parts);
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--offline",
                "--quiet",
                "--keep-going",
                "--message-format",
                "json",
                "--manifest-path",
            ])
            .arg(package.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .output()
            .unwrap();
        if output.status.success() {
            for (number, part) in parts.iter().enumerate() {
                called.extend(run(&target.join(format!("debug/drill_{number}")), &package, part));
            }
            return called;
        }
        let broken = broken(&String::from_utf8_lossy(&output.stdout));
        assert!(!broken.is_empty(), "the drill does not build: {}", String::from_utf8_lossy(&output.stderr));
        cases.retain(|case| !broken.contains_key(&case.id));
        called.extend(broken.into_iter().map(|(id, why)| (id, Err(format!("does not compile: {why}")))));
    }
    panic!("the drill does not build after {BUILDS} times");
}

/// The cases that do not compile, each with its first error.
fn broken(messages: &str) -> BTreeMap<String, String> {
    let mut broken = BTreeMap::new();
    for line in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let message = &line["message"];
        if message["level"] == "error"
            && let Some(id) = culprit(&message["spans"])
        {
            let text = message["rendered"].as_str().unwrap_or_default();
            let text: Vec<&str> = text.lines().take(6).collect();
            broken.entry(id).or_insert_with(|| text.join("\n"));
        }
    }
    broken
}

/// The case that the places of an error are in, or that used the macro which they are in.
fn culprit(spans: &Value) -> Option<String> {
    match spans {
        Value::Array(all) => all.iter().find_map(culprit),
        Value::Object(span) => span.values().find_map(culprit),
        Value::String(file) => {
            let (_, rest) = file.split_once("src/cases/")?;
            rest.split_once('/').map(|(id, _)| id.to_owned())
        }
        _ => None,
    }
}

/// Runs the program and holds what it saw against the cases.
fn run(program: &Path, package: &Path, cases: &[&Case]) -> Called {
    let calls: Vec<(&Case, usize, &Call)> = cases
        .iter()
        .flat_map(|case| case.calls.iter().enumerate().map(move |(index, call)| (*case, index, call)))
        .collect();
    let answers: Vec<Value> = calls
        .iter()
        .map(|(case, index, call)| json!({"case": format!("{}_{index}", case.id), "answer": call.answer}))
        .collect();
    let file = package.join("answers.json");
    fs::write(&file, serde_json::to_string(&answers).unwrap()).unwrap();
    let output = Command::new(program).arg(&file).output().unwrap();
    let seen: BTreeMap<String, Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| Some((line.get("case")?.as_str()?.to_owned(), line)))
        .collect();
    let mut called = Called::new();
    for (case, index, call) in calls {
        let what = match seen.get(&format!("{}_{index}", case.id)) {
            Some(seen) => compare::compare(call, seen),
            None => Err(format!("was not called: {}", String::from_utf8_lossy(&output.stderr))),
        };
        let all = called.entry(case.id.clone()).or_insert(Ok(()));
        if let (Ok(()), Err(why)) = (&all, what) {
            *all = Err(format!("{}: {why}", call.code));
        }
    }
    called
}
