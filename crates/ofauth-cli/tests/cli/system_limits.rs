//! Limits of the system and signals that are none of Ctrl-C's: none kills the command without a word.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{Home, calm, run, sample, sandbox, signal};

/// The command, started by a shell that does this first.
fn after(home: &Home, server: &ofauth_sandbox::Sandbox, first: &str, line: &[&str]) -> Command {
    let command = home.against(server);
    let command = command.as_std();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{first}; exec \"$0\" \"$@\"")]).arg(command.get_program()).args(line);
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(home.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.kill_on_drop(true);
    shell
}

#[tokio::test]
async fn a_limit_of_file_sizes_is_like_a_full_disk() {
    let clip = sample("clip.mp4");
    let clip = clip.to_str().unwrap();
    // In units of 512 bytes, or of 1024 in some shells: nothing at all, not all of the journal, and not all of a batch.
    for limit in [0, 1, 2, 4] {
        for line in
            [&["upload", clip][..], &["upload", clip, "a.jpg", "b.jpg"], &["upload", clip, "--post", "x"]]
        {
            let (home, server) = (Home::new(), calm().await);
            home.file("a.jpg", b"\xff\xd8\xff");
            home.file("b.jpg", b"\xff\xd8\xff\xe0");
            let limited = run(&mut after(&home, &server, &format!("ulimit -f {limit}"), line)).await;
            assert!([0, 1, 2].contains(&limited.code), "{limit} {line:?}: {} {}", limited.code, limited.err);
            let is_told = limited.code == 0 || limited.err.contains("file too large");
            assert!(is_told, "{limit} {line:?}: {}", limited.err);
            let again = run(&mut after(&home, &server, ":", line)).await.ends_with(0);
            assert!(!again.err.contains("damaged"), "{limit} {line:?}: {}", again.err);
            if limited.code != 0 {
                let finished = server.uploads().iter().filter(|upload| upload.sha256.is_some()).count();
                assert_eq!(finished, again.out.lines().count(), "{limit} {line:?}: nothing is there twice");
            }
        }
    }
}

#[tokio::test]
async fn a_state_directory_that_takes_nothing_ends_a_batch() {
    let (home, server) = (Home::new(), calm().await);
    for number in 0..20 {
        home.file(&format!("d/{number}.jpg"), b"\xff\xd8\xff");
    }
    let line = ["upload", "-r", "d", "--files", "2", "--json"];
    let ended = run(&mut after(&home, &server, "ulimit -f 0", &line)).await.ends_with(1);
    let summary = ended.json().pop().unwrap();
    let count = |field: &str| summary[field].as_u64().unwrap();
    assert!((1..=2).contains(&count("failed")) && count("failed") + count("notTried") == 20, "{summary}");
    ended.says(&["file too large", "were not tried, for the same reason"]);
}

#[tokio::test]
async fn standard_output_that_reaches_a_limit_loses_no_reference() {
    let (home, server) = (Home::new(), calm().await);
    home.file("a.jpg", b"\xff\xd8\xff");
    home.file("out", "x".repeat(64 * 1024));
    let first = "ulimit -f 64; exec >>out";
    let limited = run(&mut after(&home, &server, first, &["upload", "a.jpg"])).await.ends_with(1);
    limited.says(&["file too large", &server.uploads()[0].media_upload_id]);
    let again = run(&mut after(&home, &server, ":", &["upload", "a.jpg"])).await.ends_with(0);
    assert_eq!(again.out.trim_end(), server.uploads()[0].media_upload_id);
    assert_eq!(server.uploads().len(), 1);
}

#[tokio::test]
async fn a_signal_that_ends_the_session_stops_the_upload_and_the_next_run_goes_on() {
    let silent = json!([{
        "on": {"operation": "upload_part", "part": 8, "times": "always"},
        "fault": {"kind": "delay", "ms": 600_000},
    }]);
    for (sent, is_heard) in
        [(Signal::HUP, true), (Signal::XCPU, true), (Signal::TERM, true), (Signal::XFSZ, false)]
    {
        let (home, server) = (Home::new(), sandbox(silent.clone()).await);
        let clip = sample("clip.mp4");
        let line = ["upload", "-c", "1", "-v", clip.to_str().unwrap()];
        let mut child = after(&home, &server, ":", &line).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(log.next_line().await.unwrap().unwrap().contains("uploading"));
        while !server.transcript().iter().any(|exchange| exchange.part == Some(8)) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        signal(&child, sent);
        if !is_heard {
            // Nothing comes of it, so that it still hears of another.
            signal(&child, Signal::TERM);
        }
        crate::support::finish(child).await.ends_with(3);
        server.clear_faults();
        let again = run(&mut after(&home, &server, ":", &["upload", clip.to_str().unwrap()])).await;
        again.ends_with(0).says(&["resumed: 448.0 KiB in 7 of 12 parts"]);
        assert_eq!(server.uploads().len(), 1);
    }
}

#[tokio::test]
async fn a_command_that_is_to_outlive_its_terminal_does() {
    let slow = json!([{"on": {"operation": "upload_single"}, "fault": {"kind": "delay", "ms": 1000}}]);
    let (home, server) = (Home::new(), sandbox(slow).await);
    home.file("a.jpg", b"\xff\xd8\xff");
    let mut child = after(&home, &server, "trap '' HUP", &["upload", "-v", "a.jpg"]).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(log.next_line().await.unwrap().unwrap().contains("uploading"));
    signal(&child, Signal::HUP);
    crate::support::finish(child).await.ends_with(0);
}
