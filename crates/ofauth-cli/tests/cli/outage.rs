//! Batches whose service is gone: they wait with one file and go on when it is back, or end with what was not tried.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ofauth_sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::support::{CANARY, CONNECTION, Home, finish, run, signal};

/// An address where nobody is.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A home with this many files.
fn home_with(files: usize) -> Home {
    let home = Home::new();
    for number in 0..files {
        home.file(&format!("d/{number:02}.jpg"), [&b"\xff\xd8\xff"[..], &vec![b'x'; number]].concat());
    }
    home
}

/// A command that uploads all of them, two at a time.
fn upload(home: &Home, server: SocketAddr, more: &[&str]) -> Command {
    let mut command = home.bare();
    command.env("OFAUTH_BASE_URL", format!("http://{server}"));
    command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_CONNECTION_ID", CONNECTION);
    command.args(["upload", "-r", "d", "--files", "2", "--json"]).args(more);
    command
}

#[tokio::test]
async fn the_batch_waits_with_one_file_and_goes_on_when_the_service_is_back() {
    let (home, address) = (home_with(9), nobody());
    let mut child = upload(&home, address, &[]).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.contains("the other files wait")) {
        said.push(err.next_line().await.unwrap().expect("the batch waits"));
    }
    let server = Sandbox::builder().address(address).start().await.unwrap();
    while let Some(line) = err.next_line().await.unwrap() {
        said.push(line);
    }
    let ended = finish(child).await;
    assert_eq!(ended.code, 3, "two files failed before it was known: {said:#?}");
    let summary = ended.json().pop().unwrap();
    assert_eq!(
        [&summary["uploaded"], &summary["failed"], &summary["notTried"]].map(|count| count.as_u64().unwrap()),
        [7, 2, 0]
    );
    assert_eq!(server.uploads().len(), 7);
    for told in ["the other files wait", "the service is back"] {
        assert_eq!(said.iter().filter(|line| line.contains(told)).count(), 1, "{said:#?}");
    }
    let again = run(&mut upload(&home, address, &[])).await.ends_with(0);
    assert_eq!(again.json().pop().unwrap()["uploaded"], 9);
    assert_eq!(server.uploads().len(), 9, "nothing was uploaded twice");
}

#[tokio::test]
async fn a_batch_that_may_not_wait_ends_with_what_was_not_tried() {
    let (home, address) = (home_with(40), nobody());
    let begun = Instant::now();
    let ended = run(&mut upload(&home, address, &["--timeout", "2"])).await.ends_with(3);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let summary = ended.json().pop().unwrap();
    let count = |field: &str| summary[field].as_u64().unwrap();
    assert_eq!((count("uploaded"), count("failed") + count("notTried")), (0, 40));
    assert!((3..=4).contains(&count("failed")), "{summary}");
    let not_tried = ended.json().iter().filter(|line| line["event"] == "not_tried").count();
    assert_eq!(not_tried as u64, count("notTried"));
    ended.says(&["files were not tried, for the same reason"]);
}

/// A proxy that answers every request with this, and how many it got.
async fn proxy(status: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Relaxed);
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_proxy_that_refuses_ends_the_batch() {
    for (status, most) in [("407 Proxy Authentication Required", 2), ("403 Forbidden", 4)] {
        let (home, (proxy, asked)) = (home_with(12), proxy(status).await);
        let mut command = upload(&home, proxy, &[]);
        command.env("OFAUTH_BASE_URL", "https://api.test");
        command.env("HTTPS_PROXY", format!("http://user:wrong@{proxy}"));
        let ended = run(&mut command).await.ends_with(4);
        let summary = ended.json().pop().unwrap();
        let count = |field: &str| summary[field].as_u64().unwrap();
        assert!((1..=2).contains(&count("failed")) && count("failed") + count("notTried") == 12, "{summary}");
        assert!(asked.load(Relaxed) <= most, "{status}: {asked:?}");
        ended.says(&[&proxy.to_string(), "were not tried, for the same reason"]);
    }
}

#[tokio::test]
async fn ctrl_c_ends_the_wait() {
    let (home, address) = (home_with(9), nobody());
    let mut child = upload(&home, address, &[]).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    while !err.next_line().await.unwrap().expect("the batch waits").contains("the other files wait") {}
    signal(&child, rustix::process::Signal::INT);
    let begun = Instant::now();
    let ended = finish(child).await.ends_with(3);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let summary = ended.json().pop().unwrap();
    assert!(summary["notTried"].as_u64().unwrap() >= 5, "{summary}");
    drop(err);
}
