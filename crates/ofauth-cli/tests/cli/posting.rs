//! `ofauth upload --post` that is stopped while nobody knows whether the post was made: it is never made twice.

use std::process::Stdio;

use ofauth_sandbox::Sandbox;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{Home, calm, finish, run, run_with_input, sample, sandbox, signal};

const DOUBT: &str = "an earlier run of this command may have made the post";

/// A server on which this befalls every post.
async fn posts(fault: Value) -> Sandbox {
    sandbox(json!([{"on": {"operation": "create_post", "times": "always"}, "fault": fault}])).await
}

fn upload(home: &Home, server: &Sandbox) -> Command {
    let mut command = home.against(server);
    command.args(["upload", "-v"]).args([sample("clip.mp4"), sample("photo.jpg")]);
    command
}

fn with_post(home: &Home, server: &Sandbox) -> Command {
    let mut command = upload(home, server);
    command.args(["--post", "Hello"]);
    command
}

/// The command, when it has asked for the post.
async fn posting(home: &Home, server: &Sandbox) -> Child {
    let mut child = with_post(home, server).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        out.next_line().await.unwrap().expect("a reference");
    }
    let asked = || {
        let all = server.transcript();
        all.iter().any(|exchange| exchange.operation.as_deref() == Some("create_post"))
    };
    for _ in 0..600 {
        if asked() {
            return child;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no post was asked for");
}

/// Runs with `--post` end with 6 and send nothing; one without delivers the references and ends the record.
async fn is_in_doubt(home: &Home, server: &Sandbox, posts: usize) {
    server.clear_faults();
    let references: Vec<String> =
        server.uploads().iter().map(|upload| upload.media_upload_id.clone()).collect();
    assert_eq!(references.len(), 2);
    let before = server.transcript().len();
    for text in ["Hello", "Another"] {
        let again = run(upload(home, server).args(["--post", text])).await.ends_with(6);
        assert_eq!(again.out, "");
        let again = again.says(&[DOUBT, "`ofauth post TEXT -m upload:", "once without --post"]);
        assert!(
            references.iter().all(|reference| again.err.contains(&format!(" -m {reference}"))),
            "{}",
            again.err
        );
    }
    let delivered = run(&mut upload(home, server)).await.ends_with(0);
    assert!(references.iter().all(|reference| delivered.out.contains(reference)), "{}", delivered.out);
    assert_eq!(server.transcript().len(), before, "nothing was sent");
    assert_eq!(server.posts().len(), posts);
    let sessions = run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0);
    assert_eq!(sessions.out, "", "nothing is left");
    run(&mut with_post(home, server)).await.ends_with(0).says(&["posted as"]);
    assert_eq!((server.uploads().len(), server.posts().len()), (4, posts + 1), "the record was ended");
}

