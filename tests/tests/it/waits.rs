//! Services that ask for long pauses: they are told, they do not outlive what they are for, and answers that would cost
//! memory instead of time are not read.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofauth::{ErrorKind, Notice};
use ofauth_tests::{Answer, Play, Step};
use serde_json::json;

use crate::support::{KIB, Together, check, client, data, parts, single, video, within};

/// "Come back in half an hour", which is the longest that anybody waits.
fn busy(status: u16) -> Answer {
    Answer::json(status, &json!({"error": "busy"})).header("Retry-After", "1799")
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

/// A redirect tells where it leads on every road, and nobody goes there.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_tells_where_it_leads() {
    let mut together = Together::default();
    for step in [Step::Init, Step::Part(2), Step::Single, Step::Complete] {
        for status in [301, 302, 303, 307, 308] {
            together.add(format!("{step:?}, {status}"), async move {
                let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
                let site = guide.script(move |visit| match visit.step == step {
                    true => Play::Answer(
                        Answer::new(status)
                            .header("Location", "https://me:word@www.example.test:8443/v2/x?token=1"),
                    ),
                    false => Play::Guide,
                });
                let site = site.start().await;
                let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
                let shown = check(&error, ErrorKind::Redirect);
                assert!(shown.contains("https://www.example.test:8443/v2/x;"), "{shown}");
                assert!(!shown.contains("word@") && !shown.contains("token"), "{shown}");
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

/// A pause that would outlast the deadline or the session ends the upload at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_pause_outlasts_the_deadline_or_the_session() {
    let mut together = Together::default();
    for step in [Step::Part(2), Step::Complete] {
        for of_session in [false, true] {
            together.add(format!("{step:?}, session {of_session}"), async move {
                let site = parts(64 * KIB)
                    .edit_plan(move |plan, _| {
                        if of_session {
                            let end = std::time::SystemTime::now() + Duration::from_secs(600);
                            plan["expiresAt"] = json!(humantime(end));
                        }
                    })
                    .script(move |visit| match visit.step == step {
                        true => Play::Answer(busy(503)),
                        false => Play::Guide,
                    })
                    .start()
                    .await;
                let (client, data) = (client(&site), data(200 * KIB));
                let mut upload = video(&client, &data).concurrency(1);
                if !of_session {
                    upload = upload.deadline(Duration::from_secs(600));
                }
                let began = Instant::now();
                let error = within(20, upload).await.unwrap_err();
                // A 503 to complete leaves open whether it was carried out.
                let kind = if step == Step::Complete { ErrorKind::OutcomeUnknown } else { ErrorKind::Server };
                check(&error, kind);
                assert_eq!(site.visits(step), 1);
                assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
            });
        }
    }
    together.run(30).await;
}

/// What the time is in the form of `expiresAt`.
fn humantime(at: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(at).unwrap().to_string()
}

/// A megabyte of objects would take hundreds of them in memory.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_bytes_is_read_up_to_what_one_can_be() {
    let media =
        format!(r#"{{"mediaUploadId":"u","media":{{"list":[{}0]}}}}"#, r#"{"a":{}},"#.repeat(100_000));
    for step in [Step::Single, Step::Complete] {
        let body = media.clone();
        let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
        let site = guide
            .script(move |visit| match (visit.step == step, visit.attempt) {
                (true, 1) => Play::Answer(Answer::with_body(200, "application/json", body.clone())),
                (true, _) => Play::Answer(Answer::problem(404, "gone", "RESOURCE_NOT_FOUND", "r")),
                (false, _) => Play::Guide,
            })
            .start()
            .await;
        let error = within(20, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
        // The service says that it is done, and nobody can read what it says.
        check(&error, ErrorKind::OutcomeUnknown);
        assert_eq!((site.visits(Step::Init), site.visits(step)), (1, 2));
    }
    let long = format!(r#"{{"partNumber":1,"etag":"{}"}}"#, "e".repeat(100_000));
    let site = parts(64 * KIB)
        .edit_answer(move |of, answer| match of == Step::Part(1) {
            true => Answer::with_body(200, "application/json", long.clone()),
            false => answer,
        })
        .start()
        .await;
    let uploaded = within(20, video(&client(&site), &data(200 * KIB))).await.unwrap();
    assert_eq!(uploaded.parts()[0].etag, None, "what is so long is no etag");
    assert!(uploaded.parts()[1].etag.is_some());
}
