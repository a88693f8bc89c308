//! Parts in parallel: as many as asked for, and one by one where OFAuth refuses several at a time (409).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ofauth::ErrorKind;
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Play, Step};
use serde_json::json;
use tokio::sync::Barrier;

use crate::support::{KIB, Together, check, client, data, parts, video, within};

#[tokio::test]
async fn as_many_parts_are_under_way_as_asked_for_and_connections_are_used_again() {
    for concurrency in [1, 4, 8] {
        let under_way = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let counter = Arc::clone(&under_way);
        // The first parts wait for one another: with fewer under way, nothing would ever be answered.
        let barrier = Arc::new(Barrier::new(concurrency));
        let guide = parts(10 * KIB).script(move |visit| match visit.step {
            Step::Part(number) => {
                let (counter, barrier) = (Arc::clone(&counter), Arc::clone(&barrier));
                let now = counter.0.fetch_add(1, Ordering::SeqCst) + 1;
                counter.1.fetch_max(now, Ordering::SeqCst);
                Play::Then(Box::pin(async move {
                    if number as usize <= concurrency {
                        barrier.wait().await;
                    }
                    counter.0.fetch_sub(1, Ordering::SeqCst);
                }))
            }
            _ => Play::Guide,
        });
        let site = guide.start().await;
        let data = data(400 * KIB);
        within(20, video(&client(&site), &data).concurrency(concurrency)).await.unwrap();
        assert!(holds(&site.sessions()[0], &data));
        assert_eq!(under_way.1.load(Ordering::SeqCst), concurrency);
        assert!(
            site.connections() <= concurrency + 1,
            "{} connections for {concurrency}",
            site.connections()
        );
    }
}

/// A service that refuses a part while another one is under way. The first two wait for each other, so that there is
/// always a part to refuse.
fn one_at_a_time(status: u16, most: Arc<AtomicUsize>) -> ofauth_tests::Guide {
    let under_way = Arc::new(AtomicUsize::new(0));
    let pair = Arc::new(Barrier::new(2));
    parts(64 * KIB).script(move |visit| {
        let Step::Part(number) = visit.step else { return Play::Guide };
        let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        let meets = visit.session == 0 && visit.attempt == 1 && number <= 2;
        let (under_way, pair) = (Arc::clone(&under_way), Arc::clone(&pair));
        Play::Custom(Box::new(move |exchange| {
            Box::pin(async move {
                exchange.read_body().await?;
                if meets {
                    pair.wait().await;
                }
                under_way.fetch_sub(1, Ordering::SeqCst);
                let answer = if now > 1 {
                    Answer::problem(status, "another part is being received", "CONFLICT", "req_par")
                } else {
                    Answer::json(200, &json!({"partNumber": number, "etag": "e"}))
                };
                exchange.answer(&answer).await
            })
        }))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_refused_side_by_side_go_one_by_one_from_then_on() {
    let mut together = Together::default();
    for status in [409, 423, 425, 400] {
        together.add(status.to_string(), async move {
            let most = Arc::new(AtomicUsize::new(0));
            let guide = one_at_a_time(status, Arc::clone(&most));
            let site = guide
                .edit_answer(|step, answer| match step {
                    // The parts are not kept by this script, so completing is not checked against them.
                    Step::Complete => Answer::json(200, &json!({"mediaUploadId": "upload:done"})),
                    _ => answer,
                })
                .start()
                .await;
            let client = client(&site);
            let data = data(640 * KIB);
            let uploaded = video(&client, &data).await.unwrap();
            assert_eq!(uploaded.media_upload_id(), "upload:done");
            assert!(most.load(Ordering::SeqCst) > 1, "nothing was refused");
            for (index, part) in uploaded.parts().iter().enumerate() {
                let range = &data[part.start as usize..][..part.length as usize];
                let path = format!("/parts/{}", index + 1);
                let last =
                    site.requests().into_iter().rfind(|request| request.line().ends_with(&path)).unwrap();
                assert_eq!(last.sha256.unwrap(), ofauth_tests::session::sha256(range));
            }
            // Remembered: the next upload of this connection never has two under way.
            most.store(0, Ordering::SeqCst);
            video(&client, &data).await.unwrap();
            assert_eq!(most.load(Ordering::SeqCst), 1);
        });
    }
    together.run(30).await;
}

#[tokio::test]
async fn a_part_that_is_refused_alone_too_is_an_error() {
    for status in [409, 423, 425, 400] {
        let site = parts(64 * KIB)
            .script(move |visit| match visit.step {
                Step::Part(2) => Play::Answer(Answer::problem(status, "never", "CONFLICT", "req_9")),
                _ => Play::Guide,
            })
            .start()
            .await;
        let error = within(10, video(&client(&site), &data(640 * KIB))).await.unwrap_err();
        assert!(check(&error, ErrorKind::Rejected).contains("never"));
        assert_eq!((error.part(), error.status()), (Some(2), Some(status)));
        assert!(site.visits(Step::Part(2)) <= 2 && site.visits(Step::Complete) == 0);
    }
}