#[tokio::test]
async fn a_kill_before_the_answer_leaves_it_in_doubt() {
    for (when, made) in [("body", 0), ("answer", 1)] {
        let home = Home::new();
        let server = posts(json!({"kind": "delay", "ms": 600_000, "before": when})).await;
        let mut child = posting(&home, &server).await;
        while server.posts().len() < made {
            tokio::task::yield_now().await;
        }
        child.kill().await.unwrap();
        is_in_doubt(&home, &server, made).await;
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_it_in_doubt() {
    for (fault, made) in [
        (json!({"kind": "answer_lost"}), 1),
        (json!({"kind": "status", "status": 502}), 0),
        (json!({"kind": "unreadable"}), 1),
        (json!({"kind": "empty"}), 1),
        (json!({"kind": "html", "status": 200}), 0),
        (json!({"kind": "status", "status": 200, "body": "{}", "work": true}), 1),
        (json!({"kind": "status", "status": 200, "body": "[]", "work": true}), 1),
    ] {
        let home = Home::new();
        let server = posts(fault).await;
        let unknown = run(&mut with_post(&home, &server)).await.ends_with(6);
        let unknown = unknown.says(&["`ofauth post TEXT -m upload:", "once without --post"]);
        assert_eq!(unknown.out.lines().count(), 2);
        is_in_doubt(&home, &server, made).await;
    }
}

#[tokio::test]
async fn a_refusal_in_a_success_leaves_everything_open() {
    for (fault, code) in [
        (json!({"kind": "status", "status": 200, "error": "You cannot post now"}), 5),
        (json!({"kind": "status", "status": 200, "error": "You cannot post now", "type": "FORBIDDEN"}), 4),
    ] {
        let home = Home::new();
        let server = posts(fault).await;
        let refused = run(with_post(&home, &server).arg("--json")).await.ends_with(code);
        assert!(
            !refused.out.contains("\"posted\"") && refused.out.contains("You cannot post now"),
            "{}",
            refused.out
        );
        server.clear_faults();
        run(&mut with_post(&home, &server)).await.ends_with(0).says(&["posted as"]);
        assert_eq!((server.uploads().len(), server.posts().len()), (2, 1), "the same references");
    }
}

#[tokio::test]
async fn ctrl_c_leaves_it_in_doubt() {
    let home = Home::new();
    let server = posts(json!({"kind": "delay", "ms": 600_000})).await;
    let child = posting(&home, &server).await;
    let before = server.posts().len();
    signal(&child, Signal::INT);
    finish(child).await.ends_with(6).says(&["the post may have been done", "once without --post"]);
    is_in_doubt(&home, &server, before).await;
}

#[tokio::test]
async fn a_post_of_standard_input_is_in_doubt_too() {
    let clip = std::fs::read(sample("clip.mp4")).unwrap();
    let home = Home::new();
    let server = posts(json!({"kind": "answer_lost"})).await;
    let upload = |more: &[&str]| {
        let mut command = home.against(&server);
        command.args(["upload", "-"]).args(more);
        command
    };
    let unknown = run_with_input(&mut upload(&["--post", "Hello"]), &clip).await.ends_with(6);
    server.clear_faults();
    run_with_input(&mut upload(&["--post", "Hello"]), &clip).await.ends_with(6).says(&[DOUBT]);
    let delivered = run_with_input(&mut upload(&[]), &clip).await.ends_with(0);
    assert_eq!(delivered.out, unknown.out);
    assert_eq!((server.uploads().len(), server.posts().len()), (1, 1));
    run_with_input(&mut upload(&["--post", "Hello"]), &clip).await.ends_with(0);
    assert_eq!((server.uploads().len(), server.posts().len()), (2, 2));
}

#[tokio::test]
async fn many_references_are_not_all_named() {
    let home = Home::new();
    for number in 0..5 {
        home.file(&format!("d/{number}.jpg"), b"\xff\xd8\xff");
    }
    let server = posts(json!({"kind": "answer_lost"})).await;
    let mut command = home.against(&server);
    let unknown = run(command.args(["upload", "-r", "d", "--post", "Hello"])).await.ends_with(6);
    let unknown = unknown.says(&[" -m ...` with all 5 references"]);
    assert_eq!(unknown.err.matches(" -m upload:").count(), 3);
}

#[tokio::test]
async fn a_post_that_was_made_and_not_told_is_told_by_the_next_run() {
    let (home, server) = (Home::new(), calm().await);
    let mut child = with_post(&home, &server);
    child.arg("--json");
    // The record of a run that ended between the post and its own end.
    let lines = run(&mut child).await.ends_with(0).json();
    let posted = lines.iter().find(|line| line["event"] == "posted").unwrap();
    let record = home.path().join(".local/state/ofauth/batch");
    let record = record.read_dir().unwrap().next().unwrap().unwrap().path();
    let begun = format!(r#"{{"post":"begun","text":"Hello","mediaItems":{}}}"#, posted["mediaItems"]);
    let made = format!(r#"{{"post":"made","answer":{}}}"#, posted["post"]);
    let files = lines.iter().filter(|line| line["event"] == "uploaded").map(|line| {
        let about = std::fs::metadata(line["file"].as_str().unwrap()).unwrap();
        let mtime = about.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        let mut line = line.clone();
        line["path"] = json!(std::fs::canonicalize(line["file"].as_str().unwrap()).unwrap());
        line["size"] = json!(about.len());
        line["mtime"] = json!(u64::try_from(mtime.as_nanos()).unwrap());
        format!("{line}\n")
    });
    let text: String = files.chain([format!("{begun}\n{made}\n")]).collect();
    std::fs::write(&record, text).unwrap();
    let before = server.transcript().len();
    let again = run(&mut child).await.ends_with(0).says(&["posted by an earlier run as"]);
    assert_eq!(again.json().iter().find(|line| line["event"] == "posted").unwrap(), posted);
    assert_eq!((server.transcript().len(), server.posts().len()), (before, 1));
    assert_eq!(std::fs::metadata(record).unwrap().len(), 0);
}
