//! `cargo xtask diff` as a program: files and standard input, YAML and JSON, the last line, exit codes.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::json;

use super::{base, edited, set};

fn diff(old: &str, new: &str, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let mut child = command
        .args(["diff", old, new])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_last_line_is_the_verdict_and_what_cannot_be_read_is_two() {
    let path = std::env::temp_dir().join(format!("xtask-diff-{}.json", std::process::id()));
    std::fs::write(&path, format!("\u{feff}{}", base())).unwrap();
    let file = path.to_str().unwrap();
    let new = edited(base(), &[set("/paths/~1v2~1posts/get/parameters/1/schema/maximum", json!(20))]);

    let output = diff(file, "-", &new.to_string());
    let page = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(page.lines().last(), Some("verdict: breaking"), "{page}");
    let yaml = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {}\n";
    let page = String::from_utf8(diff("-", file, yaml).stdout).unwrap();
    assert_eq!(page.lines().last(), Some("verdict: feature"), "{page}");

    for (old, new, input) in [
        (file, "-", "{"),
        (file, "-", "just words"),
        (file, "-", "[]"),
        (file, "no such file", ""),
        ("-", "-", "{}"),
    ] {
        let output = diff(old, new, input);
        assert_eq!(output.status.code(), Some(2), "{input:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    std::fs::remove_file(path).unwrap();
}
