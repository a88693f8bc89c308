//! Every command that asks the service reads its answer by one rule: the exit code tells whether it was carried out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use crate::support::{CANARY, CONNECTION, Home, run};

const GOOD: &str = r#"{"id": 5, "exists": true, "items": [], "list": []}"#;
const REFUSAL: &str = r#"{"error": "You cannot now", "type": "BAD_REQUEST"}"#;

/// An answer's headers and body, and the exit codes of what must not happen twice and of what may.
fn table() -> Vec<(&'static str, &'static str, Vec<u8>, i32, i32)> {
    let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
    let gzip = "Content-Encoding: gzip\r\n";
    vec![
        ("good", "", GOOD.into(), 0, 0),
        ("gzip", gzip, packed(GOOD.as_bytes()), 0, 0),
        ("mark", "", marked(GOOD), 0, 0),
        ("mark in gzip", gzip, packed(&marked(GOOD)), 0, 0),
        ("error", "", REFUSAL.into(), 5, 5),
        ("error in gzip", gzip, packed(REFUSAL.as_bytes()), 5, 5),
        ("error after a mark", "", marked(REFUSAL), 5, 5),
        ("HTML", "", b"<html><p>Log in</p></html>".to_vec(), 6, 1),
        ("cut JSON", "", b"{\"id\": 5, \"it".to_vec(), 6, 1),
        ("empty", "", Vec::new(), 6, 1),
        ("br", "Content-Encoding: br\r\n", b"packed".to_vec(), 6, 1),
        ("too long", "", vec![b' '; 33 << 20], 6, 1),
    ]
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A server that gives every request the same answer, as long as the test runs.
fn server(headers: &str, body: &[u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let head =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    let answer = [head.as_bytes(), body].concat();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = Vec::new();
            let mut piece = [0; 4096];
            while !is_whole(&asked) {
                match stream.read(&mut piece) {
                    Ok(read @ 1..) => asked.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            // The command may have read enough of a long one.
            let _ = stream.write_all(&answer);
        }
    });
    address
}

/// Whether a request has its head and all of its body.
fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
}

#[tokio::test]
async fn exit_codes_tell_whether_it_was_carried_out() {
    let once: [&[&str]; 5] = [
        &["post", "Hello"],
        &["message", "Hello", "--to", "7"],
        &["message", "Hello", "--to-list", "fans"],
        &["api", "create_post", "--body", "{}"],
        &["post", "Hello", "--json"],
    ];
    let again: [&[&str]; 6] = [
        &["whoami"],
        &["whoami", "--json"],
        &["api", "whoami"],
        &["api", "list_vault_media"],
        &["check", "--etag", "\"e\"", "--size", "5"],
        &["vault-plus", "batch", "12"],
    ];
    let home = Home::new();
    for (name, headers, body, code_once, code_again) in table() {
        let address = server(headers, &body);
        for (args, code) in
            once.iter().map(|args| (args, code_once)).chain(again.iter().map(|a| (a, code_again)))
        {
            let mut command = home.bare();
            command.env("OFAUTH_BASE_URL", format!("http://{address}"));
            command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_CONNECTION_ID", CONNECTION);
            let run = run(command.args(*args)).await;
            assert_eq!(run.code, code, "{name}, {args:?}:\n{}\n{}", run.out, run.err);
            match code {
                0 => {}
                5 => assert!(
                    run.err.contains("You cannot now") || run.out.contains("You cannot now"),
                    "{}",
                    run.err
                ),
                _ => assert!(!run.out.contains("\"event\":\"posted\""), "{name}, {args:?}: {}", run.out),
            }
        }
    }
}
