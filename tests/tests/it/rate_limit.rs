//! Rate limits: requests are paced ahead of one that nobody told the client of, and a pause that the service asks for is
//! told, or is an error if it is longer than anybody waits.
//!
//! Pacing is measured at the server, over real sockets and in real time, from what it recorded of each request, so that
//! nothing but the client's pace counts. Budgets under paused time are tested beside their code.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofauth::{ErrorKind, Notice, Phase};
use ofauth_sandbox::{Exchange, RateLimit, Sandbox, UploadState};
use ofauth_tests::session::sha256;
use ofauth_tests::{Answer, Play, Step};
use serde_json::json;

use crate::support::{KIB, Together, builder_for, check, client, data, parts, single, video, within};

const PER_MINUTE: u32 = 600;
const PART: u64 = 512;
/// Requests beyond those of the full bucket, so 11 s at this rate.
const BEYOND: u32 = 110;

fn seconds(requests: f64) -> f64 {
    requests * 60.0 / f64::from(PER_MINUTE)
}

/// What an upload at 8 connections asked of a server whose bucket was full at its first request. Nothing of it was
/// refused, and each part was sent once and arrived.
async fn upload_against(burst: u32) -> Vec<Exchange> {
    let limit = RateLimit { per_minute: PER_MINUTE, burst };
    let sandbox = Sandbox::builder().part_size(PART).rate_limit(limit).start().await.unwrap();
    let client = builder_for(sandbox.base_url()).concurrency(8).build().unwrap();
    // Two requests are there to open and to complete.
    let parts = u64::from(burst + BEYOND - 2);
    let bytes = data(parts * PART);
    let uploaded = within(60, video(&client, &bytes)).await.unwrap();

    let mut exchanges = sandbox.transcript();
    // Heads that are read at the same time are recorded in either order.
    exchanges.sort_by_key(|exchange| exchange.at);
    let refused: Vec<_> = exchanges.iter().filter(|exchange| exchange.status == Some(429)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(exchanges.iter().all(|exchange| exchange.status == Some(200)));
    assert_eq!(exchanges.len() as u64, parts + 2);
    assert_eq!(uploaded.retries(), 0);
    let uploads = sandbox.uploads();
    assert_eq!(
        (uploads.len(), uploads[0].state, uploads[0].received),
        (1, UploadState::Complete, parts * PART)
    );
    assert_eq!(uploads[0].parts.len() as u64, parts);
    assert!(uploads[0].parts.iter().all(|part| part.attempts == 1 && part.etag.is_some()));
    let expected: String = sha256(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(uploads[0].sha256.as_ref(), Some(&expected));
    exchanges
}

/// The time from the first of these requests to the last.
fn span(exchanges: &[Exchange]) -> Duration {
    exchanges.last().unwrap().at - exchanges.first().unwrap().at
}

/// The tokens that the server's bucket holds after each request, if it is full at the first.
fn levels(exchanges: &[Exchange], burst: u32) -> Vec<f64> {
    let (mut level, mut at) = (f64::from(burst), exchanges[0].at);
    let after = |exchange: &Exchange| {
        level += (exchange.at - at).as_secs_f64() * f64::from(PER_MINUTE) / 60.0;
        level = level.min(f64::from(burst)) - 1.0;
        at = exchange.at;
        level
    };
    exchanges.iter().map(after).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_takes_hardly_longer_than_the_limit_makes_it() {
    let burst = 60;
    let exchanges = upload_against(burst).await;
    // The last request finds its token no earlier: those of the burst were there, all others had to flow in.
    let optimum = seconds((exchanges.len() as u32 - burst).into());
    let ratio = span(&exchanges).as_secs_f64() / optimum;
    eprintln!("{} requests took {ratio:.4} of the optimum, {optimum} s", exchanges.len());
    // Otherwise the server limits nothing, or the optimum is none.
    assert!(ratio > 0.999, "{ratio}");
    assert!(ratio <= 1.05, "{ratio}");
}

/// A bucket so small that the service's first answers do not tell how fast it refills.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_bucket_costs_a_pause_at_the_start_and_no_more() {
    let burst = 10;
    let exchanges = upload_against(burst).await;
    let optimum = seconds((exchanges.len() as u32 - burst).into());
    let lost = span(&exchanges).as_secs_f64() - optimum;
    // What follows is measured from a request whose tokens are known.
    let learned = exchanges.len() / 2;
    let rest = &exchanges[learned..];
    let there = levels(&exchanges, burst)[learned];
    assert!(rest.len() == 60 && (-0.5..f64::from(burst)).contains(&there), "{there}");
    let ratio = span(rest).as_secs_f64() / seconds((rest.len() - 1) as f64 - there);
    eprintln!("{lost:.2} s lost at the start, then {ratio:.4} of the optimum");
    // The bucket says "full in a second", rounded, so it is asked again after two, of which one was enough.
    assert!(lost <= 2.0, "{lost}");
    assert!(ratio > 0.99 && ratio <= 1.05, "{ratio}");
}

/// A pause is told to whoever listens, whatever it is a pause of.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_pause_is_told() {
    let mut together = Together::default();
    for step in [Step::Init, Step::Part(2), Step::Complete] {
        for status in [429, 503] {
            together.add(format!("{step:?}, {status}"), async move {
                let site = parts(64 * KIB)
                    .script(move |visit| match visit.step == step {
                        true => Play::Answer(busy(status)),
                        false => Play::Guide,
                    })
                    .start()
                    .await;
                let told = Arc::new(tokio::sync::Notify::new());
                let (client, data, tell) = (client(&site), data(200 * KIB), Arc::clone(&told));
                let upload = video(&client, &data).concurrency(1).on_notice(move |notice| {
                    if matches!(notice, Notice::LongWait { wait } if wait.as_secs() > 1700) {
                        tell.notify_one();
                    }
                });
                tokio::select! {
                    ended = upload => panic!("it did not wait: {ended:?}"),
                    () = within(20, told.notified()) => {}
                }
            });
        }
    }
    together.run(30).await;
}

/// A number is a number, however it is written: what asks for longer than anybody waits ends the upload at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_beyond_all_measure_ends_the_upload_and_is_told_as_people_read_it() {
    let mut together = Together::default();
    for step in [Step::Init, Step::Part(2), Step::Single, Step::Complete] {
        for (asked, told) in [
            ("99999999999999999999", "more than a year"),
            ("26467.2", "7 h 21 min"),
            ("5000.5", "1 h 23 min"),
        ] {
            together.add(format!("{step:?}, {asked}"), async move {
                let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
                let site = guide.script(move |visit| match visit.step == step {
                    true => Play::Answer(
                        Answer::json(429, &json!({"error": "busy"})).header("Retry-After", asked),
                    ),
                    false => Play::Guide,
                });
                let site = site.start().await;
                let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
                let shown = check(&error, ErrorKind::RateLimited);
                assert!(shown.contains(told) || shown.contains("half an hour"), "{shown}");
                assert_eq!(site.visits(step), 1, "{shown}");
            });
        }
    }
    together.run(30).await;
}

