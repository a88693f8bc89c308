//! Uploads that are ended from outside, by a clock, or by a server that stops moving.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofauth::{Cancel, ErrorKind, Phase, Progress};
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Listen, Play, Step};
use tokio::sync::Notify;

use crate::support::{KIB, MIB, Together, builder, check, client, data, parts, single, video, within};

/// Where an upload is when it is stopped.
const PLACES: &[(&str, fn() -> Play, Step, ErrorKind)] = &[
    ("init unanswered", || Play::Silence, Step::Init, ErrorKind::Cancelled),
    ("a part unanswered", || Play::Silence, Step::Part(2), ErrorKind::Cancelled),
    ("in a part's body", || Play::Deaf(10), Step::Part(2), ErrorKind::Cancelled),
    (
        "in a wait",
        || Play::Answer(Answer::new(429).header("Retry-After", "600")),
        Step::Part(2),
        ErrorKind::Cancelled,
    ),
    (
        "in a wait of init",
        || Play::Answer(Answer::new(429).header("Retry-After", "600")),
        Step::Init,
        ErrorKind::Cancelled,
    ),
    ("in a single upload's body", || Play::Deaf(10), Step::Single, ErrorKind::Cancelled),
    ("a single upload unanswered", || Play::Silence, Step::Single, ErrorKind::OutcomeUnknown),
    ("complete unanswered", || Play::Silence, Step::Complete, ErrorKind::OutcomeUnknown),
    (
        "in a wait of complete",
        || Play::Answer(Answer::new(429).header("Retry-After", "600")),
        Step::Complete,
        ErrorKind::Cancelled,
    ),
];

