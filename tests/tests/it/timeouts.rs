//! Deadlines: they end an upload wherever it is, and no pause outlasts them. The timeout of a connection on which nothing
//! moves is in `stall_timeout`.

use std::time::{Duration, Instant};

use ofauth::ErrorKind;
use ofauth_tests::{Play, Step};
use serde_json::json;

use crate::cancellation::{PLACES, site};
use crate::rate_limit::busy;
use crate::support::{KIB, MIB, Together, check, client, data, parts, video, within};

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
                    upload = upload.timeout(Duration::from_secs(600));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_an_upload_wherever_it_is() {
    let mut together = Together::default();
    for (name, fault, step, kind) in PLACES.iter().filter(|(name, ..)| !name.contains("wait")) {
        together.add(*name, async move {
            let size = if name.contains("body") { 32 * MIB } else { 256 * KIB };
            let (site, _) = site(*step, *fault, size).await;
            let began = Instant::now();
            let upload = video(&client(&site), &data(size)).timeout(Duration::from_secs(3));
            let error = within(15, upload).await.unwrap_err();
            let passed = began.elapsed();
            assert!((3000..8000).contains(&passed.as_millis()), "{passed:?}");
            check(&error, if *kind == ErrorKind::Cancelled { ErrorKind::Timeout } else { *kind });
        });
    }
    together.run(20).await;
}