/// What the service says of its budget in a success makes the next request wait, without any refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_for_the_budget_is_told_too() {
    let site = parts(64 * KIB)
        .edit_answer(|_, answer| {
            answer
                .header("X-RateLimit-Limit", "3")
                .header("X-RateLimit-Remaining", "0")
                .header("X-RateLimit-Reset", "1700")
        })
        .start()
        .await;
    let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let told = Arc::new(tokio::sync::Notify::new());
    let (client, data, tell, note) =
        (client(&site), data(200 * KIB), Arc::clone(&told), Arc::clone(&notices));
    let upload = video(&client, &data).on_notice(move |notice| {
        note.lock().unwrap().push(notice.clone());
        tell.notify_one();
    });
    tokio::select! {
        ended = upload => panic!("it did not wait: {ended:?}"),
        () = within(20, told.notified()) => {}
    }
    assert!(matches!(notices.lock().unwrap()[..], [Notice::LongWait { .. }]), "{notices:?}");
    assert_eq!(site.requests().len(), 1, "nothing but the session was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_the_rate_limit_is_told() {
    for guide in [single(), parts(64 * KIB)] {
        let site = guide
            .script(|visit| match visit.step {
                Step::Part(2) | Step::Single if visit.attempt == 1 => {
                    Play::Answer(Answer::new(429).header("Retry-After", "1"))
                }
                _ => Play::Guide,
            })
            .start()
            .await;
        let phases: Arc<Mutex<Vec<Phase>>> = Arc::default();
        let sink = Arc::clone(&phases);
        let upload = video(&client(&site), &data(320 * KIB)).concurrency(1);
        upload.on_progress(move |p| sink.lock().unwrap().push(p.phase)).await.unwrap();
        let mut phases = phases.lock().unwrap().clone();
        phases.dedup();
        phases.retain(|phase| *phase != Phase::Completing);
        assert_eq!(phases[..4], [Phase::Starting, Phase::Sending, Phase::Waiting, Phase::Sending]);
        // What comes after a refusal is paced.
        assert!(
            phases[4..].iter().all(|phase| matches!(phase, Phase::Waiting | Phase::Sending | Phase::Done))
        );
        assert_eq!(phases.last(), Some(&Phase::Done));
    }
}

/// "Come back in half an hour", which is the longest that anybody waits.
pub(crate) fn busy(status: u16) -> Answer {
    Answer::json(status, &json!({"error": "busy"})).header("Retry-After", "1799")
}
