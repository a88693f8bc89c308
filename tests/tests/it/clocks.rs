//! The clocks of an upload against lines and servers that are slow, stand still, or hang up between two requests.
//!
//! Times are scaled down together: the stall clock is 2 s instead of 60 s, so a line of 4 MiB/s is to it what one of less
//! than 250 KiB/s is to the usual one.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ofauth::Client;
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Gate, Guide, Listen, Next, Play, Site, Step};
use serde_json::json;

use crate::support::{KEY, KIB, MIB, Together, builder_for, data, parts, relative_plan, video, within};

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

/// How a server ends a connection that has nothing to do.
#[derive(Debug, Clone, Copy)]
enum HangUp {
    Announced,
    AtOnce,
    /// Some time after the answer, so that it crosses the next request.
    Crossing,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_closes_between_parts_costs_nothing() {
    const PARTS: u32 = 40;
    let mut together = Together::default();
    for tls in [false, true] {
        for hang_up in [HangUp::Announced, HangUp::AtOnce, HangUp::Crossing] {
            together.add(format!("{hang_up:?}, TLS {tls}"), async move {
                let guide = parts(64 * KIB).script(move |visit| match (visit.step, hang_up) {
                    (Step::Part(_), HangUp::AtOnce) => Play::Ending(Next::Drop),
                    (Step::Part(number), HangUp::Announced) => worked(number, None),
                    (Step::Part(number), HangUp::Crossing) => {
                        worked(number, Some(Duration::from_millis(u64::from(number % 5) * 3)))
                    }
                    _ => Play::Guide,
                });
                let site = if tls { guide.start_tls().await } else { guide.start().await };
                let data = data(u64::from(PARTS) * 64 * KIB);
                let uploaded = video(&impatient(&site, site.origin()), &data).concurrency(4).await.unwrap();
                assert!(holds(&site.sessions()[0], &data));
                assert_eq!(uploaded.retries(), 0, "a dead connection was counted as a failed try");
                assert!(uploaded.parts().iter().all(|part| part.attempts == 1));
                let whole = site.requests_to("/parts/").iter().filter(|put| put.sha256.is_some()).count();
                assert_eq!(whole, PARTS as usize, "parts arrived twice");
                assert!(site.connections() > PARTS as usize, "the connections were not closed");
            });
        }
    }
    together.run(20).await;
}

/// Takes a part and hangs up: with an announcement, or so long after the answer.
fn worked(number: u32, after: Option<Duration>) -> Play {
    Play::Worked(Box::new(move |exchange| {
        Box::pin(async move {
            let answer = Answer::json(200, &json!({"partNumber": number, "etag": "\"e\""}));
            match after {
                None => exchange.answer(&answer.header("Connection", "close")).await,
                Some(pause) => {
                    exchange.answer(&answer).await?;
                    tokio::time::sleep(pause).await;
                    Ok(Next::Drop)
                }
            }
        })
    }))
}
