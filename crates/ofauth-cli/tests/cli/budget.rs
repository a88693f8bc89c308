//! Commands that run at the same time, or one after the other, share what is known of the service's rate limit.
//!
//! They share it through the state directory alone. What they did is read from the server's record. The pace of one
//! command is the library's and is tested there.

use std::path::Path;

use futures_util::future::join_all;
use ofauth_sandbox::{Exchange, RateLimit, Sandbox, UploadState};
use serde_json::json;
use tokio::process::Command;

use crate::support::{Home, finish, run, sandbox, sha256};

const PART: usize = 1024;

/// A server with this limit that plans parts of 1 KiB.
async fn limited(per_minute: u32, burst: u32) -> Sandbox {
    let limit = RateLimit { per_minute, burst };
    Sandbox::builder().part_size(PART as u64).rate_limit(limit).start().await.unwrap()
}

/// A file of so many parts, no two of which are alike.
fn content(parts: usize, seed: u8) -> Vec<u8> {
    let word = |index: usize| (index as u64 ^ u64::from(seed) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..parts * PART / 8).flat_map(|index| word(index).to_le_bytes()).collect()
}

/// The command that uploads this file, with a state directory that all of them have in common.
fn upload(home: &Home, server: &Sandbox, file: &Path) -> Command {
    let mut command = home.against(server);
    command.arg("--state-dir").arg(home.path().join("state")).args(["upload", "-c", "8"]).arg(file);
    command
}

/// Two commands at the same time, each with a file of so many parts, end well and their files arrive whole.
async fn in_parallel(home: &Home, server: &Sandbox, parts: usize) {
    let contents = [("one.mp4", content(parts, 1)), ("two.mp4", content(parts, 2))];
    let files = contents.each_ref().map(|(name, bytes)| home.file(name, bytes));
    let [one, two] = files.map(|file| upload(home, server, &file).spawn().unwrap());
    let (one, two) = tokio::join!(finish(one), finish(two));
    for (run, (name, bytes)) in [one, two].into_iter().zip(&contents) {
        let reference = run.ends_with(0).out;
        let record = server.upload(reference.trim()).unwrap();
        assert_eq!((record.filename.as_str(), record.state), (*name, UploadState::Complete));
        assert_eq!(record.sha256, Some(sha256(bytes)), "{name}");
    }
}

fn refused(exchanges: &[Exchange]) -> Vec<&Exchange> {
    exchanges.iter().filter(|exchange| exchange.status == Some(429)).collect()
}

/// At a cold start each command asks once before either knows of a limit.
#[tokio::test]
async fn commands_side_by_side_spend_one_budget() {
    let (home, server) = (Home::new(), limited(600, 60).await);
    in_parallel(&home, &server, 60).await;
    let exchanges = server.transcript();
    assert!(refused(&exchanges).is_empty(), "{:#?}", refused(&exchanges));
    // More than twice what the bucket holds.
    assert_eq!(exchanges.len(), 124);
}

#[tokio::test]
async fn later_commands_know_what_earlier_ones_spent() {
    let (home, server) = (Home::new(), limited(120, 20).await);
    let first = content(1, 3);
    run(&mut upload(&home, &server, &home.file("first.mp4", &first))).await.ends_with(0);
    // With the first command 22 requests: the last ones wait for their tokens, so hardly one is left.
    in_parallel(&home, &server, 8).await;
    let dump = |what: &str| {
        for entry in std::fs::read_dir(home.path().join("state/rate")).unwrap() {
            eprintln!(
                "DUMP {what} {:?} {}",
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap(),
                std::fs::read_to_string(entry.unwrap().path()).unwrap()
            );
        }
    };
    dump("before");
    // Two tokens a second: of four commands that do not know and ask at once, some would be refused.
    let later = (4_u8..8).map(|seed| {
        let (name, bytes) = (format!("{seed}.mp4"), content(1, seed));
        let child = upload(&home, &server, &home.file(&name, &bytes)).spawn().unwrap();
        async move { (finish(child).await, bytes) }
    });
    for (run, bytes) in join_all(later).await {
        let reference = run.ends_with(0).out;
        assert_eq!(server.upload(reference.trim()).unwrap().sha256, Some(sha256(&bytes)));
    }
    let exchanges = server.transcript();
    dump("after");
    if !refused(&exchanges).is_empty() {
        let first = exchanges[0].at;
        for e in &exchanges {
            eprintln!("EX {} {:?} {:?} {:?}", e.number, e.at - first, e.operation, e.status);
        }
    }
    assert!(refused(&exchanges).is_empty(), "{:#?}", refused(&exchanges));
    assert_eq!(exchanges.len(), 30);
}

/// Whatever a command waits for, it says so, unless it is to be quiet. With `-v` the log says it.
#[tokio::test]
async fn every_call_says_that_it_waits_and_why() {
    let commands: &[(&str, &[&str])] = &[
        ("whoami", &["whoami"]),
        ("check_upload", &["check", "--etag", "\"a\"", "--size", "1"]),
        ("batch_vault_plus_media", &["vault-plus", "batch", "1"]),
        ("list_posts", &["api", "list_posts"]),
        ("create_post", &["post", "Hello"]),
        ("send_chat_message", &["message", "Hello", "--to", "1"]),
        ("create_mass_message", &["message", "Hello", "--to-list", "1"]),
    ];
    let refusal = |operation: &str| {
        json!([{
            "on": {"operation": operation, "nth": 1},
            "fault": {"kind": "status", "status": 429, "error": "slowly", "type": "RATE_LIMIT_EXCEEDED", "retry_after": 2},
        }])
    };
    let mut running = tokio::task::JoinSet::new();
    for (operation, command) in commands {
        for (more, lines) in [(None, 1), (Some("-q"), 0), (Some("--json"), 1), (Some("-v"), 1)] {
            running.spawn(async move {
                let (home, server) = (Home::new(), sandbox(refusal(operation)).await);
                let run = run(home.against(&server).args(*command).args(more)).await;
                let told = |line: &&str| line.contains(": HTTP 429, again in 2 s");
                let found = run.err.lines().filter(told).count();
                assert_eq!(found, lines, "{command:?} {more:?}: {}", run.err);
                run.ends_with(0);
            });
        }
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}
