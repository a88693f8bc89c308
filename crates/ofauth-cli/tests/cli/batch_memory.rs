//! The memory of a batch: it does not grow with the number of files.

use ofauth_sandbox::Sandbox;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::{Home, sandbox};

/// The peak memory of the command in KiB, once all of `count` files are uploaded but the last, which never is.
async fn peak_of(count: usize) -> u64 {
    let home = Home::new();
    for number in 0..count {
        home.file(&format!("d/{number:05}.jpg"), b"\xff\xd8\xff");
    }
    let server: Sandbox = sandbox(json!([{
        "on": {"operation": "upload_single", "filename": format!("{:05}.jpg", count - 1)},
        "fault": {"kind": "delay", "ms": 600_000},
    }]))
    .await;
    let mut command = home.against(&server);
    let mut child = command.args(["upload", "--json", "-r", "d"]).spawn().unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 1..count {
        let event = events.next_line().await.unwrap().expect("an event for each file");
        assert!(event.starts_with("{\"event\":\"uploaded\""), "{event}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    child.kill().await.unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn memory_does_not_grow_with_the_number_of_files() {
    let (few, many) = (peak_of(500).await, peak_of(5000).await);
    eprintln!("peak for 500 files {few} KiB, for 5000 files {many} KiB");
    // The names of one directory are held to sort them, about 150 bytes each in each of the two passes. What an upload
    // leaves behind, its result and its events, would be several times that.
    assert!(many < few + 3 * 1024, "500 files: {few} KiB, 5000 files: {many} KiB");
    assert!(many < 48 * 1024, "{many} KiB");
}
