//! The table of webhooks, `tests/data/webhooks.json`, from C, C++ and Go: what Rust says of each request, they say, too.

use std::fmt::Write as _;
use std::fs::File;
use std::time::{Duration, SystemTime};

use ofauth::webhooks::{Scheme, sign};
use ofauth_tests::webhooks::{Vector, vectors};
use serde_json::Value;
use tokio::process::Command;

use crate::built::Built;
use crate::cases::status_number;
use crate::documents::blocks;
use crate::program::{Program, STRICT, Way, build};
use crate::run::{command, root, run, scratch};
use crate::tree::tree;

/// The table for programs without JSON: words, as `tests/c/webhooks.c` has them.
fn words(vectors: &[Vector]) -> String {
    let hex = |bytes: &[u8]| match bytes {
        [] => "-".to_owned(),
        bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let mut text = String::new();
    for Vector { secrets, headers, body, now, .. } in vectors {
        writeln!(text, "{}", secrets.len()).unwrap();
        secrets.iter().for_each(|secret| writeln!(text, "{}", hex(secret.as_bytes())).unwrap());
        writeln!(text, "{}", headers.len()).unwrap();
        for (name, value) in headers {
            writeln!(text, "{} {}", hex(name.as_bytes()), hex(value.as_bytes())).unwrap();
        }
        writeln!(text, "{} {now}", hex(body)).unwrap();
    }
    text
}

/// The status that an expected error has.
fn status(kind: &str) -> i32 {
    match kind {
        "no_secret" => status_number("OFAUTH_ERR_INVALID_ARGUMENT"),
        kind => status_number(&format!("OFAUTH_ERR_WEBHOOK_{}", kind.to_uppercase())),
    }
}

/// Runs a program that verifies every vector and says what each comes to.
async fn every_vector_is_told_as_expected(language: &str, mut program: Command) {
    let vectors = vectors();
    let ended = run(&mut program, 60).await.succeeds();
    let lines: Vec<_> = ended.out.lines().collect();
    assert_eq!(lines.len(), vectors.len(), "{language}: {}", ended.all());
    for (vector, line) in vectors.iter().zip(lines) {
        let (number, rest) = line.split_once(' ').unwrap();
        let number: i32 = number.parse().unwrap();
        match vector.expect["error"].as_str() {
            Some(kind) => assert_eq!(number, status(kind), "{language}: {}: {line}", vector.name),
            None => {
                assert_eq!(number, 0, "{language}: {}: {line}", vector.name);
                let event: Value = serde_json::from_str(rest).unwrap();
                assert_eq!(vector.told(&event), vector.expect, "{language}: {}", vector.name);
            }
        }
    }
}

/// The same for a program that reads words.
async fn with_words(language: &str, mut program: Command) {
    let directory = scratch();
    let file = directory.path().join("webhooks.txt");
    std::fs::write(&file, words(&vectors())).unwrap();
    program.env("OFAUTH_WEBHOOKS", file);
    every_vector_is_told_as_expected(language, program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_c() {
    for way in [Way::Plain, Way::Sanitized(1)] {
        let Some(program) = Program::compile("webhooks", way).await else { continue };
        with_words("C", program.command(None, &[])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_cpp() {
    let program = Built::from_cpp("webhooks").await;
    with_words("C++", program.command()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_go() {
    let Some(program) = Built::from_go("webhooks").await else { return };
    let mut command = program.command();
    command.env("OFAUTH_WEBHOOKS", root().join("tests/data/webhooks.json"));
    every_vector_is_told_as_expected("Go", command).await;
}

/// The programs of the pages are whole: they verify, and answer as the page on webhooks says.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_of_the_pages_answer_by_whose_fault_it_is() {
    const SECRET: &str = "whsec_c2VjcmV0";
    const BODY: &str = r#"{"type": "connection.created"}"#;
    let blocks = blocks();
    for (document, compiler, file, flags) in [
        ("docs/c.md", "cc", "webhook.c", STRICT),
        (
            "bindings/cpp/README.md",
            "c++",
            "webhook.cpp",
            &["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"][..],
        ),
    ] {
        let is_it = |text: &str| text.contains("verify_webhook(") || text.contains("webhook_verify(");
        let block = blocks.iter().find(|block| block.document == document && is_it(&block.text)).unwrap();
        let at = scratch();
        build(compiler, flags, &[(file, &block.text)], at.path()).await.succeeds();
        let body = at.path().join("body");
        std::fs::write(&body, BODY).unwrap();
        let now = SystemTime::now();
        let late = now - Duration::from_secs(600);
        for (what, secret, scheme, signed, signed_at, answer) in [
            ("documented", SECRET, Scheme::OFAuth, BODY, now, 204),
            ("older", SECRET, Scheme::Svix, BODY, now, 204),
            ("another secret", "whsec_other", Scheme::OFAuth, BODY, now, 400),
            ("another body", SECRET, Scheme::OFAuth, "{}", now, 400),
            ("too old", SECRET, Scheme::Svix, BODY, late, 400),
            ("no secret here", "", Scheme::OFAuth, BODY, now, 500),
        ] {
            let mut program = command(at.path().join("built"));
            program.env("LD_LIBRARY_PATH", tree().library()).env("OFAUTH_WEBHOOK_SECRET", secret);
            for (name, value) in sign(scheme, SECRET, signed.as_bytes(), signed_at, "msg_1").unwrap() {
                program.env(format!("HTTP_{}", name.to_uppercase().replace('-', "_")), value);
            }
            let ended = run(program.stdin(File::open(&body).unwrap()), 20).await;
            let code = if answer == 204 { 0 } else { 1 };
            assert_eq!(ended.code(), Some(code), "{document}: {what}: {}", ended.all());
            assert_eq!(ended.out, format!("Status: {answer}\r\n\r\n"), "{document}: {what}");
            assert_eq!(
                ended.err.contains("\"connection.created\""),
                answer == 204,
                "{document}: {what}: {}",
                ended.all()
            );
        }
    }
}
