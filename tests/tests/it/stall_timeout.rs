//! The timeout of an upload on which nothing moves, against lines and servers that are slow or stand still.
//!
//! Times are scaled down together: in most tests it is 2 s instead of 60 s, so a line of 4 MiB/s is to it what one of less
//! than 250 KiB/s is to the usual one.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ofauth::Client;
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Gate, Guide, Listen, Next, Play, Site, Step};
use tokio::sync::Notify;

use crate::support::{
    KEY, KIB, MIB, Together, builder, builder_for, data, parts, relative_plan, single, video, within,
};

const CONNECTIONS: usize = 8;
const STALL: Duration = Duration::from_secs(2);
/// More than what the kernels on both sides hold of one connection.
const PART: u64 = 3 * MIB;

fn impatient(site: &Site, base_url: &str) -> Client {
    let builder = builder_for(base_url).stall_timeout(STALL).answer_timeout(2 * STALL);
    let builder = match site.ca_pem() {
        Some(pem) => builder.ca_pem(pem),
        None => builder,
    };
    builder.build().unwrap()
}

fn small_buffers() -> Listen {
    Listen::default().receive_buffer(64 * 1024)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_that_eight_connections_share_is_never_called_stalled() {
    // Plan URLs without a server lead through the gate.
    let site = parts(PART).edit_plan(|plan, _| relative_plan(plan)).listen(small_buffers()).await;
    let gate = Gate::before(site.address()).rate(4 * MIB).start().await;
    let data = data(12 * PART);
    let upload = video(&impatient(&site, &format!("http://{}", gate.address())), &data);
    let began = Instant::now();
    let uploaded = within(40, upload.concurrency(CONNECTIONS)).await.unwrap();
    assert!(holds(&site.sessions()[0], &data));
    assert_eq!((uploaded.retries(), site.repeated_parts()), (0, vec![]));
    assert!(began.elapsed() > 3 * STALL, "the line was too fast to show anything: {:?}", began.elapsed());
    assert!(gate.connections() > CONNECTIONS, "the parts did not share the line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_reading_is_called_stalled_in_time() {
    let deaf: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let note = Arc::clone(&deaf);
    let site = parts(PART)
        .script(move |visit| match visit.step {
            Step::Part(_) if visit.attempt == 1 => {
                let note = Arc::clone(&note);
                Play::Custom(Box::new(move |exchange| {
                    Box::pin(async move {
                        exchange.read(64 * KIB).await?;
                        note.lock().unwrap().push(Instant::now());
                        Ok(Next::Deaf)
                    })
                }))
            }
            _ => Play::Guide,
        })
        .listen(small_buffers())
        .await;
    let data = data(PART * CONNECTIONS as u64);
    let noticed: Arc<OnceLock<Instant>> = Arc::default();
    let notice = Arc::clone(&noticed);
    let upload = video(&impatient(&site, site.origin()), &data).concurrency(CONNECTIONS);
    let upload = upload.on_progress(move |progress| {
        if progress.retries > 0 {
            notice.get_or_init(Instant::now);
        }
    });
    let uploaded = within(30, upload).await.unwrap();
    assert!(holds(&site.sessions()[0], &data));
    assert_eq!(uploaded.retries() as usize, CONNECTIONS, "each of them once");
    let last = *deaf.lock().unwrap().iter().max().unwrap();
    let after = noticed.get().unwrap().duration_since(last);
    assert!((STALL - STALL / 10..STALL + Duration::from_secs(1)).contains(&after), "noticed after {after:?}");
}

/// It is not called stalled while others move, because a line may be shared unfairly; when they are done, it is.
#[tokio::test(flavor = "multi_thread")]
async fn one_connection_of_eight_that_stands_still_is_sent_again_when_the_others_are_done() {
    const OTHERS: u64 = 70;
    let lengths = |_| std::iter::once(PART).chain(std::iter::repeat_n(64 * KIB, OTHERS as usize)).collect();
    let done: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let note = Arc::clone(&done);
    let site = Guide::uneven(KEY, lengths)
        .script(move |visit| match visit.step {
            Step::Part(1) if visit.attempt == 1 => Play::Deaf(64 * KIB),
            Step::Part(1) => Play::Guide,
            Step::Part(_) => {
                let note = Arc::clone(&note);
                Play::Then(Box::pin(async move {
                    // Seven at a time: together they move for longer than twice the stall clock.
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    note.lock().unwrap().push(Instant::now());
                }))
            }
            _ => Play::Guide,
        })
        .listen(small_buffers())
        .await;
    let data = data(PART + OTHERS * 64 * KIB);
    let began = Instant::now();
    let uploaded =
        within(30, video(&impatient(&site, site.origin()), &data).concurrency(CONNECTIONS)).await.unwrap();
    let ended = Instant::now();
    assert!(holds(&site.sessions()[0], &data));
    assert_eq!((uploaded.retries(), site.repeated_parts()), (1, vec![(1, 2)]));
    let others = *done.lock().unwrap().iter().max().unwrap();
    assert!(others - began > 2 * STALL, "the others were done too soon to show anything");
    let puts = site.requests_to("/parts/1");
    let again = puts.iter().rfind(|put| put.line().ends_with("/parts/1")).unwrap().at;
    assert!(again > others, "sent again while others moved");
    assert!(ended - others < STALL + Duration::from_secs(2), "{:?} after the others", ended - others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_reading_once_costs_one_try() {
    let mut together = Together::default();
    for tls in [false, true] {
        for several in [false, true] {
            together.add(format!("TLS {tls}, several: {several}"), async move {
                let guide = if several { parts(16 * MIB) } else { single() };
                let guide = guide.script(|visit| match visit.step {
                    Step::Part(1) | Step::Single if visit.attempt == 1 => Play::Deaf(64 * KIB),
                    _ => Play::Guide,
                });
                let listen = Listen::default().receive_buffer(64 * 1024);
                let listen = if tls { listen.tls(&["127.0.0.1"]) } else { listen };
                let site = guide.listen(listen).await;
                let client = builder(&site).stall_timeout(Duration::from_secs(1)).build().unwrap();
                let data = data(32 * MIB);
                let uploaded = video(&client, &data).concurrency(1).await.unwrap();
                assert!(holds(&site.sessions()[0], &data));
                assert_eq!(uploaded.retries(), 1);
            });
        }
    }
    together.run(40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_is_no_stalled_one() {
    // It reads a little at a time, with pauses below the stall clock, for longer than the stall clock.
    let site = single()
        .script(|visit| match visit.step {
            Step::Single => Play::Custom(Box::new(|exchange| {
                Box::pin(async {
                    for _ in 0..12 {
                        exchange.read(256 * KIB).await?;
                        tokio::time::sleep(Duration::from_millis(250)).await;
                    }
                    exchange.read_body().await?;
                    exchange
                        .answer(&Answer::json(200, &serde_json::json!({"mediaUploadId": "upload:1"})))
                        .await
                })
            })),
            _ => Play::Guide,
        })
        .listen(Listen::default().receive_buffer(64 * 1024))
        .await;
    let client = builder(&site).stall_timeout(Duration::from_millis(1500)).build().unwrap();
    let uploaded = within(30, video(&client, &data(8 * MIB))).await.unwrap();
    assert_eq!((uploaded.retries(), site.visits(Step::Single)), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_slow_connection_is_no_stalled_upload() {
    // Part 1 stands still for longer than the stall clock while the others move.
    let done = Arc::new(Notify::new());
    let tell = Arc::clone(&done);
    let site = parts(2 * MIB)
        .script(move |visit| match visit.step {
            Step::Part(1) if visit.attempt == 1 => {
                let done = Arc::clone(&done);
                Play::Custom(Box::new(move |exchange| {
                    Box::pin(async move {
                        exchange.read(10).await?;
                        done.notified().await;
                        exchange.read_body().await?;
                        exchange.answer(&Answer::json(200, &serde_json::json!({"partNumber": 1}))).await
                    })
                }))
            }
            Step::Part(12) => {
                let tell = Arc::clone(&tell);
                Play::Then(Box::pin(async move { tell.notify_one() }))
            }
            Step::Part(_) => Play::Then(Box::pin(tokio::time::sleep(Duration::from_millis(300)))),
            _ => Play::Guide,
        })
        .edit_answer(|step, answer| match step {
            Step::Complete => Answer::new(200),
            _ => answer,
        })
        .listen(Listen::default().receive_buffer(64 * 1024))
        .await;
    let client = builder(&site).stall_timeout(Duration::from_millis(1200)).build().unwrap();
    let uploaded = within(30, video(&client, &data(24 * MIB)).concurrency(2)).await.unwrap();
    assert_eq!((uploaded.retries(), site.repeated_parts()), (0, vec![]));
}
