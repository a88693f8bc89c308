//! Many bytes: nothing is held in memory, and refused bodies do not hold a connection up.

use ofauth_sandbox::Sandbox;
use ring::digest::{Context, SHA256};

use crate::client::{CONNECTION, Client, KEY, MP4, init, url};

const MIB: usize = 1024 * 1024;

/// The peak of the process's memory so far, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_large_file_takes_little_memory() {
    const SIZE: usize = 256 * MIB;
    let sandbox = Sandbox::builder().single_limit(SIZE as u64).start().await.unwrap();
    let plan = init(&sandbox, SIZE).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    let length = SIZE.to_string();
    let before = peak();
    client.send_head("PUT", path, &[KEY, CONNECTION, MP4, ("content-length", &length)]).await.unwrap();
    let mut digest = Context::new(&SHA256);
    let mut chunk = vec![0; MIB];
    for round in 0..SIZE / MIB {
        chunk.fill(round as u8);
        digest.update(&chunk);
        client.send(&chunk).await.unwrap();
    }
    client.answer().await.unwrap().ok();
    let sha256: String = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sandbox.uploads()[0].sha256, Some(sha256));
    // Other tests run in the same process; the file is many times larger than all of them.
    let grown = peak() - before;
    assert!(grown < 64 * MIB as u64, "{grown} bytes");
}

#[tokio::test]
async fn the_answer_to_a_refused_part_reaches_a_client_that_sends_first() {
    const SIZE: usize = 8 * MIB;
    let sandbox = Sandbox::builder().single_limit(SIZE as u64).start().await.unwrap();
    let plan = init(&sandbox, SIZE).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    for _ in 0..2 {
        let wrong = ("content-type", "video/quicktime");
        let answer = client.request("PUT", path, &[KEY, CONNECTION, wrong], &vec![0; SIZE]).await.unwrap();
        answer.is_error(400, "BAD_REQUEST", "Content-Type");
    }
    let received: Vec<u64> = sandbox.transcript().iter().skip(1).map(|exchange| exchange.received).collect();
    assert_eq!(received, [SIZE as u64; 2], "on one connection");
}
