//! Journals from C: each scene of `tests/c/resume.c` against a server of its own, and what that has seen. One of them is
//! killed in the middle and started again.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::time::Duration;

use ofauth_sandbox::{Fault, FaultRule, FaultScript, RateLimit, Sandbox};
use ofauth_tests::guide::holds as received;
use ofauth_tests::{Guide, Play, Site, Step};
use rustix::process::Signal;
use tokio::sync::Notify;

use crate::program::{Program, Way};
use crate::run::{finish, scratch, start};
use crate::server::{Environment, KEY, builder, clip, holds};

/// The part size of the sandbox, and so that of the guide.
const PART_SIZE: u64 = 64 * 1024;
/// Parts of the sample.
const PARTS: u32 = 12;
/// Parts that an upload gets through before it is interrupted.
const LAST: u32 = 5;

/// How long a scene may take.
fn patience(way: Way) -> u64 {
    if way == Way::Plain { 60 } else { 240 }
}

/// Plays a scene against a sandbox.
async fn scene(program: &Program, name: &str, sandbox: &Sandbox, way: Way) {
    let directory = scratch();
    let journal = directory.path().join("a journal");
    let arguments = [name, journal.to_str().unwrap()];
    program.run(Some(&Environment::of(sandbox)), &arguments, patience(way)).await.succeeds();
}

/// How often an operation was asked for.
fn asked(sandbox: &Sandbox, operation: &str) -> usize {
    let exchanges = sandbox.transcript();
    exchanges.iter().filter(|exchange| exchange.operation.as_deref() == Some(operation)).count()
}

/// How often a part of uploads with this name was sent, and in how many sessions.
fn sent(sandbox: &Sandbox, filename: &str) -> (u32, usize) {
    let uploads = sandbox.uploads();
    let of_name: Vec<_> = uploads.iter().filter(|upload| upload.filename == filename).collect();
    (of_name.iter().flat_map(|upload| &upload.parts).map(|part| part.attempts).sum(), of_name.len())
}

/// A rule that leaves the `nth` request and `times` - 1 after it for part 6 of an upload with this name unread.
fn stuck(filename: &str, nth: u32, times: u32) -> FaultRule {
    let rule = Fault::SlowReader { bytes_per_second: 0 }.on("upload_part");
    rule.part(LAST + 1).filename(filename).nth(nth).times(times)
}

async fn cancelled_uploads_go_on(program: &Program, way: Way) {
    let sandbox = builder().start().await.unwrap();
    for filename in ["file.mp4", "bytes.mp4", "reader.mp4", "without.mp4", "changed.mp4"] {
        sandbox.push_fault(stuck(filename, 1, 1));
    }
    sandbox.push_fault(stuck("without.mp4", 3, 1));
    scene(program, "cancel", &sandbox, way).await;
    let bytes = std::fs::read(clip()).unwrap();
    for filename in ["file.mp4", "bytes.mp4", "reader.mp4"] {
        holds(&sandbox, filename, 1, &bytes);
        // Nothing but the part that was under way is sent again.
        assert_eq!(sent(&sandbox, filename), (PARTS + 1, 1), "{filename}");
    }
    assert_eq!(sent(&sandbox, "without.mp4").1, 3, "{:#?}", sandbox.uploads());
    assert_eq!(sent(&sandbox, "changed.mp4").1, 2);
}

async fn held_results_are_given_again(program: &Program, way: Way) {
    let sandbox = builder().start().await.unwrap();
    scene(program, "hold", &sandbox, way).await;
    // The second run sends nothing, the busy one neither.
    assert_eq!(sent(&sandbox, "held.mp4"), (3 * PARTS, 3));
    holds(&sandbox, "held.mp4", 3, &std::fs::read(clip()).unwrap());
}

/// The service finishes, and its answer is lost; asked again, it knows nothing of the upload.
const LOST: &str = r#"[
    {"on": {"operation": "complete_upload"}, "fault": {"kind": "answer_lost"}},
    {"on": {"operation": "complete_upload", "nth": 2, "times": "always"},
     "fault": {"kind": "status", "status": 404, "error": "gone", "type": "RESOURCE_NOT_FOUND"}}
]"#;

