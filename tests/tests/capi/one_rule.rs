//! One rule for every language: what a 2xx is, whether the call is made from C, C++ or Go.

use ofauth::ErrorKind;
use ofauth_tests::one_rule::{Row, TABLE};
use ofauth_tests::{Guide, Play};
use tokio::process::Command;

use crate::built::Built;
use crate::cases::status_number;
use crate::program::{Program, Way};
use crate::run::run;
use crate::server::{Environment, KEY};

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
    status_number(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_c() {
    let Some(program) = Program::compile("one_rule", Way::Plain).await else { return };
    every_call_reads_an_answer_alike("C", 3, || program.command(None, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_cpp() {
    let program = Built::from_cpp("one_rule").await;
    every_call_reads_an_answer_alike("C++", 3, || program.command()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_go() {
    let Some(program) = Built::from_go("one_rule").await else { return };
    every_call_reads_an_answer_alike("Go", 5, || program.command()).await;
}
