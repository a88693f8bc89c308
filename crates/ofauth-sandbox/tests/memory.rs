//! A sandbox that runs for long: the memory of many requests. In a process of its own, of which all memory is measured.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml allows these in test functions only, not in their helpers"
)]

use std::net::SocketAddr;

use ofauth_sandbox::{RateLimit, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUESTS: usize = 100_000;

/// Requests on the way at a time, each on a connection of its own that stays.
const CONNECTIONS: usize = 4;

/// The most that the process may ever take.
const MOST: u64 = 64 * 1024 * 1024;

/// What a busy day brings: reads, refusals, unknown paths, bodies.
const KINDS: [(&str, &str, &str); 6] = [
    ("GET", "/v2/access/self", ""),
    ("GET", "/v2/access/vault/media?limit=40&query=holiday", ""),
    ("GET", "/v2/access/vault/media?limit=1000", ""),
    ("POST", "/v2/vault-plus/media/batch", r#"{"mediaIds": ["4492994399", "4492994400"]}"#),
    ("GET", "/v2/access/subscribers?filter[online]=1&offset=20", ""),
    ("GET", "/v2/nothing/like/this?page=3", ""),
];

/// The peak of the process's memory so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Sends `count` requests one after the other on one connection.
async fn send(address: SocketAddr, count: usize, own: usize) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = Vec::new();
    for index in 0..count {
        let (method, path, body) = KINDS[(index + own) % KINDS.len()];
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: a-client/1.0 (of the usual length)\r\n\
             accept: application/json\r\napiKey: sk_test\r\nx-connection-id: conn_{own}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        receive(&mut stream, &mut answer).await;
    }
}

/// Reads one answer, which has a length.
async fn receive(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    loop {
        assert!(stream.read_buf(answer).await.unwrap() > 0, "the connection ended");
        let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if answer.len() == head + 4 + length.parse::<usize>().unwrap() {
            return;
        }
    }
}

#[tokio::test]
async fn a_hundred_thousand_requests_take_little_memory() {
    let rate_limit = RateLimit { per_minute: 600_000_000, burst: 1_000_000 };
    let sandbox = Sandbox::builder().rate_limit(rate_limit).start().await.unwrap();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|own| tokio::spawn(send(sandbox.address(), REQUESTS / CONNECTIONS, own)))
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let peak = peak();
    let kept = sandbox.transcript();
    let last = kept.last().unwrap();
    assert_eq!((last.number, last.answer.is_some()), (REQUESTS as u64, true));
    assert!(kept.len() < REQUESTS && kept.len() > 10_000, "{} are kept", kept.len());
    assert!(peak <= MOST, "{peak} bytes at the peak");
}
