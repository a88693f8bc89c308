//! Lists in pages, served well and badly, walked from C, C++ and Go by the table that Rust and the command go through.

use ofauth_tests::Server;
use ofauth_tests::lists::{FLAT, LISTS, List, Row, TABLE, Trouble};
use tokio::process::Command;

use crate::built::Built;
use crate::cases::status_number;
use crate::program::{Program, Way};
use crate::run::run;
use crate::server::Environment;

/// How a walk ended.
struct Walked {
    ids: Vec<String>,
    status: i32,
    token: String,
    message: String,
}

/// A program that is told what to walk.
fn told(mut command: Command, server: &Server, list: &List, set: &[(&str, &str)]) -> Command {
    Environment::new(server.origin(), None).tell(&mut command);
    command.env("OFAUTH_LIST", list.operation).env("OFAUTH_PARAMS", list.params);
    command.envs(set.iter().copied());
    command
}

/// Walks a list of this server with a program of which `set` sets more.
async fn walk(command: Command, server: &Server, list: &List, set: &[(&str, &str)]) -> Walked {
    let ended = run(&mut told(command, server, list, set), 120).await.succeeds();
    let (items, end) = ended.out.trim_end_matches('\n').rsplit_once("= ").unwrap();
    let item = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut end = end.splitn(3, ' ');
    let (status, token) = (end.next().unwrap().parse().unwrap(), end.next().unwrap().to_owned());
    let message = end.next().unwrap_or_default().to_owned();
    Walked { ids: items.lines().map(item).collect(), status, token, message }
}

fn all(count: usize) -> Vec<String> {
    (0..count).map(List::id).collect()
}

/// The whole table, and a walk in two halves.
async fn every_style_is_walked(program: impl Fn() -> Command, way: &str) {
    let invalid_answer = status_number("OFAUTH_ERR_INVALID_ANSWER");
    for list in LISTS {
        for row @ Row { trouble, count, says } in TABLE.iter().filter(|row| list.can(row.trouble)) {
            let what = format!("{way}: {}, {row:?}", list.operation);
            let server = list.serve(*count, *trouble).await;
            let walked = walk(program(), &server, list, &[("OFAUTH_WAY", way)]).await;
            let Walked { ids, status, token, message } = walked;
            match says {
                None => assert_eq!((status, token.as_str(), ids), (0, "-", all(*count)), "{what}: {message}"),
                Some(says) => {
                    assert!(status == invalid_answer && message.contains(says), "{what}: {status} {message}");
                    assert!(all(*count).starts_with(&ids) && token.starts_with(list.operation), "{what}");
                }
            }
        }
        let peak =
            |count| list.peak_of_walk(count, |server| told(program(), server, list, &[("OFAUTH_WAY", way)]));
        let (short, long) = (peak(250).await, peak(10_000).await);
        assert!(long < short + FLAT, "{way}, {}: 250 items {short} KiB, 10 000 {long} KiB", list.operation);
        let server = list.serve(257, Trouble::None).await;
        let begin = walk(program(), &server, list, &[("OFAUTH_MAX", "33"), ("OFAUTH_WAY", way)]).await;
        let rest =
            walk(program(), &server, list, &[("OFAUTH_RESUME", &begin.token), ("OFAUTH_WAY", way)]).await;
        assert_eq!([begin.ids, rest.ids].concat(), all(257), "{way}: {}", list.operation);
        let before = server.requests().len();
        walk(program(), &server, list, &[("OFAUTH_RAW", "a b"), ("OFAUTH_WAY", way)]).await;
        let seen = server.requests().split_off(before);
        let has_raw = |target: &str| target.contains("later=a+b");
        assert!(seen.iter().all(|request| has_raw(&request.head.as_ref().unwrap().target)), "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_c() {
    let Some(program) = Program::compile("pages", Way::Plain).await else { return };
    for way in ["items", "pages", "mixed"] {
        every_style_is_walked(|| program.command(None, &[]), way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_cpp() {
    let program = Built::from_cpp("pages").await;
    every_style_is_walked(|| program.command(), "C++").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_go() {
    let Some(program) = Built::from_go("pages").await else { return };
    every_style_is_walked(|| program.command(), "Go").await;
}
