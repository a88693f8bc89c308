//! Files of the state directory that lead elsewhere, hold the command up, or have no end: none of it costs an upload
//! that is done.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ofauth_sandbox::Sandbox;
use serde_json::json;
use tokio::process::Command;

use crate::support::{Home, calm, run, sandbox};

const NAMES: [&str; 2] = ["uploaded", "journal/batch"];

fn upload(home: &Home, server: &Sandbox) -> Command {
    let mut command = home.against(server);
    command.args(["upload", "a.jpg"]);
    command
}

/// A home where the command has run once, so that its files have their names.
async fn home_with_state(server: &Sandbox) -> Home {
    let home = Home::new();
    home.file("a.jpg", b"\xff\xd8\xff");
    run(&mut upload(&home, server)).await.ends_with(0);
    home
}

fn state(home: &Home, directory: &str, extension: &str) -> PathBuf {
    let entries = home.path().join(".local/state/ofauth").join(directory).read_dir().unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|of| of == extension)).unwrap()
}

/// Puts something else in the place of a file.
fn replace(path: &Path, with: &str) {
    std::fs::remove_file(path).unwrap();
    let victim = path.with_extension("victim");
    match with {
        "link" => {
            std::fs::write(&victim, "kept").unwrap();
            std::os::unix::fs::symlink(victim, path).unwrap();
        }
        "fifo" => {
            let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
            rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
        }
        "version" => {
            let letter = if path.parent().unwrap().ends_with("batch") { 'R' } else { 'H' };
            std::fs::write(path, format!("OFAUTH{letter}9\nwhat this version does not know\n")).unwrap();
        }
        _ => File::create(path).unwrap().set_len(8 << 30).unwrap(),
    }
}

fn is_kept(path: &Path) -> bool {
    let victim = path.with_extension("victim");
    !victim.exists() || std::fs::read(victim).unwrap() == b"kept"
}

#[tokio::test]
async fn what_is_remembered_may_be_anything() {
    let server = calm().await;
    for (with, extension) in [
        ("link", "jsonl"),
        ("fifo", "jsonl"),
        ("sparse", "jsonl"),
        ("version", "jsonl"),
        ("link", "lock"),
        ("fifo", "lock"),
    ] {
        let home = home_with_state(&server).await;
        let path = state(&home, "uploaded", extension);
        replace(&path, with);
        let shown = path.display().to_string();
        let uploaded = run(&mut upload(&home, &server)).await.ends_with(0);
        assert_eq!(uploaded.out.lines().count(), 1, "{with}: the reference is printed");
        uploaded.says(&["uploads are not remembered", &shown, "remove that file", "--state-dir"]);
        let before = server.transcript().len();
        let skipping = run(upload(&home, &server).arg("--skip-existing")).await.ends_with(1);
        skipping.says(&[&shown, "remove that file"]);
        assert_eq!(server.transcript().len(), before, "{with}: nothing was sent");
        assert!(is_kept(&path), "{with}");
    }
}

#[tokio::test]
async fn what_a_batch_had_done_may_be_anything() {
    for with in ["link", "fifo", "sparse", "version"] {
        // A record stays until the command ends with 0.
        let refusal = json!({"kind": "status", "status": 415, "error": "not this one"});
        let on = json!({"operation": "upload", "filename": "b.jpg"});
        let server = sandbox(json!([{"on": on, "fault": refusal}])).await;
        let home = Home::new();
        home.file("a.jpg", b"\xff\xd8\xff");
        home.file("b.jpg", b"\xff\xd8\xff\xe0");
        let upload = |home: &Home, server: &Sandbox| {
            let mut command = upload(home, server);
            command.arg("b.jpg");
            command
        };
        run(&mut upload(&home, &server)).await.ends_with(5);
        let path = state(&home, "journal/batch", "jsonl");
        replace(&path, with);
        let before = server.transcript().len();
        let refused = run(&mut upload(&home, &server)).await.ends_with(1);
        assert_eq!(refused.err.contains("format version 9"), with == "version", "{}", refused.err);
        refused.says(&[&path.display().to_string(), "remove that file", "--no-resume"]);
        assert_eq!(server.transcript().len(), before, "{with}: nothing was sent");
        run(upload(&home, &server).arg("--no-resume")).await.ends_with(0);
        assert!(is_kept(&path), "{with}");
    }
}

#[tokio::test]
async fn other_commands_files_may_be_anything() {
    let server = calm().await;
    let home = home_with_state(&server).await;
    for name in NAMES {
        for with in ["link", "fifo", "sparse"] {
            let path = home.path().join(".local/state/ofauth").join(name).join(format!("{with}.jsonl"));
            File::create(&path).unwrap();
            replace(&path, with);
        }
    }
    run(&mut upload(&home, &server)).await.ends_with(0);
}

#[tokio::test]
async fn a_lock_that_is_never_given_up_does_not_hold_the_command() {
    let server = calm().await;
    let home = home_with_state(&server).await;
    let path = state(&home, "uploaded", "lock");
    let holder = File::open(&path).unwrap();
    holder.lock().unwrap();
    let begin = Instant::now();
    let uploaded = run(&mut upload(&home, &server)).await.ends_with(0);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(uploaded.out.lines().count(), 1);
    uploaded.says(&[&path.display().to_string(), "another process holds its lock"]);
    drop(holder);
    run(upload(&home, &server).arg("--skip-existing")).await.ends_with(0).says(&["skipped"]);
}

#[tokio::test]
async fn the_reference_is_there_before_anything_is_waited_for() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let server = calm().await;
    let home = home_with_state(&server).await;
    let path = state(&home, "uploaded", "lock");
    let holder = File::open(&path).unwrap();
    holder.lock().unwrap();
    let mut child = upload(&home, &server).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(out.next_line().await.unwrap().unwrap().starts_with("upload:"));
    // Still waiting for the lock, for three seconds.
    assert!(child.try_wait().unwrap().is_none());
    drop(holder);
    let ended = crate::support::finish(child).await.ends_with(0);
    assert!(!ended.err.contains("not remembered"), "{}", ended.err);
}
