//! The first thing that the README shows, as it stands there: a command that is killed seven times.

use std::path::Path;
use std::process::Stdio;

use ofauth_sandbox::UploadState;
use tokio::process::Command;

use crate::support::{Home, calm, run, sample, sha256};

#[tokio::test]
async fn seven_kills_one_upload_one_post() {
    let (home, server) = (Home::new(), calm().await);
    let root = std::env::current_dir().unwrap().join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let script = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let script = script.filter(|block| block.contains("--signal KILL")).collect::<String>();
    assert!(script.contains(" in 1 1 1 1 1 1 1 60; do\n"), "seven kills, and one run to the end: {script}");

    // The server is asked here, and not by curl.
    let lines = script.lines().filter(|line| !line.starts_with("curl "));
    let script = lines.collect::<Vec<_>>().join("\n").replace("http://127.0.0.1:8080", server.base_url());
    let program = Path::new(env!("CARGO_BIN_EXE_ofauth")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell.env_clear().env("HOME", home.path()).env("PATH", format!("{}:{path}", program.display()));
    shell.current_dir(root).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = run(shell.args(["-c", &script]).kill_on_drop(true)).await.ends_with(0);

    let (uploads, posts) = (server.uploads(), server.posts());
    assert_eq!((uploads.len(), posts.len()), (1, 1), "{uploads:#?} {posts:#?}");
    assert_eq!(uploads[0].state, UploadState::Consumed);
    assert_eq!(uploads[0].sha256.as_deref(), Some(&*sha256(&std::fs::read(sample("clip.mp4")).unwrap())));
    assert_eq!(ended.out, format!("{}\n", uploads[0].media_upload_id), "the reference is printed once");
}
