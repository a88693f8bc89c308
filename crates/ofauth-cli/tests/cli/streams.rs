//! Standard output and error: what goes where, readers that leave, and Ctrl-C.

use std::io::Write;
use std::process::Stdio;

use ofauth_sandbox::Sandbox;
use rustix::process::Signal;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::{Home, calm, finish, run, sample, sandbox, signal};

#[tokio::test]
async fn the_key_is_never_printed() {
    let home = Home::new();
    // The server echoes what it got into its error, where a careless client would show it.
    let server = sandbox(json!([
        {"on": {"operation": "upload_part", "part": 2}, "fault": {"kind": "html"}},
        {"on": {"operation": "whoami"}, "fault": {"kind": "status", "status": 400, "error": format!("bad key {}", crate::support::CANARY)}},
    ]))
    .await;
    // `ends_with` looks for the key in both streams.
    run(home.against(&server).args(["upload", "-vv"]).arg(sample("clip.mp4"))).await.ends_with(0);
    run(home.against(&server).args(["whoami", "-vv"])).await.ends_with(5).says(&["bad key"]);
    let verbose = run(home.against(&server).args(["upload", "-vv", "--json"]).arg(sample("photo.jpg")))
        .await
        .ends_with(0);
    assert_eq!(verbose.json().len(), 1, "the log is not on standard output");
    assert!(!verbose.err.is_empty(), "-vv says what is done");
}

#[tokio::test]
async fn a_reader_that_left_is_no_error_but_references_are_not_lost() {
    let (home, server) = (Home::new(), calm().await);
    // The reader is gone before the command begins, so that no line can still get into the pipe.
    let left = || Stdio::from(std::io::pipe().unwrap().1);
    let mut command = home.against(&server);
    command.args(["upload", "--post", "Hello"]).arg(sample("photo.jpg"));
    let run_ = run(command.stdout(left())).await.ends_with(0);
    run_.says(&["the reader of standard output is gone", &server.uploads()[0].media_upload_id, "posted as"]);
    assert_eq!(server.posts().len(), 1);

    let listed = run(home.bare().args(["api", "--list"]).stdout(left())).await.ends_with(0);
    assert_eq!(listed.err, "");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_behind_standard_output_is_an_error_and_no_post_is_made() {
    let (home, server) = (Home::new(), calm().await);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = home.against(&server);
    command.args(["upload", "--post", "Hello"]).arg(sample("photo.jpg")).stdout(Stdio::from(full));
    let run = finish(command.spawn().unwrap()).await.ends_with(1);
    let id = &server.uploads()[0].media_upload_id;
    let run = run.says(&["standard output cannot be written: no space left", id, "no post was made"]);
    assert!(!run.err.contains("the reader of standard output is gone"), "{}", run.err);
    assert_eq!(server.posts().len(), 0);
}

#[tokio::test]
async fn a_closed_standard_output_has_the_reference_on_standard_error() {
    let (home, server) = (Home::new(), calm().await);
    let shell = |script: &str| {
        let mut command = home.against(&server);
        let (program, photo) = (command.as_std().get_program().to_owned(), sample("photo.jpg"));
        let mut shell = tokio::process::Command::new("/bin/sh");
        shell.args(["-c", script, "sh"]).arg(program).arg(photo).env_clear();
        shell.envs(command.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command = shell;
        command
    };
    let closed = run(&mut shell("\"$1\" upload \"$2\" >&-")).await.ends_with(0);
    closed.says(&["standard output is closed", &server.uploads()[0].media_upload_id]);
    let dropped = run(&mut shell("\"$1\" upload \"$2\" >/dev/null")).await.ends_with(0);
    assert_eq!(dropped.err, "", "whoever drops the output means it");
}

/// A server that leaves every request without an answer.
async fn silent() -> Sandbox {
    sandbox(json!([{"on": {"times": "always"}, "fault": {"kind": "delay", "ms": 600_000}}])).await
}

/// Starts an upload and waits until it is under way; returns the rest of its log too.
async fn start_upload(command: &mut Command) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut child = command.args(["upload", "-v", "--json"]).arg(sample("clip.mp4")).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    // The first word of the log comes after the signal handlers are in place.
    let line = log.next_line().await.unwrap().unwrap();
    assert!(line.contains("uploading"), "{line}");
    (child, log)
}

#[tokio::test]
async fn the_first_ctrl_c_stops_and_says_to_run_again() {
    let (home, server) = (Home::new(), silent().await);
    let (child, mut log) = start_upload(&mut home.against(&server)).await;
    signal(&child, Signal::INT);
    let run = finish(child).await.ends_with(3);
    assert_eq!(run.json()[0]["kind"], "cancelled");
    let mut said = String::new();
    while let Some(line) = log.next_line().await.unwrap() {
        said.push_str(&line);
    }
    assert!(said.contains("press Ctrl-C again") && said.contains("next: run the command again"), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_second_ctrl_c_ends_at_once() {
    let (home, server) = (Home::new(), silent().await);
    // Standard output is a full pipe, so that the command cannot finish by itself after the first Ctrl-C.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let capacity = rustix::pipe::fcntl_getpipe_size(&writer).unwrap();
    writer.write_all(&vec![b'x'; capacity]).unwrap();
    let (child, mut log) = start_upload(home.against(&server).stdout(writer)).await;
    signal(&child, Signal::INT);
    let line = log.next_line().await.unwrap().unwrap();
    assert!(line.contains("press Ctrl-C again"), "{line}");
    signal(&child, Signal::INT);
    finish(child).await.ends_with(130);
    drop(reader);
}