async fn unknown_outcomes_stay_unknown(program: &Program, way: Way) {
    let sandbox = builder().faults(FaultScript::from_json(LOST).unwrap()).start().await.unwrap();
    scene(program, "unknown", &sandbox, way).await;
    assert_eq!(sent(&sandbox, "unknown.mp4"), (PARTS, 1), "one session, each part once");
    assert_eq!(asked(&sandbox, "init_upload"), 1);
}

async fn one_upload_runs_once_at_a_time(program: &Program, way: Way) {
    let sandbox = builder().start().await.unwrap();
    scene(program, "busy", &sandbox, way).await;
    assert_eq!(sent(&sandbox, "busy.mp4"), (PARTS, 1));
    holds(&sandbox, "busy.mp4", 1, &std::fs::read(clip()).unwrap());
}

async fn notices_may_do_what_they_like(program: &Program, way: Way) {
    let sandbox = builder().start().await.unwrap();
    sandbox.push_fault(stuck("deeds.mp4", 1, 2));
    scene(program, "notice", &sandbox, way).await;
    assert_eq!(sent(&sandbox, "deeds.mp4"), (PARTS + 2, 1));
    holds(&sandbox, "deeds.mp4", 1, &std::fs::read(clip()).unwrap());
}

async fn a_limit_that_is_set_is_kept(program: &Program, way: Way) {
    let limit = RateLimit { per_minute: 600, burst: 5 };
    let sandbox = builder().rate_limit(limit).start().await.unwrap();
    scene(program, "limit", &sandbox, way).await;
    let exchanges = sandbox.transcript();
    let statuses: Vec<_> = exchanges.iter().map(|exchange| exchange.status).collect();
    assert_eq!(statuses, [Some(200); 30]);
    // 4 at once, the others at 10 a second.
    let took = exchanges.last().unwrap().at - exchanges.first().unwrap().at;
    assert!(took >= Duration::from_millis(2400), "{took:?}");
}

/// A server that never answers one part of the first try, and tells when it has it.
async fn silent_once() -> (Site, Arc<Notify>) {
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let guide = Guide::parts(KEY, PART_SIZE).script(move |visit| {
        if visit.step != Step::Part(LAST + 1) || visit.attempt > 1 {
            return Play::Guide;
        }
        let tell = Arc::clone(&tell);
        Play::Then(Box::pin(async move {
            tell.notify_one();
            std::future::pending().await
        }))
    });
    (guide.start().await, reached)
}

async fn a_killed_program_goes_on(program: &Program, way: Way) {
    let ((site, reached), directory) = (silent_once().await, scratch());
    let server = Environment::new(site.origin(), None);
    let arguments = ["run", directory.path().to_str().unwrap()];
    let running = start(&mut program.command(Some(&server), &arguments));
    let patience = patience(way);
    tokio::time::timeout(Duration::from_secs(patience), reached.notified()).await.unwrap();
    running.signal(Signal::KILL);
    let killed = finish(running, patience).await;
    assert_eq!(killed.status.signal(), Some(9), "{}", killed.all());

    let ended = program.run(Some(&server), &arguments, patience).await.succeeds();
    let resumed = u64::from(LAST) * PART_SIZE;
    assert_eq!(ended.out.trim(), format!("resumed {resumed}, 1 notices, 1 of them resumed"));
    assert_eq!((site.visits(Step::Init), site.visits(Step::Complete)), (1, 1));
    assert_eq!(site.repeated_parts(), [(LAST + 1, 2)], "only the part that was under way");
    let sessions = site.sessions();
    let bytes = std::fs::read(clip()).unwrap();
    assert!(sessions.len() == 1 && sessions[0].completed == 1 && received(&sessions[0], &bytes));
}

async fn every_scene(way: Way) {
    let Some(program) = Program::compile("resume", way).await else { return };
    cancelled_uploads_go_on(&program, way).await;
    a_killed_program_goes_on(&program, way).await;
    held_results_are_given_again(&program, way).await;
    unknown_outcomes_stay_unknown(&program, way).await;
    one_upload_runs_once_at_a_time(&program, way).await;
    notices_may_do_what_they_like(&program, way).await;
    a_limit_that_is_set_is_kept(&program, way).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain() {
    every_scene(Way::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_valgrind() {
    every_scene(Way::Valgrind(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_sanitizers() {
    every_scene(Way::Sanitized(1)).await;
}
