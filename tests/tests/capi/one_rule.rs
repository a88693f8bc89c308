//! One rule for every language: what a 2xx is, whether the call is made from C, C++ or Go.

use std::path::Path;

use ofauth::ErrorKind;
use ofauth_tests::one_rule::{Row, TABLE};
use ofauth_tests::{Guide, Play};
use tokio::process::Command;

use crate::go::{go, module};
use crate::program::{Program, STRICT, Way, pkg_config};
use crate::run::{command, copy, root, run, scratch, tool};
use crate::server::{Environment, KEY};
use crate::tree::tree;

/// Runs a program with each answer of the table, and looks how its calls end: at least `least` of them.
async fn every_call_reads_an_answer_alike(language: &str, least: usize, program: impl Fn() -> Command) {
    for Row { name, answer, made, read, sent } in TABLE {
        let site = Guide::single(KEY).script(move |_| Play::Answer(answer())).start().await;
        let environment = Environment::new(site.origin(), None);
        let ended = run(environment.tell(&mut program()), 60).await.succeeds();
        let expected = |road: &str| match road {
            "made" => status(*made),
            "read" => status(*read),
            "sent" => status(*sent),
            _ => panic!("{road} is not in the table"),
        };
        for line in ended.out.lines() {
            let (road, found) = line.split_once(' ').unwrap();
            assert_eq!(found.parse(), Ok(expected(road)), "{language}, {name}, {road}: {}", ended.all());
        }
        // Nothing is asked again, and no call was forgotten.
        let calls = ended.out.lines().count();
        assert!(calls >= least && site.requests().len() == calls, "{language}, {name}: {}", ended.all());
    }
}

/// The number of a kind of error, as the header has it.
fn status(kind: Option<ErrorKind>) -> i32 {
    let name = match kind {
        None => return 0,
        Some(ErrorKind::Forbidden) => "OFAUTH_ERR_FORBIDDEN",
        Some(ErrorKind::InvalidAnswer) => "OFAUTH_ERR_INVALID_ANSWER",
        Some(ErrorKind::OutcomeUnknown) => "OFAUTH_ERR_OUTCOME_UNKNOWN",
        Some(other) => panic!("{other:?} is not in the table"),
    };
    let header = std::fs::read_to_string(root().join("include/ofauth.h")).unwrap();
    let line = header.lines().find_map(|line| line.strip_prefix(&format!("#define {name} "))).unwrap();
    line.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_c() {
    let Some(program) = Program::compile("one_rule", Way::Plain).await else { return };
    every_call_reads_an_answer_alike("C", 3, || program.command(None, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_cpp() {
    let directory = scratch();
    let program = directory.path().join("one_rule");
    let mut compiler = command("c++");
    let strict = STRICT.iter().filter(|flag| !flag.starts_with("-std"));
    compiler.args(["-std=c++17", "-pthread"]).args(strict);
    compiler.arg(root().join("tests/cpp/one_rule.cpp")).arg("-o").arg(&program);
    run(compiler.args(pkg_config(&["--cflags", "--libs"]).await), 120).await.succeeds();
    every_call_reads_an_answer_alike("C++", 3, || with_library(&program)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_go() {
    if tool("go").is_none() {
        return;
    }
    let directory = scratch();
    copy(&root().join("tests/go/one_rule"), directory.path());
    module(directory.path(), "one_rule");
    run(&mut go(directory.path(), &["build", "-o", "one_rule", "."]), 400).await.succeeds();
    every_call_reads_an_answer_alike("Go", 5, || with_library(&directory.path().join("one_rule"))).await;
}

fn with_library(program: &Path) -> Command {
    let mut command = command(program);
    command.env_remove("PATH").env("LD_LIBRARY_PATH", tree().library());
    command
}
