//! The C programs of `tests/c`: what each is about stands at its top. Here is what they are run against, and what the
//! server has to have seen.

use std::collections::BTreeSet;

use ofauth_sandbox::{Exchange, FaultScript, Sandbox};
use ofauth_tests::{Answer, Guide, Next, Play, Site, Step};
use serde_json::json;

use crate::program::{Program, Way, play};
use crate::run::scratch;
use crate::server::{Environment, KEY, builder, clip, holds};

/// Makes a test of each way to run a program, from a function that takes the way.
macro_rules! in_all_ways {
    ($($name:ident: plain $plain:literal s, valgrind $rounds:literal rounds $valgrind:literal s, sanitized $few:literal rounds $sanitized:literal s;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn plain() {
                super::$name(Way::Plain, $plain).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn under_valgrind() {
                super::$name(Way::Valgrind($rounds), $valgrind).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn with_sanitizers() {
                super::$name(Way::Sanitized($few), $sanitized).await;
            }
        }
    )*};
}

in_all_ways! {
    journey: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    parameters: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    errors: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    input: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    readers: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    callbacks: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    threads: plain 120 s, valgrind 1 rounds 240 s, sanitized 2 rounds 120 s;
    forking: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    hosts: plain 60 s, valgrind 5 rounds 240 s, sanitized 20 rounds 120 s;
    broken_pipes: plain 180 s, valgrind 16 rounds 240 s, sanitized 80 rounds 120 s;
    signals: plain 180 s, valgrind 50 rounds 240 s, sanitized 10000 rounds 120 s;
    giving_up: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    connections: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    flows: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    ownership: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    batch: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    batch_threads: plain 60 s, valgrind 1 rounds 240 s, sanitized 1 rounds 120 s;
    lifecycle: plain 180 s, valgrind 4 rounds 240 s, sanitized 30 rounds 120 s;
}

async fn journey(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(ended) = play("journey", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    let bytes = std::fs::read(clip()).unwrap();
    holds(&sandbox, "journey.mp4", 1, &bytes);
    holds(&sandbox, "after-cancel.mp4", 1, &bytes);
    let finished = sandbox.uploads().iter().filter(|upload| upload.sha256.is_some()).count();
    assert_eq!(finished, 3, "{:#?}", sandbox.uploads());

    // The operations, in the order of the table, and nothing refused by the library before it was sent.
    let transcript = sandbox.transcript();
    let wanted: BTreeSet<_> =
        ofauth::operations().iter().map(|operation| operation.id).chain(["proxy_request"]).collect();
    let seen: BTreeSet<_> = transcript.iter().filter_map(|exchange| exchange.operation.as_deref()).collect();
    assert_eq!(seen, wanted);
    let tags: BTreeSet<_> = ofauth::operations().iter().map(|operation| operation.tag).collect();
    assert!(tags.len() >= 10, "{tags:?}");
    let all = format!(" of {} operations succeeded", seen.len());
    let succeeded = ended.out.lines().find_map(|line| line.strip_suffix(all.as_str()));
    let succeeded: usize = succeeded.unwrap_or_else(|| panic!("{}", ended.all())).parse().unwrap();
    // The others are refused by the service: what they name was never there.
    assert!(succeeded + 6 >= seen.len(), "{succeeded}{all}");
    assert!(transcript.iter().all(|exchange| exchange.api_key));
    let raw = |exchange: &&Exchange| exchange.path.contains("later=");
    let raw: Vec<_> = transcript.iter().filter(raw).map(|exchange| exchange.path.as_str()).collect();
    assert_eq!(raw, ["/v2/access/vault/media?limit=1000&later=a+b&later=c"]);
    // 250 ids go in requests of at most 100.
    let batches = transcript.iter().filter(|exchange| exchange.path.contains("vault-plus/media/batch"));
    assert_eq!(batches.count(), 3 + 1);
}

async fn parameters(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(ended) = play("parameters", way, Some(&Environment::of(&sandbox)), seconds).await else {
        return;
    };
    let words: Vec<_> = ended.out.split_whitespace().collect();
    let (functions, calls): (usize, usize) = (words[0].parse().unwrap(), words[2].parse().unwrap());
    assert!(functions >= 100 && calls >= 5 * functions, "{}", ended.out);
}

async fn input(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("input", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    holds(&sandbox, "clip.mp4", 1, &std::fs::read(clip()).unwrap());
}

async fn connections(way: Way, seconds: u64) {
    let fails = |operation: &str| json!({ "on": { "operation": operation }, "fault": { "kind": "status", "status": 503 } });
    let operations = ["list_chats", "list_posts", "get_earnings_chart", "list_bundles", "list_trial_links"];
    let script: Vec<_> = operations.map(fails).into();
    let script = FaultScript::from_json(&json!(script).to_string()).unwrap();
    let limit = ofauth_sandbox::RateLimit { per_minute: 60, burst: 20 };
    let sandbox = builder().rate_limit(limit).faults(script).start().await.unwrap();
    let Some(_) = play("connections", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    let sent = |operation: &str| {
        sandbox.transcript().iter().filter(|seen| seen.operation.as_deref() == Some(operation)).count()
    };
    assert_eq!(operations.map(sent), [2, 2, 1, 2, 2]);
}

async fn flows(way: Way, seconds: u64) {
    let Some(program) = Program::compile("flows", way).await else { return };
    let sandbox = builder().link_after(2).start().await.unwrap();
    let directory = scratch();
    let directory = directory.path().to_str().unwrap();
    program.run(Some(&Environment::of(&sandbox)), &[directory], seconds).await.succeeds();
    assert_eq!(["flow-1.mp4", "flow-2.mp4"].map(|name| finished(&sandbox, name)), [1, 1]);
}

async fn readers(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("readers", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    holds(&sandbox, "reader.mp4", 8, &std::fs::read(clip()).unwrap());
    let finished = |name: &str| finished(&sandbox, name);
    assert_eq!((finished("bad-reader.mp4"), finished("blocked-reader.mp4")), (0, 0));
}

async fn callbacks(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("callbacks", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    // Three kinds of callbacks, five deeds that do not cancel.
    holds(&sandbox, "callbacks.mp4", 15, &std::fs::read(clip()).unwrap());
}

/// Where valgrind is to look at everything, TLS stays away; see there.
fn is_tls(way: Way) -> bool {
    !matches!(way, Way::Valgrind(_))
}

async fn threads(way: Way, seconds: u64) {
    let sandbox = builder().tls(is_tls(way)).start().await.unwrap();
    let Some(_) = play("threads", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    let bytes = std::fs::read(clip()).unwrap();
    for thread in 0..8 {
        holds(&sandbox, &format!("thread-{thread}.mp4"), 1, &bytes);
    }
    holds(&sandbox, "running.mp4", 1, &bytes);
}

async fn forking(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("fork", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    holds(&sandbox, "forked.mp4", 1, &std::fs::read(clip()).unwrap());
}

async fn hosts(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("hosts", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    assert!(
        sandbox.uploads().iter().any(|upload| upload.filename == "forked.mp4" && upload.sha256.is_some())
    );
}

/// A server that reads a little of a body, refuses, and closes with the rest unread, so that the kernel resets the
/// connection under the writing client.
fn refusing() -> Guide {
    Guide::single(KEY).script(|visit| match visit.step {
        Step::Single => Play::Custom(Box::new(|exchange| {
            Box::pin(async move {
                exchange.read(64 * 1024).await?;
                exchange.answer(&Answer::problem(413, "too large", "PAYLOAD_TOO_LARGE", "req_413")).await?;
                Ok(Next::Drop)
            })
        })),
        _ => Play::Guide,
    })
}

async fn broken_pipes(way: Way, seconds: u64) {
    for tls in [true, false] {
        let site: Site = if tls { refusing().start_tls().await } else { refusing().start().await };
        let environment = Environment::new(site.origin(), site.ca_pem());
        let Some(_) = play("sigpipe", way, Some(&environment), seconds).await else { return };
        let least = if way == Way::Plain { 1000 } else { 8 };
        assert!(site.visits(Step::Single) >= least, "{} uploads", site.visits(Step::Single));
        if way == Way::Plain {
            let program = Program::compile("sigpipe", way).await.unwrap();
            let ended = program.run(Some(&environment), &["die"], 20).await;
            let signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
            assert_eq!(signal, Some(13), "SIGPIPE is at its default: {}", ended.all());
        }
    }
}

async fn signals(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("signals", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    holds(&sandbox, "signals.mp4", 4, &std::fs::read(clip()).unwrap());
}

/// A server that takes requests and never answers.
async fn silent() -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                // Until the client hangs up.
                _ = tokio::io::copy(&mut connection, &mut tokio::io::sink()).await;
            });
        }
    });
    (base_url, task)
}

async fn giving_up(way: Way, seconds: u64) {
    let (base_url, server) = silent().await;
    _ = play("giving_up", way, Some(&Environment::new(&base_url, None)), seconds).await;
    server.abort();
}

/// Each of the two uploads of `ownership.c` is told that its first step is tried again.
const REFUSED_AT_FIRST: &str = r#"[
    {"on": {"operation": "init_upload", "nth": 1}, "fault": {"kind": "status", "status": 503, "error": "busy"}},
    {"on": {"operation": "init_upload", "nth": 3}, "fault": {"kind": "status", "status": 503, "error": "busy"}}
]"#;

async fn ownership(way: Way, seconds: u64) {
    let script = FaultScript::from_json(REFUSED_AT_FIRST).unwrap();
    let sandbox = builder().faults(script).start().await.unwrap();
    let Some(_) = play("ownership", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    holds(&sandbox, "owned.mp4", 1, &[7; 100]);
    let refused = sandbox.uploads().iter().filter(|upload| upload.filename == "refused.mp4").count();
    assert_eq!(refused, 0, "a notice cancelled it");
}

async fn batch(way: Way, seconds: u64) {
    let Some(program) = Program::compile("batch", way).await else { return };
    let sandbox = builder().start().await.unwrap();
    let directory = scratch();
    let journal = directory.path().join("a journal");
    let environment = Environment::of(&sandbox);
    program.run(Some(&environment), &[journal.to_str().unwrap()], seconds).await.succeeds();
    holds(&sandbox, "batch-options.mp4", 1, &std::fs::read(clip()).unwrap());
    let finished = |name: &str| finished(&sandbox, name);
    let names =
        ["batch-bytes.mp4", "batch-reader.mp4", "batch-added.mp4", "batch-waited.mp4", "batch-freed.mp4"];
    assert_eq!(names.map(finished), [1, 1, 4, 1, 1]);
    assert_eq!(["batch-cancelled.mp4", "batch-held-0.mp4", "batch-named.mp4"].map(finished), [0, 2, 1]);
    assert_eq!(["batch-settled.mp4", "batch-destroy.mp4"].map(finished), [2, 3]);
}

async fn batch_threads(way: Way, seconds: u64) {
    let sandbox = builder().start().await.unwrap();
    let Some(_) = play("batch_threads", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    assert_eq!(finished(&sandbox, "batch-threads.mp4"), 2);
    assert_eq!(finished(&sandbox, "batch-forked.mp4"), 5);
}

/// How many uploads of this name were finished.
fn finished(sandbox: &Sandbox, name: &str) -> usize {
    sandbox.uploads().iter().filter(|upload| upload.filename == name && upload.sha256.is_some()).count()
}

async fn lifecycle(way: Way, seconds: u64) {
    let sandbox = builder().tls(is_tls(way)).start().await.unwrap();
    let Some(_) = play("lifecycle", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    let least = if way == Way::Plain { 200 } else { 4 };
    holds(&sandbox, "clip.mp4", least, &std::fs::read(clip()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_made_within_5_ms() {
    let Some(_) = play("startup", Way::Plain, None, 60).await else { return };
}

/// The program for measuring by hand works; what it measures is not judged here.
#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_runs() {
    let sandbox = builder().start().await.unwrap();
    let Some(program) = Program::compile("bench_upload", Way::Plain).await else { return };
    let clip = clip();
    let ended =
        program.run(Some(&Environment::of(&sandbox)), &[clip.to_str().unwrap(), "3"], 60).await.succeeds();
    assert!(ended.out.contains("user ") && ended.out.contains("system "), "{}", ended.all());
    holds(&sandbox, "clip.mp4", 3, &std::fs::read(clip).unwrap());
}

/// What the checkers are trusted to see, they do see.
#[tokio::test(flavor = "multi_thread")]
async fn checkers_find_what_they_should() {
    for way in [Way::Valgrind(1), Way::Sanitized(1)] {
        for fault in ["leak", "overflow"] {
            let Some(program) = Program::compile("faulty", way).await else { continue };
            let ended = program.run(None, &[fault], 60).await;
            assert_eq!(ended.code(), Some(99), "{way:?} {fault}: {}", ended.all());
        }
    }
}

/// The faults for `errors.c`, in its order.
const FAULTS: &str = r#"[
    {"on": {"operation": "whoami", "nth": 1},
     "fault": {"kind": "status", "status": 401, "error": "no such key", "type": "UNAUTHORIZED"}},
    {"on": {"operation": "whoami", "nth": 2},
     "fault": {"kind": "status", "status": 403, "error": "no scope", "type": "FORBIDDEN"}},
    {"on": {"operation": "whoami", "nth": 3}, "fault": {"kind": "redirect", "location": "/elsewhere"}},
    {"on": {"operation": "whoami", "nth": 4}, "fault": {"kind": "status", "status": 429,
     "error": "come back tomorrow", "type": "RATE_LIMIT_EXCEEDED", "retry_after": 86400}},
    {"on": {"operation": "create_post"}, "fault": {"kind": "answer_lost"}},
    {"on": {"operation": "init_upload", "nth": 1}, "fault": {"kind": "plan", "change": "gap"}},
    {"on": {"operation": "init_upload", "nth": 2},
     "fault": {"kind": "plan", "change": {"foreign_upload_url": "https://example.invalid"}}},
    {"on": {"operation": "upload_part", "part": 3}, "fault": {"kind": "status", "status": 403,
     "error": "the vault is full", "type": "FORBIDDEN", "action_required": "upgrade"}}
]"#;

async fn errors(way: Way, seconds: u64) {
    let script = FaultScript::from_json(FAULTS).unwrap();
    let sandbox = builder().faults(script).start().await.unwrap();
    let Some(_) = play("errors", way, Some(&Environment::of(&sandbox)), seconds).await else { return };
    holds(&sandbox, "clip.mp4", 1, &std::fs::read(clip()).unwrap());
}
