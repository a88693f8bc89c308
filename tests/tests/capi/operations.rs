//! Every operation of the API, called from C and Go by the table that Rust and the command go through.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use ofauth::operation::Body;
use ofauth_sandbox::Sandbox;
use ofauth_tests::every_operation::{BYTES, MEDIA_TYPE, Sample, assert_all_called, samples};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::built::Built;
use crate::cases::literal;
use crate::program::{Program, Way};
use crate::run::run;
use crate::server::Environment;

/// A line of C for each operation and for the proxy, which C programs include.
pub(crate) static OPERATIONS: LazyLock<String> = LazyLock::new(|| {
    let mut table: String = samples().iter().map(line).collect();
    let proxy = r#"{"method": "GET", "path": "users/me?a=1"}"#;
    writeln!(table, "    {{\"proxy_request\", {}, NULL, NULL}},", literal(proxy)).unwrap();
    table
});

fn line(sample: &Sample) -> String {
    let (body, content_type) = match &sample.body {
        Some(body) => (literal(&body.to_string()), "NULL".to_owned()),
        None if sample.operation.body == Body::Bytes => (literal(BYTES), literal(MEDIA_TYPE)),
        None => ("NULL".to_owned(), "NULL".to_owned()),
    };
    let params = literal(&Value::Object(sample.params.clone()).to_string());
    format!("    {{\"{}\", {params}, {body}, {content_type}}},\n", sample.operation.id)
}

/// Runs a program that says for each operation with which HTTP status its call ended.
async fn every_operation_is_called(language: &str, mut program: Command) {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let ended = run(Environment::of(&sandbox).tell(&mut program), 120).await.succeeds();
    let pair = |line: &str| {
        let (id, status) = line.split_once(' ').unwrap();
        (id.to_owned(), status.parse().unwrap())
    };
    let mut ended: BTreeMap<String, u16> = ended.out.lines().map(pair).collect();
    // The one that no document describes has a test of its own.
    ended.remove("proxy_request");
    assert_all_called(language, &ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_c() {
    let Some(program) = Program::compile("operations", Way::Plain).await else { return };
    every_operation_is_called("C", program.command(None, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_go() {
    let Some(program) = Built::from_go("operations").await else { return };
    let table: Vec<Value> = samples()
        .iter()
        .map(|sample| {
            json!({
                "id": sample.operation.id,
                "params": sample.params,
                "body": sample.body,
                "bytes": (sample.operation.body == Body::Bytes).then_some(BYTES),
                "mediaType": MEDIA_TYPE,
            })
        })
        .collect();
    let mut command = program.command();
    command.env("OFAUTH_OPERATIONS", json!(table).to_string());
    every_operation_is_called("Go", command).await;
}