/// A site where one step plays a fault, told about each visit of it.
async fn site(step: Step, fault: fn() -> Play, size: u64) -> (ofauth_tests::Site, Arc<Notify>) {
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let guide = if step == Step::Single { single() } else { parts(size / 4) };
    let guide = guide.script(move |visit| {
        if visit.step != step {
            return Play::Guide;
        }
        tell.notify_one();
        fault()
    });
    (guide.listen(Listen::default().receive_buffer(64 * 1024)).await, reached)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_returns_at_once_and_leaves_no_connection() {
    let mut together = Together::default();
    for (name, fault, step, kind) in PLACES {
        together.add(*name, async move {
            let size = if name.contains("body") { 32 * MIB } else { 256 * KIB };
            let (site, reached) = site(*step, *fault, size).await;
            let cancel = Cancel::new();
            let client = client(&site);
            let upload = tokio::spawn(video(&client, &data(size)).cancel(&cancel).send());
            reached.notified().await;
            // The request is read by now, and its answer or silence is under way.
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert!(!upload.is_finished());
            cancel.trigger();
            let began = Instant::now();
            let error = within(5, upload).await.unwrap().unwrap_err();
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
            check(&error, *kind);
            assert_eq!(error.is_retryable(), *kind == ErrorKind::Cancelled);
            assert_eq!(error.upload_id().is_some(), *step != Step::Init);
            drop(client);
            if !name.contains("body") {
                within(5, site.deserted()).await;
            }
        });
    }
    together.run(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_an_upload_wherever_it_is() {
    let mut together = Together::default();
    for (name, fault, step, kind) in PLACES.iter().filter(|(name, ..)| !name.contains("wait")) {
        together.add(*name, async move {
            let size = if name.contains("body") { 32 * MIB } else { 256 * KIB };
            let (site, _) = site(*step, *fault, size).await;
            let began = Instant::now();
            let upload = video(&client(&site), &data(size)).deadline(Duration::from_secs(3));
            let error = within(15, upload).await.unwrap_err();
            let passed = began.elapsed();
            assert!((3000..8000).contains(&passed.as_millis()), "{passed:?}");
            check(&error, if *kind == ErrorKind::Cancelled { ErrorKind::Timeout } else { *kind });
        });
    }
    together.run(20).await;
}

#[tokio::test]
async fn a_cancel_that_was_triggered_before_sends_nothing() {
    let site = parts(64 * KIB).start().await;
    let cancel = Cancel::new();
    cancel.trigger();
    let error = within(5, video(&client(&site), &data(200 * KIB)).cancel(&cancel)).await.unwrap_err();
    check(&error, ErrorKind::Cancelled);
    assert_eq!(site.requests().len(), 0);
    let error =
        within(5, video(&client(&site), &data(200 * KIB)).deadline(Duration::ZERO)).await.unwrap_err();
    check(&error, ErrorKind::Timeout);
    assert_eq!(site.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_future_closes_its_connections() {
    for (name, fault, step, _) in PLACES.iter().filter(|(name, ..)| !name.contains("body")) {
        let (site, reached) = site(*step, *fault, 256 * KIB).await;
        let client = client(&site);
        let mut upload = Box::pin(video(&client, &data(256 * KIB)).send());
        tokio::select! {
            ended = &mut upload => panic!("{name}: {ended:?}"),
            () = reached.notified() => {}
        }
        drop(upload);
        drop(client);
        within(5, site.deserted()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cancel_ends_several_uploads_from_the_progress_function_too() {
    let site = parts(64 * KIB).start().await;
    let client = client(&site);
    let cancel = Cancel::new();
    let trigger = cancel.clone();
    let upload =
        video(&client, &data(4000 * KIB)).cancel(&cancel).concurrency(1).on_progress(move |progress| {
            if progress.parts_done >= 2 {
                trigger.trigger();
            }
        });
    let error = within(5, upload).await.unwrap_err();
    check(&error, ErrorKind::Cancelled);
    assert!(site.visits(Step::Part(10)) == 0 && cancel.is_triggered());
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

#[tokio::test(flavor = "multi_thread")]
async fn progress_never_goes_back_and_is_whole_only_at_the_end() {
    let mut together = Together::default();
    for several in [false, true] {
        for faulty in [false, true] {
            together.add(format!("several: {several}, faulty: {faulty}"), async move {
                let guide = if several { parts(512 * KIB) } else { single() };
                let site = guide
                    .script(move |visit| match visit.step {
                        Step::Part(2) | Step::Single if faulty && visit.attempt == 1 => Play::Cut(300 * KIB),
                        Step::Part(3) if faulty && visit.session == 0 && visit.attempt == 1 => {
                            Play::Answer(Answer::new(503))
                        }
                        Step::Part(7) if faulty && visit.session == 0 => Play::Answer(Answer::new(404)),
                        Step::Complete if faulty && visit.attempt == 1 => Play::Answer(Answer::new(500)),
                        _ => Play::Guide,
                    })
                    .start()
                    .await;
                let total = 16 * MIB;
                let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
                let sink = Arc::clone(&seen);
                let upload =
                    video(&client(&site), &data(total)).on_progress(move |p| sink.lock().unwrap().push(*p));
                let uploaded = upload.await.unwrap();
                let seen = seen.lock().unwrap();
                let (first, last) = (seen.first().unwrap(), seen.last().unwrap());
                assert_eq!((first.phase, first.handed_over, first.total), (Phase::Starting, 0, total));
                assert_eq!((last.phase, last.handed_over, last.acknowledged), (Phase::Done, total, total));
                assert_eq!(
                    (last.parts_done, last.parts_total),
                    (last.parts_total, if several { 32 } else { 1 })
                );
                assert_eq!(last.retries, uploaded.retries());
                assert_eq!(last.sent_again, uploaded.sent_again());
                for pair in seen.windows(2) {
                    assert!(pair[0].handed_over <= pair[1].handed_over, "{pair:?}");
                    assert!(
                        pair[0].acknowledged <= pair[1].acknowledged
                            && pair[0].parts_done <= pair[1].parts_done
                    );
                    assert!(pair[0].retries <= pair[1].retries && pair[0] != pair[1]);
                }
                for progress in seen.iter() {
                    assert!(progress.acknowledged <= progress.handed_over && progress.handed_over <= total);
                    assert_eq!(progress.acknowledged == total, progress.phase == Phase::Done, "{progress:?}");
                }
                assert_eq!(faulty, last.retries > 0);
                assert_eq!(faulty && several, last.sent_again > 0);
            });
        }
    }
    together.run(40).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_closed_while_the_client_lives() {
    let site = parts(64 * KIB).start().await;
    let client = client(&site);
    video(&client, &data(512 * KIB)).await.unwrap();
    // Four seconds for the connections of parts, up to twice that for those of calls.
    within(12, site.deserted()).await;
    drop(client);
}

/// A cancel that comes while the whole of a file is being written: whatever the caller is told, it must not be that
/// nothing was finished if the service has finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_at_any_moment_never_hides_a_finished_upload() {
    let sandbox =
        ofauth_sandbox::Sandbox::builder().part_size(64 * MIB).discard_bytes(true).start().await.unwrap();
    let client = ofauth::Client::builder()
        .api_key("sk_test_canary")
        .connection_id("conn_test")
        .base_url(sandbox.base_url())
        .build()
        .unwrap();
    let content = bytes::Bytes::from(vec![7; 3_000_000]);
    let mut ended = std::collections::BTreeMap::new();
    let mut cancelled = 0;
    for round in 0..200_u64 {
        let name = format!("{round}.mp4");
        let cancel = Cancel::new();
        let upload = client.upload(ofauth::Source::bytes(content.clone(), name.clone())).cancel(&cancel);
        // The moments are spread over what an upload takes on a machine that is neither slow nor fast.
        let moment = tokio::time::sleep(Duration::from_micros(round * 60));
        let stop = async {
            moment.await;
            cancel.trigger();
        };
        let (outcome, ()) = tokio::join!(async { tokio::spawn(upload.send()).await.unwrap() }, stop);
        let kind = outcome.err().map(|error| error.kind());
        assert!(matches!(kind, None | Some(ErrorKind::Cancelled | ErrorKind::OutcomeUnknown)), "{kind:?}");
        cancelled += u32::from(kind == Some(ErrorKind::Cancelled));
        ended.insert(name, kind);
    }
    assert!(cancelled > 0, "no cancel came in time");
    // What was cut off is still being torn down; what was finished is finished.
    for upload in
        sandbox.uploads().iter().filter(|upload| upload.state == ofauth_sandbox::UploadState::Complete)
    {
        assert_ne!(ended[&upload.filename], Some(ErrorKind::Cancelled), "{} is finished", upload.filename);
    }
}
